"""The help of a node, from its docstring and its ports."""

from __future__ import annotations

import re
from html import escape

from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from nodeflow.app import theme
from nodeflow.app.level import Level
from nodeflow.app.words import readable, state_line, tr
from nodeflow.graph.catalog import NodeSpec
from nodeflow.graph.workflow import Node


class NodeHelp(QWidget):
    """What the selected node does, takes and gives, and how it stands in the last run."""

    def __init__(self, session: Level) -> None:
        super().__init__()
        self._session = session
        self._name = ""
        self.page = QTextBrowser()
        self.page.setAccessibleName(self.tr("Help of the selected node"))
        self.page.setOpenExternalLinks(True)
        self.page.setMinimumHeight(40)
        self.page.document().setDocumentMargin(0)
        self.page.setViewportMargins(0, 0, 8, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addWidget(self.page)
        session.node_changed.connect(self._changed)
        self.show_node("")

    def show_node(self, name: str) -> None:
        """Show the help of a node; of the canvas where none is chosen."""
        self._name = name
        node = self._session.workflow.nodes.get(name)
        if node is None:
            self.page.setHtml(_canvas_help())
            return
        self.page.setHtml(_page(self._session, name, node, self._session.catalogue.nodes.get(node.type)))

    def _changed(self, name: str) -> None:
        if name == self._name:
            self.show_node(name)


def _page(session: Level, name: str, node: Node, spec: NodeSpec | None) -> str:
    t = theme.current()
    title = escape(spec.title if spec else name)
    parts = [f"<p style='font-size:15px; font-weight:600; margin-bottom:2px'>{title}</p>"]
    parts.append(f"<p style='color:{t.faint}; margin-top:0'>{escape(name)} · {escape(node.type)}</p>")
    state = session.state(name)
    if state.phase == "failed":
        parts.append(f"<p style='color:{t.bad}'>{escape(state.error)}</p>")
    if spec is None:
        pack = node.type.partition(".")[0]
        words = tr("This node comes from the pack {0!r}, which is not installed.").format(pack)
        parts.append(f"<p>{escape(words)}</p>")
        return "".join(parts)
    parts += (_prose(block) for block in spec.doc.split("\n\n") if block.strip())
    inputs = [(port.name, port.type + ("" if port.required else tr(", optional"))) for port in spec.inputs]
    parts.append(_table(tr("Takes"), inputs))
    parts.append(_table(tr("Parameters"), [(param.name, param.describe()) for param in spec.params]))
    told = {value.output: f" · {value.text}" for value in state.values if value.text}
    parts.append(_table(tr("Gives"), [(port.name, port.type + told.get(port.name, "")) for port in spec.outputs]))
    last = [state_line(state)] if state.phase not in ("failed", "idle") else []
    last += [state.why] if state.why and state.phase in ("ran", "running") else []
    if last:
        parts.append(f"<p style='color:{t.dim}'>{escape(tr('Last run'))}: {escape(' · '.join(last))}</p>")
    return "".join(parts)


def _prose(block: str) -> str:
    """A paragraph or a list of a docstring."""
    items = re.split(r"^[ \t]*- ", block, flags=re.MULTILINE)
    lead = f"<p>{_words(items[0])}</p>" if items[0].strip() else ""
    points = "".join(f"<li style='margin-bottom:3px'>{_words(item)}</li>" for item in items[1:])
    return lead + (f"<ul style='margin-left:-22px'>{points}</ul>" if points else "")


def _words(text: str) -> str:
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
