"""The course: its pages in every language, what they ask for, and that a window finds it reached by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from app.fit import misfits
from app.hands import Hand
from app.test_panels import panel
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from docs import course as printed
from nodeflow.app.i18n import language
from nodeflow.app.i18n.language import languages
from nodeflow.app.model.course import Check, course_pages, page_body, page_text, page_title
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.app.model.settings import Settings
from nodeflow.app.panels.course_panel import DONE, CoursePanel
from nodeflow.app.panels.lessons import formulas
from nodeflow.app.qt.formula import formula
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load

PAGES = {page.name: page for page in course_pages()}


def test_the_course_walks_from_autoencoders_to_flows() -> None:
    names = list(PAGES)
    assert len(names) == 15 and names[0] == "autoencoder" and names[-1] == "flow-matching"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_for_what_its_workflow_has(name: str) -> None:
    page, catalogue = PAGES[name], shipped_catalogue()
    workflow = load(page.path)
    for check in page.checks:
        node, port = check.place
        spec = catalogue.nodes[workflow.nodes[node].type]
        assert (spec.param(port) if check.setting else spec.output(port)) is not None, check
    for place, value in page.solution.items():
        node, _, param = place.rpartition(".")
        known = catalogue.nodes[workflow.nodes[node].type].param(param)
        assert known is not None and not known.fault(value)
        assert workflow.nodes[node].params.get(param, known.default) != value, "there would be nothing to change"


@pytest.mark.parametrize("spoken", languages())
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_told_in_every_language_with_its_formulas(qapp: QApplication, name: str, spoken: str) -> None:
    told, task = page_body(name, spoken)
    assert page_title(name, spoken) and len(told) > 150 and task
    assert "Paper" in told or "论文" in told
    assert spoken == "en" or page_text(name, spoken) != page_text(name, "en")
    assert set(formulas(told)) == set(formulas(page_body(name, "en")[0])) != set()
    assert not [latex for latex in formulas(told) if formula(latex, "#000000", 16.0).isNull()]


@pytest.mark.parametrize("spoken", languages())
def test_the_printed_course_is_what_the_pages_say(spoken: str) -> None:
    written = printed.page_path(spoken).read_text(encoding="utf-8")
    assert written == printed.page(spoken), "python -m docs.course writes it anew"


def test_the_course_is_printed_as_pdf(qapp: QApplication, tmp_path: Path) -> None:
    printed.write_pdf(tmp_path / "course.pdf", "zh_CN")
    language.install(qapp, "en")
    data = (tmp_path / "course.pdf").read_bytes()
    assert data.startswith(b"%PDF") and data.count(b"/Type /Page\n") >= len(PAGES)


def test_a_check_is_met_by_what_it_says_alone() -> None:
    between = Check(value="a.b", least=1, most=2)
    assert [between.met(found) for found in ("1.5", 2, 0.9, "2.1", None, "words")] == [1, 1, 0, 0, 0, 0]
    assert Check(setting="a.b", other="x").met("y") and not Check(setting="a.b", other="x").met("x")
    assert Check(setting="a.b", holds="moon").met("A Moon") and not Check(setting="a.b", holds="moon").met("sun")


@pytest.fixture
def course(window: MainWindow) -> CoursePanel:
    found = panel(window, "course")
    assert isinstance(found, CoursePanel)
    return found


def test_pages_are_turned_and_told(course: CoursePanel) -> None:
    assert course.page.name == "autoencoder" and not course.back.isEnabled()
    course.next.click()
    assert course.page.name == "vae" and course.back.isEnabled()
    assert "Variational" in course.text.toPlainText() and course.text.formulas
    assert "kl_weight" in course.task.text()
    course.pages.setCurrentIndex(course.pages.count() - 1)
    assert course.page.name == "flow-matching" and not course.next.isEnabled()


@pytest.mark.parametrize("spoken", languages())
def test_all_titles_have_room_in_a_narrow_panel(qapp: QApplication, window: MainWindow, spoken: str) -> None:
    language.install(qapp, spoken)
    Settings().course_done = list(PAGES)
    narrow = CoursePanel(Settings())
    narrow.setFixedSize(280, 600)
    narrow.show()
    QApplication.processEvents()
    found = misfits(narrow)
    narrow.deleteLater()
    language.install(qapp, "en")
    assert found == []


def test_a_page_has_its_words_below_each_other_where_there_is_little_room(course: CoursePanel) -> None:
    course.setParent(None)
    course.setFixedSize(400, 200)
    course.show()
    for _ in range(course.pages.count()):
        QApplication.processEvents()
        assert misfits(course) == []
        course.next.click()


def test_the_window_finds_by_itself_what_was_reached(
    window: MainWindow, course: CoursePanel, hand: Hand, qtbot: QtBot
) -> None:
    course.pages.setCurrentIndex(list(PAGES).index("autoregressive"))
    course.open.click()
    qtbot.waitUntil(lambda: "next" in window.session.workflow.nodes, timeout=20_000)
    session = window.session

    def run() -> None:
        session.run(("next",))
        qtbot.waitUntil(lambda: session.running, timeout=20_000)
        qtbot.waitUntil(lambda: not session.running, timeout=120_000)

    run()
    qtbot.waitUntil(lambda: bool(course.verdict.text()), timeout=20_000)
    assert "0 of 1" in course.verdict.text() and course.done == []
    session.do("text", SetParam("next", "text", PAGES["autoregressive"].solution["next.text"]))
    run()
    qtbot.waitUntil(lambda: course.done == ["autoregressive"], timeout=20_000)
    assert course.verdict.text() == "Reached." and course.pages.currentText().startswith(DONE)
    again = CoursePanel(Settings())
    assert again.done == ["autoregressive"] and again.pages.currentIndex() == 0
    assert again.pages.itemText(3).startswith(DONE)


def test_facts_of_images_are_asked_for(window: MainWindow, course: CoursePanel, hand: Hand, qtbot: QtBot) -> None:
    place = list(PAGES).index("latent-diffusion")
    course.pages.setCurrentIndex(place)
    course.open.click()
    qtbot.waitUntil(lambda: "prompt" in window.session.workflow.nodes, timeout=20_000)
    for name, steps in (("prompt.text", "a red star on a black background"), ("scheduler.steps", 4)):
        node, _, param = name.rpartition(".")
        window.session.do("change", SetParam(node, param, steps))
    window.session.run(("decode",))
    qtbot.waitUntil(lambda: window.session.running, timeout=20_000)
    qtbot.waitUntil(lambda: not window.session.running, timeout=120_000)
    qtbot.waitUntil(lambda: "latent-diffusion" in course.done, timeout=20_000)
