"""Every writer's names of a network's layers: the same change as in the network's own names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from diffusers.loaders import single_file_utils
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.names.layer_names import weighted
from nodes.loaders.adapters.names.renamed import Row, renamed
from nodes.loaders.adapters.names.tables import TABLES, network_names
from nodes.loaders.adapters.reader import for_network
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, merged, outputs, write
from tests.nodes.original_transformers import original_weights

SHAPES: Mapping[str, dict[str, Any]] = {
    "FluxTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 2,
        "num_single_layers": 2,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "pooled_projection_dim": 64,
        "axes_dims_rope": (4, 6, 6),
        "guidance_embeds": True,
    },
    "SD3Transformer2DModel": {
        "sample_size": 16,
        "num_layers": 2,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "caption_projection_dim": 32,
        "pooled_projection_dim": 32,
        "dual_attention_layers": (0,),
        "qk_norm": "rms_norm",
    },
    "ZImageTransformer2DModel": {
        "dim": 32,
        "n_layers": 2,
        "n_refiner_layers": 1,
        "n_heads": 2,
        "n_kv_heads": 2,
        "cap_feat_dim": 24,
        "axes_dims": (4, 6, 6),
        "axes_lens": (64, 64, 64),
    },
    "Flux2Transformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 4, 4, 4),
    },
    "ChromaTransformer2DModel": {
        "in_channels": 16,
        "num_layers": 1,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 6, 6),
        "approximator_hidden_dim": 16,
        "approximator_layers": 1,
    },
    "Lumina2Transformer2DModel": {
        "hidden_size": 48,
        "num_layers": 1,
        "num_refiner_layers": 1,
        "num_attention_heads": 3,
        "num_kv_heads": 1,
        "cap_feat_dim": 24,
        "axes_dim_rope": (4, 6, 6),
        "axes_lens": (32, 32, 32),
        "multiple_of": 8,
    },
    "QwenImageTransformer2DModel": {
        "in_channels": 16,
        "out_channels": 4,
        "num_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 16,
        "joint_attention_dim": 24,
        "axes_dims_rope": (4, 6, 6),
    },
}

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


@pytest.fixture(scope="module", params=["FluxTransformer2DModel", "SD3Transformer2DModel", "ZImageTransformer2DModel"])
def network(request: pytest.FixtureRequest) -> Any:
    return made(request.param)


def made(kind: str) -> Any:
    torch.manual_seed(0)
    return getattr(diffusers, kind)(**SHAPES[kind]).requires_grad_(False).eval()


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


@pytest.mark.parametrize("kind", SHAPES)
def test_tables_name_layers_that_are_there(kind: str) -> None:
    module = made(kind)
    names, layers = network_names(module), dict(module.named_modules())
    for row in TABLES.get(kind, ()):
        if "norm" not in row.original and "guidance_in" not in row.original and "_mod" not in row.original:
            assert _is_there(row, layers) or kind == "ChromaTransformer2DModel", row
    for dotted in names.dotted.values():
        assert all(names.find(name) is not None for name in dotted)


@pytest.mark.parametrize("kind", CONVERTERS)
def test_tables_are_those_of_diffusers_converters(kind: str) -> None:
    """A checkpoint that is renamed by a table backwards comes out of diffusers' own converter as it was."""
    converter, shape = CONVERTERS[kind]
    torch.manual_seed(0)
    module = getattr(diffusers, kind)(**(shape or SHAPES[kind]))
    weights, original, seen = module.state_dict(), {}, set()
    for alias, targets in renamed(module, list(weighted(module)), TABLES[kind]):
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


def _is_there(row: Row, layers: Mapping[str, Any]) -> bool:
    return all(layer.replace("#", "0") in layers for layer in row.layers)


