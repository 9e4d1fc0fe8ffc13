"""What a workflow reads is looked at before it runs: files that are not there, models that its nodes do not load."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.validate.check import check
from nodeflow.library.check_files import problems_on_disk
from nodeflow.resources import folder
from tests.library.files import write_sparse
from tests.library.layouts.shapes import FLUX

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())


def told(workflow: Workflow, base: Path) -> list[str]:
    return [str(problem) for problem in problems_on_disk(workflow, CATALOGUE, base, lambda _: [])]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    workflow = Workflow({"image": Node("nodes.load_image", 1, {"path": "gone.png"})})
    assert told(workflow, tmp_path) == ["image.path: gone.png is not there; choose another"]
    Image.new("RGB", (2, 2)).save(tmp_path / "gone.png")
    assert told(workflow, tmp_path) == []


def test_a_file_that_a_wire_gives_is_the_runs_to_find(tmp_path: Path) -> None:
    nodes = {"text": Node("nodes.text", 1), "image": Node("nodes.load_image", 1, {"path": "gone.png"})}
    workflow = Workflow(nodes)
    link = Link("text", "value", "image", "path")
    workflow.links[link.socket] = link
    assert told(workflow, tmp_path) == []


@pytest.mark.parametrize(
    ("node", "model", "says"),
    [
        ("nodes.load_vae", "starter:clip", "Load VAE loads"),
        ("nodes.load_latent_diffusion", "flux.safetensors", "holds the transformer of FLUX.1"),
        ("nodes.load_latent_diffusion", "cut.safetensors", "damaged or was cut short"),
        ("nodes.apply_lora", "flux.safetensors", "LoRA loads a LoRA"),
    ],
)
def test_a_model_of_another_kind_is_told_as_the_node_tells_it(node: str, model: str, says: str, tmp_path: Path) -> None:
    write_sparse(tmp_path / "flux.safetensors", FLUX)
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "flux.safetensors").read_bytes()[:500])
    name = "lora" if node == "nodes.apply_lora" else "model"
    (sentence,) = told(Workflow({"one": Node(node, 1, {name: model})}), tmp_path)
    assert sentence.startswith(f"one.{name}: {model.removeprefix('starter:')} ")
    assert says in sentence


def test_models_that_fit_are_good(tmp_path: Path) -> None:
    loaders = {kind: spec for kind, spec in CATALOGUE.nodes.items() if any(p.widget == "model" for p in spec.params)}
    assert told(Workflow({kind.replace(".", "_"): Node(kind, 1) for kind in loaders}), tmp_path) == []


@pytest.mark.parametrize(
    ("family", "told_of"),
    [
        ("auto", []),
        ("FLUX.1", []),
        (
            "Z-Image",
            [
                "one.family: models/flux.safetensors holds the transformer of FLUX.1 alone, and family says Z-Image; "
                "set it to auto"
            ],
        ),
    ],
)
def test_a_family_that_a_file_is_not_of_is_told(family: str, told_of: list[str], tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    write_sparse(tmp_path / "models" / "flux.safetensors", FLUX)
    node = Node("nodes.load_diffusion_model", 1, {"model": "models/flux.safetensors", "family": family})
    assert told(Workflow({"one": node}), tmp_path) == told_of


def test_a_folder_without_a_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    write_sparse(tmp_path / "t5.safetensors", {"encoder.block.0.layer.0.SelfAttention.q.weight": (8, 8)})
    values = {"model": "t5.safetensors", "tokenizer": "folder", "family": "Chroma"}
    node = Node("nodes.load_text_encoder", 1, values)
    (problem,) = told(Workflow({"one": node}), tmp_path)
    assert problem.startswith("one.tokenizer: folder holds no tokenizer; name a folder with tokenizer.json, ")
    (tmp_path / "folder" / "tokenizer.json").write_text("{}")
    assert told(Workflow({"one": node}), tmp_path) == []


def test_a_repository_in_the_hubs_cache_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a parameter that takes no folder, and at a node that loads another kind."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    place = tmp_path / "hub" / "models--someone--model"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("0" * 40)
    at = place / "snapshots" / ("0" * 40)
    at.mkdir(parents=True)
    (at / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    node = Node("nodes.load_conditioning", 1, {"model": "someone/model"})
    (problem,) = told(Workflow({"one": node}), tmp_path)
    assert "holds Stable Diffusion" in problem and "Load conditioning loads an encoded text" in problem


@pytest.mark.parametrize("name", ["pipe", "pipe.png", "pipe.safetensors"])
@pytest.mark.parametrize("type", ["load_image", "load_vae", "files", "wildcards", "apply_lora"])
def test_a_pipe_is_never_waited_for(tmp_path: Path, name: str, type: str) -> None:
    os.mkfifo(tmp_path / name)
    param = next(one.name for one in CATALOGUE.nodes[f"nodes.{type}"].params if one.reads)
    (told,) = problems_on_disk(
        Workflow({"one": Node(f"nodes.{type}", None, {param: name})}), CATALOGUE, tmp_path, lambda _: []
    )
    assert told.port == param and "pipe" in told.reason


@pytest.mark.parametrize("value", ["https://example.org/x.safetensors", "a\0b", "~nobody/x.safetensors"])
def test_what_no_model_can_be_called_is_told_once(tmp_path: Path, value: str) -> None:
    workflow = Workflow({"one": Node("nodes.load_vae", None, {"model": value})})
    assert problems_on_disk(workflow, CATALOGUE, tmp_path, lambda _: []) == []
    assert [one.port for one in check(workflow, CATALOGUE)] == ["model"]


def test_a_name_of_several_lines_is_told_in_one(tmp_path: Path) -> None:
    workflow = Workflow({"one": Node("nodes.load_vae", None, {"model": "a\nb"})})
    (told,) = problems_on_disk(workflow, CATALOGUE, tmp_path, lambda _: [])
    assert told.reason.startswith("a b is in none of the model folders")
