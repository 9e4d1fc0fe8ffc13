"""Tests of what an import must not lose: whose levels and references these are, batches, layers, and what was said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.export.writing import export_anew
from nodes.comfyui.node_packs import pack_by_name
from tests.nodes.comfyui.graphs import LOADED, SAMPLED, SETTINGS, api, bring, params, parts, sources


def sampled_from(latent: str) -> dict[str, Any]:
    inputs = {"model": "@model", "positive": "@good", "negative": "@bad", "latent_image": latent, **SETTINGS}
    return {"sampled": ("KSampler", inputs), "shown": ("VAEDecode", {"samples": "@sampled", "vae": "@model.2"})}


@pytest.mark.parametrize(
    ("kind", "inputs", "index"),
    [
        ("LatentFromBatch", {"samples": "@zeros", "batch_index": 1, "length": 1}, "1"),
        ("LatentBatch", {"samples1": "@zeros", "samples2": "@zeros"}, "0, 1, 0, 1"),
        ("LatentBatchSeedBehavior", {"samples": "@zeros", "seed_behavior": "fixed"}, "0, 0"),
    ],
)
def test_latents_of_a_batch_have_the_noise_of_their_places(
    kind: str, inputs: dict[str, Any], index: str, catalogue: Catalogue
) -> None:
    found = bring(api(**LOADED, taken=(kind, inputs), **sampled_from("@taken")), catalogue)
    assert params(found, "noise")["batch_index"] == index
    sent = export_anew(found.workflow, catalogue)
    assert not sent.left_out and kind in {one["class_type"] for one in sent.prompt.values()}


def test_an_image_comes_apart_into_layers_and_goes_back(catalogue: Catalogue) -> None:
    graph = api(
        net=("UNETLoader", {"unet_name": "qwen_image_layered.safetensors"}),
        texts=("CLIPLoader", {"clip_name": "qwen_2.5_vl_7b.safetensors", "type": "qwen_image"}),
        coder=("VAELoader", {"vae_name": "layers.safetensors"}),
        image=("LoadImage", {"image": "fox.png"}),
        coded=("VAEEncode", {"pixels": "@image", "vae": "@coder"}),
        good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        shown=("ReferenceLatent", {"conditioning": "@good", "latent": "@coded"}),
        size=("GetImageSize", {"image": "@image"}),
        zeros=("EmptyQwenImageLayeredLatentImage", {"width": "@size", "height": "@size.1", "layers": 2}),
        sampled=(
            "KSampler",
            {"model": "@net", "positive": "@shown", "negative": "@shown", "latent_image": "@zeros", **SETTINGS},
        ),
        cut=("LatentCut", {"samples": "@sampled", "dim": "t", "index": 1, "amount": 16384}),
        batch=("LatentCutToBatch", {"samples": "@cut", "dim": "t", "slice_size": 1}),
        layers=("VAEDecode", {"samples": "@batch", "vae": "@coder"}),
        saved=("SaveImage", {"images": "@layers", "filename_prefix": "layers"}),
    )
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    assert params(found, "noise") == {"layers": 2, "seed": 5}
    assert sources(found, "layers") == {
        "latent": "sampler.latent",
        "vae": "model.vae",
        "reference": "reference.reference",
    }
    sent = export_anew(found.workflow, catalogue)
    again = bring(json.dumps(sent.prompt).encode(), catalogue)
    assert not sent.left_out and again.report.nodes["unknown"] == 0
    assert sorted(node.type for node in again.workflow.nodes.values()) == sorted(
        node.type for node in found.workflow.nodes.values()
    )


def test_levels_without_a_model_are_those_of_the_model_that_is_sampled(catalogue: Catalogue) -> None:
    """The scheduler stands before all loaders in the file, and the model is the second one."""
    graph = api(
        levels=("Flux2Scheduler", {"steps": 4, "width": 512, "height": 512}),
        **{
            name: (one["class_type"], one["inputs"])
            for name, one in parts("flux2.safetensors", "flux2", "m.safetensors").items()
        },
        guider=("BasicGuider", {"model": "@other", "conditioning": "@good"}),
        noise=("RandomNoise", {"noise_seed": 1}),
        walk=("KSamplerSelect", {"sampler_name": "euler"}),
        last=(
            "SamplerCustomAdvanced",
            {"noise": "@noise", "guider": "@guider", "sampler": "@walk", "sigmas": "@levels", "latent_image": "@zeros"},
        ),
    )
    found = bring(graph, catalogue)
    levels = sources(found, "sigmas")["trained"].partition(".")[0]
    assert params(found, levels)["model"] == "low_flux2.safetensors"


def test_zeroed_texts_have_steps_of_their_own(catalogue: Catalogue) -> None:
    """As Stability's own workflow for Stable Diffusion 3 has it."""
    graph = api(
        **LOADED,
        zero=("ConditioningZeroOut", {"conditioning": "@bad"}),
        late=("ConditioningSetTimestepRange", {"conditioning": "@zero", "start": 0.1, "end": 1.0}),
        early=("ConditioningSetTimestepRange", {"conditioning": "@bad", "start": 0.0, "end": 0.1}),
        both=("ConditioningCombine", {"conditioning_1": "@late", "conditioning_2": "@early"}),
        sampled=(
            "KSampler",
            {"model": "@model", "positive": "@good", "negative": "@both", "latent_image": "@zeros", **SETTINGS},
        ),
    )
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    starts = {sources(found, name)["conditioning"] for name in ("region", "region_2")}
    assert starts == {"zeros.conditioning", "negative.conditioning"}


