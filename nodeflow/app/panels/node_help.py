"""The help of a node, from its docstring and its ports."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from nodeflow.app.i18n.sentences import said
from nodeflow.app.i18n.texts import describe, readable, tr, wire_title
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_state_text import state_line
from nodeflow.app.model.value_facts import ValueFacts
from nodeflow.app.model.word_hints import WordHints
from nodeflow.app.panels.lessons import lesson, lesson_html
from nodeflow.app.qt import theme
from nodeflow.app.qt.formula import formula
from nodeflow.graph.model.catalogue import NodeSpec
from nodeflow.graph.model.workflow import Node
from nodeflow.graph.subgraphs.instances import definition_of

Line = Callable[[str, str], str]
LESSON = "lesson:"
"""The link that shows and hides a lesson."""


class Page(QTextBrowser):
    """Text with formulas in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.formulas: list[QImage] = []

    def formula(self, latex: str, inline: bool) -> str:
        """HTML for a formula, drawn in the colours and the size of the text."""
        size = self.fontMetrics().height() * (1.0 if inline else 1.15)
        image = formula(latex, theme.current().text, size, self.devicePixelRatioF(), inline)
        self.formulas.append(image)
        width = round(image.width() / image.devicePixelRatio())
        place = f"src='formula:{len(self.formulas) - 1}' width='{width}' alt='{escape(latex, quote=True)}'"
        return f"<img {place} style='vertical-align: middle'>"

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = QUrl(name)
        if url.scheme() == "formula" and int(url.path()) < len(self.formulas):
            return self.formulas[int(url.path())]
        return super().loadResource(kind, url)


