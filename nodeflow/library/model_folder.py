"""A model's folder, looked at as far as a node reads it: its configurations, and its weights by their headers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from nodeflow.library.folder_json import FolderError, named, read_json
from nodeflow.library.folder_weights import headers_in
from nodeflow.library.lost_blocks import NETWORK
from nodeflow.library.no_code import check_code
from nodeflow.library.plain_weights import BITSANDBYTES, check_plain, method_of, package_for
from nodeflow.library.rules import Place, Taker, rule_book
from nodeflow.library.schedule_fields import check_schedule
from nodeflow.library.tokenizer_files import check_tokenizer

INDICES = "model_index.json", "modular_model_index.json"
HERE = "."
"""The model's own folder, as a `Place` names it."""
SCHEDULE, PREPARATION, OPEN_CLIP = "scheduler_config.json", "preprocessor_config.json", "open_clip_config.json"
OF_DIFFUSERS, OF_TRANSFORMERS, OF_OPEN_CLIP = "diffusion_pytorch_model", "model", "open_clip_model.safetensors"
"""How each library names the files of weights."""
SCHEDULE_PART = "schedule"
"""A part that a model by a modular index may be without."""
READ_WITH = {NETWORK: (SCHEDULE_PART, NETWORK)}
"""What is read together."""


def broken(path: Path, taker: Taker, without: Collection[str] = ()) -> str:
    """Say what keeps a node from reading a model's folder: what is missing of it, cut short or of another class; empty
    where nothing is seen to. ``without``: what it does not read of this one, as `Taker` names that, or a folder's
    name."""
    try:
        index = next((read_json(path / one, "") for one in INDICES if (path / one).is_file()), {})
        for part in (path, *(path / name for name in sorted(index) if _class(index, name))):
            check_code(part)
        for place in _places(path, taker, index, without):
            _Reading(path, taker, index).check(place)
    except FolderError as error:
        return str(error)
    except OSError as error:
        return f"{named(path)} cannot be read ({(error.strerror or 'it is gone').lower()})"
    return ""


def _places(path: Path, taker: Taker, index: Mapping[str, Any], without: Collection[str]) -> Iterator[Place]:
    """The folders that are read, in their order."""
    unread = [*without, *(name for one in without for name in rule_book().folders.get(one, ()))]
    for place in taker.folder or _usual(path, taker, index):
        if place.named and not any(_class(index, name) for name in place.at):
            continue
        if (place.needs and not _has(path, index, place.needs)) or (place.unless and _has(path, index, place.unless)):
            continue
        if not any(fnmatch(place.at[0], name) for name in unread):
            yield place


def _usual(path: Path, taker: Taker, index: Mapping[str, Any]) -> Iterator[Place]:
    """What the index names, as far as a node reads it; the folder itself where it has none. Raises FolderError where it
    names nothing of a part that is read."""
    if not index:
        if (taker.family or taker.part) and not taker.reads:
            read_json(path / INDICES[0], "it needs a model_index.json as diffusers saves it")
        if taker.reads or (path / "config.json").is_file():
            yield Place((HERE,))
        return
    folders, absent = rule_book().folders, _absent(str(index.get("_class_name")))
    for part in READ_WITH.get(taker.reads, (taker.reads,) if taker.reads else tuple(folders)):
        patterns = folders.get(part, ())
        names = [name for one in patterns for name in sorted(index) if fnmatch(name, one) and _class(index, name)]
        if not names and part != SCHEDULE_PART and part not in absent:
            yield Place(tuple(one.removesuffix("*") for one in patterns))
        yield from (Place((name,)) for name in names)


def _absent(name: str) -> set[str]:
    """What a model of a class has not."""
    rules = (rule for family in rule_book().families for rule in family.folders if rule.without)
    return {part for rule in rules if name.startswith(rule.classes) for part in rule.without}


def _has(path: Path, index: Mapping[str, Any], part: str) -> bool:
    return bool(_class(index, part)) or (path / part).exists()


