"""In which precision a file's weights are, and in which formats its layers are quantised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.library.foreign_formats import foreign_format
from nodeflow.library.headers import Header

NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "I8": "int8", "U8": "uint8", "F8_E8M0": "float8_e8m0fnu", "F4": "float4",
}  # fmt: skip
"""torch's names for precisions, by those of safetensors."""
NF4, FP4 = "*.quant_state.bitsandbytes__nf4", "*.quant_state.bitsandbytes__fp4"
WRITERS = (
    (NF4, "bitsandbytes nf4"),
    (FP4, "bitsandbytes fp4"),
    ("*.SCB", "bitsandbytes int8"),
    ("scaled_fp8", "float8 scaled"),
    ("model.diffusion_model.scaled_fp8", "float8 scaled"),
    ("*.scale_weight", "float8 scaled"),
    ("*.weight_scale_2", "nvfp4"),
)
"""How the files of those writers are told who name no format for each layer; the first that fits."""
CODES, BARE = ("I8", "U8"), " without scales"
"""Precisions that stand for other numbers, and what is said of a file that does not say for which."""
MAX_SETTING_BYTES = 4096
"""More than any layer's settings have."""


class StoredPrecision(msgspec.Struct, frozen=True):
    """``text`` for people; ``formats``: in how many layers each quantised format stands; ``first``: the first weight of
    a file whose format nothing names."""

    text: str = ""
    formats: dict[str, int] = {}
    first: str = ""


def precision_of(path: Path, header: Header) -> StoredPrecision:
    """The precision of a file: its quantised formats first, then what most of the other weights have."""
    formats = dict(_formats(path, header))
    sizes: Counter[str] = Counter()
    for tensor in header.tensors.values():
        sizes[tensor.dtype] += tensor.bytes or _elements(tensor.shape)
    if header.layout == "gguf":
        counts = Counter(t.dtype for t in header.tensors.values() if t.dtype not in ("F32", "F16", "BF16"))
        most = max(sizes, key=lambda name: sizes[name], default="")
        return StoredPrecision(f"GGUF {most}" if most else "GGUF", dict(counts))
    rest = [NAMES.get(name, name) for name, _ in sizes.most_common() if not formats or name not in ("U8", "I8")]
    rest = [name for name in rest if not formats or not name.startswith("float8")][: 1 if formats else 2]
    told = list(formats) + [name for name in rest if not _small(name, sizes)]
    return StoredPrecision(", ".join(dict.fromkeys(told)) or "", formats, _first_bare(header, formats))


def _first_bare(header: Header, formats: dict[str, int]) -> str:
    """The first weight of whole numbers that nothing is said of; empty where all are named."""
    if not any(name.endswith(BARE) for name in formats):
        return ""
    tensors = header.tensors
    return next(name for name in header.sorted_names if name.endswith(".weight") and tensors[name].dtype in CODES)


def _small(name: str, sizes: Counter[str]) -> bool:
    """Return whether hardly any of a file has a precision."""
    written = next((short for short, long in NAMES.items() if long == name), name)
    return sizes[written] * 50 < sum(sizes.values())


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count


def _formats(path: Path, header: Header) -> Iterator[tuple[str, int]]:
    foreign = foreign_format(header.ends, header.metadata) if header.layout == "safetensors" else None
    if foreign is not None:
        yield foreign[0], sum(1 for name in header.tensors if name.endswith(foreign[1])) or 1
        return
    settings = [*_in_metadata(header), *_in_tensors(path, header)]
    if settings:
        yield from Counter(_named(one) for one in settings).items()
        return
    for pattern, name in WRITERS:
        if header.matches(pattern):
            end = pattern.removeprefix("*")
            yield name, sum(1 for tensor in header.tensors if tensor.endswith(end)) or 1
            return
    if header.ends(".weight_scale"):
        layers = [name for name in header.tensors if name.endswith(".weight_scale")]
        stored = {tensor.dtype for tensor in header.tensors.values()}
        known = "float8 scaled" if any(dtype.startswith("F8") for dtype in stored) else "int8" * ("I8" in stored)
        if known:  # others stand beside weights that are plain, which the loader tells by their name
            yield known, len(layers)
            return
    codes = [tensor.dtype for name, tensor in header.tensors.items() if name.endswith(".weight")]
    for dtype in CODES:
        if dtype in codes:
            yield f"{NAMES[dtype]}{BARE}", codes.count(dtype)


def _in_metadata(header: Header) -> list[dict[str, Any]]:
    try:
        told = msgspec.json.decode(header.metadata.get("_quantization_metadata", "{}"))
        layers = told.get("layers", {})
        return [one if isinstance(one, dict) else {"format": str(one)} for one in layers.values()]
    except (msgspec.DecodeError, AttributeError, RecursionError):
        return []


def _in_tensors(path: Path, header: Header) -> list[dict[str, Any]]:
    """The settings that stand beside layers. Of those with as many bytes, which are alike, one is read."""
    marks = [tensor for name, tensor in header.tensors.items() if name.endswith(".comfy_quant")]
    if not marks or header.layout != "safetensors":
        return []
    read: dict[int, dict[str, Any]] = {}
    with path.open("rb") as file:
        for tensor in marks:
            if tensor.bytes not in read and 0 < tensor.bytes <= MAX_SETTING_BYTES:
                file.seek(header.start + tensor.data_offsets[0])
                try:
                    found = msgspec.json.decode(file.read(tensor.bytes))
                except (msgspec.DecodeError, RecursionError):
                    found = {}
                read[tensor.bytes] = found if isinstance(found, dict) else {}
    return [read.get(tensor.bytes, {}) for tensor in marks]


def _named(settings: dict[str, Any]) -> str:
    name = str(settings.get("format") or "a format without a name")[:60]
    more = settings.get("params") if isinstance(settings.get("params"), dict) else {}
    turned = settings.get("convrot", (more or {}).get("convrot", False))
    return f"{name} with convrot" if turned and "convrot" not in name else name
