"""Texts that are written in a form of their own, such as patterns and arithmetic: what is wrong with one, in words.

A node's parameter says its form (`nodeflow.node.Written`), so that a wrong text is told where it is typed, when a
workflow is checked, and before a run computes anything. The nodes read by the same rules.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import string
from collections.abc import Callable, Collection
from typing import Literal, NamedTuple

from nodeflow.arithmetic import CONSTANTS, ArithmeticFault, check_written
from nodeflow.patterns import PatternFault, compiled

FormName = Literal[
    "pattern", "arithmetic", "template", "file name", "folder name", "falling numbers", "JSON list", "number"
]
Names = Collection[str] | None
"""What a text may name; None where that is not known."""

FIXED_GAPS = ("date", "time", "seed", "width", "height")
"""What may stand between braces in a file's name, beside parameters as ``node.parameter``."""
GAP = re.compile(r"\{([^{}]*)\}")
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""What nobody sees, and what makes terminals or lists show another name than there is."""
UNSEEN_FAULT = "holds characters that nobody sees, and that make a name look like another; take them away"
FILE_NAME = re.compile(r"[^/\\:*?\"<>|\x00-\x1f]{1,200}")
NUMBERS = r"[\s,;]*(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?:[\s,;]+|$))*"
"""Of a text with numbers apart by commas, blanks or lines."""


class TextForm(NamedTuple):
    """A form: what a text of it is called, and what is wrong with one, as the end of a sentence about it."""

    words: str
    fault: Callable[[str, Names], str]


def pattern_fault(text: str, names: Names = None) -> str:
    """Of a regular expression, as the nodes for texts read them."""
    try:
        compiled(text)
    except PatternFault as fault:
        return f"is no pattern: {fault}; change it"
    return ""


def arithmetic_fault(text: str, names: Names = None) -> str:
    """Of a text for `nodeflow.arithmetic`."""
    try:
        check_written(text, None if names is None else {*names, *CONSTANTS})
    except ArithmeticFault as fault:
        return f"cannot be worked out: {fault}; change it"
    return ""


def template_fault(text: str, names: Names = None) -> str:
    """Of a text with gaps, ``a {a} in the style of {b}``."""
    try:
        gaps = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        return f"cannot be filled in: {error}; {{{{ and }}}} are brackets as letters"
    lost = next((name for name in gaps if names is not None and name not in names), None)
    if lost is None:
        return ""
    return f"asks for {{{lost[:40]}}}, which nothing is wired to; wired are {', '.join(sorted(names or ())) or 'none'}"


def file_name_fault(text: str, names: Names = None) -> str:
    """Of the name of a file, with gaps that are filled when it is written."""
    if fault := gaps_fault(text, names):
        return fault
    bare = GAP.sub("x", text)
    if UNSEEN.search(bare):
        return UNSEEN_FAULT
    if not bare.strip() or bare.startswith(".") or not FILE_NAME.fullmatch(bare):
        return "cannot be the name of a file; use letters, digits, spaces, - and _"
    return ""


def folder_name_fault(text: str, names: Names = None) -> str:
    """Of the path of a folder that is made, with gaps that are filled then."""
    return gaps_fault(text, names) or (UNSEEN_FAULT if UNSEEN.search(text) else "")


def gaps_fault(text: str, names: Names = None) -> str:
    """Of a text whose gaps are values of the run: what is fixed, and parameters that are set in the workflow."""
    for gap in GAP.findall(text):
        name = gap.strip()
        if name in FIXED_GAPS or (names is None and "." in name) or name in (names or ()):
            continue
        return (
            f"asks for {{{name[:40]}}}, which stands for nothing; write {', '.join(FIXED_GAPS)}, or a parameter that "
            "is set in the workflow, such as guidance.scale"
        )
    return ""


def falling_fault(text: str, names: Names = None) -> str:
    """Of numbers from 0 up, each below the one before."""
    if not re.fullmatch(NUMBERS, text):
        return "is no list of numbers; write some such as 14.6, 3.5, 0.7, 0"
    found = [float(word) for word in re.split(r"[\s,;]+", text) if word]
    if not found:
        return "holds no number; write some such as 14.6, 3.5, 0.7, 0"
    if any(one < 0 or not math.isfinite(one) for one in found):
        return "holds a number below 0, or none that is finite; these are numbers from 0 up"
    if any(after >= before for before, after in itertools.pairwise(found)):
        return "rises, or stays; each of these numbers is below the one before"
    return ""


def json_reason(error: Exception) -> str:
    """What is wrong with a JSON text, by what reading it raised, as the end of a sentence."""
    match error:
        case json.JSONDecodeError():
            return f"line {error.lineno}, column {error.colno}: {error.msg}"
        case RecursionError():
            return "it is nested too deep"
        case ValueError() if "digits" in str(error):
            return "it holds a number of too many digits"
    return str(error)


ONE_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
LARGEST = 2**63 - 1
"""Beyond which no whole number is kept."""


def number_fault(text: str, names: Names = None) -> str:
    """Of one number, such as 12, -0.5 or 1e-3."""
    if not ONE_NUMBER.fullmatch(text):
        return "is no number; write one such as 12 or 0.5"
    if abs(float(text)) > LARGEST:
        return "is beyond 64 bits; write a smaller number"
    return ""


def json_list_fault(text: str, names: Names = None) -> str:
    """Of a JSON list of objects, or of nothing."""
    try:
        found = json.loads(text) if text.strip() else []
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {json_reason(error)}; change it"
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return "is no JSON list of objects; write one such as [] or [{...}]"
    return ""


FORMS: dict[FormName, TextForm] = {
    "pattern": TextForm("a regular expression", pattern_fault),
    "arithmetic": TextForm("arithmetic such as a * 2", arithmetic_fault),
    "template": TextForm("a text with gaps such as {a}", template_fault),
    "file name": TextForm("the name of a file", file_name_fault),
    "folder name": TextForm("a path", folder_name_fault),
    "falling numbers": TextForm("numbers that fall", falling_fault),
    "number": TextForm("a number such as 12 or 0.5", number_fault),
    "JSON list": TextForm("a JSON list of objects", json_list_fault),
}
NAMING = frozenset({"arithmetic", "template"})
"""Forms that name what is wired to the node."""
SAVING = frozenset({"file name", "folder name"})
"""Forms that name parameters of the workflow."""