def _class(index: Mapping[str, Any], part: str) -> str:
    """The class that an index names for a part; empty where it names none."""
    entry = index.get(part)
    found = entry[1] if isinstance(entry, list) and len(entry) in (2, 3) else None
    return found if isinstance(found, str) else ""


class _Reading:
    """A folder as a node reads it."""

    def __init__(self, path: Path, taker: Taker, index: Mapping[str, Any]) -> None:
        self._path, self._taker, self._index = path, taker, index

    def check(self, place: Place) -> None:
        """Raise FolderError for the first thing that is wrong at a place."""
        folder = self._found(place)
        if folder is None:
            return
        check_code(folder)
        if place.at[0].startswith("tokenizer"):
            check_tokenizer(folder, _class(self._index, folder.name))
        elif "scheduler" in place.at[0]:
            config = read_json(folder / SCHEDULE, "it lacks its scheduler")
            check_schedule(config, named(folder / SCHEDULE))
        elif place.at[0] == "image_processor":
            read_json(folder / PREPARATION, "it does not say how images are prepared")
        elif (folder / OPEN_CLIP).is_file() and not (folder / f"{OF_TRANSFORMERS}.safetensors").is_file():
            self._check_open_clip(folder)
        else:
            self._check_network(folder, place)

    def _found(self, place: Place) -> Path | None:
        """The folder of a place; None where the model may be without it."""
        known = (self._path / name for name in place.at if name != HERE)
        folder = next((one for one in known if one.is_dir()), self._path if HERE in place.at else None)
        part = place.at[0] if folder in (None, self._path) else folder.name
        named_class = _class(self._index, part)
        if self._index and place.classes and not (place.optional and not named_class) and folder != self._path:
            self._check_index(part, named_class, place)
        if folder is None and not place.optional:
            lost = part if named_class or place.classes else " or ".join(place.at)
            raise FolderError(f"{self._path.name} has no {lost}; download it again, with all its folders")
        return folder

    def _check_index(self, part: str, found: str, place: Place) -> None:
        if found in place.classes:
            return
        holds = f"{self._path.name} holds {self._index.get('_class_name') or 'a model of another kind'}"
        title, takes = self._taker.title, self._taker.takes
        if not found:
            raise FolderError(f"{holds}, which has no {part}; {title} loads {takes}")
        raise FolderError(f"{holds}, whose {part} is {found} and not {place.classes[0]}; {title} loads {takes}")

    def _check_open_clip(self, folder: Path) -> None:
        read_json(folder / OPEN_CLIP, "it lacks its configuration")
        if not (folder / OF_OPEN_CLIP).is_file():
            raise FolderError(f"{named(folder)} has no weights (no {OF_OPEN_CLIP}); download it again")

    def _check_network(self, folder: Path, place: Place) -> None:
        others = " or ".join(name for name in place.at if name != HERE) if folder == self._path else ""
        needed = f"it needs a config.json as its library saves it, or a folder {others}"
        config = read_json(folder / "config.json", needed if others else "it needs a config.json beside its weights")
        found = config.get("_class_name") or ""
        if place.classes and found not in ("", *place.classes):
            raise self._of_class(folder, found)
        architectures = config.get("architectures")
        told = [*(architectures if isinstance(architectures, list) else []), config.get("model_type")]
        if place.types and not any(one in place.types for one in told):
            raise self._of_class(folder, next((str(one) for one in told if one), "a class without a name"))
        self._check_weights(folder, OF_DIFFUSERS if found else OF_TRANSFORMERS, config)

    def _check_weights(self, folder: Path, name: str, config: Mapping[str, Any]) -> None:
        """Raise FolderError where they are missing, cut short, or packed by what does not read them here."""
        packed = self._taker.packed and method_of(config).startswith(BITSANDBYTES)
        plain = not packed and not package_for(config, named(folder))
        for path, header in headers_in(folder, name).items():
            if plain:
                check_plain(header, f"{named(folder)}/{path.name}")

    def _of_class(self, folder: Path, name: str) -> FolderError:
        return FolderError(f"{named(folder)} holds {name}; {self._taker.title} loads {self._taker.takes}")
