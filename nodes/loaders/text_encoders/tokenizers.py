"""Tokenizers for text encoders in single files, which bring none: found where one is at hand, never fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nodeflow.library.folders import library_roots
from nodeflow.library.tokenizer_files import FILES, tokenizer_in, without_tokenizer
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import named, read_tokenizer
from nodes.loaders.read.locate import HUB_ID, located
from nodes.loaders.text_encoders.stored_tokenizer import stored_in

COMFYUI = "comfy/text_encoders"
"""Where ComfyUI keeps those that it brings along."""


@dataclass(frozen=True)
class Tokenizing:
    """Hold where the tokenizer of a kind of text encoder is found.

    ``kind`` is its class of transformers. ``repositories``: folders on the hub with it, as ``owner/name:folder``;
    ``comfyui``: its folder in ComfyUI. ``own`` makes the one that comes with a package.
    ``begins``: tokens that stand before every text, where a file with the vocabulary alone does not say it.
    """

    kind: str
    repositories: tuple[str, ...] = ()
    comfyui: str = ""
    own: Callable[[], Any] | None = None
    begins: tuple[str, ...] = ()

    def of_folder(self, folder: Path) -> Any:
        """The tokenizer that a folder holds. Raises NodeError where it is damaged."""
        import transformers

        return read_tokenizer(getattr(transformers, self.kind), folder)

    def of_weights(self, file: Path) -> Any | None:
        """The tokenizer that a file of weights holds; None where it holds none. Raises NodeError for a damaged one."""
        return stored_in(file, self.kind, self.begins)


def tokenizer_for(spec: Tokenizing, file: Path, what: str, given: str = "", most: int = 0) -> Any:
    """The tokenizer for an encoder in a file: the one that a person named, that is in the file, that comes with a
    package, that lies beside the file, in ComfyUI's folder or in the hub's cache, in this order.

    ``most`` tokens are in the encoder's table, 0 where that is not known. Raises NodeError, with what is missing and
    where to put it, where there is none.
    """
    if given:
        return _fitting(spec.of_folder(_named_folder(given)), given, what, most)
    if (found := spec.of_weights(file)) is not None:
        return found
    if spec.own is not None:
        return spec.own()
    for folder in _places(spec, file):
        if any((folder / one).is_file() for one in FILES):
            found = spec.of_folder(folder)
            if not most or len(found) <= most:
                return found
    raise NodeError(_absent(spec, file, what))


def further_tokenizer(spec: Tokenizing, file: Path, name: str) -> Any:
    """A tokenizer that is asked for besides an encoder's own: in a folder of that ``name`` beside the file, in
    ComfyUI's folder or in the hub's cache. Raises NodeError where there is none."""
    for folder in (file.resolve().parent / name, file.resolve().parent.parent / name, *_elsewhere(spec, file)):
        if any((folder / one).is_file() for one in FILES):
            return spec.of_folder(folder)
    raise NodeError(
        f"the texts for {named(file)} are read by a second tokenizer, {name}, which is not on this computer"
        f"{_source(spec)}; put it beside the file as a folder called {name}"
    )


def _named_folder(given: str) -> Path:
    """The folder that a person named: with the tokenizer, or of a model that has one. Raises NodeError."""
    path = located(given)
    if path is None and HUB_ID.fullmatch(given):
        path = next((place for one in ("tokenizer", "") if (place := _in_hub_cache(f"{given}:{one}"))), None)
    if path is None:
        raise NodeError(f"{given}: there is no tokenizer there; name a folder with one")
    place = tokenizer_in(path)
    if place is None:
        raise NodeError(without_tokenizer(path))
    return place


def _fitting(tokenizer: Any, given: str, what: str, most: int) -> Any:
    if most and len(tokenizer) > most:
        raise NodeError(f"{given} holds a tokenizer of {len(tokenizer)} tokens, and the {what} knows {most}")
    return tokenizer


def _places(spec: Tokenizing, file: Path) -> Iterator[Path]:
    """Folders where it may lie, the nearest first."""
    here = file.resolve().parent
    yield from (here / one for one in (file.stem, f"{file.stem}_tokenizer", "tokenizer", spec.comfyui) if one)
    yield here
    yield from _elsewhere(spec, file)


def _elsewhere(spec: Tokenizing, file: Path) -> Iterator[Path]:
    """The folders that other programs keep it in."""
    here = file.resolve().parent
    if spec.comfyui:
        tops = [*here.parents, *(top for root in library_roots() for top in root.path.parents)]
        yield from (top / COMFYUI / spec.comfyui for top in tops)
    yield from (place for one in spec.repositories if (place := _in_hub_cache(one)))


def _in_hub_cache(repository: str) -> Path | None:
    """The folder of a repository, as far as the hub's cache on this computer has its tokenizer."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    model, _, folder = repository.partition(":")
    for name in FILES:
        try:
            found = try_to_load_from_cache(model, f"{folder}/{name}".lstrip("/"))
        except HFValidationError:
            return None
        if isinstance(found, str):
            return Path(found).parent
    return None


def _absent(spec: Tokenizing, file: Path, what: str) -> str:
    """What is missing, and what to do."""
    return (
        f"{named(file)} brings no tokenizer, and none for the {what} is on this computer{_source(spec)}; put it beside "
        f"the file as a folder called tokenizer, or name its folder at the parameter tokenizer"
    )


def _source(spec: Tokenizing) -> str:
    """Who has it."""
    if not spec.repositories:
        return ""
    model, _, folder = spec.repositories[0].partition(":")
    return f" (the folder {folder} of {model} on the hub has it)" if folder else f" ({model} on the hub has it)"
