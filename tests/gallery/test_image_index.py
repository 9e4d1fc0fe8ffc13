"""Tests of the index of images: what they were made with is found, by whichever program, and nothing is changed."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.gallery import image_index
from nodeflow.gallery.image_facts import facts_of
from nodeflow.gallery.image_index import ImageIndex
from nodeflow.graph.io.png_text import with_text, with_workflow
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"
CATALOGUE = shipped_catalogue()
A1111 = (
    "a lighthouse at night\nNegative prompt: fog\n"
    "Steps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 123456, Size: 64x48, Model: dreamland"
)
PROMPT = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 99, "sampler_name": "euler", "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "seaside.safetensors"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a harbour", "clip": ["4", 1]}},
}


def image(path: Path, **texts: str) -> Path:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), "teal").save(path, pnginfo=info)
    return path


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """A folder with an image of ours, one of A1111, one of ComfyUI, a plain one, and one that is damaged."""
    place = tmp_path / "shots"
    ours = image(place / "ours.png")
    workflow = with_workflow(ours.read_bytes(), STARTER.read_bytes())
    ours.write_bytes(with_text(workflow, "seeds", b'{"noise.seed": 4711}'))
    image(place / "deep" / "forge.png", parameters=A1111)
    image(place / "comfy.png", prompt=json.dumps(PROMPT))
    image(place / "plain.png")
    (place / "broken.png").write_bytes(ours.read_bytes()[:40])
    for number, name in enumerate(["plain.png", "comfy.png", "deep/forge.png", "ours.png", "broken.png"]):
        os.utime(place / name, (1000 + number, 1000 + number))
    return place


@pytest.fixture
def index(tmp_path: Path, shots: Path) -> ImageIndex:
    made = ImageIndex(tmp_path / "gallery.sqlite")
    assert made.scan(shots, CATALOGUE) == 5
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["broken", "ours", "forge", "comfy", "plain"]),
        ("lighthouse", ["forge"]),
        ("LightHouse dreamland", ["forge"]),
        ("123456", ["forge"]),
        ("dpm++", ["forge"]),
        ("harbour", ["comfy"]),
        ("seaside euler 99", ["comfy"]),
        ("4711", ["ours"]),
        ("nodeflow", ["ours"]),
        ("latent-diffusion", ["ours"]),
        ("64x48 plain", ["plain"]),
        ("lighthouse harbour", []),
        ("100%_", []),
    ],
)
def test_images_are_found_by_what_they_were_made_with(
    index: ImageIndex, shots: Path, query: str, names: list[str]
) -> None:
    assert [path.stem for path in index.find(query, [shots])] == names


def test_only_the_folders_that_are_watched_count(index: ImageIndex, shots: Path) -> None:
    assert [path.stem for path in index.find("", [shots / "deep"])] == ["forge"]
    assert index.find("", [shots.with_name("shot")]) == []
    assert index.find("", []) == []


def test_stars_are_kept_beside_the_images(index: ImageIndex, shots: Path, tmp_path: Path) -> None:
    before = (shots / "comfy.png").read_bytes()
    index.star([shots / "comfy.png", shots / "plain.png"], True)
    assert [path.stem for path in index.find("*", [shots])] == ["comfy", "plain"]
    assert [path.stem for path in index.find("* harbour", [shots])] == ["comfy"]
    index.star([shots / "plain.png"], False)
    assert ImageIndex(tmp_path / "gallery.sqlite").starred() == {str(shots / "comfy.png")}
    assert (shots / "comfy.png").read_bytes() == before


def test_only_what_changed_is_read_again_and_what_is_gone_is_forgotten(index: ImageIndex, shots: Path) -> None:
    assert index.scan(shots, CATALOGUE) == 0
    image(shots / "plain.png", parameters=A1111.replace("lighthouse", "windmill"))
    (shots / "comfy.png").unlink()
    assert index.scan(shots, CATALOGUE) == 1
    assert [path.stem for path in index.find("windmill", [shots])] == ["plain"]
    assert index.find("harbour", [shots]) == []


def test_a_folder_that_is_away_keeps_its_images(index: ImageIndex, shots: Path) -> None:
    away = shots.with_name("unplugged")
    shots.rename(away)
    assert index.scan(shots, CATALOGUE) == 0
    assert len(index.find("", [shots])) == 5


def test_a_damaged_index_is_set_aside_and_made_anew(index: ImageIndex, shots: Path, tmp_path: Path) -> None:
    index.close()
    file = tmp_path / "gallery.sqlite"
    for beside in tmp_path.glob("gallery.sqlite-*"):
        beside.unlink()
    file.write_bytes(b"no database at all" * 100)
    again = ImageIndex(file)
    assert again.set_aside is not None and again.set_aside.exists()
    assert again.scan(shots, CATALOGUE) == 5


def test_stars_outlive_an_index_that_is_damaged(index: ImageIndex, shots: Path, tmp_path: Path) -> None:
    index.scan(shots, CATALOGUE)
    index.star([shots / "ours.png"], True)
    index.close()
    file = tmp_path / "gallery.sqlite"
    database = sqlite3.connect(file)
    database.executescript("drop table images; create table images (other)")
    database.close()
    again = ImageIndex(file)
    assert again.set_aside is not None
    assert again.starred() == {str(shots / "ours.png")}


def test_damage_that_is_found_later_is_mended_too(index: ImageIndex, shots: Path, tmp_path: Path) -> None:
    index.scan(shots, CATALOGUE)
    index.star([shots / "ours.png"], True)
    with sqlite3.connect(tmp_path / "gallery.sqlite") as database:
        database.execute("update images set facts = x'ff'")
    assert index.facts(shots / "ours.png") is None
    with sqlite3.connect(tmp_path / "gallery.sqlite") as database:
        database.execute("drop table images")
    assert index.find("", [shots]) == []
    assert index.set_aside is not None and index.starred() == {str(shots / "ours.png")}
    assert index.scan(shots, CATALOGUE) == 5
    assert len(index.find("", [shots])) == 5


def test_an_index_that_is_busy_stays_and_nothing_is_kept(index: ImageIndex, shots: Path, tmp_path: Path) -> None:
    index.scan(shots, CATALOGUE)
    index.close()
    other = held(tmp_path / "gallery.sqlite")
    again = ImageIndex(tmp_path / "gallery.sqlite")
    assert (again.set_aside, again.unkept) == (None, "another program holds it")
    assert again.scan(shots, CATALOGUE) == 5
    other.close()
    assert len(ImageIndex(tmp_path / "gallery.sqlite").find("", [shots])) == 5


def held(path: Path) -> sqlite3.Connection:
    """An index that another program keeps to itself."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")
    return other


