"""Tests of importing packs of nodes."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import SAMPLED, SETTINGS, api, bring, params, parts, sources


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
