"""Names of layers in adapters that other programs trained, and of those that find no place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from named_networks import made
from torch import Tensor

from nodeflow.node import NodeError
from nodes.loaders.adapters.adapter_file import read_adapter_file
from nodes.loaders.adapters.families import network_family
from nodes.loaders.adapters.reader import for_network
from nodes.loaders.models.known import families
from tests.nodes.adapters.tiny_networks import adapter, assert_same, drawn, merged, outputs, write


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
    "transformer.joint_transformer_blocks.0.attn.to_q": ((3072, 3072), "AuraFlow"),
    "diffusion_model.double_layers.0.attn.w1q": ((3072, 3072), "AuraFlow"),
    "transformer.visual_transformer_blocks.0.self_attention.to_query": ((2560, 2560), "Kandinsky 5"),
    "transformer.layers.0.self_attention.to_q": ((4096, 4096), "ERNIE-Image"),
    "transformer.transformer_blocks.0.attn1.to_q": ((2240, 2240), "Sana"),
    "lora_unet_double_blocks_1_img_attn_qkv": ((10752, 3584), "HunyuanImage"),
    "lora_unet_blocks_0_attn1_Wqkv": ((4224, 1408), "Hunyuan-DiT"),
    "transformer.blocks.0.attn1.to_q": ((1408, 1408), "Hunyuan-DiT"),
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


@pytest.mark.parametrize("kind", sorted(family.network.architecture.kind for family in families().values()))
def test_each_family_s_network_is_told_by_its_name(kind: str, tmp_path: Path) -> None:
    """A stand-in of its class without layers: what fits no layer is told with both names."""
    network = type(kind, (torch.nn.Module,), {})()
    ours = network_family(network)
    for stem, (shape, family) in WRONG.items():
        if family.split()[0] in ours:
            continue
        file = {f"{stem}.lora_down.weight": drawn(1, shape[1]), f"{stem}.lora_up.weight": drawn(shape[0], 1)}
        with pytest.raises(NodeError) as told:
            for_network(read_adapter_file(write(tmp_path, file)), network)
        assert ours in str(told.value)
        assert ours != "a network of another kind"
        assert family in str(told.value)


@pytest.mark.parametrize("kind", ["LongCatImageTransformer2DModel", "OvisImageTransformer2DModel"])
def test_families_of_the_blocks_of_flux_read_its_names(kind: str, tmp_path: Path) -> None:
    network = made(kind)
    width, a, b = 32, drawn(4, 32), drawn(96, 4)
    file = {
        "lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": a,
        "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": b,
    }
    parts = [f"transformer_blocks.0.attn.to_{letter}.weight" for letter in "qkv"]
    changes = dict(zip(parts, (b @ a).split(width), strict=True))
    assert_same(outputs(network, adapter(write(tmp_path, file), network)), outputs(merged(network, changes)))


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
