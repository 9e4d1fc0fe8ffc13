"""Control-LoRAs and ControlNet-LLLites, in their authors' layouts."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Latent, ResidualControlNet
from nodes.controls.control_residuals import control_residuals
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import unet_denoiser
from nodes.loaders.adapters.names.unet import original_names
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.networks.layer_call import has_weight
from tests.nodes.test_controlnet import picture, sampled

RANK = 2
HINT = "controlnet_cond_embedding."
TIME = torch.tensor(500)


def control_lora(unet: Any, path: Path) -> Any:
    """A file in Stability AI's layout, and the ControlNet that it is beside a U-Net: all its weights as one."""
    torch.manual_seed(0)
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 8, 8))
    names = dict(original_names(unet))
    names |= {f"controlnet_down_blocks.{n}": f"zero_convs.{n}.0" for n in range(len(net.controlnet_down_blocks))}
    names |= {f"{HINT}blocks.{n}": f"input_hint_block.{2 * n + 2}" for n in range(6)}
    names |= {f"{HINT}conv_in": "input_hint_block.0", f"{HINT}conv_out": "input_hint_block.14"}
    names["controlnet_mid_block"] = "middle_block_out.0"
    file: dict[str, Tensor] = {"lora_controlnet": torch.tensor([])}
    for ours, layer in net.named_modules():
        if not has_weight(layer):
            continue
        theirs, own = names[ours], ours.startswith("controlnet_")
        if layer.bias is not None:
            nn.init.normal_(layer.bias, std=0.1)
            file[f"{theirs}.bias"] = layer.bias.data.clone()
        if own or layer.weight.ndim == 1:
            nn.init.normal_(layer.weight, 0.0 if own else 1.0, 0.2)
            file[f"{theirs}.weight"] = layer.weight.data.clone()
        else:
            up, down = torch.randn(len(layer.weight), RANK), 0.1 * torch.randn(RANK, *layer.weight.shape[1:])
            layer.weight.data += (up @ down.flatten(1)).reshape(layer.weight.shape)
            file |= {f"{theirs}.up": up, f"{theirs}.down": down}
    save_file(file, path)
    return net.eval()


