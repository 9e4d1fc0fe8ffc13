"""LoRAs in scripts: how much they count, and files that are refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nodeflow.wires import Adapter
from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.reader import for_network
from nodes.networks.low_rank import adapted
from nodes.script.functions.networks import WithLora, load_flat_lora, load_lora
from nodes.script.headers import ChangeableLayers
from nodes.script.loras import OF_PEFT, alpha_of, check_flat, is_flat

LAYER = "transformer.blocks.0.to_q"
HEADER = "lora_adapter_metadata"


class Network(nn.Module):
    """A network of two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.ModuleDict({"to_q": nn.Linear(6, 8), "to_k": nn.Conv2d(6, 8, 3)})])

    def forward(self, x: Tensor) -> Tensor:
        block: Any = self.blocks[0]
        found: Tensor = block["to_q"](x.movedim(1, -1)).sum() + block["to_k"](x)
        return found


def pair(layer: str = LAYER) -> dict[str, Tensor]:
    return {f"{layer}.lora_A.weight": torch.randn(4, 6), f"{layer}.lora_B.weight": torch.randn(8, 4)}


def of_convolution() -> dict[str, Tensor]:
    layer = "transformer.blocks.0.to_k"
    return {f"{layer}.lora_A.weight": torch.randn(4, 6, 3, 3), f"{layer}.lora_B.weight": torch.randn(8, 4, 1, 1)}


def saved(place: Path, network: nn.Module) -> Path:
    """The folder of a network's weights."""
    folder = place / "transformer"
    folder.mkdir()
    save_file(network.state_dict(), folder / "diffusion_pytorch_model.safetensors")
    return folder


@pytest.mark.parametrize("count", ["all of it", "by its layer", "by the header", "by nothing"])
def test_a_lora_adds_what_it_adds_in_runs(count: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, file = Network().requires_grad_(False), tmp_path / "lora.safetensors"
    more = {"by its layer": 2.0, "by nothing": 0.0}
    alpha = {f"{LAYER}.alpha": torch.tensor(more[count])} if count in more else {}
    header = {HEADER: json.dumps({"transformer.lora_alpha": 3, "transformer.r": 4})}
    save_file({**pair(), **of_convolution(), **alpha}, file, header if count == "by the header" else None)
    said = alpha_of(file, ChangeableLayers.of_folder(saved(tmp_path, network)), "lora")
    x = torch.randn(1, 6, 5, 5)
    with adapted(network, [Adapter(for_network(read_adapter_file(file), network), 0.7)]):
        wanted = network(x)
    led = WithLora(network, load_lora(file, said), 0.7)  # type: ignore[no-untyped-call]
    assert torch.equal(led(x), wanted)
    assert not torch.equal(network(x), wanted)
    assert led.blocks is network.blocks


def flat(layer: str = "blocks_0_to_q", side: int = 6) -> dict[str, Tensor]:
    """As kohya's trainer writes it, with a part for a text encoder."""
    down = torch.randn(4, 6, 3, 3) if layer.endswith("to_k") else torch.randn(4, side)
    up = torch.randn(8, 4, 1, 1) if layer.endswith("to_k") else torch.randn(8, 4)
    found = {"lora_down.weight": down, "lora_up.weight": up, "alpha": torch.tensor(2.0)}
    of_text = {f"lora_te_text_model_encoder.{end}": torch.ones(2) for end in found}
    return {f"lora_unet_{layer}.{end}": value for end, value in found.items()} | of_text


def test_several_loras_as_kohya_writes_them_add_what_they_add_in_runs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network, files = Network().requires_grad_(False), (tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    save_file(flat() | flat("blocks_0_to_k"), files[0])
    save_file(flat(), files[1])
    layers = ChangeableLayers.of_folder(saved(tmp_path, network))
    for file in files:
        assert is_flat(file)
        check_flat(file, layers, "lora")
    x = torch.randn(1, 6, 5, 5)
    weights = dict(zip(files, (0.7, -1.0), strict=True))
    given = [Adapter(for_network(read_adapter_file(file), network), weight) for file, weight in weights.items()]
    with adapted(network, given):
        wanted = network(x)
    led: Any = network
    for file, weight in weights.items():
        led = WithLora(led, load_flat_lora(file, led), weight)  # type: ignore[no-untyped-call]
    assert torch.equal(led(x), wanted)
    assert led.blocks is network.blocks


STRANGE_FLAT = {
    "of another network": flat("input_blocks_1_1_proj_in"),
    "halved": {"lora_unet_blocks_0_to_q.lora_up.weight": torch.ones(8, 4)},
    "of another kind": {**flat(), "lora_unet_blocks_0_to_q.hada_w1_a": torch.ones(2, 2)},
    "decomposed": {**flat(), "lora_unet_blocks_0_to_q.dora_scale": torch.ones(8, 1)},
}


@pytest.mark.parametrize("kind", STRANGE_FLAT)
def test_a_file_of_kohyas_of_something_else_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    save_file(STRANGE_FLAT[kind], file)
    with pytest.raises(CannotExportError, match=r"my lora loads lora\.safetensors, which "):
        check_flat(file, ChangeableLayers.of_folder(saved(tmp_path, Network())), "my lora")


STRANGE: dict[str, dict[str, Tensor]] = {
    "of another part": pair("unet.blocks.0.to_q"),
    "by other names": pair("diffusion_model.blocks.0.to_q"),
    "of another network": pair("transformer.blocks.7.to_q"),
    "halved": {f"{LAYER}.lora_A.weight": torch.ones(4, 6)},
    "of another kind": {**pair(), f"{LAYER}.lora_magnitude_vector": torch.ones(8)},
    "of nothing": {},
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_file_of_something_else_is_refused(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    save_file(STRANGE[kind], file)
    with pytest.raises(CannotExportError, match=r"my lora loads lora\.safetensors, which "):
        alpha_of(file, ChangeableLayers.of_folder(saved(tmp_path, Network())), "my lora")


@pytest.mark.parametrize(
    "said", [{"use_rslora": True}, {"use_dora": True}, {"alpha_pattern": {"to_q": 2}}, {"rank_pattern": {"to_q": 4}}]
)
def test_a_lora_whose_layers_count_in_ways_of_their_own_is_refused(said: dict[str, object], tmp_path: Path) -> None:
    told = {f"transformer.{key}": value for key, value in {"lora_alpha": 3, "r": 4, **said}.items()}
    file = tmp_path / "lora.safetensors"
    save_file(pair(), file, {HEADER: json.dumps(told)})
    with pytest.raises(CannotExportError, match="count in ways of their own"):
        alpha_of(file, ChangeableLayers.of_folder(saved(tmp_path, Network())), "my lora")


def test_a_file_whose_settings_stand_beside_it_is_refused(tmp_path: Path) -> None:
    save_file(pair(), tmp_path / OF_PEFT)
    with pytest.raises(CannotExportError, match="adapter_config"):
        alpha_of(tmp_path / OF_PEFT, ChangeableLayers.of_folder(saved(tmp_path, Network())), "my lora")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lora.safetensors"
    file.write_bytes(b"\x08\0\0\0\0\0\0\0[[[[[[[[")
    with pytest.raises(CannotExportError, match=r"lora\.safetensors"):
        alpha_of(file, ChangeableLayers.of_folder(saved(tmp_path, Network())), "my lora")
