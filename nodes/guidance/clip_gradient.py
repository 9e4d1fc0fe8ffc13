"""Leading images towards a text by CLIP, while they are painted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from nodeflow.node import Multiline, NodeError, Slider, node
from nodeflow.wires import CLIP, Denoiser, Guided, Guider, Image, Schedule
from nodes.denoisers.calls.prediction_types import NoiseLevel, level_at, levels, original, output_for
from nodes.guidance.classifier_gradient import guided


@dataclass(frozen=True, eq=False)
class CLIPGuided:
    """A guider whose foreseen image is moved to where CLIP finds it nearer to a text."""

    guider: Guider
    clip: CLIP
    text: Tensor
    """(1, D), the text's vector."""
    scale: float
    levels: tuple[NoiseLevel, ...]

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        level, prediction = level_at(self.levels, index, total), self.denoiser.prediction
        if not level.alpha or not self.scale:  # pure noise: nothing is foreseen yet that depends on it
            return self.guider.predict(x, timestep, index, total)
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            plain = self.guider.predict(x, timestep, index, total)
            x_0 = original(prediction, plain.output, x, level)
            seen = self.clip.embed_images(Image(x_0.float() / 2 + 0.5)).values
            slope = torch.autograd.grad(cosine_similarity(seen, self.text.to(seen.device)).sum(), x)[0]
        moved = guided(x_0.detach(), slope, level, self.scale)
        output = output_for(prediction, moved, x.detach(), level)
        before = (plain.output, plain.unconditional, plain.variance)
        conditional, unconditional, variance = (None if part is None else part.detach() for part in before)
        return Guided(output, output if conditional is None else conditional, unconditional, variance)

    def at(self, index: int, total: int) -> Guider:
        return replace(self, guider=self.guider.at(index, total))

    def unguided(self) -> Guider:
        return self.guider


@node("CLIP guidance", version=3)
def clip_guidance(
    guider: Guider,
    clip: CLIP,
    schedule: Schedule,
    text: Annotated[str, Multiline()] = "",
    scale: Annotated[float, Slider(0, 500, 1)] = 100.0,
) -> Guider:
    """Leads the image towards a text by the gradient of CLIP's similarity.

    At every step CLIP compares the image that is foreseen, x_0, with ``text``; the gradient says how each pixel of
    the noisy image x should change for x_0 to fit the text better, and the prediction is moved there:
    epsilon' = epsilon - scale sigma grad cos(CLIP(x_0), CLIP(text)). Scale 0 is the guider alone. It needs no training
    with texts: any model on pixels can be led, also one that knows none. What pleases CLIP is not always what people
    see in the text, and a large scale finds the difference. A step takes about three times as long.

    ``guider`` is what leads otherwise: no guidance for CLIP alone, or classifier-free guidance for both. Wire the same
    schedule here and to the sampler.

    Fails for a model on latents, and when the schedules do not match.
    Papers: Nichol et al. 2021, GLIDE (arXiv:2112.10741), section 2.3 (there CLIP was trained on noisy images; here it
    looks at the foreseen one, as in Crowson's guided diffusion and Bansal et al. 2023, arXiv:2302.07121).
    """
    if guider.denoiser.format.channels != 3 or guider.denoiser.format.downscale != 1:
        raise NodeError("CLIP looks at images and this model paints latents; take a model on pixels")
    words = " ".join(line.strip() for line in text.splitlines() if line.strip())
    return CLIPGuided(guider, clip, clip.embed_texts([words]).values, scale, levels(schedule, guider.denoiser))
