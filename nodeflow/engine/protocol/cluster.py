"""Messages between a client and a worker on another machine, beside those that any worker knows. No torch."""

from __future__ import annotations

import socket

import msgspec

from nodeflow.engine.protocol.messages import Reply
from nodeflow.graph.model.workflow import Problem
from nodeflow.pack_entries import pack_versions

PACKAGES = ("nodeflow", "torch", "diffusers", "transformers")
"""What must be of one version everywhere: results depend on it to the last digit, and so do their keys."""


class Member(msgspec.Struct, frozen=True):
    """A machine as it is installed: its name, the versions of packages and of node packs, and which cache it uses.

    ``cache``: a random name that lies in the cache's folder, so that two machines that share the folder have the same.
    """

    host: str
    versions: dict[str, str]
    packs: dict[str, str]
    cache: str = ""

    @classmethod
    def here(cls, cache: str = "") -> Member:
        """This machine."""
        import importlib.metadata  # takes long to load, and only a cluster asks

        versions: dict[str, str] = {}
        for name in PACKAGES:
            try:
                versions[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                continue
        return cls(socket.gethostname(), versions, pack_versions(), cache)

    def disagreement(self, other: Member) -> str:
        """Return what of another machine is of another version, as a sentence; empty where all agrees."""
        held = ("the package", self.versions, other.versions), ("the pack", self.packs, other.packs)
        for what, ours, theirs in held:
            for name in sorted({*ours, *theirs}):
                here, there = ours.get(name, "none"), theirs.get(name, "none")
                if here != there:
                    return (
                        f"{other.host} has {what} {name} {there} and {self.host} has {here}; "
                        "install the same version on all machines"
                    )
        return ""


class Needs(msgspec.Struct, frozen=True):
    """What a run needs of a machine. ``files`` are those it reads beside models, with their bytes' count; ``mark`` lies
    in its output folder for as long as the client lives, so that who sees it sees the same folder."""

    base: str
    output: str
    mark: str
    files: dict[str, int] = {}
    models: tuple[str, ...] = ()


class Lacking(msgspec.Struct, frozen=True):
    """What a machine lacks: whether it is to be sent the files, and what keeps the run from running there.

    ``models`` are fingerprints by name: those of one name must be the same everywhere.
    """

    files: bool = False
    problems: tuple[Problem, ...] = ()
    models: dict[str, str] = {}


class FileWritten(msgspec.Struct, frozen=True, tag=True):
    """A file that a worker wrote for its client, whose folder it does not see; told before what names it."""

    path: str
    data: bytes


MemberReply = Reply | FileWritten