def lokr_delta(rows: int, columns: int) -> tuple[dict[str, Tensor], Tensor]:
    w1, w2 = drawn(2, 2), drawn(rows // 2, columns // 2)
    return {"lokr_w1": w1, "lokr_w2": w2, "alpha": torch.tensor(1.0)}, torch.kron(w1, w2)


def dora_delta(weight: Tensor, by_rows: bool) -> tuple[dict[str, Tensor], Tensor]:
    a, b = drawn(4, weight.shape[1]), drawn(len(weight), 4)
    whole = weight + b @ a
    length = whole.norm(dim=1 if by_rows else 0, keepdim=True)
    scale = length * (1 + drawn(*length.shape))
    return {"lora_A.weight": a, "lora_B.weight": b, "dora_scale": scale}, scale / length * whole - weight


def loha_delta(rows: int, columns: int) -> tuple[dict[str, Tensor], Tensor]:
    w = {
        name: drawn(*shape)
        for name, shape in (("w1_a", (rows, 3)), ("w1_b", (3, columns)), ("w2_a", (rows, 3)), ("w2_b", (3, columns)))
    }
    return {f"hada_{name}": value for name, value in w.items()}, (w["w1_a"] @ w["w1_b"]) * (w["w2_a"] @ w["w2_b"])


@pytest.mark.parametrize("kind", ["lokr", "dora rows", "dora columns", "loha"])
def test_what_was_trained_on_one_layer_changes_the_layers_that_it_became(kind: str, tmp_path: Path) -> None:
    """FLUX's single blocks: queries, keys, values and the feed-forward's first layer are one matrix in the original."""
    network = made("FluxTransformer2DModel")
    parts = [f"single_transformer_blocks.1.{name}" for name in ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")]
    weights = [network.get_submodule(part).weight for part in parts]
    weight = torch.cat(weights)
    file, change = {
        "lokr": lambda: lokr_delta(*weight.shape),
        "dora rows": lambda: dora_delta(weight, True),
        "dora columns": lambda: dora_delta(weight, False),
        "loha": lambda: loha_delta(*weight.shape),
    }[kind]()
    path = write(tmp_path, {f"diffusion_model.single_blocks.1.linear1.{name}": value for name, value in file.items()})
    changes = dict(zip((f"{part}.weight" for part in parts), change.split([len(one) for one in weights]), strict=True))
    for strength in (1.0, 0.5):
        assert_same(outputs(network, adapter(path, network, strength)), outputs(merged(network, changes, strength)))


def test_an_oft_that_cannot_be_taken_apart_is_a_sentence(tmp_path: Path) -> None:
    network = made("FluxTransformer2DModel")
    fits = write(tmp_path, {"lora_unet_double_blocks_0_img_attn_qkv.oft_blocks": drawn(24, 4, 4)})
    assert len(adapter(fits, network).layers) == 3
    across = write(tmp_path, {"lora_unet_double_blocks_0_img_attn_qkv.oft_blocks": drawn(2, 48, 48)})
    with pytest.raises(NodeError, match="cannot be taken apart"):
        adapter(across, network)


def test_xlabs_names(tmp_path: Path) -> None:
    network, file, changes = made("FluxTransformer2DModel"), {}, {}
    for stem, parts in {
        "double_blocks.0.processor.qkv_lora1": [
            "transformer_blocks.0.attn.to_q",
            "transformer_blocks.0.attn.to_k",
            "transformer_blocks.0.attn.to_v",
        ],
        "double_blocks.0.processor.proj_lora2": ["transformer_blocks.0.attn.to_add_out"],
        "single_blocks.1.processor.qkv_lora": [f"single_transformer_blocks.1.attn.to_{letter}" for letter in "qkv"],
        "single_blocks.1.processor.proj_lora": ["single_transformer_blocks.1.proj_out"],
    }.items():
        shapes = [network.get_submodule(part).weight.shape for part in parts]
        a, b = drawn(4, shapes[0][1]), drawn(sum(shape[0] for shape in shapes), 4)
        file |= {f"{stem}.down.weight": a, f"{stem}.up.weight": b}
        changes |= dict(
            zip((f"{part}.weight" for part in parts), (b @ a).split([shape[0] for shape in shapes]), strict=True)
        )
    assert_same(outputs(network, adapter(write(tmp_path, file), network)), outputs(merged(network, changes)))


def test_norms_and_biases_of_black_forest_labs(tmp_path: Path) -> None:
    network = made("FluxTransformer2DModel")
    scale, bias = drawn(16), drawn(32)
    a, b = drawn(4, 16), drawn(32, 4)
    file = {
        "single_blocks.0.norm.key_norm.scale": scale,
        "img_in.lora_A.weight": a,
        "img_in.lora_B.weight": b,
        "img_in.lora_B.bias": bias,
    }
    changes = {
        "single_transformer_blocks.0.attn.norm_k.weight": scale
        - network.single_transformer_blocks[0].attn.norm_k.weight,
        "x_embedder.weight": b @ a,
        "x_embedder.bias": bias,
    }
    assert_same(outputs(network, adapter(write(tmp_path, file), network)), outputs(merged(network, changes)))


WRONG = {
    "lora_unet_double_blocks_0_img_attn_qkv": ((9216, 3072), "FLUX.1"),
    "lora_unet_single_blocks_0_linear1": ((27648, 3072), "FLUX.2 Klein 4B"),
    "diffusion_model.double_blocks.0.img_attn.qkv": ((12288, 4096), "FLUX.2 Klein 9B"),
    "lora_unet_joint_blocks_0_x_block_attn_qkv": ((4608, 1536), "Stable Diffusion 3"),
    "transformer.transformer_blocks.0.attn.add_k_proj": ((3072, 3072), "Qwen-Image"),
    "diffusion_model.layers.0.attention.qkv": ((3840, 2304), "Lumina 2"),
    "diffusion_model.layers.0.attention.to_q": ((3840, 3840), "Z-Image"),
    "diffusion_model.blocks.0.attn.wq": ((6144, 6144), "Krea 2"),
    "lora_unet_blocks_0_self_attn_output_proj": ((2048, 2048), "Anima"),
    "diffusion_model.blocks.0.self_attn.q": ((1536, 1536), "Wan"),
    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k": ((320, 768), "Stable Diffusion 1"),
    "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k": ((640, 2048), "Stable Diffusion XL"),
    "lycoris_distilled_guidance_layer_in_proj": ((5120, 64), "Chroma"),
}


@pytest.mark.parametrize("stem", WRONG)
@pytest.mark.parametrize("kind", ["SD3Transformer2DModel", "QwenImageTransformer2DModel"])
def test_an_adapter_of_another_family_is_told_with_both_names(stem: str, kind: str, tmp_path: Path) -> None:
    shape, family = WRONG[stem]
    file = {f"{stem}.lora_down.weight": drawn(1, shape[1]), f"{stem}.lora_up.weight": drawn(shape[0], 1)}
    ours = {"SD3Transformer2DModel": "Stable Diffusion 3", "QwenImageTransformer2DModel": "Qwen-Image"}[kind]
    with pytest.raises(NodeError) as told:
        for_network(read_adapter_file(write(tmp_path, file)), made(kind))
    assert ours in str(told.value)
    assert family in str(told.value)
    assert stem in str(told.value)


def test_layers_that_found_no_place_are_told(tmp_path: Path) -> None:
    network = made("QwenImageTransformer2DModel")
    good = {
        f"transformer_blocks.0.attn.to_q.lora_{letter}.weight": drawn(*shape)
        for letter, shape in (("A", (2, 32)), ("B", (32, 2)))
    }
    more = {key.replace("blocks.0", "blocks.7"): value for key, value in good.items()}
    with pytest.raises(
        NodeError, match=r"1 of its 2 layers are not in this network \(Qwen-Image\), the first is transformer_blocks.7"
    ):
        adapter(write(tmp_path, good | more), network)


def test_unets_of_other_blocks_have_names(tmp_path: Path) -> None:
    """On pixels, with resnets that halve; and inside another network, as the decoder of an unCLIP is."""
    torch.manual_seed(0)
    unet = diffusers.UNet2DModel(
        sample_size=8,
        block_out_channels=(8, 16),
        down_block_types=("ResnetDownsampleBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "ResnetUpsampleBlock2D"),
        layers_per_block=1,
        norm_num_groups=4,
    ).requires_grad_(False)
    holder: Any = torch.nn.Module()
    holder.unet = unet
    change = drawn(*unet.mid_block.resnets[1].conv1.weight.shape)
    for key in ("lora_unet_mid_block_resnets_1_conv1.diff", "unet.mid_block.resnets.1.conv1.diff"):
        path = write(tmp_path, {key: change})
        for network, name in (
            (unet, "mid_block.resnets.1.conv1.weight"),
            (holder, "unet.mid_block.resnets.1.conv1.weight"),
        ):
            assert_same(outputs(network, adapter(path, network)), outputs(merged(network, {name: change})))
    original = write(tmp_path, {"lora_unet_middle_block_2_in_layers_2.diff": change})
    assert list(adapter(original, unet).layers) == ["mid_block.resnets.1.conv1"]
