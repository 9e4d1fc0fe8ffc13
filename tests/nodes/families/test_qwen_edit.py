"""Qwen-Image-Edit 2509 and 2511: diffusers' own pipeline step by step, with several reference images."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import QwenImageEditPlusPipeline, QwenImagePipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus
from safetensors.torch import save_file
from transformers import (
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
)

from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.guidance.normalised import normalise_guidance
from nodes.loaders.load_by_family import load_diffusion_model, load_model
from nodes.loaders.text_encoders.kinds.qwen import EYES_25
from tests.nodes.families.model_folders import qwen_image
from tests.nodes.families.parity import told
from tests.nodes.families.small.parts import TEMPLATE, words
from tests.nodes.families.split_files import weights_of
from tests.nodes.families.test_seeing_models import OTHER, TEXT, as_file, pictures, run
from tests.nodes.test_flow import recorded

SMALL = 128
"""The side of references here, in the place of 1024 and 384."""


def save_edit(folder: Path, zero_cond_t: bool) -> Path:
    """The pipeline, of Qwen-Image's own parts and a processor."""
    torch.manual_seed(0)
    tokenizer = words()
    qwen_image(folder / "plain", tokenizer, zero_cond_t=zero_cond_t)
    plain = QwenImagePipeline.from_pretrained(folder / "plain")
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(**EYES_25),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    QwenImageEditPlusPipeline(**plain.components, processor=processor).save_pretrained(folder / "edit")
    return folder / "edit"


def tell_positions(encoder: Any) -> None:
    """Let a text encoder know which tokens are of images, which diffusers' own pipeline does not."""
    plain = encoder.forward

    def forward(input_ids: torch.Tensor, **given: Any) -> Any:
        kinds = (input_ids == encoder.config.image_token_id).long()
        return plain(input_ids=input_ids, mm_token_type_ids=kinds, **given)

    encoder.forward = forward


@pytest.mark.parametrize(("zero_cond_t", "count"), [(False, 1), (False, 3), (True, 2)])
def test_each_step_of_an_edit_is_that_of_qwen_image_edit(
    tmp_path: Path, zero_cond_t: bool, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in ("VAE_IMAGE_SIZE", "CONDITION_IMAGE_SIZE"):
        monkeypatch.setattr(pipeline_qwenimage_edit_plus, size, SMALL**2)
    folder = save_edit(tmp_path, zero_cond_t)
    pipeline = QwenImageEditPlusPipeline.from_pretrained(folder)
    tell_positions(pipeline.text_encoder)
    shown = pictures((60, 90), (40, 40), (100, 64))[:count]
    wanted, _ = recorded(
        pipeline,
        image=[as_file(image) for image in shown],
        prompt=TEXT,
        negative_prompt=OTHER,
        height=32,
        width=48,
        true_cfg_scale=4.0,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(folder))
    references = [reference_image(image, model.vae, model.network, SMALL) for image in shown]
    texts = [edit_conditioning(model.text_encoder, *references, text=text) for text in (TEXT, OTHER)]
    guider = normalise_guidance(classifier_free_guidance(network_denoiser(model.network), *texts, 4.0))
    _, trajectory = run(model, guider, (3,), 6, 48, 32, 2)
    kind = "2511" if zero_cond_t else "2509"
    told("Qwen-Image-Edit", f"{kind}, {count} references", map(packed, trajectory.x[1:]), wanted)


def test_a_file_of_2511_is_told_by_its_mark(tmp_path: Path) -> None:
    folder = save_edit(tmp_path, True)
    weights = weights_of(folder / "transformer")
    save_file({**weights, "__index_timestep_zero__": torch.zeros(0)}, tmp_path / "edit-2511.safetensors")
    network, _ = load_diffusion_model(str(tmp_path / "edit-2511.safetensors"))
    assert network.family == "Qwen-Image"
    assert network.module.config["zero_cond_t"] is True
