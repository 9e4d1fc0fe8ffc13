"""The form over a workflow as a page of the window: filled in, run, arranged, zoomed, by mouse and keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.conftest import STARTER
from app.seen import add, text
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from nodeflow.app.i18n import language
from nodeflow.app.main import open_window
from nodeflow.app.model.form_model import FormModel
from nodeflow.app.panels.form.form_editor import found
from nodeflow.app.panels.form.form_page import FormPage
from nodeflow.app.panels.preview import KEPT, Preview
from nodeflow.app.qt.image_field import ImageField
from nodeflow.app.window.docks import Dock
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode, EditBatch, SetForm, SetParam, remove
from nodeflow.graph.io.files import dumps, load, save
from nodeflow.graph.model.form import Form, FormField, FormOutput
from nodeflow.graph.model.workflow import Node

Key = Qt.Key
LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
POSTCARD = Form(
    "Postcard",
    (
        FormField("prompt", "text", "prompt", "What is on it?"),
        FormField("scheduler", "steps", "steps", "Steps", "Quality", 2, 40),
        FormField("noise", "seed", "seed"),
    ),
    (FormOutput("decode", "image", "Front"),),
)


@pytest.fixture(autouse=True)
def active(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)


@pytest.fixture
def page(window: MainWindow, active: None) -> FormPage:
    """The starter with a form, which is shown by its key."""
    window.session.do("Form", SetForm(POSTCARD))
    window.canvas.view.setFocus()
    QTest.keyClick(window.canvas.view, Key.Key_F, CTRL | SHIFT)
    assert not window.tabs.front.on_canvas
    return window.forms.page(window.tabs.front)


def click(button: QPushButton) -> None:
    QTest.mouseClick(button, LEFT)


def value(window: MainWindow, node: str, param: str) -> object:
    return window.session.workflow.nodes[node].params[param]


def form_of(window: MainWindow) -> Form:
    assert window.session.workflow.form is not None
    return window.session.workflow.form


def test_values_are_typed_and_each_is_a_step_of_undo(window: MainWindow, page: FormPage) -> None:
    before = text(window)
    assert page.title.text() == "Postcard"
    prompt, steps = page.fields.fields["prompt"], page.fields.fields["steps"]
    prompt.setFocus()
    QTest.keyClick(prompt, Key.Key_A, CTRL)
    QTest.keyClicks(prompt, "a kite")
    steps.setFocus()
    steps.selectAll()  # type: ignore[union-attr]
    QTest.keyClicks(steps, "99")
    assert "border" in steps.styleSheet()
    steps.selectAll()  # type: ignore[union-attr]
    QTest.keyClicks(steps, "7")
    QTest.keyClick(steps, Key.Key_Return)
    assert (value(window, "prompt", "text"), value(window, "scheduler", "steps")) == ("a kite", 7)
    assert window.session.stack.undoText() == "Set Steps"
    window.session.stack.undo()
    QApplication.processEvents()
    assert steps.text() == "20"  # type: ignore[union-attr]
    window.session.stack.undo()
    assert text(window) == before
    QApplication.processEvents()
    assert prompt.toPlainText() == value(window, "prompt", "text")  # type: ignore[union-attr]


def test_a_press_on_run_takes_what_is_typed_and_shows_the_chosen_image(
    window: MainWindow, page: FormPage, qtbot: QtBot
) -> None:
    steps = page.fields.fields["steps"]
    steps.setFocus()
    steps.selectAll()  # type: ignore[union-attr]
    QTest.keyClicks(steps, "2")
    QTest.keyClick(steps, Key.Key_Return, CTRL)
    assert value(window, "scheduler", "steps") == 2
    assert page.run.text() == "Run once more" and page.cancel.isVisible()
    qtbot.waitUntil(lambda: page.results.preview.output == "image", timeout=90_000)
    assert page.results.preview.node == "decode"
    qtbot.waitUntil(lambda: not window.session.running, timeout=30_000)
    assert page.run.text() == "Run" and not page.cancel.isVisible()
    window.session.do("Form", SetForm(Form(outputs=(FormOutput("sampler", "latent"), *POSTCARD.outputs))))
    QApplication.processEvents()
    assert [button.text() for button in page.results.buttons.buttons()] == ["latent", "Front"]
    click(page.results.buttons.button(0))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: bool(page.results.preview.view.images), timeout=30_000)
    assert (page.results.preview.node, page.results.preview.output) == ("sampler", "latent")
    window.session.do("Form", SetForm(Form()))
    QApplication.processEvents()
    qtbot.waitUntil(lambda: page.results.preview.node == "decode", timeout=30_000)


def test_a_form_shows_what_a_run_found_in_the_cache_before_it_was_opened(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(2):  # the second time nothing is computed, as after a restart
        window.session.open(STARTER)
        window.session.do("Steps", SetParam("scheduler", "steps", 2))
        window.run()
        qtbot.waitUntil(lambda: not window.session.running and not window.session.images.waiting, timeout=90_000)
    assert window.session.state("decode") == KEPT
    window.session.do("Form", SetForm(POSTCARD))
    preview = window.forms.show(window.tabs.front, True).results.preview
    qtbot.waitUntil(lambda: preview.view.shown is not None, timeout=30_000)
    assert (preview.node, preview.output) == ("decode", "image") and preview.old.isHidden()
    window.session.do("Seed", SetParam("noise", "seed", 9))
    later = Preview(window.session, window.tabs.front.history)
    qtbot.addWidget(later)
    later.pin("decode", "image")
    qtbot.waitUntil(lambda: later.view.shown is not None, timeout=30_000)
    qtbot.waitUntil(lambda: not later.old.isHidden(), timeout=3_000)


def test_panels_make_room_and_come_back(window: MainWindow, page: FormPage) -> None:
    preview = window.findChild(Dock, "preview")
    assert preview is not None and preview.isHidden()
    click(page.graph)
    assert window.tabs.front.on_canvas and not preview.isHidden()
    QTest.keyClick(window.canvas.view, Key.Key_F, CTRL | SHIFT)
    window.documents.new()
    assert not preview.isHidden()
    window.tabs.step(-1)
    assert preview.isHidden()


def test_the_images_go_below_the_fields_where_both_do_not_fit_side_by_side(
    window: MainWindow, page: FormPage, qtbot: QtBot
) -> None:
    window.resize(900, 900)
    for zoom, below in ((1.0, False), (2.6, True), (1 / 2.6, False)):
        page.zoom(zoom)
        upright = Qt.Orientation.Vertical if below else Qt.Orientation.Horizontal
        qtbot.waitUntil(lambda upright=upright: page.splitter.orientation() == upright, timeout=5_000)
        QApplication.processEvents()
        assert window.width() == 900
        parts = [QRect(part.mapTo(page, QPoint()), part.size()) for part in (page.side, page.results)]
        assert all(page.rect().contains(part) for part in parts) and not parts[0].intersects(parts[1])
        assert (parts[1].top() >= parts[0].bottom()) == below
        for part, shown in zip((page.side, page.results), parts, strict=True):
            assert shown.width() >= part.minimumSizeHint().width()
            assert shown.height() >= part.minimumSizeHint().height()


def test_what_is_gone_is_said_and_what_a_wire_gives_is_grey(window: MainWindow, page: FormPage) -> None:
    window.session.do("Delete", remove(window.session.workflow, ["scheduler"]))
    QApplication.processEvents()
    assert set(page.fields.fields) == {"prompt", "seed"}
    words = [label.text() for label in page.fields.widget().findChildren(type(page.title))]
    assert any("'scheduler', which is not in this workflow" in one for one in words)
    window.session.stack.undo()
    QApplication.processEvents()
    assert page.fields.fields["steps"].text() == "20"  # type: ignore[union-attr]
    window.session.do("Form", SetForm(Form(outputs=(FormOutput("nothing", "image"),))))
    QApplication.processEvents()
    assert "is not in this workflow" in page.results.fault.text() and page.results.fault.isVisible()


def test_a_seed_is_drawn_by_a_press(window: MainWindow, page: FormPage) -> None:
    dice = next(button for button in page.fields.widget().findChildren(QPushButton.__mro__[1]) if button.text() == "⚄")
    QTest.mouseClick(dice, LEFT)
    assert value(window, "noise", "seed") != 0
    assert page.fields.fields["seed"].text() == str(value(window, "noise", "seed"))  # type: ignore[union-attr]


def test_an_image_is_dropped_on_its_field(window: MainWindow, page: FormPage, tmp_path: Path, qtbot: QtBot) -> None:
    image = tmp_path / "me.png"
    QImage(40, 20, QImage.Format.Format_RGB32).save(str(image))
    form = Form(fields=(FormField("photo", "path", "photo"),))
    window.session.do("Add", EditBatch((AddNode("photo", Node("nodes.load_image", 3)), SetForm(form))))
    QApplication.processEvents()
    field = page.fields.fields["photo"]
    assert isinstance(field, ImageField)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(image))])
    actions, at = Qt.DropAction.CopyAction, QPoint(20, 20)
    enter = QDragEnterEvent(at, actions, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(field, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(field, QDropEvent(QPointF(at), actions, data, LEFT, Qt.KeyboardModifier.NoModifier))
    assert value(window, "photo", "path") == str(image)
    qtbot.waitUntil(lambda: field.image.width() == 40, timeout=5_000)
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "words.txt"))])
    other = QDragEnterEvent(at, actions, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(field, other)  # the field leaves it to the window, which says what it is
    QApplication.sendEvent(field, QDropEvent(QPointF(at), actions, data, LEFT, Qt.KeyboardModifier.NoModifier))
    assert value(window, "photo", "path") == str(image)


def test_a_form_is_arranged_from_nothing(window: MainWindow) -> None:
    before = text(window)
    QTest.keyClick(window.canvas.view, Key.Key_F, CTRL | SHIFT)
    page = window.forms.page(window.tabs.front)
    editor = page.editor
    assert page.left.currentWidget() is page.arranging  # there is no form yet, so that it is arranged
    for words in ("guidance scale", "prompt text", "image decode"):
        click(editor.add)
        assert editor.picker is not None
        QTest.keyClicks(editor.picker.field, words)
        QTest.keyPress(editor.picker.field, Key.Key_Return)
    assert [(one.node, one.param) for one in form_of(window).fields] == [("guidance", "scale"), ("prompt", "text")]
    assert [(one.node, one.output) for one in form_of(window).outputs] == [("decode", "image")]
    editor.list.setCurrentRow(1)
    QTest.keyClick(editor.list, Key.Key_Up, ALT)
    assert [one.name for one in form_of(window).fields] == ["text", "scale"]
    click(editor.down)
    assert [one.name for one in form_of(window).fields] == ["scale", "text"]
    for line, words in ((editor.heading, "Poster"), (editor.entry_title, "Words"), (editor.name, "words")):
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, words)
    assert form_of(window).title == "Poster"
    assert (form_of(window).fields[1].title, form_of(window).fields[1].name) == ("Words", "words")
    editor.list.setCurrentRow(0)
    QTest.keyClicks(editor.low, "1.5")
    QTest.keyClicks(editor.high, "4")
    assert (form_of(window).fields[0].minimum, form_of(window).fields[0].maximum) == (1.5, 4)
    QTest.keyClicks(editor.high, "x")
    assert editor.fault.isVisible() and form_of(window).fields[0].maximum == 4
    editor.name.setFocus()
    editor.name.selectAll()
    QTest.keyClicks(editor.name, "1")
    assert "starts with a letter" in editor.fault.text() and form_of(window).fields[0].name == "scale"
    QTest.keyClick(editor.list, Key.Key_Delete)
    assert [one.name for one in form_of(window).fields] == ["words"]
    click(page.arrange)
    assert page.left.currentWidget() is page.fields and set(page.fields.fields) == {"words"}
    while window.session.stack.canUndo():
        window.session.stack.undo()
    assert text(window) == before


def test_selected_nodes_are_put_into_the_form(window: MainWindow) -> None:
    window.canvas.selection.choose(["guidance"])
    window.actions_["node.to_form"].trigger()
    assert window.forms.picker is not None
    QTest.keyPress(window.forms.picker.field, Key.Key_Return)
    assert [(one.node, one.param) for one in form_of(window).fields] == [("guidance", "scale")]
    window.canvas.selection.choose(["guidance", "prompt"])
    window.gestures.groups.group()
    assert form_of(window).fields[0].node == "group/guidance"


def test_it_zooms_by_wheel_keys_and_pinch(window: MainWindow, page: FormPage) -> None:
    height = page.fields.fields["prompt"].height()
    assert page.title.font().pointSizeF() > page.fields.fields["steps"].font().pointSizeF()
    at = QPointF(page.fields.viewport().rect().center())
    for _ in range(4):
        wheel = QWheelEvent(
            at, page.fields.viewport().mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, CTRL,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(page.fields.viewport(), wheel)
    larger = window.settings.form_zoom
    assert larger > 150 and page.fields.fields["prompt"].height() > height
    page.setFocus()
    QTest.keyClick(page, Key.Key_Minus, CTRL)
    assert window.settings.form_zoom < larger
    QTest.keyClick(page, Key.Key_0, CTRL)
    assert window.settings.form_zoom == 100
    pad = QPointingDevice.primaryPointingDevice()
    assert isinstance(pad, QInputDevice)
    pinch = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, pad, 2, at, at, at, 0.5, QPointF())
    QApplication.sendEvent(page, pinch)
    assert window.settings.form_zoom == 150


def test_the_wheel_over_a_choice_leaves_it(window: MainWindow, page: FormPage) -> None:
    add(window, "knobs", "toys.knobs")
    window.session.do("Form", SetForm(Form(fields=(FormField("knobs", "way", "way"),))))
    QApplication.processEvents()
    field, at = page.fields.fields["way"], QPointF(5, 5)
    wheel = QWheelEvent(
        at, field.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(field, wheel)
    assert "way" not in window.session.workflow.nodes["knobs"].params


def test_a_form_is_kept_in_the_file_and_opened_at_once(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    workflow = window.session.workflow.copy()
    workflow.form = POSTCARD
    save(workflow, tmp_path / "card.json")
    window.show_file(tmp_path / "card.json")
    qtbot.waitUntil(lambda: window.session.title == "card", timeout=5_000)
    assert "has a form" in window.tabs.front.toast.text() and window.tabs.front.on_canvas
    assert dumps(load(tmp_path / "card.json")) == dumps(window.session.workflow)
    other = open_window(tmp_path / "card.json", form=True)
    qtbot.addWidget(other)
    qtbot.waitUntil(lambda: not other.tabs.front.on_canvas, timeout=5_000)
    assert other.forms.page(other.tabs.front).title.text() == "Postcard"
    other.close()


def test_what_a_form_offers_is_found_by_its_english_name_in_every_language(window: MainWindow) -> None:
    app = QApplication.instance()
    assert app is not None
    language.install(app, "zh_CN")
    try:
        window.hub.speak()
        model = FormModel(window.session, window)
        offers = {offer.key: offer for offer in model.offers({"prompt", "guidance"})}
        assert "文本" in {offer.title for offer in offers.values()}
        for words, key in (("text", "p:prompt.text"), ("文本", "p:prompt.text"), ("scale", "p:guidance.scale")):
            assert found(offers, words, "{0}")[0].key == key, words
    finally:
        language.install(app, "en")
        window.hub.speak()


def test_a_picker_of_fields_that_was_closed_hears_no_more_of_the_document(window: MainWindow, qtbot: QtBot) -> None:
    add(window, "more", "nodes.clip_text_encode")
    window.canvas.selection.choose(["more"])
    window.actions_["node.to_form"].trigger()
    assert window.forms.picker is not None
    gone: list[bool] = []
    window.forms.picker.destroyed.connect(lambda: gone.append(True))
    QTest.keyClick(window.forms.picker.field, Key.Key_Escape)
    qtbot.waitUntil(lambda: bool(gone))
    before = text(window)
    window.session.stack.undo()
    window.session.stack.redo()
    QApplication.processEvents()
    assert text(window) == before
