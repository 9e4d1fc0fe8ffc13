"""Autoencoders that work in other ways, and images in the sizes that they are shown in."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import pixel_shuffle, pixel_unshuffle
from transformers import SiglipImageProcessor


def patch_spread(vae):
    """Mean and deviation of each channel of FLUX.2's latents."""
    mean, variance = (one.reshape(1, -1, 1, 1) for one in (vae.bn.running_mean, vae.bn.running_var))
    return mean, (variance + vae.config.batch_norm_eps).sqrt()


def encode_patches(vae, images):
    """Images as FLUX.2's latents, of which a cell is 2 x 2 of the autoencoder's."""
    found = [pixel_unshuffle(vae.encode(2 * image - 1).latent_dist.mode(), 2) for image in images.split(1)]
    mean, deviation = patch_spread(vae)
    return (torch.cat(found) - mean) / deviation


def decode_patches(vae, latents):
    """FLUX.2's latents as images."""
    mean, deviation = patch_spread(vae)
    cells = pixel_shuffle(latents * deviation + mean, 2)
    pixels = [vae.decode(one, return_dict=False)[0].float() for one in cells.split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def encode_patches_outside(vae, images):
    """Ideogram 4's latents: FLUX.2's, of which the cells of a patch are the outer axis."""
    found = [pixel_unshuffle(vae.encode(2 * image - 1).latent_dist.mode(), 2) for image in images.split(1)]
    mean, deviation = patch_spread(vae)
    return (torch.cat(found).unflatten(1, (-1, 4)).transpose(1, 2).flatten(1, 2) - mean) / deviation


def decode_patches_outside(vae, latents):
    """Ideogram 4's latents as images."""
    mean, deviation = patch_spread(vae)
    cells = pixel_shuffle((latents * deviation + mean).unflatten(1, (4, -1)).transpose(1, 2).flatten(1, 2), 2)
    pixels = [vae.decode(one, return_dict=False)[0].float() for one in cells.split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def encode_deep(vae, images):
    """Images as latents of an autoencoder that gives one latent and no distribution."""
    return torch.cat([vae.encode(2 * image - 1).latent for image in images.split(1)]) * vae.config.scaling_factor


def frame_spread(vae):
    """Mean and deviation of each channel of latents of films."""
    return (torch.tensor(one)[None, :, None, None] for one in (vae.config.latents_mean, vae.config.latents_std))


def encode_frame(vae, images):
    """Images as latents of films of one frame."""
    mean, deviation = frame_spread(vae)
    found = [vae.encode(2 * image[:, :, None] - 1).latent_dist.mode()[:, :, 0] for image in images.split(1)]
    return (torch.cat(found) - mean) / deviation


def decode_frame(vae, latents):
    """Latents of films of one frame as images."""
    return frame_channels(vae, latents)[:, :3]


def frame_channels(vae, latents):
    """All channels of latents of films of one frame; a fourth says how opaque an image is."""
    mean, deviation = frame_spread(vae)
    frames = (latents * deviation + mean)[:, :, None]
    pixels = [vae.decode(one, return_dict=False)[0][:, :, 0].float() for one in frames.split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def decode_layers(vae, latents, rows):
    """Layers of so many rows of cells as images, and how opaque each is; the first, the whole image, is left out."""
    layers = [layer for one in latents.split(1) for layer in one.split(rows, -2)[1:]]
    channels = frame_channels(vae, torch.cat(layers))
    return channels[:, :3], channels[:, 3:]


def encode_normalised(vae, images):
    """Images as latents that have a mean and a deviation in each channel."""
    mean, deviation = frame_spread(vae)
    return (torch.cat([vae.encode(2 * image - 1).latent_dist.mode() for image in images.split(1)]) - mean) / deviation


def decode_normalised(vae, latents):
    """Latents that have a mean and a deviation in each channel as images."""
    mean, deviation = frame_spread(vae)
    pixels = [vae.decode(one, return_dict=False)[0].float() for one in (latents * deviation + mean).split(1)]
    return (torch.cat(pixels) / 2 + 0.5).clamp(0, 1)


def decode_paella(vae, latents):
    """Latents of Stable Cascade's stage A as images."""
    latents = latents / (1 / vae.config.scale_factor)
    pixels = [vae.decode(one, return_dict=False)[0].float() for one in latents.split(1)]
    return torch.cat(pixels).clamp(0, 1)


def encode_opaque_frame(vae, images):
    """The same for images that have a fourth channel, which says how opaque they are."""
    return encode_frame(vae, torch.cat([images, torch.ones_like(images[:, :1])], 1))


def shown_at(images, height, width, middle=None):
    """An image at another size by Pillow's Lanczos filter, of which the middle may be cut out."""
    plain = (images[0] * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    found = np.asarray(Image.fromarray(plain).resize((width, height), Image.Resampling.LANCZOS))
    found = torch.from_numpy(found.copy()).permute(2, 0, 1)[None].float() / 255
    if middle is None:
        return found
    top, left = (height - middle[0]) // 2, (width - middle[1]) // 2
    return found[..., top : top + middle[0], left : left + middle[1]]


def masked_for_fill(vae, image, mask):
    """What FLUX.1 Fill is shown: the latent of what is known, and the mask's pixels."""
    covered = (mask >= 0.5).to(image.dtype)
    known = torch.where(covered > 0, 0.5, image)
    latent = (vae.encode(2 * known - 1).latent_dist.mode() - vae.config.shift_factor) * vae.config.scaling_factor
    return torch.cat([latent, pixel_unshuffle(covered, 8)], 1)


def unshifted(vae, latents):
    """Latents that are scaled and not shifted, as InstantX trained ControlNets with."""
    return latents + vae.config.shift_factor * vae.config.scaling_factor


def redux_tokens(image_encoder, embedder, images):
    """What SigLIP sees in images, in the space of T5's tokens."""
    side = image_encoder.config.image_size
    processor = SiglipImageProcessor(size={"height": side, "width": side})
    pixels = processor(list((images * 255).round().to(torch.uint8)), return_tensors="pt").pixel_values
    return embedder(image_encoder(pixels).last_hidden_state).image_embeds
