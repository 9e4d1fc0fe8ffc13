"""Frames and notes, by hand."""

from __future__ import annotations

import itertools

from app.hands import Hand
from app.seen import agrees, text
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from nodeflow.app.canvas.editors.param_editors import LineEditor
from nodeflow.app.canvas.editors.text_editor import TextEditor
from nodeflow.app.canvas.items import style
from nodeflow.app.canvas.items.frame_item import TITLE, FrameItem
from nodeflow.app.canvas.items.note_item import NoteItem
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import Annotate
from nodeflow.graph.io import files
from nodeflow.graph.model.annotation import Annotation

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
Key = Qt.Key


def framed(window: MainWindow, hand: Hand, title: str = "Picture") -> FrameItem:
    """A frame around decode and save, by the keyboard."""
    window.canvas.selection.choose(["decode", "save"])
    QTest.keyClick(hand.view, Key.Key_G, CTRL | SHIFT)
    assert isinstance(hand.view.rows.editor, LineEditor)
    QTest.keyClicks(hand.view.rows.editor, title)
    QTest.keyClick(hand.view.rows.editor, Key.Key_Return)
    window.canvas.framing.frame_all()
    frame = window.canvas.annotations.items["frame"]
    assert isinstance(frame, FrameItem)
    return frame


def test_a_frame_stands_around_the_selection_with_a_title(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    frame = framed(window, hand)
    area = frame.body.translated(frame.pos())
    for name in ("decode", "save"):
        card = window.canvas.nodes[name]
        assert area.contains(card.body.translated(card.pos()))
    assert window.session.workflow.annotations["frame"].text == "Picture"
    assert files.loads(text(window)).annotations == window.session.workflow.annotations
    assert agrees(window)
    window.session.stack.undo()
    assert window.session.workflow.annotations["frame"].text == ""
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_a_frame_moves_with_what_lies_in_it_as_one_step(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    before = text(window)
    places = {name: window.canvas.nodes[name].pos() for name in window.canvas.nodes}
    grip = frame.pos() + QPointF(frame.size[0] / 2, TITLE / 2)
    hand.drag(grip, grip + QPointF(60, 90))
    moved = {name for name, card in window.canvas.nodes.items() if card.pos() != places[name]}
    assert moved == {"decode", "save"}
    assert abs(window.canvas.nodes["decode"].x() - places["decode"].x() - 60) < 3
    assert agrees(window)
    assert window.session.stack.undoText() == "Move"
    window.session.stack.undo()
    assert text(window) == before
    assert agrees(window)


def test_what_lies_in_a_frame_stays_free_for_the_pointer(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    hand.view.scene().clearSelection()
    corner = frame.pos() + QPointF(14, TITLE + 2)
    end = frame.pos() + QPointF(*frame.size) - QPointF(14, 14)
    hand.drag(corner, end)
    assert set(window.canvas.selection.chosen()) == {"decode", "save"}, "a rubber band begins inside"
    assert frame.pos() == QPointF(frame.annotation.x, frame.annotation.y)


def test_a_frame_is_resized_at_its_edges(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    before = frame.annotation
    corner = frame.pos() + QPointF(*frame.size) - QPointF(3, 3)
    hand.drag(corner, corner + QPointF(80, 40))
    after = window.session.workflow.annotations["frame"]
    assert (after.x, after.y) == (before.x, before.y)
    assert abs(after.width - before.width - 80) < 6 and abs(after.height - before.height - 40) < 6
    top = frame.pos() + QPointF(frame.size[0] / 2, 1)
    hand.drag(top, top - QPointF(0, 50))
    tallest = window.session.workflow.annotations["frame"]
    assert abs(tallest.y - after.y + 50) < 6 and abs(tallest.y + tallest.height - after.y - after.height) < 2
    assert agrees(window)


def test_a_double_click_renames_a_frame_and_delete_takes_only_it(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    title = frame.pos() + QPointF(40, TITLE / 2)
    hand.double_click(title)
    editor = hand.view.rows.editor
    assert isinstance(editor, LineEditor)
    editor.selectAll()
    QTest.keyClicks(editor, "From latent to file")
    QTest.keyClick(editor, Key.Key_Return)
    assert frame.annotation.text == "From latent to file"
    hand.click(title)
    QTest.keyClick(hand.view, Key.Key_Delete)
    assert window.session.workflow.annotations == {}
    assert "decode" in window.session.workflow.nodes
    window.session.stack.undo()
    assert window.session.workflow.annotations["frame"].text == "From latent to file"
    assert agrees(window)


def test_a_frame_takes_a_colour_from_the_menu(window: MainWindow, hand: Hand) -> None:
    framed(window, hand)
    window.canvas.selection.choose([], ["frame"])
    window.gestures.choose_colour()
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == "Green").trigger()
    menu.close()
    assert window.session.workflow.annotations["frame"].colour == "green"
    window.canvas.selection.choose([])
    window.gestures.choose_colour()
    assert "Select something" in hand.view.toast.text()


def test_a_note_is_written_in_place_and_grows_with_its_text(window: MainWindow, hand: Hand) -> None:
    QTest.keyClick(hand.view, Key.Key_N)
    editor = hand.view.rows.editor
    assert isinstance(editor, TextEditor)
    words = "# Why\n\n- **first** the text\n- then the noise\n" + "and so on and on " * 30
    editor.setPlainText(words)
    editor.keep()
    note = window.canvas.annotations.items["note"]
    assert isinstance(note, NoteItem)
    assert window.session.workflow.annotations["note"].text == words
    assert note.size[1] >= note.fitting() - 1 > 110
    assert not hand.view.grab().isNull()
    hand.view.centerOn(note)
    inside = note.pos() + note.body.center()
    hand.drag(inside, inside + QPointF(30, 20))
    assert window.session.workflow.annotations["note"].x == note.x()
    hand.double_click(note.pos() + note.body.center())
    assert isinstance(hand.view.rows.editor, TextEditor)
    assert hand.view.rows.editor.toPlainText() == words
    assert agrees(window)


def test_a_note_never_opens_the_files_that_it_names(window: MainWindow, tmp_path) -> None:
    picture = tmp_path / "picture.png"
    assert window.grab().save(str(picture))
    plain = NoteItem("note", Annotation("note", 0, 0, 300, 100, "words"))
    tricky = NoteItem(
        "note", Annotation("note", 0, 0, 300, 100, f"words ![]({picture.as_uri()}) <img src='{picture}'>")
    )
    assert tricky.fitting() < plain.fitting() + 80, "the large image takes no room"


def test_frames_and_notes_are_copied_with_what_is_selected(window: MainWindow, hand: Hand) -> None:
    framed(window, hand)
    QTest.keyClick(hand.view, Key.Key_A, CTRL)
    QTest.keyClick(hand.view, Key.Key_C, CTRL)
    QTest.keyClick(hand.view, Key.Key_V, CTRL)
    assert window.session.workflow.annotations["frame_2"].text == "Picture"
    assert window.canvas.annotations.chosen() == ["frame_2"]
    assert len(window.session.workflow.nodes) == 20
    assert agrees(window)


def test_everything_selected_moves_together(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    QTest.keyClick(hand.view, Key.Key_A, CTRL)
    card = window.canvas.nodes["prompt"]
    start, apart = card.pos() + QPointF(60, 10), frame.pos() - card.pos()
    hand.drag(start, start + QPointF(0, 70))
    assert frame.pos() - card.pos() == apart
    assert agrees(window)


def written(window: MainWindow, area: QRectF) -> int:
    """How many pixels of a part of the canvas are as bright as its texts."""
    view = window.canvas.view
    image = view.viewport().grab(view.mapFromScene(area).boundingRect()).toImage()
    bright = style.colour("text").lightness() - 40
    places = itertools.product(range(image.width()), range(image.height()))
    return sum(image.pixelColor(*place).lightness() > bright for place in places)


def test_far_out_no_node_covers_the_title_of_a_frame(window: MainWindow, hand: Hand) -> None:
    frame = framed(window, hand)
    window.canvas.selection.choose(())
    hand.view.camera.set_scale(0.12)
    hand.view.centerOn(frame)
    title = QRectF(frame.x(), frame.y() - 120, frame.size[0], 118)
    alone = written(window, title)
    window.canvas.nodes["noise"].setPos(title.topLeft())
    assert written(window, title) >= alone > 20


def test_far_out_a_note_shows_the_lines_that_fit(window: MainWindow) -> None:
    for name, height in (("note", 300), ("low", 40)):
        note = Annotation("note", 4000, 10 * height, 600, height, "A red star, and what it is made of")
        window.session.do("Note", Annotate(name, note))
    boxes = {name: item.body.translated(item.pos()) for name, item in window.canvas.annotations.items.items()}
    window.canvas.view.camera.set_scale(0.25)
    window.canvas.view.centerOn(boxes["note"].center())
    assert written(window, boxes["note"]) > 20
    window.canvas.view.centerOn(boxes["low"].center())
    assert written(window, boxes["low"]) == 0, "half a line cannot be read"


def test_a_frame_is_taken_by_any_pixel_that_shows_it(window: MainWindow, hand: Hand) -> None:
    """Far out a pixel is wide: its corner lies beside the frame that it shows, and no rubber band begins there too."""
    frame, view = framed(window, hand), hand.view
    view.camera.set_scale(0.23)
    view.scene().clearSelection()
    before, rim = text(window), view.mapFromScene(frame.pos() + QPointF(frame.size[0] / 2, 0))
    rows = [at for by in range(-4, 5) if view.itemAt(at := rim + QPoint(0, by)) is frame]
    assert rows and view.mapToScene(rows[0]).y() < frame.y(), "the first only touches it"
    for at in rows:
        hand.press_on_screen(at)
        hand.move_on_screen(at + QPoint(-90, -60))
        hand.move_on_screen(at + QPoint(-90, -90))
        hand.release()
        assert agrees(window)
        assert text(window) != before
        window.session.stack.undo()
