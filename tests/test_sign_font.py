"""Fonts of contact sheets: one that has the signs where this machine has one, and a sentence where it has none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from PIL import ImageFont

from nodeflow.node import noting
from nodeflow.reports import sign_font
from nodeflow.reports.sign_font import font_for, missing_signs
from nodeflow.wires import Image
from nodes.images.image_files import contact_sheet

NOWHERE = "\ue123"
"""A sign of nobody's: no font of a system has it."""


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fonts of its own."""
    monkeypatch.setattr(sign_font, "SYSTEM_FONTS", ())
    sign_font._fonts.cache_clear()
    yield
    sign_font._fonts.cache_clear()


def test_latin_letters_are_written_in_the_font_of_before() -> None:
    assert bytes(font_for(["a red star, 7.5"], 15).getmask("star")) == bytes(ImageFont.load_default(15).getmask("star"))
    assert missing_signs(["a red star, 7.5", ""]) == ""


def test_missing_signs_are_named_once_each(plain: None) -> None:
    assert missing_signs(["红色 a", "红", NOWHERE]) == f"红色{NOWHERE}"


def test_a_font_of_the_system_is_taken_for_other_signs(monkeypatch: pytest.MonkeyPatch, plain: None) -> None:
    try:
        dejavu = ImageFont.truetype("DejaVuSans.ttf", 15)
    except OSError:
        pytest.skip("this machine has no DejaVu Sans")
    sign = "ש"  # not in Pillow's own font
    assert missing_signs([sign]) == sign
    monkeypatch.setattr(sign_font, "SYSTEM_FONTS", ("no such font.ttf", "DejaVuSans.ttf"))
    sign_font._fonts.cache_clear()
    assert missing_signs([sign]) == ""
    assert bytes(font_for([sign], 15).getmask(sign)) == bytes(dejavu.getmask(sign))


def test_a_contact_sheet_says_what_it_cannot_write(plain: None) -> None:
    image = Image(torch.rand(1, 3, 8, 8))
    with noting() as said:
        contact_sheet([image, image], ["红色的星星", "star"])
    assert [sentence.partition(";")[0] for _, sentence in said] == ["no font on this machine has the signs 红色的星"]
    with noting() as said:
        contact_sheet([image, image], ["red", "star"])
    assert said == []
