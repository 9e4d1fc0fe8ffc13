"""Fonts that have the signs of a text: Pillow's own for Latin letters, and one of the system's for others."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
SYSTEM_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "SourceHanSansCN-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "msyh.ttc",
    "simhei.ttf",
    "simsun.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "Arial Unicode.ttf",
    "DejaVuSans.ttf",
)
"""Files that Pillow looks for where the system keeps its fonts, those with most signs first."""
_NO_SIGN = "\uffff"
"""What no font has: it draws the box that stands for a missing sign."""


def font_for(texts: Iterable[str], size: int) -> Font:
    """The first font that has all signs of some texts; where none has, the one that lacks fewest."""
    signs = _signs(texts)
    found = _fonts(size)
    return min(found, key=lambda font: len(_missing(font, signs)))


def missing_signs(texts: Iterable[str], size: int = 15) -> str:
    """The signs of some texts that no font of this machine has, in their order; empty where there is one for all."""
    signs = _signs(texts)
    return "".join(_missing(font_for([signs], size), signs))


def _signs(texts: Iterable[str]) -> str:
    return "".join(dict.fromkeys(sign for text in texts for sign in text if not sign.isspace()))


@functools.lru_cache(maxsize=4)
def _fonts(size: int) -> tuple[Font, ...]:
    """Pillow's own font, then those of the system that there are."""
    found: list[Font] = [ImageFont.load_default(size)]
    for name in SYSTEM_FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return tuple(found)


def _missing(font: Font, signs: str) -> list[str]:
    box = bytes(font.getmask(_NO_SIGN))
    return [sign for sign in signs if not sign.isascii() and bytes(font.getmask(sign)) == box]
