"""The encoders that a text encoder is made of, each with a way to add an adapter to it. No nodes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, TextEncoder
from nodes.loaders.adapters.reader import Encoder
from nodes.loaders.families.longcat_image.quoted_text import QuotedText
from nodes.loaders.read.parts import CLIPText
from nodes.loaders.text_encoders.bare import BareText
from nodes.loaders.text_encoders.filled import FilledText
from nodes.loaders.text_encoders.joint import PairText, TripleText, TwinText
from nodes.loaders.text_encoders.language_model import ChatText
from nodes.loaders.text_encoders.padded import PaddedText
from nodes.loaders.text_encoders.seeing import EditingText, SeeingText


class TextPart(NamedTuple):
    """An encoder, and how the whole becomes one in which it has a further adapter."""

    encoder: Encoder
    changed: Callable[[Any, Adapter], Any]


def parts_of(text_encoder: TextEncoder) -> list[TextPart]:
    """Raises NodeError for a text encoder that takes no adapter."""
    parts = PARTS.get(type(text_encoder))
    if parts is None:
        raise NodeError("this text encoder takes no LoRA; wire that of a Stable Diffusion, FLUX, Z-Image or Qwen-Image")
    return parts(text_encoder)


def _more(one: Any, adapter: Adapter) -> Any:
    return replace(one, adapters=(*one.adapters, adapter))


def _alone(text: Any) -> list[TextPart]:
    return [TextPart(Encoder(1, text.module), _more)]


def _editing(text: EditingText) -> list[TextPart]:
    """One encoder, which reads in two ways."""

    def changed(whole: Any, adapter: Adapter) -> Any:
        return replace(whole, plain=_more(whole.plain, adapter), seeing=_more(whole.seeing, adapter))

    return [TextPart(Encoder(1, text.plain.module), changed)]


def _field(name: str, number: int, text: Any) -> TextPart:
    def changed(whole: Any, adapter: Adapter) -> Any:
        return replace(whole, **{name: _more(getattr(whole, name), adapter)})

    return TextPart(Encoder(number, getattr(text, name).module), changed)


def _item(name: str, place: int, number: int, text: Any) -> TextPart:
    def changed(whole: Any, adapter: Adapter) -> Any:
        items = list(getattr(whole, name))
        items[place] = _more(items[place], adapter)
        return replace(whole, **{name: tuple(items)})

    return TextPart(Encoder(number, getattr(text, name)[place].module), changed)


def _twin(text: TwinText) -> list[TextPart]:
    """XL's; its refiner has the second alone."""
    first = 3 - len(text.readers)
    return [_item("readers", place, first + place, text) for place in range(len(text.readers))]


def _triple(text: TripleText) -> list[TextPart]:
    clips = [_item("clips", place, place + 1, text) for place in range(len(text.clips))]
    return clips if text.t5 is None else [*clips, _field("t5", 3, text)]


def _pair(text: PairText) -> list[TextPart]:
    return [_field("clip", 1, text), _field("t5", 2, text)]


PARTS: Mapping[type, Callable[[Any], list[TextPart]]] = {
    CLIPText: _alone,
    ChatText: _alone,
    SeeingText: _alone,
    PaddedText: _alone,
    FilledText: _alone,
    BareText: _alone,
    QuotedText: _alone,
    EditingText: _editing,
    TwinText: _twin,
    TripleText: _triple,
    PairText: _pair,
}
"""By the kind of text encoder; a new family adds a line."""
