"""Tests of importing models and their loaders."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import SAMPLED, SETTINGS, Api, api, bring, params, parts, sources


def test_loras_shifts_and_rescaling_stand_between_model_and_sampler(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph |= api(
        lora=(
            "LoraLoader",
            {"model": "@model", "clip": "@model.1", "lora_name": "a.safetensors", "strength_model": 0.7},
        ),
        more=("LoraLoaderModelOnly", {"model": "@lora", "lora_name": "b.safetensors", "strength_model": -0.4}),
        shift=("ModelSamplingSD3", {"model": "@more", "shift": 5.0}),
        learnt=("ModelSamplingDiscrete", {"model": "@shift", "sampling": "v_prediction", "zsnr": False}),
    )
    graph["sampled"]["inputs"]["model"] = ["learnt", 0]
    graph["good"]["inputs"]["clip"] = ["lora", 1]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "lora") == {"lora": "a.safetensors", "weight": 0.7}
    assert params(found, "lora_2") == {"lora": "b.safetensors", "weight": -0.4}
    assert sources(found, "denoiser") == {"unet": "lora_2.diffusion_network"}
    assert params(found, "denoiser") == {"prediction": "v"}
    assert sources(found, "schedule") == {"trained": "shift.trained_schedule"} and params(found, "shift") == {
        "shift": 5.0
    }
    assert sources(found, "prompt") == {"text_encoder": "lora_text.text_encoder"}
    assert {model["folder"] for model in found.report.models} == {"checkpoints", "loras"}


def test_a_lora_beyond_what_a_node_takes_is_several(catalogue: Catalogue) -> None:
    lora = {"model": "@model", "lora_name": "a.safetensors", "strength_model": 3.0}
    found = bring(api(**SAMPLED, lora=("LoraLoaderModelOnly", lora)), catalogue)
    assert [params(found, name)["weight"] for name in ("lora", "lora_2")] == [1.5, 1.5]
    assert sources(found, "lora_2") == {"unet": "lora.diffusion_network"}


def test_three_loaders_of_flux_are_one_here(catalogue: Catalogue) -> None:
    graph = api(
        net=("UNETLoader", {"unet_name": "flux1-dev.safetensors", "weight_dtype": "default"}),
        texts=("DualCLIPLoader", {"clip_name1": "t5.safetensors", "clip_name2": "l.safetensors", "type": "flux"}),
        coder=("VAELoader", {"vae_name": "ae.safetensors"}),
        good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        led=("FluxGuidance", {"conditioning": "@good", "guidance": 2.5}),
        shift=(
            "ModelSamplingFlux",
            {"model": "@net", "max_shift": 1.2, "base_shift": 0.5, "width": 512, "height": 512},
        ),
        guide=("BasicGuider", {"model": "@shift", "conditioning": "@led"}),
        zeros=("EmptySD3LatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        levels=("BasicScheduler", {"model": "@shift", "scheduler": "simple", "steps": 4, "denoise": 1.0}),
        walk=("KSamplerSelect", {"sampler_name": "euler"}),
        grain=("RandomNoise", {"noise_seed": 8}),
        sampled=(
            "SamplerCustomAdvanced",
            {"noise": "@grain", "guider": "@guide", "sampler": "@walk", "sigmas": "@levels", "latent_image": "@zeros"},
        ),
        shown=("VAEDecode", {"samples": "@sampled", "vae": "@coder"}),
    )
    found = bring(graph, catalogue)
    loaders = [name for name, node in found.workflow.nodes.items() if node.type.startswith("nodes.load_")]
    assert loaders == ["model"] and found.workflow.nodes["model"].type == "nodes.load_model"
    assert params(found, "model") == {
        "model": "flux1-dev.safetensors",
        "text_encoder": "t5.safetensors",
        "text_encoder_2": "l.safetensors",
        "vae": "ae.safetensors",
    }
    assert params(found, "denoiser") == {"guidance": 2.5} and found.workflow.nodes["denoiser"].type.endswith(
        "network_denoiser"
    )
    assert sources(found, "decode")["vae"] == "model.vae"
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]


def test_several_networks_have_their_texts_and_vae_beside(catalogue: Catalogue) -> None:
    found = bring(parts("z_image_turbo_bf16.safetensors", "lumina2", "qwen_3_4b.safetensors"), catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "text_encoder") == {"model": "qwen_3_4b.safetensors", "family": "Z-Image"}
    assert params(found, "model") == {"model": "z_image_turbo_bf16.safetensors", "storage": "float8"}
    assert params(found, "vae") == {"model": "ae.safetensors", "made_for": "Z-Image"}
    assert sources(found, "schedule") == {"trained": "model.schedule"}
    assert sources(found, "schedule_2") == {"trained": "model_2.schedule"}


def test_a_family_that_is_not_loaded_is_told(catalogue: Catalogue) -> None:
    found = bring(parts("omnigen2_fp16.safetensors", "omnigen2", "qwen_2.5_vl_fp16.safetensors"), catalogue)
    notes = {note for row in found.report.rows for note in row["notes"]}
    assert "models of OmniGen2 are not loaded by this nodeflow yet" in notes
    assert found.report.nodes["unknown"] == 0


@pytest.mark.parametrize(
    ("name", "node"),
    [
        ("flux1-dev-fp8.safetensors", "load_model"),
        ("sd3.5_large_fp8_scaled.safetensors", "load_model"),
        ("dreamshaper_8.safetensors", "load_latent_diffusion"),
        ("sd_xl_base_1.0.safetensors", "load_latent_diffusion"),
    ],
)
def test_a_whole_model_is_loaded_by_its_kind(name: str, node: str, catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["model"]["inputs"]["ckpt_name"] = name
    found = bring(graph, catalogue)
    assert found.workflow.nodes["model"].type == f"nodes.{node}" and found.report.nodes["unknown"] == 0
    assert params(found, "model") == {"model": name}


def test_files_in_gguf_are_loaded_by_the_same_nodes(catalogue: Catalogue) -> None:
    graph = parts("qwen-image-Q4_K_M.gguf", "qwen_image", "qwen2.5-vl-7b-Q8_0.gguf", "CLIPLoaderGGUF")
    graph["net"]["class_type"] = "UnetLoaderGGUF"
    graph["net"]["inputs"] = {"unet_name": "qwen-image-Q4_K_M.gguf"}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "text_encoder") == {"model": "qwen2.5-vl-7b-Q8_0.gguf", "family": "Qwen-Image"}


def _of_flux(net: str, **more: Any) -> Api:
    """A FLUX.1 by parts, with an image and a mask beside its text."""
    return api(
        net=("UNETLoader", {"unet_name": net, "weight_dtype": "default"}),
        texts=(
            "DualCLIPLoader",
            {"clip_name1": "clip_l.safetensors", "clip_name2": "t5xxl.safetensors", "type": "flux"},
        ),
        coder=("VAELoader", {"vae_name": "ae.safetensors"}),
        good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        told=("FluxGuidance", {"conditioning": "@good", "guidance": 30}),
        nothing=("ConditioningZeroOut", {"conditioning": "@good"}),
        fox=("LoadImage", {"image": "fox.png"}),
        **more,
    )


@pytest.mark.parametrize(("net", "node"), [("fill", "inpainting_denoiser"), ("dev", "network_denoiser")])
def test_what_a_network_sees_beside_the_latent_is_told_by_its_file(net: str, node: str, catalogue: Catalogue) -> None:
    """FLUX.1 Fill sees image and mask; with another one ComfyUI leaves them out too."""
    about = {"positive": "@told", "negative": "@nothing", "vae": "@coder", "pixels": "@fox", "mask": "@fox.1"}
    wires = {"model": "@net", "positive": "@beside", "negative": "@beside.1", "latent_image": "@beside.2"}
    graph = _of_flux(
        f"flux1-{net}-dev.safetensors",
        beside=("InpaintModelConditioning", {**about, "noise_mask": False}),
        sampled=("KSampler", {**wires, **SETTINGS, "cfg": 1.0}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert found.workflow.nodes["denoiser"].type == f"nodes.{node}"
    assert params(found, "denoiser") == {"guidance": 30.0}


def test_a_lora_says_that_a_network_is_shown_an_image(catalogue: Catalogue) -> None:
    """FLUX.1's for Canny and Depth, on the plain model."""
    about = {"positive": "@told", "negative": "@nothing", "vae": "@coder", "pixels": "@fox"}
    wires = {"model": "@lines", "positive": "@beside", "negative": "@beside.1", "latent_image": "@beside.2"}
    graph = _of_flux(
        "flux1-dev.safetensors",
        lines=("LoraLoaderModelOnly", {"model": "@net", "lora_name": "flux1-canny-dev-lora.safetensors"}),
        beside=("InstructPixToPixConditioning", about),
        sampled=("KSampler", {**wires, **SETTINGS, "cfg": 1.0}),
    )
    found = bring(graph, catalogue)
    assert found.workflow.nodes["denoiser"].type == "nodes.edit_denoiser"
    assert sources(found, "denoiser") == {
        "unet": "lora.diffusion_network",
        "vae": "model.vae",
        "image": "picture.image",
    }


