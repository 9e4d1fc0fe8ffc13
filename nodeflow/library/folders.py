"""Folders that hold models: the person's own, and those of the programs that they have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.damaged_files import UNREADABLE, write_json
from nodeflow.library.reach import is_file, is_folder, is_there
from nodeflow.resources import data_folder

VARIABLE = "NODEFLOW_MODELS"
"""The environment variable that names folders, with the system's separator between them."""
EXTRA_PATHS = "extra_model_paths.yaml", "extra_models_config.yaml"
"""Files in which ComfyUI, and its desktop edition, are told of more folders."""
NO_FOLDERS = "base_path", "is_default", "custom_nodes"
"""What stands in a section beside folders with models."""
CONTROLNETS = "extensions/sd-webui-controlnet/models"
PROGRAMS = (
    ("ComfyUI", ("models/checkpoints", "models/diffusion_models", "models/unet"), ("models",)),
    ("Stable Diffusion web UI", ("models/Stable-diffusion",), ("models", "embeddings", CONTROLNETS)),
    ("SwarmUI", ("Models/Stable-Diffusion", "Models/Stable-diffusion"), ("Models",)),
    ("Stability Matrix", ("Models/StableDiffusion",), ("Models",)),
    ("InvokeAI", ("invokeai.yaml", "databases"), ("models", "autoimport")),
)
"""Programs by what lies in their folder, and the folders in it that hold models."""


USUAL = "", "Documents", "AI", "ai", "Projects", "git", "src", "Documents/GitHub", "pinokio/api"
"""Folders below a person's own in which such programs usually stand."""


def is_text(name: str) -> bool:
    """Return whether a name is UTF-8: others could neither be shown, nor be named in a workflow."""
    return name.encode(errors="replace").decode() == name


class LibrarySettings(msgspec.Struct, frozen=True):
    """The folders that a person chose, whether the hub's cache is shown too, and whether the net may be asked."""

    folders: tuple[str, ...] = ()
    hub_cache: bool = True
    offline: bool = False


class Root(msgspec.Struct, frozen=True):
    """A folder to look in, and who named it."""

    path: Path
    source: str


def read_settings() -> LibrarySettings:
    """The person's choice; the usual one where none is kept or it cannot be read."""
    try:
        return msgspec.json.decode(_settings_file().read_bytes(), type=LibrarySettings)
    except (OSError, *UNREADABLE):
        return LibrarySettings()


def write_settings(settings: LibrarySettings) -> None:
    """Keep the person's choice. Raises OSError."""
    data = msgspec.json.format(msgspec.json.encode(settings), indent=1) + b"\n"
    write_json(_settings_file(), data, LibrarySettings)


def _settings_file() -> Path:
    return data_folder() / "library.json"


def library_roots() -> list[Root]:
    """All folders to look in, each once, those that are not there too (so that it can be told)."""
    settings = read_settings()
    named = [Root(Path(one).expanduser(), "settings") for one in settings.folders]
    told = os.environ.get(VARIABLE, "").split(os.pathsep)
    named += [Root(Path(one).expanduser(), VARIABLE) for one in told if one and is_text(one)]
    found = [root for one in named for root in expanded(one)]
    if settings.hub_cache and is_folder(hub_cache()):
        found.append(Root(hub_cache(), "Hugging Face"))
    seen: dict[Path, Root] = {}
    for root in found:
        place = Path(os.path.abspath(root.path))  # noqa: PTH100 (no link is followed: a disk may be unplugged)
        if not any(place.is_relative_to(other) for other in seen):
            seen[place] = Root(place, root.source)
    return list(seen.values())


def hub_cache() -> Path:
    """Return where the Hugging Face hub keeps what was fetched, as its own library finds it."""
    if named := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "huggingface"
    return Path(home).expanduser() / "hub"


def discovered(home: Path | None = None) -> list[Root]:
    """Return the folders of programs that stand where they usually do, by their signs; models in them can be added."""
    found: dict[Path, Root] = {}
    for usual in USUAL:
        place = (home or Path.home()) / usual
        try:
            inside = sorted(one for one in place.iterdir() if is_folder(one) and not one.name.startswith("."))
        except OSError:
            continue
        for path in inside:
            program = next((name for name, signs, _ in PROGRAMS if any(is_there(path / sign) for sign in signs)), "")
            if program:
                found.setdefault(path.resolve(), Root(path, program))
    return list(found.values())


def folder_named(name: str) -> Path | None:
    """Return a folder with a model by its path below one of the folders, as a fetched repository has; None where there
    is none."""
    parts = name.replace("\\", "/").strip("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return None
    for root in library_roots():
        place = root.path.joinpath(*parts)
        if any(is_file(place / sign) for sign in ("model_index.json", "modular_model_index.json", "config.json")):
            return place
    return None


def expanded(root: Root) -> Iterator[Root]:
    """The folders with models that a named folder stands for: a program's folder stands for those in it."""
    named = list(path_files(root))
    if root.path not in named:
        for program, signs, inside in PROGRAMS:
            if any(is_there(root.path / sign) for sign in signs):
                yield from (Root(root.path / one, program) for one in inside if is_folder(root.path / one))
                break
        else:
            yield root
    for file in named:
        yield from read_path_file(file)[0]


def path_files(root: Root) -> Iterator[Path]:
    """The files that name more folders: the root itself, or what lies in it."""
    if root.path.suffix.lower() in (".yaml", ".yml"):
        if is_file(root.path):
            yield root.path
        return
    yield from (root.path / name for name in EXTRA_PATHS if is_file(root.path / name))


def path_troubles() -> list[str]:
    """What keeps files that name folders from being read, in sentences."""
    settings = read_settings()
    named = [*settings.folders, *os.environ.get(VARIABLE, "").split(os.pathsep)]
    files = [file for one in named if one and is_text(one) for file in path_files(Root(Path(one).expanduser(), ""))]
    return [told for file in dict.fromkeys(files) if (told := read_path_file(file)[1])]


def read_path_file(file: Path) -> tuple[list[Root], str]:
    """Return the folders that an extra_model_paths.yaml names, and in a sentence why it cannot be read.

    A section has a ``base_path`` and, by kind of model, one folder a line or a list of them, relative to it.
    """
    import yaml  # only where there is such a file: not a part of every start

    try:
        found: Any = yaml.safe_load(file.read_bytes())
    except OSError as error:
        return [], f"{file} cannot be read: {error.strerror or error}"
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        return [], f"{file} is no YAML{where}, so that the folders it names are not looked through; put it right"
    if found is not None and not isinstance(found, dict):
        return [], f"{file} names no folders as extra_model_paths.yaml does; put it right"
    sections = [section for section in (found or {}).values() if isinstance(section, dict)]
    return [root for section in sections for root in _in_section(section, file)], ""


def _in_section(section: dict[Any, Any], file: Path) -> Iterator[Root]:
    base = Path(os.path.expandvars(str(section.get("base_path") or ""))).expanduser()
    base = base if base.is_absolute() else file.parent / base
    for kind, named in section.items():
        if kind in NO_FOLDERS:
            continue
        lines = named if isinstance(named, list) else named.splitlines() if isinstance(named, str) else ()
        for line in lines:
            if isinstance(line, str) and line.strip() and "\0" not in line:
                yield Root(base / Path(os.path.expandvars(line.strip())).expanduser(), file.name)
