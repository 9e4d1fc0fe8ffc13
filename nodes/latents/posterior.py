"""The distribution that a VAE's encoder gives: mean and deviation, a draw from it, and what it costs."""

from __future__ import annotations

import math
from typing import Annotated, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Seed, Slider, node
from nodeflow.wires import VAE, Curve, Image, Latent
from nodes.latents.noise import gaussian_noise


@runtime_checkable
class WithPosterior(Protocol):
    """A VAE whose encoder gives a normal distribution."""

    def posterior(self, image: Image) -> tuple[Tensor, Tensor]:
        """Mean and deviation of z for images (B, 3, H, W), each (B, C, h, w), in the VAE's own units."""
        ...

    def scaled(self, z: Tensor) -> Tensor:
        """z (B, C, h, w) in the scale that the denoiser sees."""
        ...


class Posterior(NamedTuple):
    """The distribution of a latent, and how far it is from the prior, by channel."""

    mean: Latent
    deviation: Latent
    kl: Curve
    table: str


@node("VAE posterior")
def vae_posterior(vae: VAE, image: Image) -> Posterior:
    """Shows what a VAE's encoder gives: for each number of the latent a mean mu and a deviation sigma.

    ``mean`` and ``deviation`` are maps (B, C, h, w) in the scale that the denoiser sees. ``kl`` is for each channel the
    distance KL(q || N(0, 1)) to the prior in nats, the mean over places: what the encoder says there beyond nothing.
    ``table`` has the whole of it, and the mean and spread of the deviations.

    Fails for autoencoders that give a point rather than a distribution, and when a side is no multiple of the VAE's
    factor.
    Paper: Kingma & Welling 2013, Auto-Encoding Variational Bayes (arXiv:1312.6114), appendix B.
    """
    mu, sigma = _posterior(vae, image)
    kl = 0.5 * (mu.square() + sigma.square() - 1 - 2 * sigma.log())  # (B, C, h, w)
    by_channel = kl.mean((0, 2, 3))
    lines = [f"KL {float(kl.flatten(1).sum(1).mean()):.0f} nats an image, {float(kl.mean()):.2f} a number"]
    lines += [
        f"channel {number}: KL {float(part):.2f}, mu {float(m.mean()):+.2f} ± {float(m.std()):.2f}, "
        f"sigma {float(s.mean()):.4f}"
        for number, (part, m, s) in enumerate(zip(by_channel, mu.transpose(0, 1), sigma.transpose(0, 1), strict=True))
    ]
    middle = vae.scaled(mu) if isinstance(vae, WithPosterior) else mu
    spread = vae.scaled(mu + sigma) - middle if isinstance(vae, WithPosterior) else sigma
    curve = Curve(torch.arange(len(by_channel)).double(), by_channel.double(), "channel", "KL in nats")
    return Posterior(Latent(middle), Latent(spread), curve, "\n".join(lines))


@node("Draw from posterior")
def draw_from_posterior(
    mean: Latent,
    deviation: Latent,
    amount: Annotated[float, Slider(0, 50, 0.5)] = 1.0,
    count: Annotated[int, Range(1, 64)] = 4,
    seed: Annotated[int, Seed()] = 0,
) -> Latent:
    """Draws latents from a normal distribution: z = mu + amount sigma eps, the reparametrisation trick.

    Since the chance is in eps alone, the gradient passes to mu and sigma: so a VAE can be trained. ``amount`` 1 draws
    from the posterior itself, 0 gives its mean; more shows how far the decoder follows. Gives ``count`` latents, of
    seeds ``seed``, ``seed + 1``, ...

    Fails when mean and deviation are of different shapes, or of several images.
    Paper: Kingma & Welling 2013 (arXiv:1312.6114), section 2.4.
    """
    mu, sigma = mean.samples, deviation.samples
    if mu.shape != sigma.shape or len(mu) != 1:
        raise NodeError("mean and deviation are to be those of one image; wire both from one VAE posterior")
    draws = [torch.randn(mu.shape[1:], generator=one) for one in gaussian_noise(seed, count).generators()]
    return Latent(mu + amount * sigma * torch.stack(draws).to(mu))


