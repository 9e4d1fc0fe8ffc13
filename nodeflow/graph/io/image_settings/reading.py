"""The settings in an image or a text, whichever program wrote them."""

from __future__ import annotations

from collections.abc import Callable

from nodeflow.graph.io.comfyui.containers import plain_text
from nodeflow.graph.io.image_settings import (
    civitai,
    draw_things,
    easy_diffusion,
    fooocus,
    invokeai,
    novelai,
    plain_scripts,
    swarmui,
    web_ui,
)
from nodeflow.graph.io.image_settings.image_texts import ImageTexts, is_image, texts_of
from nodeflow.graph.io.image_settings.settings import ImageSettings

READERS: tuple[Callable[[ImageTexts], ImageSettings | None], ...] = (
    invokeai.read,
    novelai.read,
    swarmui.read,
    fooocus.read,
    civitai.read,
    draw_things.read,
    easy_diffusion.read,
    plain_scripts.read,
    web_ui.read,
)
"""In the order in which one is believed before another: those that write keys of their own first."""
MAX_TEXT = 1 << 20
"""Bytes of a text from the clipboard that may be settings."""


def settings_in(data: bytes) -> ImageSettings | None:
    """Return the settings that an image, or a text, holds; None where there are none.

    Raises NotReadableError for an image that is damaged.
    """
    if is_image(data):
        return settings_of(texts_of(data))
    if len(data) > MAX_TEXT:
        return None
    try:
        text = plain_text(data)
    except UnicodeDecodeError:
        return None
    return settings_of(ImageTexts(chunks={"parameters": text}))


def settings_of(texts: ImageTexts) -> ImageSettings | None:
    """Return the settings that the texts of an image hold; of one whose size they do not say it is the image's own."""
    found = next((found for reader in READERS if (found := reader(texts)) is not None), None)
    if found is not None and not (found.width and found.height) and found.second is None:
        found.width, found.height = texts.width, texts.height
    return found
