"""Tests of importing models that are led by images, and of stages that follow each other."""

from __future__ import annotations

from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.export.writing import export_anew
from tests.nodes.comfyui.graphs import SAMPLED, SETTINGS, api, bring, params, sources


def test_images_in_the_place_of_a_text_are_mixed(catalogue: Catalogue) -> None:
    seen = {"clip_vision": "@eyes", "image": "@picture", "crop": "center"}
    graph = api(
        **SAMPLED,
        eyes=("CLIPVisionLoader", {"clip_name": "clip_vision_g.safetensors"}),
        picture=("LoadImage", {"image": "house.png"}),
        view=("CLIPVisionEncode", seen),
        first=("unCLIPConditioning", {"conditioning": "@good", "clip_vision_output": "@view", "strength": 0.75}),
        second=("unCLIPConditioning", {"conditioning": "@first", "clip_vision_output": "@view", "strength": 0.5}),
    )
    graph["sampled"]["inputs"]["positive"] = ["second", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 2
    file = {"image_encoder": "clip_vision_g.safetensors"}
    assert params(found, "revision") == {**file, "strength": 0.75}
    assert params(found, "revision_2") == {**file, "strength": 0.5, "added": True}
    assert sources(found, "guidance")["positive"] == "revision_2.conditioning"


def test_a_model_that_is_led_by_images_comes_with_its_image_encoder(catalogue: Catalogue) -> None:
    seen = {"clip_vision": "@model.3", "image": "@picture", "crop": "center"}
    led = {"conditioning": "@good", "clip_vision_output": "@view", "strength": 0.75, "noise_augmentation": 0.1}
    graph = api(
        **{**SAMPLED, "model": ("unCLIPCheckpointLoader", {"ckpt_name": "sd21-unclip-h.safetensors"})},
        picture=("LoadImage", {"image": "house.png"}),
        view=("CLIPVisionEncode", seen),
        first=("unCLIPConditioning", led),
    )
    graph["sampled"]["inputs"]["positive"] = ["first", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    file = {"model": "sd21-unclip-h.safetensors"}
    assert params(found, "shown") == {**file, "noise_level": 100, "strength": 0.75}
    assert params(found, "model") == file
    assert sources(found, "guidance")["positive"] == "shown.conditioning"
    graph["second"] = {**graph["first"], "inputs": {**graph["first"]["inputs"], "conditioning": ["first", 0]}}
    graph["sampled"]["inputs"]["positive"] = ["second", 0]
    again = bring(graph, catalogue)
    assert again.report.nodes["unknown"] == 0 and sources(again, "shown_2")["conditioning"] == "shown.conditioning"
    assert export_anew(again.workflow, catalogue).left_out == {}
    graph["model"]["inputs"]["ckpt_name"] = "stable_cascade_stage_c.safetensors"
    notes = [row["notes"] for row in bring(graph, catalogue).report.rows if row["class"] == "unCLIPConditioning"]
    assert ["images lead Stable Cascade in no node here"] in notes


def test_the_stages_of_stable_cascade_follow_each_other(catalogue: Catalogue) -> None:
    texts = {"positive": "@good", "negative": "@bad", **SETTINGS}
    found = bring(
        api(
            large=("UNETLoader", {"unet_name": "stage_c.safetensors", "weight_dtype": "default"}),
            fine=("UNETLoader", {"unet_name": "stage_b.safetensors", "weight_dtype": "default"}),
            texts=("CLIPLoader", {"clip_name": "clip_g.safetensors", "type": "stable_cascade"}),
            coder=("VAELoader", {"vae_name": "stage_a.safetensors"}),
            good=("CLIPTextEncode", {"clip": "@texts", "text": "a fox"}),
            bad=("CLIPTextEncode", {"clip": "@texts", "text": ""}),
            zeros=("StableCascade_EmptyLatentImage", {"width": 1024, "height": 768, "compression": 42}),
            first=("KSampler", {"model": "@large", "latent_image": "@zeros", **texts}),
            led=("StableCascade_StageB_Conditioning", {"conditioning": "@good", "stage_c": "@first"}),
            second=("KSampler", {"model": "@fine", "latent_image": "@zeros.1", **texts, "positive": "@led"}),
            shown=("VAEDecode", {"samples": "@second", "vae": "@coder"}),
            saved=("SaveImage", {"images": "@shown"}),
        ),
        catalogue,
    )
    assert found.report.nodes["unknown"] == 0
    assert sources(found, "cascade") == {"conditioning": "prompt.conditioning", "latent": "sampler.latent"}
    assert sources(found, "guidance_2")["positive"] == "cascade.conditioning"
    assert params(found, "text_encoder")["family"] == "Stable Cascade"
    assert (params(found, "noise")["width"], params(found, "noise")["height"]) == (1024, 768)
