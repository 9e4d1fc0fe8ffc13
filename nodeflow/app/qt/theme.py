"""Colours and the application's palette: one calm dark theme, and a light one for systems that ask for it."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from nodeflow import resources
from nodeflow.graph.model.catalogue import item_type

Choice = Literal["system", "dark", "light"]

# fmt: off
Colour = Literal[
    "window", "panel", "field", "raised", "line", "text", "dim", "faint", "accent", "on_accent", "good", "known",
    "busy", "bad", "canvas", "dots", "node", "header", "row", "fill",
]
# fmt: on
"""The names of a theme's colours, so that a wrong one is found by the type checker and not while painting."""


@dataclasses.dataclass(frozen=True)
class Theme:
    """Every colour the app uses, as ``#rrggbb``."""

    dark: bool
    window: str
    panel: str
    field: str
    raised: str
    line: str
    text: str
    dim: str
    faint: str
    accent: str
    on_accent: str
    good: str
    known: str
    busy: str
    bad: str
    canvas: str
    dots: str
    node: str
    header: str
    row: str
    fill: str


DARK = Theme(
    dark=True,
    window="#1b1d21",
    panel="#212429",
    field="#17191c",
    raised="#2d3138",
    line="#363b43",
    text="#e4e7eb",
    dim="#a2a9b4",
    faint="#737b87",
    accent="#5b9df5",
    on_accent="#0d1420",
    good="#6cc08b",
    known="#59b3b8",
    busy="#5b9df5",
    bad="#ee7b74",
    canvas="#16181b",
    dots="#2a2e34",
    node="#25282e",
    header="#2e323a",
    row="#1b1d21",
    fill="#2b405f",
)

LIGHT = Theme(
    dark=False,
    window="#f2f3f5",
    panel="#fafbfc",
    field="#ffffff",
    raised="#e6e8ec",
    line="#cfd3da",
    text="#1f242b",
    dim="#545d6a",
    faint="#7b8493",
    accent="#2468c8",
    on_accent="#ffffff",
    good="#2b8750",
    known="#1f8085",
    busy="#2468c8",
    bad="#c23b34",
    canvas="#e9ebee",
    dots="#cdd1d8",
    node="#ffffff",
    header="#f0f2f5",
    row="#eef0f3",
    fill="#cadcf7",
)

_current = DARK

_WIRES = {
    "Image": "#62a8f0",
    "Latent": "#d98bd0",
    "Noise": "#8f9fb8",
    "Conditioning": "#e8ae5a",
    "Embedding": "#e0c067",
    "Reference": "#e39a6a",
    "ImagePrompter": "#d9a05f",
    "IPAdapter": "#cf9a72",
    "TextEncoder": "#dfc158",
    "LanguageModel": "#c9b45a",
    "Denoiser": "#a596ec",
    "GeneratorNetwork": "#b9a0d8",
    "Model": "#a596ec",
    "Guider": "#6fc3a2",
    "Schedule": "#58bcc6",
    "Sigmas": "#5cb3d4",
    "Sampler": "#58bcc6",
    "Vae": "#e58078",
    "VAE": "#e58078",
    "Codes": "#c98fe0",
    "ControlNet": "#7fb0e8",
    "VQ": "#e0926f",
    "SequenceTransformer": "#a596ec",
    "MaskedTransformer": "#a596ec",
    "Mask": "#9fc26b",
    "str": "#9aa2ad",
    "int": "#8fa6a0",
    "float": "#8fa6a0",
    "bool": "#a79a9a",
    "Any": "#9aa2ad",
}


_CURVES = ("#5b9df5", "#e8ae5a", "#6cc08b", "#d98bd0", "#ee7b74", "#58bcc6", "#a596ec", "#c9c36b")
_DARKER = 130
"""Per cent by which curves are darker on light ground, so that they stand out there too."""


def current() -> Theme:
    """The theme in force."""
    return _current


def colour(name: Colour) -> QColor:
    """A colour of the theme in force, by its name."""
    return QColor(getattr(_current, name))


def curve_colour(number: int) -> QColor:
    """The colour of a curve among others, by its number."""
    found = QColor(_CURVES[number % len(_CURVES)])
    return found if _current.dark else found.darker(_DARKER)


