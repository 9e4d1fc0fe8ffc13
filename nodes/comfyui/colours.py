"""ComfyUI's colours of groups and notes as those that frames and notes have here."""

from __future__ import annotations

import colorsys
import re

HUES = {"red": 2, "orange": 28, "yellow": 48, "green": 140, "teal": 178, "blue": 214, "purple": 268, "pink": 326}
"""Colours here by their hue, in degrees."""
NAMED = {
    "red": "#f00",
    "orange": "#f80",
    "yellow": "#ff0",
    "green": "#0a0",
    "cyan": "#0aa",
    "blue": "#00f",
    "purple": "#80f",
    "pink": "#f4a",
}
HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})")
GREYEST = 0.12
"""Saturation below which a colour is grey."""


def named_colour(colour: str) -> str:
    """The nearest colour by name; the usual one for what is no colour, grey for what has none."""
    wanted = NAMED.get(colour.strip().lower(), colour.strip().lower())
    if not HEX.fullmatch(wanted):
        return ""
    digits = wanted[1:] if len(wanted) > 4 else "".join(digit * 2 for digit in wanted[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < GREYEST:
        return "grey"
    return min(HUES, key=lambda name: _apart(hue * 360, HUES[name]))


def _apart(one: float, other: float) -> float:
    """Degrees between two hues, the shorter way around."""
    return min(abs(one - other), 360 - abs(one - other))
