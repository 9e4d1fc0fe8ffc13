"""Qwen-Image's ControlNets between the blocks: what they add, beside the same arithmetic by hand, and what they refuse.

Their layout is that of DiffSynth-Studio's files for Qwen-Image (canny, depth, inpaint), as ComfyUI reads them.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from nodeflow.node import NodeError
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.loaders.read.recognise import recognise
from tests.nodes.families.model_folders import qwen_image
from tests.nodes.families.test_seeing_models import TEXT, pictures

HEIGHT, WIDTH, DIM, BLOCKS, STRENGTH = 64, 96, 64, 2, 0.7
TIME = torch.tensor(500.0)


def patch(cells: int = 64, blocks: int = BLOCKS) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(5)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator) * shape[-1] ** -0.5

    found = {"img_in.weight": drawn(DIM, cells), "img_in.bias": drawn(DIM)}
    for at in range(blocks):
        found |= {f"controlnet_blocks.{at}.{norm}_rms.weight": 1 + drawn(DIM) for norm in "xy"}
        for layer in ("input_proj", "output_proj"):
            found |= {f"controlnet_blocks.{at}.{layer}.weight": drawn(DIM, DIM)}
            found |= {f"controlnet_blocks.{at}.{layer}.bias": drawn(DIM)}
    return found


class Saved(NamedTuple):
    model: LoadedModel
    file: Path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    place = tmp_path_factory.mktemp("block_control")
    torch.manual_seed(0)
    qwen_image(place / "model")
    save_file(patch(), place / "control.safetensors")
    return Saved(load_model(str(place / "model")), place / "control.safetensors")


def by_hand(model: LoadedModel, denoiser: Any, image: Tensor, x: Tensor, text: Any) -> Tensor:
    """What the transformer predicts where each block's tokens get the control's, written out."""
    weights, seen = patch(), packed(image)
    seen = functional.linear(seen, weights["img_in.weight"], weights["img_in.bias"])
    blocks: Any = model.network.module.transformer_blocks  # type: ignore[union-attr]

    def added(at: int, tokens: Tensor) -> Tensor:
        own = {name.split(".", 2)[2]: one for name, one in weights.items() if f"blocks.{at}." in name}
        both = functional.rms_norm(tokens, (DIM,), own["x_rms.weight"], 1e-6)
        both = both + functional.rms_norm(seen, (DIM,), own["y_rms.weight"], 1e-6)
        inner = functional.gelu(functional.linear(both, own["input_proj.weight"], own["input_proj.bias"]))
        return functional.linear(inner, own["output_proj.weight"], own["output_proj.bias"]) * STRENGTH

    plain = [block.forward for block in blocks]

    def led(at: int, *given: Any, **named: Any) -> Any:
        words, tokens = plain[at](*given, **named)
        count = seen.shape[1]
        return words, torch.cat([tokens[:, :count] + added(at, tokens[:, :count]), tokens[:, count:]], 1)

    try:
        for at, block in enumerate(blocks):
            block.forward = lambda *given, at=at, **named: led(at, *given, **named)
        found: Tensor = denoiser.predict(x, TIME, text)
        return found
    finally:
        for block in blocks:
            del block.forward


@pytest.mark.parametrize("referring", [False, True])
@torch.no_grad()
def test_each_block_gets_what_its_own_makes_of_it(saved: Saved, referring: bool) -> None:
    model, (image,) = saved.model, pictures((HEIGHT, WIDTH))
    plain = network_denoiser(model.network)
    text = clip_text_encode(model.text_encoder, TEXT)
    if referring:
        text = replace(text, references=(torch.randn(1, 16, 4, 6),))
    net = load_controlnet(str(saved.file))
    led: Any = control(plain, net, image, STRENGTH, vae=model.vae)
    x = torch.randn(1, 16, HEIGHT // 8, WIDTH // 8, generator=torch.Generator().manual_seed(3))
    found, unled = led.predict(x, TIME, text), plain.predict(x, TIME, text)
    wanted = by_hand(model, plain, led.controls[0].picture, x, text)
    assert torch.allclose(found, wanted, atol=1e-5) and not torch.allclose(found, unled, atol=1e-3)
    assert torch.equal(plain.predict(x, TIME, text), unled)


def test_a_file_is_known_by_its_names(saved: Saved) -> None:
    found = recognise(saved.file)
    assert (found.kind, found.family) == ("controlnet", "Qwen-Image")


@torch.no_grad()
def test_what_does_not_fit_is_a_sentence(saved: Saved, tmp_path: Path) -> None:
    save_file(patch(cells=68), tmp_path / "inpaint.safetensors")
    with pytest.raises(NodeError, match="is of inpainting: it is shown a mask beside its image, which no node does"):
        load_controlnet(str(tmp_path / "inpaint.safetensors"))
    save_file(patch(blocks=3), tmp_path / "deeper.safetensors")
    (image,), model = pictures((HEIGHT, WIDTH)), saved.model
    led: Any = control(
        network_denoiser(model.network), load_controlnet(str(tmp_path / "deeper.safetensors")), image, vae=model.vae
    )
    with pytest.raises(NodeError, match="this ControlNet has 3 blocks, and the model 2; choose one"):
        led.predict(torch.zeros(1, 16, 8, 12), TIME, clip_text_encode(model.text_encoder, TEXT))
    lacking = patch()
    del lacking["controlnet_blocks.1.output_proj.bias"]
    save_file(lacking, tmp_path / "lacking.safetensors")
    with pytest.raises(NodeError, match=r"controlnet_blocks\.1\.output_proj\.bias"):
        load_controlnet(str(tmp_path / "lacking.safetensors"))
