"""The language of the interface: which one is wanted, and the texts in it.

A language is there where ``assets/translations`` holds its compiled texts (``nodeflow_NAME.qm``); all else that
speaks it lies in files that carry its name, so that another needs no line of code.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from nodeflow import resources
from nodeflow.app.i18n import pack_translations

ENGLISH = "en"
_installed: list[QTranslator] = []


def languages() -> tuple[str, ...]:
    """The names of the languages that there are, English first."""
    found = sorted(path.stem.partition("_")[2] for path in _folder().glob("nodeflow_*.qm"))
    return (ENGLISH, *found)


def native_name(language: str) -> str:
    """What a language calls itself."""
    return "English" if language == ENGLISH else QLocale(language).nativeLanguageName()


def wanted(choice: str) -> str:
    """The language that a choice stands for; for ``system``, or one that is gone, the system's where we speak it."""
    known = languages()
    if choice in known:
        return choice
    spoken = QLocale.system()
    return next((name for name in known if QLocale(name).language() == spoken.language()), ENGLISH)


def install(app: QCoreApplication, choice: str) -> str:
    """Let the app speak a language, Qt's own dialogs too; the language it speaks now.

    Windows that are there keep the texts that they have.
    """
    language = wanted(choice)
    pack_translations.use(language)
    while _installed:
        app.removeTranslator(_installed.pop())
    places = (("nodeflow", str(_folder())), ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)))
    for name, place in places:
        translator = QTranslator(app)
        if language != ENGLISH and translator.load(f"{name}_{language}", place):
            app.installTranslator(translator)
            _installed.append(translator)
    return language


def _folder() -> Path:
    return resources.folder("assets") / "translations"
