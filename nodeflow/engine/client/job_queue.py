"""The queue of jobs, each with its own snapshot of the workflow, kept in a file so that a crash costs none of them."""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from nodeflow.damaged_files import is_busy, is_damaged, open_database, reason, set_aside
from nodeflow.engine.protocol.messages import Submit
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

INSERT = """
INSERT OR REPLACE INTO job (number, place, owner, request) SELECT ?, coalesce(max(place), 0) + 1, ?, ? FROM job
"""
NUMBERS = 2**20
"""Numbers of jobs that are set aside for a process when it opens the queue, so that giving one writes nothing."""


OPENING_SECONDS, BUSY_SECONDS = 0.3, 1.0
"""How long another program may keep the file to itself when the queue is opened, and at each change: then the queue
goes on without it, so that nobody at the window waits."""


class JobQueue:
    """Jobs in order. Every change is in the file before the call returns; several processes may share the file.

    Each process sees its own jobs, and when it starts those whose process is gone. Where the file cannot be written,
    or another program holds it, nobody is kept waiting: the jobs live on in memory, and all of them are written once it
    can be again (`try_again`).
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises sqlite3.Error or OSError where the file cannot be used. Without a path it lasts as long as we do.

        A damaged file is set aside under another name.
        """
        self._path = path
        self.jobs: list[Submit] = []
        self._troubles: list[str] = []
        self._behind = False
        """Whether the file lacks changes."""
        self._without_file = False
        """Whether there is none, though there was to be one."""
        self._unopened = False
        """Whether another program held the file when we came, so that it is not known what waits in it."""
        self._owner = process_name(os.getpid())
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file() and not path.stat().st_size:
                self._troubles.append(f"the queue's file {path} was empty; jobs that waited there are lost")
        try:
            self._file = self._open()
            self._adopt()
        except sqlite3.Error as error:
            if path is not None and is_busy(error):
                self._wait(path)
            elif path is None or not (is_damaged(error) or path.is_dir()):
                raise
            else:
                self._replace()
        self._numbers = self._numbers_of_ours()

    @classmethod
    def of_user(cls) -> JobQueue:
        """The queue in the user's data folder; one that does not last where that cannot be used."""
        try:
            return cls(data_folder() / "queue.sqlite")
        except (OSError, sqlite3.Error) as error:
            found = cls()
            found._without_file = True
            found._troubles.append(f"jobs that wait are lost when the app ends: {data_folder()} ({reason(error)})")
            return found

    @property
    def kept(self) -> bool:
        """Return whether the jobs that wait would be there after a crash, where they were to be."""
        return not (self._behind or self._without_file)

    @property
    def waits(self) -> bool:
        """Return whether the file lacks changes that it may take later."""
        return self._behind and self._path is not None

    def try_again(self) -> bool:
        """Write what the file lacks, without waiting for anybody; whether it lacks nothing now. Jobs that wait in a
        file which another program held until now come behind ours."""
        if not self.waits:
            return True
        try:
            if self._unopened:
                self._open_at_last()
            self._file.execute("PRAGMA busy_timeout = 0")
            self._at_once(self._catch_up)
            self._file.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        except sqlite3.Error as error:
            if self._path is None or not is_damaged(error):
                return False
            self._replace()
        self._behind = self._unopened = False
        return True

    def _open_at_last(self) -> None:
        """Use the file that another program held. Raises sqlite3.Error where one still does."""
        held, self._file = self._file, self._open(0)
        try:
            self._adopt()
        except sqlite3.Error:
            self._file.close()
            self._file = held
            raise
        held.close()
        self._unopened = False

    def new_troubles(self) -> list[str]:
        """Sentences about what is not kept, each told once."""
        found, self._troubles = self._troubles, []
        return found

    def next_number(self) -> int:
        """Return a number that no other job had or will have, for one that is added later."""
        return next(self._numbers)

    def add(self, run: RunRequest, number: int = 0) -> int:
        """Put a job at the end; its number, a new one where none is given."""
        number = number or self.next_number()
        self.jobs.append(Submit(number, run))
        row = (number, self._owner, msgspec.msgpack.encode(run))
        self._change(lambda: self._file.execute(INSERT, row))
        return number

    def remove(self, number: int) -> bool:
        """Take a job out; whether it was there."""
        left = [job for job in self.jobs if job.job != number]
        found = len(left) < len(self.jobs)
        self.jobs = left
        if found:
            self._change(lambda: self._file.execute("DELETE FROM job WHERE number = ?", (number,)))
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
        self.jobs = jobs
        places = [(index, job.job) for index, job in enumerate(jobs)]
        self._change(lambda: self._file.executemany("UPDATE job SET place = ? WHERE number = ?", places))

    def close(self) -> None:
        """Leave the jobs to whoever starts next."""
        self._change(lambda: self._file.execute("UPDATE job SET owner = '' WHERE owner = ?", (self._owner,)))
        self._file.close()

    def _numbers_of_ours(self) -> Iterator[int]:
        """The numbers that are kept for this process; where the file cannot keep any, those of the clock."""
        first = time.time_ns() // 1000
        if self._unopened:
            return itertools.count(first)

        def keep() -> None:
            nonlocal first
            row = self._file.execute("SELECT seq FROM sqlite_sequence WHERE name = 'job'").fetchone()
            last = row[0] if row else 0
            if row is None:
                self._file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('job', 0)")
            self._file.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'job'", (last + NUMBERS,))
            first = last + 1

        with contextlib.suppress(sqlite3.Error):
            self._at_once(keep)
        return itertools.count(first)

    def _change(self, change: Callable[[], object]) -> None:
        """Write all of a change or nothing of it; where that cannot be, say so once, and write it later."""
        if not self.try_again():
            return  # which will write it, with all that is known
        try:
            self._at_once(change)
        except sqlite3.Error as error:
            if self._path is not None and is_damaged(error):
                self._replace()
            elif not self._behind:
                self._troubles.append(
                    f"the queue is kept in memory only: {self._path} cannot be written ({reason(error)})"
                )
                self._behind = True

    def _at_once(self, change: Callable[[], object]) -> None:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            change()
            self._file.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # some errors have rolled back already
                self._file.execute("ROLLBACK")
            raise

    def _catch_up(self) -> None:
        """Write all jobs, as they stand now."""
        self._file.execute("DELETE FROM job WHERE owner = ?", (self._owner,))
        rows = [(job.job, at, self._owner, msgspec.msgpack.encode(job.run)) for at, job in enumerate(self.jobs)]
        self._file.executemany("INSERT OR REPLACE INTO job (number, place, owner, request) VALUES (?, ?, ?, ?)", rows)

    def _wait(self, path: Path) -> None:
        """Go on in memory until another program lets go of the file."""
        self._file = self._open(0, ":memory:")
        self._behind = self._unopened = True
        self._troubles.append(
            f"the queue is kept in memory only until another program lets go of {path}; jobs that wait there come then"
        )

    def _replace(self) -> None:
        """Set a damaged file aside and go on with a new one, which gets the jobs that are known."""
        assert self._path is not None
        if hasattr(self, "_file"):
            self._file.close()
        try:
            aside = set_aside(self._path)
            self._file = self._open()
            self._at_once(self._catch_up)
            self._numbers = self._numbers_of_ours()
            self._troubles.append(f"the queue's file was damaged; it was set aside as {aside}, and a new one began")
        except (OSError, sqlite3.Error) as error:
            self._file = open_database(":memory:")
            self._file.executescript(SCHEMA)
            self._troubles.append(f"the queue is kept in memory only: {self._path} is damaged ({reason(error)})")
            self._path, self._without_file = None, True

    def _open(self, wait: float = OPENING_SECONDS, place: Path | str = "") -> sqlite3.Connection:
        file = open_database(place or self._path or ":memory:", wait)
        try:
            file.executescript(SCHEMA)
            file.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _adopt(self) -> None:
        """Take over the jobs of processes that are gone."""
        rows: list[tuple[int, bytes]] = []

        def take() -> None:
            for (owner,) in self._file.execute("SELECT DISTINCT owner FROM job").fetchall():
                if not lives(owner):
                    self._file.execute("UPDATE job SET owner = ? WHERE owner = ?", (self._owner, owner))
            query = "SELECT number, request FROM job WHERE owner = ? ORDER BY place, number"
            rows.extend(self._file.execute(query, (self._owner,)).fetchall())

        self._at_once(take)
        unread = 0
        for number, request in rows:
            try:
                self.jobs.append(Submit(number, msgspec.msgpack.decode(request, type=RunRequest)))
            except (msgspec.DecodeError, TypeError, UnicodeError):
                unread += 1  # one of another version can still be taken by that
        if unread:
            count = "a job that waits" if unread == 1 else f"{unread} jobs that wait"
            self._troubles.append(
                f"{count} cannot be read here, damaged or of another version, and stays in {self._path}; queue it again"
            )
