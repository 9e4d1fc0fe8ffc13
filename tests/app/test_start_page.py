"""The first minute: the start page, and the first image with one key."""

from __future__ import annotations

import itertools
from pathlib import Path

from app.conftest import STARTER
from app.test_tabs import press
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListView, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from nodeflow.app.start_page import bundled_workflows
from nodeflow.app.start_page.card_delegate import ABOUT, CARD, KIND, LARGE, PICTURE, RATIO, Cards
from nodeflow.app.start_page.start_page import StartPage
from nodeflow.app.start_page.workflow_thumbnail import sketch
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io import files

Key = Qt.Key


def page(window: MainWindow) -> StartPage:
    found = window.start_page
    assert found is not None
    return found


def test_closing_the_last_tab_leads_to_the_start_page(window: MainWindow) -> None:
    press(window, Key.Key_W)
    start = page(window)
    assert start.isVisible() and start.workflows.hasFocus()
    assert start.workflows.chosen == STARTER and start.workflows.currentItem().text() == "Latent diffusion"
    assert start.recent.isHidden() and not start.no_recent.isHidden()


def test_ctrl_enter_on_the_start_page_shows_a_picture(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Key.Key_W)
    press(window, Key.Key_Return)
    qtbot.waitUntil(lambda: window.start_page is None)
    assert window.session.name == "latent-diffusion" and window.session.running
    qtbot.waitUntil(lambda: not window.session.running, timeout=60_000)
    qtbot.waitUntil(lambda: window.preview.view.shown is not None, timeout=5000)


def test_arrows_and_enter_open_a_workflow_and_the_start_page_is_a_key_away(window: MainWindow, qtbot: QtBot) -> None:
    press(window, Key.Key_Home, Qt.KeyboardModifier.AltModifier)
    start = page(window)
    QTest.keyClick(start.workflows, Key.Key_End)
    last = start.workflows.chosen
    QTest.keyClick(start.workflows, Key.Key_Home)
    QTest.keyClick(start.workflows, Key.Key_Return)
    assert last is not None
    qtbot.waitUntil(lambda: window.start_page is None)
    assert window.canvas.view.hasFocus()
    assert window.session.name == "latent-diffusion"


def test_the_start_page_leads_back_to_the_documents(window: MainWindow) -> None:
    for way_back in (
        lambda start: QTest.keyClick(start.workflows, Key.Key_Escape),
        lambda start: QTest.mouseClick(start.back, Qt.MouseButton.LeftButton),
        lambda start: window.actions_["view.home"].trigger(),
    ):
        window.actions_["view.home"].trigger()
        start = page(window)
        assert start.back.isVisible() and start.back.text() == "Back to latent-diffusion"
        way_back(start)
        assert window.start_page is None and window.canvas.view.hasFocus()
    press(window, Key.Key_W)
    start = page(window)
    QTest.keyClick(start.workflows, Key.Key_Escape)
    assert start.isVisible() and start.back.isHidden()


def test_a_workflow_that_is_open_as_it_was_read_is_not_opened_twice(window: MainWindow, qtbot: QtBot) -> None:
    window.show_file(STARTER)
    assert window.tabs.count() == 1
    window.session.do("Edit", SetParam("noise", "seed", 5))
    window.show_file(STARTER)
    qtbot.waitUntil(lambda: window.tabs.count() == 2)
    assert not window.session.dirty


