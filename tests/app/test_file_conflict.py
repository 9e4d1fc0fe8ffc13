"""A file that another program changed is not written over unasked, and windows know of each other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from nodeflow.app.dialogs.file_conflict import FileConflict, beside, difference
from nodeflow.app.model.file_stamp import FileStamp
from nodeflow.app.model.open_documents import OpenDocuments
from nodeflow.graph.edits.edits import AddNode
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Node

OURS = b'{"nodeflow": 1, "nodes": {"ours": {"type": "nodes.text"}}}'
THEIRS = b'{"nodeflow": 1, "nodes": {"theirs": {"type": "nodes.text"}}}'


def test_a_change_is_seen_by_what_a_file_holds(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(OURS)
    stamp = FileStamp.of(file)
    assert stamp is not None
    assert stamp.still_holds(file)
    os.utime(file, (1, 1))
    assert stamp.still_holds(file)
    file.write_bytes(OURS.replace(b"ours", b"mine"))
    os.utime(file, (1, 1))
    assert not stamp.still_holds(file)
    file.unlink()
    assert stamp.still_holds(file)


def test_a_change_is_seen_whose_size_and_time_are_those_of_before(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(OURS)
    stamp, status = FileStamp.of(file), file.stat()
    assert stamp is not None
    with file.open("r+b") as opened:
        opened.write(OURS.replace(b"ours", b"mine"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not stamp.still_holds(file)


def question_of(window, qtbot: QtBot) -> FileConflict:
    """The question, once it is there."""

    def asked() -> list[FileConflict]:
        return [found for found in window.findChildren(FileConflict) if found.isVisible()]

    qtbot.waitUntil(lambda: bool(asked()))
    (question,) = asked()
    return question


def press(question: FileConflict, qtbot: QtBot, label: str) -> None:
    button = next(button for button in question.buttons() if button.text().replace("&", "") == label)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def saved(window, qtbot: QtBot, choice: str = "") -> str:
    """Save, press a button of the question where there is to be one, and wait until that is over; what was said to
    differ."""
    window.documents.save()
    differs = ""
    if choice:
        question = question_of(window, qtbot)
        differs = question.detailedText()
        press(question, qtbot, choice)
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    return differs


def changed(window, qtbot: QtBot, file: Path) -> None:
    """A document is changed here, and its file by another program."""
    file.write_bytes(OURS)
    window.documents.show_file(file)
    qtbot.waitUntil(lambda: set(window.session.workflow.nodes) == {"ours"})
    window.session.do("add", AddNode("more", Node("nodes.text", 1)))
    file.write_bytes(THEIRS)


def test_overwriting_is_one_of_the_choices(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    assert "theirs" in saved(window, qtbot, "Overwrite")
    assert set(load(file).nodes) == {"ours", "more"}
    window.session.do("add", AddNode("third", Node("nodes.text", 1)))
    saved(window, qtbot)
    assert set(load(file).nodes) == {"ours", "more", "third"}, "what was written here is no other program's change"


def test_both_are_kept(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    saved(window, qtbot, "Keep Both")
    assert set(load(file).nodes) == {"theirs"}
    assert set(load(tmp_path / "flow (2).json").nodes) == {"ours", "more"}
    assert window.session.path == tmp_path / "flow (2).json"


def test_theirs_is_taken(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    saved(window, qtbot, "Reload")
    qtbot.waitUntil(lambda: set(window.session.workflow.nodes) == {"theirs"})
    assert not window.session.dirty


def test_nothing_happens_on_cancel(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    saved(window, qtbot, "Cancel")
    assert file.read_bytes() == THEIRS
    assert window.session.dirty
    window.session.stack.setClean()


def test_everything_goes_on_while_it_asks(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    window.documents.save()
    question = question_of(window, qtbot)
    window.session.do("add", AddNode("meanwhile", Node("nodes.text", 1)))
    window.close()
    assert window.isVisible(), "it does not end before it is known what becomes of the file"
    press(question, qtbot, "Overwrite")
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    assert set(load(file).nodes) == {"ours", "more", "meanwhile"}
    qtbot.waitUntil(lambda: not window.isVisible())


def test_escape_cancels(window, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    window.documents.save()
    qtbot.keyClick(question_of(window, qtbot), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    assert file.read_bytes() == THEIRS
    window.session.stack.setClean()


def test_a_free_name_and_the_difference(tmp_path: Path) -> None:
    (tmp_path / "a (2).json").touch()
    assert beside(tmp_path / "a.json").name == "a (3).json"
    assert "-b" in difference(b"a\nb\n", b"a\nc\n")


def test_windows_of_one_file_know_each_other(tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    first, second = OpenDocuments(tmp_path / "open"), OpenDocuments(tmp_path / "open")
    first.tell("a", file)
    assert first.others("a", file) == 0
    assert second.others("b", file) == 1
    first.tell("a", tmp_path / "other.json")
    assert second.others("b", file) == 0
    code = (
        "import sys; from pathlib import Path; from nodeflow.app.model.open_documents import OpenDocuments;"
        "OpenDocuments(Path(sys.argv[1])).tell('c', Path(sys.argv[2]))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "open"), str(file)], check=True, cwd=Path.cwd())
    assert len(list((tmp_path / "open").iterdir())) == 2
    assert second.others("b", file) == 0, "that process is gone"
    assert len(list((tmp_path / "open").iterdir())) == 1


def test_a_file_is_one_document_by_whatever_link_it_is_opened(window, qtbot: QtBot, tmp_path: Path) -> None:
    file, link = tmp_path / "flow.json", tmp_path / "link.json"
    link.symlink_to(file)
    changed(window, qtbot, file)
    count = window.tabs.count()
    window.documents.show_file(link)
    assert window.tabs.count() == count
    assert "more" in window.session.workflow.nodes, "its changes are still there"
    assert window.session.changed_outside(link)
    window.session.stack.setClean()


def type_name(monkeypatch: pytest.MonkeyPatch, name: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(name), ""))


def test_a_name_that_is_completed_replaces_no_file_unasked(
    window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "flow.json"
    file.write_bytes(THEIRS)
    window.session.do("add", AddNode("more", Node("nodes.text", 1)))
    asked: list[str] = []
    answers = iter((QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes))

    def answer(*given: object) -> QMessageBox.StandardButton:
        asked.append(str(given[2]))
        return next(answers)

    monkeypatch.setattr(QMessageBox, "question", answer)
    type_name(monkeypatch, tmp_path / "flow")
    window.documents.save_as()
    assert file.read_bytes() == THEIRS
    assert "flow.json" in asked[0]
    window.documents.save_as()
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    assert "more" in load(file).nodes
    type_name(monkeypatch, tmp_path / "new")
    window.documents.save_as()
    qtbot.waitUntil(lambda: window.documents.writing == 0)
    assert "more" in load(tmp_path / "new.json").nodes
    assert len(asked) == 2


def test_a_document_is_not_saved_over_that_of_another_tab(
    window, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "flow.json"
    changed(window, qtbot, file)
    first = window.session
    window.documents.new()
    window.session.do("add", AddNode("other", Node("nodes.text", 1)))
    told: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda *given: told.append(str(given[2])))
    type_name(monkeypatch, file)
    window.documents.save_as()
    assert window.documents.writing == 0
    assert "open in another tab" in told[0]
    assert file.read_bytes() == THEIRS
    for session in (first, window.session):
        session.stack.setClean()
