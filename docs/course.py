"""The course as pages to read and to print: ``python -m docs.course`` writes docs/course*.md, a test holds them to it.

python -m docs.course --pdf FILE [LANGUAGE]     the same as PDF, formulas drawn, by Qt alone
"""

from __future__ import annotations

import os
import sys
from html import escape
from pathlib import Path

from nodeflow.app.i18n.language import ENGLISH, languages
from nodeflow.app.model.course import course_pages, page_body, page_title

FOLDER = Path(__file__).parent
MADE = "<!-- Made by python -m docs.course; change assets/course, not this page. -->"
TITLES = {ENGLISH: "A course in generative models", "zh_CN": "生成模型课程"}
TRY = {ENGLISH: "Try it", "zh_CN": "试一试"}
OPENS = {ENGLISH: "Opens", "zh_CN": "打开"}


def page_path(spoken: str) -> Path:
    """The file of a language's page."""
    return FOLDER / ("course.md" if spoken == ENGLISH else f"course.{spoken}.md")


def page(spoken: str) -> str:
    """The whole course in a language, as Markdown."""
    parts = [f"# {TITLES.get(spoken, TITLES[ENGLISH])}", MADE]
    for number, one in enumerate(course_pages(), 1):
        told, task = page_body(one.name, spoken)
        link = f"[`{one.workflow}`](../workflows/{one.workflow}.json)"
        parts += [f"## {number} · {page_title(one.name, spoken)}", told]
        parts.append(f"**{TRY.get(spoken, TRY[ENGLISH])}.** {task}")
        parts.append(f"{OPENS.get(spoken, OPENS[ENGLISH])}: {link}")
    return "\n\n".join(parts) + "\n"


def write_pdf(path: Path, spoken: str) -> None:
    """Write the whole course as PDF, a page of the course on a page of paper."""
    from PySide6.QtCore import QMarginsF, QUrl
    from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument

    from nodeflow.app.i18n import language
    from nodeflow.app.main import application
    from nodeflow.app.panels.lessons import lesson_html
    from nodeflow.app.panels.node_help import words_html
    from nodeflow.app.qt.formula import formula

    language.install(application(), spoken)
    document = QTextDocument()

    def drawn(latex: str, inline: bool) -> str:
        image = formula(latex, "#000000", 13.0 if inline else 15.0, 4.0, inline)
        name = f"formula:{escape(latex, quote=True)}"
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), image)
        return f"<img src='{name}' width='{round(image.width() / 4)}' style='vertical-align: middle'>"

    parts = [f"<h1>{TITLES.get(spoken, TITLES[ENGLISH])}</h1>"]
    for number, one in enumerate(course_pages(), 1):
        told, task = page_body(one.name, spoken)
        new = " style='page-break-before: always'" if number > 1 else ""
        parts.append(f"<h2{new}>{number} · {escape(page_title(one.name, spoken))}</h2>")
        parts.append(lesson_html(told, words_html, drawn))
        parts.append(f"<p><b>{TRY.get(spoken, TRY[ENGLISH])}.</b> {words_html(task)}</p>")
        parts.append(f"<p>{OPENS.get(spoken, OPENS[ENGLISH])}: <code>workflows/{one.workflow}.json</code></p>")
    document.setHtml("".join(parts))
    writer = QPdfWriter(str(path))
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(20, 20, 20, 20),
                    QPageLayout.Unit.Millimeter)
    )  # fmt: skip
    writer.setTitle(TITLES.get(spoken, TITLES[ENGLISH]))
    writer.setResolution(96)
    document.setDocumentMargin(0)
    document.setPageSize(writer.pageLayout().paintRectPixels(96).size().toSizeF())
    document.print_(writer)


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--pdf"] and len(arguments) in (2, 3):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        write_pdf(Path(arguments[1]), arguments[2] if len(arguments) == 3 else ENGLISH)
        return
    for spoken in languages():
        page_path(spoken).write_text(page(spoken), encoding="utf-8")


if __name__ == "__main__":
    main()
