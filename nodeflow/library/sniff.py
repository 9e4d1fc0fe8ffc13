"""Recognition, by its first bytes, of a file without weights that can be read. Nothing in it is run."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from nodeflow.library.headers import LFS

PICKLES = (".ckpt", ".bin", ".pt", ".pth", ".pkl", ".pickle")
UNFINISHED = (".part", ".partial", ".crdownload", ".incomplete", ".download", ".aria2", ".tmp")
HEAD_BYTES = 4096
MAX_JSON_BYTES = 50_000_000
PICTURES = (
    (b"\x89PNG\r\n", "a PNG image"), (b"\xff\xd8\xff", "a JPEG image"), (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"), (b"II*\x00", "a TIFF image"), (b"MM\x00*", "a TIFF image"),
    (b"8BPS", "a Photoshop image"), (b"\x00\x00\x01\x00", "an icon"),
)  # fmt: skip
OTHERS = (
    (b"\x89HDF", "an HDF5 file of Keras or Flax"), (b"7z\xbc\xaf", "a 7z archive"), (b"Rar!", "a RAR archive"),
    (b"\x1f\x8b", "a gzip archive"), (b"%PDF", "a PDF document"), (b"\x93NUMPY", "an array of NumPy"),
    (b"ggml", "a ggml file older than GGUF"), (b"tjgg", "a ggml file older than GGUF"), (b"\x7fELF", "a program"),
    (b"MZ", "a program"), (b"fLaC", "a sound"), (b"OggS", "a sound"), (b"ID3", "a sound"), (b"SQLite", "a database"),
)  # fmt: skip


class Sniffed(NamedTuple):
    """The kind of a file, what it is in words, and what to do about it."""

    kind: str
    what: str
    hint: str = ""


def sniff(path: Path) -> Sniffed | None:
    """Return what a file is by its first bytes; None where it may be safetensors or GGUF. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if path.suffix.lower() in UNFINISHED:
        return Sniffed("unfinished", "a download that is not finished", "let the download end first")
    if not head:
        return Sniffed("empty", "nothing: it has no bytes", "download it again")
    if head.startswith(LFS):
        return Sniffed("pointer", "only where git has the file", "fetch the file itself with git lfs pull")
    if head.startswith(b"GGUF") or _is_safetensors(head, size):
        return None
    if not head.strip(b"\0"):
        return Sniffed("unfinished", "only zeros where a file begins: a download that broke off", "download it again")
    return (
        _picture(head) or _archive(path, head) or _pickle(path, head) or _text(path, head, size) or _other(path, head)
    )


def _is_safetensors(head: bytes, size: int) -> bool:
    return len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < max(size * 4, 1 << 27)


def _picture(head: bytes) -> Sniffed | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed("picture", "a WebP image", "open it with the node Load image")
    if head[4:8] == b"ftyp" and (brands := head[8 : int.from_bytes(head[:4], "big")]):
        if b"avif" in brands or b"avis" in brands:
            return Sniffed("picture", "an AVIF image", "open it with the node Load image")
        if brands.startswith((b"hei", b"hev", b"mif1", b"msf1")):
            return Sniffed("picture", "a HEIF image", "save it as PNG or JPEG, which the node Load image reads")
    if head[4:8] == b"ftyp" or head[:4] == b"\x1aE\xdf\xa3":
        return Sniffed("other", "a video")
    found = next((what for magic, what in PICTURES if head.startswith(magic)), None)
    return Sniffed("picture", found, "open it with the node Load image") if found else None


def _archive(path: Path, head: bytes) -> Sniffed | None:
    """A ZIP: how torch saves pickles since 1.6. Its list of names is read, none of its members."""
    if not head.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] or name for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Sniffed("unfinished", "a file of torch that was cut short", "download it again")
    if "constants.pkl" in names:
        return Sniffed("program", "a program (TorchScript), which is never run here", "take its weights as safetensors")
    if "data.pkl" in names:
        return pickled(path)
    if any(name.endswith(".npy") for name in names):
        return Sniffed("other", "arrays of NumPy")
    return Sniffed("archive", "a ZIP archive", "unpack it, and choose what lies in it")


def pickled(path: Path) -> Sniffed:
    """The sentence for a file that can hold a program."""
    name = path.name if len(path.name) <= 60 else "…" + path.name[-59:]
    return Sniffed(
        "pickle",
        "weights in a file that can hold programs, which is never opened",
        f"convert it with: nodeflow convert {name}",
    )


def _pickle(path: Path, head: bytes) -> Sniffed | None:
    return pickled(path) if head[0] == 0x80 and head[1:2] in (b"\2", b"\3", b"\4", b"\5") else None


def _text(path: Path, head: bytes, size: int) -> Sniffed | None:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] in (b"{", b"["):
        return _json(path, size)
    lower = start[:200].lower()
    if lower.startswith((b"<!doctype html", b"<html", b"<head")):
        return Sniffed("web page", "a web page that was saved in place of the file", "download the file itself")
    if lower.startswith((b"<?xml", b"<svg")):
        return Sniffed("other", "an XML file")
    return None


def _json(path: Path, size: int) -> Sniffed:
    if size > MAX_JSON_BYTES:
        return Sniffed("other", "a large JSON file")
    try:
        found: Any = msgspec.json.decode(path.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Sniffed("other", "a JSON file that cannot be read")
    if not isinstance(found, dict):
        return Sniffed("other", "a JSON file, which holds no weights")
    if "nodeflow" in found:
        return Sniffed("workflow", "a workflow of nodeflow", "open it as a workflow")
    if "nodes" in found and "links" in found:
        return Sniffed("workflow", "a workflow of ComfyUI", "open it as a workflow, not as a model")
    if any(isinstance(one, dict) and "class_type" in one for one in found.values()):
        return Sniffed("workflow", "a graph of ComfyUI (its API form)", "open it as a workflow, not as a model")
    if "weight_map" in found:
        return Sniffed("index", "the index of a model in several files", "choose the folder that it lies in")
    if "_class_name" in found or "model_type" in found or "architectures" in found:
        return Sniffed("configuration", "the configuration of a model", "choose the folder that it lies in")
    return Sniffed("other", "a JSON file, which holds no weights")


def _other(path: Path, head: bytes) -> Sniffed:
    found = next((what for magic, what in OTHERS if head.startswith(magic)), None)
    if found:
        return Sniffed("other", found)
    suffix = path.suffix.lower()
    if suffix == ".onnx" or (head[:1] == b"\x08" and b"onnx" in head[:200]):
        return Sniffed("other", "a network in ONNX")
    if suffix in (".safetensors", ".gguf"):
        return Sniffed("damaged", "no weights that can be read: it is damaged or was cut short", "download it again")
    if suffix in PICKLES:
        return pickled(path)
    return Sniffed("other", "no model")
