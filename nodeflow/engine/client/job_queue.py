"""The queue of jobs, each with its own snapshot of the workflow, kept in a file so that a crash costs none of them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nodeflow.engine.protocol.events import Submit
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL, owner TEXT NOT NULL, request BLOB NOT NULL
);
"""


class JobQueue:
    """Jobs in order. Every change is in the file before the call returns; several processes may share the file.

    Each process sees its own jobs, and when it starts those whose process is gone.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises sqlite3.Error or OSError where the file cannot be used. Without a path it lasts as long as we do."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False)
        self._file.executescript(SCHEMA)
        self._owner = process_name(os.getpid())
        self.jobs: list[Submit] = []
        self._adopt()

    @classmethod
    def of_user(cls) -> JobQueue:
        """The queue in the user's data folder; one that does not last where that cannot be used."""
        try:
            return cls(data_folder() / "queue.sqlite")
        except (OSError, sqlite3.Error):
            return cls()

    def add(self, run: RunRequest) -> int:
        """Put a job at the end; its number, which no other job had or will have."""
        with self._change():
            row = self._file.execute(
                "INSERT INTO job (place, owner, request) SELECT coalesce(max(place), 0) + 1, ?, ? FROM job",
                (self._owner, msgspec.msgpack.encode(run)),
            )
        number = row.lastrowid or 0
        self.jobs.append(Submit(number, run))
        return number

    def remove(self, number: int) -> bool:
        """Take a job out; whether it was there."""
        left = [job for job in self.jobs if job.job != number]
        found = len(left) < len(self.jobs)
        if found:
            with self._change():
                self._file.execute("DELETE FROM job WHERE number = ?", (number,))
            self.jobs = left
        return found

    def move(self, number: int, place: int) -> None:
        """Put a job at a place, 0 the first, with the others closing up."""
        moved = next((job for job in self.jobs if job.job == number), None)
        if moved is None:
            return
        jobs = [job for job in self.jobs if job.job != number]
        jobs.insert(max(place, 0), moved)
        if [job.job for job in jobs] == [job.job for job in self.jobs]:
            return
        with self._change():
            self._file.executemany(
                "UPDATE job SET place = ? WHERE number = ?", [(index, job.job) for index, job in enumerate(jobs)]
            )
        self.jobs = jobs

    def close(self) -> None:
        """Leave the jobs to whoever starts next."""
        with self._change():
            self._file.execute("UPDATE job SET owner = '' WHERE owner = ?", (self._owner,))
        self._file.close()

    @contextlib.contextmanager
    def _change(self) -> Iterator[None]:
        """All of a change or nothing of it."""
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    def _adopt(self) -> None:
        """Take over the jobs of processes that are gone."""
        with self._change():
            owners = self._file.execute("SELECT DISTINCT owner FROM job").fetchall()
            for (owner,) in owners:
                if not lives(owner):
                    self._file.execute("UPDATE job SET owner = ? WHERE owner = ?", (self._owner, owner))
            rows = self._file.execute(
                "SELECT number, request FROM job WHERE owner = ? ORDER BY place, number", (self._owner,)
            ).fetchall()
        for number, request in rows:
            with contextlib.suppress(msgspec.DecodeError):  # written by another version, which can still take it
                self.jobs.append(Submit(number, msgspec.msgpack.decode(request, type=RunRequest)))
