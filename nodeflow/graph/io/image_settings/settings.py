"""What an image was made with, as far as its program wrote it down."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Literal

import msgspec

Dialect = Literal["A1111", "A1111, no norm", "ComfyUI", "InvokeAI", "NovelAI", "plain"]
"""How a prompt's weights are written and act."""
NoiseSource = Literal["GPU", "CPU", "NV", "batch"]
"""What draws the noise: an NVIDIA card, a CPU seed by seed, a card's numbers without one, one CPU generator a batch."""
UNSET: tuple[Any, ...] = (None, False, "", "None", "none", "False", "false", [], {})
"""Values that say that a setting was not at work."""
MOST_NAMES, LONGEST_NAME = 16, 60
MAX_DIMENSION = 16_384
"""Pixels of a side; a larger number is a mistake."""


class AdapterSetting(msgspec.Struct, frozen=True):
    """A LoRA: its name or hash, and its weights for the network and for the text encoder."""

    name: str
    weight: float = 1.0
    text_weight: float | None = None
    hash: str = ""


class SecondPass(msgspec.Struct):
    """A pass over the enlarged image (hires fix). 0 and empty: as in the first pass; sizes in pixels."""

    strength: float = 0.0
    scale: float = 0.0
    width: int = 0
    height: int = 0
    steps: int = 0
    upscaler: str = ""
    sampler: str = ""
    spacing: str = ""
    guidance: float = 0.0
    prompt: str = ""
    negative: str = ""
    model: str = ""
    seed_offset: int = 0


class ImageSettings(msgspec.Struct):
    """The settings of one image. ``sampler`` and ``spacing`` are in the words of ``program``."""

    program: str
    text: str = ""
    """All of it as it stood in the file."""
    prompt: str = ""
    negative: str = ""
    dialect: Dialect = "A1111"
    seed: int | None = None
    noise: NoiseSource = "CPU"
    steps: int = 0
    sampler: str = ""
    spacing: str = ""
    guidance: float | None = None
    rescale: float = 0.0
    distilled_guidance: float | None = None
    shift: float | None = None
    width: int = 0
    height: int = 0
    model: str = ""
    model_hash: str = ""
    vae: str = ""
    modules: list[str] = []
    """Files of text encoders, and a VAE, that were loaded beside the model."""
    clip_skip: int = 0
    adapters: list[AdapterSetting] = []
    embeddings: dict[str, str] = {}
    """Hashes of textual inversions by the words that stand for them in the prompt."""
    strength: float | None = None
    """Of an image that it began from, which no file holds."""
    second: SecondPass | None = None
    variation_seed: int | None = None
    variation: float = 0.0
    noise_from: tuple[int, int] = (0, 0)
    """Width and height of the image whose noise lies in the middle."""
    eta: float | None = None
    seed_delta: int = 0
    """What is added to the seed for the noise on the way (ENSD)."""
    left_out: list[str] = []
    """In sentences, what the image was made with and nothing here does."""

    @property
    def complete(self) -> bool:
        """Whether there is enough to sample by."""
        return bool(self.steps and self.seed is not None and (self.prompt or self.negative or self.model))


def unread(data: Mapping[str, Any], known: Container[str], beginnings: tuple[str, ...] = ()) -> list[str]:
    """Return a sentence that names the settings that have a value and that nobody reads; none where all are read."""
    names = [
        str(key).strip()[:LONGEST_NAME]
        for key, value in data.items()
        if key not in known and not str(key).startswith(beginnings or "\0") and value not in UNSET
    ]
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return [f"settings that are not read here: {', '.join(names[:MOST_NAMES])}{more}"]


def whole(value: Any, otherwise: int | None = None) -> int | None:
    """Return a whole number of a text or number, else another."""
    try:
        found = int(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else int(float(value))
        return found if abs(found) < 2**64 else otherwise
    except (TypeError, ValueError, OverflowError):
        try:
            return int(float(value))
        except (TypeError, ValueError, OverflowError):
            return otherwise


def number(value: Any, otherwise: float | None = None) -> float | None:
    """Return a finite number of a text or number, else another."""
    if isinstance(value, bool):
        return otherwise
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise
    return found if abs(found) < 1e9 else otherwise


def side(value: Any) -> int:
    """Return a side in pixels; 0 for what is none."""
    found = whole(value) or 0
    return found if 0 < found <= MAX_DIMENSION else 0


def pixels(text: Any) -> tuple[int, int]:
    """Return width and height of ``512x768``, ``(512, 768)``, ``512 x 768``; zeros for anything else. One may be 0."""
    parts = "".join(c if c.isdigit() else " " for c in str(text)).split()
    return (side(parts[0]), side(parts[1])) if len(parts) == 2 else (0, 0)
