"""Fingerprints of what a node reads: the same as long as the content is, wherever it lies.

Times alone tell nothing: copying, unpacking and synchronising programs set them to what they were. A small file is
known by all that it holds. Reading a large one would keep a run waiting, so that it is known by samples of it; where
another file has had the same samples, by all that it holds too. What was read once is remembered by inode and times,
the time of the last change of the inode among them, which no program can set.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from nodeflow.engine.planning.file_hashes import FileHash, FileHashes, Signature
from nodeflow.node import NodeError
from nodeflow.special_files import SPECIAL, is_special

SMALL = 2**20
"""Bytes up to which a file is always read as a whole."""
SAMPLES, SAMPLE = 16, 2**16
"""How many samples of a large file are read beside its two ends, and the bytes of each."""
MAX_FILES = 100_000
SETTLED_SECONDS = 2.0
"""A file that changed later than this may change again without a trace: file systems count time in ticks."""


class Fingerprints:
    """Tells fingerprints, and remembers those of large files and of files in folders."""

    def __init__(self, hashes: FileHashes | None = None) -> None:
        """``hashes`` remembers them from one start to the next."""
        self._hashes = hashes or FileHashes()

    def of(self, path: Path) -> str:
        """The fingerprint of a file, or of all files in a folder by their relative paths. Raises OSError, NodeError."""
        if not path.is_dir():
            status = path.stat()
            if is_special(path):
                raise NodeError(f"{path} {SPECIAL}")
            return _whole(path) if status.st_size <= SMALL else self._remembered(path, status)
        found: list[str] = []
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file():
                    found.append(f"{file.relative_to(path).as_posix()}:{self._remembered(file, file.stat())}")
            if len(found) > MAX_FILES:
                raise NodeError(f"{path} holds more than {MAX_FILES:,} files; choose a folder inside it")
        return hashlib.blake2b("\n".join(found).encode(errors="surrogateescape"), digest_size=16).hexdigest()

    def _remembered(self, path: Path, status: os.stat_result) -> str:
        signature = Signature.of(status)
        known = self._hashes.get(signature)
        settled = time.time() - status.st_ctime > SETTLED_SECONDS
        if known is not None and settled:
            return known.token
        small = status.st_size <= SMALL
        samples = _whole(path) if small else _samples(path, status.st_size)
        if known is not None and known.samples == samples:
            return known.token
        found = FileHash(samples, samples, samples) if small else self._told_apart(path, samples, signature)
        self._hashes.put(signature, found)
        if not found.whole:
            self._hashes.complete(path, signature, _whole)
        return found.token

    def _told_apart(self, path: Path, samples: str, signature: Signature) -> FileHash:
        """Return what a large file is known by: its samples, unless others have had the same."""
        alike = self._hashes.alike(samples)
        if not alike:
            return FileHash(samples, f"{samples}:{self._hashes.epoch or signature.text}")
        whole = _whole(path)
        token = next((other.token for other in alike if other.whole == whole), f"{samples}:{whole}")
        return FileHash(samples, token, whole)


def _whole(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()  # type: ignore[arg-type]


def _samples(path: Path, size: int) -> str:
    """A digest of size, head, tail and samples evenly between them."""
    found = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        for place in range(SAMPLES + 2):
            file.seek((size - SAMPLE) * place // (SAMPLES + 1))
            found.update(file.read(SAMPLE))
    return found.hexdigest()
