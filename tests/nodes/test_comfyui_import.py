"""ComfyUI's workflows as nodeflow's: each group of classes against a small graph, placeholders, report, places."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.graph.io.comfyui.containers import NotReadableError
from nodeflow.graph.io.files import dumps, loads
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.graph.validate.check import check
from nodeflow.resources import folder
from nodes.comfyui.importing import Imported, import_comfyui
from nodes.comfyui.registry import translators


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return decode((folder("assets") / "catalogue.json").read_bytes())


Api = dict[str, Any]


def api(**nodes: tuple[str, dict[str, Any]]) -> Api:
    """A flat workflow; an input ``"@name"`` or ``"@name.1"`` is a wire."""
    return {
        name: {"class_type": kind, "inputs": {key: _wired(value) for key, value in inputs.items()}}
        for name, (kind, inputs) in nodes.items()
    }


def _wired(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        name, _, slot = value[1:].partition(".")
        return [name, int(slot or 0)]
    return value


LOADED = {
    "model": ("CheckpointLoaderSimple", {"ckpt_name": "some/sd15.safetensors"}),
    "good": ("CLIPTextEncode", {"clip": "@model.1", "text": "a fox"}),
    "bad": ("CLIPTextEncode", {"clip": "@model.1", "text": "blurry"}),
    "zeros": ("EmptyLatentImage", {"width": 515, "height": 640, "batch_size": 2}),
}
SETTINGS = {"seed": 5, "steps": 12, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
SAMPLED = {
    **LOADED,
    "sampled": (
        "KSampler",
        {"model": "@model", "positive": "@good", "negative": "@bad", "latent_image": "@zeros", **SETTINGS},
    ),
    "shown": ("VAEDecode", {"samples": "@sampled", "vae": "@model.2"}),
    "saved": ("SaveImage", {"images": "@shown", "filename_prefix": "art/fox"}),
}


def bring(graph: Any, catalogue: Catalogue) -> Imported:
    """Import a graph: what a check finds is only where placeholders stand, and the file holds all of it."""
    found = import_comfyui(graph if isinstance(graph, bytes) else json.dumps(graph).encode(), catalogue)
    kept = {name for name, node in found.workflow.nodes.items() if node.type.startswith("comfyui.")}
    assert [problem for problem in check(found.workflow, catalogue) if problem.node not in kept] == []
    text = dumps(found.workflow)
    again = loads(text)
    assert dumps(again) == text and again.links == found.workflow.links
    counts = found.report.nodes
    assert counts["translated"] + counts["approximate"] + counts["unknown"] == counts["total"]
    return found


def sources(found: Imported, name: str) -> dict[str, str]:
    """What is wired to a node, by input."""
    return {link.input: f"{link.source}.{link.output}" for link in found.workflow.links.values() if link.target == name}


def params(found: Imported, name: str) -> dict[str, Any]:
    return found.workflow.nodes[name].params


def test_a_usual_graph_reads_like_one_built_here(catalogue: Catalogue) -> None:
    found = bring(api(**SAMPLED), catalogue)
    kinds = {name: node.type.removeprefix("nodes.") for name, node in found.workflow.nodes.items()}
    assert kinds == {
        "model": "load_latent_diffusion",
        "prompt": "clip_text_encode",
        "negative": "clip_text_encode",
        "denoiser": "unet_denoiser",
        "guidance": "classifier_free_guidance",
        "schedule": "k_sampler",
        "noise": "noise_stream",
        "sampler": "sample",
        "decode": "vae_decode",
        "save": "save_image",
    }
    assert params(found, "schedule") == {"sampler": "dpmpp_2m", "spacing": "karras", "steps": 12}
    assert params(found, "noise") == {"seed": 5, "batch": 2, "width": 512, "height": 640}
    assert params(found, "guidance") == {"scale": 6.5}
    assert params(found, "save") == {"name": "fox", "folder": "art"}
    assert sources(found, "sampler") == {
        "guider": "guidance.guider",
        "schedule": "schedule.schedule",
        "noise": "noise.noise",
    }
    assert found.report.nodes == {"total": 7, "translated": 7, "approximate": 0, "unknown": 0}
    (wanted,) = found.report.models
    assert (wanted["file"], wanted["folder"], wanted["found"]) == ("some/sd15.safetensors", "checkpoints", False)


def test_no_guidance_stands_where_nothing_is_led_away_from(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, zero=("ConditioningZeroOut", {"conditioning": "@good"}))
    graph["sampled"]["inputs"].update(cfg=1.0, negative=["zero", 0])
    found = bring(graph, catalogue)
    assert found.workflow.nodes["guidance"].type == "nodes.no_guidance"
    assert found.report.nodes["approximate"] == 0 == found.report.nodes["unknown"]


def test_a_seed_that_is_too_large_for_a_number_is_kept_as_text(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["seed"] = 2**64 - 1
    assert params(bring(graph, catalogue), "noise")["large_seed"] == str(2**64 - 1)


def test_a_spacing_of_packs_is_its_formula(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"] |= {"scheduler": "beta57", "denoise": 0.5}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "sigmas") == {"alpha": 0.5, "beta": 0.7, "steps": 12, "denoise": 0.5}
    assert sources(found, "schedule") == {"sigmas": "sigmas.sigmas", "trained": "model.schedule"}
    assert params(found, "schedule") == {"sampler": "dpmpp_2m"}


def test_two_samplers_share_a_walk_by_steps_and_leftover_noise(catalogue: Catalogue) -> None:
    shared = {"model": "@model", "positive": "@good", "negative": "@bad", "steps": 20, "cfg": 8.0}
    shared |= {"sampler_name": "euler", "scheduler": "normal", "noise_seed": 4}
    first = {"add_noise": "enable", "start_at_step": 0, "end_at_step": 12, "return_with_leftover_noise": "enable"}
    second = {"add_noise": "disable", "start_at_step": 12, "end_at_step": 99, "return_with_leftover_noise": "disable"}
    found = bring(
        api(
            **LOADED,
            one=("KSamplerAdvanced", {**shared, **first, "latent_image": "@zeros"}),
            two=("KSamplerAdvanced", {**shared, **second, "latent_image": "@one"}),
        ),
        catalogue,
    )
    assert params(found, "schedule") == {"end_step": 12, "leftover_noise": True}
    assert params(found, "schedule_2") == {"start_step": 12, "end_step": 99}
    assert params(found, "noise_2")["add_noise"] is False and params(found, "noise_2")["batch"] == 2
    assert sources(found, "sampler_2")["latent"] == "sampler.latent"


@pytest.mark.parametrize(
    ("kind", "values", "node"),
    [
        ("BasicScheduler", {"model": "@model", "scheduler": "beta", "steps": 9, "denoise": 0.5}, "model_sigmas"),
        ("KarrasScheduler", {"steps": 9, "sigma_max": 12.0, "sigma_min": 0.1, "rho": 5.0}, "karras_sigmas"),
        ("ExponentialScheduler", {"steps": 9, "sigma_max": 12.0, "sigma_min": 0.1}, "exponential_sigmas"),
        ("LaplaceScheduler", {"steps": 9, "sigma_max": 12.0, "mu": 0.1, "beta": 0.4}, "laplace_sigmas"),
        ("VPScheduler", {"steps": 9, "beta_d": 19.0, "beta_min": 0.2, "eps_s": 0.002}, "vp_sigmas"),
        ("BetaSamplingScheduler", {"model": "@model", "steps": 9, "alpha": 0.5, "beta": 0.7}, "beta_sigmas"),
        ("SDTurboScheduler", {"model": "@model", "steps": 2, "denoise": 1.0}, "sd_turbo_sigmas"),
        ("AlignYourStepsScheduler", {"model_type": "SDXL", "steps": 9}, "align_your_steps_sigmas"),
        ("ManualSigmas", {"sigmas": "10, 5, 0"}, "manual_sigmas"),
        ("Flux2Scheduler", {"steps": 9, "width": 512, "height": 768}, "flux2_sigmas"),
    ],
)
def test_noise_levels_are_a_wire_with_their_numbers(
    kind: str, values: dict[str, Any], node: str, catalogue: Catalogue
) -> None:
    graph = api(
        **LOADED,
        levels=(kind, values),
        parts=("SplitSigmas", {"sigmas": "@levels", "step": 4}),
        turned=("FlipSigmas", {"sigmas": "@parts.1"}),
        walk=("KSamplerSelect", {"sampler_name": "heun"}),
        grain=("RandomNoise", {"noise_seed": 8}),
        guide=("CFGGuider", {"model": "@model", "positive": "@good", "negative": "@bad", "cfg": 4.0}),
        sampled=(
            "SamplerCustomAdvanced",
            {"noise": "@grain", "guider": "@guide", "sampler": "@walk", "sigmas": "@turned", "latent_image": "@zeros"},
        ),
        shown=("VAEDecode", {"samples": "@sampled.1", "vae": "@model.2"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert found.workflow.nodes["sigmas"].type == f"nodes.{node}"
    said = {key: value for key, value in values.items() if not isinstance(value, str) or not value.startswith("@")}
    spec = catalogue.nodes[f"nodes.{node}"]
    kept = [value for value in said.values() if value not in [param.default for param in spec.params]]
    assert all(value in params(found, "sigmas").values() for value in kept)
    assert sources(found, "schedule")["sigmas"] == "sigmas_3.sigmas"
    assert params(found, "schedule") == {"sampler": "heun"}


def test_samplers_keep_options_of_their_own(catalogue: Catalogue) -> None:
    graph = api(
        **LOADED,
        levels=("BasicScheduler", {"model": "@model", "scheduler": "simple", "steps": 9, "denoise": 1.0}),
        walk=("SamplerEulerAncestral", {"eta": 0.5, "s_noise": 1.1}),
        sampled=(
            "SamplerCustom",
            {
                "model": "@model",
                "add_noise": False,
                "noise_seed": 3,
                "cfg": 5.0,
                "positive": "@good",
                "negative": "@bad",
                "sampler": "@walk",
                "sigmas": "@levels",
                "latent_image": "@zeros",
            },
        ),
    )
    found = bring(graph, catalogue)
    assert params(found, "schedule") == {"sampler": "euler_ancestral", "eta": 0.5, "s_noise": 1.1}
    assert params(found, "noise")["add_noise"] is False
    assert found.workflow.nodes[sources(found, "sampler")["latent"].partition(".")[0]].type == "nodes.empty_latent"


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


def parts(net: str, kind: str, text: str, texts: str = "CLIPLoader") -> Api:
    """The loaders of two networks, which one node does not load, with a text and a latent."""
    return api(
        net=("UNETLoader", {"unet_name": net, "weight_dtype": "fp8_e4m3fn"}),
        other=("UNETLoader", {"unet_name": f"low_{net}", "weight_dtype": "default"}),
        texts=(texts, {"clip_name": text, "type": kind}),
        coder=("VAELoader", {"vae_name": "ae.safetensors"}),
        good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
        bad=("ConditioningZeroOut", {"conditioning": "@good"}),
        zeros=("EmptySD3LatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        sampled=(
            "KSampler",
            {"model": "@net", "positive": "@good", "negative": "@bad", "latent_image": "@zeros", **SETTINGS},
        ),
        again=(
            "KSampler",
            {"model": "@other", "positive": "@good", "negative": "@bad", "latent_image": "@sampled", **SETTINGS},
        ),
        shown=("VAEDecode", {"samples": "@again", "vae": "@coder"}),
    )


def test_several_networks_have_their_texts_and_vae_beside(catalogue: Catalogue) -> None:
    found = bring(parts("z_image_turbo_bf16.safetensors", "lumina2", "qwen_3_4b.safetensors"), catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "text_encoder") == {"model": "qwen_3_4b.safetensors", "family": "Z-Image"}
    assert params(found, "model") == {"model": "z_image_turbo_bf16.safetensors", "storage": "float8"}
    assert params(found, "vae") == {"model": "ae.safetensors", "made_for": "Z-Image"}
    assert sources(found, "schedule") == {"trained": "model.schedule"}
    assert sources(found, "schedule_2") == {"trained": "model_2.schedule"}


def test_a_family_that_is_not_loaded_is_told(catalogue: Catalogue) -> None:
    found = bring(parts("longcat_image_bf16.safetensors", "longcat_image", "qwen_2.5_vl_7b.safetensors"), catalogue)
    notes = {note for row in found.report.rows for note in row["notes"]}
    assert "models of LongCat-Image are not loaded by this nodeflow yet" in notes
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


def test_controlnets_of_a_text_lead_the_denoiser(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph |= api(
        picture=("LoadImage", {"image": "hint.png"}),
        lines=("Canny", {"image": "@picture", "low_threshold": 0.2, "high_threshold": 0.5}),
        net=("ControlNetLoader", {"control_net_name": "canny.safetensors"}),
        union=("SetUnionControlNetType", {"control_net": "@net", "type": "depth"}),
        both=(
            "ControlNetApplyAdvanced",
            {
                "positive": "@good",
                "negative": "@bad",
                "control_net": "@union",
                "image": "@lines",
                "strength": 0.8,
                "start_percent": 0.1,
                "end_percent": 0.6,
            },
        ),
        again=(
            "ControlNetApply",
            {"conditioning": "@both", "control_net": "@net", "image": "@picture", "strength": 0.5},
        ),
    )
    graph["sampled"]["inputs"] |= {"positive": ["again", 0], "negative": ["both", 1]}
    found = bring(graph, catalogue)
    span = {"start": 0.1, "end": 0.6, "counted": "trained timesteps"}
    assert params(found, "control") == {"strength": 0.8, "control_type": "depth", **span}
    assert sources(found, "control_2")["denoiser"] == "control.denoiser"
    assert sources(found, "guidance")["denoiser"] == "control_2.denoiser"
    approximate = {row["class"] for row in found.report.rows if row["status"] == "approximate"}
    assert approximate == {"Canny", "KSampler"}


def test_latents_are_counted_in_cells_and_keep_their_masks(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph |= api(
        picture=("LoadImage", {"image": "fox.png [input]"}),
        coded=("VAEEncode", {"pixels": "@picture", "vae": "@model.2"}),
        larger=("LatentUpscale", {"samples": "@coded", "upscale_method": "bislerp", "width": 768, "height": 512}),
        by=("LatentUpscaleBy", {"samples": "@larger", "upscale_method": "nearest-exact", "scale_by": 2.0}),
        laid=("LatentComposite", {"samples_to": "@by", "samples_from": "@coded", "x": 64, "y": 16, "feather": 8}),
        turned=("LatentRotate", {"samples": "@laid", "rotation": "180 degrees"}),
        mirrored=("LatentFlip", {"samples": "@turned", "flip_method": "y-axis: horizontally"}),
        cut=("LatentCrop", {"samples": "@mirrored", "width": 256, "height": 128, "x": 8, "y": 0}),
        mixed=("LatentBlend", {"samples1": "@cut", "samples2": "@coded", "blend_factor": 0.75}),
        masked=("SetLatentNoiseMask", {"samples": "@mixed", "mask": "@picture.1"}),
        many=("RepeatLatentBatch", {"samples": "@masked", "amount": 3}),
        one=("LatentFromBatch", {"samples": "@many", "batch_index": 1, "length": 2}),
    )
    graph["sampled"]["inputs"] |= {"latent_image": ["one", 0], "denoise": 0.6}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert found.report.nodes["approximate"] == 0
    assert params(found, "scale") == {"width": 96, "height": 64, "method": "bislerp"}
    assert params(found, "laid") == {"x": 8, "y": 2, "feather": 1}
    assert params(found, "crop") == {"x": 1, "width": 32, "height": 16}
    assert params(found, "blend") == {"share": 0.25}
    assert params(found, "schedule")["denoise"] == 0.6
    assert params(found, "picture") == {"path": "fox.png", "ground": "none"}
    assert sources(found, "noise_mask") == {"latent": "blend.latent", "mask": "picture.mask"}
    assert sources(found, "sampler") | {"guider": "guidance.guider", "latent": "pick.latent"} == sources(
        found, "sampler"
    )
    assert params(found, "noise")["batch"] == 2


@pytest.mark.parametrize(
    ("kind", "sampler", "differential", "about"),
    [
        ("SetLatentNoiseMask", "euler", False, None),
        ("SetLatentNoiseMask", "ddim", False, {"noise": "seed + 1"}),
        ("SetLatentNoiseMask", "euler", True, {"differential": 0.75}),
        ("VAEEncodeForInpaint", "euler", False, None),
        ("VAEEncodeForInpaint", "ddim", True, {"noise": "seed + 1", "differential": 0.75}),
    ],
)
def test_a_part_is_painted_anew(
    kind: str, sampler: str, differential: bool, about: dict[str, Any] | None, catalogue: Catalogue
) -> None:
    graph = api(
        **SAMPLED,
        picture=("LoadImage", {"image": "fox.png"}),
        coded=("VAEEncode", {"pixels": "@picture", "vae": "@model.2"}),
        open=("DifferentialDiffusion", {"model": "@model", "strength": 0.75}),
    )
    inputs = {"samples": ["coded", 0], "mask": ["picture", 1]}
    if kind == "VAEEncodeForInpaint":
        inputs = {"pixels": ["picture", 0], "vae": ["model", 2], "mask": ["picture", 1], "grow_mask_by": 8}
    graph["part"] = {"class_type": kind, "inputs": inputs}
    graph["sampled"]["inputs"] |= {"latent_image": ["part", 0], "sampler_name": sampler}
    if differential:
        graph["sampled"]["inputs"]["model"] = ["open", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    name = sources(found, "sampler")["latent"].partition(".")[0]
    if kind == "VAEEncodeForInpaint":
        assert found.report.nodes["approximate"] == (1 if about else 0)
        (grey,) = [one for one in found.workflow.nodes.values() if one.type == "nodes.vae_encode_for_inpainting"]
        assert grey.params == {"grow": 8}
    else:
        assert found.report.nodes["approximate"] == 0
    assert about is None or params(found, name) == about


def test_large_images_go_through_the_vae_in_tiles(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        picture=("LoadImage", {"image": "fox.png"}),
        coded=("VAEEncodeTiled", {"pixels": "@picture", "vae": "@model.2", "tile_size": 768, "overlap": 96}),
    )
    graph["sampled"]["inputs"]["latent_image"] = ["coded", 0]
    graph["shown"] |= {"class_type": "VAEDecodeTiled"}
    graph["shown"]["inputs"] |= {"tile_size": 256, "overlap": 32}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "encode") == {"tile": 768, "overlap": 96}
    assert params(found, "decode") == {"tile": 256, "overlap": 32}


def edited(name: str, kind: str, encoder: str) -> Api:
    """A model that is shown images, with its parts in a node each."""
    return {
        **parts(name, kind, encoder),
        **api(
            fox=("LoadImage", {"image": "fox.png"}),
            hat=("LoadImage", {"image": "hat.png"}),
            coded=("VAEEncode", {"pixels": "@fox", "vae": "@coder"}),
            coded_too=("VAEEncode", {"pixels": "@hat", "vae": "@coder"}),
        ),
    }


def test_images_that_a_text_is_read_with_are_references(catalogue: Catalogue) -> None:
    graph = edited("qwen_image_edit_2509.safetensors", "qwen_image", "qwen_2.5_vl_7b.safetensors")
    graph |= api(
        read=(
            "TextEncodeQwenImageEditPlus",
            {"clip": "@texts", "vae": "@coder", "prompt": "a hat", "image1": "@fox", "image2": "@hat"},
        ),
        plain=("TextEncodeQwenImageEditPlus", {"clip": "@texts", "prompt": ""}),
        told=(
            "FluxKontextMultiReferenceLatentMethod",
            {"conditioning": "@read", "reference_latents_method": "index_timestep_zero"},
        ),
    )
    graph["sampled"]["inputs"] |= {"positive": ["told", 0], "negative": ["plain", 0]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    texts = [name for name, node in found.workflow.nodes.items() if node.type == "nodes.edit_conditioning"]
    wires = [
        link.source for link in found.workflow.links.values() if link.target in texts and link.input == "references"
    ]
    assert len(texts) == 2 and len(wires) == 2
    assert {sources(found, one)["image"] for one in wires} == {"picture.image", "picture_2.image"}
    assert {sources(found, one)["network"] for one in wires} == {"model.network"}


def test_latents_that_a_text_carries_are_references(catalogue: Catalogue) -> None:
    graph = edited("flux-2-klein-4b.safetensors", "flux2", "qwen_3_4b.safetensors")
    graph |= api(
        led=("FluxGuidance", {"conditioning": "@good", "guidance": 4.0}),
        one=("ReferenceLatent", {"conditioning": "@led", "latent": "@coded"}),
        two=("ReferenceLatent", {"conditioning": "@one", "latent": "@coded_too"}),
        none=("ReferenceLatent", {"conditioning": "@bad", "latent": "@coded"}),
    )
    graph["sampled"]["inputs"] |= {"positive": ["two", 0], "negative": ["none", 0]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    texts = [name for name, node in found.workflow.nodes.items() if node.type == "nodes.edit_conditioning"]
    counts = [
        sum(link.target == name and link.input == "references" for link in found.workflow.links.values())
        for name in texts
    ]
    assert sorted(counts) == [1, 2]
    assert params(found, "denoiser") == {"guidance": 4.0}
    kept = {node.type for name, node in found.workflow.nodes.items() if name not in texts}
    assert "nodes.vae_encode" not in kept


def test_zeros_made_larger_stay_a_size(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, wide=("LatentUpscale", {"samples": "@zeros", "width": 1024, "height": 768}))
    graph["sampled"]["inputs"]["latent_image"] = ["wide", 0]
    found = bring(graph, catalogue)
    assert params(found, "noise") == {"seed": 5, "batch": 2, "width": 1024, "height": 768}
    assert "empty" not in found.workflow.nodes


def test_what_goes_through_pictures_and_masks(catalogue: Catalogue) -> None:
    found = bring(
        api(
            picture=("LoadImage", {"image": "fox.png"}),
            large=(
                "ImageScale",
                {"image": "@picture", "upscale_method": "area", "width": 64, "height": 0, "crop": "center"},
            ),
            by=("ImageScaleBy", {"image": "@large", "upscale_method": "bicubic", "scale_by": 1.5}),
            total=("ImageScaleToTotalPixels", {"image": "@by", "upscale_method": "lanczos", "megapixels": 0.5}),
            longest=("ImageScaleToMaxDimension", {"image": "@total", "upscale_method": "area", "largest_size": 800}),
            net=("UpscaleModelLoader", {"model_name": "4x.safetensors"}),
            better=("ImageUpscaleWithModel", {"upscale_model": "@net", "image": "@longest"}),
            padded=("ImagePadForOutpaint", {"image": "@better", "left": 8, "top": 0, "right": 0, "bottom": 16}),
            negative=("ImageInvert", {"image": "@padded"}),
            mixed=(
                "ImageBlend",
                {"image1": "@negative", "image2": "@padded", "blend_factor": 0.3, "blend_mode": "soft_light"},
            ),
            cut=("ImageCrop", {"image": "@mixed", "width": 32, "height": 48, "x": 4, "y": 6}),
            both=("ImageBatch", {"image1": "@cut", "image2": "@cut"}),
            beside=("ImageStitch", {"image1": "@both", "image2": "@cut", "direction": "down", "spacing_width": 4}),
            channel=("ImageToMask", {"image": "@beside", "channel": "green"}),
            grown=("GrowMask", {"mask": "@channel", "expand": 5, "tapered_corners": False}),
            soft=("FeatherMask", {"mask": "@grown", "left": 1, "top": 2, "right": 3, "bottom": 4}),
            inverse=("InvertMask", {"mask": "@soft"}),
            joined=("MaskComposite", {"destination": "@inverse", "source": "@padded.1", "operation": "xor", "x": 3}),
            hard=("ThresholdMask", {"mask": "@joined", "value": 0.4}),
            grey=("MaskToImage", {"mask": "@hard"}),
            second=("ImageFromBatch", {"image": "@both", "batch_index": 1, "length": 1}),
            shown=("PreviewImage", {"images": "@grey"}),
            compared=("ImageCompare", {"image_a": "@grey", "image_b": "@cut"}),
        ),
        catalogue,
    )
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "scale") == {"width": 64, "height": 0, "method": "area", "crop": "centre"}
    assert params(found, "scale_3") == {"megapixels": 0.5} and params(found, "scale_4")["longest"] == 800
    assert params(found, "upscale") == {"tile": 512, "overlap": 32}
    assert params(found, "blend") == {"share": 0.3, "way": "soft light"}
    assert params(found, "grow") == {"pixels": 5, "corners": "square"}
    assert params(found, "mask_2") == {"way": "one of them", "x": 3}
    assert params(found, "pick") == {"number": 2} and sources(found, "pick") == {"items": "apart.images"}
    assert [link.source for link in found.workflow.links.values() if link.target == "batch"] == ["crop", "crop"]


def test_values_keep_their_wires(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph |= api(
        steps=("PrimitiveInt", {"value": 33}),
        strength=("PrimitiveFloat", {"value": 3.5}),
        subject=("PrimitiveStringMultiline", {"value": "a fox"}),
        both=("StringConcatenate", {"string_a": "@subject", "string_b": "in snow", "delimiter": ""}),
        other=("StringReplace", {"string": "@both", "find": "fox", "replace": "hare"}),
        turbo=("PrimitiveBoolean", {"value": True}),
        which=("ComfySwitchNode", {"on_false": "@both", "on_true": "@other", "switch": "@turbo"}),
        net=("ComfySwitchNode", {"on_false": "@model", "on_true": "@lora", "switch": "@turbo"}),
        lora=("LoraLoaderModelOnly", {"model": "@model", "lora_name": "b.safetensors", "strength_model": 0.5}),
        size=("ResolutionSelector", {"aspect_ratio": "16:9 (Widescreen)", "megapixels": 0.5}),
    )
    graph["sampled"]["inputs"] |= {"steps": ["steps", 0], "cfg": ["strength", 0], "model": ["net", 0]}
    graph["good"]["inputs"]["text"] = ["which", 0]
    graph["zeros"]["inputs"] |= {"width": ["size", 0], "height": ["size", 1]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert sources(found, "schedule")["steps"] == "whole_number.value"
    assert sources(found, "guidance")["scale"] == "number.value"
    assert sources(found, "prompt")["text"] == "switch.value"
    assert sources(found, "switch") == {"when_off": "joined.value", "when_on": "replaced.value", "on": "choice.value"}
    assert sources(found, "noise") == {"width": "size.width", "height": "size.height"}
    assert sources(found, "denoiser") == {"unet": "lora.diffusion_network"}


def test_arithmetic_stays_on_its_wires(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        side=("PrimitiveInt", {"value": 300}),
        sum=("ComfyMathExpression", {"expression": "max(a, 256) // 8 * 8 if a > b else 64", "values.a": "@side"}),
        kept=("ComfyNumberConvert", {"value": "@sum.1"}),
        read=("ComfyNumberConvert", {"value": "@words"}),
        words=("PrimitiveString", {"value": "320"}),
        which=("CustomCombo", {"choice": "b", "option1": "a", "option2": "b"}),
    )
    graph["sum"]["inputs"]["values.b"] = 10
    graph["zeros"]["inputs"] |= {"width": ["sum", 1], "height": ["kept", 1]}
    graph["sampled"]["inputs"]["steps"] = ["read", 1]
    graph["good"]["inputs"]["text"] = ["which", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert sources(found, "expression") == {"a": "whole_number.value", "b": "whole_number_2.value"}
    assert params(found, "expression") == {"expression": "max(a, 256) // 8 * 8 if a > b else 64"}
    assert sources(found, "number") == {"text": "text.value"}
    assert sources(found, "number_2") == {"a": "expression.whole_number"}
    assert sources(found, "noise") == {"width": "expression.whole_number", "height": "number_2.whole_number"}
    assert sources(found, "schedule")["steps"] == "number.whole_number"
    assert params(found, "choice") == {"text": "b"}


def test_texts_are_searched_and_filled_in(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        size=("GetImageSize", {"image": "@shown"}),
        seen=("PreviewAny", {"source": "@size"}),
        json=("JsonExtractString", {"json_string": '{"a": 1}', "key": "a"}),
        cut=("RegexReplace", {"string": "@json", "regex_pattern": "^x", "replace": "", "count": 1, "multiline": True}),
        got=("RegexExtract", {"string": "@cut", "regex_pattern": "(a)", "mode": "First Group", "group_index": 1}),
        put=("StringReplace", {"string": "{w} wide", "find": "{w}", "replace": "@seen"}),
        form=("StringFormat", {"f_string": "{a} {b:.2f}", "values.a": "@got", "values.b": 0.5}),
        last=("StringConcatenate", {"string_a": "@form", "string_b": "@put", "delimiter": ""}),
        saved2=("CLIPTextEncode", {"clip": "@model.1", "text": "@last"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "value")["when_missing"] == "empty text"
    assert params(found, "replaced") == {"pattern": "^x", "most": 1, "by_lines": True, "ignore_case": True}
    assert params(found, "found") == {"pattern": "(a)", "take": "first group", "ignore_case": True}
    assert sources(found, "filled") == {"a": "found.value", "b": "number.value"}
    assert sources(found, "replaced_2") == {"replace": "number_text.value"}
    assert sources(found, "number_text") == {"a": "size.width"}


def test_plain_images_are_fitted_and_sharpened(catalogue: Catalogue) -> None:
    graph = api(
        ground=("EmptyImage", {"width": 64, "height": 32, "batch_size": 2, "color": 0xFF8000}),
        many=("RepeatImageBatch", {"image": "@ground", "amount": 3}),
        fitted=(
            "ResizeAndPadImage",
            {"image": "@many", "target_width": 40, "target_height": 40, "padding_color": "white"},
        ),
        sharp=("ImageSharpen", {"image": "@fitted", "sharpen_radius": 2, "sigma": 0.5, "alpha": 0.3}),
        soft=("ImageBlur", {"image": "@sharp", "blur_radius": 3, "sigma": 2.0}),
        scaled=("FluxKontextImageScale", {"image": "@soft"}),
        mask=("SolidMask", {"value": 0.5, "width": 8, "height": 8}),
        saved=("SaveImage", {"images": "@scaled", "filename_prefix": "x"}),
        seen=("MaskPreview", {"mask": "@mask"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "ground") == {"width": 64, "height": 32, "count": 2, "colour": "#ff8000"}
    assert params(found, "fitted") == {"width": 40, "height": 40, "colour": "#ffffff", "method": "area"}
    assert params(found, "sharpen") == {"radius": 2, "sigma": 0.5, "strength": 0.3}
    assert sources(found, "save") == {"image": "scale.image"}


def test_what_only_computes_faster_is_left_out(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        fast=("TorchCompileModel", {"model": "@model", "backend": "inductor"}),
        lazy=("EasyCache", {"model": "@fast", "reuse_threshold": 0.2}),
    )
    graph["sampled"]["inputs"]["model"] = ["lazy", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    assert sources(found, "denoiser") == {"unet": "model.unet"}


@pytest.mark.parametrize(
    "text", ["", "a.b", "__import__('os')", "9 ** 9 ** 9", "1 / 0", "'x' * 9", "(" * 900, "[1]", "b + 1", "a & 0.5"]
)
def test_other_expressions_stay(text: str, catalogue: Catalogue) -> None:
    side = ("PrimitiveInt", {"value": 300})
    found = bring(api(side=side, sum=("ComfyMathExpression", {"expression": text, "values.a": "@side"})), catalogue)
    assert found.report.nodes["unknown"] == 1


def test_what_is_unknown_keeps_its_place(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED, dream=("Deep.Dream //X", {"pixels": "@shown", "amount": 7, "latent": "@zeros", "list": {"a": [1]}})
    )
    graph["sharp"] = {"class_type": "Sharpener+", "inputs": {"image": ["dream", 1]}, "_meta": {"title": "Sharp"}}
    graph["saved"]["inputs"]["images"] = ["sharp", 0]
    found = bring(graph, catalogue)
    assert found.workflow.nodes["deep_dream_x"].type == "comfyui.Deep.Dream //X"
    assert params(found, "deep_dream_x") == {"amount": 7, "list": {"a": [1]}}
    assert sources(found, "deep_dream_x") == {"pixels": "decode.image", "latent": "emptylatentimage.LATENT"}
    assert sources(found, "save") == {"image": "sharpener.output_0"}
    assert found.workflow.layout["sharpener"].title == "Sharp"
    assert json.loads(found.workflow.nodes["sharpener"].extra["comfyui"])["class"] == "Sharpener+"
    unknown = [row for row in found.report.rows if row["status"] == "unknown"]
    assert {row["class"] for row in unknown} == {"Deep.Dream //X", "Sharpener+"}
    assert all(row["nodes"] and row["notes"] for row in unknown)
    said = [problem.reason for problem in check(found.workflow, catalogue)]
    assert "keeps the place of ComfyUI's Sharpener+, which has no counterpart here; replace it" in said


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
    graph = api(**SAMPLED, tiled=("HyperTile", {"model": "@model", "tile_size": 256}))
    graph["sampled"]["inputs"]["model"] = ["tiled", 0]
    found = bring(graph, catalogue)
    assert sources(found, "denoiser") == {"unet": "hypertile.MODEL"}
    assert sources(found, "schedule") == {"trained": "model.schedule"}


def test_frames_notes_titles_and_places_are_taken_over(catalogue: Catalogue) -> None:
    def drawn(id: int, kind: str, x: float, **more: Any) -> Any:
        return {
            "id": id,
            "type": kind,
            "pos": [x, 10],
            "size": [200, 100],
            "mode": 0,
            "inputs": [],
            "outputs": [],
            **more,
        }

    window = {
        "version": 0.4,
        "nodes": [
            drawn(1, "LoadImage", 500, title="My fox", widgets_values=["fox.png", "image"]),
            drawn(2, "EmptyLatentImage", 0, widgets_values=[64, 64, 1]),
            drawn(3, "LoadImage", 510, widgets_values=["hare.png", "image"]),
            drawn(4, "MarkdownNote", 0, widgets_values=["# Read me"]),
        ],
        "links": [],
        "groups": [{"title": "Pictures", "bounding": [480, 0, 300, 400], "color": "#3f789e"}],
    }
    found = bring(window, catalogue)
    first, second = found.workflow.layout["picture"], found.workflow.layout["picture_2"]
    assert first.title == "My fox" and second.y > first.y + 100
    frame, note = found.workflow.annotations["frame1"], found.workflow.annotations["note1"]
    assert frame.text == "Pictures" and frame.holds(first.x, first.y) and note.text == "# Read me"


def test_a_picture_says_where_its_two_workflows_differ(catalogue: Catalogue) -> None:
    window = {"nodes": [{"id": 1, "type": "LoadImage", "widgets_values": ["a.png"]}], "links": []}
    prompt = {"1": {"class_type": "LoadImage", "inputs": {"image": "b.png"}}}
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", json.dumps(window))
    texts.add_text("prompt", json.dumps(prompt))
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "PNG", pnginfo=texts)
    found = bring(data.getvalue(), catalogue)
    assert params(found, "picture")["path"] == "b.png"
    assert any("differ at 1 nodes: 1" in sentence for sentence in found.report.differences)


def test_noise_that_a_card_would_draw_is_told(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["sampler_name"] = "euler_ancestral"
    assert any("graphics card" in sentence for sentence in bring(graph, catalogue).report.differences)


def test_circles_and_missing_wires_open_as_placeholders(catalogue: Catalogue) -> None:
    graph = api(
        one=("LatentUpscaleBy", {"samples": "@two", "scale_by": 2.0}),
        two=("LatentUpscaleBy", {"samples": "@one", "scale_by": 2.0}),
        lost=("VAEDecode", {"samples": "@nowhere"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] >= 2 and len(found.report.differences) == 1


def test_what_holds_nothing_is_refused_in_a_sentence(catalogue: Catalogue) -> None:
    for data in (b"", b"{}", b'{"nodeflow": 1, "nodes": {}}', b"hello"):
        with pytest.raises(NotReadableError, match="no workflow"):
            import_comfyui(data, catalogue)


def test_values_of_any_kind_open(catalogue: Catalogue) -> None:
    odd = (None, True, -1, 2**70, 1e308, float("nan"), "", "x" * 5000, "\ud800", [], [1, [2]], {"a": {}}, ["1", 0])
    choose = random.Random(7)
    names = {
        "seed",
        "steps",
        "cfg",
        "width",
        "height",
        "text",
        "image",
        "model",
        "samples",
        "mask",
        "value",
        "x",
        "amount",
    }
    for _ in range(60):
        kinds = choose.choices([*sorted(translators()), "Nobody knows"], k=12)
        graph = {
            str(number): {
                "class_type": kind,
                "inputs": {
                    name: choose.choice([*odd, [str(choose.randrange(12)), choose.randrange(3)]]) for name in names
                },
            }
            for number, kind in enumerate(kinds)
        }
        bring(json.dumps(graph).encode(), catalogue)


def test_a_large_graph_opens_in_steps_that_grow_with_it(catalogue: Catalogue) -> None:
    """A chain of thousands, as long as hostile files make them: no recursion ends it."""
    chain: Api = {"0": {"class_type": "LoadImage", "inputs": {"image": "a.png"}}}
    for number in range(1, 3000):
        kind = "ImageInvert" if number % 2 else "Unheard of"
        chain[str(number)] = {"class_type": kind, "inputs": {"image": [str(number - 1), 0]}}
    assert bring(chain, catalogue).report.nodes["total"] == 3000


def test_importing_needs_no_torch() -> None:
    code = "import sys\nimport nodes.comfyui.importing\nfrom nodes.comfyui.registry import translators\n"
    code += "assert translators() and not {'torch', 'numpy', 'PySide6', 'diffusers'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


REGIONS = "nodes.combine_conditioning"


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


def test_plain_helpers_of_packs_are_values_and_texts(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        lines=("Text Multiline", {"text": "a fox"}),
        more=("CR Prompt Text", {"prompt": "in snow"}),
        joined=(
            "Text Concatenate",
            {"delimiter": ", ", "text_a": "@lines", "text_b": "@more", "text_c": "x", "text_d": "y"},
        ),
        seen=("ShowText|pysssss", {"text": "@joined"}),
        led=("Text to Conditioning", {"clip": "@model.1", "text": "@seen"}),
        steps=("INTConstant", {"value": 9}),
        luck=("Seed (rgthree)", {"seed": -1}),
        size=("GetImageSizeAndCount", {"image": "@shown"}),
        again=("EmptyLatentImage", {"width": "@size.1", "height": "@size.2", "batch_size": 1}),
        which=("Any Switch (rgthree)", {"any_01": None, "any_02": "@luck"}),
    )
    graph["sampled"]["inputs"] |= {"positive": ["led", 0], "steps": ["steps", 0], "seed": ["which", 0]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert [row["class"] for row in found.report.rows if row["status"] == "approximate"] == ["Seed (rgthree)"]
    assert sources(found, "joined_2")["first"] == "joined.value" and params(found, "joined_2") == {"second": "y"}
    assert sources(found, "schedule")["steps"] == "whole_number.value"
    assert sources(found, "noise")["seed"] == "seed.value"


def test_a_loader_and_a_sampler_that_do_everything(catalogue: Catalogue) -> None:
    graph = api(
        all=(
            "Efficient Loader",
            {
                "ckpt_name": "sd15.safetensors",
                "vae_name": "other.safetensors",
                "clip_skip": -2,
                "lora_name": "ink.safetensors",
                "lora_model_strength": 0.8,
                "lora_clip_strength": 0.5,
                "positive": "a fox",
                "negative": "blurry",
                "empty_latent_width": 512,
                "empty_latent_height": 768,
                "batch_size": 2,
            },
        ),
        walk=(
            "KSampler (Efficient)",
            {
                "model": "@all",
                "positive": "@all.1",
                "negative": "@all.2",
                "latent_image": "@all.3",
                "optional_vae": "@all.4",
                **SETTINGS,
            },
        ),
        saved=("SaveImage", {"images": "@walk.5", "filename_prefix": "fox"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes == {"total": 3, "translated": 3, "approximate": 0, "unknown": 0}
    assert sources(found, "save") == {"image": "decode.image"} and sources(found, "decode")["vae"] == "vae.vae"
    assert params(found, "noise") == {"seed": 5, "batch": 2, "width": 512, "height": 768}
    assert params(found, "lora")["weight"] == 0.8 and params(found, "lora_text")["weight"] == 0.5
    texts = [node for node in found.workflow.nodes.values() if node.type == "nodes.weighted_text_encode"]
    assert [node.params["clip_skip"] for node in texts] == [2, 2]


def test_a_sampler_of_a_pack_says_where_its_noise_is_drawn(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["class_type"] = "KSampler //Inspire"
    graph["sampled"]["inputs"] |= {"noise_mode": "GPU(=A1111)", "variation_strength": 0.0}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1


def test_a_language_model_writes_a_prompt(catalogue: Catalogue) -> None:
    graph = parts("z_image_turbo_bf16.safetensors", "lumina2", "qwen_3_4b.safetensors")
    graph |= api(
        tongue=("CLIPLoader", {"clip_name": "gemma_3_4b_it.safetensors", "type": "stable_diffusion"}),
        seen=("LoadImage", {"image": "fox.png"}),
        written=(
            "TextGenerate",
            {
                "clip": "@tongue",
                "image": "@seen",
                "prompt": "a fox",
                "system_prompt": "widen it",
                "max_length": 300,
                "sampling_mode": "on",
                "sampling_mode.temperature": 0.5,
                "sampling_mode.seed": 7,
            },
        ),
    )
    graph["good"]["inputs"]["text"] = ["written", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "language_model") == {"model": "gemma_3_4b_it.safetensors"}
    assert params(found, "written") == {
        "prompt": "a fox",
        "system": "widen it",
        "most": 300,
        "temperature": 0.5,
        "seed": 7,
    }
    assert sources(found, "written") == {"model": "language_model.language_model", "images": "picture.image"}
    encoders = [
        node.params["model"] for node in found.workflow.nodes.values() if node.type.endswith("load_text_encoder")
    ]
    assert encoders == ["qwen_3_4b.safetensors"]
