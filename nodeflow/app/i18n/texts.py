"""Text that is shown, put in the person's language, and small phrasings that several places share."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from nodeflow.app.i18n.pack_translations import told, told_choice
from nodeflow.app.i18n.sentences import said
from nodeflow.graph.model.catalogue import Param
from nodeflow.graph.model.workflow import Problem, SeedMode, WorkflowError


def tr(text: str) -> str:
    """The text in the language of the interface."""
    return QCoreApplication.translate("nodeflow", text)


def term(text: str) -> str:
    """A word of a value, such as what a curve is of: the app's word for it, else that of the pack it comes from."""
    found = tr(text)
    return told(text) if found == text else found


def duration(seconds: float) -> str:
    """A time span as a person reads it: ``340 ms``, ``2.4 s``, ``3 min 20 s``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def size(count: float) -> str:
    """Bytes as a person reads them: ``812 bytes``, ``4.1 kB``, ``12 MB``, ``3.4 GB`` (of 1,000 each)."""
    if count < 1e3:
        return tr("{0} bytes").format(count)
    if count < 1e6:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.0f} MB" if count < 1e9 else f"{count / 1e9:.1f} GB"


def seed_words(mode: SeedMode | None) -> str:
    """Return what becomes of a seed after a run, in a word."""
    return {"random": tr("random"), "increment": tr("+1")}.get(mode or "", tr("fixed"))


def sentences(error: WorkflowError) -> str:
    """Every problem of an error, one a line, each a sentence."""
    return "\n".join(map(problem_line, error.problems))


def problem_line(problem: Problem) -> str:
    """A problem with its place, in the person's language."""
    return said(str(problem))


def describe(param: Param) -> str:
    """Return what a value of a parameter must be, in words: ``a number from 1 to 30``."""
    if param.kind == "choice":
        return tr("one of {0}").format(tr(", ").join(told_choice(param.name, choice) for choice in param.choices))
    return said(param.describe())


def readable(name: str) -> str:
    """A name in code as it is read on screen: ``guidance_scale`` becomes ``guidance scale``, or that in Chinese."""
    return told(name.replace("_", " "))


def wire_title(wire: str) -> str:
    """The name of a wire type as it is read on screen: ``TextEncoder`` becomes what that is in Chinese."""
    return told(wire)
