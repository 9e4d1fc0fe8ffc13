"""The language of the interface: which one is wanted, and the texts in it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from nodeflow import resources
from nodeflow.app.i18n import pack_translations

LANGUAGES = ("en", "zh_CN")


def wanted(choice: str) -> str:
    """The language that a choice stands for; ``system`` is the system's where we speak it, else English."""
    if choice in LANGUAGES:
        return choice
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def install(app: QCoreApplication, choice: str) -> str:
    """Let the app speak a language, Qt's own dialogs too; the language it speaks now. Before the window is made."""
    language = wanted(choice)
    pack_translations.use(language)
    folder = str(resources.folder("assets") / "translations")
    for name, place in (("nodeflow", folder), ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))):
        translator = QTranslator(app)
        if language != "en" and translator.load(f"{name}_{language}", place):
            app.installTranslator(translator)
    return language
