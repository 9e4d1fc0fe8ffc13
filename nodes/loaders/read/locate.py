"""Look-up of where a model lies: shipped, a path, the hub's cache, or the person's library."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from nodeflow.library.missing import short
from nodeflow.library.named import AmbiguousNameError, library_path, names_near, out_of_reach
from nodeflow.library.right_kind import WEIGHTS, without_weights
from nodeflow.library.sniff import PICKLES
from nodeflow.node import NodeError
from nodeflow.resources import STARTER, locate, starter_models
from nodes.loaders.read.hub import from_hub

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
PATTERNS = [
    "model_index.json",
    "*/*.json",
    "tokenizer*/*.txt",
    *(
        f"{part}/{weights}"
        for part, name in (
            ("unet", "diffusion_pytorch_model"),
            ("vae", "diffusion_pytorch_model"),
            ("text_encoder", "model"),
            ("text_encoder_2", "model"),
        )
        for weights in (f"{name}.safetensors", f"{name}-*.safetensors")
    ),
]
"""What is fetched from the hub: configurations, tokenizer and safetensors weights; nothing that can hold a program."""

MODEL_PATTERNS = [
    *(name for name in PATTERNS if not name.endswith(".safetensors")),
    "modular_model_index.json",
    "tokenizer*/*.jinja",
    "transformer/diffusion_pytorch_model*.safetensors",
    "unet/diffusion_pytorch_model*.safetensors",
    "vae/diffusion_pytorch_model*.safetensors",
    "text_encoder*/model*.safetensors",
]
"""The same for models of any family."""


def find(model: str, revision: str, patterns: list[str] = PATTERNS) -> Path:
    """The folder or file of a model. Raises NodeError as `look_up` does, and for a file that holds no weights."""
    path = look_up(model, revision, patterns)
    if path.is_file():
        check_suffix(path)
    return path


def look_up(model: str, revision: str, patterns: list[str] = PATTERNS) -> Path:
    """Where a model lies. Raises NodeError, saying what to do, where there is none.

    ``patterns``: the files of a hub repository that are wanted.
    """
    path = located(model)
    if path is None and HUB_ID.fullmatch(model) and Path(model).suffix not in (*WEIGHTS, *PICKLES):
        return from_hub(model, revision, patterns)
    if path is None:
        raise NodeError(f"{short(model) or 'no name given'}: there is no model there; {_hint(model)}")
    return path


def unless_blank(model: str) -> str:
    """Return a name as it stands at a parameter that may be left empty; blanks alone name nothing."""
    return model if model.strip() else ""


def located(model: str) -> Path | None:
    """Return what lies on this computer by that name: shipped, a path, or in the library. Raises NodeError for a name
    that several models of the library have."""
    path = locate(model, Path.cwd())
    if path is not None or model.startswith(STARTER):
        return path
    try:
        return library_path(model)
    except AmbiguousNameError as error:
        raise NodeError(str(error)) from None


def _hint(model: str) -> str:
    bare = model.strip(" \t\r\n'\"")
    if bare != model and locate(bare, Path.cwd()) is not None:
        return "take away the quotation marks or spaces around it"
    if model.startswith(STARTER):
        known = [STARTER + name for name in starter_models()]
        near = get_close_matches(model, known, 3, 0.7)
        return f"did you mean {' or '.join(near)}?" if near else f"the models that ship are {', '.join(known)}"
    if _is_lost_link(model):
        return "it is a link to something that is gone"
    if folder := out_of_reach(model):
        return f"its folder {folder} cannot be reached now; plug it in, or choose another model"
    if alike := names_near(model):
        return f"the library has {' and '.join(alike)}"
    return "check the path" if model else "name a folder, a file, or a hub id"


def _is_lost_link(model: str) -> bool:
    try:
        return Path(model).expanduser().is_symlink()
    except (OSError, ValueError, RuntimeError):  # no path at all
        return False


def check_suffix(path: Path) -> None:
    """Raises NodeError for a file that is not to be opened, or that is no weights at all; says what it is."""
    try:
        why = without_weights(path, path.name)
    except OSError as error:
        raise NodeError(f"{path.name} cannot be read ({(error.strerror or 'it is gone').lower()})") from None
    if why:
        raise NodeError(why)