@node("Draw from prior")
def draw_from_prior(
    vae: VAE,
    width: Annotated[int, Range(0, 8192, 8)] = 0,
    height: Annotated[int, Range(0, 8192, 8)] = 0,
    count: Annotated[int, Range(1, 64)] = 4,
    seed: Annotated[int, Seed()] = 0,
) -> Latent:
    """Draws latents from N(0, I), the prior of a VAE, without any image.

    Decode them: a VAE that weighed the KL fully in training makes images of them. The VAEs of latent diffusion weighed
    it a millionth, so that theirs are nothing: the denoiser takes the prior's place. ``width`` and ``height`` are in
    pixels; 0 is the size that the model was trained at.

    Fails for autoencoders that give a point rather than a distribution, and when a side is no multiple of the VAE's
    factor.
    Papers: Kingma & Welling 2013 (arXiv:1312.6114); the weight: Rombach et al. 2022 (arXiv:2112.10752), appendix G.
    """
    if not isinstance(vae, WithPosterior):
        raise NodeError("this autoencoder has no prior to draw from; wire a VAE that gives a distribution")
    format = vae.format
    sides = [pixels or format.side * format.downscale for pixels in (height, width)]
    if any(side % format.downscale for side in sides):
        raise NodeError(f"width and height are to be multiples of {format.downscale}; change them")
    shape = (format.channels, *(side // format.downscale for side in sides))
    draws = [torch.randn(shape, generator=one) for one in gaussian_noise(seed, count).generators()]
    return Latent(vae.scaled(torch.stack(draws)))


class Compression(NamedTuple):
    """How small an autoencoder makes an image, and what that costs."""

    image: Image
    ratio: float
    psnr: float
    table: str


@node("Compression")
def compression(vae: VAE, image: Image) -> Compression:
    """Measures how small an autoencoder makes images, and what is lost on the way there and back.

    ``ratio`` is how many numbers of the image one number of the latent stands for; ``psnr`` in decibels how near the
    decoded ``image`` is, above 30 the eye hardly sees a difference. Latent diffusion takes factors of 4 or 8 along a
    side; Stable Cascade's Würstchen 42, for which a diffusion model of its own has to decode.

    Fails when a side is no multiple of the autoencoder's factor.
    Papers: Rombach et al. 2022 (arXiv:2112.10752), section 4.1; Pernias et al. 2023, Würstchen (arXiv:2306.00637).
    """
    _check_sides(vae, image)
    latent = vae.encode(image)
    back = vae.decode(latent).pixels
    ratio = image.pixels[0].numel() / latent.samples[0].numel()
    error = float((back - image.pixels.to(back.device)).square().mean().clamp(min=1e-10))
    psnr = -10 * math.log10(error)
    sizes = [" x ".join(map(str, part.shape[1:])) for part in (image.pixels, latent.samples)]
    lines = [
        f"{sizes[0]} to {sizes[1]}: factor {vae.format.downscale} along a side",
        f"{ratio:.1f} times fewer numbers",
    ]
    return Compression(Image(back), ratio, psnr, "\n".join([*lines, f"PSNR {psnr:.1f} dB"]))


def _posterior(vae: VAE, image: Image) -> tuple[Tensor, Tensor]:
    if not isinstance(vae, WithPosterior):
        raise NodeError("this autoencoder gives a point and no distribution; wire a VAE that does")
    _check_sides(vae, image)
    return vae.posterior(image)


def _check_sides(vae: VAE, image: Image) -> None:
    height, width = image.pixels.shape[-2:]
    if height % vae.format.downscale or width % vae.format.downscale:
        raise NodeError(
            f"{width} x {height} is no multiple of {vae.format.downscale} on both sides; resize the image before"
        )
