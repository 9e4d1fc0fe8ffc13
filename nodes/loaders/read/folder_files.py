"""Reading the folders that diffusers and transformers save: configurations, and weights from safetensors alone."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodeflow.library.headers import HeaderError, read_safetensors
from nodeflow.library.sniff import PICKLES, sniff
from nodeflow.node import NodeError
from nodes.loaders.quantised.finite import check_module
from nodes.loaders.quantised.unread import NUMBERS, check_config, check_plain, not_plain
from nodes.loaders.read.accounting import refuse_unused
from nodes.loaders.read.no_code import check_folder
from nodes.loaders.read.tokenizer_folder import check_tokenizer


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Keeps transformers from drawing on the terminal while it loads, and from its table of weights that are left over:
    whether these matter is told by us."""
    from transformers.utils import logging

    shown, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if shown:
            logging.enable_progress_bar()


@contextmanager
def no_warnings() -> Iterator[None]:
    """Keeps open_clip from warning of weights that it has not read yet: they are read by us, right after."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


IGNORABLE = {
    "": (r".*position_ids$",),
    "CLIPTextModel": (r"(text_projection\.|visual_projection\.|vision_model\.)|logit_scale$",),
    "CLIPTextModelWithProjection": (r"(visual_projection\.|vision_model\.)|logit_scale$",),
    "CLIPVisionModelWithProjection": (r"(text_projection\.|text_model\.)|logit_scale$",),
    "GPT2LMHeadModel": (r"(.*\.)?attn\.(masked_)?bias$",),
    "Qwen3Model": (r"lm_head\.",),
    "T5EncoderModel": (r"(decoder|lm_head)\.",),
}
"""What else may lie in the files of a class, the halves of a model that it is without; first of all classes."""


def read_weights(
    model_class: Any, folder: Path, name: str, options: Mapping[str, Any], ignorable: tuple[str, ...] = ()
) -> Any:
    """A network with its weights: all that it needs, all that are there, from safetensors. Raises NodeError.

    ``ignorable``: patterns that names of weights begin with which the class does without.
    """
    check_folder(folder)
    config = read_json(folder / "config.json", "it needs a config.json beside its weights")
    plain = not check_config(config, named(folder))
    variant = _variant(folder, name, plain)
    if model_class.__module__.startswith("transformers."):
        options = {**options, "ignore_mismatched_sizes": True}  # which its report names, and its error does not
    try:
        module, report = model_class.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            variant=variant,
            output_loading_info=True,
            **options,
        )
    except Exception as error:  # of half a dozen kinds, by library and by what is wrong with the files
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            raise
        if odd := ODD_SHAPE.search(str(error)):
            raise _unfitting(folder, odd["name"], _sides(odd["found"]), _sides(odd["wanted"])) from None
        raise NodeError(
            f"{named(folder)} cannot be loaded ({first_line(error)}); its weights and its config.json may be of "
            "different models: take both from the same"
        ) from None
    if unfitting := sorted(report.get("mismatched_keys", ())):
        weight, found, wanted = unfitting[0]
        raise _unfitting(folder, weight, found, wanted)
    missing = sorted(report["missing_keys"])
    if missing:
        raise NodeError(
            f"{named(folder)} lacks {len(missing)} weights, such as {missing[0]}, which its config.json says it has; "
            "it was not saved whole, or that is of another model"
        )
    known = IGNORABLE[""] + IGNORABLE.get(model_class.__name__, ()) + ignorable
    refuse_unused(named(folder), report["unexpected_keys"], known, module.state_dict().keys())
    if plain:
        _check_numbers(folder, name, module)
    check_module(module, named(folder))
    return module


ODD_SHAPE = re.compile(
    r"because (?P<name>\S+) expected shape torch\.Size\(\[(?P<wanted>[^]]*)\]\), "
    r"but got torch\.Size\(\[(?P<found>[^]]*)"
)
"""How diffusers names a weight of another shape than its network's."""


def _sides(listed: str) -> list[int]:
    return [int(side) for side in listed.split(",") if side.strip()]


def _unfitting(folder: Path, weight: str, found: Iterable[int], wanted: Iterable[int]) -> NodeError:
    return NodeError(
        f"{named(folder)}: its {weight} is {by_sides(found)}, and not {by_sides(wanted)} as its config.json says; its "
        "weights and that file are of different models: take both from the same"
    )


def by_sides(shape: Iterable[int]) -> str:
    """A shape as sentences tell it."""
    return " x ".join(map(str, shape)) or "one number"


