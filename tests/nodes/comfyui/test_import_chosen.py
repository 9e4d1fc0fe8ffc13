"""Tests of importing switches: what several of our wires are, chosen by what a wire brings."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import SAMPLED, Api, api, bring, params, sources


def two_models(**more: tuple[str, dict[str, Any]]) -> Api:
    """A graph with two models and three images, and what is to be chosen of."""
    return api(
        **SAMPLED,
        other=("CheckpointLoaderSimple", {"ckpt_name": "some/sd15-b.safetensors"}),
        turbo=("PrimitiveBoolean", {"value": False}),
        place=("PrimitiveInt", {"value": 2}),
        lines=("LoadImage", {"image": "lines.png"}),
        dots=("LoadImage", {"image": "dots.png"}),
        plain=("LoadImage", {"image": "plain.png"}),
        **more,
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("ComfySwitchNode", {"on_false": "@model", "on_true": "@other", "switch": "@turbo"}),
        ("If ANY execute A else B", {"IF_FALSE": "@model", "IF_TRUE": "@other", "ANY": "@turbo"}),
        ("Model Input Switch", {"model_b": "@model", "model_a": "@other", "boolean": "@turbo"}),
        ("ImpactConditionalBranch", {"ff_value": "@model", "tt_value": "@other", "cond": "@turbo"}),
        ("Switch any [Crystools]", {"on_false": "@model", "on_true": "@other", "boolean": "@turbo"}),
    ],
)
def test_a_model_is_chosen_by_a_wire_with_its_noise_levels(
    kind: str, values: dict[str, Any], catalogue: Catalogue
) -> None:
    graph = two_models(net=(kind, values))
    graph["sampled"]["inputs"]["model"] = ["net", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    network, schedule = sources(found, "denoiser")["unet"], sources(found, "schedule")["trained"]
    chosen = {name: sources(found, wire.partition(".")[0]) for name, wire in (("n", network), ("s", schedule))}
    assert chosen["n"] == {"when_off": "model.unet", "when_on": "model_2.unet", "on": "choice.value"}
    assert chosen["s"] == {"when_off": "model.schedule", "when_on": "model_2.schedule", "on": "choice.value"}


@pytest.mark.parametrize(
    ("kind", "names", "by"),
    [
        ("CR Image Input Switch (4 way)", ("image1", "image2", "image3"), "Input"),
        ("ImpactSwitch", ("input1", "input2", "input3"), "select"),
        ("easy imageIndexSwitch", ("image0", "image1", "image2"), "index"),
    ],
)
def test_a_number_by_wire_leads_to_one_of_several(
    kind: str, names: tuple[str, ...], by: str, catalogue: Catalogue
) -> None:
    sides = dict(zip(names, ("@lines", "@dots", "@plain"), strict=True))
    graph = two_models(one=(kind, {**sides, by: "@place"}), kept=("SaveImage", {"images": "@one"}))
    found = bring(graph, catalogue)
    row = next(row for row in found.report.rows if row["id"] == "one")
    assert (row["status"], row["notes"]) == ("translated", [])
    first = 0 if names[0].endswith("0") else 1
    kept = next(row["nodes"][0] for row in found.report.rows if row["id"] == "kept")
    outer = sources(found, sources(found, kept)["image"].partition(".")[0])
    inner = sources(found, outer["when_off"].partition(".")[0])
    pictures = [params(found, wire.partition(".")[0])["path"] for wire in (outer["when_on"], inner["when_on"])]
    assert pictures == ["lines.png", "dots.png"]
    assert params(found, inner["when_off"].partition(".")[0])["path"] == "plain.png"
    asked = [params(found, one["on"].partition(".")[0])["expression"] for one in (outer, inner)]
    assert asked == [f"a == {first}", f"a == {first + 1}"]


def test_what_no_wire_tells_apart_is_taken_as_it_is_set(catalogue: Catalogue) -> None:
    graph = two_models(
        free=("FreeU", {"model": "@model", "b1": 1.1, "b2": 1.2, "s1": 0.9, "s2": 0.2}),
        pag=("PerturbedAttentionGuidance", {"model": "@other", "scale": 2.0}),
        net=("ComfySwitchNode", {"on_false": "@pag", "on_true": "@free", "switch": True}),
    )
    graph["sampled"]["inputs"]["model"] = ["net", 0]
    found = bring(graph, catalogue)
    row = next(row for row in found.report.rows if row["id"] == "net")
    assert (row["status"], row["notes"]) == ("approximate", ["the switch is taken as it is set"])
    assert not [node for node in found.workflow.nodes.values() if node.type == "nodes.switch"]


def test_texts_chosen_by_a_wire_are_encoded_on_both_sides(catalogue: Catalogue) -> None:
    graph = two_models(
        hare=("CLIPTextEncode", {"clip": "@model.1", "text": "a hare"}),
        said=(
            "Conditioning Input Switch",
            {"conditioning_a": "@hare", "conditioning_b": "@good", "boolean": "@turbo"},
        ),
    )
    graph["sampled"]["inputs"]["positive"] = ["said", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    wires = sources(found, sources(found, "guidance")["positive"].partition(".")[0])
    texts = [params(found, wires[side].partition(".")[0])["text"] for side in ("when_on", "when_off")]
    assert texts == ["a hare", "a fox"]
