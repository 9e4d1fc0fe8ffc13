"""Tests of what peft saves, each kind by its own library: the same numbers as its own layers give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError, noting
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.reader import for_network
from tests.nodes.adapters.tiny_networks import Layers, adapter, layers, outputs, write

BOTH: dict[str, Any] = {"target_modules": ["lin", "conv"]}
CONFIGS: dict[str, Any] = {
    "LoRA": peft.LoraConfig(r=4, lora_alpha=6, **BOTH),
    "rank-stabilised": peft.LoraConfig(r=4, lora_alpha=6, use_rslora=True, **BOTH),
    "patterns": peft.LoraConfig(
        r=4, lora_alpha=8, rank_pattern={"conv": 2}, alpha_pattern={"^lin": 3, "c.*v": 5, "conv": 7}, **BOTH
    ),
    "rank-stabilised patterns": peft.LoraConfig(r=4, lora_alpha=8, use_rslora=True, rank_pattern={"conv": 2}, **BOTH),
    "DoRA": peft.LoraConfig(r=4, lora_alpha=6, use_dora=True, **BOTH),
    "bias": peft.LoraConfig(r=4, lora_alpha=6, lora_bias=True, **BOTH),
    "LoHa": peft.LoHaConfig(r=4, alpha=6, **BOTH),
    "LoHa, Tucker": peft.LoHaConfig(r=4, alpha=6, use_effective_conv2d=True, rank_pattern={"lin": 2}, **BOTH),
    "LoKr": peft.LoKrConfig(r=2, alpha=3, **BOTH),
    "LoKr, whole": peft.LoKrConfig(r=64, alpha=3, **BOTH),
    "OFT": peft.OFTConfig(r=0, oft_block_size=3, target_modules=["lin"]),
    "OFT of four terms": peft.OFTConfig(r=0, oft_block_size=3, num_cayley_neumann_terms=4, target_modules=["lin"]),
    "OFT, exact": peft.OFTConfig(r=0, oft_block_size=3, use_cayley_neumann=False, target_modules=["lin"]),
    "OFT, shared": peft.OFTConfig(r=0, oft_block_size=3, block_share=True, target_modules=["lin"]),
    "OFT, constrained": peft.OFTConfig(r=0, oft_block_size=3, coft=True, eps=0.05, target_modules=["lin"]),
    "OFT of a convolution": peft.OFTConfig(r=0, oft_block_size=3, target_modules=["conv"]),
    "BOFT": peft.BOFTConfig(boft_block_size=2, boft_n_butterfly_factor=1, target_modules=["lin", "conv"]),
    "IA3": peft.IA3Config(target_modules=["lin", "conv"], feedforward_modules=["conv"]),
}


def trained(config: Any, folder: Path) -> dict[str, Tensor]:
    """Saves an adapter with numbers that training could have left, and returns what merged layers give."""
    model = peft.get_peft_model(layers(), config)
    draw = torch.Generator().manual_seed(3)
    for name, value in model.named_parameters():
        if any(part in name for part in ("lora_", "hada_", "lokr_", "oft_", "boft_", "ia3_")):
            noise = 0.2 * torch.randn(value.shape, generator=draw)
            value.data = value.data * (1 + noise) if "magnitude" in name or "ia3" in name else noise
    model.save_pretrained(folder)
    return outputs(model.merge_and_unload())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CONFIGS)
def test_a_folder_of_peft_gives_what_peft_merges(kind: str, tmp_path: Path) -> None:
    wanted, network = trained(CONFIGS[kind], tmp_path), layers()
    found, plain = outputs(network, adapter(tmp_path, network)), outputs(network)
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, atol=1e-5, rtol=1e-5)
    assert max(float((plain[name] - value).abs().max()) for name, value in wanted.items()) > 0.02


def test_keys_that_were_not_stripped_are_the_same(tmp_path: Path) -> None:
    wanted, network = trained(CONFIGS["bias"], tmp_path), layers()
    file = tmp_path / "adapter_model.safetensors"
    save_file(
        {
            key.replace("lora_B.", "lora_B.default.").replace("lora_A.", "lora_A.default."): value
            for key, value in load_file(file).items()
        },
        file,
    )
    for name, value in outputs(network, adapter(tmp_path, network)).items():
        torch.testing.assert_close(value, wanted[name], atol=1e-5, rtol=1e-5)


def changed_config(folder: Path, **changes: Any) -> Path:
    trained(CONFIGS["LoRA"], folder)
    path = folder / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return folder


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"init_lora_weights": "pissa"}, "the model's own weights were changed too"),
        ({"lora_alpha": "many"}, "no number above 0 at lora_alpha"),
        ({"lora_alpha": float("nan")}, "a number for lora_alpha that no model has"),
        ({"r": 0.0, "lora_alpha": -1}, "no number above 0"),
        ({"alpha_pattern": [1]}, "no table at alpha_pattern"),
        ({"alpha_pattern": {"(a+)+$": 1}}, "a pattern at alpha_pattern that is not read here"),
        ({"alpha_pattern": {"(lin": 1}}, "a pattern at alpha_pattern"),
        ({"rank_pattern": {".*.*.*.*.*x": 1}}, "a pattern at rank_pattern"),
        ({"r": 16}, "conv.lora_A.weight has a rank of 4, and the settings that were saved with it say 16"),
        ({"rank_pattern": {"lin": 2}}, "lin.lora_A.weight has a rank of 4, and the settings .* say 2"),
        ({"use_dora": True}, "has no magnitude beside it, and its settings say that it is a DoRA"),
    ],
)
def test_odd_settings_are_a_sentence(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    folder = changed_config(tmp_path, **changes)
    with pytest.raises(NodeError, match=said) as told:
        for_network(read_adapter_file(folder), layers())
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "3",
        '{"unet.r": {"a": 1}, "unet.lora_alpha": 2}',
        "[" * 100_000,
        '{"unet.r": 4, "unet.lora_alpha": [1]}',
    ],
)
def test_odd_headers_are_a_sentence_where_they_are_needed(text: str, tmp_path: Path) -> None:
    parts = {"unet.lin.lora_A.weight": torch.ones(4, 12), "unet.lin.lora_B.weight": torch.ones(8, 4)}
    path = write(tmp_path, parts, lora_adapter_metadata=text)
    with pytest.raises(NodeError, match=r"header of a.safetensors") as told:
        for_network(read_adapter_file(path), layers())
    assert "\n" not in str(told.value)
    with_alpha = write(tmp_path, {**parts, "unet.lin.alpha": torch.tensor(2.0)}, lora_adapter_metadata=text)
    assert for_network(read_adapter_file(with_alpha), Layers()), "the file's own alphas need no header"


def test_a_folder_without_its_configuration_is_a_sentence(tmp_path: Path) -> None:
    trained(CONFIGS["LoRA"], tmp_path)
    (tmp_path / "adapter_config.json").unlink()
    with pytest.raises(NodeError, match=r"adapter_config.json"):
        for_network(read_adapter_file(tmp_path), layers())


def test_a_file_of_peft_under_another_name_has_its_settings_beside_it(tmp_path: Path) -> None:
    wanted, network = trained(CONFIGS["rank-stabilised"], tmp_path), layers()
    file = (tmp_path / "adapter_model.safetensors").rename(tmp_path / "star.safetensors")
    for name, value in outputs(network, adapter(file, network)).items():
        torch.testing.assert_close(value, wanted[name], atol=1e-5, rtol=1e-5)
    (tmp_path / "adapter_config.json").unlink()
    with noting() as said:
        for_network(read_adapter_file(file), layers())
    assert "does not say its strength" in said[0][1]
