"""The files of weights in a folder, looked at by their headers: whether they are there, whole, and of one version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nodeflow.library.folder_json import FolderError, named, read_json
from nodeflow.library.headers import Header, HeaderError, read_safetensors
from nodeflow.library.sniff import PICKLES, sniff

PART = re.compile(r"(?P<name>.+)-\d{5}-of-\d{5}\.safetensors")
"""How one of several files with weights is called."""


def headers_in(folder: Path, name: str) -> dict[Path, Header]:
    """Return the headers of the files of weights that begin with a name. Raises FolderError where there is none, where
    some of several are missing, and for one that is damaged."""
    found = sorted(folder.glob(f"{name}*.safetensors"))
    check_whole(folder)
    if not found:
        if any(path.suffix in PICKLES for path in folder.glob("*")):
            raise FolderError(
                f"{named(folder)} has its weights only in files that can hold programs, which are never opened; "
                "convert them with: nodeflow convert FILE"
            )
        raise FolderError(f"{named(folder)} has no weights (no {name}.safetensors); download it again")
    return {path: _header(path, f"{named(folder)}/{path.name}") for path in found}


def _header(path: Path, shown: str) -> Header:
    try:
        return read_safetensors(path)
    except (HeaderError, OSError):
        raise damaged(path, shown) from None


def damaged(path: Path, shown: str = "") -> FolderError:
    """The sentence for a safetensors file that cannot be read."""
    shown = shown or named(path)
    try:
        found = sniff(path)
    except OSError as error:
        return FolderError(f"{shown} cannot be read ({error.strerror})")
    if found is not None and found.kind == "pickle":
        return FolderError(f"{shown} holds {found.what}; {found.hint}")
    if found is not None and found.kind == "pointer":
        return FolderError(f"{shown} only says where git has the file; fetch the file itself with git lfs pull")
    return FolderError(f"{shown} is damaged or was cut short; download it again")


def check_whole(folder: Path) -> None:
    """Raise FolderError where an index is none, is lacking, or is not of the files that are there."""
    indices = sorted(folder.glob("*.safetensors.index*.json"))
    part = next((found for path in sorted(folder.iterdir()) if (found := PART.fullmatch(path.name))), None)
    if part is not None and not indices:
        raise FolderError(f"{named(folder)} lacks {part['name']}.safetensors.index.json; download it again")
    for index in indices:
        told = read_json(index, "")
        listed = told.get("weight_map")
        if not isinstance(listed, dict) or not listed or not isinstance(told.get("metadata"), dict):
            raise FolderError(f"{named(folder)}/{index.name} does not say which file holds what; download it again")
        files = {str(name) for name in listed.values()}
        lost = sorted(name for name in files if not (folder / name).is_file())
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            raise FolderError(f"{named(folder)} lacks {lost[0]}{more} of its {len(files)} files; download those again")
        _check_parts(folder, index, listed, files)
    _check_all_listed(folder, indices)


def _check_parts(folder: Path, index: Path, listed: Mapping[str, Any], files: Iterable[str]) -> None:
    """Raise FolderError where the files that an index names hold other weights than it says, or one of them twice."""
    found: dict[str, str] = {}
    for name in sorted(files):
        for key in _header(folder / name, f"{named(folder)}/{name}").tensors:
            if (other := found.setdefault(key, name)) != name:
                raise FolderError(f"{named(folder)} holds {key} twice, in {other} and in {name}; download both again")
    for key in sorted(found.keys() ^ listed.keys()):
        lies = f"does not name {key}, which lies in {found.get(key)}"
        what = lies if key in found else f"names {key}, which no file holds"
        raise FolderError(f"{named(folder)}: {index.name} {what}; download them again, all of the same version")


def _check_all_listed(folder: Path, indices: Sequence[Path]) -> None:
    """Raise FolderError for a part of several that no index names, and for a whole file beside its own parts."""
    listed = {str(name) for index in indices for name in read_json(index, "")["weight_map"].values()}
    stems = {found["name"] for name in listed if (found := PART.fullmatch(name))}
    for path in sorted(folder.glob("*.safetensors")) if indices else ():
        found = PART.fullmatch(path.name)
        if found is not None and path.name not in listed:
            raise FolderError(
                f"{named(folder)} holds {path.name}, which no index names; take it away, or download again"
            )
        if path.stem in stems and path.name not in listed:
            raise FolderError(
                f"{named(folder)} holds its weights twice, in {path.name} and in parts; take one of them away"
            )
