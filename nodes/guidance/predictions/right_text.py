"""Whether a text was read by the encoder of the family whose network it leads. No nodes here."""

from __future__ import annotations

from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Denoiser
from nodes.guidance.predictions.places import apart
from nodes.loaders.models.text import read_alike


def check_read_for(denoiser: Denoiser, *texts: Conditioning) -> None:
    """Raise NodeError for a text that was read for another family than the denoiser's; nothing where one of the two is
    not known."""
    family = _family(denoiser)
    for text in (one for given in texts for one in apart(given)):
        if not read_alike(family, text.read_for):
            raise NodeError(
                f"this text was read for {text.read_for}, and this denoiser is {family}'s; encode it by the text "
                f"encoder of {family}"
            )


def _family(part: Any) -> str:
    """The family of the network in a denoiser, or in what is put around one."""
    while part is not None:
        if (network := getattr(part, "network", None)) is not None:
            return str(getattr(network, "family", ""))
        part = getattr(part, "denoiser", None)
    return ""
