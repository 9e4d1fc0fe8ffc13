"""Texts and classes of a script."""

from __future__ import annotations

from nodeflow.prompt_text import as_clip_reads
from nodes.comfyui.export.exporter import CannotExportError, Exporter
from nodes.script.models import Model
from nodes.script.pieces import literal

ENCODE = '''

def encode(text, tokenizer, text_encoder):
    """Return the vectors of a text's tokens, filled up to the length that the encoder reads."""
    length = text_encoder.config.max_position_embeddings
    ids = tokenizer(text, padding="max_length", max_length=length, truncation=True, return_tensors="pt").input_ids
    return text_encoder(ids).last_hidden_state
'''


def encoded(about: Exporter, name: str, model: Model) -> str:
    """Return the call that encodes the text of a node."""
    text = about.plain(name, "text")
    if about.source(name, "text") is not None or not isinstance(text, str):
        raise CannotExportError(f"the text of {name} comes by wire, which is not written")
    return f"encode({literal(as_clip_reads(text))}, {model.name}_tokenizer, {model.name}_text_encoder)"


def label_of(about: Exporter, name: str, model: Model) -> int:
    """Return the number of a class; that of no class for an empty label."""
    label = str(about.plain(name, "label")).strip()
    none = int(model.configs[model.network]["num_embeds_ada_norm"])
    if "\n" in label:
        raise CannotExportError(f"{name} names several classes, which is not written")
    if not label:
        return none
    if label.isdecimal() and int(label) < none:
        return int(label)
    for number, names in model.classes.items():
        if label.casefold() in (names.casefold(), *(one.strip() for one in names.casefold().split(","))):
            return int(number)
    raise CannotExportError(f"{label!r} at {name} is no class of its model")
