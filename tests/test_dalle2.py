"""The workflow of DALL-E 2 from end to end: a text's image, variations, a walk, and an image moved by two texts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.reports.contact_sheet import GAP, MARGIN
from tests.test_systems import right, run
from training.data.scenes import SIZE, Picture
from training.evaluation import silhouettes
from training.evaluation.checker import analyse


def cells(sheet: Image.Image, columns: int) -> Iterator[list[Picture]]:
    """The square images of a contact sheet without words, row by row, as large as the checker wants them."""
    step = (sheet.width - 2 * MARGIN + GAP) // columns
    for top in range(MARGIN, sheet.height - MARGIN, step):
        boxes = [(MARGIN + step * column, top) for column in range(columns)]
        shown = [sheet.crop((x, y, x + step - GAP, y + step - GAP)).resize((SIZE, SIZE)) for x, y in boxes]
        yield [np.asarray(one, np.float32) / np.float32(255) for one in shown]


@pytest.mark.slow
def test_unclip_paints_varies_walks_and_moves(tmp_path: Path) -> None:
    wrote = run(WorkflowRunner(), "dalle2", tmp_path)
    (large,), (sheet,) = wrote["save"], wrote["save_sheet"]
    with Image.open(large) as picture, Image.open(sheet) as file:
        assert picture.size == (1024, 1024)
        rows = list(cells(file.convert("RGB"), columns=2))
    assert right(large, "a purple butterfly on a beige background")
    found = [[analyse(cell, silhouettes.load()) for cell in row] for row in rows]
    wanted = [["red star", "red star"], ["red star", "purple flower"], ["red star", "green star"]]
    assert [[f"{one.colour} {one.subject}" for one in row] for row in found] == wanted
    assert np.abs(rows[0][0] - rows[0][1]).mean() > 0.005, "another seed is another image of the vector"
