"""What was made for another family is a sentence that names both, before a step is computed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image
from nodes.adapters.lora import apply_lora
from nodes.conditioning.reference_images import edit_conditioning, reference_image
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.loaders.load_by_family import LoadedModel, load_model
from tests.nodes.families import model_folders
from tests.nodes.families.seeing_models import flux_2_klein
from tests.nodes.families.small import by_t5


def small_klein(folder: Path) -> None:
    flux_2_klein(folder, 32)


SAVED = {
    "Chroma": by_t5.chroma,
    "PixArt-Sigma": by_t5.pixart_sigma,
    "Stable Diffusion 1": model_folders.sd1,
    "FLUX.2 Klein": small_klein,
}


@pytest.fixture(scope="module")
def models(folders: Callable[[Callable[[Path], None]], Path]) -> dict[str, LoadedModel]:
    return {name: load_model(str(folders(save))) for name, save in SAVED.items()}


def test_a_text_of_another_familys_encoder(models: dict[str, LoadedModel]) -> None:
    """Chroma and PixArt-Sigma read by one and the same T5: nothing else would tell."""
    texts = {name: clip_text_encode(model.text_encoder, "a star") for name, model in models.items()}
    for name, model in models.items():
        denoiser = network_denoiser(model.network)
        no_guidance(denoiser, texts[name])
        for other, text in texts.items():
            if other != name:
                said = f"this text was read for {other}, and this denoiser is {name}'s; encode it by the text enc"
                with pytest.raises(NodeError, match=said):
                    no_guidance(denoiser, text)
                with pytest.raises(NodeError, match=said):
                    classifier_free_guidance(denoiser, texts[name], text, 4.0)


def test_a_text_of_unknown_make_of_another_width(models: dict[str, LoadedModel]) -> None:
    denoiser = network_denoiser(models["Stable Diffusion 1"].network)
    with pytest.raises(NodeError, match=r"read by another model .each token is 7 numbers.*Stable Diffusion 1's, which"):
        denoiser.predict(torch.zeros(1, 4, 8, 8), torch.tensor(5.0), Conditioning(torch.zeros(1, 3, 7)))


def test_references_of_another_family(models: dict[str, LoadedModel]) -> None:
    klein = models["FLUX.2 Klein"]
    shown = reference_image(Image(torch.rand(1, 3, 64, 64)), klein.vae, klein.network, 64)
    edit_conditioning(klein.text_encoder, shown, text="a star")
    with pytest.raises(NodeError, match=r"encoded for FLUX\.2 Klein, and this text encoder is Chroma's; wire the text"):
        edit_conditioning(models["Chroma"].text_encoder, shown, text="a star")


def test_a_lora_of_another_family(models: dict[str, LoadedModel], tmp_path: Path) -> None:
    name = "transformer.transformer_blocks.0.attn1.to_q"
    save_file(
        {f"{name}.lora_A.weight": torch.zeros(2, 1152), f"{name}.lora_B.weight": torch.zeros(1152, 2)},
        tmp_path / "l.safetensors",
    )
    with pytest.raises(NodeError, match=r"l\.safetensors was made for PixArt or Sana, and this is Chroma"):
        apply_lora(models["Chroma"].network, str(tmp_path / "l.safetensors"))
