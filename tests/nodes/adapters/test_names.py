"""Every writer's names of a network's layers: the same change as in the network's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.loaders import single_file_utils
from named_networks import SHAPES, made
from named_networks import network as network
from torch import Tensor

from nodes.loaders.adapters.names.layer_names import weighted
from nodes.loaders.adapters.names.renamed import RenamedRow, renamed
from nodes.loaders.adapters.names.tables import network_names, table_of
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, merged, outputs, write
from tests.nodes.original_transformers import original_weights

CONVERTERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "Flux2Transformer2DModel": ("convert_flux2_transformer_checkpoint_to_diffusers", {}),
    "ZImageTransformer2DModel": ("convert_z_image_transformer_checkpoint_to_diffusers", {}),
    "Flux3Transformer2DModel": (
        "convert_flux3_transformer_checkpoint_to_diffusers",
        {
            "in_channels": 16,
            "cond_in_channels": 16,
            "num_layers": 1,
            "num_single_layers": 1,
            "num_attention_heads": 2,
            "attention_head_dim": 16,
            "joint_attention_dim": 24,
            "axes_dims_rope": (4, 4, 4, 4),
            "flow_map": True,
        },
    ),
    "Krea2Transformer2DModel": (
        "convert_krea2_transformer_checkpoint_to_diffusers",
        {
            "in_channels": 16,
            "num_layers": 1,
            "attention_head_dim": 16,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "intermediate_size": 64,
            "timestep_embed_dim": 32,
            "text_hidden_dim": 32,
            "num_text_layers": 2,
            "text_num_attention_heads": 2,
            "text_num_key_value_heads": 2,
            "text_intermediate_size": 48,
            "num_layerwise_text_blocks": 1,
            "num_refiner_text_blocks": 1,
            "axes_dims_rope": (4, 6, 6),
        },
    ),
    "CosmosTransformer3DModel": (
        "convert_cosmos_transformer_checkpoint_to_diffusers",
        {
            "num_attention_heads": 2,
            "attention_head_dim": 16,
            "num_layers": 1,
            "text_embed_dim": 24,
            "adaln_lora_dim": 8,
            "max_size": (4, 8, 8),
            "extra_pos_embed_type": None,
        },
    ),
}
"""Functions of diffusers that rename whole checkpoints of any width, and the shapes of networks without one above."""


def differences(network: Any) -> dict[str, Tensor]:
    """One for every weight of a layer and every bias, by diffusers' names."""
    layers = {name for name, layer in network.named_modules() if isinstance(getattr(layer, "weight", None), Tensor)}
    return {
        name: drawn(*value.shape, std=0.05)
        for name, value in network.named_parameters()
        if name.rpartition(".")[0] in layers and name.rpartition(".")[2] in ("weight", "bias")
    }


def factors(change: Tensor) -> tuple[Tensor, Tensor]:
    """B and A whose product a change is."""
    u, s, v = torch.linalg.svd(change.flatten(1), full_matrices=False)
    return v.reshape(len(v), *change.shape[1:]), (u * s).reshape(len(u), -1, *(1,) * (change.ndim - 2))


def as_lora(
    changes: Mapping[str, Tensor], named: Callable[[str], str], down: str = "lora_A", up: str = "lora_B"
) -> dict[str, Tensor]:
    """Matrices as LoRAs with an alpha of their half, what is none as differences."""
    file = {}
    for name, change in changes.items():
        stem = named(name.removesuffix(".scale").rpartition(".")[0] if not name.endswith(".scale") else name[:-6])
        if change.ndim > 1:
            a, b = factors(change)
            file |= {
                f"{stem}.{down}.weight": a,
                f"{stem}.{up}.weight": b * 2,
                f"{stem}.alpha": torch.tensor(len(a) / 2),
            }
        else:
            file[f"{stem}.{'diff_b' if name.endswith('.bias') else 'diff'}"] = change
    return file


