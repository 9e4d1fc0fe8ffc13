"""Starting the conversion of a pickled file, and what became of it. Nothing of the file is opened in this process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from nodeflow.library.headers import HeaderError, read_safetensors
from nodeflow.library.library import file_sha256
from nodeflow.library.sniff import sniff
from nodeflow.special_files import SPECIAL, is_special

SOURCE, SOURCE_HASH = "nodeflow.source", "nodeflow.source_sha256"
"""Names in the metadata of a converted file: of what file it was made."""
DISK_SHARE = 1.05
"""The room that is wanted on the disk, as a share of the file."""
KEPT = "PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG", "LD_LIBRARY_PATH", "VIRTUAL_ENV"
"""Variables that the process is given; no token and no proxy is among them."""


class ConvertError(Exception):
    """Why a file was not converted, as one sentence."""


class Converted(msgspec.Struct, frozen=True):
    """A conversion that is done: the file made, its number of tensors, the hash of what it was made of.

    ``already``: it was there before.
    """

    path: str
    tensors: int
    sha256: str
    already: bool = False


class _Reply(msgspec.Struct):
    """Hold what the process says at its end."""

    tensors: int = 0
    error: str = ""


Watch = Callable[[float], object]
"""Is told how much of a conversion is done, from 0 to 1."""
HASH_SHARE = 0.4
"""How much of a conversion the hash of its source takes, about."""
LOOK_SECONDS = 0.1


def _unwatched(_: float) -> None:
    """Nobody wants to know."""


def convert(file: Path, target: Path | None = None, watch: Watch = _unwatched) -> Converted:
    """Write the tensors of a pickled file as safetensors, beside it where no other place is named.

    Raises ConvertError where it holds more than tensors, or where that cannot be done.
    """
    try:
        _check(file)
        target = target or file.with_suffix(".safetensors")
        size = max(file.stat().st_size, 1)
        digest = file_sha256(file, lambda read: watch(HASH_SHARE * read / size))
        if target.exists():
            return _already(target, digest)
        if shutil.disk_usage(target.parent).free < file.stat().st_size * DISK_SHARE:
            raise ConvertError(f"there is too little room on the disk beside {target.name}")
    except OSError as error:
        raise ConvertError(f"{file.name} cannot be read or written: {error.strerror or error}") from None
    reply = _run(file, target, digest, lambda written: watch(HASH_SHARE + (1 - HASH_SHARE) * min(written / size, 1)))
    watch(1.0)
    if reply.error:
        raise ConvertError(f"{file.name} is not converted: {reply.error}")
    return Converted(str(target), reply.tensors, digest)


def _check(file: Path) -> None:
    """Raises ConvertError for what is no pickled file."""
    if file.is_dir():
        raise ConvertError(f"{file} is a folder; name the files in it")
    if file.exists() and is_special(file):
        raise ConvertError(f"{file} {SPECIAL}")
    if not file.is_file():
        raise ConvertError(f"{file}: there is no such file")
    found = sniff(file)
    if found is None:
        raise ConvertError(f"{file.name} is not pickled: it can be used as it is")
    if found.kind != "pickle":
        raise ConvertError(f"{file.name} is not converted: it holds {found.what}")


def _already(target: Path, digest: str) -> Converted:
    try:
        header = read_safetensors(target)
    except HeaderError:
        header = None
    if header is None or header.metadata.get(SOURCE_HASH) != digest:
        raise ConvertError(f"{target.name} is there already, and was made of another file; move it away first")
    return Converted(str(target), len(header.tensors), digest, True)


def _run(file: Path, target: Path, digest: str, written: Callable[[int], object]) -> _Reply:
    """Let the other process do it. It ends by itself when this one does, for its input ends then."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "HF_HUB_OFFLINE": "1"}
    line = [sys.executable, "-m", "nodeflow.convert.child", str(file.absolute()), str(target.absolute()), digest]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        made = unfinished(target)
        while process.poll() is None:
            try:
                process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                written(made.stat().st_size if made.exists() else 0)
        said = process.stdout.read() if process.stdout is not None else b""
    try:
        return msgspec.json.decode(said.splitlines()[-1], type=_Reply)
    except (IndexError, msgspec.DecodeError):
        return _Reply(error="the process that reads it came to an end before it was done")


def unfinished(target: Path) -> Path:
    """Return what a file is called while it is being written."""
    return target.with_name(f".{target.name}.new")
