"""What a run refuses before it computes anything is found when the workflow is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from nodeflow.graph.model.catalogue import decode
from nodeflow.graph.model.workflow import Link, Node, Workflow
from nodeflow.graph.validate.check import check
from nodeflow.library.check_files import problems_on_disk
from nodeflow.resources import folder

CATALOGUE = decode((folder("assets") / "catalogue.json").read_bytes())
SNAPSHOT = Path("models--someone--model") / "snapshots" / ("0" * 40)


def told(workflow: Workflow, base: Path) -> list[str]:
    found = check(workflow, CATALOGUE) + problems_on_disk(workflow, CATALOGUE, base, lambda _: [])
    return [str(problem) for problem in found if "needs a wire" not in problem.reason]


def alone(kind: str, **params: Any) -> Workflow:
    return Workflow({"one": Node(f"nodes.{kind}", None, params)})


@pytest.mark.parametrize(
    ("kind", "param", "value", "says"),
    [
        ("load_image", "path", "", "names nothing; choose a file"),
        ("load_image", "path", " ", "names nothing; choose a file"),
        ("load_flux", "model", "", "names nothing; choose a model"),
        ("apply_lora_to_text", "lora", "", "names nothing; choose a model"),
        ("files", "folder", "", "names nothing; choose a folder"),
        ("plain_image", "colour", "red", "'red' is not a colour as #rrggbb"),
        ("mask_from_colour", "colour", "#12", "'#12' is not a colour as #rrggbb"),
        ("fit_image_into", "colour", "", "'' is not a colour as #rrggbb"),
        ("save_image", "name", "{gone}", "asks for {gone}, which stands for nothing"),
        ("save_image", "name", "{sampler.steps}", "asks for {sampler.steps}, which stands for nothing"),
        ("save_image", "name", "a/b", "cannot be the name of a file"),
        ("save_image", "name", ".hidden", "cannot be the name of a file"),
        ("save_image", "folder", "{gone}/x", "asks for {gone}, which stands for nothing"),
        ("find_in_text", "pattern", "(", "'(' is no pattern: missing )"),
        ("replace_by_pattern", "pattern", "[", "'[' is no pattern"),
        ("expression", "expression", "a +", "cannot be worked out: it is not written as arithmetic"),
        ("expression", "expression", "a + 1", "cannot be worked out: there is no a here"),
        ("expression", "expression", "1, 2", "cannot be worked out: it is not written as arithmetic"),
        ("expression", "expression", "1e400", "cannot be worked out: it comes to no finite number"),
        ("painted_mask", "mask", "x", "is not a painted mask"),
        ("fill_in_text", "text", "{b}", "asks for {b}, which nothing is wired to"),
        ("fill_in_text", "text", "{", "cannot be filled in"),
        ("manual_sigmas", "values", "1, x", "is no list of numbers"),
        ("manual_sigmas", "values", "1, 2", "rises, or stays"),
        ("scale_image_to_nearest_size", "sizes", "512x0", "is not sizes with commas between"),
        ("sampler_error", "steps", "0 5", "is not numbers of steps from 1 up"),
        ("mag_cache", "ratios", "1, -1", "is not numbers above 0"),
        ("noise_stream", "batch_index", "0, x", "is not whole numbers from 0"),
        ("noise_stream", "large_seed", "-1", "is not a seed"),
        ("apply_lora", "blocks", "IN04", "is not names of blocks with numbers"),
        ("layout_prompt", "boxes", "{", "is no JSON"),
        ("number_from_text", "text", "twelve", "is no number; write one such as 12"),
        ("number_from_text", "text", "1e400", "is beyond 64 bits"),
        ("zero_shot", "template", "a cat", "is not a text with {}"),
        ("zero_shot", "classes", "cat", "is not at least two"),
        ("files", "pattern", "../*", "is not a pattern for files of this folder"),
    ],
)  # fmt: skip
def test_a_text_that_its_node_cannot_read(kind: str, param: str, value: str, says: str, tmp_path: Path) -> None:
    (sentence,) = [one for one in told(alone(kind, **{param: value}), tmp_path) if one.startswith(f"one.{param}: ")]
    assert says in sentence


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("plain_image", {"colour": " #Ff8800 "}),
        ("save_image", {"name": "{date} {seed}-{save.quality}", "folder": "{date}/x"}),
        ("find_in_text", {"pattern": r"(a|b)+\\d{2}"}),
        ("expression", {"expression": "max(2, 3) // 2 if pi > 3 else sum([1, 2])"}),
        ("fill_in_text", {"text": "{{a}}"}),
        ("manual_sigmas", {"values": "14.6, 3e0;1\n.5 0"}),
        ("scale_image_to_nearest_size", {"sizes": "512x512, 640 x 480,"}),
        ("noise_stream", {"batch_index": "0,2 5", "large_seed": " 18446744073709551615"}),
        ("apply_lora", {"blocks": "IN04-08: 0.5, MID: 0;\n transformer_blocks.0-9: -1e-1"}),
        ("mag_cache", {"ratios": "1.0, 1.02 .98"}),
    ],
)
def test_what_its_node_reads_is_in_order(kind: str, params: dict[str, str], tmp_path: Path) -> None:
    workflow = alone(kind, **params)
    workflow.nodes["save"] = Node("nodes.save_image", None, {"quality": 90})
    assert told(workflow, tmp_path) == []


def test_what_is_wired_is_known_to_a_text_that_names_it(tmp_path: Path) -> None:
    workflow = Workflow(
        {
            "number": Node("nodes.number", None),
            "sum": Node("nodes.expression", None, {"expression": "a * 2 + sum(values)"}),
            "text": Node("nodes.fill_in_text", None, {"text": "{a:.2f}"}),
        }
    )
    for link in (Link("number", "value", "sum", "a"), Link("number", "value", "text", "a")):
        workflow.links[link.socket] = link
    assert told(workflow, tmp_path) == []


def test_a_wire_gives_what_is_empty(tmp_path: Path) -> None:
    workflow = Workflow({"text": Node("nodes.text", None), "image": Node("nodes.load_image", None)})
    link = Link("text", "value", "image", "path")
    workflow.links[link.socket] = link
    assert told(workflow, tmp_path) == []


def test_files_of_another_kind_are_told(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("no image")
    Image.new("RGB", (2, 2)).save(tmp_path / "good.png")
    says = {"note.txt": "is no image that can be read", ".": "is a folder; choose a file in it", "good.png": ""}
    for name, wanted in says.items():
        found = told(alone("load_image", path=name), tmp_path)
        assert (wanted in found[0]) if wanted else not found
    assert "is a file; choose the folder" in told(alone("files", folder="note.txt"), tmp_path)[0]


def test_each_model_of_a_node_is_looked_at(tmp_path: Path) -> None:
    for param, says in {
        "text_encoder_2": "clip holds a CLIP, which the node Load CLIP loads; Load text encoder loads",
        "vae": "clip holds a CLIP, which the node Load CLIP loads; Load VAE loads",
    }.items():
        (sentence,) = told(alone("load_model", **{param: "starter:clip"}), tmp_path)
        assert says in sentence
    (sentence,) = told(alone("load_flow_transformer", transformer="starter:clip"), tmp_path)
    assert "clip is a folder; transformer takes one .safetensors or .gguf file" in sentence


def hub(cache: Path, *files: str, parts: tuple[str, ...] = ("unet", "vae")) -> None:
    """A repository in the hub's cache with these files."""
    snapshot = cache / SNAPSHOT
    snapshot.mkdir(parents=True)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text(SNAPSHOT.name)
    index = {"_class_name": "StableDiffusionPipeline", **{part: ["diffusers", "Model"] for part in parts}}
    (snapshot / "model_index.json").write_text(json.dumps(index))
    for name in files:
        (snapshot / name).parent.mkdir(exist_ok=True)
        (snapshot / name).write_text("{}")


