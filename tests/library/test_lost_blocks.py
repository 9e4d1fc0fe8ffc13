"""Files that lost blocks of their network, with a header that is whole: refused by the blocks; other depths open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from diffusers import T2IAdapter
from typer.testing import CliRunner

from nodeflow.cli.main import cli
from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.library.check_files import problems_on_disk
from nodeflow.library.header_reader import read_header
from nodeflow.library.recognise import recognise
from nodeflow.library.recognised import Recognised
from nodeflow.node import NodeError
from nodeflow.resources import folder
from nodes.loaders.load_by_family import load_text_encoder
from nodes.loaders.load_models import load_latent_diffusion, load_vae
from nodes.loaders.read.recognise import recognise as recognise_for_loading
from tests.library.files import write_gguf, write_sparse
from tests.library.layouts.shapes import Shapes
from tests.library.true_networks import READERS, TRANSFORMERS, reader, transformer
from tests.nodes.original_layout import write_original

UNSURE = re.compile(
    r"adaln_modulation|extra_embedder|projector\.net|mode_blocks\.image|mlp|caption_projection|cap(tion)?_embedder|norms\.$"
)
"""Lists of layers that are of another kind, or as long as another list is: the loader itself misses theirs."""


def lists(shapes: Shapes) -> Iterator[tuple[str, int]]:
    """The beginnings of the names of numbered blocks at the top of a network, and how many there are."""
    found: dict[str, set[int]] = {}
    for name in shapes:
        if told := re.match(r"((?:[a-z_]+\d?\.)+)(\d+)\.", name):
            found.setdefault(told[1], set()).add(int(told[2]))
    for beginning, numbers in found.items():
        if len(numbers) > 1 and not UNSURE.search(beginning):
            yield beginning, max(numbers) + 1


def without(shapes: Shapes, *beginnings: str) -> Shapes:
    return {name: shape for name, shape in shapes.items() if not name.startswith(beginnings)}


def told(at: Path, shapes: Shapes) -> Recognised:
    return recognise(write_sparse(at / "m.safetensors", shapes))


def check_lists(at: Path, shapes: Shapes) -> None:
    assert told(at, shapes).lost == ""
    found = list(lists(shapes))
    assert found
    for beginning, count in found:
        last = f"block {count - 1} of {count} ({beginning}{count - 1})"
        assert told(at, without(shapes, f"{beginning}{count - 1}.")).lost == last
        if count > 2:
            assert told(at, without(shapes, f"{beginning}1.")).lost == f"block 1 of {count} ({beginning}1)"


@pytest.mark.parametrize("name", TRANSFORMERS)
def test_a_transformer_says_which_blocks_it_lost(name: str, tmp_path: Path) -> None:
    for shapes in transformer(name).values():
        check_lists(tmp_path, shapes)


@pytest.mark.parametrize("name", [name for name in READERS if name != "OpenCLIP-H"])
def test_a_text_encoder_says_which_blocks_it_lost(name: str, tmp_path: Path) -> None:
    check_lists(tmp_path, reader(name))


def test_blocks_are_told_as_people_count_and_by_their_names(tmp_path: Path) -> None:
    shapes = reader("T5 1.1 XXL")
    block = "encoder.block."
    cases = {
        "blocks 22 and 23 of 24 (encoder.block.22)": (22, 23),
        "blocks 20 to 23 of 24 (encoder.block.20)": range(20, 24),
        "block 5 of 24 (encoder.block.5)": (5,),
        "blocks 5, 9 and 23 of 24 (encoder.block.5)": (5, 9, 23),
    }
    for lost, numbers in cases.items():
        found = told(tmp_path, without(shapes, *(f"{block}{number}." for number in numbers)))
        assert (found.lost, found.node) == (lost, "")
        assert found.reason.startswith(f"it lacks {lost}; take a whole one")


def test_both_kinds_of_blocks_are_told(tmp_path: Path) -> None:
    shapes = transformer("FLUX.1")["original"]
    found = told(tmp_path, without(shapes, "double_blocks.18.", "single_blocks.36.", "single_blocks.37."))
    assert found.lost == "block 18 of 19 (double_blocks.18) and blocks 36 and 37 of 38 (single_blocks.36)"
    assert (found.kind, found.family) == ("transformer", "FLUX.1")


def test_a_network_of_less_than_half_of_any_depth_was_made_small(tmp_path: Path) -> None:
    shapes = transformer("FLUX.1")["original"]
    one = without(
        shapes, *(f"double_blocks.{n}." for n in range(1, 19)), *(f"single_blocks.{n}." for n in range(1, 38))
    )
    assert (told(tmp_path, one).lost, told(tmp_path, one).node) == ("", "nodes.load_diffusion_model")
    half = without(reader("T5 1.1 XXL"), *(f"encoder.block.{number}." for number in range(12, 24)))
    assert told(tmp_path, half).lost == "blocks 12 to 23 of 24 (encoder.block.12)"


def test_an_open_clip_may_be_without_its_last_layer_alone(tmp_path: Path) -> None:
    shapes = reader("OpenCLIP-H")
    assert told(tmp_path, without(shapes, "encoder.layers.23.")).lost == ""
    lost = told(tmp_path, without(shapes, "encoder.layers.23.", "encoder.layers.22.")).lost
    assert lost == "block 22 of 23 (encoder.layers.22)"


PREFIXES = "text_encoders.t5xxl.transformer.", "transformer."


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_text_encoder_in_a_whole_file_says_it_too(prefix: str, tmp_path: Path) -> None:
    whole = {f"model.diffusion_model.{name}": shape for name, shape in transformer("FLUX.1")["original"].items()}
    whole |= {prefix + name: shape for name, shape in reader("T5 1.1 XXL").items()}
    assert told(tmp_path, whole).lost == ""
    lost = told(tmp_path, without(whole, f"{prefix}encoder.block.23.")).lost
    assert lost == f"block 23 of 24 ({prefix}encoder.block.23)"


def test_a_quantised_one_says_it_too(tmp_path: Path) -> None:
    shapes = reader("Qwen3 4B")
    halved = {name: (rows[0], rows[1] // 2) if "proj" in name else rows for name, rows in shapes.items()}
    codes = {name: "U8" for name in halved if "proj" in name}
    path = write_sparse(tmp_path / "m.safetensors", without(halved, "layers.35."), dtypes=codes)
    assert recognise(path).lost == "block 35 of 36 (layers.35)"


def test_what_is_put_beside_a_network_has_as_many_blocks_as_it_likes(tmp_path: Path) -> None:
    shapes = without(transformer("FLUX.1")["diffusers"], *(f"transformer_blocks.{n}." for n in range(5, 19)))
    control = {**without(shapes, "single_"), "controlnet_x_embedder.weight": (3072, 64)}
    control |= {f"controlnet_blocks.{n}.weight": (3072, 3072) for n in range(5)}
    found = told(tmp_path, control)
    assert (found.kind, found.lost) == ("controlnet", "")


def test_an_upscaler_and_a_t2i_adapter_say_it_too(tmp_path: Path) -> None:
    upscaler = {f"params_ema.body.{n}.rdb1.conv1.weight": (32, 64, 3, 3) for n in range(23)}
    assert told(tmp_path, upscaler).lost == ""
    lost = told(tmp_path, without(upscaler, "params_ema.body.22.")).lost
    assert lost == "block 22 of 23 (params_ema.body.22)"
    with torch.device("meta"):
        weights = T2IAdapter(channels=[320, 640, 1280, 1280]).state_dict()
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    assert told(tmp_path, shapes).lost == ""
    assert told(tmp_path, without(shapes, "adapter.body.3.")).lost == "block 3 of 4 (adapter.body.3)"


def test_an_ip_adapter_says_it_too(tmp_path: Path) -> None:
    """Of the kind that looks at patches, as ip-adapter-plus_sd15 and ip-adapter-plus_sdxl_vit-h have it."""
    for width in (768, 1280):
        shapes = {"image_proj.latents": (1, 16, width), "ip_adapter.1.to_k_ip.weight": (320, 768)}
        shapes |= {f"image_proj.layers.{n}.0.to_q.weight": (width, width) for n in range(4)}
        assert told(tmp_path, shapes).lost == ""
        assert told(tmp_path, without(shapes, "image_proj.layers.3.")).lost == "block 3 of 4 (image_proj.layers.3)"


def test_a_gguf_says_itself_how_many_blocks_it_has(tmp_path: Path) -> None:
    pairs = {"general.architecture": "qwen3", "qwen3.block_count": "4"}
    blocks = {f"blk.{n}.attn_q.weight": ((32, 64), 12) for n in range(4)}
    whole = {"token_embd.weight": ((64, 64), 12), **blocks}
    assert recognise(write_gguf(tmp_path / "m.gguf", whole, pairs)).lost == ""
    del whole["blk.3.attn_q.weight"]
    assert recognise(write_gguf(tmp_path / "m.gguf", whole, pairs)).lost == "block 3 of 4 (blk.3)"


def test_loaders_the_check_and_the_terminal_agree(tmp_path: Path) -> None:
    path = write_sparse(tmp_path / "reader.safetensors", without(reader("T5 1.1 XXL"), "encoder.block.23."))
    with pytest.raises(NodeError, match=r"T5 alone, but it lacks block 23 of 24 \(encoder.block.23\); take a whole"):
        recognise_for_loading(path)
    flow = Workflow({"one": Node("nodes.load_text_encoder", 1, {"model": str(path)})})
    catalogue = decode((folder("assets") / "catalogue.json").read_bytes())
    (problem,) = problems_on_disk(flow, catalogue, tmp_path, lambda _: [])
    assert (problem.port, "lacks block 23 of 24" in problem.reason) == ("model", True)
    ran = CliRunner().invoke(cli, ["models", "info", str(path), "--json"])
    found = json.loads(ran.output)
    assert (ran.exit_code, found["kind"], found["node"]) == (0, "text encoder", "")
    assert found["reason"].startswith("it lacks block 23 of 24 (encoder.block.23)")


def test_a_whole_file_is_read_for_the_parts_that_it_has_whole(tmp_path: Path) -> None:
    network = {f"model.diffusion_model.{name}": shape for name, shape in transformer("FLUX.1")["original"].items()}
    texts = {f"text_encoders.t5xxl.transformer.{name}": shape for name, shape in reader("T5 1.1 XXL").items()}
    cut_text = {**network, **without(texts, "text_encoders.t5xxl.transformer.encoder.block.23.")}
    cut_network = {**without(network, "model.diffusion_model.single_blocks.37."), **texts}
    text, block = r"lacks block 23 of 24 \(text_encoders", r"lacks block 37 of 38 \(model\.diffusion_model\.single"
    for shapes, reads, other, says in ((cut_text, "network", "texts", text), (cut_network, "texts", "network", block)):
        path = write_sparse(tmp_path / "whole.safetensors", shapes)
        assert recognise_for_loading(path, reads).family == recognise_for_loading(path, "VAE").family == "FLUX.1"
        for part in (other, ""):
            with pytest.raises(NodeError, match=rf"holds FLUX\.1 in one file .*, but it {says}"):
                recognise_for_loading(path, part)


def test_a_vae_is_loaded_from_beside_a_text_encoder_that_was_cut(tmp_path: Path) -> None:
    write_original(tmp_path / "small.safetensors", False)
    text = "cond_stage_model.transformer.text_model."
    tensors = read_header(tmp_path / "small.safetensors").tensors
    shapes = {name: tensor.shape for name, tensor in tensors.items() if not name.startswith("cond_stage_model.")}
    shapes |= {f"{text}{name.removeprefix('text_model.')}": shape for name, shape in reader("CLIP-L").items()}
    path = write_sparse(tmp_path / "whole.safetensors", without(shapes, f"{text}encoder.layers.11."))
    assert load_vae(str(path)).format.channels == 4
    for load in (load_text_encoder, load_latent_diffusion):
        with pytest.raises(NodeError, match=r"lacks block 11 of 12 \(cond_stage_model\.transformer\.text_model\.enc"):
            load(str(path))


def test_a_part_names_only_what_it_lacks_itself(tmp_path: Path) -> None:
    network = {f"model.diffusion_model.{name}": shape for name, shape in transformer("FLUX.1")["original"].items()}
    texts = {f"text_encoders.t5xxl.transformer.{name}": shape for name, shape in reader("T5 1.1 XXL").items()}
    lost = "model.diffusion_model.single_blocks.37.", "text_encoders.t5xxl.transformer.encoder.block.23."
    found = told(tmp_path, without({**network, **texts}, *lost))
    assert list(found.lost_of) == ["network", "T5-XXL"]
    assert found.lost == " and ".join(found.lost_of.values())