def test_a_value_wired_to_nothing_known_is_refused(catalogue: Catalogue) -> None:
    """Its default in its place would be a silent lie."""
    graph = api(**SAMPLED, seen=("CR Text Input Switch", {"text1": "a", "Input": 1}))
    graph["saved"]["inputs"]["filename_prefix"] = ["seen", 1]
    rows = {row["id"]: row for row in bring(graph, catalogue).report.rows}
    assert rows["saved"]["status"] == "unknown"
    assert rows["saved"]["notes"] == ["its filename_prefix comes from what has no counterpart here"]


def test_what_is_told_and_not_needed_here_goes_back(catalogue: Catalogue) -> None:
    graph = parts("flux2.safetensors", "mage", "m.safetensors")
    graph["zeros"]["class_type"] = "EmptyFlux2LatentImage"
    prompt = export_anew(bring(graph, catalogue).workflow, catalogue).prompt
    told = {one["class_type"]: one["inputs"] for one in prompt.values()}
    assert "EmptyFlux2LatentImage" in told and told["CLIPLoader"]["type"] == "mage"


def test_outputs_that_no_file_names_are_told_by_what_takes_them(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, dream=("Deep.Dream //X", {"model": "@model"}))
    graph["sampled"]["inputs"]["model"] = ["dream", "0"]  # a place as text, as some programs write it
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 1
    assert sources(found, "denoiser")["unet"] == "deep_dream_x.MODEL"


def test_pipes_of_easy_use_carry_model_texts_and_settings(catalogue: Catalogue) -> None:
    graph = api(
        loaded=(
            "easy fullLoader",
            {"ckpt_name": "a.safetensors", "positive": "a fox", "negative": "blurry", "resolution": "768 x 512"},
        ),
        told=("easy preSampling", {"pipe": "@loaded", **SETTINGS}),
        made=("easy kSampler", {"pipe": "@told", "image_output": "Save"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes == {"total": 3, "translated": 3, "approximate": 0, "unknown": 0}
    assert params(found, "noise") == {"seed": 5, "width": 768, "height": 512}
    assert params(found, "schedule")["steps"] == 12 and "save" in found.workflow.nodes


def test_packs_are_named_by_their_classes() -> None:
    kinds = ("FaceDetailer", "DWPreprocessor", "Fast Foo (rgthree)", "IPAdapterFaceID", "WanVideoSampler", "KSampler")
    assert [pack_by_name(kind) for kind in kinds] == [
        "comfyui-impact-pack",
        "comfyui_controlnet_aux",
        "rgthree-comfy",
        "comfyui_ipadapter_plus",
        "comfyui-wanvideowrapper",
        "",
    ]


def test_texts_of_comfyui_are_cut_compared_and_measured(catalogue: Catalogue) -> None:
    graph = api(
        loud=("CaseConverter", {"string": "a fox", "mode": "UPPERCASE"}),
        part=("StringSubstring", {"string": "@loud", "start": 2, "end": 5}),
        same=("StringCompare", {"string_a": "@part", "string_b": "FOX", "mode": "Equal"}),
        long=("StringLength", {"string": "@loud"}),
        bare=("StringTrim", {"string": "@part", "mode": "Both"}),
        shown=("PreviewAny", {"source": "@same"}),
    )
    found = bring(graph, catalogue)
    assert not found.report.nodes["unknown"]
    assert [params(found, name) for name in ("text", "text_2", "choice", "length")] == [
        {"text": "A FOX"},
        {"text": "FOX"},
        {"value": True},
        {"value": 5},
    ]
