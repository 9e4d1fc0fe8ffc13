"""Whether a node loads what lies somewhere, by the rules of the packs; and what to do where it does not."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from nodeflow.library.gguf_header import MAGIC
from nodeflow.library.lost_blocks import NETWORK, told_as
from nodeflow.library.model_folder import broken
from nodeflow.library.recognise import recognise
from nodeflow.library.recognised import Recognised
from nodeflow.library.rules import TEXTS, VAE, Taker, rule_book
from nodeflow.library.sniff import PICKLES, pickled, sniff

NETWORKS = "transformer", "unet"
"""Kinds of what some nodes take beside a folder."""
UNREADABLE = "damaged", "unfinished", "empty", "pointer"
"""Kinds that no node would take."""
LORA_NODES = "nodes.apply_lora", "nodes.apply_lora_to_text"
MAX_NAME = 80
"""Letters of a name in a message."""


def refusal(
    type: str, path: Path, shown: str, part: bool = False, without: Collection[str] = (), chosen: bool = False
) -> str:
    """Say why the nodes of a type do not load what lies at a path, which is ``shown`` so; empty where they do, or where
    nobody can tell before. ``part``: at the parameter of a network beside a folder. ``without``: as `broken` has it.
    ``chosen``: whether a person says of which family it is."""
    taker = rule_book().takers[type]
    try:
        if path.is_file() and (why := without_weights(path, shown)):
            return why
        found = recognise(path)
    except OSError as error:
        return f"{shown} cannot be read ({(error.strerror or 'it is gone').lower()})"
    if path.is_file() and (why := unreadable(shown, found) or cut(path, shown, found, "" if part else taker.reads)):
        return why
    if part:
        return misplaced_part(type, path, found)
    if path.is_file() and not found.known and (taker.sure or (taker.family and not chosen)):
        return f"{shown} holds {found.what}; {taker.title} loads {taker.takes}"
    return misplaced(type, path, shown, found, without)


def without_weights(path: Path, shown: str) -> str:
    """Say that a file is not to be opened, or holds no weights at all; empty where it may hold some. Raises OSError."""
    suffix, found = path.suffix.lower(), sniff(path)
    if found is None:
        with path.open("rb") as file:
            form = ".gguf" if file.read(len(MAGIC)) == MAGIC else ".safetensors"
        return "" if suffix == form else f"{shown}: its weights are {form[1:]} under another name; call it {form}"
    if suffix in WEIGHTS:
        return ""  # what it is instead is told by its kind
    if suffix in PICKLES and found.kind == "other":
        found = pickled(path)
    hint = found.hint or "choose a .safetensors file or a folder that diffusers saved"
    return f"{shown} holds {found.what}; {hint}"


WEIGHTS = ".safetensors", ".gguf"
"""How files of weights end that are opened."""


def unreadable(shown: str, found: Recognised) -> str:
    """Say why no node reads a file; empty where it may be read."""
    if found.kind not in UNREADABLE:
        return ""
    if found.kind == "pointer":
        return f"{shown} only says where git has the file; {found.reason}"
    if found.kind == "damaged":
        return f"{shown} is damaged or was cut short; {found.reason}"
    return f"{shown} holds {found.what}; {found.reason}"


def misplaced(type: str, path: Path, shown: str, found: Recognised, without: Collection[str] = ()) -> str:
    """Say that what lies at a path is not for the nodes of a type, and which node takes it, or what a folder lacks of
    what they read; empty where they may load it. ``without``: what they do not read of this one, as `broken` has it."""
    taker = rule_book().takers[type]
    if found.known and not _takes(type, taker, found):
        return f"{shown} holds {found.what}{instead(type, path, found)}; {taker.title} loads {taker.takes}"
    if path.is_file() and not taker.file:
        return f"{shown} is one file; {taker.title} loads {taker.takes}"
    if path.is_dir():
        only = f"{shown} is a folder; {taker.title} loads {taker.takes}"
        return only if taker.only_files else broken(path, taker, without)
    return unread_layout(path, found, taker) or cut(path, shown, found, taker.reads)


def cut(path: Path, shown: str, found: Recognised, reads: str = "") -> str:
    """Say that a file lacks blocks of what is read of it, one part of a whole model or all; empty where it has these,
    and for a folder, which says itself how many it has."""
    if not found.lost or not path.is_file():
        return ""
    if found.kind != "checkpoint" or not reads:
        return f"{shown} holds {found.what}, but {found.reason}"
    lost = " and ".join(blocks for part, blocks in found.lost_of.items() if _is_read(part, reads))
    return f"{shown} holds {found.what}, but {told_as(lost)}" if lost else ""


def _is_read(part: str, reads: str) -> bool:
    return part == reads or (reads == TEXTS and part not in (NETWORK, VAE))


def misplaced_part(type: str, path: Path, found: Recognised) -> str:
    """Say that what lies at a path is no network's file that the nodes of a type take beside a folder; empty where it
    may be."""
    taker = rule_book().takers[type]
    if path.is_dir():
        return (
            f"{shortened(path.name)} is a folder; {taker.part} takes one .safetensors or .gguf file, and model the "
            "folder"
        )
    if found.known and not (type in found.nodes and found.kind in NETWORKS):
        return (
            f"{shortened(path.name)} holds {found.what}{instead(type, path, found)}; {taker.part} of {taker.title} "
            f"takes one network of {taker.takes.removeprefix('a folder of ')}"
        )
    return unread_layout(path, found, taker) or cut(path, shortened(path.name), found)


def unread_layout(path: Path, found: Recognised, taker: Taker) -> str:
    """Say that a node reads no GGUF; empty where it does, or where it is none."""
    if found.layout != "gguf" or taker.gguf or not path.is_file():
        return ""
    what = found.what if found.known else "weights"
    return f"{shortened(path.name)} holds {what} as GGUF, which {taker.title} does not read; take it as .safetensors"


def _takes(type: str, taker: Taker, found: Recognised) -> bool:
    if taker.kinds:
        return (found.kind, found.family) in taker.kinds or (
            found.layout == "folder" and found.kind in dict(taker.kinds)
        )
    if found.kind == "lora":
        return type in LORA_NODES  # which say themselves for whom it was made
    if found.kind == "files":
        return type in ("nodes.load_upscaler", *LORA_NODES)
    if taker.part and found.kind in NETWORKS:
        return False
    return type in found.nodes and found.param in ("model", "lora")


def instead(type: str, path: Path, found: Recognised) -> str:
    """Return what to do, as the next part of the sentence."""
    around = recognise(path.parent) if (path.parent / "model_index.json").is_file() else None
    if around is not None and type in around.nodes:
        return f", one part of {shortened(path.parent.name)}: give that folder"
    if around is not None and around.nodes and not found.nodes:
        return f", one part of {around.what}, which the node {titles(around.nodes)} loads"
    part = rule_book().takers[type].part
    if part and type in found.nodes and found.kind in NETWORKS:
        return f": name it at the parameter {part}, and at model the folder of the rest"
    if found.nodes:
        return f", which the node {titles(found.nodes)} loads"
    return f": {found.reason}" if found.reason else ", which no node here loads"


def titles(types: tuple[str, ...]) -> str:
    """The titles of nodes, as a sentence lists them."""
    return " or ".join(dict.fromkeys(rule_book().title(one) for one in types))


def shortened(name: str) -> str:
    """A name that is short enough for a message; what is left out stood in its middle."""
    half = MAX_NAME // 2
    return name if len(name) <= MAX_NAME else f"{name[:half]}…{name[-half:]}"
