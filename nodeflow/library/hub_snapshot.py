"""Snapshots of repositories in the Hugging Face hub's cache: where they lie, and what of them is not there."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from nodeflow.library.folders import hub_cache, read_settings
from nodeflow.library.recognise_folder import read_config

ALWAYS = "scheduler", "tokenizer"
"""Parts without weights that a pipeline cannot do without."""
INDICES = "model_index.json", "modular_model_index.json", "config.json"
"""What says which parts a repository has, or what it is."""
WEIGHTS = ".safetensors", ".gguf", ".bin", ".pt", ".pth", ".ckpt"
PART = re.compile(r"(?P<name>.+)-\d{5}-of-\d{5}\.safetensors")


def snapshot(model: str, revision: str = "") -> Path | None:
    """The folder of a repository at a branch, tag or commit; None where the cache has none."""
    place = hub_cache() / f"models--{model.replace('/', '--')}"
    try:
        commit = (place / "refs" / (revision or "main")).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        commit = revision
    folder = place / "snapshots" / commit
    return folder if commit and folder.is_dir() else None


VARIABLE = "NODEFLOW_DOWNLOAD"
"""What allows nodes to fetch, where it is 1."""


def may_fetch() -> bool:
    """Return whether a node fetches from the hub what is not here."""
    return os.environ.get(VARIABLE) == "1" and not read_settings().offline


def in_part(shown: str, missing: Sequence[str]) -> str:
    """Say what the cache lacks of a repository, and what to do."""
    return (
        f"{shown}: the hub's cache on this computer holds only a part of it, without {listed(missing)}; download it, "
        f"let runs fetch it ({VARIABLE}=1), or choose another model"
    )


def listed(missing: Sequence[str]) -> str:
    """What is missing, as a sentence names it."""
    return ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")


def lacking(folder: Path, patterns: Sequence[str]) -> list[str]:
    """Return what a snapshot lacks of what is wanted, in words; empty where it is whole."""
    whole = [one for one in patterns if "*" not in one]
    entries = [one for one in whole if Path(one).name in INDICES] or whole
    if entries and not any((folder / one).is_file() for one in entries):
        return [entries[0]]
    missing = [part for name in _parts(folder) for part in _lacking_part(folder, name, patterns)]
    missing += [shard for index in folder.rglob("*.safetensors.index*.json") for shard in _shards(folder, index)]
    missing += _without_index(folder)
    wanted = any(one.endswith(WEIGHTS) for one in patterns)
    held = any(path.name.endswith(WEIGHTS) and path.is_file() for path in folder.rglob("*"))
    return missing or ([] if held or not wanted else ["its weights"])


def _parts(folder: Path) -> list[str]:
    """The parts that a pipeline names."""
    index = read_config(folder / "model_index.json")
    return [name for name, one in index.items() if isinstance(one, list) and len(one) == 2 and one[1] is not None]


def _lacking_part(folder: Path, name: str, patterns: Sequence[str]) -> list[str]:
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
