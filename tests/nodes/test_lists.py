"""Nodes that give lists, gather them, and show what came of them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image as Pillow

from nodeflow.node import NodeError
from nodeflow.wires import Image
from nodes.images import image_files
from nodes.values import lists


def picture(red: float, height: int = 32, width: int = 48, batch: int = 1) -> Image:
    pixels = torch.zeros(batch, 3, height, width)
    pixels[:, 0] = red
    return Image(pixels)


def test_texts_are_lines_without_the_blank_ones() -> None:
    assert lists.texts(" a red star\n\n  \na fish, yellow\n") == ["a red star", "a fish, yellow"]
    assert lists.texts("") == []


def test_seeds_count_on_and_begin_again_after_the_last() -> None:
    assert lists.seeds(5, 3) == [5, 6, 7]
    assert lists.seeds(2**53 - 1, 2) == [2**53 - 1, 0]


def test_numbers_hold_both_ends() -> None:
    assert lists.numbers(0, 1, 5) == [0, 0.25, 0.5, 0.75, 1]
    assert lists.numbers(1, 0, 3) == [1, 0.5, 0]
    assert lists.numbers(0, 0.3, 4) == [0, 0.1, 0.2, 0.3]
    assert lists.numbers(7.5, 9, 1) == [7.5]
    assert lists.whole_numbers(1, 7, 3) == [1, 4, 7]
    assert lists.whole_numbers(3, 1) == [3, 2, 1]
    with pytest.raises(NodeError, match="more than the 10,000 numbers"):
        lists.whole_numbers(0, 1_000_000)


def test_files_of_a_folder_by_pattern(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("b.png", "a.png", "c.jpg", "in/d.png"):
        (tmp_path / name).touch()
    found = lists.files(tmp_path, "*.png")
    assert found.names == ["a", "b"]
    assert found.paths == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert lists.files(tmp_path, "**/*.png").names == ["a", "b", "d"]
    with pytest.raises(NodeError, match=r"no file in .* matches '\*.gif'"):
        lists.files(tmp_path, "*.gif")
    with pytest.raises(NodeError, match="no such folder"):
        lists.files(tmp_path / "gone")
    with pytest.raises(NodeError, match="no pattern for files of this folder"):
        lists.files(tmp_path, "../*")


def test_pairs_and_picks() -> None:
    assert lists.pair(["a", "b"], [1, 2]) == (["a", "b"], [1, 2])
    with pytest.raises(NodeError, match="2 items and the second 1"):
        lists.pair(["a", "b"], [1])
    assert lists.pick(["a", "b"], 2) == "b"
    with pytest.raises(NodeError, match="no item 3; the list has 2"):
        lists.pick(["a", "b"], 3)


def test_a_batch_comes_apart_and_together_again() -> None:
    batch = Image(torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
    parts = image_files.split_batch(batch)
    assert [tuple(part.pixels.shape) for part in parts] == [(1, 3, 8, 8)] * 3
    assert torch.equal(image_files.batch_images(*parts).pixels, batch.pixels)
    with pytest.raises(NodeError, match="48 x 32, 8 x 8"):
        image_files.batch_images(picture(1), *parts)
    with pytest.raises(NodeError, match="no images"):
        image_files.batch_images()


def test_a_contact_sheet_shows_every_picture_with_its_label() -> None:
    plain = image_files.contact_sheet([picture(0.2), picture(0.6), picture(1.0)])
    labelled = image_files.contact_sheet([picture(0.2), picture(0.6), picture(1.0)], ["one", 2, 3.5])
    assert plain.pixels.shape[1] == 3
    assert labelled.pixels.shape[2] > plain.pixels.shape[2], "captions take room"
    reds = {round(value, 1) for value in plain.pixels[0, 0][plain.pixels[0, 1] == 0].tolist()}
    assert {0.2, 0.6, 1.0} <= reds
    tall = image_files.contact_sheet([picture(1.0)] * 3, columns=1)
    assert tall.pixels.shape[2] > tall.pixels.shape[3]
    with pytest.raises(NodeError, match="1 labels for 2 images"):
        image_files.contact_sheet([picture(0), picture(1)], ["one"])
    with pytest.raises(NodeError, match="no images to show"):
        image_files.contact_sheet([])


def test_save_names_the_item(tmp_path: Path) -> None:
    paths = image_files.save_image(picture(1), "star", tmp_path, item="guidance.scale=5,prompt.text=a-fish").paths
    assert [path.name for path in paths] == ["star-guidance.scale=5,prompt.text=a-fish-00001.png"]
    assert Pillow.open(paths[0]).size == (48, 32)
