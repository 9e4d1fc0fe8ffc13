"""How networks of diffusers are asked: each takes x, the step, and its condition."""

from __future__ import annotations

from functools import partial

import torch
from diffusers import DDPMScheduler
from safetensors.torch import load_file
from torch.nn.functional import conv2d, interpolate, linear

from nodes.script.functions.flat_names import flat_name


def text_unet(unet, x, at, tokens):
    """A U-Net that reads a text."""
    return unet(x, at.t, tokens, return_dict=False)[0]


def told_unet(unet, x, at, tokens, told=None):
    """Stable unCLIP's U-Net: it is told what an image shows; of a text alone that is zero."""
    wide = unet.config.projection_class_embeddings_input_dim
    told = x.new_zeros(len(x), wide) if told is None else told
    return unet(x, at.t, tokens, class_labels=told, return_dict=False)[0]


def sized_unet(unet, downscale, x, at, tokens, pooled):
    """Stable Diffusion XL's U-Net: it is told the text as a whole, and that an image is whole and how large it is."""
    height, width = (downscale * side for side in x.shape[-2:])
    sizes = x.new_tensor([[height, width, 0, 0, height, width]]).expand(len(x), 6)
    told = {"text_embeds": pooled, "time_ids": sizes}
    return unet(x, at.t, tokens, added_cond_kwargs=told, return_dict=False)[0]


def controlled_unet(unet, controls, x, at, tokens):
    """A U-Net with ControlNets beside it: each a network, its image, strength, and from which share of the steps on to
    which it acts."""
    share, after = at.step / at.steps, (at.step + 1) / at.steps
    found = [
        net(x, at.t, tokens, beside(at.row(image), x), conditioning_scale=strength, return_dict=False)
        for net, image, strength, start, end in controls
        if strength and share >= start and after <= end
    ]
    if not found:
        return text_unet(unet, x, at, tokens)
    down = [sum(parts[1:], parts[0]) for parts in zip(*(one[0] for one in found), strict=True)]
    return unet(
        x,
        at.t,
        tokens,
        down_block_additional_residuals=down,
        mid_block_additional_residual=sum((one[1] for one in found[1:]), found[0][1]),
        return_dict=False,
    )[0]


