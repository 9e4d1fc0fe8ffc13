"""Regions of texts, laid over the image that the document made last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from studio import STARTER

from nodeflow.engine.inspect.region_views import FORMS
from nodeflow.engine.inspect.value_inspector import ValueInspector
from nodeflow.engine.protocol.messages import ViewQuery
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import AddNode, Connect, Disconnect, SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Link, Node, Socket
from nodeflow.views import Picture, Table, ViewRequest
from nodeflow.wires import Area, Conditioning, Image, Region

LEFT = Region(area=Area(64, 32, 0, 0), strength=2.0)
RIGHT = Region(area=Area(1.0, 0.5, 0.0, 0.5, shares=True), start=0.0, end=0.5)
TEXTS = Conditioning(
    words=("<|startoftext|>", "red", "cat", "<|endoftext|>"), region=LEFT, beside=(Conditioning(region=RIGHT),)
)


class Beside:
    """A document whose latest image is given."""

    def __init__(self, image: Image | None = None) -> None:
        self._image = image

    def vae(self, channels: int) -> None:
        return None

    def clip(self, width: int) -> None:
        return None

    def image(self) -> Image | None:
        return self._image

    def colours(self, channels: int) -> None:
        return None

    def texts(self) -> list[str]:
        return []


def shown(texts: Conditioning, image: Image | None = None, **options: int) -> tuple[np.ndarray, str]:
    form = next(form for form in FORMS["Conditioning"] if form.name == "regions")
    picture = form.make(texts, ViewRequest(Beside(image), options))
    assert isinstance(picture, Picture)
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)
    return pixels.astype(int), picture.caption


def test_each_text_has_its_place_in_a_colour_on_the_image() -> None:
    found, caption = shown(TEXTS, Image(torch.full((1, 3, 64, 64), 0.5)))
    assert caption == "red: red cat; blue: (no words)"
    inside_left, inside_right = found[32, 16], found[32, 48]
    assert inside_left[0] > inside_left[2] and inside_right[2] > inside_right[0]
    alone, _ = shown(TEXTS, Image(torch.full((1, 3, 64, 64), 0.5)), region=2)
    assert (alone[32, 16] == 128).all() and (alone[32, 48] == inside_right).all()


def test_without_an_image_the_ground_is_as_large_as_the_areas() -> None:
    found, _ = shown(TEXTS)
    assert found.shape == (64, 32, 3)
    mask = torch.zeros(1, 1, 40, 60)
    mask[..., 10:30, 20:40] = 1
    found, _ = shown(Conditioning(region=Region(mask=mask)))
    assert found.shape == (40, 60, 3) and found[20, 30, 0] > found[2, 2, 0]


def test_the_image_is_that_which_was_made_of_the_texts_and_no_other(tmp_path: Path) -> None:
    workflow = load(STARTER)
    link = next(one for one in workflow.links.values() if (one.source, one.target) == ("prompt", "guidance"))
    for edit in (
        AddNode("area", Node("nodes.conditioning_area_by_share", 1, {"width": 0.5})),
        AddNode("other", Node("nodes.plain_image", 1, {"width": 40, "height": 24})),
        Disconnect(Socket(link.target, link.input)),
        Connect(Link("prompt", link.output, "area", "conditioning")),
        AddNode("rest", Node("nodes.combine_conditioning", 1)),
        Connect(Link("area", "conditioning", "rest", "first")),
        Connect(Link("prompt", link.output, "rest", "second")),
        Connect(Link("rest", "conditioning", link.target, link.input)),
        SetParam("scheduler", "steps", 2),
    ):
        edit.apply(workflow)
    session = WorkflowRunner()
    inspector = ValueInspector(session.executor, session.packs.forms)

    def seen() -> tuple[int, int]:
        picture = inspector.look(ViewQuery(1, node="area", output="conditioning", form="regions")).view
        assert isinstance(picture, Picture)
        return picture.width, picture.height

    def run(*targets: str) -> None:
        list(session.run(RunRequest.of(workflow, STARTER.parent, tmp_path, targets, device="cpu")))

    run("area", "other")
    assert seen() == (512, 512), "no image was made of the text yet"
    run("decode", "other")
    image = session.executor.value("decode", "image")
    assert isinstance(image, Image) and seen() == (image.pixels.shape[-1], image.pixels.shape[-2]) != (40, 24)


def test_a_list_says_where_and_when() -> None:
    form = next(form for form in FORMS["Conditioning"] if form.name == "region list")
    table = form.make(TEXTS, ViewRequest(Beside()))
    assert isinstance(table, Table)
    assert table.rows == (
        ("1", "red cat", "32 x 64 at 0, 0", "all", "2"),
        ("2", "(no words)", "50% x 100% at 50%, 0%", "0% to 50%", "1"),
    )
    assert not form.fits(Conditioning()) and form.fits(TEXTS)


def test_a_mask_that_covers_the_image_is_shown_where_it_counts() -> None:
    """Of a mask of other proportions the middle counts, and what is cut off marks nothing."""
    mask = torch.zeros(1, 1, 32, 96)
    mask[..., :40] = 1
    image = Image(torch.full((1, 3, 64, 64), 0.5))
    for fit, end in (("cover", 16), ("stretch", 27)):  # 8 of the 32 columns that count, and 40 of 96
        picture, _ = shown(Conditioning(region=Region(mask=mask, fit=fit)), image)
        marked = np.abs(picture - 127).max(2).max(0) > 3
        assert marked[: end - 2].all() and not marked[end + 2 :].any(), fit
