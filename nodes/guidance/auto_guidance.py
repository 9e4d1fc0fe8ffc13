"""Guidance of a network by a worse one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from torch import Tensor

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Denoiser, Guided, Guider
from nodes.guidance.predictions.formulas import guide


@dataclass(frozen=True, eq=False)
class AutoGuided:
    """A guider led away from what a weaker one predicts."""

    guider: Guider
    weak: Guider
    scale: float

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        worse = self.weak.predict(x, timestep, index, total).output
        found = self.guider.predict(x, timestep, index, total)
        return replace(found, output=guide(found.output, worse, self.scale), unconditional=worse)

    def at(self, index: int, total: int) -> Guider:
        return replace(self, guider=self.guider.at(index, total), weak=self.weak.at(index, total))

    def unguided(self) -> Guider:
        return self.guider.unguided()


@node("Auto guidance")
def auto_guidance(guider: Guider, weak: Guider, scale: Annotated[float, Slider(1, 10, 0.05)] = 2.0) -> Guider:
    """Leads a network away from what a weaker version of it predicts for the same text.

    Wire No guidance with the good network to ``guider``, and to ``weak`` No guidance with a smaller or less trained one
    that was trained on the same images, or the same one behind Weaken guidance; both with the same text. With D1 and D0
    for what they predict, output = D0 + scale (D1 - D0): where both err in the same way, the weak one more so, this is
    the way out. Unlike classifier-free guidance it leaves images as varied as they are. A step asks both.

    Fails when the two predict different things or work on different latents.
    Paper: Karras et al. 2024, Guiding a Diffusion Model with a Bad Version of Itself (arXiv:2406.02507), eq. 2.
    """
    one, other = guider.denoiser, weak.denoiser
    if any(getattr(one, trait) != getattr(other, trait) for trait in ("prediction", "format", "learned_variance")):
        raise NodeError(
            "guider and weak use models of different kinds; take two that predict the same of the same latents"
        )
    return guider if scale == 1 else AutoGuided(guider, weak, scale)