def test_a_control_lora_is_a_controlnet_with_the_weights_of_both(tiny: LatentDiffusion, tmp_path: Path) -> None:
    unet: Any = tiny.unet.module
    before = {name: value.clone() for name, value in unet.state_dict().items()}
    wanted = control_lora(unet, tmp_path / "lora.safetensors")
    net = load_controlnet(str(tmp_path / "lora.safetensors"))
    plain = unet_denoiser(tiny.unet)
    led: Any = control(plain, net, picture(1), 0.7)
    x, tokens = torch.randn(2, 4, 4, 4), torch.randn(2, 5, unet.config.cross_attention_dim)
    with torch.no_grad():
        found = led.controls[0].residuals(x, TIME, tokens)
        assert found is not None
        down, middle = wanted(x, TIME, tokens, picture(1).pixels.repeat(2, 1, 1, 1), 0.7, return_dict=False)
    for one, other in zip((*found[0], found[1]), (*down, middle), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    ours = led.controls[0].net.module.conv_in.weight
    assert ours.data_ptr() == unet.conv_in.weight.data_ptr(), "a U-Net's weights are there once"
    assert all(torch.equal(value, before[name]) for name, value in unet.state_dict().items())
    assert not isinstance(net, ResidualControlNet) and isinstance(led.controls[0].net, ResidualControlNet)


def test_a_control_lora_of_another_model_is_a_sentence(
    tiny: LatentDiffusion, small_xl: tuple[Path, Path], tmp_path: Path
) -> None:
    control_lora(tiny.unet.module, tmp_path / "lora.safetensors")
    net = load_controlnet(str(tmp_path / "lora.safetensors"))
    with pytest.raises(NodeError, match=r"Control-LoRA of another model.*Stable Diffusion XL"):
        control(unet_denoiser(load_latent_diffusion(str(small_xl[0])).unet), net, picture(1))


class Small(nn.Module):
    """One layer with what stands before it, as Kohya built it."""

    def __init__(self, layer: nn.Linear, shown: Tensor, kernels: tuple[int, ...]) -> None:
        super().__init__()
        steps: list[nn.Module] = [nn.Conv2d(3, 4, 4, 4)]
        for kernel in kernels:
            steps += [nn.ReLU(), nn.Conv2d(4, 4, kernel, kernel)]
        self.conditioning1 = nn.Sequential(*steps)
        self.down = nn.Sequential(nn.Linear(layer.in_features, 6), nn.ReLU())
        self.mid = nn.Sequential(nn.Linear(6 + 4, 6), nn.ReLU())
        self.up = nn.Sequential(nn.Linear(6, layer.in_features))
        self.saved = self.state_dict()
        self.layer, self.shown = layer, shown

    def forward(self, x: Tensor) -> Tensor:
        image = self.conditioning1(self.shown * 2 - 1).flatten(2).mT
        return self.layer(x + 0.5 * self.up(self.mid(torch.cat([image, self.down(x)], 2))))


def lllite(unet: Any, path: Path, shown: Tensor) -> Any:
    """A file in Kohya's layout, and a U-Net that is built with it."""
    torch.manual_seed(0)
    changed, file = copy.deepcopy(unet), dict[str, Tensor]()
    names = dict(original_names(unet))
    for number, block in ((0, "down_blocks.0.attentions.0"), (1, "mid_block.attentions.0")):
        for layer in ("attn1.to_q", "attn1.to_k", "attn2.to_q"):
            name = f"{block}.transformer_blocks.0.{layer}"
            holder, _, last = name.rpartition(".")
            small = Small(changed.get_submodule(name), shown, ((2,), (2, 2))[number])
            setattr(changed.get_submodule(holder), last, small)
            before = f"lllite_unet_{names[name].replace('.', '_')}"
            file |= {f"{before}.{part}": value for part, value in small.saved.items()}
    save_file(file, path)
    return changed


def test_a_lllite_changes_what_attention_is_given(tiny: LatentDiffusion, tmp_path: Path) -> None:
    unet: Any = tiny.unet.module
    shown = picture(1)
    changed = lllite(unet, tmp_path / "lllite.safetensors", shown.pixels)
    net = load_controlnet(str(tmp_path / "lllite.safetensors"))
    led: Any = control(unet_denoiser(tiny.unet), net, shown, 0.5)
    x, tokens = torch.randn(1, 4, 4, 4), torch.randn(1, 5, unet.config.cross_attention_dim)
    with torch.no_grad():
        found = led.predict(x, TIME, Conditioning(tokens))
        wanted = changed(x, TIME, tokens, return_dict=False)[0]
        plain = unet(x, TIME, tokens, return_dict=False)[0]
        after = unet_denoiser(tiny.unet).predict(x, TIME, Conditioning(tokens))
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(found, plain, atol=1e-3)
    assert torch.equal(after, plain)
    with pytest.raises(NodeError, match="adds nothing beside it"):
        control_residuals(led, Conditioning(tokens), Latent(x))
    off = control(unet_denoiser(tiny.unet), net, shown, 0.0)
    assert torch.equal(sampled(tiny, off).latent.samples, sampled(tiny, unet_denoiser(tiny.unet)).latent.samples)


def test_a_lllite_of_another_model_is_a_sentence(
    tiny: LatentDiffusion, small_xl: tuple[Path, Path], tmp_path: Path
) -> None:
    lllite(tiny.unet.module, tmp_path / "lllite.safetensors", picture(1).pixels)
    net = load_controlnet(str(tmp_path / "lllite.safetensors"))
    with pytest.raises(NodeError, match=r"ControlNet-LLLite of another model.*Stable Diffusion XL"):
        control(unet_denoiser(load_latent_diffusion(str(small_xl[0])).unet), net, picture(1))


Weights = dict[str, Tensor]
NORM, LAYER = "input_blocks.3.0.out_layers.0", "input_blocks.3.0.emb_layers.1"
CONV = "input_blocks.3.0.in_layers.2"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda file: {f"{LAYER}.up": (100 * file[f"{LAYER}.up"]).to(torch.int32)},
            rf"holds {LAYER}\.up in whole numb",
        ),
        (lambda file: {f"{LAYER}.down": file[f"{LAYER}.down"] > 0}, rf"holds {LAYER}\.down in whole numbers"),
        (lambda file: {f"{LAYER}.down": file[f"{LAYER}.down"][:0]}, rf"holds {LAYER}\.down without any number"),
        (lambda file: {f"{LAYER}.weight": torch.zeros(16, 64)}, rf"both the weight and two factors of {LAYER}"),
        (lambda file: {f"{NORM}.weight": None}, rf"has the bias of {NORM} alone"),
        (lambda file: {f"{LAYER}.bias": None}, rf"lacks {LAYER}\.bias of a Control-LoRA"),
        (lambda file: {"zero_convs.0.0.bias": None}, r"lacks zero_convs\.0\.0\.bias of a Control-LoRA"),
        (lambda file: {f"{LAYER}.bias": torch.ones(1)}, rf"its layer {LAYER} does not fit this network"),
        (lambda file: {f"{LAYER}.up": file[f"{LAYER}.up"].flatten()}, rf"its layer {LAYER} does not fit this network"),
        (
            lambda file: {f"{CONV}.down": file[f"{CONV}.down"].transpose(1, 3).contiguous()},
            rf"its layer {CONV} does not fit this network",
        ),
        (lambda file: {"zero_convs.0.0.bias": torch.ones(1)}, r"its layer zero_convs\.0\.0 does not fit this network"),
    ],
)
def test_a_control_lora_that_was_changed_is_refused_by_what(
    change: Callable[[Weights], dict[str, Tensor | None]], says: str, tiny: LatentDiffusion, tmp_path: Path
) -> None:
    control_lora(tiny.unet.module, tmp_path / "lora.safetensors")
    file = load_file(tmp_path / "lora.safetensors")
    changed = {**file, **change(file)}
    save_file({name: value for name, value in changed.items() if value is not None}, tmp_path / "lora.safetensors")
    with pytest.raises(NodeError, match=says):
        control(unet_denoiser(tiny.unet), load_controlnet(str(tmp_path / "lora.safetensors")), picture(1))