def test_files_used_last_stand_on_the_start_page(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(STARTER.read_bytes())
    window.show_file(path)
    qtbot.waitUntil(lambda: window.session.name == "mine")
    window.show_start_page()
    start = page(window)
    assert start.recent.item(0).text().startswith("mine")
    QTest.mouseClick(start.new, Qt.MouseButton.LeftButton)
    assert window.start_page is None and window.canvas.nodes == {}


def test_every_ready_made_workflow_has_a_picture(window: MainWindow, qtbot: QtBot) -> None:
    window.show_start_page()
    qtbot.waitUntil(lambda: window.background.idle, timeout=10_000)
    images = [item.data(PICTURE).toImage() for item, _ in page(window).workflows.cards()]
    for image in images:
        wide, high = image.width(), image.height()
        assert len({image.pixel(x, y) for x in range(0, wide, 9) for y in range(0, high, 9)}) > 3
    assert len({bytes(image.constBits()) for image in images}) == len(images) > 8


def painted(qtbot: QtBot, kind: str, width: int, **said: str) -> tuple[QImage, int]:
    """A card that says this, without its picture, and where its words begin below that."""
    shown, model = QListView(), QStandardItemModel()
    qtbot.addWidget(shown)
    shown.resize(width, 400)
    shown.show()
    item = QStandardItem(said.get("title", ""))
    item.setData(said.get("about", ""), ABOUT)
    item.setData(kind, KIND)
    model.appendRow(item)
    option, cards = QStyleOptionViewItem(), Cards(shown)
    option.font, option.rect = shown.font(), QRect(0, 0, width, 320)
    image = QImage(width, 320, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    cards.paint(painter, option, model.index(0, 0))
    painter.end()
    return image, round(cards.picture_width(kind) * RATIO) + 16


def test_a_title_in_any_script_ends_above_the_sentence_below_it(qtbot: QtBot) -> None:
    def rows(**said: str) -> list[int]:
        """The rows of pixels that letters are on."""
        image, below = painted(qtbot, CARD, 300, **said)
        return [y for y in range(below, 320) if any(image.pixelColor(x, y).lightness() > 60 for x in range(300))]

    for title in ("Forward diffusion", "前向扩散"):
        assert rows(title=title)[-1] + 1 < rows(about="图片一步步淹没")[0], title


def test_the_key_of_the_first_card_is_read_whole_where_there_is_little_room(qtbot: QtBot) -> None:
    about = "A text becomes an image. Each part is a node: text encoder, noise, scheduler, sampler, VAE."

    def blue(width: int) -> int:
        """Pixels of the words that stand in the accent's colour, on the card."""
        image, _ = painted(qtbot, LARGE, width, title="Latent diffusion", about=about)
        colours = (image.pixelColor(*place) for place in itertools.product(range(90, width), range(165)))
        return sum(colour.blue() - colour.red() > 50 for colour in colours)

    assert blue(360) > 0.8 * blue(700) > 100


def test_cards_stand_under_headings_that_the_keys_pass_over(window: MainWindow) -> None:
    window.show_start_page()
    start = page(window)
    shelves = bundled_workflows.shelves()
    assert start.workflows.count() == sum(1 + len(shelf.workflows) for shelf in shelves)
    heading = start.workflows.item(2)
    assert heading.text() == shelves[1].title
    area = start.workflows.visualItemRect(heading)
    assert area.width() == start.workflows.viewport().width()
    QTest.mouseClick(start.workflows.viewport(), Qt.MouseButton.LeftButton, pos=area.center())
    assert start.chosen == STARTER
    QTest.keyClick(start.workflows, Key.Key_Down)
    assert start.chosen == shelves[1].workflows[0].path
    first, second = (start.workflows.visualItemRect(start.workflows.item(row)) for row in (3, 4))
    assert first.top() == second.top() and first.right() < second.left()


def test_an_empty_workflow_is_an_empty_picture(window: MainWindow) -> None:
    empty = sketch(files.loads(b'{"nodeflow": 1}'), window.hub.catalogue, QSize(40, 30))
    assert len({empty.pixel(x, 9) for x in range(40)}) == 1


def test_a_word_finds_the_workflows_that_are_about_it(window: MainWindow, qtbot: QtBot) -> None:
    window.show_start_page()
    start = page(window)
    start.search.setFocus()
    QTest.keyClicks(start.search, "transformer class")
    shown = [item.text() for item, _ in start.workflows.cards() if not item.isHidden()]
    assert shown == ["DiT"] and start.none_found.isHidden()
    assert not start.workflows.currentItem().isHidden()
    QTest.keyClicks(start.search, " qqq")
    assert all(start.workflows.item(row).isHidden() for row in range(start.workflows.count()))
    assert start.none_found.isVisible() and start.chosen is None
    start.search.setText("clas dit")
    QTest.keyClick(start.search, Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.name == "dit")


def test_a_narrow_page_gives_its_room_to_the_pictures(window: MainWindow) -> None:
    window.show_start_page()
    start = page(window)
    assert start.side.isVisible()
    window.resize(900, 600)
    assert start.width() < 720 and start.side.isHidden()
