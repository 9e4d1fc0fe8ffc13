"""Reading the folders that diffusers and transformers save: configurations, and weights from safetensors alone."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from importlib import import_module
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from nodeflow.library import folder_json, folder_weights, plain_weights, tokenizer_files
from nodeflow.library.folder_json import FolderError
from nodeflow.library.headers import read_safetensors
from nodeflow.library.no_code import check_code
from nodeflow.node import NodeError
from nodes.loaders.quantised.finite import check_module, has_lost_scale, lost_scale
from nodes.loaders.read.accounting import refuse_unused
from nodes.loaders.read.tekken_file import is_tekken, read_tekken


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
    package = package_for(config, named(folder))
    if package:
        import_module(package)  # some make themselves known to the libraries by that
    plain = not package
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
    """Raise NodeError for a weight that is stored in whole numbers where its network computes, or in float8 that must
    have had a scale, both of which the libraries take as they stand."""
    places = module.state_dict()
    for path in sorted(folder.glob(f"{name}*.safetensors")):
        tensors = {key: one for key, one in read_safetensors(path).tensors.items() if key in places}
        for key, tensor in tensors.items():
            if places[key].is_floating_point() and tensor.dtype not in plain_weights.NUMBERS:
                raise NodeError(str(plain_weights.not_plain(f"{named(folder)}/{path.name}", key, tensor.dtype)))
        coded = [key for key, one in tensors.items() if one.dtype.startswith("F8") and len(one.shape) > 1]
        if lost := next((key for key in coded if has_lost_scale(_tensor(path, key))), ""):
            raise lost_scale(f"{named(folder)}/{path.name}: {lost}")


def _tensor(path: Path, key: str) -> Any:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as opened:
        return opened.get_tensor(key)


WORDS = frozenset({".json", ".txt", ".model", ".jinja", ".tiktoken"})
"""How files end that a tokenizer may be read from."""
TEMPLATES = "additional_chat_templates"


def read_tokenizer(kind: Any, folder: Path) -> Any:
    """A tokenizer from its folder, the same for all folders of the same files: most models of a family bring one, and
    to read it takes longer than a small network. Raises NodeError where that is damaged or not whole."""
    check_tokenizer(folder, kind.__name__)
    check_folder(folder)
    return _tokenizer(kind, TokenizerFiles.of(folder))


@dataclass(frozen=True)
class TokenizerFiles:
    """The files that a tokenizer is read from, known by what is in them."""

    digest: bytes
    folder: Path = field(compare=False)

    @classmethod
    def of(cls, folder: Path) -> TokenizerFiles:
        """Raises NodeError for a file that cannot be read."""
        found = hashlib.sha256()
        try:
            for path in sorted((*folder.iterdir(), *folder.glob(f"{TEMPLATES}/*"))):
                if path.suffix in WORDS and path.is_file():
                    held = path.read_bytes()
                    found.update(f"{path.name}\0{len(held)}\0".encode() + held)
        except OSError as error:
            raise NodeError(f"{named(folder)} cannot be read ({error.strerror or error})") from None
        return cls(found.digest(), folder)


@lru_cache(maxsize=4)
def _tokenizer(kind: Any, files: TokenizerFiles) -> Any:
    folder = files.folder
    try:
        if is_tekken(folder):
            found = read_tekken(folder)
        else:
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


def _variant(folder: Path, name: str, plain: bool = True) -> str | None:
    """Return which precision lies there (fp16, or None for the plain files), after a look at every file's header."""
    found = headers_in(folder, name)
    if plain:
        for path, header in found.items():
            check_plain(header, f"{named(folder)}/{path.name}")
    usual = any(path.name == f"{name}.safetensors" or path.name.startswith(f"{name}-") for path in found)
    return None if usual else next(iter(found)).name.removeprefix(f"{name}.").split(".")[0].split("-")[0]


Args = ParamSpec("Args")
Found = TypeVar("Found")


def _as_node_error(check: Callable[Args, Found]) -> Callable[Args, Found]:
    """A check of the library's whose faults are a node's errors."""

    @wraps(check)
    def checked(*args: Args.args, **kwargs: Args.kwargs) -> Found:
        try:
            return check(*args, **kwargs)
        except FolderError as fault:
            raise NodeError(str(fault)) from None

    return checked


named = folder_json.named
read_json = _as_node_error(folder_json.read_json)
check_folder = _as_node_error(check_code)
check_whole = _as_node_error(folder_weights.check_whole)
headers_in = _as_node_error(folder_weights.headers_in)
package_for = _as_node_error(plain_weights.package_for)
check_plain = _as_node_error(plain_weights.check_plain)
check_tokenizer = _as_node_error(tokenizer_files.check_tokenizer)


def damaged(path: Path, shown: str = "") -> NodeError:
    """The sentence for a safetensors file that cannot be read."""
    return NodeError(str(folder_weights.damaged(path, shown)))


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
