"""Files that hold names of several layouts, or of several adapters: each factor counts once, or the file is refused."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from tests.nodes.adapters.named_networks import made
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, layers, merged, outputs, write

DOWN, UP = drawn(3, 12), drawn(8, 3)
CORE, OUT = drawn(2, 6), drawn(8, 2)
POINT = OUT @ CORE


def lin(down: str, up: str) -> dict[str, Tensor]:
    return {down: DOWN, up: UP}


def test_layers_may_be_named_in_several_layouts(tmp_path: Path) -> None:
    network = layers()
    tensors = lin("lora_unet_lin.lora_down.weight", "lora_unet_lin.lora_up.weight") | {
        "lora_unet_lin.alpha": torch.tensor(1.5),
        "unet.point.lora_A.weight": CORE[..., None, None],
        "unet.point.lora_B.weight": OUT[..., None, None],
    }
    found = outputs(network, adapter(write(tmp_path, tensors), network))
    assert_same(found, outputs(merged(network, {"lin.weight": UP @ DOWN / 2, "point.weight": POINT[..., None, None]})))


def test_one_layer_in_two_layouts_is_refused(tmp_path: Path) -> None:
    tensors = lin("lora_unet_lin.lora_down.weight", "lora_unet_lin.lora_up.weight")
    tensors |= lin("unet.lin.lora_A.weight", "unet.lin.lora_B.weight")
    with pytest.raises(NodeError, match=r"holds the same layer twice, as lora_unet_lin\.\S+ and as unet\.lin\.lora_"):
        adapter(write(tmp_path, tensors), layers())


@pytest.mark.parametrize(
    ("fused", "split", "rows"),
    [
        ("double_blocks.0.img_attn.qkv", "transformer_blocks.0.attn.to_k", (96, 32)),
        ("final_layer.adaLN_modulation.1", "norm_out.linear", (64, 64)),
    ],
)
def test_a_layer_beside_the_one_that_it_is_a_part_of_is_refused(
    fused: str, split: str, rows: tuple[int, int], tmp_path: Path
) -> None:
    network, tensors = made("FluxTransformer2DModel"), dict[str, Tensor]()
    for name, count in zip((fused, split), rows, strict=True):
        tensors |= {f"{name}.lora_A.weight": drawn(2, 32), f"{name}.lora_B.weight": drawn(count, 2)}
    with pytest.raises(NodeError, match=rf"holds the same layer twice, as {fused}\S+ and as {split}"):
        adapter(write(tmp_path, tensors), network)


@pytest.mark.parametrize("name", ["default", "style", "my-style_2"])
def test_the_name_that_peft_gives_an_adapter_is_none_of_a_layer(name: str, tmp_path: Path) -> None:
    network = layers()
    before = "base_model.model.lin"
    keys = f"{before}.lora_A.{name}.weight", f"{before}.lora_B.{name}.weight"
    path = write(tmp_path, {**lin(*keys), f"{before}.lora_B.{name}.bias": drawn(8)})
    assert_same(
        outputs(network, adapter(path, network)),
        outputs(merged(network, {"lin.weight": UP @ DOWN, "lin.bias": drawn(8)})),
    )


def test_several_adapters_in_one_file_are_named(tmp_path: Path) -> None:
    tensors: dict[str, Tensor] = {}
    for name in ("cat", "dog"):
        tensors |= lin(f"base_model.model.lin.lora_A.{name}.weight", f"base_model.model.lin.lora_B.{name}.weight")
    with pytest.raises(NodeError, match=r"holds several adapters \(cat, dog\); save each in a file of its own"):
        adapter(write(tmp_path, tensors), layers())
