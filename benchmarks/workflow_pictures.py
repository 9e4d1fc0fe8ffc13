"""A small image of what each ready-made workflow makes, for the start page and for the page that lists them.

    python -m benchmarks.workflow_pictures [NAME...]

Runs each workflow (all of them, or those named) as it stands, and writes ``assets/workflows/NAME.webp``; then
``assets/workflows/README.md``, shelf by shelf as they stand on the start page, and the images in the README.
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from itertools import groupby
from pathlib import Path

from PIL import Image

from nodeflow.app.start_page.bundled_workflows import shelves
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.io.files import load, write_atomic
from nodeflow.graph.model.workflow import Workflow
from nodeflow.resources import folder

SIZE = (306, 192)
MAX_BYTES = 12_000
GAP = 3
STRIP = 4
"""An image so many times as wide as high has a row of its own."""
MAX_IN_A_ROW = 6
BEGIN, END = "<!-- gallery -->", "<!-- end of gallery -->"
"""Between these lines of the README stands what `gallery` makes."""
HEAD = """# Ready-made workflows

Each opens from the start page, or with `nodeflow open workflows/NAME.json`. Written by `python -m
benchmarks.workflow_pictures`, which also made the images.
"""


def rows_of(workflow: Workflow, output: Path, path: Path) -> list[list[Path]]:
    """The images that a run writes, a row for each node that wrote several, from the top of the canvas downwards.

    Raises RuntimeError where a node fails.
    """
    wrote: dict[str, list[Path]] = {}
    for event in WorkflowRunner().run(RunRequest.of(workflow, path.parent, output, device="cpu")):
        match event:
            case tell.NodeFinished(files=files) if files:
                wrote.setdefault(event.node, []).extend(Path(file) for file in files)
            case tell.NodeFailed():
                raise RuntimeError(f"{path.stem}: {event.node} fails: {event.error}")
    order = sorted(wrote, key=lambda node: (workflow.layout[node].y, workflow.layout[node].x))
    rows: list[list[Path]] = []
    for alone, nodes in groupby(order, key=lambda node: len(wrote[node]) == 1):
        found = [wrote[node] for node in nodes]
        rows += [[file for files in found for file in files]] if alone else found
    return rows


def spread(row: list[Path], most: int = MAX_IN_A_ROW) -> list[Path]:
    """At most so many of a row, the first and the last among them."""
    if len(row) <= most:
        return row
    return [row[round(number * (len(row) - 1) / (most - 1))] for number in range(most)]


def collage(rows: list[list[Path]]) -> Image.Image:
    """All on one image: what is tall stands at the left, the rest in rows, each as high as there is room."""
    if len(rows) == 1 and len(rows[0]) > 3:  # better two short rows than one of small images
        half = (len(rows[0]) + 1) // 2
        rows = [rows[0][:half], rows[0][half:]]
    shown = [[Image.open(file).convert("RGB") for file in spread(row)] for row in rows]
    several = len(shown) > 1
    tall = [one for row in shown for one in row if several and one.width < 0.9 * one.height]
    strips = [one for row in shown for one in row if one.width > STRIP * one.height]
    shown = [[one for one in row if one not in tall and one not in strips] for row in shown]
    shown = [row for row in [*shown, *([one] for one in strips)] if row]
    sheet = Image.new("RGBA", SIZE)  # where nothing is, the page shows through
    left = 0
    for one in tall:
        sheet.paste(one.resize((round(SIZE[1] * one.width / one.height), SIZE[1]), Image.Resampling.LANCZOS), (left, 0))
        left += round(SIZE[1] * one.width / one.height) + GAP
    room = SIZE[0] - left
    heights = shared([(room - GAP * (len(row) - 1)) / shape(row) for row in shown], SIZE[1] - GAP * (len(shown) - 1))
    top = (SIZE[1] - sum(heights) - GAP * (len(shown) - 1)) // 2
    for row, high in zip(shown, heights, strict=True):
        cells = [one.resize((round(high * one.width / one.height), high), Image.Resampling.LANCZOS) for one in row]
        at = left + (room - sum(cell.width for cell in cells) - GAP * (len(cells) - 1)) // 2
        for cell in cells:
            sheet.paste(cell, (at, top))
            at += cell.width + GAP
        top += high + GAP
    return sheet


def shape(row: list[Image.Image]) -> float:
    """Return how wide images of one height are side by side, in heights."""
    return sum(one.width / one.height for one in row)


def shared(wanted: list[float], room: float) -> list[int]:
    """Whole heights within the room: each as wanted, or the most that all who want more can have alike."""
    low, high = 0.0, max(wanted)
    for _ in range(30):
        most = (low + high) / 2
        low, high = (most, high) if sum(min(one, most) for one in wanted) <= room else (low, most)
    return [int(min(one, high)) for one in wanted]


def packed(picture: Image.Image) -> bytes:
    """As WebP, as good as the bytes allow."""
    for quality in range(88, 20, -6):
        data = BytesIO()
        picture.save(data, "WEBP", quality=quality, method=6)
        if data.tell() <= MAX_BYTES:
            break
    return data.getvalue()


def page() -> str:
    """The page that shows them, shelf by shelf."""
    lines = [HEAD]
    for shelf in shelves():
        lines += [f"## {shelf.title}", "", "| | | |", "|---|---|---|"]
        for ready in shelf.workflows:
            link = f"[{ready.title}](../../workflows/{ready.path.name})"
            shown = f"![{ready.title}]({ready.picture.name})" if ready.picture.is_file() else ""
            lines.append(f"| {shown} | {link} | {ready.about} |")
        lines.append("")
    return "\n".join(lines)


def gallery() -> str:
    """The images for the README, each leading to its workflow."""
    shown = [
        f'<a href="workflows/{ready.path.name}"><img src="assets/workflows/{ready.picture.name}" width="153" '
        f'alt="{ready.title}" title="{ready.title}"></a>'
        for shelf in shelves()
        for ready in shelf.workflows
    ]
    return "\n".join([BEGIN, *shown, END])


def with_gallery(readme: str) -> str:
    """A README with its images as they are now.

    Raises ValueError where one of the lines between which they stand is missing: nothing of the rest may be lost.
    """
    begin, end = readme.index(BEGIN), readme.index(END)
    return readme[:begin] + gallery() + readme[end + len(END) :]


def main() -> None:
    wanted = sys.argv[1:]
    for ready in (ready for shelf in shelves() for ready in shelf.workflows if not wanted or ready.name in wanted):
        with tempfile.TemporaryDirectory() as output:
            try:
                data = packed(collage(rows_of(load(ready.path), Path(output), ready.path)))
            except RuntimeError as error:
                print(error)
                continue
        write_atomic(ready.picture, data)
        print(f"{ready.name}: {len(data):,} bytes", flush=True)
    write_atomic(folder("assets") / "workflows" / "README.md", page().encode())
    readme = Path(__file__).parents[1] / "README.md"
    write_atomic(readme, with_gallery(readme.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
