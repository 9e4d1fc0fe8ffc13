"""LoRAs for Stable Diffusion XL: what diffusers' own pipeline adds, from its layout and from kohya's."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Noise
from nodes.adapters.lora import apply_lora, apply_lora_to_text
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.original_layout import unet_weights
from tests.nodes.test_flow import recorded
from tests.nodes.test_lora import TEXT_LAYERS, UNET_LAYERS, config
from tests.nodes.test_sampling_parity import assert_close, finish

TEXTS = "a red star", "blue"


@pytest.fixture(scope="module")
def folder(small_xl: tuple[Path, Path]) -> Path:
    return small_xl[0]


@pytest.fixture(scope="module")
def model(folder: Path) -> LatentDiffusion:
    return load_latent_diffusion(str(folder))


@pytest.fixture(scope="module")
def saved(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For the U-Net and both text encoders, as diffusers saves it."""
    torch.manual_seed(0)
    made, path = StableDiffusionXLPipeline.from_pretrained(folder), tmp_path_factory.mktemp("lora")
    made.unet.add_adapter(config(UNET_LAYERS))
    for encoder in (made.text_encoder, made.text_encoder_2):
        encoder.add_adapter(config(TEXT_LAYERS))
    StableDiffusionXLPipeline.save_lora_weights(
        path,
        unet_lora_layers=get_peft_model_state_dict(made.unet),
        text_encoder_lora_layers=get_peft_model_state_dict(made.text_encoder),
        text_encoder_2_lora_layers=get_peft_model_state_dict(made.text_encoder_2),
    )
    return path / "pytorch_lora_weights.safetensors"


@pytest.fixture(scope="module")
def kohya(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the names that kohya's trainer gives, which are the original ones, and alphas of its own."""
    found: dict[str, Tensor] = {}
    weights = load_file(saved)
    layers = {name.rpartition(".lora")[0] for name in weights}
    names = {layer.removeprefix("unet.") for layer in layers if layer.startswith("unet.")}
    attend = {f"up_blocks.{block}.attentions.0.x.weight": torch.zeros(1) for block in (0, 1)}
    original = {
        name: list(unet_weights({**attend, f"{name}.weight": torch.zeros(1)}))[-1].removeprefix(
            "model.diffusion_model."
        )
        for name in names
    }
    for name, value in weights.items():
        layer, _, kind = name.removesuffix(".weight").rpartition(".lora")
        if layer.startswith("unet."):
            inside = original[layer.removeprefix("unet.")].removesuffix(".weight")
            new = f"lora_unet_{inside.replace('.', '_')}"
        else:
            number = 2 if layer.startswith("text_encoder_2.") else 1
            inside = re.sub(r"^text_encoder(_2)?\.(text_model\.)?", "", layer)
            new = f"lora_te{number}_text_model_{inside.replace('.', '_')}"
        up = kind in ("_B", ".up", "_linear_layer.up")
        found[f"{new}.lora_{'up' if up else 'down'}.weight"] = value
        found[f"{new}.alpha"] = torch.tensor(2.0)
    assert {"input", "middle", "output"} <= {name.split("_")[2] for name in found}
    path = tmp_path_factory.mktemp("kohya") / "style.safetensors"
    save_file(found, path)
    return path


@pytest.mark.parametrize("layout", ["saved", "kohya"])
def test_each_step_is_that_of_the_pipeline(
    folder: Path, model: LatentDiffusion, layout: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(layout)
    reference: Any = StableDiffusionXLPipeline.from_pretrained(folder, add_watermarker=False)
    reference.load_lora_weights(path.parent, weight_name=path.name)
    reference.set_adapters(reference.get_active_adapters(), 0.6)
    wanted, _ = recorded(
        reference,
        prompt=TEXTS[0],
        negative_prompt=TEXTS[1],
        height=64,
        width=64,
        guidance_scale=5.0,
        num_inference_steps=2,
        generator=torch.Generator().manual_seed(3),
    )
    unet = apply_lora(model.unet, str(path), 0.6)
    encoders = apply_lora_to_text(model.text_encoder, str(path), 0.6), model.text_encoder
    found = []
    for encoder in encoders:
        texts = [clip_text_encode(encoder, text) for text in TEXTS]
        guider = classifier_free_guidance(unet_denoiser(unet), *texts, 5.0)
        run = sample(guider, scheduler(model.schedule, "Euler", 2), Noise((3,), 64, 64))
        found.append(finish(run)[1].trajectory.x)
    assert_close(found[0][1:], wanted, 1e-4)
    assert not torch.allclose(found[0][-1], found[1][-1], atol=1e-3), "both text encoders are changed"


def test_a_lora_without_a_part_for_texts_is_a_sentence(model: LatentDiffusion, saved: Path, tmp_path: Path) -> None:
    weights = {name: value for name, value in load_file(saved).items() if name.startswith("unet.")}
    save_file(weights, tmp_path / "unet.safetensors")
    with pytest.raises(NodeError, match="holds nothing for the text encoder"):
        apply_lora_to_text(model.text_encoder, str(tmp_path / "unet.safetensors"))
    missing = str(tmp_path / "unet.safetensors")
    assert apply_lora_to_text(model.text_encoder, missing, when_missing="leave as it is") is model.text_encoder
    assert apply_lora(model.unet, str(tmp_path / "unet.safetensors")).adapters
