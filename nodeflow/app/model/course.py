"""A course in pages: each has a workflow to open, something to change, and checks that tell whether that worked.

Pages stand in ``assets/course``: ``course.json`` lists them in order with their checks, ``NAME.md`` holds a page's
text, and ``LANGUAGE/NAME.md`` the same in another language.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.app.i18n.pack_translations import language
from nodeflow.resources import folder

TASK = "> "
"""What a page asks to do is a paragraph that begins so."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition: of a ``setting`` (``node.parameter``) or of a ``value`` (``node.output``) of the last run.

    A number is to be at least ``least`` and at most ``most``; a setting is to be other than ``other``, or to hold the
    words ``holds``. Of a value that is no number, ``fact`` names a fact about its tensor ``tensor``, such as its mean.
    """

    setting: str = ""
    value: str = ""
    fact: str = ""
    tensor: str = ""
    least: float | None = None
    most: float | None = None
    other: Any = None
    holds: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """The node, and its parameter or output."""
        node, _, port = (self.setting or self.value).rpartition(".")
        return node, port

    def met(self, found: Any) -> bool:
        """Return whether what was found is as it should be; what was not found is not."""
        if found is None:
            return False
        if self.other is not None and found == self.other:
            return False
        if self.holds and self.holds.casefold() not in str(found).casefold():
            return False
        if self.least is None and self.most is None:
            return True
        try:
            number = float(found)
        except (TypeError, ValueError):
            return False
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


class CoursePage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page: its name, the ready-made workflow that it opens, its checks, and settings that meet them."""

    name: str
    workflow: str
    checks: tuple[Check, ...]
    solution: dict[str, Any]

    @property
    def path(self) -> Path:
        """The file of its workflow."""
        return folder("workflows") / f"{self.workflow}.json"


@functools.cache
def course_pages() -> tuple[CoursePage, ...]:
    """The pages in order."""
    return msgspec.json.decode((folder("assets") / "course" / "course.json").read_bytes(), type=tuple[CoursePage, ...])


def page_text(name: str, spoken: str = "") -> str:
    """The text of a page in the person's language, or in the one named; in English where it is not translated."""
    place = folder("assets") / "course"
    paths = (place / (spoken or language()) / f"{name}.md", place / f"{name}.md")
    return next((path.read_text(encoding="utf-8") for path in paths if path.is_file()), "")


def page_title(name: str, spoken: str = "") -> str:
    """The title of a page, which is its first line."""
    return page_text(name, spoken).partition("\n")[0].removeprefix("# ").strip()


def page_body(name: str, spoken: str = "") -> tuple[str, str]:
    """What a page tells, and what it asks to do."""
    _, _, body = page_text(name, spoken).partition("\n")
    blocks = [block.strip() for block in body.split("\n\n") if block.strip()]
    tasks = [block.removeprefix(TASK) for block in blocks if block.startswith(TASK)]
    return "\n\n".join(block for block in blocks if not block.startswith(TASK)), "\n\n".join(tasks)
