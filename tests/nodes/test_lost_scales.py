"""Scales that a file has lost in part, or that stand under names that nobody reads: refused for every kind of file.

Layouts: ComfyUI's scaled float8 (scale_weight, weight_scale), of a Compact upscaler as spandrel knows it, of open_clip.
"""

from pathlib import Path

import pytest
import torch
from diffusers import T2IAdapter
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.library.recognise import recognise
from nodeflow.node import NodeError
from nodes.controls.controlnet import load_controlnet
from nodes.images.upscale import load_upscaler
from nodes.loaders.quantised.open_file import open_weights, plain_weights
from tests.nodes.quantised_files import float8_scaled

FLOAT8 = torch.float8_e4m3fn


def of_blocks(*scaled: bool, scale: str = "scale_weight", size: float = 1.0) -> dict[str, Tensor]:
    """Blocks of a network in float8, some with their scale; without one a weight's numbers are as large as given."""
    found: dict[str, Tensor] = {}
    for number, has in enumerate(scaled):
        parts, _ = float8_scaled(torch.randn(8, 8))
        found[f"blocks.{number}.lin.weight"] = (
            parts["weight"] if has else torch.full((8, 8), size).to(torch.float8_e4m3fn)
        )
        if has:
            found[f"blocks.{number}.lin.{scale}"] = parts["scale_weight"]
    return found


@pytest.mark.parametrize("scale", ["scale_weight", "weight_scale"])
def test_a_weight_whose_like_are_scaled_has_lost_its_scale(scale: str, tmp_path: Path) -> None:
    save_file(of_blocks(True, False, True, False, scale=scale), tmp_path / "file.safetensors")
    with pytest.raises(NodeError, match=r"blocks\.1\.lin\.weight and 1 more is in float8 without the scale"):
        open_weights(tmp_path / "file.safetensors")


