"""Networks looked at: a step of training, times as vectors, what a text encoder weighs, and what leads."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from diffusers.models.embeddings import get_timestep_embedding
from torch.nn.functional import normalize

from nodes.script.functions.matrices import coloured, glowing, matrix_picture, shares_picture
from nodes.script.functions.networks import beside
from nodes.script.functions.noise_levels import clean, prediction_of
from nodes.script.functions.sampling import At


def level_at(levels, t):
    """(alpha, sigma) of what a network sees at a time, and the time at which it is asked."""
    ratio = float(levels.sigma(torch.tensor(float(t))))
    time = torch.tensor(levels.asked(ratio))
    if levels.flow:
        return (1 - ratio, ratio), time
    return (1 / math.hypot(1, ratio), ratio / math.hypot(1, ratio)), time


class TrainingStep(NamedTuple):
    """What goes into a step of training and what comes out."""

    noised: Any
    noise: Any
    predicted: Any
    original: Any


def training_step(predict, kind, levels, x_0, noise, t):
    """A clean latent, noise over it, and the noise and the clean latent that the answer means (Ho et al. 2020)."""
    (alpha, sigma), time = level_at(levels, t)
    x_t = alpha * x_0.expand(len(noise), *x_0.shape[1:]) + sigma * noise
    foreseen_clean = clean(kind, predict(x_t, At(time, 0, 1))[:, : x_t.shape[1]], x_t, (alpha, sigma))
    return TrainingStep(x_t, noise, prediction_of("epsilon", foreseen_clean, x_t, (alpha, sigma)), foreseen_clean)


def waves_of_times(times, width, longest_period):
    """Sines and cosines of times from 0 to 999."""
    return get_timestep_embedding(torch.linspace(0, 999, times), width, max_period=longest_period)


def learned_times(unet, times):
    """What a U-Net makes of its own waves of times."""
    return unet.time_embedding(unet.time_proj(torch.linspace(0, 999, times)))


def likeness_of_times(values, middle=0):
    """How alike vectors of times are: both axes are the time, and warm is alike."""
    directions = normalize(values - middle, dim=1)
    return coloured(directions @ directions.T)


def texts_apart(tokens):
    """How far texts are from each other, by their tokens (texts, L, D): white is no distance, warm the largest."""
    spread = (tokens - tokens.mean((0, 1))).square().sum(-1).mean().sqrt().clamp(min=1e-12)
    apart = (tokens[:, None] - tokens[None]).square().sum(-1).mean(-1).sqrt() / spread
    return matrix_picture((apart / apart.max().clamp(min=1e-12))[None])


def text_attention(encode, text, tokenizer, text_encoder, layer):
    """The weights of a text encoder's attention between a text's own tokens, each head of a layer; 0: of all."""
    numbers, weights = [], []

    def read(_, given, named):
        numbers.append((named["input_ids"] if "input_ids" in named else given[0])[0])

    def weighed(_, given, told):
        maps = [part[0] for part in told if isinstance(part, torch.Tensor) and part.ndim == 4]
        weights.extend(maps[-1:])

    before = text_encoder.config._attn_implementation
    named = [part for part in text_encoder.modules() if type(part).__name__.endswith("Attention")]
    layers = [part for part in named if not any(other in named for other in part.children())]
    hooks = [text_encoder.register_forward_pre_hook(read, with_kwargs=True)]
    hooks += [part.register_forward_hook(weighed) for part in layers]
    text_encoder.set_attn_implementation("eager")
    encode(text, tokenizer, text_encoder)
    text_encoder.set_attn_implementation(before)
    for hook in hooks:
        hook.remove()
    filling = tokenizer.pad_token_id
    own = [place for place, number in enumerate(numbers[0].tolist()) if number != filling] or [0]
    own = slice(own[0], min(own[-1] + 1 + (filling == tokenizer.eos_token_id), own[0] + 200))
    by_head = torch.stack(weights).mean(0) if layer == 0 else weights[layer - 1]
    return by_head[:, own, own]


def attention_picture(by_head):
    """The mean of the heads: white for none, warm for the largest."""
    weights = by_head.mean(0)
    return matrix_picture(weights[None] / weights.max())


def heads_picture(by_head):
    """Each head by itself."""
    return matrix_picture(by_head / by_head.amax((1, 2), keepdim=True).clamp(min=1e-12))


def likely_pairs(alike, temperature, axis):
    """How likely each text is for an image (1), or each image for a text (0), as an image."""
    return shares_picture((alike / temperature).softmax(axis))


class GradientSeen(NamedTuple):
    """What a classifier sees, how it would change that, and the same changed."""

    seen: Any
    gradient: Any
    moved: Any


def classifier_gradient(classifier, levels, latents, label, t, strength, seed):
    """The gradient of a classifier of noisy images, by a latent with noise on it (Dhariwal & Nichol 2021)."""
    (alpha, sigma), _ = level_at(levels, t)
    noise = torch.randn(latents.shape[1:], generator=torch.Generator().manual_seed(seed))
    x_t = alpha * latents[:1] + sigma * noise
    with torch.enable_grad():
        x = x_t.detach().requires_grad_()
        chances = classifier(x, torch.tensor([t])).float().log_softmax(1)
        slope = torch.autograd.grad(chances.gather(1, label[:1, None]).sum(), x)[0]
    size = slope.square().mean().sqrt()
    moved = x_t + strength * x_t.std() * slope / size.clamp(min=1e-12)
    largest = slope.abs().max().clamp(min=1e-12)
    return GradientSeen((x_t / 2 + 0.5).clamp(0, 1), 0.5 + slope / (2 * largest), (moved / 2 + 0.5).clamp(0, 1))


def control_maps(control, latents, tokens, t):
    """Where a ControlNet adds much to a U-Net, block by block."""
    net, image, strength, *_ = control
    x = latents[:1]
    given = torch.tensor(t), tokens[:1], beside(image, x)
    down, middle = net(x, *given, conditioning_scale=strength, return_dict=False)
    return torch.cat([glowing(part) for part in (*down, middle)])
