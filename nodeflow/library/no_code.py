"""Nothing that a folder brings is run: no pickles that an index names, no Python that a configuration asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nodeflow.library.folder_json import FolderError

INDEX = "*.safetensors.index*.json"
"""What names the files of weights that are cut into several."""
CONFIGS = "config.json", "model_index.json"
"""How the names of files end that say of which classes something is."""
CODE = ("auto_map", "custom_pipelines", "trust_remote_code")
"""Keys of configurations by which a folder asks that Python of its own be run, or that libraries trust it."""


def check_code(folder: Path) -> None:
    """Raise FolderError where a folder names weights that are no safetensors, or asks for code of its own."""
    shown = f"{folder.parent.name}/{folder.name}"
    for path in sorted(folder.glob(INDEX)):
        named = _json(path).get("weight_map")
        for file in sorted(set(map(str, named.values()))) if isinstance(named, dict) else ():
            if not file.endswith(".safetensors") or Path(file).name != file:
                raise FolderError(
                    f"{shown}/{path.name} names {file}, which is no .safetensors file beside "
                    "it; such files can hold programs and are never opened; convert them to safetensors first"
                )
    for path in sorted(folder.glob("*.json")):
        if path.name.endswith(CONFIGS) and (found := next(_code(_json(path)), None)):
            raise FolderError(
                f"{shown}/{path.name} asks for code of its own ({found}), which is never run; "
                "take a model that needs none"
            )


def _code(value: object) -> Iterator[str]:
    """The keys that ask for code, wherever they stand; one that says no is none."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from (key for key in CODE if one.get(key))
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())


def _json(path: Path) -> dict[str, Any]:
    """Return what stands there; nothing where it cannot be read, which the loader itself will tell."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
