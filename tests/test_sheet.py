"""Contact sheets: every image in its place, words beside them, and room for thousands."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from nodeflow.engine.protocol import events as tell
from nodeflow.reports.contact_sheet import MARGIN, SIDES, Cell, SheetHeadings, grid
from nodeflow.reports.sweep_sheet import SheetWords, SweepSheet


def picture(colour: str, size: tuple[int, int] = (200, 200)) -> Image.Image:
    return Image.new("RGB", size, colour)


def colours(sheet: Image.Image) -> list[tuple[int, ...]]:
    """The pure colours, in reading order."""
    seen: dict[tuple[int, ...], tuple[int, int]] = {}
    pixels = sheet.load()
    assert pixels is not None
    for y in range(sheet.height):
        for x in range(sheet.width):
            colour = pixels[x, y]
            if isinstance(colour, tuple) and max(colour) == 255 and min(colour) == 0:
                seen.setdefault(colour, (y, x))
    return sorted(seen, key=lambda colour: seen[colour])


RED, LIME, BLUE, CYAN = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 255, 255)


def test_cells_stand_in_rows_below_and_beside_their_heads() -> None:
    cells = [Cell((picture(name),)) for name in ("red", "lime", "blue", "cyan")]
    bare, headed = grid(cells, 2), grid(cells, 2, SheetHeadings(("1", "2"), ("a", "b"), "scale", "seed"))
    assert colours(headed) == [RED, LIME, BLUE, CYAN]
    assert headed.width > bare.width and headed.height > bare.height
    assert bare.getpixel((MARGIN, MARGIN)) == RED


def test_a_cell_without_a_picture_says_why() -> None:
    sheet = grid([Cell((picture("red"),)), Cell(words="failed")])
    assert colours(sheet) == [RED]
    assert len({sheet.getpixel((x, sheet.height // 2)) for x in range(sheet.width // 2, sheet.width)}) > 2, "words"


def test_small_pictures_grow_and_large_ones_shrink() -> None:
    assert grid([Cell((picture("red", (64, 32)),))]).width == 2 * MARGIN + SIDES[0]
    assert grid([Cell((picture("red", (1000, 2000)),))]).width == 2 * MARGIN + SIDES[1] // 2
    assert max(grid([Cell((picture("red", (64, 64)),))] * 2500).size) < 10_000


def test_long_words_are_wrapped_and_cut() -> None:
    short = grid([Cell((picture("red"),), caption="a")])
    long = grid([Cell((picture("red"),), caption="word " * 200 + "x" * 500)])
    assert short.width == long.width
    assert short.height < long.height < short.height + 5 * 19


def test_the_pictures_of_a_batch_stand_side_by_side() -> None:
    assert colours(grid([Cell((picture("red"), picture("lime")))])) == [RED, LIME]


def swept(tmp_path: Path, *axes: tuple[str, tuple[object, ...]]) -> SweepSheet:
    sheet = SweepSheet()
    for axis, values in axes:
        sheet.add(tell.ListKnown(axis, values))  # type: ignore[arg-type]
    sheet.add(tell.NodeMapped("save", tuple(axis for axis, _ in axes), 4))
    return sheet


def finish(sheet: SweepSheet, tmp_path: Path, item: tuple[int, ...], colour: str) -> None:
    path = tmp_path / f"{colour}.png"
    picture(colour).save(path)
    sheet.add(tell.NodeFinished("save", "ran", files=(str(path),), item=item))


def test_a_sweep_becomes_a_grid_with_a_gap_where_an_item_failed(tmp_path: Path) -> None:
    sheet = swept(tmp_path, ("guidance.scale", (1.0, 2.5)), ("noise.seed", (1, 2)))
    finish(sheet, tmp_path, (1, 0), "blue")
    finish(sheet, tmp_path, (0, 0), "red")
    finish(sheet, tmp_path, (0, 1), "lime")
    sheet.add(tell.NodeSkipped("save", "it needs 'decode[2,2]', which failed", (1, 1)))
    first, second = sheet.write(tmp_path, b"{}"), sheet.write(tmp_path, b"{}")
    assert [Path(path).name for path in (*first, *second)] == ["contact-sheet-00001.png", "contact-sheet-00002.png"]
    with Image.open(first[0]) as shown:
        assert colours(shown) == [RED, LIME, BLUE]
        assert shown.text["nodeflow"] == "{}"  # type: ignore[attr-defined]


def test_what_wrote_nothing_has_no_sheet(tmp_path: Path) -> None:
    sheet = swept(tmp_path, ("noise.seed", (1, 2)))
    sheet.add(tell.NodeFailed("save", "no room", item=(0,)))
    assert sheet.write(tmp_path, b"{}") == []


def test_three_axes_make_more_rows(tmp_path: Path) -> None:
    sheet = swept(tmp_path, ("a.x", (1, 2)), ("b.y", (1, 2)), ("c.z", (True, False)))
    finish(sheet, tmp_path, (0, 0, 0), "red")
    finish(sheet, tmp_path, (1, 1, 1), "blue")
    with Image.open(sheet.write(tmp_path, b"{}")[0]) as shown:
        assert colours(shown) == [RED, BLUE]
        assert shown.height > 1.5 * shown.width


def test_its_words_are_those_of_who_asks(tmp_path: Path) -> None:
    drawn = []
    for words in (SheetWords(), SheetWords(), SheetWords(failed="失败", not_made="未生成")):
        sheet = SweepSheet(words)
        sheet.add(tell.ListKnown("noise.seed", (1, 2)))
        sheet.add(tell.NodeMapped("save", ("noise.seed",), 2))
        finish(sheet, tmp_path, (0,), "red")
        sheet.add(tell.NodeFailed("save", "no room", item=(1,)))
        drawn.append(Path(sheet.write(tmp_path, b"{}")[0]))
    english, again, chinese = (Image.open(path).tobytes() for path in drawn)
    assert english == again != chinese
