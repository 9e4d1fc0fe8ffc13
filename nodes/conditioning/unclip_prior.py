"""From a text to a CLIP vector of an image, and from there to the image (DALL-E 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Reads, Supplied, node
from nodeflow.wires import (
    CLIP,
    VAE,
    Conditioning,
    Denoiser,
    DiffusionNetwork,
    Embedding,
    Latent,
    Scores,
    TextEncoder,
    TrainedSchedule,
)
from nodes.conditioning.clip_space import cosines
from nodes.denoisers.network_denoiser import NetworkDenoiser
from nodes.loaders.families.unclip.prior_and_decoder import PATTERNS, load_decoder_folder, load_prior_folder
from nodes.loaders.families.unclip.vector_decoder import VectorDecoder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.low_rank import adapted


class Prior(NamedTuple):
    """The parts of a diffusion prior."""

    text_encoder: TextEncoder
    prior: DiffusionNetwork
    schedule: TrainedSchedule


class Decoder(NamedTuple):
    """The parts of a decoder of CLIP vectors."""

    decoder: DiffusionNetwork
    schedule: TrainedSchedule
    vae: VAE


@node("Load prior")
def load_prior(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:unclip-prior",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Prior:
    """Loads the first half of an unCLIP: from a text to the CLIP vector of an image of it.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:unclip-prior``
    - a folder as diffusers' UnCLIPPipeline or KandinskyV22PriorPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``kakaobrain/karlo-v1-alpha`` or
      ``kandinsky-community/kandinsky-2-2-prior``: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it

    Sample the prior as images are sampled: ``prior_denoiser``, guidance, and the scheduler DDPM, as it was trained.
    Weights are read from safetensors files only.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Paper: Ramesh et al. 2022, Hierarchical Text-Conditional Image Generation with CLIP Latents (arXiv:2204.06125),
    section 2.2.
    """
    path = find_for("Load prior", model, revision, PATTERNS)
    return Prior(*load_prior_folder(path, LoadTarget(torch_dtype(dtype))))


@node("Load unCLIP decoder", version=2)
def load_unclip_decoder(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:unclip-decoder",
    revision: str = "",
    clip: CLIP | None = None,
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> Decoder:
    """Loads the second half of an unCLIP: from the CLIP vector of an image to a small image.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:unclip-decoder``
    - a folder as diffusers' UnCLIPPipeline, UnCLIPImageVariationPipeline or KandinskyV22Pipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``kakaobrain/karlo-v1-alpha`` or
      ``kandinsky-community/kandinsky-2-2-decoder``: taken from the hub's cache on this computer, or fetched when the
      environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or commit of it

    ``vae`` brings what it paints to images: Karlo's decoder paints pixels of 64 x 64, that of Kandinsky 2.2 latents
    for images of 512 x 512 and more (sides that 64 divides). Karlo's learned what stands for no vector; for
    Kandinsky's wire the ``clip`` that comes with its prior, whose vector of an empty image stands for it. Others do
    not look at ``clip``. Weights are read from safetensors files only.

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Ramesh et al. 2022 (arXiv:2204.06125), section 2.1; Kandinsky: Razzhigaev et al. 2023 (arXiv:2310.03502).
    """
    path = find_for("Load unCLIP decoder", model, revision, PATTERNS)
    return Decoder(*load_decoder_folder(path, LoadTarget(torch_dtype(dtype)), clip))


@dataclass(frozen=True, eq=False)
class PriorDenoiser(NetworkDenoiser):
    """A `PriorTransformer` as a denoiser of vectors, each of them a latent of one cell."""

    @property
    def learned_variance(self) -> bool:
        return False

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        """x (B, D, 1, 1) to vectors (B, D, 1, 1)."""
        tokens, whole, mask = _text(conditioning, "this prior")
        output: Tensor = self.ask(
            x.flatten(1),
            timestep,
            whole.expand(len(x), -1),
            tokens.expand(len(x), -1, -1),
            mask if mask is None else mask.expand(len(x), -1),
        )
        return output[:, :, None, None]


@dataclass(frozen=True, eq=False)
class UnCLIPDenoiser(NetworkDenoiser):
    """The decoder of an unCLIP as a denoiser of pixels or latents."""

    @property
    def learned_variance(self) -> bool:
        unet: Any = self.network.module.unet
        return bool(unet.config.out_channels == 2 * self.format.channels)

    def predict(self, x: Tensor, timestep: Tensor, conditioning: Conditioning) -> Tensor:
        module: Any = self.network.module
        taken = module.taken(conditioning)
        if taken is None:
            raise NodeError("this decoder is led by a CLIP vector; wire what unclip_conditioning gives")
        batch, rows = len(x), len(taken[0])
        if rows not in (1, batch):
            raise NodeError(f"{rows} vectors do not fit {batch} images; make them equal, or give one vector")
        with adapted(module, self.network.adapters):
            output: Tensor = module(x, timestep, *(part.expand(batch, *part.shape[1:]) for part in taken))
        return output


@node("Prior denoiser")
def prior_denoiser(prior: DiffusionNetwork) -> Denoiser:
    """A diffusion prior, ready for guidance and sampling: it denoises CLIP vectors instead of images.

    It looks at the text's tokens, the text as a whole, the time and the noisy vector, and foresees the clean one. A
    vector of D numbers counts as a latent (B, D, 1, 1), so that the sampler shows and keeps its steps; take the result
    to ``prior_embedding``. Wire texts from the prior's own text encoder, an empty one for the negative; guidance of 4
    is usual.

    Fails for a network of another kind.
    Paper: Ramesh et al. 2022 (arXiv:2204.06125), section 2.2.
    """
    if not hasattr(prior.module, "post_process_latents"):
        raise NodeError("this network is no diffusion prior; use the denoiser that is made for it")
    return PriorDenoiser(prior, prior.prediction)


@node("Prior embedding")
def prior_embedding(prior: DiffusionNetwork, latent: Latent) -> Embedding:
    """Takes what sampling a prior gives as CLIP vectors, in CLIP's own scale.

    Latents (B, D, 1, 1) become vectors (B, D): the prior works in a scale where each number has mean 0 and deviation 1.

    Fails for a network that is no prior, and for a latent that is not of it.
    """
    module: Any = prior.module
    if not hasattr(module, "post_process_latents"):
        raise NodeError("this network is no diffusion prior; wire that of Load prior")
    if latent.samples.shape[1:] != (prior.format.channels, 1, 1):
        raise NodeError(f"this latent is no vector of {prior.format.channels} numbers; sample the prior first")
    with torch.no_grad():
        vectors = latent.samples.flatten(1).to(device_of(module), dtype_of(module))
        return Embedding(module.post_process_latents(vectors).float())


class Nearest(NamedTuple):
    """The chosen vectors, the nearest first, and how near all of them are."""

    embedding: Embedding
    scores: Scores
    ranking: str


@node("Nearest embedding")
def nearest_embedding(candidates: Embedding, target: Embedding, best: Annotated[int, Range(1, 64)] = 1) -> Nearest:
    """Keeps those vectors that lie nearest to a given one.

    Of candidates (B, D) the ``best`` with the highest cosine to the target (1, D) come out, the nearest first. unCLIP
    draws two vectors from its prior and keeps the one that is nearer to the text's. ``scores`` (B, 1) are of all
    candidates in their old order, and so is ``ranking``, for people.

    Fails when there are fewer candidates than are to be kept, or more than one target.
    Paper: Ramesh et al. 2022 (arXiv:2204.06125), section 2.2.
    """
    if len(target.values) != 1:
        raise NodeError(f"there are {len(target.values)} vectors to be near to; wire one")
    if best > len(candidates.values):
        raise NodeError(f"the best {best} of {len(candidates.values)} vectors are wanted; draw more or keep fewer")
    scores = cosines(candidates, target)
    order = scores[:, 0].argsort(descending=True, stable=True)[:best]
    ranking = "\n".join(f"vector {number + 1}: {score:.3f}" for number, score in enumerate(scores[:, 0].tolist()))
    return Nearest(Embedding(candidates.values[order]), Scores(scores, target.labels), ranking)


@node("unCLIP conditioning")
def unclip_conditioning(
    decoder: DiffusionNetwork, text: Conditioning, embedding: Embedding | None = None
) -> Conditioning:
    """Makes what leads an unCLIP's decoder: the CLIP vector of an image, and a text.

    Vectors (B, D) enter twice: added to the time, and as tokens, which in Karlo stand beside those of the text.
    ``text`` comes from the prior's text encoder; an empty text leaves all to the vector, which is right for variations
    of an image, and Kandinsky's decoder does not look at it. Without ``embedding`` it stands for "no vector", as the
    decoder learned it, and serves, with an empty text, as the negative of classifier-free guidance.

    Fails for a network that is no such decoder, for vectors or texts of another model, and for "no vector" where the
    decoder needs a CLIP to know it.
    Paper: Ramesh et al. 2022 (arXiv:2204.06125), section 2.1.
    """
    module = decoder.module
    if not isinstance(module, VectorDecoder):
        raise NodeError("this network is no decoder of CLIP vectors; wire that of Load unCLIP decoder")
    tokens, whole, mask = _text(text, "this decoder")
    vectors = module.nothing if embedding is None else embedding.values
    if vectors is None:
        raise NodeError("this decoder did not learn what no vector is; wire the CLIP of its prior to its loader")
    for given in (whole, vectors):
        if given.shape[1] != module.width:
            raise NodeError(
                f"the decoder takes vectors of {module.width} numbers, not of {given.shape[1]}; use its own CLIP"
            )
    if embedding is not None and len(tokens) not in (1, len(vectors)):
        raise NodeError(f"{len(tokens)} texts do not fit {len(vectors)} vectors; make them equal")
    device, dtype = device_of(module), dtype_of(module)
    moved = Conditioning(tokens.to(device, dtype), whole.to(device, dtype), text.words, mask=mask)
    with torch.no_grad():
        return module.condition(vectors.to(device, dtype), moved)


@node("unCLIP denoiser")
def unclip_denoiser(decoder: DiffusionNetwork) -> Denoiser:
    """The decoder of an unCLIP, ready for guidance and sampling: a U-Net that is led by a CLIP vector.

    Wire what ``unclip_conditioning`` gives. One vector serves all seeds; several need as many seeds. Where the network
    predicts the variance of each step too (Karlo's and Kandinsky's do), the scheduler DDPM uses it.

    Fails for a network of another kind.
    Papers: Ramesh et al. 2022 (arXiv:2204.06125), section 2.1; Nichol et al. 2022, GLIDE (arXiv:2112.10741).
    """
    if not isinstance(decoder.module, VectorDecoder):
        raise NodeError("this network is no decoder of CLIP vectors; use the denoiser that is made for it")
    return UnCLIPDenoiser(decoder, decoder.prediction)


def _text(conditioning: Conditioning, reader: str) -> tuple[Tensor, Tensor, Tensor | None]:
    """Tokens (B, L, D), the text as a whole (B, P), and which tokens count (B, L). Raises NodeError."""
    if conditioning.tokens is None or conditioning.pooled is None:
        raise NodeError(f"{reader} reads a text; wire a text that its own text encoder encoded")
    return conditioning.tokens, conditioning.pooled, conditioning.mask
