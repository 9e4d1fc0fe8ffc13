"""Models from the Hugging Face hub: out of its cache on this computer, or fetched where that is allowed."""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path

from nodeflow.library.folders import read_settings
from nodeflow.library.recognise_folder import read_config
from nodeflow.node import NodeError
from nodes.loaders.read.folder_files import PART, first_line

VARIABLE = "NODEFLOW_DOWNLOAD"
ALWAYS = "scheduler", "tokenizer"
"""Parts without weights that a pipeline cannot do without."""
HOW = f"download it first, or set {VARIABLE}=1"


def from_hub(model: str, revision: str, patterns: list[str]) -> Path:
    """The folder of a hub repository. One that is in the cache in part is completed where fetching is allowed.

    Raises NodeError, with what is missing, where it is not there and may not or cannot be fetched.
    """
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    named = f"{model} at revision {revision}" if revision else model
    allowed = os.environ.get(VARIABLE) == "1" and not read_settings().offline
    folder: Path | None = None
    try:
        folder = _snapshot(model, revision, patterns, fetch=False)
    except HFValidationError:
        raise NodeError(f"{model}: there is no such folder, and it is no hub id either; check the path") from None
    except (LocalEntryNotFoundError, UnicodeDecodeError):  # the second: of what says which commit a branch is
        folder = _in_cache(model, revision)
    missing = lacking(folder, patterns) if folder is not None else []
    if folder is not None and not missing:
        return folder
    if not allowed:
        raise NodeError(_absent(named, missing)) from None
    fetched = _fetched(named, model, revision, patterns)
    if missing := lacking(fetched, patterns):
        raise NodeError(
            f"{named}: the hub has no {_listed(missing)} as safetensors, or they could not be fetched; "
            "check the id, or choose another model"
        )
    return fetched


def _in_cache(model: str, revision: str) -> Path | None:
    """The folder of a repository that the hub's library calls incomplete, since it knows of files that are not there;
    whether they are wanted here is another question. None where the cache has none."""
    from huggingface_hub import constants

    place = Path(constants.HF_HUB_CACHE) / f"models--{model.replace('/', '--')}"
    try:
        commit = (place / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        commit = revision
    folder = place / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


def _absent(named: str, missing: list[str]) -> str:
    if missing:
        return f"{named}: the hub's cache on this computer holds only a part of it, without {_listed(missing)}; {HOW}"
    return f"{named}: there is no such folder, and the hub's cache on this computer does not hold it; {HOW}"


def _listed(missing: list[str]) -> str:
    return ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")


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


def lacking(folder: Path, patterns: list[str]) -> list[str]:
    """Return what a snapshot lacks of what is wanted, in words; empty where it is whole."""
    entries = [one for one in patterns if one.endswith(".json") and "*" not in one]
    if entries and not any((folder / one).is_file() for one in entries):
        return [entries[0]]
    missing = [part for name in _parts(folder) for part in _lacking_part(folder, name, patterns)]
    missing += [shard for index in folder.rglob("*.safetensors.index*.json") for shard in _shards(folder, index)]
    return missing + _without_index(folder)


def _parts(folder: Path) -> list[str]:
    """The parts that a pipeline names."""
    index = read_config(folder / "model_index.json")
    return [name for name, one in index.items() if isinstance(one, list) and len(one) == 2 and one[1] is not None]


def _lacking_part(folder: Path, name: str, patterns: list[str]) -> list[str]:
    weights = any(
        fnmatch(name, one.partition("/")[0]) and one.endswith(".safetensors") for one in patterns if "/" in one
    )
    if weights:
        if not (folder / name / "config.json").is_file():
            return [name]
        held = any(one.suffix in (".safetensors", ".bin") and one.is_file() for one in (folder / name).iterdir())
        return [] if held else [f"the weights of {name}"]
    wanted = name.startswith(ALWAYS) and any(fnmatch(f"{name}/config.json", one) for one in patterns)
    return [name] if wanted and not any(one.is_file() for one in (folder / name).glob("*")) else []


def _shards(folder: Path, index: Path) -> list[str]:
    """Files that the index of a sharded network names and that are not there."""
    named = read_config(index).get("weight_map")
    files = {str(one) for one in named.values()} if isinstance(named, dict) else set()
    where = index.parent.relative_to(folder)
    return sorted((where / one).as_posix() for one in files if not (index.parent / one).is_file())


def _without_index(folder: Path) -> list[str]:
    """Indices of sharded networks of which a shard is there."""
    shards = [(path.parent, found["name"]) for path in folder.rglob("*") if (found := PART.fullmatch(path.name))]
    return sorted(
        {
            f"{place.relative_to(folder).as_posix()}/{name}.safetensors.index.json"
            for place, name in shards
            if not any(index.is_file() for index in place.glob("*.safetensors.index*.json"))
        }
    )
