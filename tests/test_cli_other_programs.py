"""The command line with files of other programs: imported, run as they are, exported."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import nodeflow, refused, write
from PIL import Image, PngImagePlugin

from nodeflow.resources import folder

FLAT = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "starter:latent-diffusion"}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "a red circle"}},
    "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": ""}},
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}},
    "5": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["3", 0],
            "latent_image": ["4", 0],
            "seed": 3,
            "steps": 2,
            "cfg": 3.0,
            "sampler_name": "euler",
            "scheduler": "normal",
        },
    },
    "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
    "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0], "filename_prefix": "circle"}},
}
"""A workflow of ComfyUI's in the form of its interface."""


def test_a_workflow_of_comfyui_is_imported_with_a_report(tmp_path: Path) -> None:
    file = write(tmp_path / "comfy.json", FLAT | {"8": {"class_type": "Unheard of", "inputs": {"image": ["6", 0]}}})
    done = nodeflow("import", file, "--output", tmp_path / "new/out.json", "--report", tmp_path / "report.json")
    assert done.returncode == 0 and "8 nodes: 7 translated" in done.stdout, done.stderr
    assert json.loads((tmp_path / "new/out.json").read_text())["nodeflow"] == 1
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["nodes"] == {"total": 8, "translated": 7, "approximate": 0, "unknown": 1}
    assert told.keys() >= {"nodes", "models", "differences", "rows"} and told["program"] == "ComfyUI"
    refused(nodeflow("check", tmp_path / "new/out.json"), "keeps the place of ComfyUI's Unheard of")


def test_what_is_no_workflow_of_comfyui_is_refused(tmp_path: Path) -> None:
    refused(nodeflow("import", write(tmp_path / "x.json", "{}")), "holds no workflow, and no settings that are known")
    refused(nodeflow("import", tmp_path / "none.json"), "cannot read", "No such file")


def test_a_workflow_of_comfyui_that_lacks_something_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = write(tmp_path / "comfy.json", FLAT | {"8": {"class_type": "Unheard of", "inputs": {"image": ["6", 0]}}})
    done = nodeflow("run", file, "--output", tmp_path / "out")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "is a workflow of ComfyUI's that does not run as it is" in done.stderr


def test_a_workflow_of_comfyui_runs_as_it_is(tmp_path: Path) -> None:
    done = nodeflow("run", write(tmp_path / "comfy.json", FLAT), "--output", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "7 translated" in done.stderr
    assert Image.open(tmp_path / "out/circle-00001.png").size == (64, 64)


def test_an_image_of_another_program_runs_as_its_settings_say(tmp_path: Path) -> None:
    text = (
        "a red star\nNegative prompt: blue\nSteps: 2, Sampler: Euler a, CFG scale: 3, Seed: 7, Size: 64x64, Model: {}"
    )
    image = tmp_path / "made.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", text.format("starter:stable-diffusion-2"))
    Image.new("RGB", (64, 64)).save(image, pnginfo=info)
    done = nodeflow("run", image, "--output", tmp_path / "out", "--device", "cpu")
    assert done.returncode == 0 and "holds the settings of Stable Diffusion web UI" in done.stderr, done.stderr
    assert Image.open(next((tmp_path / "out").glob("*.png"))).size == (64, 64)
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", text.format("nobody has this"))
    Image.new("RGB", (64, 64)).save(image, pnginfo=info)
    done = nodeflow("run", image, "--output", tmp_path / "out")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert "1 of 1 model files are not here" in done.stderr


def test_a_workflow_is_exported_and_what_is_lost_is_named(tmp_path: Path) -> None:
    file = write(tmp_path / "comfy.json", FLAT)
    assert nodeflow("import", file, "--output", tmp_path / "ours.json").returncode == 0
    done = nodeflow("export", tmp_path / "ours.json", "--as", "comfyui-api", "--output", tmp_path / "back.json")
    assert done.returncode == 0, done.stderr
    back = json.loads((tmp_path / "back.json").read_text())
    assert sorted(node["class_type"] for node in back.values()) == sorted(node["class_type"] for node in FLAT.values())
    assert "ships with nodeflow" in done.stderr
    done = nodeflow("export", tmp_path / "ours.json", "--as", "parameters")
    assert done.returncode == 0 and "Sampler: Euler, Schedule type: Normal" in done.stdout, done.stderr
    refused(nodeflow("export", tmp_path / "ours.json", "--as", "docx"), "choose one of comfyui, comfyui-api, python")
    refused(nodeflow("export", folder("workflows") / "dit.json", "--as", "comfyui"), "counterpart in ComfyUI")


def test_an_image_keeps_the_settings_in_other_programs_words_or_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "comfy.json", FLAT)
    assert nodeflow("import", file, "--output", tmp_path / "ours.json").returncode == 0
    for metadata, keys in (("workflow and settings", {"nodeflow", "parameters"}), ("nothing", set[str]())):
        out = tmp_path / metadata
        done = nodeflow("run", tmp_path / "ours.json", "--set", f"save.metadata={metadata}", "--output", out)
        assert done.returncode == 0, done.stderr
        with Image.open(next(out.glob("*.png"))) as image:
            assert keys <= set(image.text) and (keys or not image.text)
            if keys:
                assert "Steps: " in image.text["parameters"] and "Model: " in image.text["parameters"]
