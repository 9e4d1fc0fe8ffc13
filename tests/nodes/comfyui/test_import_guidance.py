"""Tests of importing guidance and texts in regions."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import LOADED, REGIONS, SAMPLED, api, bring, params, sources


def test_what_is_put_on_a_model_stands_over_its_guider(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        normal=("CFGNorm", {"model": "@model", "strength": 0.9}),
        perturbed=("PerturbedAttentionGuidance", {"model": "@normal", "scale": 2.5}),
        rescaled=("RescaleCFG", {"model": "@perturbed", "multiplier": 0.6}),
        free=("FreeU_V2", {"model": "@rescaled", "b1": 1.1, "b2": 1.2, "s1": 0.8, "s2": 0.3}),
    )
    graph["sampled"]["inputs"]["model"] = ["free", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    order = ["classifier_free_guidance", "rescale_guidance", "limit_guidance", "perturbed_attention_guidance"]
    wire, kinds = sources(found, "sampler")["guider"], []
    while wire.startswith("guidance"):
        name = wire.partition(".")[0]
        kinds.append(found.workflow.nodes[name].type.removeprefix("nodes."))
        if kinds[-1] in ("rescale_guidance", "limit_guidance"):
            assert sources(found, name)["schedule"] == "schedule.schedule"
        wire = sources(found, name).get("guider", sources(found, name).get("denoiser", ""))
    assert kinds == order[::-1] and wire == "free_u.denoiser"
    assert params(found, "free_u") == {
        "inner_backbone": 1.1,
        "outer_backbone": 1.2,
        "inner_skips": 0.8,
        "outer_skips": 0.3,
    }
    assert params(found, "guidance_2") == {"share": 0.6} and params(found, "guidance_3") == {"strength": 0.9}


@pytest.mark.parametrize(
    ("kind", "values", "node"),
    [
        ("APG", {"eta": 0.5, "norm_threshold": 5.0, "momentum": 0.0}, "adaptive_projected_guidance"),
        ("CFGZeroStar", {}, "zero_star_guidance"),
        ("TCFG", {}, "tangential_guidance"),
        ("SkipLayerGuidanceSD3", {"layers": "6, 7", "scale": 3.0, "start_percent": 0.1}, "skip_layer_guidance"),
        ("SkipLayerGuidanceDiT", {"double_layers": "6", "single_layers": "", "scale": 3.0}, "skip_layer_guidance"),
    ],
)
def test_other_rules_of_guidance_say_in_what_they_differ(
    kind: str, values: dict[str, Any], node: str, catalogue: Catalogue
) -> None:
    graph = api(**SAMPLED, rule=(kind, {"model": "@model", **values}))
    graph["sampled"]["inputs"]["model"] = ["rule", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    assert f"nodes.{node}" in {one.type for one in found.workflow.nodes.values()}


def test_two_texts_have_scales_of_their_own(catalogue: Catalogue) -> None:
    graph = api(
        **LOADED,
        middle=("CLIPTextEncode", {"clip": "@model.1", "text": "the image"}),
        levels=("BasicScheduler", {"model": "@model", "scheduler": "simple", "steps": 9, "denoise": 1.0}),
        guide=(
            "DualCFGGuider",
            {
                "model": "@model",
                "cond1": "@good",
                "cond2": "@middle",
                "negative": "@bad",
                "cfg_conds": 5.0,
                "cfg_cond2_negative": 1.5,
                "style": "nested",
            },
        ),
        walk=("KSamplerSelect", {"sampler_name": "euler"}),
        grain=("RandomNoise", {"noise_seed": 8}),
        sampled=(
            "SamplerCustomAdvanced",
            {"noise": "@grain", "guider": "@guide", "sampler": "@walk", "sigmas": "@levels", "latent_image": "@zeros"},
        ),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "guidance") == {"middle_scale": 1.5, "way": "one in the other"}
    texts = {name: source for name, source in sources(found, "guidance").items() if name != "denoiser"}
    assert len(set(texts.values())) == 3 and set(texts) == {"positive", "middle", "negative"}


def test_a_model_that_passes_a_placeholder_keeps_its_levels(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, tiled=("SelfAttentionGuidance", {"model": "@model", "scale": 0.5}))
    graph["sampled"]["inputs"]["model"] = ["tiled", 0]
    found = bring(graph, catalogue)
    assert sources(found, "denoiser") == {"unet": "selfattentionguidance.MODEL"}
    assert sources(found, "schedule") == {"trained": "model.schedule"}


def test_texts_in_regions_are_placeholders_or_nodes_of_their_own(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        left=(
            "ConditioningSetArea",
            {"conditioning": "@good", "width": 64, "height": 128, "x": 8, "y": 0, "strength": 0.9},
        ),
        late=("ConditioningSetTimestepRange", {"conditioning": "@bad", "start": 0.2, "end": 0.7}),
        both=("ConditioningCombine", {"conditioning_1": "@left", "conditioning_2": "@late"}),
    )
    graph["sampled"]["inputs"]["positive"] = ["both", 0]
    found = bring(graph, catalogue)
    kinds = [node.type for node in found.workflow.nodes.values()]
    if REGIONS in catalogue.nodes:
        assert found.report.nodes["unknown"] == 0
        assert params(found, "region") == {"width": 64, "height": 128, "left": 8, "strength": 0.9}
        assert params(found, "region_2") == {"start": 0.2, "end": 0.7, "counted": "trained timesteps"}
        assert sources(found, "texts") == {"first": "region.conditioning", "second": "region_2.conditioning"}
    else:
        assert [kind for kind in kinds if kind.startswith("comfyui.")] == [
            "comfyui.ConditioningSetArea",
            "comfyui.ConditioningSetTimestepRange",
            "comfyui.ConditioningCombine",
        ]
        assert sources(found, "guidance")["positive"] == "conditioningcombine.CONDITIONING"


def test_weights_and_skipped_layers_are_read_or_told(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["good"]["inputs"]["text"] = "a (red:1.3) fox"
    found = bring(graph, catalogue)
    read = "nodes.weighted_text_encode" in catalogue.nodes
    assert found.workflow.nodes["prompt"].type == ("nodes.weighted_text_encode" if read else "nodes.clip_text_encode")
    assert found.report.nodes["approximate"] == (0 if read else 1)
    assert found.workflow.nodes["negative"].type == "nodes.clip_text_encode"


def test_another_scale_at_the_end_and_another_model_to_lead_away_from(catalogue: Catalogue) -> None:
    """As the templates of Ideogram 4 have it: one model for the text, another for zeros, a smaller scale at the end."""
    graph = api(
        net=("UNETLoader", {"unet_name": "one.safetensors", "weight_dtype": "default"}),
        other=("UNETLoader", {"unet_name": "other.safetensors", "weight_dtype": "default"}),
        **{name: LOADED[name] for name in ("model", "good", "bad", "zeros")},
        calm=("CFGOverride", {"model": "@net", "cfg": 3, "start_percent": 0.7, "end_percent": 1}),
        guide=(
            "DualModelGuider",
            {"model": "@calm", "model_negative": "@other", "positive": "@good", "negative": "@bad", "cfg": 7},
        ),
        levels=("Ideogram4Scheduler", {"steps": 20, "width": 1024, "height": 768, "mu": 0.5, "std": 1.5}),
        walk=("KSamplerSelect", {"sampler_name": "euler"}),
        grain=("RandomNoise", {"noise_seed": 8}),
        sampled=(
            "SamplerCustomAdvanced",
            {"noise": "@grain", "guider": "@guide", "sampler": "@walk", "sigmas": "@levels", "latent_image": "@zeros"},
        ),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    within = sources(found, "sampler")["guider"].partition(".")[0]
    assert found.workflow.nodes[within].type == "nodes.guidance_within"
    assert params(found, within) == {}, "0.7 to 1 is what it has by itself"
    sides = {side: wire.partition(".")[0] for side, wire in sources(found, within).items()}
    assert {side: params(found, name)["scale"] for side, name in sides.items()} == {"inside": 3.0, "outside": 7.0}
    ends = {side: sources(found, wire.partition(".")[0]) for side, wire in sources(found, sides["inside"]).items()}
    networks = {
        side: sources(found, texts["denoiser"].partition(".")[0])["network"].partition(".")[0]
        for side, texts in ends.items()
    }
    assert {side: params(found, name)["model"] for side, name in networks.items()} == {
        "guider": "one.safetensors",
        "weak": "other.safetensors",
    }
    assert params(found, "sigmas") == {"height": 768, "mu": 0.5, "deviation": 1.5}


def test_blocks_are_left_out_for_the_negative_text_alone(catalogue: Catalogue) -> None:
    values = {"double_layers": "", "single_layers": "22", "start_percent": 0, "end_percent": 0.5}
    graph = api(**SAMPLED, rule=("SkipLayerGuidanceDiTSimple", {"model": "@model", **values}))
    graph["sampled"]["inputs"]["model"] = ["rule", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    (weaker,) = (name for name, node in found.workflow.nodes.items() if node.type == "nodes.weaken_guidance")
    assert params(found, weaker) == {"layers": "single_transformer_blocks.22"}
    led = sources(found, weaker)["guider"].partition(".")[0]
    assert sources(found, led)["conditioning"] == "negative.conditioning"
    within = sources(found, "sampler")["guider"].partition(".")[0]
    assert params(found, within) == {"start": 0.0, "end": 0.5}
