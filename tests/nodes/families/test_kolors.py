"""Kolors: each step of diffusers' own pipeline, from text and from an image."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from diffusers.pipelines.kolors import ChatGLMModel, KolorsPipeline
from transformers import BatchEncoding

from nodeflow.wires import Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import vae_decode
from nodes.loaders.families.kolors.chat_glm import TOKENS
from nodes.loaders.load_by_family import load_model
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.small.kolors import PIECES, kolors
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

NUMBERS = {text: number for number, (text, *_) in enumerate(PIECES)}
BEFORE = [len(PIECES) + 1, len(PIECES) + 3]
READ = {"a red star": ["▁a", "▁r", "e", "d", "▁", "st", "a", "r"], "blue": ["▁", "b", "l", "u", "e"]}


def tokenizer(texts: Any, **_: Any) -> BatchEncoding:
    """What diffusers' own gives for the texts here, which needs a package of its own."""
    listed = [texts] if isinstance(texts, str) else texts
    rows = [BEFORE + [NUMBERS[piece] for piece in READ[text]] for text in listed]
    free = [TOKENS - len(row) for row in rows]
    return BatchEncoding(
        {
            "input_ids": torch.tensor([[0] * rest + row for rest, row in zip(free, rows, strict=True)]),
            "attention_mask": torch.tensor([[0] * rest + [1] * len(row) for rest, row in zip(free, rows, strict=True)]),
            "position_ids": torch.tensor(
                [[0] * rest + list(range(len(row))) for rest, row in zip(free, rows, strict=True)]
            ),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("kolors") / "model"
    kolors(path)
    return path


@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_each_step_is_that_of_the_pipeline(folder: Path, scale: float) -> None:
    parts: Any = {
        "text_encoder": ChatGLMModel.from_pretrained(folder / "text_encoder"),
        "unet": UNet2DConditionModel.from_pretrained(folder / "unet"),
        "vae": AutoencoderKL.from_pretrained(folder / "vae"),
        "scheduler": EulerDiscreteScheduler.from_pretrained(folder / "scheduler"),
    }
    wanted, images = recorded(
        KolorsPipeline(**parts, tokenizer=tokenizer),  # type: ignore[arg-type]
        prompt=["a red star"] * 2,
        negative_prompt=["blue"] * 2,
        height=64,
        width=96,
        guidance_scale=scale,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    model = load_model(str(folder))
    assert model.network.family == "Kolors"
    texts = [clip_text_encode(model.text_encoder, text) for text in READ]
    guider = classifier_free_guidance(network_denoiser(model.network), *texts, scale)
    latent, trajectory, *_ = finish(sample(guider, scheduler(model.schedule, "Euler", 3), Noise((3, 4), 96, 64)))[1]
    told("Kolors", "text" if scale == 1 else "text, guidance", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)
