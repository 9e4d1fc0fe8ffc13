"""Networks that turn one latent into another in a single call: what they see of an image, instead of another image."""

from __future__ import annotations

from typing import Annotated, Literal

import torch

from nodeflow.node import NodeError, Slider, node
from nodeflow.wires import Conditioning, Denoiser, Latent


@node("Map latent")
def map_latent(
    denoiser: Denoiser,
    conditioning: Conditioning,
    latent: Latent,
    timestep: Annotated[float, Slider(0, 1000, 1)] = 500.0,
    gives: Literal["the way from it", "the other latent"] = "the way from it",
) -> Latent:
    """Turns a latent into another one in a single call of the network: an image into its depth, say.

    Some models that paint were tuned to see: asked once for the latent x (B, C, h, w) of an image, without noise, they
    give that of its depth, its surface normals or its colours without light. ``timestep``, from 0 to 1000, is what they
    are told, and ``gives`` what they were tuned for: Marigold 2 gives the way from x to the other latent, which is then
    x minus that. Each image is asked for by itself. The conditioning is what they were tuned with (Load conditioning).

    Fails for a latent of another model.
    Papers: He et al. 2024, Lotus (arXiv:2409.18124); Garcia et al. 2024, Fine-Tuning Image-Conditional Diffusion Models
    is Easier than You Think (arXiv:2409.11355).
    """
    if latent.samples.shape[1] != denoiser.format.channels:
        raise NodeError(
            f"this latent has {latent.samples.shape[1]} channels and the model works on {denoiser.format.channels}; "
            "encode the image with the model's own VAE"
        )
    x, told = latent.samples.to(denoiser.device, denoiser.dtype), torch.tensor(timestep, device=denoiser.device)
    with torch.no_grad():
        output = torch.cat([denoiser.predict(row, told, conditioning) for row in x.split(1)])
    found = x - output if gives == "the way from it" else output
    return Latent(found.to(latent.samples))
