"""No English is left in the Chinese window: every page, menu, dialog, node, lesson and workflow is opened and read.

Latin words pass where they are names: of models, programs, papers, formats, parameters as files write them. What a
person wrote (node ids, prompts, paths) is the document's, not the window's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt, QUrl
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QDialog,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextBrowser,
    QToolBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.items.node_painter import shown
from nodeflow.app.canvas.view.hover_tips import port_tip
from nodeflow.app.commands.cheat_sheet import CheatSheet
from nodeflow.app.i18n import language
from nodeflow.app.i18n.pack_translations import pieces, told
from nodeflow.app.i18n.texts import describe, readable, wire_title
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.panels.lessons import lesson
from nodeflow.app.panels.node_help import LESSON
from nodeflow.app.start_page.bundled_workflows import shelves
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import AddNode
from nodeflow.graph.io import files
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.resources import folder

NAMES = {
    line.strip()
    for line in (Path(__file__).parent / "chinese_names.txt").read_text(encoding="utf-8").splitlines()
    if line.strip() and not line.startswith("#")
}
WORD = re.compile(r"[A-Za-z][\w'’.+/-]*", re.ASCII)
SHAPED = re.compile(r".*[A-Z].*[A-Z]|.*[\d_/+]|.*\.(?!$)")
"""Names by their shape: ``ControlNet``, ``VAE``, ``dpm_2``, ``Ctrl+S``, ``nodes.sample``."""
CODE = re.compile(r"``.+?``|`[^`\n]+`|<[^>]+>|\$\$.+?\$\$|\$.+?\$|https?://\S+|\w+\.(?:json|py|png)\b", re.DOTALL)
SOURCE = re.compile(r"(?:论文|延伸阅读|关于[^：]*论文|论文[^：]*)：.*|（[^（）]*\d{4}[^（）]*）|\([^()]*arXiv[^()]*\)")
"""Papers are named as they are called."""
WORKFLOWS = sorted((folder("workflows")).glob("*.json"))


@pytest.fixture(scope="module", autouse=True)
def chinese(qapp: QApplication) -> Iterator[None]:
    language.install(qapp, "zh_CN")
    yield
    language.install(qapp, "en")


@pytest.fixture
def spoken(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("NODEFLOW_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    window = MainWindow(DocumentSession(output=tmp_path))
    window.session.open(folder("workflows") / "latent-diffusion.json")
    window.show()
    qtbot.waitExposed(window)
    window.canvas.items.complete()
    yield window
    window.session.stack.setClean()
    window.close()
    window.deleteLater()


def english(text: str, *own: str) -> list[str]:
    """The Latin words of a text that are no names; ``own``: words of the document that may stand in it."""
    text = SOURCE.sub(" ", CODE.sub(" ", text.replace("&", "")))
    for word in sorted(own, key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", " ", text) if word else text
    words = (word.rstrip(".-'+/") for word in WORD.findall(text))
    return [word for word in words if len(word) > 1 and word not in NAMES and not SHAPED.match(word)]


def told_by(widget: QWidget) -> Iterator[str]:
    """Everything that a widget and those inside it say: words, hints, titles, entries, and names for who cannot see."""
    for one in (widget, *widget.findChildren(QWidget)):
        yield from (
            one.windowTitle(),
            one.toolTip(),
            one.statusTip(),
            one.accessibleName(),
            one.accessibleDescription(),
        )
        if isinstance(one, (QLabel, QAbstractButton)):
            yield one.text()
        if isinstance(one, (QLineEdit, QPlainTextEdit)):
            yield one.placeholderText()
        if isinstance(one, QGroupBox):
            yield one.title()
        if isinstance(one, QTextBrowser):
            yield one.toPlainText()
        if isinstance(one, QComboBox):
            yield from (one.itemText(at) for at in range(one.count()))
        if isinstance(one, QTabBar) and one.objectName() != "documents":
            yield from (one.tabText(at) for at in range(one.count()))
        if isinstance(one, QAbstractItemView) and one.model() is not None:
            yield from _entries(one.model(), QModelIndex())


def _entries(model: QAbstractItemModel, parent: QModelIndex) -> Iterator[str]:
    for row in range(model.rowCount(parent)):
        for column in range(_columns(model)):
            index = model.index(row, column, parent)
            yield str(model.data(index) or "")
            yield str(model.data(index, Qt.ItemDataRole.ToolTipRole) or "")
        yield from _entries(model, model.index(row, 0, parent))
    for column in range(_columns(model)):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")


def _columns(model: QAbstractItemModel) -> int:
    return 1 if isinstance(model, QAbstractListModel) else model.columnCount()


def check(texts: Iterator[str] | list[str], *own: str) -> None:
    """Fail with each text in which English is left, and its words."""
    found = {text: words for text in texts if text and (words := english(text, *own))}
    assert not found, "\n".join(f"{words} in {text[:160]!r}" for text, words in found.items())


def test_the_judge_tells_english_from_names() -> None:
    assert english("加载 CLIP") == [] and english("（Ho et al. 2020, arXiv:2006.11239）") == []
    assert english("This 是 left") == ["This", "left"]
    assert english("`scale` 与 $w$") == []


def test_menus_and_actions(spoken: MainWindow) -> None:
    menus = [spoken.menuBar(), *spoken.menuBar().findChildren(QMenu), *spoken.findChildren(QToolBar)]
    texts = [action.text() for menu in menus for action in menu.actions()]
    texts += [entry.words for entry in spoken.actions_.entries.values()]
    assert len(texts) > 100
    check(texts)


def test_every_panel_with_a_node_chosen_and_its_lesson_shown(spoken: MainWindow, qtbot: QtBot) -> None:
    assert spoken.panels is not None
    own = {
        *spoken.session.workflow.nodes,
        "latent-diffusion",
        *(n.type for n in spoken.session.workflow.nodes.values()),
    }
    own |= {str(value) for node in spoken.session.workflow.nodes.values() for value in node.params.values()}
    for name, entry in spoken.actions_.entries.items():
        if name.startswith("view.") and entry.action.isCheckable() and not entry.action.isChecked():
            entry.action.trigger()
    spoken.canvas.selection.choose(["guidance"])
    spoken.help._open(QUrl(LESSON))
    QApplication.processEvents()
    check(list(told_by(spoken)), *own, spoken.hub.output.as_posix(), str(Path.home()))


def test_the_start_page(spoken: MainWindow) -> None:
    spoken.show_start_page()
    assert spoken.start_page is not None
    check(list(told_by(spoken.start_page)))
    check(
        [text for shelf in shelves() for ready in shelf.workflows for text in (shelf.title, ready.title, ready.about)]
    )


def test_every_dialog(spoken: MainWindow) -> None:
    spoken.dialogs.show_settings()
    spoken.dialogs.show_keys()
    spoken.dialogs.show_sweep()
    spoken.dialogs.show_cheat_sheet()
    dialogs = spoken.findChildren(QDialog)
    assert len(dialogs) >= 4 and any(isinstance(dialog, CheatSheet) for dialog in dialogs)
    own = {*spoken.session.workflow.nodes, str(spoken.hub.output), spoken.settings.output, "English"}
    own |= {str(Path.home()), "nodeflow"}
    for dialog in dialogs:
        check(list(told_by(dialog)), *own)
        dialog.reject()


NODES = sorted(shipped_catalogue().nodes)
WIRES = {port.type for spec in shipped_catalogue().nodes.values() for port in (*spec.inputs, *spec.outputs)}
SAID_SO = {"CLIP", "ControlNet", "IP-Adapter", "Transformer", "VAE", "VQ", "sigma"}
"""Words that stand for a wire type in Chinese too."""


def test_every_wire_type_is_told_in_chinese_wherever_a_port_is(spoken: MainWindow) -> None:
    titles = {wire: wire_title(wire) for wire in WIRES}
    assert {wire: title for wire, title in titles.items() if set(WORD.findall(title)) - SAID_SO} == {}
    prompt = spoken.canvas.nodes["prompt"]
    told_of = [port_tip(port, lambda *_: "") for port in (*prompt.inputs, *prompt.outputs)]
    assert [re.sub("<[^>]+>", "", tip).split(" · ")[1] for tip in told_of][-1] == "条件"
    inspector = InspectorPanel(spoken.canvas.scope, spoken.tabs.front.history)
    inspector.show_node("prompt")
    assert inspector.output_box.itemText(0) == "条件"
    inspector.deleteLater()
    spoken.canvas.selection.choose(["prompt"])
    QApplication.processEvents()
    assert "文本编码器" in spoken.help.page.toPlainText() and "TextEncoder" not in spoken.help.page.toPlainText()


@pytest.mark.release
@pytest.mark.parametrize("node_type", NODES)
def test_every_node(node_type: str) -> None:
    spec = shipped_catalogue().nodes[node_type]
    names = [port.name for port in spec.inputs] + [port.name for port in spec.params + spec.outputs]
    check([spec.title, told(spec.station), *map(readable, names)])
    check(pieces(spec.doc), *names)
    choices = [(param, choice) for param in spec.params for choice in param.choices]
    check([shown(param, choice) for param, choice in choices], *names)
    check([describe(param) for param in spec.params], *(choice for _, choice in choices if "_" in choice))


@pytest.mark.release
@pytest.mark.parametrize("node_type", NODES)
def test_every_lesson(node_type: str) -> None:
    text = lesson(node_type)
    params = [param.name for param in shipped_catalogue().nodes[node_type].params]
    check(text.split("\n"), *params)


@pytest.mark.release
@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_workflow_opens_in_chinese(spoken: MainWindow, path: Path) -> None:
    spoken.session.open(path)
    spoken.canvas.items.complete()
    workflow = files.load(path)
    own = {*workflow.nodes, path.stem, *(node.type for node in workflow.nodes.values())}
    own |= {
        line for node in workflow.nodes.values() for value in node.params.values() for line in str(value).split("\n")
    }
    check([told(annotation.text) for annotation in workflow.annotations.values()], *own)
    for card in spoken.canvas.nodes.values():
        check([card.face.title, card.note, *(readable(port.name) for port in card.inputs)], *own)
        rows = [shown(param, card.value(param)) for param in card.face.rows if param.kind != "str"]
        check(rows, *(row for row in rows if "_" in row))


def test_a_node_that_stands_alone_says_what_is_wrong_in_chinese(spoken: MainWindow, qtbot: QtBot) -> None:
    spoken.session.new()
    spoken.session.do("Add", AddNode("n", Node("nodes.vae_decode")))
    spoken.run()
    qtbot.waitUntil(lambda: bool(spoken.session.problems), timeout=20_000)
    check([spoken.problems.list.item(0).text(), spoken.problems.heading.text()], "n.vae", "n.latent", "VAE", "Latent")
    check([spoken.canvas.nodes["n"].note, spoken.status.words.text()], "VAE", "Latent")
    assert isinstance(spoken.session.workflow, Workflow)