@pytest.mark.parametrize("part", ["conditioning1.0", "mid.0", "up.0"])
def test_layers_of_a_lllite_take_what_the_ones_before_them_give(
    part: str, tiny: LatentDiffusion, tmp_path: Path
) -> None:
    path = tmp_path / "lllite.safetensors"
    lllite(tiny.unet.module, path, picture(1).pixels)
    file = load_file(path)
    name = next(name for name in file if name.endswith(f"{part}.weight"))
    save_file({**file, name: file[name][:, 1:].contiguous()}, path)
    with pytest.raises(NodeError, match=rf"lllite\.safetensors: its {name} is .*, and not"):
        load_controlnet(str(path))


@pytest.mark.parametrize("name", ["something.weight", "lllite_unet_input_blocks_1_1_attn1_to_q.gate.0.weight"])
def test_a_weight_without_a_place_in_a_lllite_is_named(name: str, tiny: LatentDiffusion, tmp_path: Path) -> None:
    path = tmp_path / "lllite.safetensors"
    lllite(tiny.unet.module, path, picture(1).pixels)
    save_file({**load_file(path), name: torch.zeros(2, 2)}, path)
    with pytest.raises(NodeError, match=rf"lllite\.safetensors holds {name}, which the network"):
        load_controlnet(str(path))
