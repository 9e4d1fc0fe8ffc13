"""Tests of the words of curves: what their axes are of is said in the person's language."""

from __future__ import annotations

import ast

import pytest

from nodeflow.app.i18n import pack_translations
from nodeflow.app.i18n.pack_translations import words_of
from nodeflow.app.i18n.texts import term
from nodeflow.app.model.engine_service import shipped_catalogue
from nodeflow.resources import folder

MAKERS = ("Curve", "loss_curve", "_curve")


def quantities() -> set[str]:
    """Every text that a node of ours gives a curve."""
    found: set[str] = set()
    for path in folder("nodes").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in MAKERS:
                texts = [*call.args, *(word.value for word in call.keywords)]
                found |= {text.value for text in texts if isinstance(text, ast.Constant) and type(text.value) is str}
    return found


@pytest.mark.release
def test_every_quantity_of_a_curve_has_chinese_words() -> None:
    found, known = quantities(), words_of("nodes", "zh_CN")
    assert len(found) > 20
    assert sorted(found - known.keys()) == []


def test_an_axis_is_named_by_the_pack_it_comes_from() -> None:
    pack_translations.use("zh_CN")
    try:
        shipped_catalogue()
        assert term("loss of x_0") == "x_0 的损失"
        assert term("no such quantity") == "no such quantity"
    finally:
        pack_translations.use("en")
