"""Stable Cascade: one network paints a small latent, another paints it out (Pernias et al. 2023)."""

from __future__ import annotations

from diffusers import DDPMWuerstchenScheduler


class CascadeScheduler:
    """diffusers' DDPMWuerstchenScheduler, whose times run from 1 to 0; the networks count 1000 of them."""

    def __init__(self, folder, subfolder, steps):
        self.inner = DDPMWuerstchenScheduler.from_pretrained(folder, subfolder=subfolder)
        self.inner.set_timesteps(steps)
        self.shares, self.index = self.inner.timesteps, 0
        signal = self.inner._alpha_cumprod(self.shares, self.shares.device).double()
        self.sigmas, self.order = ((1 - signal) / signal).sqrt(), 1
        self.timesteps = self.shares[:-1] * 1000 - 1

    def set_begin_index(self, index):
        self.index = index

    def step(self, output, t, x, generator=None, return_dict=False):
        time = self.shares[self.index].expand(len(x))
        self.index += 1
        return self.inner.step(output, time, x, generator, return_dict=return_dict)


def to_image(x, at):
    """How far it is to the image, 1 at pure noise."""
    return ((at.t.float() + 1) / 1000).expand(len(x)).to(x)


def stage_c(unet, x, at, tokens, pooled):
    """The network that paints the small latent, shown no images."""
    return unet(
        sample=x,
        timestep_ratio=to_image(x, at),
        clip_text_pooled=pooled[:, None],
        clip_text=tokens,
        clip_img=x.new_zeros(len(x), 1, unet.config.clip_image_in_channels),
        return_dict=False,
    )[0]


def stage_b(unet, x, at, tokens, pooled, small=None):
    """The network that paints the small latent out; what guidance leads away from is shown none."""
    shown = x.new_zeros(len(x), unet.config.effnet_in_channels, 1, 1) if small is None else small
    return unet(
        sample=x, timestep_ratio=to_image(x, at), clip_text_pooled=pooled[:, None], effnet=shown, return_dict=False
    )[0]
