"""Tests of importing latents, masks, controls and reference images."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from nodes.comfyui.export.writing import export_anew
from tests.nodes.comfyui.graphs import SAMPLED, api, bring, edited, params, sources


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
        part=("LatentCompositeMasked", {"destination": "@laid", "source": "@coded", "x": 8, "mask": "@picture.1"}),
        turned=("LatentRotate", {"samples": "@part", "rotation": "180 degrees"}),
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
    assert params(found, "laid_2") == {"x": 1, "mask_fit": "stretch"}
    assert sources(found, "laid_2")["mask"] == "picture.mask"
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
        assert grey.params == {"grow": 8, "mask_fit": "stretch"}
    else:
        assert found.report.nodes["approximate"] == 0
    assert about is None or params(found, name) == {**about, "mask_fit": "stretch"}


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


@pytest.mark.parametrize(("tile", "asked", "kept"), [(512, 256, 128), (128, 64, 32), (512, 128, 128)])
def test_tiles_overlap_by_no_more_than_comfyui_lets_them(
    tile: int, asked: int, kept: int, catalogue: Catalogue
) -> None:
    graph = api(**SAMPLED)
    graph["shown"] |= {"class_type": "VAEDecodeTiled"}
    graph["shown"]["inputs"] |= {"tile_size": tile, "overlap": asked}
    assert {"tile": 512, "overlap": 64, **params(bring(graph, catalogue), "decode")} == {"tile": tile, "overlap": kept}


def test_an_image_at_an_address_is_to_be_saved_by_its_name(catalogue: Catalogue) -> None:
    address = "https://example.com/pictures/a%20fox.png?size=large"
    graph = api(picture=("LoadImage", {"image": address}), saved=("SaveImage", {"images": "@picture"}))
    found = bring(graph, catalogue)
    assert params(found, "picture")["path"] == "a fox.png"
    (row,) = [row for row in found.report.rows if row["class"] == "LoadImage"]
    assert row["status"] == "approximate"
    assert row["notes"] == [f"nothing is fetched from an address; save {address} as a fox.png"]


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
    written = [one for one in export_anew(found.workflow, catalogue).prompt.values() if "Method" in one["class_type"]]
    assert [one["inputs"]["reference_latents_method"] for one in written] == ["index_timestep_zero"]


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


def test_what_a_sampler_painted_is_a_reference_as_an_image(catalogue: Catalogue) -> None:
    graph = edited("flux-2-klein-4b.safetensors", "flux2", "qwen_3_4b.safetensors")
    again = {key: value for key, value in graph["sampled"]["inputs"].items() if key != "positive"}
    graph |= api(next=("ReferenceLatent", {"conditioning": "@good", "latent": "@sampled"}))
    graph["again"] = {"class_type": "KSampler", "inputs": {**again, "positive": ["next", 0]}}
    graph |= api(
        second=("VAEDecode", {"samples": "@again", "vae": "@coder"}), kept=("SaveImage", {"images": "@second"})
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    (reference,) = [name for name, node in found.workflow.nodes.items() if node.type == "nodes.reference_image"]
    image = sources(found, reference)["image"].partition(".")[0]
    assert sources(found, image)["latent"] == "sampler.latent"


@pytest.mark.parametrize("carried", [True, False])
def test_images_that_the_text_encoder_alone_sees_are_those_that_the_text_carries(
    carried: bool, catalogue: Catalogue
) -> None:
    """Latents are put on the text by a node of their own, so that they keep their size."""
    graph = edited("qwen_image_edit_2511.safetensors", "qwen_image", "qwen_2.5_vl_7b.safetensors")
    graph |= api(
        read=("TextEncodeQwenImageEditPlus", {"clip": "@texts", "prompt": "a hat", "image1": "@fox"}),
        told=("ReferenceLatent", {"conditioning": "@read", "latent": "@coded"}),
    )
    graph["sampled"]["inputs"]["positive"] = ["told" if carried else "read", 0]
    if not carried:
        del graph["told"]
    found = bring(graph, catalogue)
    (row,) = [row for row in found.report.rows if row["class"].startswith("TextEncode")]
    assert row["status"] == ("approximate" if carried else "unknown")
    if carried:
        (reference,) = [name for name, node in found.workflow.nodes.items() if node.type == "nodes.reference_image"]
        assert sources(found, reference)["image"] == "picture.image"


def test_zeros_made_larger_stay_a_size(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, wide=("LatentUpscale", {"samples": "@zeros", "width": 1024, "height": 768}))
    graph["sampled"]["inputs"]["latent_image"] = ["wide", 0]
    found = bring(graph, catalogue)
    assert params(found, "noise") == {"seed": 5, "batch": 2, "width": 1024, "height": 768}
    assert "empty" not in found.workflow.nodes
