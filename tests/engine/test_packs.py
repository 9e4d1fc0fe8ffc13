"""Node packs are found by their entry point; a broken one costs itself only."""

from __future__ import annotations

from nodeflow.engine.worker.packs import known_catalogue, load_packs


def test_an_installed_pack_is_found(install_pack) -> None:
    install_pack()
    packs = load_packs()
    assert packs.catalogue.packs["acme"] == "1.5"
    assert packs.catalogue.nodes["acme.forge"].outputs[0].type == "acme.Anvil"
    assert packs.functions["acme.forge"](7).weight == 7
    assert "acme.forge" in known_catalogue().nodes


def test_a_broken_pack_is_reported_and_the_others_are_whole(install_pack) -> None:
    install_pack("broken", "from nodeflow.node import node\n\n@node('X')\ndef x(value) -> int: ...\n")
    packs = load_packs()
    assert "'broken' does not load" in packs.errors["broken"]
    assert "broken.x: argument 'value' has no type hint" in packs.errors["broken"]
    assert "nodes.sample" in packs.catalogue.nodes
