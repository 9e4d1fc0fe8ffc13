"""Recognition of a folder: a pipeline or network as diffusers and transformers save them, or single files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.library.partial import part_of
from nodeflow.library.recognised import SENTENCES, Recognised
from nodeflow.library.rules import FolderRule, RuleBook

MAX_CONFIG_BYTES = 5_000_000
INDICES = "model_index.json", "modular_model_index.json"
CONFIGS = *INDICES, "config.json", "open_clip_config.json"


RecogniseFiles = Callable[[Sequence[Path], RuleBook], Recognised]
"""Tells what one file is, or several that hold one network together."""


def recognise_folder(path: Path, rules: RuleBook, recognise: RecogniseFiles) -> Recognised:
    """Return what a folder is. Raises OSError where it cannot be read."""
    if not any(path.iterdir()):
        return Recognised("empty", what="nothing", reason="check the path")
    for index in INDICES:
        if name := _class(config := read_config(path / index)):
            return _pipeline(path, name, config, rules)
    config = read_config(path / "config.json")
    if name := _class(config) or str(config.get("model_type") or ""):
        return _network(path, name, config, rules, recognise)
    if (path / "open_clip_config.json").is_file():
        return _of_class("open_clip", {}, rules, path) or Recognised(
            "clip", "CLIP", "a CLIP of open_clip", layout="folder"
        )
    if str(read_config(path / "transformer" / "config.json").get("model_type")) == "gpt2":
        return _of_class("dalle", {}, rules, path) or Recognised("unknown", layout="folder")
    if (path / "config.json").is_file():
        return Recognised("unknown", what="a model whose configuration names no class", layout="folder")
    return _several(path, rules, recognise)


def read_config(path: Path) -> dict[str, Any]:
    """Return what a configuration holds; nothing where it cannot be read."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            return {}
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _class(config: dict[str, Any]) -> str:
    found = config.get("_class_name")
    return found if isinstance(found, str) else ""


def _pipeline(path: Path, name: str, index: dict[str, Any], rules: RuleBook) -> Recognised:
    rule = _rule(name, index, rules)
    parts = tuple(node for place, nodes in rules.places.items() if (path / place).is_dir() for node in nodes)
    pixels = _class(read_config(path / "unet" / "config.json")) == "UNet2DModel"
    on_pixels = _rule("UNet2DModel", {}, rules) if pixels else None
    more = on_pixels[1].nodes if on_pixels else ()
    if rule is None:
        family = spoken(name)
        nodes = tuple(dict.fromkeys((*parts, *more)))
        return Recognised("pipeline", family, f"{family}, a model as diffusers saves it", nodes=nodes, layout="folder")
    family = rule[1].family or rule[0]
    what = rule[1].what or SENTENCES["pipeline"].format(family=family)
    nodes = tuple(dict.fromkeys((*rule[1].nodes, *parts, *more)))
    return Recognised(rule[1].kind, family, what, bytes=_bytes(path), nodes=nodes, layout="folder")


def _network(path: Path, name: str, config: dict[str, Any], rules: RuleBook, recognise: RecogniseFiles) -> Recognised:
    found = _of_class(name, config, rules, path)
    if found is not None:
        return found if found.nodes else _by_its_weights(path, found, rules, recognise)
    whole = "give the folder of the whole model"
    return Recognised("network", spoken(name), f"a network of {spoken(name)}", reason=whole, layout="folder")


def _by_its_weights(path: Path, found: Recognised, rules: RuleBook, recognise: RecogniseFiles) -> Recognised:
    """What a network is whose class several families share."""
    files = sorted(path.glob("*.safetensors"))
    if not files or (len(files) > 1 and not all(part_of(one.name) for one in files)):
        return found
    told = recognise(files, rules)
    if told.kind != found.kind or not told.nodes or told.lost:
        return found
    return msgspec.structs.replace(told, bytes=found.bytes, layout="folder")


def _of_class(name: str, config: dict[str, Any], rules: RuleBook, path: Path) -> Recognised | None:
    rule = _rule(name, config, rules)
    if rule is None:
        return None
    family = rule[1].family or rule[0]
    what = rule[1].what or SENTENCES.get(rule[1].kind, "{family}").format(family=family)
    reason = "" if rule[1].nodes else "give the folder of the whole model"
    return Recognised(
        rule[1].kind, family, what, bytes=_bytes(path), nodes=rule[1].nodes, reason=reason, layout="folder"
    )


def _rule(name: str, config: dict[str, Any], rules: RuleBook) -> tuple[str, FolderRule] | None:
    """The family and its rule for a class: the whole name first, then the longest beginning; of these, the rule that
    asks for more."""
    found = [
        ((len(one) + 1000 * (one == name), len(rule.says)), family.name, rule)
        for family in rules.families
        for rule in family.folders
        for one in rule.classes
        if (one == name if rule.exact else name.startswith(one)) and _says(config, rule.says)
    ]
    best = max(found, key=lambda one: one[0], default=None)
    return (best[1], best[2]) if best else None


def _says(config: dict[str, Any], wanted: dict[str, str | int]) -> bool:
    """Return whether a configuration says all of this; of a part it names the library and the class."""
    return all(
        value in found if isinstance(found := config.get(key), list) else value == found
        for key, value in wanted.items()
    )


def _several(path: Path, rules: RuleBook, recognise: RecogniseFiles) -> Recognised:
    """Files and folders beside each other, none of which says what the folder is."""
    folders = [one for one in sorted(path.iterdir()) if one.is_dir()]
    models = [one.name for one in folders if any((one / name).is_file() for name in CONFIGS)]
    parts = {"unet", "transformer", "text_encoder", *rules.places}
    if len(parts.intersection(models)) > 1:
        wrong = "cannot be read" if (path / "model_index.json").exists() else "is missing"
        what = f"parts of a model as diffusers saves it, whose model_index.json {wrong}"
        return Recognised("parts", what=what, reason="download that file again", layout="folder")
    if models and parts.isdisjoint(models):
        return Recognised("folders", what=f"folders with models, such as {models[0]}", reason="choose one of them")
    files = sorted(one for one in path.iterdir() if one.suffix.lower() in (".safetensors", ".gguf"))
    if files and all(part_of(one.name) for one in files):
        what = "a model in several files, whose config.json is missing"
        return Recognised("parts", what=what, reason="download that file too", layout="folder")
    if len(files) > 1:
        return Recognised("files", what=f"several files, such as {files[0].name}", reason="choose one of them")
    if files:
        return msgspec.structs.replace(recognise(files, rules), layout="folder")
    return Recognised("unknown", layout="folder")


def _bytes(path: Path) -> int:
    return sum(one.stat().st_size for one in path.rglob("*.safetensors") if one.is_file())


def spoken(name: str) -> str:
    """The name of a class as people write it: ``HiDreamImagePipeline`` is HiDream Image."""
    bare = re.sub(r"(Pipeline|(Transformer)?(1D|2D|3D)?(Condition(al)?)?(Model|UNet)?)$", "", name) or name
    bare = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]", " ", bare[:60])
    return re.sub(r"\s+", " ", bare).strip() or "a class without a name"
