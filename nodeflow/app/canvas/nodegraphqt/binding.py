"""Modules that NodeGraphQt imports beside PySide6, in the measure in which it uses them.

It reaches PySide6 by the shim Qt.py, with the names of Qt 5, which looks at every class that there is; and it compares
two numbers of versions by distutils, for which setuptools is loaded. Together that would be a third of the start.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets


class _Names(ModuleType):
    """A module with the names of several, the first that has it counts."""

    def __init__(self, name: str, *sources: ModuleType, **more: Any) -> None:
        super().__init__(name)
        self.__dict__.update(more)
        self._sources = sources

    def __getattr__(self, name: str) -> Any:
        for source in self._sources:
            if hasattr(source, name):
                return getattr(source, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def install() -> None:
    """Stand in for Qt.py and for the one name of distutils, unless the real ones are loaded already."""
    widgets = _Names("Qt.QtWidgets", QtWidgets, QtGui)  # Qt 6 has moved some from one to the other
    svg, compat = import_module("PySide6.QtSvg"), ModuleType("Qt.QtCompat")
    shim = _Names("Qt", QtCore=QtCore, QtGui=QtGui, QtWidgets=widgets, QtSvg=svg, QtCompat=compat)
    sys.modules.setdefault("Qt", shim)
    sys.modules.setdefault("distutils.version", _Names("distutils.version", LooseVersion=_version))


def remove() -> None:
    """Let others that are loaded later have the real ones."""
    for name in ("Qt", "distutils.version"):
        if isinstance(sys.modules.get(name), _Names):
            del sys.modules[name]
