"""A mask of other proportions than the image or latent beside it is never fitted without a word."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import decode
from nodeflow.resources import folder

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
REFUSE = {"apply_ip_adapter", "control", "inpainting_denoiser", "stitch_crop"}
"""Nodes that take a mask of the image's shape alone; each has a test of that beside its own."""


def test_each_node_refuses_it_or_has_a_choice_that_begins_with_refusing() -> None:
    beside = [
        spec
        for spec in CATALOGUE.nodes.values()
        if {"Mask"} < {port.type for port in spec.inputs} and {port.type for port in spec.outputs} != {"Mask"}
    ]
    chosen = {spec.type.partition(".")[2] for spec in beside if spec.param("mask_fit") is not None}
    assert {spec.type.partition(".")[2] for spec in beside} - chosen == REFUSE
    for spec in beside:
        if (fit := spec.param("mask_fit")) is not None:
            assert fit.default == "refuse" and set(fit.choices) == {"refuse", "stretch", "cover"}
