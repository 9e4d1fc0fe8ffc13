"""Result of recognising a file or folder."""

from __future__ import annotations

import msgspec

SENTENCES = {
    "checkpoint": "a whole {family} in one file",
    "transformer": "the transformer of {family} alone",
    "unet": "the U-Net of {family} alone",
    "text encoder": "the text encoder {family} alone",
    "clip vision": "the image encoder {family} alone",
    "language model": "the language model {family}",
    "vae": "the VAE of {family}",
    "small vae": "a small VAE (TAESD) of {family}",
    "lora": "a LoRA for {family}",
    "controlnet": "a ControlNet for {family}",
    "control lora": "a Control-LoRA for {family}",
    "t2i adapter": "a T2I-Adapter for {family}",
    "ip adapter": "an IP-Adapter for {family}",
    "lllite": "a ControlNet-LLLite for {family}",
    "redux": "the Redux image prior of {family}",
    "model patch": "a control patch for {family}",
    "motion module": "a motion module for {family}",
    "embedding": "an embedding (textual inversion) for {family}",
    "hypernetwork": "a hypernetwork for {family}",
    "upscaler": "an upscaler ({family})",
    "prior": "the prior of {family}",
    "decoder": "the decoder of {family}",
    "pipeline": "{family}",
}
"""How each kind is named in a sentence."""


class Recognised(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Hold what a file or folder is.

    ``what`` in words; ``nodes``: types of those that take it, at ``param``; ``missing``: the parts that a node needs
    besides; ``reason``: why none takes it, or what to do first. ``lost``: the blocks that it lacks, without which no
    node loads the part of it that they are of; ``lost_of``: the same by the parts of a model. ``known`` is false where
    nothing could be told.
    """

    kind: str = ""
    family: str = ""
    what: str = ""
    precision: str = ""
    bytes: int = 0
    nodes: tuple[str, ...] = ()
    param: str = "model"
    missing: tuple[str, ...] = ()
    reason: str = ""
    lost: str = ""
    lost_of: dict[str, str] = {}
    layout: str = ""
    formats: dict[str, int] = {}

    @property
    def known(self) -> bool:
        return bool(self.kind) and self.kind != "unknown"

    @property
    def node(self) -> str:
        """The type of the first node that takes it as it is; empty where none does."""
        return self.nodes[0] if self.nodes and not self.lost else ""
