"""Text encoders in files of their own: quantised, as GGUF, with the tokenizer inside or beside; what does not fit."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from nodeflow.node import NodeError
from nodes.loaders.load_by_family import load_diffusion_model, load_text_encoder
from nodes.loaders.quantised.layers import is_stored
from tests.nodes.families.gguf_files import write_gguf
from tests.nodes.families.split_files import Split
from tests.nodes.quantised_files import coded, float8_scaled, int8_rows, save

TEXT = "a red star"
LETTERS = [chr(code) for code in range(97, 123)]


@pytest.fixture(scope="module")
def z_image(splits: Callable[[str], Split]) -> Split:
    return splits("Z-Image")


@pytest.fixture(scope="module")
def flux(splits: Callable[[str], Split]) -> Split:
    return splits("FLUX.1")


def said(*files: Path, **more: Any) -> Tensor:
    names = ("model", "model_2", "model_3", "model_4")
    tokens = load_text_encoder(**dict(zip(names, map(str, files), strict=False)), **more).encode([TEXT]).tokens
    assert tokens is not None
    return tokens


@pytest.mark.parametrize("code", [float8_scaled, int8_rows])
@torch.no_grad()
def test_quantised_ones_stay_as_they_are(flux: Split, tmp_path: Path, code: Any) -> None:
    """As ``t5xxl_fp8_e4m3fn_scaled``: every matrix, the table of tokens too."""
    clip, t5 = flux.texts
    stored, plain = coded(load_file(t5), code)
    files = [save(weights, tmp_path / name / "t5.safetensors") if (tmp_path / name).mkdir() is None else t5
             for name, weights in (("stored", stored), ("plain", plain))]  # fmt: skip
    tokenizer = t5.parent / "tokenizer"
    for file in files:
        shutil.copytree(tokenizer, file.parent / "tokenizer")
    encoder: Any = load_text_encoder(str(clip), str(files[0]))
    layers = [layer for layer in encoder.t5.module.modules() if isinstance(layer, nn.Linear | nn.Embedding)]
    assert sum(map(is_stored, layers)) >= sum(isinstance(layer, nn.Linear) for layer in layers)
    torch.testing.assert_close(said(clip, files[0]), said(clip, files[1]), atol=1e-5, rtol=1e-4)


QWEN = {
    "model.embed_tokens.": "token_embd.",
    "model.norm.": "output_norm.",
    "model.layers.": "blk.",
    "embed_tokens.": "token_embd.",
    "layers.": "blk.",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
"""llama.cpp's words (gguf-py, constants.TENSOR_NAMES)."""
T5 = {
    "shared.": "token_embd.",
    "encoder.final_layer_norm": "enc.output_norm",
    "encoder.block.": "enc.blk.",
    "layer.0.SelfAttention.relative_attention_bias": "attn_rel_b",
    "layer.0.SelfAttention.": "attn_",
    "layer.0.layer_norm": "attn_norm",
    "layer.1.DenseReluDense.wi_0": "ffn_gate",
    "layer.1.DenseReluDense.wi_1": "ffn_up",
    "layer.1.DenseReluDense.wo": "ffn_down",
    "layer.1.layer_norm": "ffn_norm",
}


def in_words_of(words: dict[str, str], name: str) -> str:
    for ours, theirs in words.items():
        name = name.replace(ours, theirs)
    return "output_norm.weight" if name == "norm.weight" else name


@torch.no_grad()
def test_qwen_as_gguf_brings_its_tokenizer(z_image: Split, tmp_path: Path) -> None:
    (file,) = z_image.texts
    weights = load_file(file)
    tokenizer = json.loads((file.parent / "tokenizer" / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda one: one[1])
    keys = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [token for token, _ in vocabulary],
        "tokenizer.ggml.merges": ["a b"],
        "tokenizer.ggml.token_type": [1] * len(vocabulary),
    }
    keys["tokenizer.ggml.tokens"] += ["ab"]
    keys["tokenizer.ggml.token_type"] += [1]
    names = {in_words_of(QWEN, name): name for name in weights}
    meant = write_gguf(tmp_path / "qwen.gguf", "qwen3", {name: weights[old] for name, old in names.items()}, keys)
    plain = tmp_path / "plain" / "qwen.safetensors"
    plain.parent.mkdir()
    shutil.copytree(file.parent / "tokenizer", plain.parent / "tokenizer")
    template = plain.parent / "tokenizer" / "chat_template.jinja"
    template.unlink(missing_ok=True)
    save_file({names[name]: value for name, value in meant.items()}, plain)
    torch.testing.assert_close(
        said(tmp_path / "qwen.gguf", family="Z-Image"), said(plain, family="Z-Image"), atol=1e-5, rtol=1e-4
    )