LAYOUTS: dict[str, Callable[[str, dict[str, Tensor]], dict[str, Tensor]]] = {
    "kohya, original": lambda kind, found: as_lora(
        original_weights(kind, found), lambda name: f"lora_unet_{name.replace('.', '_')}", "lora_down", "lora_up"
    ),
    "doubled underscore": lambda kind, found: as_lora(
        original_weights(kind, found), lambda name: f"lora_unet__{name.replace('.', '_')}", "lora_down", "lora_up"
    ),
    "ComfyUI, original": lambda kind, found: as_lora(
        original_weights(kind, found), lambda name: f"diffusion_model.{name}"
    ),
    "bare, original": lambda kind, found: as_lora(original_weights(kind, found), str),
    "peft, original": lambda kind, found: as_lora(
        original_weights(kind, found), lambda name: f"base_model.model.{name}"
    ),
    "diffusers": lambda kind, found: as_lora(found, lambda name: f"transformer.{name}"),
    "diffusers, older": lambda kind, found: as_lora(found, lambda name: f"transformer.{name}", "lora.down", "lora.up"),
    "AI-Toolkit": lambda kind, found: as_lora(found, lambda name: f"diffusion_model.{name}"),
    "bare": lambda kind, found: as_lora(found, str),
    "OneTrainer, older": lambda kind, found: as_lora(
        found, lambda name: f"lora_transformer_{name.replace('.', '_')}", "lora_down", "lora_up"
    ),
    "LyCORIS": lambda kind, found: as_lora(
        found, lambda name: f"lycoris_{name.replace('.', '_')}", "lora_down", "lora_up"
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_changes_the_same(network: Any, layout: str, tmp_path: Path) -> None:
    changes = differences(network)
    path = write(tmp_path, LAYOUTS[layout](type(network).__name__, changes))
    led = adapter(path, network)
    assert {f"{name}.weight" for name in led.layers} >= {name for name in changes if name.endswith(".weight")}
    assert_same(outputs(network, led), outputs(merged(network, changes)))


@pytest.mark.parametrize("layout", ["kohya, original", "ComfyUI, original"])
@pytest.mark.parametrize(
    "kind",
    [
        *("AuraFlowTransformer2DModel", "HunyuanDiT2DModel", "HunyuanImageTransformer2DModel"),
        *("Kandinsky5Transformer3DModel", "PixArtTransformer2DModel", "SanaTransformer2DModel"),
    ],
)
def test_names_of_other_makers_change_the_same(kind: str, layout: str, tmp_path: Path) -> None:
    """Of the layers in the blocks, which alone adapters have."""
    network = made(kind)
    changes = {name: change for name, change in differences(network).items() if "blocks." in name and change.ndim == 2}
    led = adapter(write(tmp_path, LAYOUTS[layout](kind, changes)), network)
    assert {f"{name}.weight" for name in led.layers} == set(changes)
    for name, layer in led.layers.items():
        found = sum(update.change(network.get_submodule(name).weight) for update in layer.updates)
        torch.testing.assert_close(found, changes[f"{name}.weight"], atol=1e-5, rtol=1e-4)


NO_TEXT_AS_A_WHOLE = {"ChromaTransformer2DModel", "LongCatImageTransformer2DModel", "OvisImageTransformer2DModel"}
"""Networks with FLUX's names that are told no text as a whole, nor a guidance."""


@pytest.mark.parametrize("kind", SHAPES)
def test_tables_name_layers_that_are_there(kind: str) -> None:
    module = made(kind)
    names, layers = network_names(module), dict(module.named_modules())
    for row in table_of(kind):
        if "norm" not in row.original and "guidance_in" not in row.original and "_mod" not in row.original:
            assert _is_there(row, layers) or kind in NO_TEXT_AS_A_WHOLE, row
    for dotted in names.dotted.values():
        assert all(names.find(name) is not None for name in dotted)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_tables_are_those_of_diffusers_converters(kind: str) -> None:
    """A checkpoint that is renamed by a table backwards comes out of diffusers' own converter as it was."""
    converter, shape = CONVERTERS[kind]
    torch.manual_seed(0)
    module = getattr(diffusers, kind)(**(shape or SHAPES[kind]))
    weights, original, seen = module.state_dict(), {}, set()
    for alias, targets in renamed(module, list(weighted(module)), table_of(kind)):
        for part in ("weight", "bias"):
            if "processor" not in alias and all(f"{one.layer}.{part}" in weights for one in targets):
                rows = [weights[f"{one.layer}.{part}"][slice(*one.layer_rows or (None,))] for one in targets]
                end = "scale" if "query_norm" in alias or "key_norm" in alias else part
                original[f"{alias}.{end}"] = torch.cat(rows)
                seen |= {f"{one.layer}.{part}" for one in targets}
    rest = {name: value for name, value in weights.items() if name not in seen}
    found = getattr(single_file_utils, converter)({**original, **rest})
    assert len(seen) > 20
    for name in seen:
        assert torch.equal(found[name], weights[name]), name


def _is_there(row: RenamedRow, layers: Mapping[str, Any]) -> bool:
    return all(layer.replace("#", "0") in layers for layer in row.layers)
