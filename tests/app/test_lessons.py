"""Lessons: every built-in node has one, and every formula in them can be drawn."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from app.hands import Hand
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage

from nodeflow.app.i18n.language import languages
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.panels.lessons import formulas, lesson
from nodeflow.app.panels.node_help import LESSON, NodeHelp
from nodeflow.app.qt.formula import formula
from nodeflow.app.window.main_window import MainWindow
from nodeflow.resources import folder

NODES = sorted(shipped_catalogue().nodes)
WITH_LESSON = [node for node in NODES if lesson(node)]
PLAIN = {"nodes.batch_images", "nodes.split_batch", "nodes.contact_sheet", "nodes.seeds", "nodes.texts", "nodes.files"}
PLAIN |= {"nodes.numbers", "nodes.whole_numbers", "nodes.pair", "nodes.pick", "nodes.reroute"}
PLAIN |= {"nodes.text", "nodes.number", "nodes.whole_number", "nodes.yes_or_no", "nodes.switch", "nodes.image_size"}
PLAIN |= {"nodes.join_texts", "nodes.random_choices", "nodes.fit_mask", "nodes.mask_to_image"}
PLAIN |= {"nodes.batch_latents", "nodes.repeat_latent", "nodes.pick_latent"}
PLAIN |= {
    "nodes.invert_image",
    "nodes.turn_image",
    "nodes.stitch_images",
    "nodes.scale_image_to_longest_side",
    "nodes.scale_image_into",
}
"""Nodes that no paper is about."""


@pytest.mark.release
def test_every_built_in_node_has_a_lesson() -> None:
    missing = sorted(set(NODES) - set(WITH_LESSON))
    assert not missing, f"write assets/lessons/NAME.md for {', '.join(missing)}"


def test_a_lesson_has_formulas_and_says_where_more_is() -> None:
    for node in WITH_LESSON:
        text = lesson(node)
        assert len(text) > 80, node
        assert formulas(text), node
        assert text.count("$") % 2 == 0, node
        assert node in PLAIN or "Paper" in text or "More:" in text, node


DRAWN = 12
"""Of so many lessons the formulas of one are drawn in every run, of the others before a release."""


@pytest.mark.parametrize(
    "node",
    [pytest.param(node, marks=[pytest.mark.release] if n % DRAWN else []) for n, node in enumerate(WITH_LESSON)],
)
def test_the_formulas_of_a_lesson_can_be_drawn(qapp: object, node: str) -> None:
    text = lesson(node)
    for latex in formulas(text):
        image = formula(latex, "#ff0000", 16.0)
        assert not image.isNull(), latex
        assert image.width() > 2
        assert has_ink(image), latex
        assert not re.search(r"\\big[lr]\\[a-z|]", latex), f"a sized bar would be drawn as letters: {latex}"


@pytest.mark.release
@pytest.mark.parametrize("spoken", [name for name in languages() if name != "en"])
def test_every_lesson_is_translated(spoken: str) -> None:
    missing = [node for node in WITH_LESSON if lesson(node, spoken) == lesson(node)]
    assert not missing, f"write assets/lessons/{spoken}/NAME.md for {', '.join(missing)}"


@pytest.mark.parametrize("path", sorted((folder("assets") / "lessons").glob("*/*.md")), ids=lambda path: path.stem)
def test_a_translated_lesson_has_the_formulas_of_its_original(path: Path) -> None:
    original = path.parent.parent / path.name
    assert original.is_file(), "its node is gone"
    text = path.read_text(encoding="utf-8")
    assert set(formulas(text)) == set(formulas(original.read_text(encoding="utf-8")))
    assert text.count("$") % 2 == 0


def test_no_lesson_is_of_a_node_that_is_gone() -> None:
    files = {f"nodes.{path.stem}" for path in (folder("assets") / "lessons").glob("*.md")}
    assert files <= set(NODES)


def test_what_cannot_be_read_is_no_picture(qapp: object) -> None:
    assert formula(r"\frac{", "#ffffff", 16.0).isNull()
    assert lesson("acme.sample") == ""
    assert lesson("nodes.../secret") == ""


def test_a_lesson_is_shown_on_demand_with_the_shapes_that_came_in(window: MainWindow, hand: Hand) -> None:
    page = NodeHelp(window.canvas.scope, window.canvas.facts)
    page.show_node("guidance")
    assert "What lies behind it" in page.page.toPlainText()
    assert "what the text alone contributes" not in page.page.toPlainText().lower()
    page.page.anchorClicked.emit(QUrl(LESSON))
    assert "What the text alone contributes" in page.page.toPlainText()
    assert len(page.page.formulas) == len(formulas(lesson("nodes.classifier_free_guidance")))
    assert page.page.loadResource(2, QUrl("formula:1")) == page.page.formulas[1]
    page.show_node("sampler")
    assert "Sampling walks backwards" in page.page.toPlainText()
    page.page.anchorClicked.emit(QUrl(LESSON))
    assert "Sampling walks backwards" not in page.page.toPlainText()


def test_neither_charts_nor_formulas_nor_arrays_are_loaded_at_the_start() -> None:
    code = (
        "import sys; from nodeflow.app.main import application, open_window; app = application();"
        "window = open_window(); window.show(); app.processEvents();"
        "assert not {'pyqtgraph', 'ziamath', 'torch', 'numpy', 'regex', 'urllib.request'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def has_ink(image: QImage) -> bool:
    """Whether anything is drawn."""
    return any(image.pixelColor(x, y).alpha() > 128 for x in range(image.width()) for y in range(image.height()))