@functools.cache
def wire_colour(wire_type: str) -> QColor:
    """The colour of a wire type, for a list that of its items; one that is not known here gets one from its name."""
    name = item_type(wire_type).rpartition(".")[2]
    if name in _WIRES:
        return QColor(_WIRES[name])
    return QColor.fromHslF(zlib.crc32(name.encode()) % 360 / 360, 0.5, 0.65)


def apply(app: QApplication, choice: Choice = "system") -> Theme:
    """Give the application its style, palette and style sheet; the theme that is now in force."""
    global _current
    system = app.styleHints().colorScheme()
    light = choice == "light" or (choice == "system" and system == Qt.ColorScheme.Light)
    _current = LIGHT if light else DARK
    sheet = _sheet(_current)
    if app.styleSheet() != sheet:  # to say it again would style each widget anew
        app.setStyle("Fusion")
        app.setPalette(_palette(_current))
        app.setStyleSheet(sheet)
    return _current


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.field,
        role.AlternateBase: theme.panel,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.faint,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.bad,
        role.Link: theme.accent,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Accent: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.raised,
        role.Mid: theme.line,
        role.Dark: theme.field,
        role.Shadow: theme.field,
    }
    for key, value in colours.items():
        palette.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(theme.faint))
    return palette


def _sheet(theme: Theme) -> str:
    """Return what the palette cannot say: spacing, corners and lines of the frame around the canvas."""
    arrow = (resources.folder("assets") / "icons" / f"down-{'dark' if theme.dark else 'light'}.svg").as_posix()
    return f"""
    QToolTip {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line}; padding: 5px 7px; }}
    QMainWindow::separator {{ background: {theme.line}; width: 1px; height: 1px; }}
    QMenuBar {{ background: {theme.window}; padding: 2px 6px; }}
    QMenuBar::item {{ padding: 9px 9px; border-radius: 4px; background: transparent; }}
    QMenuBar::item:selected {{ background: {theme.raised}; }}
    QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 5px; }}
    QMenu::item {{ padding: 5px 26px 5px 14px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {theme.accent}; color: {theme.on_accent}; }}
    QMenu::item:disabled {{ color: {theme.faint}; background: transparent; }}
    QMenu::separator {{ height: 1px; background: {theme.line}; margin: 5px 8px; }}
    QToolBar {{ background: {theme.window}; border: none; border-bottom: 1px solid {theme.line};
               padding: 5px 8px; spacing: 3px; }}
    QToolBar::separator {{ background: {theme.line}; width: 1px; margin: 5px 7px; }}
    QToolButton {{ padding: 5px 10px; border-radius: 5px; border: none; color: {theme.text}; }}
    QToolButton:hover {{ background: {theme.raised}; }}
    QToolButton:pressed {{ background: {theme.line}; }}
    QToolButton:disabled {{ color: {theme.faint}; }}
    QToolButton#qt_toolbar_ext_button {{ padding: 0; qproperty-icon: url("{arrow}"); qproperty-iconSize: 10px 10px; }}
    QToolButton[popupMode="2"] {{ padding-right: 22px; }}
    QToolButton::menu-indicator {{ image: url("{arrow}"); width: 10px; height: 6px;
        subcontrol-origin: padding; subcontrol-position: center right; right: 6px; }}
    QToolButton#run {{ background: {theme.accent}; color: {theme.on_accent}; font-weight: 600; padding: 5px 14px; }}
    QToolButton#run:hover {{ background: {QColor(theme.accent).lighter(112).name()}; }}
    QToolButton#run:disabled {{ background: {theme.raised}; color: {theme.faint}; }}
    QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.line}; color: {theme.dim}; }}
    QStatusBar::item {{ border: none; }}
    QProgressBar {{ background: {theme.field}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
    QPushButton {{ background: {theme.raised}; border: 1px solid {theme.line}; border-radius: 5px; padding: 5px 14px; }}
    QPushButton:hover {{ background: {theme.line}; }}
    QPushButton#run {{ background: {theme.accent}; color: {theme.on_accent}; border: none; font-weight: 600;
        padding: 8px 14px; }}
    QPushButton#run:hover {{ background: {QColor(theme.accent).lighter(112).name()}; }}
    QPushButton:checked {{ background: {theme.fill}; }}
    QPushButton:disabled {{ color: {theme.faint}; }}
    QLineEdit, QPlainTextEdit, QSpinBox, QComboBox {{ background: {theme.field}; color: {theme.text};
        border: 1px solid {theme.line}; border-radius: 5px; padding: 3px 6px;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
        background: {theme.panel}; color: {theme.faint}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus {{ border: 1px solid {theme.accent}; }}
    QComboBox::drop-down {{ border: none; width: 18px; }}
    QComboBox::down-arrow {{ image: url("{arrow}"); width: 10px; height: 6px; margin-right: 8px; }}
    QComboBox QAbstractItemView {{ background: {theme.panel}; border: 1px solid {theme.line}; outline: none;
        selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}
    QListWidget {{ background: transparent; border: none; outline: none; }}
    QListWidget::item {{ padding: 0; border: none; }}
    QTextBrowser {{ background: {theme.panel}; border: none; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {theme.line}; border-radius: 4px; margin: 1px;
        min-height: 28px; min-width: 28px; }}
    QScrollBar::handle:hover {{ background: {theme.faint}; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QDockWidget {{ color: {theme.dim}; font-weight: 600; }}
    QDockWidget::title {{ background: {theme.window}; padding: 6px 14px 1px; border-bottom: 1px solid {theme.line}; }}
    QTabBar::tab {{ background: {theme.window}; color: {theme.dim}; padding: 7px 12px; border: none;
        border-right: 1px solid {theme.line}; }}
    QTabBar::tab:selected {{ background: {theme.panel}; color: {theme.text}; border-top: 2px solid {theme.accent};
        padding-top: 5px; }}
    QTabBar#documents::tab {{ min-width: 120px; }}
    QTabBar::scroller {{ width: 44px; }}
    QTabBar QToolButton {{ padding: 0; background: {theme.panel}; border-radius: 0; }}
    QTabBar QToolButton#close {{ padding: 0 4px; background: transparent; border-radius: 4px; }}
    QTabBar::tab:hover:!selected {{ background: {theme.raised}; }}
    QTabBar::tab:focus {{ color: {theme.accent}; }}
    QTabBar {{ background: {theme.window}; }}
    QTabWidget::pane {{ border: none; background: {theme.panel}; }}
    QToolButton#close {{ color: {theme.dim}; }}
    QToolButton#close:hover {{ background: {theme.line}; color: {theme.text}; }}
    QToolButton:checked {{ background: {theme.raised}; color: {theme.accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QTreeView, QTableView {{ background: transparent; border: none; outline: none; show-decoration-selected: 0;
        selection-background-color: transparent; }}
    QTreeView::item {{ padding: 3px 2px; border-radius: 4px; }}
    QTreeView::item:hover {{ background: {theme.raised}; }}
    QTreeView::item:selected {{ background: {theme.fill}; color: {theme.text}; }}
    QHeaderView::section {{ background: {theme.window}; color: {theme.dim}; border: none; padding: 5px 4px; }}
    QListView {{ background: transparent; border: none; outline: none; }}
    QListView::item:selected {{ background: {theme.fill}; color: {theme.text}; border-radius: 6px; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; }}
    QDoubleSpinBox {{ background: {theme.field}; color: {theme.text}; border: 1px solid {theme.line};
        border-radius: 5px; padding: 3px 6px; }}
    QDoubleSpinBox:focus, QSpinBox:focus {{ border: 1px solid {theme.accent}; }}
    QPushButton:focus, QToolButton:focus, QCheckBox:focus {{ outline: none; border: 1px solid {theme.accent}; }}
    QWidget#start {{ background: {theme.window}; }}
    QWidget#start QListWidget::item {{ padding: 8px; border-radius: 8px; color: {theme.text}; }}
    QWidget#start QListWidget::item:hover {{ background: {theme.panel}; }}
    QWidget#start QListWidget::item:selected {{ background: {theme.fill}; color: {theme.text}; }}
    QLabel#title {{ font-size: 24px; font-weight: 600; }}
    QFrame#notice {{ background: {theme.fill}; border-bottom: 1px solid {theme.line}; }}
    QFrame#overlay {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 10px; }}
    QFrame#overlay QLineEdit {{ padding: 6px 8px; font-size: 14px; }}
    QLabel#heading {{ color: {theme.dim}; font-weight: 600; }}
    QLabel#dim {{ color: {theme.dim}; }}
    QLabel#warning {{ color: {theme.bad}; }}
    QWidget#panel {{ background: {theme.panel}; }}
    Problems QListWidget {{ margin-left: -3px; }}
    Problems#panel {{ border-top: 1px solid {theme.line}; }}
    QSplitter::handle {{ background: {theme.line}; }}
    """