def _check_numbers(folder: Path, name: str, module: Any) -> None:
    """Raise NodeError for a weight that is stored in whole numbers where its network computes, which the libraries
    take as they stand."""
    places = module.state_dict()
    for path in sorted(folder.glob(f"{name}*.safetensors")):
        for key, tensor in read_safetensors(path).tensors.items():
            if key in places and places[key].is_floating_point() and tensor.dtype not in NUMBERS:
                raise not_plain(f"{named(folder)}/{path.name}", key, tensor.dtype)


def read_tokenizer(kind: Any, folder: Path) -> Any:
    """A tokenizer from its folder. Raises NodeError where that is damaged or not whole."""
    check_tokenizer(folder, kind.__name__)
    check_folder(folder)
    try:
        found = kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # of many kinds, by what is wrong with the files
        if isinstance(error, MemoryError):
            raise
        raise NodeError(
            f"{named(folder)} cannot be read as a tokenizer ({first_line(error)}); take the files of its model's own"
        ) from None
    if len(found) <= len(found.all_special_tokens):
        raise NodeError(f"{named(folder)} is a tokenizer that knows no words; download it again")
    return found


PART = re.compile(r"(?P<name>.+)-\d{5}-of-\d{5}\.safetensors")
"""How one of several files with weights is called."""


def check_whole(folder: Path) -> None:
    """Raise NodeError where an index is none, is lacking, or is not of the files that are there."""
    indices = sorted(folder.glob("*.safetensors.index*.json"))
    part = next((found for path in sorted(folder.iterdir()) if (found := PART.fullmatch(path.name))), None)
    if part is not None and not indices:
        raise NodeError(f"{named(folder)} lacks {part['name']}.safetensors.index.json; download it again")
    for index in indices:
        told = read_json(index, "")
        listed = told.get("weight_map")
        if not isinstance(listed, dict) or not listed or not isinstance(told.get("metadata"), dict):
            raise NodeError(f"{named(folder)}/{index.name} does not say which file holds what; download it again")
        files = {str(name) for name in listed.values()}
        lost = sorted(name for name in files if not (folder / name).is_file())
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            raise NodeError(f"{named(folder)} lacks {lost[0]}{more} of its {len(files)} files; download those again")
        _check_parts(folder, index, listed, files)
    _check_all_listed(folder, indices)


def _check_parts(folder: Path, index: Path, listed: Mapping[str, Any], files: Iterable[str]) -> None:
    """Raise NodeError where the files that an index names hold other weights than it says, or one of them twice."""
    found: dict[str, str] = {}
    for name in sorted(files):
        try:
            header = read_safetensors(folder / name)
        except (HeaderError, OSError):
            raise damaged(folder / name, f"{named(folder)}/{name}") from None
        for key in header.tensors:
            if (other := found.setdefault(key, name)) != name:
                raise NodeError(f"{named(folder)} holds {key} twice, in {other} and in {name}; download both again")
    for key in sorted(found.keys() ^ listed.keys()):
        lies = f"does not name {key}, which lies in {found.get(key)}"
        what = lies if key in found else f"names {key}, which no file holds"
        raise NodeError(f"{named(folder)}: {index.name} {what}; download them again, all of the same version")


def _check_all_listed(folder: Path, indices: Sequence[Path]) -> None:
    """Raise NodeError for a part of several that no index names, and for a whole file beside its own parts."""
    listed = {str(name) for index in indices for name in read_json(index, "")["weight_map"].values()}
    stems = {found["name"] for name in listed if (found := PART.fullmatch(name))}
    for path in sorted(folder.glob("*.safetensors")) if indices else ():
        found = PART.fullmatch(path.name)
        if found is not None and path.name not in listed:
            raise NodeError(f"{named(folder)} holds {path.name}, which no index names; take it away, or download again")
        if path.stem in stems and path.name not in listed:
            raise NodeError(
                f"{named(folder)} holds its weights twice, in {path.name} and in parts; take one of them away"
            )


