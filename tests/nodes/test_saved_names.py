"""Tests of names with values in them, and of the formats that images are saved in."""

from __future__ import annotations

import base64
import json
import random
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.gallery.image_facts import facts_of
from nodeflow.graph.io.files import dumps, has_workflow, load, loads
from nodeflow.graph.io.image_settings.image_texts import texts_of
from nodeflow.graph.model.workflow import WorkflowError
from nodeflow.node import NodeError, noting
from nodeflow.resources import folder
from nodeflow.wires import Image
from nodes.images.file_formats import Format
from nodes.images.file_names import filled
from nodes.images.image_files import load_image, save_image

WORKFLOW = json.dumps(
    {
        "nodeflow": 1,
        "nodes": {
            "guidance": {"type": "nodes.classifier_free_guidance", "params": {"scale": 2.5}},
            "prompt": {"type": "nodes.clip_text_encode", "params": {"text": "a/b: what?"}},
        },
    }
)


def picture() -> Image:
    return Image(torch.linspace(0, 1, 3 * 16 * 24).reshape(1, 3, 16, 24))


def test_gaps_are_filled() -> None:
    now = datetime(2026, 3, 4, 5, 6, 7)
    template = "{date} {time} {seed} {width}x{height} {guidance.scale} {prompt.text}"
    name = filled(template, (24, 16), '{"noise.seed": 41}', WORKFLOW, now)
    assert name == "2026-03-04 05-06-07 41 24x16 2.5 a-b- what-"
    assert filled("plain", (1, 1), "", "") == "plain"
    assert filled("{noise.seed}", (1, 1), '{"noise.seed": 41}', "") == "41"


@pytest.mark.parametrize("gap", ["{seed}", "{guidance.steps}", "{}", "{nothing}"])
def test_a_gap_that_nothing_fills_is_refused(gap: str) -> None:
    with pytest.raises(NodeError, match="stands for nothing"):
        filled(f"a {gap}", (1, 1), "", WORKFLOW)


def test_files_and_folders_take_values(tmp_path: Path) -> None:
    seeds = '{"noise.seed": 7}'
    one = save_image(picture(), "s{seed}", tmp_path / "w{width}", workflow=WORKFLOW, seeds=seeds).paths[0]
    assert one.relative_to(tmp_path).as_posix() == "w24/s7-00001.png"
    again = save_image(picture(), "s{seed}", tmp_path / "w{width}", format="JPEG", seeds=seeds).paths[0]
    assert again.name == "s7-00001.jpg", "each format counts its own"


@pytest.mark.parametrize("form", ["JPEG", "WebP", "AVIF"])
def test_formats_that_lose_come_near_and_smaller_quality_is_smaller(tmp_path: Path, form: Format) -> None:
    smooth = torch.linspace(0, 1, 128).view(1, 1, 1, 128).expand(1, 3, 96, 128).contiguous()
    sizes = []
    for quality in (20, 95):
        path = save_image(Image(smooth), f"q{quality}", tmp_path, format=form, quality=quality).paths[0]
        sizes.append(path.stat().st_size)
        with Pillow.open(path) as read:
            assert read.format == form.upper()
            values = np.asarray(read.convert("RGB"), dtype=np.float32) / 255
    assert np.abs(values - smooth[0].permute(1, 2, 0).numpy()).max() < 0.03
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("form", ["JPEG", "WebP", "AVIF"])
def test_they_hold_the_settings_where_these_are_asked_for(tmp_path: Path, form: Format) -> None:
    workflow = (folder("workflows") / "latent-diffusion.json").read_text()
    kept = save_image(picture(), "a", tmp_path, "workflow and settings", form, workflow=workflow).paths[0]
    assert "a red star on a blue background" in str(texts_of(kept.read_bytes()))
    bare = save_image(picture(), "b", tmp_path, "nothing", form, workflow=workflow).paths[0]
    assert b"red star" not in bare.read_bytes() and "red star" not in str(texts_of(bare.read_bytes()))


@pytest.mark.parametrize("form", ["PNG", "PNG, 16 bits", "JPEG", "WebP", "AVIF"])
def test_every_format_holds_the_workflow(tmp_path: Path, form: Format) -> None:
    text = (folder("workflows") / "latent-diffusion.json").read_text(encoding="utf-8")
    text = text.replace("a red star", 'a <red> \\"star\\" & 星 &copy')
    given = loads(text.encode())
    path = save_image(picture(), "a", tmp_path, "workflow", form, workflow=text, seeds='{"noise.seed": 7}').paths[0]
    assert has_workflow(path)
    assert dumps(load(path)) == dumps(given)
    assert facts_of(path, known_catalogue()).seed == "7"
    bare = save_image(picture(), "b", tmp_path, "nothing", form, workflow=text).paths[0]
    assert not has_workflow(bare)
    with pytest.raises(WorkflowError, match="holds no workflow"):
        load(bare)


@pytest.mark.parametrize("form", ["JPEG", "WebP"])
def test_a_large_workflow_is_packed(tmp_path: Path, form: Format) -> None:
    nodes = {f"text{number}": {"type": "nodes.text", "params": {"text": "far " * 50}} for number in range(2000)}
    text = json.dumps({"nodeflow": 1, "nodes": nodes})
    path = save_image(picture(), "a", tmp_path, "workflow", form, workflow=text).paths[0]
    assert load(path).nodes.keys() == nodes.keys()
    assert path.stat().st_size < len(text) // 4


def test_a_jpeg_says_what_it_has_no_room_for(tmp_path: Path) -> None:
    text = json.dumps({"nodeflow": 1, "note": base64.b64encode(random.Random(0).randbytes(90_000)).decode()})
    with noting() as said:
        path = save_image(picture(), "a", tmp_path, "workflow", "JPEG", workflow=text).paths[0]
    assert "too large for a JPEG" in said[0][1]
    assert not has_workflow(path)


def test_sixteen_bits_come_back_as_they_were(tmp_path: Path) -> None:
    values = torch.arange(3 * 40 * 50).reshape(1, 3, 40, 50) / 5999
    path = save_image(Image(values), "a", tmp_path, format="PNG, 16 bits", workflow='{"nodeflow": 1}').paths[0]
    back = load_image(path).image.pixels
    assert (back - values).abs().max() < 1 / 65535
    assert len(back.unique()) == 6000
    with Pillow.open(path) as shown:
        seen = np.asarray(shown.convert("RGB"), np.float32) / 255
        assert np.abs(seen - values[0].permute(1, 2, 0).numpy()).max() < 0.01


@pytest.mark.parametrize("broken", [b"", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8X", b"\0\0\0\x1cftypavif" + bytes(40)])
def test_what_is_no_whole_image_holds_nothing(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "a.webp").write_bytes(broken)
    assert not has_workflow(tmp_path / "a.webp")


@pytest.mark.parametrize("name", ["a\x1b[31m", "\u202egnp.exe", "a\u200bb", "a\x9f"])
def test_a_name_that_shows_as_another_is_refused(name: str, tmp_path: Path) -> None:
    spec = known_catalogue().nodes["nodes.save_image"]
    for param in ("name", "folder"):
        known = spec.param(param)
        assert known is not None and "characters that nobody sees" in known.fault(name)
    with pytest.raises(NodeError, match="cannot be the name of a file"):
        save_image(picture(), name, tmp_path)
    about = json.dumps({"nodes": {"text": {"params": {"text": name}}}})
    assert filled("{text.text}", (1, 1), "", about).isprintable()
