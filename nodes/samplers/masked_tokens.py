"""Masked image tokens, filled in by rounds: in each round all of them are foretold, and the surest are kept."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Range, Reads, Seed, Slider, Step, Supplied, node
from nodeflow.wires import VQ, Codes, Conditioning, Mask, MaskedTransformer, TextEncoder
from nodes.guidance.predictions.formulas import guide
from nodes.guidance.predictions.places import check_plain
from nodes.latents.noise import gaussian_noise
from nodes.loaders.families.image_tokens.amused_folder import PATTERNS, load_amused_folder
from nodes.loaders.read.parts import LoadTarget, torch_dtype
from nodes.loaders.read.right_kind import find_for
from nodes.networks.compute_dtype import device_of, dtype_of
from nodes.networks.finite import finite


class MaskedTokens(NamedTuple):
    """The parts of a model of masked tokens."""

    text_encoder: TextEncoder
    transformer: MaskedTransformer
    vq: VQ


@node("Load masked-token model")
def load_masked_tokens(
    model: Annotated[str, Reads("model", True, tuple(PATTERNS))] = "starter:masked-tokens",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> MaskedTokens:
    """Loads a model that fills in masked image tokens, with its text encoder and VQ model.

    ``model`` is one of
    - a model that ships with nodeflow, such as ``starter:masked-tokens``
    - a folder as diffusers' AmusedPipeline saves it
    - the id of such a model on the Hugging Face hub, such as ``amused/amused-256``: taken from the hub's cache on this
      computer, or fetched when the environment variable NODEFLOW_DOWNLOAD is 1; ``revision`` is then a branch, tag or
      commit of it

    Fails with one sentence when there is no such model, when a file is damaged or cut short, when weights are missing,
    or when the model is of another kind.
    Papers: Chang et al. 2022, MaskGIT (arXiv:2202.04200); Patil et al. 2024, aMUSEd (arXiv:2401.01808).
    """
    path = find_for("Load masked-token model", model, revision, PATTERNS)
    return MaskedTokens(*load_amused_folder(path, LoadTarget(torch_dtype(dtype))))


class Filled(NamedTuple):
    """The finished codes; those of the first image after each round, and how sure the transformer was in it."""

    codes: Codes
    rounds: Codes
    confidence: Mask


@node("Masked-token sampler", version=2)
def masked_sample(
    transformer: MaskedTransformer,
    positive: Conditioning,
    negative: Conditioning | None = None,
    codes: Codes | None = None,
    vq: VQ | None = None,
    rounds: Annotated[int, Range(1, 256)] = 12,
    guidance: Annotated[float, Slider(1, 20, 0.1)] = 4.0,
    temperature: Annotated[float, Slider(0, 10, 0.1)] = 2.0,
    masking: Literal["cosine", "linear"] = "cosine",
    pictures: Annotated[int, Range(1, 64)] = 1,
    aesthetic: Annotated[float, Slider(0, 10, 0.1)] = 6.0,
    seed: Annotated[int, Seed()] = 0,
) -> Generator[Step, None, Filled]:
    """Fills in the codes of images in a few rounds, many at once.

    All codes begin masked. In each round the transformer foretells every masked code from the text and the codes that
    are known; all are drawn, the surest are kept, and the others masked again, fewer each time: ``masking`` cosine
    decides little at first, linear (as aMUSEd does for inpainting) as much in every round. ``temperature`` is how much
    chance there is in what counts as sure; it falls to 0 by the last round. ``guidance`` above 1 needs a wire at
    ``negative``, an empty text for most uses. ``aesthetic`` is how beautiful the image shall be: aMUSEd was told such
    a score of its training images. Image number i is drawn with ``seed`` + i and computed alone, so that it is the
    same in every batch.

    With a wire at ``codes`` (B, h, w) only those that are -1 are filled in: inpainting; ``edit_codes`` erases. With a
    wire at ``vq`` the first image is shown after each round. ``rounds`` (rounds, h, w) are its codes after each of
    them, -1 where they were masked again. ``confidence`` (rounds, 1, h, w) is how likely the likeliest code was at each
    place in the round; 1 where a code was known.

    Fails when codes or VQ model are of another codebook, or when the conditions are of another kind of text encoder.
    Papers: Chang et al. 2022, MaskGIT: Masked Generative Image Transformer (arXiv:2202.04200), section 3.2; Patil et
    al. 2024, aMUSEd (arXiv:2401.01808).
    """
    from diffusers import AmusedScheduler

    check_plain(positive, negative)
    for part in (codes, vq):
        if part is not None and part.size != transformer.size:
            raise NodeError(f"the transformer knows {transformer.size} codes, not {part.size}; use the VQ of its model")
    scheduler: Any = AmusedScheduler.from_config(dict(transformer.schedule), masking_schedule=masking)
    mask = int(scheduler.config.mask_token_id)
    scheduler.set_timesteps(rounds, (temperature, 0))
    x = _begun(codes, pictures, transformer.side)
    x = x.masked_fill(x < 0, mask)
    shares = [float((row == mask).float().mean()) for row in x]
    generators = gaussian_noise(seed, pictures).generators()
    texts = [positive] if negative is None or guidance == 1 else [negative, positive]
    seen: list[Tensor] = []
    sure: list[Tensor] = []
    for index, timestep in enumerate(scheduler.timesteps):
        made = []
        sure.append(torch.ones(1, 1, *x.shape[1:]))
        for number, (row, share, generator) in enumerate(zip(x.split(1), shares, generators, strict=True)):
            if not share:
                made.append(row)
                continue
            with torch.no_grad():
                logits = _scores(transformer, row, texts, aesthetic)
                logits = logits if len(texts) == 1 else guide(logits[1:], logits[:1], guidance)
                if number == 0:
                    likeliest = logits.softmax(1).amax(1, keepdim=True)
                    sure[-1] = torch.where(row[:, None] == mask, likeliest, 1.0)
                made.append(scheduler.step(logits, timestep, row, share, generator).prev_sample)
        x = torch.cat(made)
        seen.append(x[:1].masked_fill(x[:1] == mask, -1))
        yield Step(index + 1, rounds, vq.decode(Codes(seen[-1], vq.size)) if vq else None)
    return Filled(Codes(x, transformer.size), Codes(torch.cat(seen), transformer.size), Mask(torch.cat(sure)))


def _scores(transformer: MaskedTransformer, x: Tensor, texts: list[Conditioning], aesthetic: float) -> Tensor:
    """Logits (texts, size, h, w) for one image (1, h, w), from the texts in one batch."""
    if any(text.tokens is None or text.pooled is None for text in texts):
        raise NodeError("this transformer wants a text as tokens and as a whole; encode it by the model's text encoder")
    module: Any = transformer.module
    device, dtype = device_of(module), dtype_of(module)
    tokens, pooled = (
        torch.cat([getattr(text, name)[:1] for text in texts]).to(device, dtype) for name in ("tokens", "pooled")
    )
    if tokens.shape[-1] != module.config.encoder_hidden_size or pooled.shape[-1] != module.config.cond_embed_dim:
        raise NodeError("these texts come from another text encoder; use the one that is loaded with the transformer")
    height, width = (transformer.downscale * side for side in x.shape[-2:])
    micro = torch.tensor([[width, height, 0, 0, aesthetic]], device=device, dtype=dtype).expand(len(texts), -1)
    logits: Tensor = module(x.to(device).expand(len(texts), -1, -1), tokens, pooled, micro)
    return finite(logits.float().cpu(), "the transformer", "chances of codes")


def _begun(codes: Codes | None, pictures: int, side: int) -> Tensor:
    """Return what stands already, (images, h, w); -1 where nothing does."""
    if codes is None:
        return torch.full((pictures, side, side), -1)
    if len(codes.values) not in (1, pictures):
        raise NodeError(f"the codes are of {len(codes.values)} images and {pictures} are wanted; make them equal")
    return codes.values.expand(pictures, -1, -1).clone()
