"""Kinds of films that steps are written as."""

from __future__ import annotations

from enum import Enum


class Film(Enum):
    """GIF is shown everywhere, WebP is true to the last pixel, MP4 is small."""

    gif = "gif"
    webp = "webp"
    mp4 = "mp4"
