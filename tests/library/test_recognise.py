"""Tests of recognition from headers: every kind and family in its true layout, under every refusal's bounds."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from nodeflow.library.beside import HALVES
from nodeflow.library.recognise import recognise
from nodeflow.library.rules import read_rules, rule_book
from nodeflow.node import NodeError
from nodes.loaders.quantised.formats import formats
from nodes.loaders.read.right_kind import find_for
from tests.library.files import write_gguf, write_sparse
from tests.library.layouts import EVERY
from tests.library.layouts.shapes import FLUX, LORA, QWEN, Z_IMAGE, qwen_3

CLASS_NAMES = re.compile(r"\b[A-Z]\w*(Model|Pipeline|Error|Exception|UNet|Transformer2D\w*)\b|Traceback|<class")
FALSE_ADVICE = re.compile(r"download it again|damaged|cut short|no whole")


@pytest.mark.parametrize("name", EVERY)
def test_a_layout_is_told(name: str, tmp_path: Path) -> None:
    layout = EVERY[name]
    found = recognise(write_sparse(tmp_path / "m.safetensors", layout.tensors, layout.metadata))
    refused = layout.kind == "lora" and bool(found.reason)  # else the node says itself on which networks it puts one
    node = LORA if layout.kind == "lora" and not refused else layout.node
    assert (found.kind, found.family, found.node) == (layout.kind, layout.family, node), found
    assert refused == ("(" in layout.family) if layout.kind == "lora" else True
    assert found.precision == "float16"
    assert found.node or found.reason


@pytest.mark.parametrize("name", EVERY)
def test_every_refusal_is_one_short_sentence_without_false_advice(name: str, tmp_path: Path) -> None:
    layout = EVERY[name]
    path = write_sparse(tmp_path / f"{'m' * 200}.safetensors", layout.tensors, layout.metadata)
    found = recognise(path)
    for type, taker in rule_book().takers.items():
        if type in found.nodes or taker.kinds or (found.kind == "lora" and "lora" in type):
            continue
        with pytest.raises(NodeError) as caught:
            find_for(taker.title, str(path), "", [])
        sentence = str(caught.value)
        assert len(sentence) < 400 and "\n" not in sentence, sentence
        assert found.what in sentence
        assert not CLASS_NAMES.search(sentence), sentence
        assert not FALSE_ADVICE.search(sentence), sentence


def test_every_rule_names_nodes_that_there_are() -> None:
    book = rule_book()
    named = {
        node
        for family in book.families
        for rule in (*family.files, *family.adapters, *family.folders)
        for node in rule.nodes
    }
    named |= {node for rule in book.files for node in rule.whole} | {
        node for nodes in book.places.values() for node in nodes
    }
    assert named <= set(book.takers)
    assert {need for rule in book.files for need in rule.needs} <= {*book.parts, *HALVES}
    for rule in book.files:
        assert rule.nodes or rule.whole or rule.reason, rule


def test_what_a_file_lacks_is_told(tmp_path: Path) -> None:
    alone = recognise(write_sparse(tmp_path / "a.safetensors", FLUX))
    assert (alone.param, alone.missing) == ("model", ("CLIP-L", "T5-XXL", "VAE"))
    some = {
        **{f"model.diffusion_model.{name}": shape for name, shape in Z_IMAGE.items()},
        "vae.decoder.conv_in.weight": (8, 16, 3, 3),
    }
    found = recognise(write_sparse(tmp_path / "b.safetensors", some))
    assert (found.kind, found.missing) == ("checkpoint", ("Qwen3 4B",))
    assert found.what == "Z-Image in one file without its Qwen3 4B"


CLASSES: dict[str, tuple[dict[str, Any], str, str]] = {
    "AuraFlowTransformer2DModel": ({"num_mmdit_layers": 1, "num_single_dit_layers": 1}, "transformer", "AuraFlow"),
    "ChromaTransformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "Chroma"),
    "CogView4Transformer2DModel": ({"num_layers": 1}, "transformer", "CogView 4"),
    "CosmosTransformer3DModel": ({"num_layers": 1}, "transformer", "Cosmos-Predict2"),
    "DiTTransformer2DModel": ({"num_layers": 1}, "transformer", "DiT"),
    "ErnieImageTransformer2DModel": ({"num_layers": 1}, "transformer", "ERNIE-Image"),
    "Flux2Transformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "FLUX.2"),
    "Flux3Transformer2DModel": ({}, "transformer", "FLUX.3"),
    "FluxTransformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "FLUX.1"),
    "GlmImageTransformer2DModel": ({"num_layers": 1}, "transformer", "GLM-Image"),
    "BriaFibo2Transformer2DModel": ({"n_layers": 1, "injection_layer_ids": ()}, "transformer", "Fibo 2.0"),
    "Ideogram4Transformer2DModel": ({"num_layers": 1}, "transformer", "Ideogram 4"),
    "HunyuanDiT2DModel": (
        {"num_layers": 1, "in_channels": 4, "patch_size": 2, "hidden_size": 1408},
        "transformer",
        "Hunyuan-DiT",
    ),
    "HunyuanImageTransformer2DModel": (
        {"num_layers": 1, "num_single_layers": 1, "text_embed_2_dim": 8},
        "transformer",
        "HunyuanImage",
    ),
    "HiDreamImageTransformer2DModel": (
        {"patch_size": 2, "num_layers": 1, "num_single_layers": 1, "caption_channels": [8, 8]},
        "transformer",
        "HiDream",
    ),
    "Kandinsky5Transformer3DModel": (
        {"num_text_blocks": 1, "num_visual_blocks": 1, "in_visual_dim": 16},
        "transformer",
        "Kandinsky 5",
    ),
    "JoyImageEditTransformer3DModel": ({"num_layers": 1}, "transformer", "JoyImage-Edit"),
    "Krea2Transformer2DModel": ({"num_layers": 1}, "transformer", "Krea 2"),
    "LongCatImageTransformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "LongCat-Image"),
    "BriaTransformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "Bria"),
    "Lumina2Transformer2DModel": ({"num_layers": 1, "num_refiner_layers": 1}, "transformer", "Lumina 2"),
    "OvisImageTransformer2DModel": ({"num_layers": 1, "num_single_layers": 1}, "transformer", "Ovis-Image"),
    "PRXTransformer2DModel": ({"depth": 1}, "transformer", "PRX"),
    "PixArtTransformer2DModel": ({"num_layers": 1}, "transformer", "PixArt-alpha"),
    "QwenImage21Transformer2DModel": ({"num_layers": 1}, "transformer", "Qwen-Image 2.1"),
    "QwenImageTransformer2DModel": ({"num_layers": 1}, "transformer", "Qwen-Image"),
    "SD3Transformer2DModel": ({"num_layers": 1}, "transformer", "Stable Diffusion 3"),
    "SanaTransformer2DModel": ({"num_layers": 1}, "transformer", "Sana"),
    "WanTransformer3DModel": ({"num_layers": 1}, "transformer", "Wan"),
    "ZImageTransformer2DModel": ({"n_layers": 1, "n_refiner_layers": 1}, "transformer", "Z-Image"),
    "UNet2DConditionModel": ({}, "unet", "Stable Diffusion"),
    "UNet2DModel": ({}, "unet", "diffusion on pixels"),
    "ControlNetModel": ({}, "controlnet", "Stable Diffusion"),
    "FluxControlNetModel": ({"num_layers": 1, "num_single_layers": 1}, "controlnet", "FLUX.1"),
    "QwenImageControlNetModel": ({"num_layers": 1}, "controlnet", "Qwen-Image"),
    "SD3ControlNetModel": ({"num_layers": 1}, "controlnet", "Stable Diffusion 3"),
    "SanaControlNetModel": ({"num_layers": 1}, "controlnet", "Sana"),
    "T2IAdapter": ({}, "t2i adapter", "Stable Diffusion"),
    "AutoencoderKL": ({}, "vae", "Stable Diffusion 1, 2 or XL"),
    "AutoencoderKLFlux2": ({}, "vae", "FLUX.2"),
    "AutoencoderKLQwenImage": ({}, "vae", "Qwen-Image"),
    "AutoencoderKLQwenImage21": ({}, "vae", "Qwen-Image 2.1"),
    "AutoencoderDC": ({}, "vae", "Sana"),
    "AutoencoderKLHunyuanImage": (
        {
            "in_channels": 3,
            "out_channels": 3,
            "latent_channels": 64,
            "block_out_channels": (32, 128),
            "layers_per_block": 1,
            "spatial_compression_ratio": 2,
            "sample_size": 64,
        },
        "vae",
        "HunyuanImage",
    ),
    "AutoencoderTiny": ({}, "small vae", "Stable Diffusion or FLUX.1"),
    "VQModel": ({}, "vae", "image tokens"),
    "PriorTransformer": ({"num_layers": 1}, "prior", "unCLIP"),
}


@pytest.mark.parametrize("name", CLASSES)
def test_a_network_as_diffusers_saves_it_is_told(name: str, tmp_path: Path) -> None:
    import diffusers
    from accelerate import init_empty_weights

    options, kind, family = CLASSES[name]
    with init_empty_weights():
        module = getattr(diffusers, name)(**options)
    shapes = {key: tuple(value.shape) for key, value in module.state_dict().items()}
    found = recognise(write_sparse(tmp_path / "m.safetensors", shapes))
    assert (found.kind, found.family) == (kind, family), found


@pytest.mark.parametrize(
    ("name", "pairs", "family"),
    [
        ("double_blocks.0.img_attn.norm.key_norm.scale", {"general.architecture": "flux"}, "FLUX.1"),
        ("model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale", {}, "FLUX.1"),
        ("blk.0.attn_q.weight", {"general.architecture": "qwen3", "tokenizer.ggml.tokens": ["a", "bc"] * 500}, "Qwen3"),
        ("blk.0.attn_q.weight", {"general.architecture": "llama"}, "Llama or Mistral"),
    ],
)
def test_a_gguf_is_told(name: str, pairs: dict[str, Any], family: str, tmp_path: Path) -> None:
    prefix = name.partition("double_blocks")[0] if "double" in name else ""
    tensors = {name: ((32, 64), 12), prefix + "img_in.weight": ((32, 64), 0)}
    found = recognise(write_gguf(tmp_path / "m.gguf", tensors, pairs))
    assert (found.layout, found.family) == ("gguf", family)
    assert found.formats == {"Q4_K": 1}


def test_a_gguf_that_claims_too_much_is_damaged(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "m.gguf", {"a": ((4, 4), 0)}, {"general.architecture": "flux", "list": ["x"] * 9})
    data = whole.read_bytes()
    for length in (5, 12, 30, 60, len(data) - 3):
        whole.write_bytes(data[:length])
        assert recognise(whole).kind == "damaged"
    whole.write_bytes(data[:8] + (1 << 60).to_bytes(8, "little") + data[16:])
    assert recognise(whole).kind == "damaged"


CONVROT = b'{"format": "int8_tensorwise", "convrot": true, "convrot_groupsize": 256}'
FORMATS = [
    ({"comfy_quant": CONVROT}, {}, "int8_tensorwise with convrot"),
    ({"comfy_quant": b'{"format": "float8_e4m3fn"}'}, {}, "float8_e4m3fn"),
    ({}, {"_quantization_metadata": '{"layers": {"layers.0.attention.qkv": {"format": "nvfp4"}}}'}, "nvfp4"),
]


@pytest.mark.parametrize(("marks", "metadata", "format"), FORMATS)
def test_the_formats_of_layers_are_told(
    marks: dict[str, bytes], metadata: dict[str, str], format: str, tmp_path: Path
) -> None:
    layer = "layers.0.attention.qkv"
    data = {f"{layer}.{name}": content for name, content in marks.items()}
    path = write_sparse(tmp_path / "m.safetensors", Z_IMAGE, metadata, {f"{layer}.weight": "I8"}, "BF16", data)
    found = recognise(path)
    assert found.family == "Z-Image"
    assert found.formats == {format: 1}
    assert found.precision == f"{format}, bfloat16"


def test_older_marks_of_quantised_weights_are_told(tmp_path: Path) -> None:
    scaled = {**QWEN, "scaled_fp8": (2,), "transformer_blocks.0.img_mod.1.scale_weight": ()}
    found = recognise(write_sparse(tmp_path / "a.safetensors", scaled, None, {"img_in.weight": "F8_E4M3"}))
    assert (found.family, list(found.formats)) == ("Qwen-Image", ["float8 scaled"])
    name = "model.layers.0.mlp.gate_proj.weight"
    nf4 = {**qwen_3(1024), f"{name}.quant_state.bitsandbytes__nf4": (80,), f"{name}.absmax": (4,)}
    found = recognise(write_sparse(tmp_path / "b.safetensors", nf4))
    assert (found.family, found.formats) == ("Qwen3 0.6B", {"bitsandbytes nf4": 1})


FOREIGN_MARKS = [
    ("transformer_blocks.0.img_mod.1.wscales", "nunchaku"),
    ("transformer_blocks.0.img_mod.1.weight_proj_down", "SVDQuant"),
    ("transformer_blocks.0.img_mod.1.qzeros", "GPTQ"),
    ("transformer_blocks.0.img_mod.1.weight_scale_inv", "inverse scales"),
    ("transformer_blocks.0.img_mod.1.weight._data", "quanto"),
    ("transformer_blocks.0.img_mod.1._weight_qdata", "torchao"),
]


@pytest.mark.parametrize(("mark", "name"), FOREIGN_MARKS)
def test_a_network_in_a_format_that_nobody_reads_is_refused_by_it(mark: str, name: str, tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "m.safetensors", {**QWEN, mark: (4,)})
    found = recognise(path)
    assert (found.kind, found.family, found.node) == ("transformer", "Qwen-Image", "")
    with pytest.raises(NodeError, match=rf"holds the transformer of Qwen-Image alone: no node reads .*{name}"):
        find_for("Load model", str(path), "", [])


@pytest.mark.parametrize("format", ["float8_e4m3fn_blockwise", "int8_blockwise", "svdquant", "hybrid_mxfp8"])
def test_a_format_of_other_tools_is_refused_by_its_name(format: str, tmp_path: Path) -> None:
    layer = "transformer_blocks.0.img_mod.1"
    data = {f"{layer}.comfy_quant": f'{{"format": "{format}"}}'.encode()}
    found = recognise(write_sparse(tmp_path / "m.safetensors", QWEN, None, {f"{layer}.weight": "I8"}, "BF16", data))
    assert (found.node, found.reason.partition(";")[0]) == ("", f"no node reads weights quantised as {format}")


def test_whole_numbers_without_a_scale_are_refused(tmp_path: Path) -> None:
    layer = "transformer_blocks.0.img_mod.1.weight"
    found = recognise(write_sparse(tmp_path / "m.safetensors", QWEN, None, {layer: "I8"}))
    assert (found.node, found.reason.partition(";")[0]) == (
        "",
        "no node reads weights quantised as int8 without scales",
    )


def test_every_format_that_is_read_is_listed() -> None:
    from gguf.quants import _type_traits

    named = {name for format in formats() for name in format.names} | {type.name for type in _type_traits}
    assert named - {"BF16"} <= rule_book().formats


@pytest.mark.parametrize(
    ("name", "said"), [("m-00002-of-00003.safetensors", "part 2 of 3 of"), ("m-00001-of-00001.safetensors", "")]
)
def test_a_file_that_is_one_of_several_says_so(name: str, said: str, tmp_path: Path) -> None:
    found = recognise(write_sparse(tmp_path / name, QWEN))
    assert (found.kind, found.what) == (
        ("part", f"{said} the transformer of Qwen-Image alone")
        if said
        else ("transformer", "the transformer of Qwen-Image alone")
    )
    assert recognise(tmp_path).kind == ("parts" if said else "transformer")


OTHERS: list[tuple[str, bytes, str, str]] = [
    ("a.safetensors", b"", "empty", "no bytes"),
    ("a.safetensors", b"version https://git-lfs.github.com/spec/v1\nsize 3\n", "pointer", "git"),
    ("a.safetensors", bytes(5000), "unfinished", "zeros"),
    ("a.safetensors", b"<!DOCTYPE html><html>Sign in", "web page", "web page"),
    ("a.safetensors", b"no weights at all", "damaged", "damaged"),
    ("a.safetensors", (99).to_bytes(8, "little") + b'{"a": ', "damaged", "cut short"),
    ("a.safetensors.part", b"\x10\0\0\0\0\0\0\0{", "unfinished", "not finished"),
    ("a.png", b"\x89PNG\r\n\x1a\n...", "picture", "PNG"),
    ("a.webp", b"RIFF....WEBPVP8 ", "picture", "WebP"),
    ("a.mp4", b"\0\0\0\x18ftypmp42....", "other", "video"),
    ("a.pt", b"\x80\x02}q\0.", "pickle", "programs"),
    ("a.json", b'{"nodes": [], "links": []}', "workflow", "workflow of ComfyUI"),
    ("a.json", b'{"3": {"class_type": "KSampler", "inputs": {}}}', "workflow", "graph of ComfyUI"),
    ("a.json", b'{"nodeflow": 1, "nodes": {}}', "workflow", "workflow of nodeflow"),
    ("a.json", b'{"weight_map": {}}', "index", "several files"),
    ("a.json", b"[" * 100_000, "other", "cannot be read"),
    ("a.onnx", b"\x08\x07\x12\x04onnx", "other", "ONNX"),
    ("a.txt", b"hello", "other", "no model"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "kind", "said"), OTHERS)
def test_what_holds_no_weights_is_named(name: str, content: bytes, kind: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    found = recognise(path)
    assert found.kind == kind
    assert said in found.what
    with pytest.raises(NodeError) as caught:
        find_for("Load VAE", str(path), "", [])
    assert len(str(caught.value)) < 400
    assert not CLASS_NAMES.search(str(caught.value))


FOLDERS = [
    ("model_index.json", "FluxPipeline", "FLUX.1", "nodes.load_model"),
    ("model_index.json", "Flux2KleinPipeline", "FLUX.2 Klein", "nodes.load_model"),
    ("model_index.json", "ChromaPipeline", "Chroma", "nodes.load_model"),
    ("model_index.json", "HiDreamImagePipeline", "HiDream", "nodes.load_model"),
    ("model_index.json", "SomethingNewPipeline", "Something New", ""),
    ("model_index.json", "StableDiffusionXLInpaintPipeline", "Stable Diffusion XL", "nodes.load_latent_diffusion"),
    ("config.json", "AutoencoderKL", "AutoencoderKL", "nodes.load_vae"),
    ("config.json", "AutoencoderKLWan", "Wan", ""),
    ("config.json", "ControlNetModel", "Stable Diffusion", "nodes.load_controlnet"),
    ("config.json", "FluxControlNetModel", "FLUX.1", "nodes.load_controlnet"),
    ("config.json", "SanaTransformer2DModel", "Sana", "nodes.load_diffusion_model"),
]


@pytest.mark.parametrize(("file", "name", "family", "node"), FOLDERS)
def test_a_folder_is_told_by_its_configuration(file: str, name: str, family: str, node: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(f'{{"_class_name": "{name}"}}')
    found = recognise(tmp_path)
    assert (found.family, found.node) == (family, node)
    assert name not in found.what or name == "AutoencoderKL"
    with pytest.raises(NodeError) as caught:
        find_for("Load GAN", str(tmp_path), "", [])
    assert not CLASS_NAMES.search(str(caught.value))


def test_a_pipe_is_no_model_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert recognise(tmp_path / "pipe").what == "a device or a pipe, which is no model"


def test_names_of_strange_weights_are_printable(tmp_path: Path) -> None:
    save_file({"a\n\x1b[31m": torch.zeros(1)}, tmp_path / "strange.safetensors")
    found = recognise(tmp_path / "strange.safetensors")
    assert found.what == r"weights of a kind that is not known here (such as a\n\x1b[31m)"


def test_a_file_without_tensors_says_what_to_do(tmp_path: Path) -> None:
    save_file({}, tmp_path / "none.safetensors")
    with pytest.raises(NodeError, match=r"nothing is in it; choose another file$"):
        find_for("Load GAN", str(tmp_path / "none.safetensors"), "", [])


@pytest.mark.parametrize(("columns", "family"), [(64, "FLUX.1"), (128, "FLUX.1 Canny or Depth")])
def test_a_whole_row_of_int8_is_not_taken_for_half_of_another(columns: int, family: str, tmp_path: Path) -> None:
    names = {**FLUX, "img_in.weight": (64, columns)}
    assert recognise(write_sparse(tmp_path / "a.safetensors", names, None, {"img_in.weight": "I8"})).family == family


def test_rules_that_are_none_are_told_and_the_others_hold(tmp_path: Path) -> None:
    (tmp_path / "a.family.toml").write_text('name = "A"\n[[files]]\nkind = "vae"\nhas = ["a"]\n')
    (tmp_path / "b.family.toml").write_bytes(b"name = \xff")
    (tmp_path / "c.family.toml").write_text('title = "C"\n')
    rules = read_rules(tmp_path)
    assert [family.name for family in rules.families] == ["A"]
    assert ["b.family.toml" in rules.troubles[0], "c.family.toml" in rules.troubles[1]] == [True, True]


@pytest.mark.parametrize(("width", "family"), [(2048, "Pile-T5-XL"), (4096, "T5")])
def test_a_folder_of_t5_of_another_make_is_told_by_its_width(width: int, family: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "umt5", "d_model": width}))
    assert recognise(tmp_path).family == family
