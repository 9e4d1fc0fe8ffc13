"""The process that opens a pickled file: without network, other programs, or any class but tensors.

It is started with the file, the file to write and the hash of the first, and says as its last line what it did.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.convert.client import SOURCE, SOURCE_HASH, unfinished
from nodeflow.convert.confine import confine

INERT = (
    *(
        f"{pack}.callbacks.model_checkpoint.ModelCheckpoint"
        for pack in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric")
    ),
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    *(f"numpy.{core}.multiarray.{name}" for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    "numpy.dtype",
    "numpy.ndarray",
    "argparse.Namespace",
    "pathlib.PosixPath",
    "pathlib.WindowsPath",
    "omegaconf.dictconfig.DictConfig",
    "omegaconf.listconfig.ListConfig",
    "omegaconf.base.ContainerMetadata",
    "omegaconf.base.Metadata",
    "omegaconf.nodes.AnyNode",
)
"""Classes that trainers leave beside the weights. What stands for them here does nothing, and is left out."""
WRAPPERS = "state_dict", "params_ema", "params", "model_state_dict", "model", "ema", "net", "module", "generator"
"""Names under which programs put the weights themselves."""
MAX_NOTES, MAX_NOTE = 50, 200
MAX_DEPTH = 8


class ConversionRefusedError(Exception):
    """Why a file is not converted."""


class Inert:
    """Hold what stands for an object that is no tensor; it takes anything and does nothing."""

    def __new__(cls, *_: object, **__: object) -> Inert:
        return super().__new__(cls)

    def __init__(self, *_: object, **__: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...

    def __hash__(self) -> int:
        return id(self)

    def __setitem__(self, *_: object) -> None: ...

    def append(self, _: object) -> None: ...

    def extend(self, _: object) -> None: ...


def main(file: Path, target: Path, digest: str) -> int:
    """Convert, and give the number of tensors. Raises RefusedError."""
    from safetensors.torch import save_file

    tensors, notes = flattened(_load(file))
    if not tensors:
        raise ConversionRefusedError("there are no tensors in it")
    new = unfinished(target)
    try:
        save_file(_apart(tensors), new, {"format": "pt", **notes, SOURCE: file.name, SOURCE_HASH: digest})
        new.replace(target)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "safetensors does not know its type of numbers"
        raise ConversionRefusedError(f"it cannot be written ({reason})") from None
    finally:
        new.unlink(missing_ok=True)
    return len(tensors)


def _load(file: Path) -> Any:
    """Return what the file holds; torch's own reader makes nothing but tensors and plain values."""
    import torch

    _check_size(file)
    torch.serialization.add_safe_globals([(Inert, name) for name in INERT])
    try:
        return torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file) or None)
    except MemoryError:
        raise ConversionRefusedError("there is too little memory for it") from None
    except Exception as error:  # of many kinds, by what is wrong with the file
        raise ConversionRefusedError(_reason(str(error))) from None


def _check_size(file: Path) -> None:
    """Raises RefusedError for an archive that is packed more tightly than torch writes any."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if sum(one.file_size for one in archive.infolist()) > 2 * file.stat().st_size + (1 << 20):
                raise ConversionRefusedError("it would unpack to more than twice its size, as no weights of torch do")


def _reason(text: str) -> str:
    named = re.search(r"GLOBAL ([\w.]{1,80})", text)
    if named:
        return f"it holds more than tensors ({named[1]}), which could run a program"
    if "TorchScript" in text:
        return "it is a program (TorchScript) and no file of weights"
    return "it is damaged, or holds more than tensors"


def flattened(found: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors of nested values by dotted names, without the names that only wrap them, and short plain values."""
    notes: dict[str, str] = {}
    for _ in range(MAX_DEPTH):
        inner = _unwrapped(found)
        if inner is found:
            break
        found = inner
    return dict(_tensors(found, "", notes, 0)), notes


def _unwrapped(found: Any) -> Any:
    import torch

    if not isinstance(found, Mapping) or any(isinstance(one, torch.Tensor) for one in found.values()):
        return found
    embedding = found.get("string_to_param")
    if isinstance(embedding, Mapping) and len(embedding) == 1:
        return {"emb_params": next(iter(embedding.values()))}
    return next((found[name] for name in WRAPPERS if isinstance(found.get(name), Mapping) and found[name]), found)


def _tensors(found: Any, name: str, notes: dict[str, str], depth: int) -> Iterator[tuple[str, Any]]:
    import torch

    if isinstance(found, torch.Tensor):
        if found.layout != torch.strided or found.is_quantized or found.is_complex():
            raise ConversionRefusedError(f"its tensor {name[:80]} is of a kind that safetensors cannot hold")
        yield name, found.detach()
    elif isinstance(found, Mapping) and depth < MAX_DEPTH:
        for key, value in found.items():
            if isinstance(key, (str, int)):
                yield from _tensors(value, f"{name}.{key}" if name else str(key), notes, depth + 1)
    elif isinstance(found, (list, tuple)) and depth < MAX_DEPTH:
        for number, value in enumerate(found):
            yield from _tensors(value, f"{name}.{number}" if name else str(number), notes, depth + 1)
    elif isinstance(found, (str, int, float)) and len(notes) < MAX_NOTES and len(str(found)) <= MAX_NOTE:
        notes[name] = str(found)


def _apart(tensors: dict[str, Any]) -> dict[str, Any]:
    """Each with its own memory, one after the other, as safetensors holds them."""
    seen: set[int] = set()
    found = {}
    for name, tensor in tensors.items():
        place = tensor.untyped_storage().data_ptr()
        whole = tensor.is_contiguous() and tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes()
        found[name] = tensor if whole and place not in seen else tensor.clone().contiguous()
        seen.add(place)
    return found


def end_with_input(target: Path) -> None:
    """Come to an end when whoever started this has: nobody would use what is made."""
    while os.read(0, 64):  # not through sys.stdin, whose lock the end of the interpreter wants
        pass
    unfinished(target).unlink(missing_ok=True)
    os._exit(1)


if __name__ == "__main__":
    source, destination = Path(sys.argv[1]), Path(sys.argv[2])
    threading.Thread(target=end_with_input, args=(destination,), daemon=True).start()
    confine(destination.parent)
    try:
        answer: dict[str, Any] = {"tensors": main(source, destination, sys.argv[3])}
    except ConversionRefusedError as refused:
        answer = {"error": str(refused)}
    print(msgspec.json.encode(answer).decode())
