"""Facts beside a model's weights: its metadata, and files that other programs lay beside it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

PREVIEWS = ".preview.png", ".preview.jpg", ".preview.jpeg", ".preview.webp", ".png", ".jpg", ".jpeg", ".webp"
TEXTS = ".civitai.info", ".json", ".cm-info.json", ".metadata.json", ".txt"
MAX_BYTES = 2_000_000
MAX_LETTERS = 2000
MAX_TRIGGERS = 20


class SidecarFacts(msgspec.Struct, frozen=True):
    """A title, the words that a model was trained on, a description, and the path of an image."""

    title: str = ""
    triggers: tuple[str, ...] = ()
    description: str = ""
    preview: str = ""


def told_of(path: Path, metadata: Mapping[str, str], beside: Mapping[str, Path]) -> SidecarFacts:
    """Return what is told of a file. ``beside``: files whose names begin as its own, by the rest of their names."""
    documents = [_json(beside[end]) for end in TEXTS[:-1] if end in beside]
    title = next(iter([*_texts(documents, "name", "title"), metadata.get("modelspec.title", "")]), "")
    words = [
        *_texts(documents, "trainedWords", "trigger_words", "activation text", "activation_text"),
        *_split(metadata.get("modelspec.trigger_phrase", "")),
        *_split(metadata.get("trained_words", "")),
    ]
    described = [*_texts(documents, "notes", "description"), _plain_text(beside.get(".txt"))]
    described += [metadata.get("modelspec.description", "") or metadata.get("ss_training_comment", "")]
    picture = next((beside[end] for end in PREVIEWS if end in beside), None)
    return SidecarFacts(
        title[:200],
        tuple(dict.fromkeys(words or _most_frequent(metadata)))[:MAX_TRIGGERS],
        without_markup(next((one for one in described if one), ""))[:MAX_LETTERS],
        str(picture) if picture else "",
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            return {}
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(documents: list[dict[str, Any]], *names: str) -> Iterator[str]:
    """The texts of these names, in documents and in the ``model`` that some of them hold."""
    for document in documents:
        inner = document.get("model")
        for one in (document, inner if isinstance(inner, dict) else {}):
            for name in names:
                value = one.get(name)
                if isinstance(value, str) and value.strip():
                    yield value.strip()
                elif isinstance(value, list):
                    yield from (text.strip() for text in value if isinstance(text, str) and text.strip())


def _split(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _most_frequent(metadata: Mapping[str, str]) -> list[str]:
    """The words that stood beside most of the images it was trained on, as kohya's trainer counts them."""
    try:
        folders = msgspec.json.decode(metadata.get("ss_tag_frequency", "{}"))
        counts: Counter[str] = Counter()
        for tags in folders.values():
            counts.update({str(tag).strip(): int(count) for tag, count in tags.items()})
    except (msgspec.DecodeError, AttributeError, TypeError, ValueError, RecursionError):
        return []
    return [tag for tag, _ in counts.most_common(5) if tag]


def _plain_text(path: Path | None) -> str:
    try:
        if path is None or path.stat().st_size > MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def without_markup(text: str) -> str:
    """A text without HTML, which Civitai's descriptions hold."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]{0,500}>", " ", text)).strip()