WEIGHTS = "diffusion_pytorch_model.safetensors"
UNET, VAE = ("unet/config.json", f"unet/{WEIGHTS}"), ("vae/config.json", f"vae/{WEIGHTS}")


@pytest.mark.parametrize(
    ("files", "revision", "says"),
    [
        ((), "", "holds only a part of it, without unet, vae; download it"),
        (UNET, "", "holds only a part of it, without vae; download it"),
        ((*UNET, "vae/config.json"), "", "holds only a part of it, without the weights of vae; download it"),
        ((*UNET, *VAE), "other", "is not on this computer; download it"),
        ((*UNET, *VAE), "", ""),
    ],
)
def test_a_partly_filled_snapshot_is_named(
    files: tuple[str, ...], revision: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    hub(tmp_path / "hub", *files)
    found = told(alone("load_latent_diffusion", model="someone/model", revision=revision), tmp_path)
    found = [one for one in found if "computer" in one]  # what lies in it is another matter
    assert (says in found[0] and "someone/model" in found[0]) if says else not found
    monkeypatch.setenv("NODEFLOW_DOWNLOAD", "1")
    fetching = told(alone("load_latent_diffusion", model="someone/model", revision=revision), tmp_path)
    assert not [one for one in fetching if "computer" in one], "a run fetches what is missing"