def _variant(folder: Path, name: str, plain: bool = True) -> str | None:
    """Return which precision lies there (fp16, or None for the plain files), after a look at every file's header."""
    found = sorted(folder.glob(f"{name}*.safetensors"))
    check_whole(folder)
    if not found:
        if any(path.suffix in PICKLES for path in folder.glob("*")):
            raise NodeError(
                f"{named(folder)} has its weights only in files that can hold programs, which are never opened; "
                "convert them with: nodeflow convert FILE"
            )
        raise NodeError(f"{named(folder)} has no weights (no {name}.safetensors); download it again")
    for path in found:
        shown = f"{named(folder)}/{path.name}"
        try:
            header = read_safetensors(path)
        except (HeaderError, OSError):
            raise damaged(path, shown) from None
        if plain:
            check_plain(header, shown)
    usual = any(path.name == f"{name}.safetensors" or path.name.startswith(f"{name}-") for path in found)
    return None if usual else found[0].name.removeprefix(f"{name}.").split(".")[0].split("-")[0]


def read_json(path: Path, otherwise: str) -> dict[str, Any]:
    """A configuration. Raises NodeError, with ``otherwise`` where there is no such file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise NodeError(f"{named(path)} is nested too deeply to be a configuration; download it again") from None
    except FileNotFoundError:
        raise NodeError(f"{path.parent.name}: there is no model that can be loaded; {otherwise}") from None
    except (OSError, ValueError):
        raise NodeError(f"{named(path)} cannot be read; download it again") from None
    if not isinstance(found, dict):
        raise NodeError(f"{named(path)} is not what diffusers saves; download it again")
    if name := _absurd(found):
        raise NodeError(f"{named(path)} says a number for {name} that no model has; download it again")
    if not isinstance(found.get("_class_name"), str | None):
        raise NodeError(f"{named(path)} names no class where it says what it is (_class_name); download it again")
    return found


LARGEST = 2**53
"""No size, count or rate in a configuration is beyond this."""
LIMITS = {"num_train_timesteps": 10**6}
"""Counts by which memory is taken before anything can be checked."""
UNBOUNDED = ("model_max_length", "total_size", "total_parameters", "lambda_min_clipped")
"""What may be, where a tokenizer stands for no limit by a huge number, and a scheduler by an infinite one."""


def _absurd(fields: dict[str, Any]) -> str:
    """The name of the first number that is no number, infinite or far too large; empty where there is none."""
    todo = deque[tuple[str, Any]](fields.items())
    while todo:
        name, value = todo.popleft()
        if isinstance(value, (int, float)) and name not in UNBOUNDED and not abs(value) <= LIMITS.get(name, LARGEST):
            return name
        if isinstance(value, dict):
            todo += [(f"{name}.{inner}", part) for inner, part in value.items()]
        elif isinstance(value, list):
            todo += [(name, part) for part in value]
    return ""


def damaged(path: Path, shown: str = "") -> NodeError:
    """The sentence for a safetensors file that cannot be read."""
    shown = shown or named(path)
    try:
        found = sniff(path)
    except OSError as error:
        return NodeError(f"{shown} cannot be read ({error.strerror})")
    if found is not None and found.kind == "pickle":
        return NodeError(f"{shown} holds {found.what}; {found.hint}")
    if found is not None and found.kind == "pointer":
        return NodeError(f"{shown} only says where git has the file; fetch the file itself with git lfs pull")
    return NodeError(f"{shown} is damaged or was cut short; download it again")


SNAPSHOTS, REPOSITORY = "snapshots", "models--"
"""How the hub's cache calls the folder of a repository's commits, and begins the name of a repository's own."""


def named(path: Path) -> str:
    """A file or folder as messages name it: with the folder that it lies in, and by its repository in the hub's cache,
    where that folder is called after a commit."""
    for commit in (path, *path.parents):
        place = commit.parent.parent
        if commit.parent.name == SNAPSHOTS and place.name.startswith(REPOSITORY):
            repository = place.name.removeprefix(REPOSITORY).replace("--", "/")
            return f"{repository}/{path.relative_to(commit).as_posix()}".removesuffix("/.")
    return f"{path.parent.name}/{path.name}"


MAX_REASON = 160
"""Letters of a library's message, beyond which it is not shown."""
OF_PROGRAMS = re.compile(
    r"\b[A-Z]\w*(Error|Exception|Warning)\b|<class|object at 0x|Traceback|\b__\w+__\b|NoneType|has no attribute"
    r"|object of type|'\w+' object|not supported between|invalid literal|could not convert|positional argument"
)
"""What only programmers read."""


def first_line(error: Exception) -> str:
    """Return what a library says went wrong: its first sentence where it is short and whole, else that it says
    nothing."""
    first = str(error).strip().partition("\n")[0].partition(". ")[0].strip().rstrip(".:")
    if not first or len(first) > MAX_REASON or OF_PROGRAMS.search(first):
        return "the library that reads it gives no reason in a sentence"
    return first