def test_other_places_may_stay_as_they_are_unless_they_hold_codes(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({**of_blocks(True), "embed.weight": torch.ones(4, 4).to(torch.float8_e4m3fn)}, path)
    assert torch.equal(plain_weights(path)["embed.weight"], torch.ones(4, 4))
    save_file({**of_blocks(True), "embed.weight": torch.full((4, 4), -448.0).to(torch.float8_e4m3fn)}, path)
    with pytest.raises(NodeError, match=r"embed\.weight is in float8 without the scale that others"):
        open_weights(path)


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_codes_that_go_up_to_the_largest_have_lost_their_scale(kind: torch.dtype, tmp_path: Path) -> None:
    path, largest = tmp_path / "file.safetensors", torch.finfo(kind).max
    for value in (largest, -largest):
        save_file({"lin.weight": torch.tensor([[0.1, value]]).to(kind), "lin.bias": torch.ones(1)}, path)
        with pytest.raises(
            NodeError, match=r"file\.safetensors: lin\.weight is in float8 and as large as such numbers"
        ):
            open_weights(path)
    save_file({"lin.weight": torch.tensor([[0.1, largest / 2]]).to(kind)}, path)
    assert open_weights(path)["lin.weight"].shape == (1, 2)


def test_a_folder_whose_codes_have_no_scale_is_refused(tmp_path: Path) -> None:
    T2IAdapter(channels=[8], num_res_blocks=1).save_pretrained(tmp_path / "net")
    file = tmp_path / "net" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    weights["adapter.conv_in.weight"] = torch.full(weights["adapter.conv_in.weight"].shape, 448.0).to(FLOAT8)
    save_file(weights, file)
    with pytest.raises(NodeError, match=r"adapter\.conv_in\.weight is in float8 and as large"):
        load_controlnet(str(tmp_path / "net"))


@pytest.mark.parametrize("name", ["alpha_q", "dequant_factor", "w_amax", "gain", "weight.factor"])
def test_what_stands_beside_a_weight_in_float8_may_be_its_scale(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({**of_blocks(False), f"blocks.0.lin.{name}": torch.tensor(2.0), "blocks.0.lin.bias": torch.ones(8)}, path)
    with pytest.raises(NodeError, match=rf"file\.safetensors: it is quantised .* scale blocks\.0\.lin\.{name} beside"):
        open_weights(path)


@pytest.mark.parametrize("scale", [torch.zeros(()), torch.tensor([1.0, 0.0, *[1.0] * 6])])
def test_a_scale_of_zero_would_wipe_numbers_out(scale: Tensor, tmp_path: Path) -> None:
    path, weights = tmp_path / "file.safetensors", of_blocks(True)
    save_file({**weights, "blocks.0.lin.scale_weight": scale}, path)
    with pytest.raises(NodeError, match=r"file\.safetensors: blocks\.0\.lin\.weight has a scale of zero"):
        open_weights(path)
    nothing = torch.zeros(8, 8).to(torch.float8_e4m3fn)
    save_file({"blocks.0.lin.weight": nothing, "blocks.0.lin.scale_weight": scale}, path)
    assert not plain_weights(path)["blocks.0.lin.weight"].any()


def test_a_mark_of_scaled_weights_without_any_scale_is_told(tmp_path: Path) -> None:
    path, mark = tmp_path / "file.safetensors", {"scaled_fp8": torch.zeros(2).to(torch.float8_e4m3fn)}
    save_file({**of_blocks(True), **mark}, path)
    assert len(open_weights(path)) == 1
    save_file({**of_blocks(False), **mark}, path)
    with pytest.raises(NodeError, match=r"scaled_fp8 says that weights in float8 are scaled, and the file"):
        open_weights(path)


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int32, torch.bool])
def test_an_upscaler_of_whole_numbers_is_refused(dtype: torch.dtype, tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = load_file(tiny_upscaler / "model.safetensors")
    name = next(name for name, weight in weights.items() if weight.ndim == 4)
    save_file({**weights, name: weights[name].mul(9).to(dtype)}, tmp_path / "file.safetensors")
    kind = str(dtype).removeprefix("torch.")
    told = rf"{name} is {kind}, and nothing in the file says how it is scaled|quantised as {kind} without scales"
    with pytest.raises(NodeError, match=told):
        load_upscaler(str(tmp_path / "file.safetensors"))


def test_an_upscalers_scale_is_read_or_named(tiny_upscaler: Path, tmp_path: Path) -> None:
    weights = load_file(tiny_upscaler / "model.safetensors")
    name = next(name for name, weight in weights.items() if weight.ndim == 4).removesuffix(".weight")
    parts, meant = float8_scaled(weights[f"{name}.weight"])
    path = tmp_path / "file.safetensors"
    save_file({**weights, f"{name}.weight": parts["weight"], f"{name}.scale_weight": parts["scale_weight"]}, path)
    found = load_upscaler(str(path)).descriptor.model.state_dict()[f"{name}.weight"]
    assert torch.equal(found, meant)
    save_file({**weights, f"{name}.weight": parts["weight"], f"{name}.scale_w": parts["scale_weight"]}, path)
    with pytest.raises(NodeError, match=rf"nothing reads the scale {name}\.scale_w"):
        load_upscaler(str(path))


@pytest.mark.parametrize("scale", [torch.tensor(-2.0), torch.tensor([1.0, -1.0, *[1.0] * 6])])
@pytest.mark.parametrize("name", ["scale_weight", "weight_scale"])
def test_a_scale_below_zero_would_turn_numbers_round(name: str, scale: Tensor, tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({**of_blocks(True, True, scale=name), f"blocks.1.lin.{name}": scale}, path)
    with pytest.raises(NodeError, match=r"file\.safetensors: blocks\.1\.lin\.weight has a scale below zero"):
        open_weights(path)


def test_two_scales_of_one_weight_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({**of_blocks(True), "blocks.0.lin.weight_scale": torch.tensor(3.0)}, path)
    with pytest.raises(NodeError, match=r"blocks\.0\.lin\.weight has two scales, scale_weight and weight_scale"):
        open_weights(path)


def test_a_scale_beside_a_weight_that_is_plain_is_named_and_no_format(tmp_path: Path) -> None:
    path = tmp_path / "file.safetensors"
    save_file({"blocks.0.lin.weight": torch.rand(8, 8), "blocks.0.lin.weight_scale": torch.tensor(2.0)}, path)
    assert recognise(path).formats == {}
    with pytest.raises(NodeError, match=r"blocks\.0\.lin\.weight_scale belongs to no weight that it scales"):
        open_weights(path)