@torch.no_grad()
def test_t5_as_gguf_brings_its_tokenizer(flux: Split, tmp_path: Path) -> None:
    clip, t5 = flux.texts
    weights = load_file(t5)
    tokenizer = json.loads((t5.parent / "tokenizer" / "tokenizer.json").read_text(encoding="utf-8"))
    pieces = tokenizer["model"]["vocab"]
    keys = {
        "tokenizer.ggml.model": "t5",
        "tokenizer.ggml.tokens": [piece for piece, _ in pieces],
        "tokenizer.ggml.scores": [float(score) for _, score in pieces],
    }
    names = {in_words_of(T5, name): name for name in weights}
    assert all(name.startswith(("enc.", "token_embd.")) for name in names)
    meant = write_gguf(tmp_path / "t5.gguf", "t5encoder", {name: weights[old] for name, old in names.items()}, keys)
    plain = tmp_path / "plain" / "t5.safetensors"
    plain.parent.mkdir()
    shutil.copytree(t5.parent / "tokenizer", plain.parent / "tokenizer")
    save_file({names[name]: value for name, value in meant.items()}, plain)
    torch.testing.assert_close(said(clip, tmp_path / "t5.gguf"), said(clip, plain), atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_where_a_tokenizer_is_found(z_image: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file,) = z_image.texts
    tokenizer, wanted = file.parent / "tokenizer", said(file, family="Z-Image")
    alone = tmp_path / "ComfyUI" / "models" / "text_encoders" / "qwen_3_4b.safetensors"
    alone.parent.mkdir(parents=True)
    shutil.copy(file, alone)
    with pytest.raises(NodeError) as caught:
        said(alone, family="Z-Image")
    for word in ("qwen_3_4b.safetensors brings no tokenizer", "Tongyi-MAI/Z-Image-Turbo", "a folder called tokenizer"):
        assert word in str(caught.value)
    assert torch.equal(said(alone, family="Z-Image", tokenizer=str(tokenizer)), wanted)
    assert torch.equal(said(alone, family="Z-Image", tokenizer=str(z_image.folder)), wanted)
    comfyui = tmp_path / "ComfyUI" / "comfy" / "text_encoders" / "qwen25_tokenizer"
    shutil.copytree(tokenizer, comfyui)
    assert torch.equal(said(alone, family="Z-Image"), wanted)
    shutil.rmtree(comfyui)
    content = torch.frombuffer(bytearray((tokenizer / "tokenizer.json").read_bytes()), dtype=torch.uint8)
    inside = tmp_path / "inside.safetensors"
    save_file({**load_file(file), "tokenizer_json": content}, inside)
    plain = said(inside, family="Z-Image")
    assert plain.shape == wanted.shape
    save_file({**load_file(file), "tokenizer_json": content[:50]}, inside)
    with pytest.raises(NodeError, match=r"the tokenizer inside .*inside\.safetensors cannot be read"):
        said(inside, family="Z-Image")


@torch.no_grad()
def test_a_whole_model_will_do(flux: Split) -> None:
    assert flux.whole is not None
    wanted = said(*flux.texts)
    assert torch.equal(said(flux.whole), wanted)
    assert torch.equal(said(flux.folder), wanted)


def test_what_does_not_fit_is_a_sentence(flux: Split, z_image: Split, tmp_path: Path) -> None:
    clip, t5 = (str(file) for file in flux.texts)
    (qwen,) = z_image.texts
    with pytest.raises(NodeError, match="no text encoder is named"):
        load_text_encoder()
    with pytest.raises(NodeError, match=r"FLUX\.1 reads texts by CLIP-L and T5-XXL, and T5-XXL is not given"):
        load_text_encoder(clip, family="FLUX.1")
    with pytest.raises(NodeError, match=r"holds the text encoder Qwen3 alone, and FLUX\.1 reads texts by CLIP-L"):
        load_text_encoder(clip, str(qwen), family="FLUX.1")
    with pytest.raises(
        NodeError, match=r"several families read texts by T5: Bria, Chroma, PixArt-Sigma, PixArt-alpha; set family"
    ):
        load_text_encoder(t5)
    with pytest.raises(NodeError, match="no family that is known here reads texts by CLIP-L and CLIP-L"):
        load_text_encoder(clip, clip)
    with pytest.raises(NodeError, match=r"holds the transformer of FLUX\.1 alone, which the node Load diffusion model"):
        load_text_encoder(str(flux.network))
    with pytest.raises(
        NodeError, match=r"there is no such family; choose one of Anima, AuraFlow, Bria, Chroma, .*FLUX\.1"
    ):
        load_text_encoder(clip, t5, family="FLUX.9")
    weights = load_file(t5)
    save_file({**weights, "encoder.block.0.layer.0.gate.weight": torch.zeros(2, 2)}, tmp_path / "more.safetensors")
    shutil.copytree(Path(t5).parent / "tokenizer", tmp_path / "tokenizer")
    with pytest.raises(NodeError, match=r"holds encoder\.block\.0\.layer\.0\.gate\.weight, which the network"):
        load_text_encoder(clip, str(tmp_path / "more.safetensors"))
    save_file({**weights, "shared.weight": weights["shared.weight"].flatten()}, tmp_path / "flat.safetensors")
    with pytest.raises(NodeError, match=r"has the weight shared\.weight in a shape that none has"):
        load_text_encoder(clip, str(tmp_path / "flat.safetensors"))
    weights.pop("encoder.block.1.layer.1.DenseReluDense.wo.weight")
    save_file(weights, tmp_path / "less.safetensors")
    with pytest.raises(NodeError, match=r"lacks the weight encoder\.block\.1\.layer\.1\.DenseReluDense\.wo"):
        load_text_encoder(clip, str(tmp_path / "less.safetensors"))


def test_a_weight_that_does_not_fit_is_told_by_its_name_in_the_file(flux: Split, tmp_path: Path) -> None:
    """Under Black Forest Labs' names, where the network's own are others."""
    weights, path = load_file(flux.network), tmp_path / "network.safetensors"
    name = "double_blocks.0.img_attn.proj.weight"
    save_file({**weights, name: torch.cat([weights[name], weights[name][:1]])}, path)
    with pytest.raises(NodeError, match=rf"network\.safetensors: its {name} is 65 x 64, and not 64 x 64"):
        load_diffusion_model(str(path))
    save_file({**weights, name: weights[name].index_fill(0, torch.tensor([3]), float("nan"))}, path)
    with pytest.raises(NodeError, match=rf"/network\.safetensors: its weight {name} holds numbers that are none"):
        load_diffusion_model(str(path))


@pytest.mark.parametrize("before", ["module.", "model.", "net."])
def test_what_programs_put_before_every_name_is_taken_away(before: str, flux: Split, tmp_path: Path) -> None:
    def wrapped(path: Path) -> str:
        at = tmp_path / path.parent.name / path.name
        at.parent.mkdir(exist_ok=True)
        save_file({before + name: value for name, value in load_file(path).items()}, at)
        return str(at)

    clip, t5 = flux.texts
    shutil.copytree(t5.parent / "tokenizer", tmp_path / t5.parent.name / "tokenizer", dirs_exist_ok=True)
    found, wanted = load_text_encoder(str(clip), wrapped(t5)), load_text_encoder(str(clip), str(t5))
    assert torch.equal(found.encode(["red"]).tokens, wanted.encode(["red"]).tokens)
    (network, _), (plain, _) = load_diffusion_model(wrapped(flux.network)), load_diffusion_model(str(flux.network))
    weights = network.module.state_dict()
    assert all(torch.equal(weights[name], weight) for name, weight in plain.module.state_dict().items())


def test_an_open_clip_with_its_last_layer_does_without_it(tmp_path: Path) -> None:
    """Stable Diffusion 2 reads the last but one of OpenCLIP-H's 24 layers, and most files of it end there."""
    torch.manual_seed(0)
    shape = {"hidden_size": 64, "intermediate_size": 64, "num_attention_heads": 1, "hidden_act": "gelu"}
    weights = CLIPTextModel(CLIPTextConfig(num_hidden_layers=24, **shape)).state_dict()
    save_file(weights, tmp_path / "whole.safetensors")
    short = {name: value for name, value in weights.items() if ".layers.23." not in name}
    save_file(short, tmp_path / "short.safetensors")
    found, wanted = (
        load_text_encoder(str(tmp_path / f"{name}.safetensors"), family="Stable Diffusion 2").encode(["red"]).tokens
        for name in ("whole", "short")
    )
    assert torch.equal(found, wanted)


LOST = [(0, "encoder.layers.5."), (0, "final_layer_norm."), (1, "encoder.final_layer_norm.")]


@pytest.mark.parametrize(("place", "lost"), LOST)
def test_a_layer_in_the_middle_and_a_last_norm_are_missed(place: int, lost: str, flux: Split, tmp_path: Path) -> None:
    kept = {name: value for name, value in load_file(flux.texts[place]).items() if lost not in name}
    files = [str(one) for one in flux.texts]
    files[place] = str(save(kept, tmp_path / "less.safetensors"))
    with pytest.raises(NodeError, match=rf"less\.safetensors lacks the weight [\w.]*{re.escape(lost)}"):
        load_text_encoder(*files, family="FLUX.1")


def test_a_table_of_no_tokens_is_refused(z_image: Split, tmp_path: Path) -> None:
    weights = load_file(z_image.texts[0])
    name = next(name for name in weights if name.endswith("embed_tokens.weight"))
    save_file({**weights, name: weights[name][:0]}, tmp_path / "none.safetensors")
    shutil.copytree(z_image.texts[0].parent / "tokenizer", tmp_path / "tokenizer")
    with pytest.raises(NodeError, match=rf"none\.safetensors: its {name} is empty"):
        load_text_encoder(str(tmp_path / "none.safetensors"), family="Z-Image")


def shorter(file: Path, end: str, rows: int, to: Path) -> Path:
    """A copy of a file, in which the table that ends so has fewer rows."""
    weights = load_file(file)
    name = next(name for name in weights if name.endswith(end))
    save_file({**weights, name: weights[name][:rows].clone()}, to)
    return to


def test_a_clip_with_fewer_places_than_it_reads_is_refused(flux: Split, tmp_path: Path) -> None:
    files = [str(one) for one in flux.texts]
    files[0] = str(shorter(flux.texts[0], "position_embedding.weight", 60, tmp_path / "cut.safetensors"))
    with pytest.raises(NodeError, match=r"cut\.safetensors has places for 60 tokens of a text, and CLIP reads 77"):
        load_text_encoder(*files, family="FLUX.1")


def test_a_table_with_fewer_tokens_than_the_tokenizer_is_refused(flux: Split, z_image: Split, tmp_path: Path) -> None:
    for split_files, place, family in ((flux, 0, "FLUX.1"), (flux, 1, "FLUX.1"), (z_image, 0, "Z-Image")):
        at = tmp_path / f"{family}{place}"
        at.mkdir()
        files = [str(one) for one in split_files.texts]
        end = ("token_embedding.weight", "shared.weight")[place] if family == "FLUX.1" else "embed_tokens.weight"
        files[place] = str(shorter(split_files.texts[place], end, 20, at / "cut.safetensors"))
        if (beside := split_files.texts[place].parent / "tokenizer").is_dir():
            shutil.copytree(beside, at / "tokenizer")
        with pytest.raises(NodeError, match=r"cut\.safetensors (knows 20 tokens|brings no tokenizer)"):
            load_text_encoder(*files, family=family)