def beside(image, x):
    """An image for each of a batch."""
    return image.repeat(len(x) // len(image), 1, 1, 1)


def load_lora(path, alpha=None):
    """The pairs of small matrices of a LoRA's file, by the layers that they change, and how much of them counts:
    alpha over their rank, where the file says an alpha."""
    pairs = {}
    for name, value in load_file(path).items():
        layer, _, side = name.partition(".")[2].removesuffix(".weight").rpartition(".")
        sides = {"lora_B": "B", "up": "B", "alpha": "alpha"}
        pairs.setdefault(layer.removesuffix(".lora"), {})[sides.get(side, "A")] = value.float()
    for pair in pairs.values():
        said = float(pair.get("alpha", alpha or 0))
        pair["scale"] = said / len(pair["A"]) if said else 1.0
    return pairs


def load_flat_lora(path, network):
    """The same of a file as kohya's trainer writes it, whose names of a network's layers have _ for each dot; what it
    holds for text encoders is left out."""
    names, pairs = {name.replace(".", "_"): name for name, _ in network.named_modules()}, {}
    for name, value in load_file(path).items():
        layer, _, side = name.removesuffix(".weight").rpartition(".")
        if layer.startswith("lora_unet_"):
            sides = {"lora_up": "B", "alpha": "alpha"}
            known = names[flat_name(layer.removeprefix("lora_unet_"))]
            pairs.setdefault(known, {})[sides.get(side, "A")] = value.float()
    for pair in pairs.values():
        said = float(pair.get("alpha", 0))
        pair["scale"] = said / len(pair["A"]) if said else 1.0
    return pairs


class WithLora:
    """A network with a LoRA on it, ``weight`` times (Hu et al. 2021), behind those that it has; itself it stays as it
    was."""

    def __init__(self, network, pairs, weight):
        others = network.loras if isinstance(network, WithLora) else ()
        self.network, self.loras = network.network if others else network, (*others, (pairs, weight))

    def __getattr__(self, name):
        return getattr(self.network, name)

    def __call__(self, *given, **named):
        hooks = [
            self.network.get_submodule(layer).register_forward_hook(partial(low_rank, pair, weight))
            for pairs, weight in self.loras
            for layer, pair in pairs.items()
            if weight
        ]
        found = self.network(*given, **named)
        for hook in hooks:
            hook.remove()
        return found


def low_rank(pair, weight, layer, given, output):
    """What a layer gives, and what two small matrices add."""
    down, up = pair["A"], pair["B"]
    if down.ndim == 2:
        return output + weight * (pair["scale"] * linear(linear(given[0], down), up))
    inner = conv2d(given[0], down, None, layer.stride, layer.padding, layer.dilation)
    return output + weight * (pair["scale"] * conv2d(inner, up.flatten(1)[..., None, None]))


def prior_transformer(prior, x, at, tokens, whole, mask):
    """A diffusion prior: it denoises CLIP's vectors."""
    return prior(x.flatten(1), at.t, whole, tokens, mask, return_dict=False)[0][:, :, None, None]


def vector_unet(unet, x, at, tokens, added, counts):
    """The decoder of an unCLIP: a U-Net that is led by a CLIP vector."""
    return unet(x, at.t, tokens, added, attention_mask=counts, return_dict=False)[0]


def class_transformer(transformer, x, at, labels):
    """A transformer that is led by a class."""
    return transformer(x, at.t.expand(len(x)), labels, return_dict=False)[0]


def pixel_unet(unet, x, at):
    """A U-Net on pixels that nothing leads."""
    return unet(x, at.t, return_dict=False)[0]


def class_unet(unet, x, at, labels):
    """A U-Net on pixels that is led by a class."""
    return unet(x, at.t, class_labels=labels, return_dict=False)[0]


def upsampling_unet(unet, low, level, x, at):
    """A U-Net on pixels that sees a small image, enlarged, beside what it paints."""
    seen = enlarged(at.row(low), *x.shape[-2:])
    levels = None if level is None else torch.full((len(x),), level)
    return unet(torch.cat([x, beside(seen, x)], 1), at.t.expand(len(x)), class_labels=levels, return_dict=False)[0]


def noisy_upsampling_unet(unet, low, level, seed, config, x, at):
    """The same with noise on the small image, of which the network is told how much (Ho et al. 2021)."""
    seen = enlarged(2 * low - 1, *x.shape[-2:])
    if level:
        generators = [torch.Generator().manual_seed(seed + number) for number in range(len(low))]
        noise = torch.cat([torch.randn((1, *seen.shape[1:]), generator=one) for one in generators])
        keep = float(DDPMScheduler.from_config(config).alphas_cumprod[level])
        seen = keep**0.5 * seen + (1 - keep) ** 0.5 * noise
    return upsampling_unet(unet, seen, level, x, at)


def text_upsampling_unet(unet, low, level, seeds, config, x, at, tokens):
    """A text-led U-Net that sees a small image with noise on it beside what it paints (Saharia et al. 2022)."""
    seen = interpolate(2 * low - 1, x.shape[-2:], mode="bilinear", align_corners=True)
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    for generator in generators:  # their first numbers are what sampling starts from
        torch.randn((1, *seen.shape[1:]), generator=generator)
    noise = torch.cat([torch.randn((1, *seen.shape[1:]), generator=one) for one in generators])
    keep = float(DDPMScheduler.from_config(config).alphas_cumprod[level])
    seen = at.row(keep**0.5 * seen + (1 - keep) ** 0.5 * noise)
    levels = torch.full((len(x),), level)
    return unet(torch.cat([x, beside(seen, x)], 1), at.t, tokens, class_labels=levels, return_dict=False)[0]


def enlarged(images, height, width):
    """Images of a larger size, by cubic curves."""
    if images.shape[-2:] == (height, width):
        return images
    return interpolate(images, (height, width), mode="bicubic", antialias=True)
