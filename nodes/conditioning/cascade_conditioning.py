"""What one model painted, as what leads the next (Stable Cascade)."""

from __future__ import annotations

from dataclasses import replace

from nodeflow.node import NodeError, node
from nodeflow.wires import Conditioning, Latent

FAMILIES = "Stable Cascade", "Stable Cascade B"


@node("Cascade conditioning")
def cascade_conditioning(conditioning: Conditioning, latent: Latent) -> Conditioning:
    """Shows stage B of Stable Cascade the latent that stage C painted.

    Stage C paints a text as a latent of 24 x 24 cells, a cell 42 pixels. Stage B paints that out to cells of 4 pixels,
    and the VAE beside it makes pixels of these. ``latent`` comes from the sampler of stage C, ``conditioning`` is the
    same text, read by either stage's text encoder. What stage B is led away from gets no latent.

    Fails for the text of another family's encoder.
    Paper: Pernias et al. 2023, Würstchen (arXiv:2306.00637).
    """
    if conditioning.read_for and conditioning.read_for not in FAMILIES:
        raise NodeError(
            f"this text was read for {conditioning.read_for}, and a latent of stage C leads Stable Cascade's stage B; "
            "wire a text that Stable Cascade's encoder read"
        )
    return replace(conditioning, references=(latent.samples,))