def test_stars_of_an_index_that_was_held_are_those_of_before_and_of_meanwhile(
    index: ImageIndex, shots: Path, tmp_path: Path
) -> None:
    one, two, three = (shots / name for name in ("one.png", "two.png", "three.png"))
    index.star([one, two], True)
    index.close()
    other = held(tmp_path / "gallery.sqlite")
    again = ImageIndex(tmp_path / "gallery.sqlite")
    assert again.starred() == {str(one), str(two)}
    again.star([three], True)
    again.star([one], False)
    assert not again.try_again()
    other.close()
    assert again.try_again() and not again.unkept
    assert again.starred() == {str(two), str(three)}
    again.close()
    assert ImageIndex(tmp_path / "gallery.sqlite").starred() == {str(two), str(three)}


def test_an_index_that_is_taken_while_it_is_open_keeps_nobody_waiting(
    index: ImageIndex, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.star([shots / "one.png"], True)
    index.close()
    monkeypatch.setattr(image_index, "BUSY_SECONDS", 0.01)
    again = ImageIndex(tmp_path / "gallery.sqlite")
    other = sqlite3.connect(tmp_path / "gallery.sqlite", isolation_level=None)
    other.execute("begin exclusive")
    again.star([shots / "two.png"], True)
    assert again.unkept == "another program holds it" and len(again.starred()) == 2
    other.close()
    assert again.try_again() and len(again.starred()) == 2


def test_where_no_index_can_be_written_images_are_found_all_the_same(shots: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    index = ImageIndex(tmp_path / "file" / "gallery.sqlite")
    assert index.unkept
    assert index.scan(shots, CATALOGUE) == 5


def test_what_cannot_be_read_is_known_by_its_name(shots: Path) -> None:
    facts = facts_of(shots / "broken.png", CATALOGUE)
    assert (facts.width, facts.prompt, facts.words.strip()) == (0, "", "broken.png")
