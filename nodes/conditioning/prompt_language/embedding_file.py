"""Embeddings (textual inversion, Gal et al. 2022, arXiv:2208.01618) from safetensors files, whatever their layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from nodeflow.library.embeddings import embedding_file
from nodeflow.library.named import AmbiguousNameError, names_near
from nodeflow.node import NodeError, warn
from nodes.loaders.quantised.finite import is_finite
from nodes.loaders.quantised.open_file import plain_weights
from nodes.loaders.text_encoders.token_reader import TokenReader

PARTS = "clip_l", "clip_g"
ELSEWHERE = ("t5xxl",)
"""Vectors for encoders that read no embeddings here."""
USUAL = ("emb_params", "string_to_param.*", "string_to_param", "*")
"""Names of the vectors in files of one encoder; else the first tensor of a fitting shape is taken."""


def embedding_path(name: str) -> Path:
    """The file of an embedding by its name or path. Raises NodeError where there is none."""
    try:
        path = embedding_file(name)
    except AmbiguousNameError as error:
        raise NodeError(str(error)) from None
    if path is None:
        alike = names_near(name)
        hint = f"the library has {' and '.join(alike)}" if alike else "name a file of the model library, or its path"
        raise NodeError(f"the text names the embedding {name}, which there is not; {hint}")
    return _readable(path, name)


def embedding_vectors(name: str, readers: tuple[TokenReader, ...]) -> list[Tensor | None]:
    """Vectors (N, D) of an embedding for each encoder; None, which is told, for one that it was not made for.

    Raises NodeError where it is for none of them.
    """
    path = embedding_path(name)
    tensors = plain_weights(path)
    for reader in readers:
        _check_own(name, tensors, reader)
    names = [_chosen(tensors, reader) for reader in readers]
    found = [tensors[one].reshape(-1, tensors[one].shape[-1]) if one else None for one in names]
    if all(one is None for one in found):
        widths = sorted({tensor.shape[-1] for tensor in tensors.values() if tensor.ndim in (1, 2)})
        held = f"vectors of {' and '.join(map(str, widths))} numbers" if widths else "no vectors"
        wanted = " and ".join(str(reader.width) for reader in readers)
        raise NodeError(f"the embedding {name} holds {held}, and this text encoder has {wanted}; take one made for it")
    left = [
        one
        for one in tensors
        if one not in (*names, *PARTS, *ELSEWHERE) and (tensors[one].numel() > 1 or _is_beside(one, names))
    ]
    if left:
        raise NodeError(
            f"the embedding {name} holds {left[0][:80]} too, which nothing reads; take a file of one embedding"
        )
    for reader, one in zip(readers, found, strict=True):
        if one is None:
            warn(f"the embedding {name} has nothing for the encoder of {reader.width} numbers, which reads on without")
        elif not (one.is_floating_point() and is_finite(one)):
            raise NodeError(f"the embedding {name} holds whole numbers, or such that are none; take another file of it")
    return [None if one is None else one.float() for one in found]


def _check_own(name: str, tensors: dict[str, Tensor], reader: TokenReader) -> None:
    """Raise NodeError where the vectors that bear an encoder's name are of another width than its own."""
    own = tensors.get(reader.part)
    if own is not None and not (own.ndim in (1, 2) and own.numel() and own.shape[-1] == reader.width):
        shape = " x ".join(map(str, own.shape)) or "one"
        raise NodeError(
            f"the embedding {name} holds {shape} numbers as {reader.part}, and that encoder's vectors have "
            f"{reader.width}; take one made for it"
        )


def _is_beside(name: str, vectors: Sequence[str]) -> bool:
    """Return whether a number stands beside vectors and may say how they are to be read."""
    return any(name.startswith((f"{one}.", f"{one}_")) for one in vectors if one)


def _chosen(tensors: dict[str, Tensor], reader: TokenReader) -> str:
    """The name of the vectors of an encoder's width: its own name, a usual one, or by their shape alone; empty where
    there are none."""
    named = [reader.part] if any(part in tensors for part in PARTS) else [*USUAL, *tensors]
    for name in named:
        tensor = tensors.get(name)
        if tensor is not None and tensor.ndim in (1, 2) and tensor.shape[-1] == reader.width and tensor.numel():
            return name
    return ""


def _readable(path: Path, name: str) -> Path:
    if path.suffix.lower() != ".safetensors":
        raise NodeError(f"the embedding {name} is {path.name}, and only .safetensors is read; convert it")
    return path
