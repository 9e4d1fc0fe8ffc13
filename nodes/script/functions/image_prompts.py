"""Images in the place of words: what an IP-Adapter shows is attended to beside the text (Ye et al. 2023)."""

from __future__ import annotations

import torch
from diffusers import DDPMScheduler
from diffusers.models.embeddings import get_timestep_embedding
from safetensors.torch import load_file
from torch.nn.functional import linear
from transformers import CLIPImageProcessor


def load_image_adapter(path, unet):
    """What brings an image to tokens, and keys and values of these for each layer that attends to the text."""
    halves = {"image_proj": {}, "ip_adapter": {}}
    for name, value in load_file(path).items():
        half, _, rest = name.partition(".")
        halves[half][rest] = value.float()
    projection = unet._convert_ip_adapter_image_proj_to_diffusers(halves["image_proj"], low_cpu_mem_usage=False)
    second = halves["ip_adapter"]
    numbers = sorted({int(name.partition(".")[0]) for name in second})
    return projection, [[second[f"{number}.to_{part}_ip.weight"] for part in "kv"] for number in numbers]


def image_tokens(adapter, sight, images):
    """The tokens of images side by side, and those that stand for none."""
    projection = adapter[0]
    whole = type(projection).__name__ == "ImageProjection"

    def seen(pixels):
        return sight(pixels).image_embeds if whole else sight(pixels, output_hidden_states=True).hidden_states[-2]

    pixels = clip_pixels(sight, images)
    shown = [projection(seen(one)) for one in pixels.split(1)]
    nothing = seen(torch.zeros_like(pixels[:1]))
    none = projection(torch.zeros_like(nothing) if whole else nothing)
    return torch.cat(shown).flatten(0, 1)[None], none.repeat(1, len(shown), 1)


def clip_pixels(sight, images):
    """The middle squares of images as CLIP's image encoder takes them."""
    side = sight.config.image_size
    processor = CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})
    return processor(list((images * 255).round().to(torch.uint8)), return_tensors="pt").pixel_values


def seen_by_unclip(sight, spread, noising, images, level, strength, seed):
    """What CLIP sees in images, made noisy on purpose, and how noisy that is as waves (Ramesh et al. 2022)."""
    seen = sight(clip_pixels(sight, images)).image_embeds
    noise = torch.randn(seen.shape, generator=torch.Generator().manual_seed(seed))
    levels = torch.full((len(seen),), level)
    plan = DDPMScheduler.from_config(noising)
    noisy = plan.add_noise((seen - spread.mean) / spread.std, noise, levels) * spread.std + spread.mean
    waves = get_timestep_embedding(levels, seen.shape[-1], flip_sin_to_cos=True, downscale_freq_shift=0)
    return strength * torch.cat([noisy, waves], 1)


def prompted(denoise, unet, adapter, weight, start, end, x, at, *condition):
    """A U-Net that attends to an image, whose tokens are the last of a condition, in a share of the steps."""
    *text, tokens = condition
    hooks = []
    if weight and at.step / at.steps >= start and (at.step + 1) / at.steps <= end:
        names = [name.removesuffix(".processor") for name in unet.attn_processors if ".attn2.processor" in name]
        for name, pair in zip(names, adapter[1], strict=True):
            hooks += attending(unet.get_submodule(name), pair, tokens, weight)
    found = denoise(x, at, *text)
    for hook in hooks:
        hook.remove()
    return found


def attending(layer, pair, tokens, weight):
    """Let a layer attend to tokens too: its queries are seen, and what it finds joins before its last step."""
    queries = []

    def see(_, given, query):
        queries[:] = [query]

    def join(_, given):
        query = queries.pop().flatten(2)
        parts = query, *(linear(tokens.to(query.dtype), one) for one in pair)
        q, k, v = (part.unflatten(-1, (layer.heads, -1)).transpose(1, 2) for part in parts)
        shares = ((q * q.shape[-1] ** -0.5) @ k.mT).float().softmax(-1)
        found = (shares.to(v.dtype) @ v).transpose(1, 2).flatten(2)
        return given[0] + (weight * found).to(given[0].dtype), *given[1:]

    return [layer.to_q.register_forward_hook(see), layer.to_out[0].register_forward_pre_hook(join)]
