"""The encoders that a text encoder is made of, each with a way to add an adapter to it. No nodes here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, TextEncoder
from nodes.loaders.adapters.reader import NumberedEncoder
from nodes.loaders.text_encoders.joint import TwinText

Path = tuple[tuple[str, int | None], ...]
"""Where a part stands in what holds it: fields, and the places in those that are tuples."""


class AdaptedTextPart(NamedTuple):
    """An encoder, and how the whole becomes one in which it has a further adapter."""

    encoder: NumberedEncoder
    changed: Callable[[Any, Adapter], Any]


def parts_of(text_encoder: TextEncoder) -> list[AdaptedTextPart]:
    """Whatever in it holds a network and adapters for it; one that reads in several ways is one part.

    Raises NodeError for a text encoder that takes no adapter.
    """
    paths: dict[int, list[Path]] = {}
    modules: dict[int, Any] = {}
    for path, module in _places(text_encoder, ()):
        paths.setdefault(id(module), []).append(path)
        modules[id(module)] = module
    if not modules:
        raise NodeError("this text encoder takes no LoRA; wire that of a Stable Diffusion, FLUX, Z-Image or Qwen-Image")
    numbers = iter(range(_first(text_encoder), 1 + len(modules) + 1))
    clips_first = sorted(modules.values(), key=lambda module: not type(module).__name__.startswith("CLIP"))
    return [
        AdaptedTextPart(NumberedEncoder(next(numbers), module), _change(paths[id(module)])) for module in clips_first
    ]


def _first(text_encoder: Any) -> int:
    """The number of its first encoder, from 1; XL's refiner has the second of two alone."""
    return 2 if isinstance(text_encoder, TwinText) and len(text_encoder.readers) == 1 else 1


def _places(one: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if hasattr(one, "module") and hasattr(one, "adapters"):
        yield path, one.module
    elif is_dataclass(one) and not isinstance(one, type):
        for field in fields(one):
            value = getattr(one, field.name)
            inside = enumerate(value) if isinstance(value, tuple) else [(None, value)]
            for place, part in inside:
                yield from _places(part, (*path, (field.name, place)))


def _change(paths: list[Path]) -> Callable[[Any, Adapter], Any]:
    def changed(whole: Any, adapter: Adapter) -> Any:
        for path in paths:
            whole = _with(whole, path, adapter)
        return whole

    return changed


def _with(whole: Any, path: Path, adapter: Adapter) -> Any:
    """The whole with an adapter more where a path leads."""
    if not path:
        return replace(whole, adapters=(*whole.adapters, adapter))
    (name, place), rest = path[0], path[1:]
    value = getattr(whole, name)
    if place is None:
        return replace(whole, **{name: _with(value, rest, adapter)})
    items = [_with(item, rest, adapter) if number == place else item for number, item in enumerate(value)]
    return replace(whole, **{name: tuple(items)})