def test_images_as_prompts_stand_behind_the_text(catalogue: Catalogue) -> None:
    graph = _of_flux(
        "flux1-dev.safetensors",
        style=("StyleModelLoader", {"style_model_name": "flux1-redux-dev.safetensors"}),
        eyes=("CLIPVisionLoader", {"clip_name": "sigclip_vision_patch14_384.safetensors"}),
        seen=("CLIPVisionEncode", {"clip_vision": "@eyes", "image": "@fox", "crop": "none"}),
        styled=(
            "StyleModelApply",
            {"conditioning": "@told", "style_model": "@style", "clip_vision_output": "@seen", "strength": 0.5},
        ),
        zeros=("EmptySD3LatentImage", {"width": 512, "height": 512}),
        sampled=(
            "KSampler",
            {"model": "@net", "positive": "@styled", "negative": "@nothing", "latent_image": "@zeros", **SETTINGS},
        ),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    files = {"model": "flux1-redux-dev.safetensors", "image_encoder": "sigclip_vision_patch14_384.safetensors"}
    assert params(found, "redux") == files
    wires = {"conditioning": "prompt.conditioning", "redux": "redux.image_prompter", "image": "picture.image"}
    assert sources(found, "style") == wires and params(found, "style") == {"strength": 0.5}


@pytest.mark.parametrize(
    ("model", "family"), [("dreamy_8", "Stable Diffusion 1"), ("ponyDream", "Stable Diffusion XL")]
)
def test_a_vae_beside_a_whole_model_is_told_whose_it_is(model: str, family: str, catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, other=("VAELoader", {"vae_name": "vae-ft-mse-840000-ema-pruned.safetensors"}))
    graph["model"]["inputs"]["ckpt_name"] = f"{model}.safetensors"
    graph["shown"]["inputs"]["vae"] = ["other", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    assert params(found, "vae")["made_for"] == family


@pytest.mark.parametrize(("net", "node"), [("klein-base", "network_denoiser"), ("klein", "flow_map_denoiser")])
def test_a_distilled_flux_3_knows_where_each_step_goes(net: str, node: str, catalogue: Catalogue) -> None:
    found = bring(parts(f"flux3-image-{net}.safetensors", "flux3", "qwen3vl_4b.safetensors"), catalogue)
    assert found.report.nodes["unknown"] == 0 and found.workflow.nodes["denoiser"].type == f"nodes.{node}"
    if node.startswith("flow_map"):
        assert sources(found, "denoiser")["schedule"] == f"{sources(found, 'sampler')['schedule']}"


def test_a_controlnet_of_a_transformer_is_given_the_vae(catalogue: Catalogue) -> None:
    about = {"positive": "@told", "negative": "@nothing", "image": "@fox", "vae": "@coder", "control_net": "@net2"}
    wires = {"model": "@net", "positive": "@led", "negative": "@led.1", "latent_image": "@zeros"}
    graph = _of_flux(
        "flux1-dev.safetensors",
        net2=("ControlNetLoader", {"control_net_name": "flux-union.safetensors"}),
        led=("ControlNetApplySD3", {**about, "strength": 0.7, "start_percent": 0.0, "end_percent": 1.0}),
        zeros=("EmptySD3LatentImage", {"width": 512, "height": 512}),
        sampled=("KSampler", {**wires, **SETTINGS, "cfg": 1.0}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert sources(found, "control")["vae"] == "model.vae"


def test_a_controlnet_on_a_model_or_with_a_mask_leads_the_denoiser(catalogue: Catalogue) -> None:
    loaded = {
        "net": ("UNETLoader", {"unet_name": "z_image_turbo_bf16.safetensors", "weight_dtype": "default"}),
        "texts": ("CLIPLoader", {"clip_name": "qwen_3_4b.safetensors", "type": "lumina2"}),
        "coder": ("VAELoader", {"vae_name": "ae.safetensors"}),
        "text": ("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        "zeros": ("EmptySD3LatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        "picture": ("LoadImage", {"image": "edges.png"}),
    }
    texts = {"positive": "@text", "negative": "@text", "latent_image": "@zeros", **SETTINGS}
    patch = {"model": "@net", "model_patch": "@patch", "vae": "@coder", "image": "@picture", "strength": 0.8}
    graph = api(
        **loaded,
        patch=("ModelPatchLoader", {"name": "Z-Image-Turbo-Fun-Controlnet-Union.safetensors"}),
        led=("QwenImageDiffsynthControlnet", patch),
        sampled=("KSampler", {"model": "@led", **texts}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    control = sources(found, "control")
    assert control["controlnet"] == "controlnet.control_net" and control["image"].startswith("picture.")
    assert params(found, "control") == {"strength": 0.8} and "vae" in control
    assert {row["folder"] for row in found.report.models} >= {"model_patches"}
    graph["led"]["inputs"]["mask"] = ["picture", 1]
    assert bring(graph, catalogue).report.nodes["unknown"] == 1
    both = {"positive": "@text", "negative": "@text", "control_net": "@patch", "vae": "@coder", "image": "@picture"}
    graph = api(
        **loaded,
        patch=("ControlNetLoader", {"control_net_name": "Qwen-Image-InstantX-ControlNet-Inpainting.safetensors"}),
        led=("ControlNetInpaintingAliMamaApply", {**both, "mask": "@picture.1", "strength": 1.0}),
        sampled=("KSampler", {"model": "@net", **texts, "positive": "@led", "negative": "@led.1"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert sources(found, "control")["mask"] == sources(found, "control")["image"].partition(".")[0] + ".mask"


def test_merged_models_are_one_network(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        other=("CheckpointLoaderSimple", {"ckpt_name": "b.safetensors"}),
        third=("CheckpointLoaderSimple", {"ckpt_name": "c.safetensors"}),
        mean=("ModelMergeSimple", {"model1": "@model", "model2": "@other", "ratio": 0.3}),
        parts=("ModelMergeBlocks", {"model1": "@mean", "model2": "@other", "input": 1.0, "middle": 0.5, "out": 0.2}),
        learnt=("ModelMergeSubtract", {"model1": "@other", "model2": "@third", "multiplier": 0.8}),
        added=("ModelMergeAdd", {"model1": "@learnt", "model2": "@parts"}),
        texts=("CLIPMergeSimple", {"clip1": "@model.1", "clip2": "@other.1", "ratio": 0.25}),
        kept=("CheckpointSave", {"model": "@added", "clip": "@texts", "vae": "@model.2"}),
    )
    graph["sampled"]["inputs"]["model"], graph["good"]["inputs"]["clip"] = ["added", 0], ["texts", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 1 and found.report.nodes["approximate"] == 0
    assert [row["notes"] for row in found.report.rows if row["class"] == "CheckpointSave"] == [
        ["models are not written to files here"]
    ]
    assert params(found, "merged") == {"share": 0.7} and params(found, "merged_texts") == {"share": 0.75}
    blocks = "input_blocks: 0, middle_block: 0.5, output_blocks: 0.8, out: 0.8"
    assert params(found, "merged_2") == {"share": 0.0, "blocks": blocks}
    assert params(found, "merged_3") == {"share": 0.8}
    wires = {"first": "merged_2", "second": "model_2", "base": "model_3"}
    assert sources(found, "merged_3") == {
        key: f"{node}.{'unet' if node.startswith('model') else 'diffusion_network'}" for key, node in wires.items()
    }


def test_a_network_that_maps_an_image_at_once_is_asked_once(catalogue: Catalogue) -> None:
    wires = {"noise": "@none", "guider": "@guide", "sampler": "@select", "sigmas": "@levels"}
    graph = api(
        net=("UNETLoader", {"unet_name": "qwen_image_edit_2509.safetensors", "weight_dtype": "default"}),
        texts=("ConditioningLoader", {"conditioning_name": "marigold_v2_depth_conditioning.safetensors"}),
        coder=("VAELoader", {"vae_name": "marigold_v2_depth_vae.safetensors"}),
        picture=("LoadImage", {"image": "house.png"}),
        encoded=("VAEEncode", {"pixels": "@picture", "vae": "@coder"}),
        shift=("ModelSamplingAuraFlow", {"model": "@net", "shift": 1.73, "sampling": "img_to_img_velocity"}),
        guide=("BasicGuider", {"model": "@shift", "conditioning": "@texts"}),
        none=("DisableNoise", {}),
        levels=("ManualSigmas", {"sigmas": "0.5, 0"}),
        select=("KSamplerSelect", {"sampler_name": "euler"}),
        sampled=("SamplerCustomAdvanced", {**wires, "latent_image": "@encoded"}),
        shown=("VAEDecode", {"samples": "@sampled", "vae": "@coder"}),
        depth=("MarigoldV2PostProcess", {"image": "@shown", "prediction": "normals"}),
        saved=("SaveImage", {"images": "@depth", "filename_prefix": "x"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert sources(found, "mapped").keys() == {"denoiser", "conditioning", "latent"} and params(found, "mapped") == {}
    assert params(found, "prediction") == {"shows": "normals"} and "sigmas" not in found.workflow.nodes
    assert {row["file"]: row["folder"] for row in found.report.models}[params(found, "prompt")["model"]] == "embeddings"
    graph["levels"]["inputs"]["sigmas"] = "0.5, 0.2, 0"
    again = bring(graph, catalogue)
    notes = [row["notes"] for row in again.report.rows if row["class"] == "SamplerCustomAdvanced"]
    assert "asked once here" in notes[0][0]
