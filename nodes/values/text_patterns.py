"""Texts searched and changed by patterns (regular expressions), and values taken out of JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import regex

from nodeflow.graph.model.plain_values import HALF_CHARACTER, half_character
from nodeflow.node import Multiline, NodeError, Range, Rule, WrittenForm, node
from nodeflow.patterns import PatternFault, compiled
from nodeflow.text_forms import json_reason
from nodes.values.text_editing import MAX_TEXT, TOO_LONG, bounded

SECONDS = 5.0
"""How long a pattern may search: some take longer than anybody waits."""
MOST_GROUPS = 100
GROUP = re.compile(r"\\(?:\d|g<)")
"""What stands for a group in a replacement."""

Take = Literal["first match", "all matches", "first group", "all groups"]


@node("Find in text")
def find_in_text(
    text: Annotated[str, Multiline()] = "",
    pattern: Annotated[str, WrittenForm("pattern")] = "",
    take: Take = "first match",
    group: Annotated[int, Range(0, MOST_GROUPS)] = 1,
    ignore_case: bool = False,
    by_lines: bool = False,
    dot_is_all: bool = False,
) -> str:
    """Takes out of a text what a pattern matches.

    ``pattern`` is a regular expression as Python's: ``"style": "([^"]*)"`` with the first group gives what stands in
    the quotation marks. ``take`` is the first match, all matches (one a line), or what is in the brackets number
    ``group`` of the first or of all matches. Where nothing matches the text is empty. ``by_lines`` lets ^ and $ match
    at each line, ``dot_is_all`` lets . match a new line too.

    Fails for a pattern that is none, that has no such group, or that takes longer than 5 seconds, and where it gives
    more than a million letters.
    """
    found = _compiled(pattern, ignore_case, by_lines, dot_is_all)
    if "group" in take and group > found.groups:
        raise NodeError(f"the pattern has {found.groups} groups and group is {group}; choose a smaller number")
    try:
        if take.startswith("first"):
            match = found.search(text, timeout=SECONDS)
            return _text(match[group if take == "first group" else 0]) if match else ""
        taken = group if take == "all groups" else min(found.groups, 1)
        return _lines(_text(match[taken]) for match in found.finditer(text, timeout=SECONDS))
    except TimeoutError:
        raise _slow(pattern) from None


@node("Replace by pattern")
def replace_by_pattern(
    text: Annotated[str, Multiline()] = "",
    pattern: Annotated[str, WrittenForm("pattern")] = "",
    replace: str = "",
    most: Annotated[int, Range(0)] = 0,
    ignore_case: bool = False,
    by_lines: bool = False,
    dot_is_all: bool = False,
) -> str:
    """Puts a text in the place of what a pattern matches.

    ``pattern`` is a regular expression as Python's, and in ``replace`` ``\\1`` stands for what its first brackets
    matched. ``most`` is how many are replaced, 0 all. ``by_lines`` lets ^ and $ match at each line, ``dot_is_all``
    lets . match a new line too.

    Fails for a pattern or a replacement that is none, and where it takes longer than 5 seconds or gives more than a
    million letters.
    """
    found = _compiled(pattern, ignore_case, by_lines, dot_is_all)
    groups, length = len(GROUP.findall(replace)), 0

    def put(match: Any) -> str:
        nonlocal length
        if len(replace) + groups * max(map(len, map(_text, (match[0], *match.groups())))) > MAX_TEXT:
            raise NodeError(TOO_LONG)
        made = str(match.expand(replace)) if "\\" in replace else replace
        length += len(made)
        if length > MAX_TEXT:
            raise NodeError(TOO_LONG)
        return made

    try:
        return bounded(str(found.sub(put, text, count=most, timeout=SECONDS)))
    except TimeoutError:
        raise _slow(pattern) from None
    except (regex.error, IndexError) as error:
        raise NodeError(f"{replace[:60]!r} cannot stand for what the pattern matches: {error}; change it") from None


WRITTEN = Rule(
    "text > 0",
    "no value can be taken out of this JSON: there is no text; write some, or wire one",
    {"when_missing": ("fail",)},
)


@node("Value in JSON", rules=(WRITTEN,))
def value_in_json(
    text: Annotated[str, Multiline()] = "", key: str = "", when_missing: Literal["fail", "empty text"] = "fail"
) -> str:
    """Takes the value of a key out of a JSON object that is written as a text.

    ``{"prompt": "a fox", "steps": 20}`` with the key ``steps`` gives 20 as text; an object or a list comes as JSON.
    With ``when_missing`` on empty text, a text that is no JSON object, or has no such key, gives an empty text.

    Fails else for these, with a sentence that lists the keys.
    """
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            raise ValueError("it is no object")
        if key not in found:
            listed = ", ".join(list(found)[:8]) or "none"
            raise ValueError(f"it has no key {key!r}; its keys are {listed}")
    except (ValueError, RecursionError) as error:
        if when_missing == "empty text":
            return ""
        raise NodeError(f"no value can be taken out of this JSON: {json_reason(error)}; change it") from None
    if half_character(found[key]):
        raise NodeError(f"the value of {key!r} {HALF_CHARACTER}")
    return _plain(found[key])


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, (str, bool, int, float)) else json.dumps(value, ensure_ascii=False)


def _lines(parts: Iterable[str]) -> str:
    """Texts one a line. Raises NodeError as soon as they are too long together."""
    found, length = list[str](), 0
    for part in parts:
        found.append(part)
        length += len(part) + 1
        if length > MAX_TEXT + 1:
            raise NodeError(TOO_LONG)
    return "\n".join(found)


def _text(found: str | None) -> str:
    """What a group matched; one that took no part matched nothing."""
    return found or ""


def _compiled(pattern: str, ignore_case: bool, by_lines: bool, dot_is_all: bool) -> Any:
    flags = (regex.IGNORECASE * ignore_case) | (regex.MULTILINE * by_lines) | (regex.DOTALL * dot_is_all)
    try:
        return compiled(pattern, flags)
    except PatternFault as fault:
        raise NodeError(f"{pattern[:60]!r} is no pattern: {fault}; change it") from None


def _slow(pattern: str) -> NodeError:
    return NodeError(f"{pattern[:60]!r} searches longer than {SECONDS:g} seconds; write a simpler pattern")
