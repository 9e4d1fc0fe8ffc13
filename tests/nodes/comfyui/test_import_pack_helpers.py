"""Tests of importing plain helpers of packs: numbers, stacks of ControlNets, what passes on, transparency."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import LOADED, SAMPLED, SETTINGS, api, bring, params, sources


def test_numbers_are_counted_with_and_written_out(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        side=("INTConstant", {"value": 512}),
        more=("SimpleMath+", {"a": "@side", "value": "a * 2"}),
        less=("easy mathInt", {"a": "@more", "b": 3, "operation": "divide"}),
        both=("Number Operation", {"number_a": "@side", "number_b": 64, "operation": "addition"}),
        told=("Number to Text", {"number": "@both.2"}),
        said=("CLIPTextEncode", {"clip": "@model.1", "text": "@told"}),
        fixed=("Constant Number", {"number_type": "float", "number": 0.5}),
        seed=("Seed", {"seed": 77}),
    )
    graph["zeros"]["inputs"] |= {"width": ["more", 0], "height": ["less", 0]}
    graph["sampled"]["inputs"] |= {"seed": ["seed", 3], "denoise": ["fixed", 1]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    counted = [one for one in found.workflow.nodes.values() if one.type == "nodes.expression"]
    assert [one.params.get("expression", "a + b") for one in counted] == ["a * 2", "a + b", "a / b"]
    size = sources(found, "noise")
    assert size["width"].endswith(".whole_number") and size["height"].endswith(".whole_number")
    assert size["seed"] == "seed.value" and params(found, "seed") == {"value": 77}


def test_stacks_of_controlnets_stand_on_both_texts(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        picture=("LoadImage", {"image": "lines.png"}),
        net=("ControlNetLoaderAdvanced", {"control_net_name": "a.safetensors"}),
        first=("Control Net Stacker", {"control_net": "@net", "image": "@picture", "strength": 0.5}),
        second=(
            "CR Multi-ControlNet Stack",
            {
                "controlnet_stack": "@first",
                "image_1": "@picture",
                "switch_1": "On",
                "controlnet_1": "b.safetensors",
                "controlnet_strength_1": 0.25,
                "switch_2": "Off",
                "controlnet_2": "c.safetensors",
            },
        ),
        put=(
            "CR Apply Multi-ControlNet",
            {"base_positive": "@good", "base_negative": "@bad", "switch": "On", "controlnet_stack": "@second"},
        ),
    )
    graph["sampled"]["inputs"] |= {"positive": ["put", 0], "negative": ["put", 1]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert [params(found, name)["strength"] for name in ("control", "control_2")] == [0.5, 0.25]
    files = [params(found, name)["model"] for name in ("controlnet", "controlnet_2")]
    assert sorted(files) == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize(
    ("kind", "values", "exact"),
    [
        ("PathchSageAttentionKJ", {"sage_attention": "auto"}, True),
        ("TeaCache", {"rel_l1_thresh": 0.4}, False),
        ("HyperTile", {"tile_size": 256}, False),
        ("TomePatchModel", {"ratio": 0.3}, False),
    ],
)
def test_what_saves_time_leaves_the_model_as_it_is(
    kind: str, values: dict[str, Any], exact: bool, catalogue: Catalogue
) -> None:
    graph = api(**SAMPLED, faster=(kind, {"model": "@model", **values}))
    graph["sampled"]["inputs"]["model"] = ["faster", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == (not exact)
    assert sources(found, "denoiser") == {"unet": "model.unet"}


def test_what_is_given_comes_out_again(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        bus=("Bus Node", {"model": "@model", "clip": "@model.1", "vae": "@model.2"}),
        debug=("VRAM_Debug", {"model_pass": "@bus.1"}),
        freed=("LayerUtility: PurgeVRAM V2", {"anything": "@shown"}),
        number=("Power Primitive (rgthree)", {"value": 9}),
        name=("Sampler Selector", {"sampler_name": "heun"}),
        spacing=("Scheduler Selector", {"scheduler": "simple"}),
        wide=("Width/Height Literal", {"int": 640}),
    )
    graph["saved"]["inputs"]["images"] = ["freed", 0]
    graph["sampled"]["inputs"] |= {"model": ["debug", 2], "steps": ["number", 0], "sampler_name": ["name", 0]}
    graph["sampled"]["inputs"]["scheduler"] = ["spacing", 0]
    graph["zeros"]["inputs"]["width"] = ["wide", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "schedule") == {"sampler": "heun", "spacing": "simple"}
    assert sources(found, "schedule")["steps"] == "value.value" and sources(found, "save") == {"image": "decode.image"}


def test_transparency_is_said_to_be_missing(catalogue: Catalogue) -> None:
    graph = api(
        **LOADED,
        picture=("LoadImage", {"image": "fox.png"}),
        apart=("SplitImageWithAlpha", {"image": "@picture"}),
        grown=("ImpactDilateMask", {"mask": "@apart.1", "dilation": 5}),
        joined=("JoinImageWithAlpha", {"image": "@apart", "alpha": "@grown"}),
        saved=("SaveImage", {"images": "@joined", "filename_prefix": "x"}),
    )
    found = bring(graph, catalogue)
    notes = {row["class"]: row["notes"] for row in found.report.rows if row["notes"]}
    assert notes.keys() == {"SplitImageWithAlpha", "JoinImageWithAlpha"}
    assert params(found, "mask") == {"value": 0.0} and params(found, "grow")["pixels"] == 5


def test_packs_samplers_between_steps_are_the_core_s(catalogue: Catalogue) -> None:
    steps = {"noise_seed": 3, "start_at_step": 2, "end_at_step": 9, "return_with_leftover_noise": True}
    about = {key: value for key, value in SETTINGS.items() if key not in ("seed", "denoise")}
    wires = {"model": "@model", "positive": "@good", "negative": "@bad", "latent_image": "@zeros"}
    for kind, more in (
        ("KSamplerAdvanced //Inspire", {"add_noise": True, "noise_mode": "CPU"}),
        ("KSampler Adv. (Efficient)", {"add_noise": "enable", "return_with_leftover_noise": "enable"}),
    ):
        found = bring(api(**LOADED, sampled=(kind, {**wires, **about, **steps, **more})), catalogue)
        assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
        assert params(found, "schedule")["leftover_noise"] is True and params(found, "schedule")["start_step"] == 2


def test_a_class_with_a_trailing_blank_is_the_same(catalogue: Catalogue) -> None:
    mixed = {"conditioning_to": "@good", "conditioning_from": "@bad", "conditioning_to_strength": 0.7}
    found = bring(api(**LOADED, mixed=("ConditioningAverage ", mixed)), catalogue)
    assert found.report.nodes["unknown"] == 0
