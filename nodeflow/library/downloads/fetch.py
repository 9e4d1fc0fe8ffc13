"""Fetching a file: it grows beside its place under another name, goes on from there next time, and is checked."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import msgspec

from nodeflow.damaged_files import UNREADABLE
from nodeflow.library.downloads.connection import host_of, open_url
from nodeflow.library.downloads.offers import DownloadError, RemoteFile, target_of
from nodeflow.library.downloads.sources import token_for

CHUNK = 1 << 20
PART, STATE = ".part", ".part.json"
RESERVE_BYTES = 64 << 20
"""What is left free on the disk."""
Watch = Callable[[int], None]
"""Is told how many bytes of a file are here."""


class Paused(Exception):  # noqa: N818 (it is a wish)
    """Raised where the person stopped it; what is here stays."""


class _PartState(msgspec.Struct):
    """Hold what the beginning of a file belongs to."""

    url: str
    tag: str = ""


def check_room(files: Iterable[RemoteFile], folder: Path) -> None:
    """Raises DownloadError where the disk has too little room for what is still to be fetched."""
    missing = sum(max(file.size - here(file, folder), 0) for file in files)
    at = next((one for one in (folder, *folder.parents) if one.exists()), None)
    free = shutil.disk_usage(at).free if at is not None else 0
    if missing and missing + RESERVE_BYTES > free:
        need, have = (missing + RESERVE_BYTES) / 1e9, free / 1e9
        raise DownloadError(f"{folder} has room for {have:.1f} GB, and {need:.1f} GB are needed; choose another folder")


def here(file: RemoteFile, folder: Path) -> int:
    """Return how many bytes of a file are on the disk already."""
    target = target_of(file, folder)
    for path in (target, target.with_name(target.name + PART)):
        with contextlib.suppress(OSError):
            return path.stat().st_size
    return 0


def fetch(file: RemoteFile, folder: Path, watch: Watch, stopped: Callable[[], bool]) -> Path:
    """Fetch a file into a folder and return its path.

    Raises Paused where ``stopped`` says so, DownloadError where it cannot be done.
    """
    target = target_of(file, folder)
    if target.exists():
        if file.size and target.stat().st_size != file.size:
            raise DownloadError(f"{target} is there already, and is another file; move it away first")
        watch(target.stat().st_size)
        return target
    part, state = target.with_name(target.name + PART), target.with_name(target.name + STATE)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = _fill(file, part, state, watch, stopped)
        if file.sha256 and digest != file.sha256:
            part.unlink()
            raise DownloadError(
                f"{file.name} came damaged: its checksum is another than the source says; fetch it again"
            )
        part.replace(target)
        state.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(f"{target} cannot be written: {error.strerror or error}") from None
    return target


def _fill(file: RemoteFile, part: Path, state: Path, watch: Watch, stopped: Callable[[], bool]) -> str:
    """Fetch what of a file is not here; the sha256 of the whole."""
    known = _read_state(state, file)
    start = part.stat().st_size if known is not None and part.exists() else 0
    if file.size and start == file.size:
        return _sha256_of(part, start, stopped).hexdigest()
    headers = dict(token_for(file.url))
    if start and known is not None:
        headers["Range"] = f"bytes={start}-"
        if known.tag:
            headers["If-Range"] = known.tag
    with open_url(file.url, headers) as response:
        if start and response.status != 206:
            start = 0  # the server has another file by now, or gives no parts
        digest = _sha256_of(part, start, stopped)
        _write_state(state, _PartState(file.url, response.headers.get("ETag") or ""))
        end = start + int(response.headers.get("Content-Length") or 0)
        with part.open("r+b" if start else "wb") as out:
            out.seek(start)
            got = _copy(response, out, digest, start, watch, stopped, file)
    if (end > start and got < end) or (file.size and got != file.size):
        raise DownloadError(f"{host_of(file.url)} sent {got:,} bytes of {max(end, file.size):,}; go on with Resume")
    return digest.hexdigest()


def _copy(
    response: http.client.HTTPResponse,
    out: BinaryIO,
    digest: hashlib._Hash,
    got: int,
    watch: Watch,
    stopped: Callable[[], bool],
    file: RemoteFile,
) -> int:
    """Take in what comes; how many bytes of the file are here then."""
    watch(got)
    while True:
        if stopped():
            raise Paused
        try:
            data = response.read1(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            told = str(error) or type(error).__name__
            raise DownloadError(f"{host_of(file.url)} broke off ({told}); go on with Resume") from None
        if not data:
            return got
        if file.size and got + len(data) > file.size:
            raise DownloadError(f"{host_of(file.url)} sends more than the {file.size:,} bytes that were told")
        out.write(data)
        digest.update(data)
        got += len(data)
        watch(got)


def _sha256_of(part: Path, size: int, stopped: Callable[[], bool]) -> hashlib._Hash:
    """The hash of what is here, to go on with."""
    digest = hashlib.sha256()
    if size:
        with part.open("rb") as file:
            while data := file.read(min(CHUNK, size - file.tell())):
                if stopped():
                    raise Paused
                digest.update(data)
    return digest


def _read_state(path: Path, file: RemoteFile) -> _PartState | None:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_PartState)
    except (OSError, *UNREADABLE):
        return None
    return found if found.url == file.url else None


def _write_state(path: Path, state: _PartState) -> None:
    new = path.with_name(path.name + ".new")
    new.write_bytes(msgspec.json.encode(state))
    new.replace(path)
