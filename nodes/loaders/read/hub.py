"""Models from the Hugging Face hub: out of its cache on this computer, or fetched where that is allowed."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.hub_snapshot import VARIABLE, in_part, lacking, listed, may_fetch, snapshot
from nodeflow.library.missing import short
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import first_line

HOW = f"download it first, or set {VARIABLE}=1"


def from_hub(model: str, revision: str, patterns: list[str]) -> Path:
    """The folder of a hub repository. One that is in the cache in part is completed where fetching is allowed.

    Raises NodeError, with what is missing, where it is not there and may not or cannot be fetched.
    """
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    named = f"{model} at revision {revision}" if revision else model
    folder: Path | None = None
    try:
        folder = _snapshot(model, revision, patterns, fetch=False)
    except HFValidationError:
        shown = short(model)
        raise NodeError(f"{shown}: there is no such folder, and it is no hub id either; check the path") from None
    except (LocalEntryNotFoundError, UnicodeDecodeError):  # the second: of what says which commit a branch is
        folder = snapshot(model, revision)
    missing = lacking(folder, patterns) if folder is not None else []
    if folder is not None and not missing:
        return folder
    if not may_fetch():
        raise NodeError(_absent(named, missing)) from None
    fetched = _fetched(named, model, revision, patterns)
    if missing := lacking(fetched, patterns):
        raise NodeError(
            f"{named}: the hub has no {listed(missing)} as safetensors, or they could not be fetched; "
            "check the id, or choose another model"
        )
    return fetched


def _absent(named: str, missing: list[str]) -> str:
    if missing:
        return in_part(named, missing)
    return f"{named}: there is no such folder, and the hub's cache on this computer does not hold it; {HOW}"


def _snapshot(model: str, revision: str, patterns: list[str], fetch: bool) -> Path:
    from huggingface_hub import snapshot_download

    found = snapshot_download(model, revision=revision or None, allow_patterns=patterns, local_files_only=not fetch)
    return Path(found)


def _fetched(named: str, model: str, revision: str, patterns: list[str]) -> Path:
    """Fetches what is missing: the plain weights, and those in half precision where there are no plain ones."""
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        folder = _snapshot(model, revision, patterns, fetch=True)
        if lacking(folder, patterns):
            folder = _snapshot(model, revision, half(patterns), fetch=True)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        told = f"{named}: cannot be fetched from the hub ({first_line(error)}); check id, revision and network"
        raise NodeError(told) from None
    return folder


def half(patterns: list[str]) -> list[str]:
    """The same files in half precision, as the hub names them."""
    ends = (one.removesuffix(".safetensors").rstrip("*-") for one in patterns if one.endswith(".safetensors"))
    return list(dict.fromkeys(f"{end}.fp16*.safetensors" for end in ends))
