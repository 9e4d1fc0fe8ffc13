"""Models are chosen from the library, on a node and in the properties; those that are missing are told and replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.hands import Hand
from app.library_folders import fill, folders, look
from app.seen import add, row_centre
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.editors.model_editor import ModelEditor
from nodeflow.app.dialogs.missing_dialog import MissingDialog
from nodeflow.app.panels.model_field import ModelField
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from tests.library.files import write_sparse
from tests.library.layouts.shapes import FLUX, VAE

Key = Qt.Key


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = folders(tmp_path, monkeypatch)
    fill(made)
    return made


def opened(window: MainWindow, hand: Hand, node: str, param: str) -> ModelEditor:
    """Press a row of a model."""
    hand.click(row_centre(window, node, param))
    editor = window.canvas.view.rows.editor
    assert isinstance(editor, ModelEditor)
    return editor


def lines(picker: ModelEditor) -> list[str]:
    return [picker.list.item(row).text() for row in range(picker.list.count())]


def value(window: MainWindow, node: str, param: str) -> object:
    return window.session.workflow.nodes[node].params.get(param)


def test_a_press_lists_what_fits_and_enter_takes_what_was_typed_for(
    window: MainWindow, hand: Hand, qtbot: QtBot
) -> None:
    look(window, qtbot)
    add(window, "vae", "nodes.load_vae")
    editor = opened(window, hand, "vae", "model")
    kinds = [editor.list.item(row).data(Qt.ItemDataRole.UserRole).aside for row in range(editor.list.count())]
    others = [number for number, words in enumerate(kinds) if "not for this" in words]
    fitting = [number for number, line in enumerate(lines(editor)) if line == "xl.safetensors"]
    assert fitting and others and max(fitting) < min(others)
    QTest.keyClicks(editor.field, "xl vae")
    assert lines(editor)[0] == "xl.safetensors"
    QTest.keyClick(editor.field, Key.Key_Return)
    assert value(window, "vae", "model") == "vae/xl.safetensors"
    assert window.session.stack.undoText() == "Set model"
    assert window.canvas.view.rows.editor is None


def test_a_name_that_two_folders_have_is_kept_with_its_path(
    window: MainWindow, hand: Hand, qtbot: QtBot, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = write_sparse(tmp_path / "more" / "vae" / "xl.safetensors", {**VAE, "extra": (4,)})
    monkeypatch.setenv("NODEFLOW_MODELS", f"{models}:{tmp_path / 'more'}")
    look(window, qtbot)
    add(window, "vae", "nodes.load_vae")
    editor = opened(window, hand, "vae", "model")
    QTest.keyClicks(editor.field, "xl")
    found = [line for line in lines(editor) if line == "xl.safetensors"]
    assert len(found) == 2
    QTest.keyClick(editor.field, Key.Key_Return)
    assert value(window, "vae", "model") in (str(twin), str(models / "vae" / "xl.safetensors"))


def test_a_hub_id_and_a_path_are_taken_as_they_are_typed(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    look(window, qtbot)
    editor = opened(window, hand, "model", "model")
    QTest.keyClicks(editor.field, "someone/a-model")
    assert "someone/a-model" in lines(editor)[0]
    QTest.keyClick(editor.field, Key.Key_Return)
    assert value(window, "model", "model") == "someone/a-model"
    editor = opened(window, hand, "model", "model")
    QTest.keyClicks(editor.field, "/models/of/mine")
    QTest.keyClick(editor.field, Key.Key_Return)
    assert value(window, "model", "model") == "/models/of/mine"


def test_escape_and_a_press_elsewhere_change_nothing(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    look(window, qtbot)
    before, steps = value(window, "model", "model"), window.session.stack.count()
    editor = opened(window, hand, "model", "model")
    QTest.keyClick(editor.field, Key.Key_Down)
    QTest.keyClick(editor.field, Key.Key_Escape)
    assert window.canvas.view.rows.editor is None
    assert (value(window, "model", "model"), window.session.stack.count()) == (before, steps)


def test_a_file_is_browsed_for(window: MainWindow, hand: Hand, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    look(window, qtbot)
    asked: list[str] = []

    def ask(_parent: object, _title: str, _folder: str, kinds: str) -> tuple[str, str]:
        asked.append(kinds)
        return "/somewhere/some.safetensors", kinds

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)  # the system's own dialog, which no test can press
    editor = opened(window, hand, "model", "model")
    QTest.keyClicks(editor.field, "nothing is called so")
    assert lines(editor)[-2:] == ["File…", "Folder…"]
    QTest.keyClick(editor.field, Key.Key_Down)
    QTest.keyClick(editor.field, Key.Key_Return)
    assert "*.safetensors" in asked[0] and "*.gguf" in asked[0] and "*.ckpt" in asked[0]
    assert value(window, "model", "model") == "/somewhere/some.safetensors"


def test_models_of_the_family_that_leads_to_a_node_come_first(window: MainWindow, hand: Hand, qtbot: QtBot) -> None:
    look(window, qtbot)
    add(window, "vae", "nodes.load_vae")
    choices = window.canvas.values.model_choices("vae", "model")
    assert choices is not None
    first = choices.find("")[0]
    assert first.found.kind in ("vae", "pipeline")


def test_in_the_properties_too(window: MainWindow, qtbot: QtBot) -> None:
    look(window, qtbot)
    add(window, "vae", "nodes.load_vae")
    window.canvas.selection.choose(["vae"])
    QApplication.processEvents()
    field = window.properties.fields["model"]
    assert isinstance(field, ModelField)
    qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    assert field.picker is not None
    QTest.keyClicks(field.picker.field, "xl")
    QTest.keyClick(field.picker.field, Key.Key_Return)
    assert value(window, "vae", "model") == "vae/xl.safetensors"
    assert field.picker is None
    window.session.stack.undo()
    assert value(window, "vae", "model") is None


def test_what_is_missing_is_told_marked_and_replaced_in_one_step(window: MainWindow, qtbot: QtBot) -> None:
    look(window, qtbot)
    assert not window.session.missing
    add(window, "vae", "nodes.load_vae")
    add(window, "other", "nodes.load_vae")
    for node in ("vae", "other"):
        window.session.do("Set", SetParam(node, "model", "XL_vae.safetensors"))
    window.session.do("Set", SetParam("model", "model", "someone/a-model"))
    qtbot.waitUntil(lambda: len(window.session.missing) == 3)
    assert window.problems.isVisible()
    told = [window.problems.list.item(row).text() for row in range(window.problems.list.count())]
    assert any("XL_vae.safetensors" in line and "model folders" in line for line in told)
    assert any("someone/a-model" in line and "download" in line for line in told)
    assert [problem.port for problem in window.canvas.nodes["vae"].problems] == ["model"]
    steps = window.session.stack.index()
    qtbot.mouseClick(window.problems.find_button, Qt.MouseButton.LeftButton)
    dialog = next(one for one in window.findChildren(MissingDialog) if one.isVisible())
    assert len(dialog.boxes) == 2
    box = next(box for named, box in dialog.boxes.items() if named.param == "model" and named.value.startswith("XL"))
    assert box.currentData() == "vae/xl.safetensors"
    qtbot.mouseClick(dialog.apply, Qt.MouseButton.LeftButton)
    assert value(window, "vae", "model") == value(window, "other", "model") == "vae/xl.safetensors"
    assert window.session.stack.index() == steps + 1
    qtbot.waitUntil(lambda: len(window.session.missing) == 1)
    window.session.stack.undo()
    qtbot.waitUntil(lambda: len(window.session.missing) == 3)


def test_a_model_that_comes_is_missing_no_longer(window: MainWindow, qtbot: QtBot, models: Path) -> None:
    add(window, "vae", "nodes.load_vae")
    window.session.do("Set", SetParam("vae", "model", "late.safetensors"))
    window.session.do("Set", SetParam("vae", "made_for", "Stable Diffusion XL"))
    look(window, qtbot)
    qtbot.waitUntil(lambda: len(window.session.missing) == 1)
    write_sparse(models / "vae" / "late.safetensors", VAE)
    qtbot.waitUntil(lambda: not window.session.missing, timeout=10_000)
    assert not window.problems.isVisible()


def test_a_model_that_its_node_does_not_load_is_told_before_a_run(
    window: MainWindow, qtbot: QtBot, models: Path
) -> None:
    """In the words of the run, also where its family alone is left open; a run is tried all the same."""
    write_sparse(models / "vae" / "late.safetensors", VAE)
    write_sparse(models / "flux.safetensors", FLUX)
    look(window, qtbot)
    add(window, "vae", "nodes.load_vae")
    for name, said in (("flux", "Load VAE loads a VAE"), ("vae/late", "set made_for to the model it goes with")):
        window.session.do("Set", SetParam("vae", "model", f"{name}.safetensors"))
        qtbot.waitUntil(lambda: any(said in one.reason for one in window.session.unfit))  # noqa: B023 - waited for
        assert window.problems.isVisible() and not window.problems.find_button.isVisible()
    window.session.do("Set", SetParam("vae", "made_for", "Stable Diffusion XL"))
    qtbot.waitUntil(lambda: not window.session.unfit)
    assert not window.problems.isVisible()