class NodeHelp(QWidget):
    """Hold what the selected node does, takes and gives, and how it stands in the last run.

    With its lesson it also tells the values that came in and went out, asked from the engine by ``facts``.
    """

    def __init__(self, scope: GraphScope, facts: ValueFacts) -> None:
        super().__init__()
        self._facts = facts
        self._scope = scope
        self._name = self._shown = ""
        self.page = Page()
        self.page.anchorClicked.connect(self._open)
        self.lesson_shown = False
        self.page.setAccessibleName(self.tr("Help of the selected node"))
        self.page.setMinimumHeight(40)
        self.page.document().setDocumentMargin(0)
        self.page.setViewportMargins(0, 0, 8, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addWidget(self.page)
        scope.node_changed.connect(self._changed)
        facts.told.connect(self._told)
        self.show_node("")

    def show_node(self, name: str) -> None:
        """Show the help of a node; of the canvas where none is chosen."""
        self._name = name
        node = self._scope.workflow.nodes.get(name)
        if node is None:
            if self._shown != (words := _canvas_help()):  # at each click beside the nodes, and often at the start
                self.page.setHtml(words)
                self._shown = words
            return
        self._shown = ""
        self.page.formulas.clear()
        spec = self._scope.catalogue.nodes.get(node.type)
        behind = self._lesson(node.type) if spec else ""
        line = self._facts.line if self.lesson_shown else lambda *_: ""
        self.page.setHtml(_page(self._scope, name, node, spec, behind, line))

    def _lesson(self, node_type: str) -> str:
        """Return what lies behind a kind of node, or the link that shows it."""
        text, t = lesson(node_type), theme.current()
        if not text:
            return ""
        words = tr("Hide what lies behind it") if self.lesson_shown else tr("What lies behind it")
        link = f"<p><a style='color:{t.accent}' href='{LESSON}'>{'▾' if self.lesson_shown else '▸'} {words}</a></p>"
        return link + (lesson_html(text, words_html, self.page.formula) if self.lesson_shown else "")

    def _open(self, url: QUrl) -> None:
        if url.toString() == LESSON:
            self.lesson_shown = not self.lesson_shown
            self._show_again()
        else:
            QDesktopServices.openUrl(url)

    def _changed(self, name: str) -> None:
        if name == self._name:
            self.show_node(name)

    def _told(self, node: str) -> None:
        links = self._scope.workflow.links.values()
        if self.lesson_shown and node in (self._name, *(link.source for link in links if link.target == self._name)):
            self._show_again()

    def _show_again(self) -> None:
        at = self.page.verticalScrollBar().value()
        self.show_node(self._name)
        self.page.verticalScrollBar().setValue(at)


def _page(scope: GraphScope, name: str, node: Node, spec: NodeSpec | None, behind: str, line: Line) -> str:
    """``behind``: HTML of its lesson. ``line``: what is told of the value of a node's output beside its shape."""
    t = theme.current()
    title = escape(spec.title if spec else name)
    parts = [f"<p style='font-size:15px; font-weight:600; margin-bottom:2px'>{title}</p>"]
    parts.append(f"<p style='color:{t.faint}; margin-top:0'>{escape(name)} · {escape(node.type)}</p>")
    state = scope.state(name)
    if state.phase == "failed":
        parts.append(f"<p style='color:{t.bad}'>{escape(said(state.error))}</p>")
    hint = WordHints(scope.workflow, scope.catalogue, scope.base).of(name)
    notes = dict.fromkeys((*filter(None, [hint]), *state.notes))
    parts += (f"<p style='color:{t.busy}'>{escape(said(note))}</p>" for note in notes)
    if spec is None:
        pack = node.type.partition(".")[0]
        words = tr("This node comes from the pack {0!r}, which is not installed.").format(pack)
        parts.append(f"<p>{escape(words)}</p>")
        return "".join(parts)
    doc = said(spec.doc) if definition_of(node.type) else spec.doc
    parts += (_prose(block) for block in doc.split("\n\n") if block.strip())
    parts.append(behind)
    came = _came(scope, name, line)
    inputs = [
        (
            readable(port.name),
            wire_title(port.type) + ("" if port.required else tr(", optional")) + came.get(port.name, ""),
        )
        for port in spec.inputs
    ]
    parts.append(_table(tr("Takes"), inputs))
    parts.append(_table(tr("Parameters"), [(readable(param.name), describe(param)) for param in spec.params]))
    told = {value.output: value.text for value in state.values}
    gives = [(port, line(name, port.name) or said(told.get(port.name, ""))) for port in spec.outputs]
    rows = [(readable(port.name), " · ".join(filter(None, [wire_title(port.type), words]))) for port, words in gives]
    parts.append(_table(tr("Gives"), rows))
    last = [state_line(state)] if state.phase not in ("failed", "idle") else []
    last += [said(state.why)] if state.why and state.phase in ("ran", "running") else []
    if last:
        parts.append(f"<p style='color:{t.dim}'>{escape(tr('Last run'))}: {escape(' · '.join(last))}</p>")
    return "".join(parts)


def _came(scope: GraphScope, name: str, line: Line) -> dict[str, str]:
    """Return what came in at a node's inputs in the last run, in words."""
    came = {}
    for link in scope.workflow.links.values():
        if link.target == name:
            values = {value.output: value.text for value in scope.state(link.source).values}
            if words := line(link.source, link.output) or said(values.get(link.output, "")):
                came[link.input] = f" · {words}"
    return came


def _prose(block: str) -> str:
    """A paragraph or a list of a docstring."""
    items = re.split(r"^[ \t]*- ", block, flags=re.MULTILINE)
    lead = f"<p>{words_html(items[0])}</p>" if items[0].strip() else ""
    points = "".join(f"<li style='margin-bottom:3px'>{words_html(item)}</li>" for item in items[1:])
    return lead + (f"<ul style='margin-left:-22px'>{points}</ul>" if points else "")


def words_html(text: str) -> str:
    """Running text: code in its own type, numbers of papers as links."""
    words = re.sub(r"``(.+?)``|`(.+?)`", r"<code>\1\2</code>", escape(" ".join(text.split())))
    link = f"<a style='color:{theme.current().accent}' href='https://arxiv.org/abs/\\1'>arXiv:\\1</a>"
    return re.sub(r"arXiv:(\d+\.\d+)", link, words)


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    if not rows:
        return ""
    t = theme.current()
    lines = "".join(
        f"<tr><td style='padding:2px 14px 2px 0'>{escape(readable(name))}</td>"
        f"<td style='padding:2px 0; color:{t.dim}'>{escape(words)}</td></tr>"
        for name, words in rows
    )
    return f"<p style='color:{t.faint}; margin-bottom:2px'>{escape(title)}</p><table cellspacing='0'>{lines}</table>"


def _canvas_help() -> str:
    t = theme.current()
    keys = [
        (tr("Tab, double click"), tr("add a node")),
        (tr("Drag from a port"), tr("lay a wire; on empty canvas: search what fits")),
        (tr("Click a value"), tr("edit it; drag a number to change it")),
        (tr("Ctrl+Enter"), tr("run")),
        (tr("M, B"), tr("mute, bypass")),
        (tr("F, A"), tr("show the selection, show all")),
        (tr("Middle button, Space"), tr("move the canvas")),
    ]
    lines = "".join(
        f"<tr><td style='padding:3px 16px 3px 0; white-space:nowrap'>{escape(key)}</td>"
        f"<td style='padding:3px 0; color:{t.dim}'>{escape(words)}</td></tr>"
        for key, words in keys
    )
    lead = escape(tr("Select a node to read what it does."))
    return f"<p style='color:{t.dim}; '>{lead}</p><table cellspacing='0' style='margin-top:8px'>{lines}</table>"
