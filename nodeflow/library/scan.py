"""Looking through folders for models: only what is new or changed since the last time is read, and of it the header."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import msgspec

from nodeflow.library.entries import LibraryEntry
from nodeflow.library.folders import Root, is_text
from nodeflow.library.header_reader import read_header
from nodeflow.library.headers import Header, HeaderError
from nodeflow.library.index import Index
from nodeflow.library.partial import part_of
from nodeflow.library.reach import is_folder, names_in
from nodeflow.library.recognise import of_header, recognise
from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import RuleBook, rule_book
from nodeflow.library.sidecars import PREVIEWS, TEXTS, told_of
from nodeflow.library.sniff import PICKLES

WEIGHTS = ".safetensors", ".gguf", *PICKLES
SIGNS = "model_index.json", "modular_model_index.json", "adapter_config.json"
"""What lies in a folder that is one model."""
CONFIG = "config.json"
"""What lies in a folder with one network, whose weights stand in several files where it is large."""
PASSED_BY = {".git", "__pycache__", "node_modules", "venv", ".venv", "blobs", "refs", ".locks", ".cache", ".no_exist"}
SNAPSHOTS = "snapshots"
BATCH = 200
"""Entries that are written at once."""

Watch = Callable[[int, int], None]
"""Called with how many files were seen and how many of them were read; it ends the scan by raising ScanCancelled."""


class ScanCancelled(Exception):  # noqa: N818 (it is a wish)
    """Raised by who watches a scan, to end it; what was read until then is kept."""


class Scanned(msgspec.Struct, frozen=True):
    """Hold what a look through the folders found: numbers of files, and folders that cannot be reached."""

    files: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    back: int = 0
    unplugged: tuple[str, ...] = ()
    """Folders that are not there, or hold nothing where there were models: what is known of them is kept."""


class SeenModel(msgspec.Struct, frozen=True):
    """A model on disk before it is read: its path, the state of it and what lies beside it, and files beside it."""

    path: Path
    name: str
    signature: str
    beside: dict[str, Path]


def scan(index: Index, roots: list[Root], watch: Watch | None = None, rules: RuleBook | None = None) -> Scanned:
    """Bring the index up to date with the folders."""
    rules = rules or rule_book()
    total = Scanned()
    for root in roots:
        total = _sum(total, _scan_root(index, root, root.path, watch, rules))
    return total


def scan_below(index: Index, root: Root, folder: Path, watch: Watch | None = None) -> Scanned:
    """Bring the index up to date with a folder below a root, all of it where the folder is part of a model."""
    return _scan_root(index, root, _around(folder, root.path), watch, rule_book())


def _around(folder: Path, root: Path) -> Path:
    """The folder, or the one around it that is one model; the nearest that is there."""
    while folder != root and not is_folder(folder):
        folder = folder.parent
    above = [one for one in (folder, *folder.parents) if one != root and one.is_relative_to(root)]
    return next((one for one in reversed(above) if _is_model(names_in(one) or ())), folder)


def _is_model(names: Collection[str]) -> bool:
    """Return whether a folder that holds these is one model: by a sign, or as a network in several files."""
    return any(sign in names for sign in SIGNS) or (CONFIG in names and any(map(part_of, names)))


def _sum(one: Scanned, other: Scanned) -> Scanned:
    return Scanned(*(getattr(one, name) + getattr(other, name) for name in Scanned.__struct_fields__))


def _scan_root(index: Index, root: Root, folder: Path, watch: Watch | None, rules: RuleBook) -> Scanned:
    """Look through a folder of a root, or through the root itself."""
    place = str(root.path)
    known = index.signatures(place, "" if folder == root.path else str(folder))
    if not is_plugged(index, root.path):
        return Scanned(unplugged=(place,))
    met: set[str] = set()
    batch: list[LibraryEntry] = []
    new = changed = back = 0
    try:
        for one in _models(folder, root.path, set()):
            path = str(one.path)
            met.add(path)
            before = known.get(path)
            if before is not None and before[:2] == (one.signature, rules.version) and not before[2]:
                continue
            new += before is None
            changed += before is not None and before[0] != one.signature
            back += before is not None and before[2]
            batch.append(entry_of(one, place, rules))
            if len(batch) >= BATCH:
                index.put(batch)
                batch.clear()
            if watch is not None:
                watch(len(met), new + changed)
    except ScanCancelled:
        index.put(batch)
        raise
    vanished = [path for path, (_, _, gone) in known.items() if path not in met and not gone]
    if vanished:
        lost = set(vanished)
        batch += [msgspec.structs.replace(one, gone=True) for one in index.entries(place) if one.path in lost]
    index.put(batch)
    return Scanned(len(met), new, changed, len(vanished), back)


def is_plugged(index: Index, root: Path) -> bool:
    """Return whether a folder can be looked into, and is not one that held models and is empty now."""
    names = names_in(root)
    return bool(names) or (names is not None and not any(Path(one).is_relative_to(root) for one in index.roots()))


def entry_of(seen: SeenModel, root: str, rules: RuleBook) -> LibraryEntry:
    """A file as the library keeps it: its header is read, and what lies beside it."""
    found, metadata = _read(seen.path, rules)
    told = told_of(seen.path, metadata, seen.beside)
    return LibraryEntry(
        str(seen.path), root, seen.name, seen.signature, found, told.title, told.triggers, told.description,
        told.preview, rules.version,
    )  # fmt: skip


def _read(path: Path, rules: RuleBook) -> tuple[Recognised, dict[str, str]]:
    """Return what a file is, and its metadata. A header is read once for both."""
    try:
        if path.suffix.lower() in (".safetensors", ".gguf") and path.is_file():
            header: Header = read_header(path)
            return of_header(path, header, rules), header.metadata
        return recognise(path, rules), {}
    except HeaderError:
        return _or_unreadable(path, rules), {}
    except OSError as error:
        return Recognised("unreadable", what="a file that cannot be read", reason=str(error.strerror or "")), {}


def _or_unreadable(path: Path, rules: RuleBook) -> Recognised:
    try:
        return recognise(path, rules)
    except OSError as error:
        return Recognised("unreadable", what="a file that cannot be read", reason=str(error.strerror or ""))


def models_in(root: Path) -> Iterator[SeenModel]:
    """All models below a folder: files, and folders that are one model each."""
    yield from _models(root, root, set())


def _models(folder: Path, root: Path, been: set[tuple[int, int]]) -> Iterator[SeenModel]:
    """``been``: the folders that were looked in, since links may lead in a ring."""
    try:
        status = folder.stat()
        if (status.st_dev, status.st_ino) in been:
            return
        been.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as found:
            listed = sorted(found, key=lambda one: one.name)
    except OSError:
        return
    names = {one.name for one in listed}
    if folder != root and _is_model(names):
        yield SeenModel(folder, _name(folder, root), _folder_signature(listed), {})
        return
    for one in listed:
        if one.name in PASSED_BY or one.name.startswith(".") or not is_text(one.name):
            continue
        if _is_folder(one):
            yield from _models(Path(one.path), root, been)
        elif one.name.lower().endswith(WEIGHTS):
            seen = _file(one, names, root)
            if seen is not None:
                yield seen


def _is_folder(one: os.DirEntry[str]) -> bool:
    """Return whether it is a folder; a link to one counts, for that is how people share models between programs."""
    try:
        return one.is_dir()
    except OSError:
        return False


def _file(one: os.DirEntry[str], names: set[str], root: Path) -> SeenModel | None:
    path = Path(one.path)
    stem = one.name[: one.name.rindex(".")]
    beside = {end: path.with_name(stem + end) for end in (*PREVIEWS, *TEXTS) if stem + end in names}
    try:
        signature = ";".join([_state(one.stat()), *(f"{end}{_state(at.stat())}" for end, at in beside.items())])
    except OSError:
        return None
    return SeenModel(path, _name(path, root), signature, beside)


def _state(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"


def _folder_signature(listed: list[os.DirEntry[str]]) -> str:
    states = []
    for one in listed:
        try:
            status = one.stat()
            states.append(f"{one.name}:{status.st_size if one.is_file() else 0}:{status.st_mtime_ns}")
        except OSError:
            continue
    return ";".join(states)


def _name(path: Path, root: Path) -> str:
    """Return what people call it: a hub id for what lies in the hub's cache, else the path below the folder."""
    parts = path.relative_to(root).parts
    if parts and parts[0].startswith("models--") and len(parts) >= 3 and parts[1] == SNAPSHOTS:
        repository = parts[0].removeprefix("models--").replace("--", "/")
        return "/".join([repository, *parts[3:]])
    return "/".join(parts)


def folders_below(root: Path, most: int) -> list[str]:
    """Return a folder and those below it in which models are looked for, ``most`` of them at most."""
    found: list[str] = []
    for place, folders, _ in os.walk(root):
        folders[:] = sorted(one for one in folders if one not in PASSED_BY and not one.startswith("."))
        found.append(place)
        if len(found) >= most:
            break
    return found
