"""The queue of jobs, each with its own snapshot of the workflow, kept in a file so that a crash costs none of them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from nodeflow.engine.protocol.events import Submit
from nodeflow.resources import data_folder
from nodeflow.system import lives, process_name

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL, owner TEXT NOT NULL, request BLOB NOT NULL
);
"""

NUMBERS = 2**20
"""Numbers of jobs that are set aside for a process when it opens the queue, so that giving one writes nothing."""


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
        self._numbers = self._numbers_of_ours()

    @classmethod
    def of_user(cls) -> JobQueue:
        """The queue in the user's data folder; one that does not last where that cannot be used."""
        try:
            return cls(data_folder() / "queue.sqlite")
        except (OSError, sqlite3.Error):
            return cls()

    def next_number(self) -> int:
        """Return a number that no other job had or will have, for one that is added later."""
        return next(self._numbers)

    def add(self, job: Submit) -> Submit:
        """Put a job at the end; the same with its number, a new one where it has none."""
        numbered = msgspec.structs.replace(job, job=job.job or self.next_number())
        with self._change():
            self._file.execute(
                "INSERT INTO job (number, place, owner, request) SELECT ?, coalesce(max(place), 0) + 1, ?, ? FROM job",
                (numbered.job, self._owner, msgspec.msgpack.encode(job)),
            )
        self.jobs.append(numbered)
        return numbered

    def _numbers_of_ours(self) -> Iterator[int]:
        """The numbers that are kept for this process; more are never needed, as each block is so large."""
        with self._change():
            row = self._file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'job'").fetchone()
            first = (row[0] if row else 0) + 1
            if row is None:
                self._file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('job', 0)")
            self._file.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'job'", (first + NUMBERS - 1,))
        return iter(range(first, first + NUMBERS))

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
                job = msgspec.msgpack.decode(request, type=Submit)
                self.jobs.append(msgspec.structs.replace(job, job=number))
