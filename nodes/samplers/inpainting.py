"""Painting into an image, and leaving the rest as it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from nodeflow.node import NodeError, node
from nodeflow.wires import Denoiser, Guided, Guider, Latent, Mask, Schedule
from nodes.denoisers.calls.prediction_types import NoiseLevel, level_at, levels, output_for
from nodes.latents.noise import rows
from nodes.masks.masks import Fit, fitted


@dataclass(frozen=True, eq=False)
class Inpainting:
    """A guider whose prediction, outside of a mask, is the one that leads to known latents."""

    guider: Guider
    known: Tensor
    mask: Tensor
    levels: tuple[NoiseLevel, ...]

    @property
    def denoiser(self) -> Denoiser:
        return self.guider.denoiser

    def predict(self, x: Tensor, timestep: Tensor, index: int, total: int) -> Guided:
        level = level_at(self.levels, index, total)
        guided = self.guider.predict(x, timestep, index, total)
        if self.known.shape[-2:] != x.shape[-2:]:
            sizes = " and ".join(f"{samples.shape[-1]} x {samples.shape[-2]}" for samples in (self.known, x))
            raise NodeError(f"the known latent and the one to paint are {sizes}; give the noise the image's size")
        if len(self.mask) not in (1, len(x)):
            raise NodeError(f"{len(self.mask)} masks do not fit the images; give one mask, or one for each image")
        known = rows(self.known, len(x)).to(x.device, x.dtype)
        outside = output_for(self.denoiser.prediction, known, x, level)
        return replace(guided, output=outside.lerp(guided.output, self.mask.to(x.device, x.dtype)))

    def at(self, index: int, total: int) -> Guider:
        return replace(self, guider=self.guider.at(index, total))

    def unguided(self) -> Guider:
        return replace(self, guider=self.guider.unguided())


@node("Inpaint", version=2)
def inpaint(guider: Guider, schedule: Schedule, latent: Latent, mask: Mask, mask_fit: Fit = "refuse") -> Guider:
    """Paints only where a mask is 1, and keeps a known image where it is 0.

    ``latent`` (B, C, h, w) is the image that is known: encoded by the model's VAE, or by ``pixel_space`` for a model
    on pixels. At every step the known part goes on as if the model had foreseen just that image there: it keeps its
    own noise on the way, and comes out as it was, but for what noise the schedule leaves at its end. What is painted
    sees it at each step, and so fits to it. The mask is brought to the latent's size; between 0 and 1 both are mixed. A
    single latent or mask serves all seeds.

    Wire the same schedule here and to the sampler, and any guidance to ``guider``: it works with every model, every
    scheduler and every guidance, and the model needs no training for it. With the same ``latent`` at the sampler too,
    ``strength`` below 1 keeps something of what was below the mask.

    A mask of other proportions than the image is refused, unless ``mask_fit`` says to stretch it, or to cover the
    image with it and cut off what sticks out.

    Fails when sizes, channels or schedules do not match.
    Papers: Song et al. 2021, Score-Based Generative Modeling through SDEs (arXiv:2011.13456), section 5; Lugmayr et al.
    2022, RePaint (arXiv:2201.09865), eq. 8; by text: Nichol et al. 2021, GLIDE (arXiv:2112.10741), section 2.4.
    """
    denoiser, channels = guider.denoiser, latent.samples.shape[1]
    if channels != denoiser.format.channels:
        raise NodeError(
            f"this latent has {channels} channels and the model takes {denoiser.format.channels}; encode it by its VAE"
        )
    return Inpainting(guider, latent.samples, fitted(mask, latent.samples, mask_fit), levels(schedule, denoiser))
