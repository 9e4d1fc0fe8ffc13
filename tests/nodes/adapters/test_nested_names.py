"""Names of layers inside names: peft's in a part of a model, PyTorch's wrappers, ComfyUI's of every text encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from named_networks import made
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Adapter
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.reader import NumberedEncoder, for_network, for_text
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, merged, outputs, write

LAYER = "transformer_blocks.0.attn.to_q"


@pytest.fixture(scope="module")
def flux() -> Any:
    return made("FluxTransformer2DModel")


def factors(layer: str) -> tuple[dict[str, Tensor], Tensor]:
    a, b = drawn(2, 32), drawn(32, 2)
    return {f"{layer}.lora_A.weight": a, f"{layer}.lora_B.weight": b}, b @ a


@pytest.mark.parametrize(
    "before",
    [
        *("_orig_mod.", "module.", "transformer._orig_mod.", "diffusion_model.module._orig_mod."),
        *("base_model.model.transformer.", "base_model.model.diffusion_model.", "base_model.model._orig_mod."),
        *("transformer.base_model.model.", "diffusion_model.base_model.model."),
    ],
)
def test_a_name_inside_others_is_found(before: str, flux: Any, tmp_path: Path) -> None:
    file, change = factors(before + LAYER)
    led = adapter(write(tmp_path, file), flux)
    assert_same(outputs(flux, led), outputs(merged(flux, {f"{LAYER}.weight": change})))


def test_the_strength_of_peft_is_that_beside_its_file_also_for_a_part_of_a_model(flux: Any, tmp_path: Path) -> None:
    file, change = factors(f"base_model.model.transformer.{LAYER}")
    (tmp_path / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 1}')
    led = adapter(write(tmp_path, file), flux)
    assert_same(outputs(flux, led), outputs(merged(flux, {f"{LAYER}.weight": change / 2})))


@pytest.mark.parametrize("name", ["qwen3_4b", "qwen3vl_8b", "gemma2_2b", "llama", "mistral3_24b", "not_yet_made"])
@pytest.mark.parametrize("root", ["", "model."])
def test_text_encoders_have_any_name_in_comfyui(name: str, root: str, tmp_path: Path) -> None:
    encoder = torch.nn.ModuleDict({"layers": torch.nn.ModuleList([torch.nn.Linear(32, 32)])})
    file, change = factors(f"text_encoders.{name}.transformer.{root}layers.0")
    found = for_text(read_adapter_file(write(tmp_path, file)), [NumberedEncoder(1, encoder)])
    assert_same(outputs(encoder, Adapter(found[0], 1.0)), outputs(merged(encoder, {"layers.0.weight": change})))
    assert not for_network(read_adapter_file(tmp_path / "a.safetensors"), made("SD3Transformer2DModel"))


@pytest.mark.parametrize("before", ["text_encoder_4.", "lora_te4_", "text_encoders.llama.transformer.model."])
def test_a_fourth_encoder_is_found(before: str, tmp_path: Path) -> None:
    others = [torch.nn.ModuleDict({"other": torch.nn.Linear(32, 32)}) for _ in range(3)]
    llama = torch.nn.ModuleDict({"layers": torch.nn.ModuleList([torch.nn.Linear(32, 32)])})
    file, _ = factors(before + "layers.0")
    numbered = [NumberedEncoder(number, one) for number, one in enumerate([*others, llama], 1)]
    found = for_text(read_adapter_file(write(tmp_path, file)), numbered)
    assert [list(one) for one in found] == [[], [], [], ["layers.0"]]


def test_what_was_trained_whole_stands_in_its_place(flux: Any, tmp_path: Path) -> None:
    """peft's modules_to_save, and the norms that diffusers saves beside LoRAs of FLUX.1; here with halves that Black
    Forest Labs has the other way round."""
    file, change = factors(f"transformer.{LAYER}")
    norm, weight, bias = drawn(16), drawn(64, 32), drawn(64)
    file |= {
        "transformer.transformer_blocks.0.attn.norm_q.weight": norm,
        "diffusion_model.final_layer.adaLN_modulation.1.weight": weight,
        "diffusion_model.final_layer.adaLN_modulation.1.bias": bias,
    }
    last, first = flux.norm_out.linear, flux.transformer_blocks[0].attn.norm_q
    changes = {
        f"{LAYER}.weight": change,
        "transformer_blocks.0.attn.norm_q.weight": norm - first.weight,
        "norm_out.linear.weight": weight.roll(32, 0) - last.weight,
        "norm_out.linear.bias": bias.roll(32, 0) - last.bias,
    }
    led = adapter(write(tmp_path, file), flux)
    assert_same(outputs(flux, led), outputs(merged(flux, changes)))
    other = write(tmp_path, {**file, "transformer.x_embedder.weight": drawn(8, 8)})
    with pytest.raises(NodeError, match=r"transformer\.x_embedder\.weight does not fit this network \(FLUX\.1\)"):
        adapter(other, flux)


def test_an_adapter_for_a_network_that_is_shown_an_image_is_told_as_such(flux: Any, tmp_path: Path) -> None:
    """As one for Fill. Those for Canny and Depth, which have twice as many inputs, widen the first layer."""
    file = {"img_in.lora_A.weight": drawn(2, 96), "img_in.lora_B.weight": drawn(32, 2)}
    with pytest.raises(NodeError, match=r"shown an image beside the latent .* takes 96 inputs, .*\(FLUX\.1\) 16"):
        adapter(write(tmp_path, file), flux)


@pytest.mark.parametrize("by_rows", [True, False])
def test_a_dora_of_a_layer_with_one_output_is_by_rows_or_by_columns(by_rows: bool, tmp_path: Path) -> None:
    """As Krea 2's projector has one, and OneTrainer takes the lengths of columns."""
    network = torch.nn.ModuleDict({"projector": torch.nn.Linear(12, 1)}).requires_grad_(False)
    a, b = drawn(2, 12), drawn(1, 2)
    whole = network["projector"].weight + b @ a
    length = whole.norm(dim=1 if by_rows else 0, keepdim=True)
    scale = length * (1 + drawn(*length.shape))
    file = {"projector.lora_A.weight": a, "projector.lora_B.weight": b, "projector.dora_scale": scale}
    change = scale / length * whole - network["projector"].weight
    led = adapter(write(tmp_path, file), network)
    assert_same(outputs(network, led), outputs(merged(network, {"projector.weight": change})))


@pytest.mark.parametrize("end", ["", ".weight"])
def test_magnitudes_and_factors_keep_the_name_that_peft_gave_the_adapter(end: str, flux: Any, tmp_path: Path) -> None:
    a, b, weight = drawn(2, 32), drawn(32, 2), flux.get_submodule(LAYER).weight
    whole = weight + b @ a
    length = whole.norm(dim=1)
    scale = length * (1 + drawn(32))
    file = {
        f"{LAYER}.lora_A.mine{end}": a,
        f"{LAYER}.lora_B.mine{end}": b,
        f"{LAYER}.lora_magnitude_vector.mine{end}": scale,
    }
    led = adapter(write(tmp_path, file), flux)
    change = (scale / length)[:, None] * whole - weight
    assert_same(outputs(flux, led), outputs(merged(flux, {f"{LAYER}.weight": change})))
