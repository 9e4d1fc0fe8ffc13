"""How transformers of the families are asked, as diffusers' pipelines do."""

from __future__ import annotations

import torch
from torch.nn.functional import pad

from nodes.script.functions.networks import beside


def packed(x):
    """(B, C, h, w) to tokens, one for each 2 x 2 cells."""
    return x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpacked(tokens, x):
    """Tokens back to the shape of x."""
    cells = tokens.unflatten(1, (x.shape[-2] // 2, x.shape[-1] // 2)).unflatten(-1, (-1, 2, 2))
    return cells.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)


def acting(controls, at):
    """The ControlNets that act at a step, each with its image and strength."""
    share, after = at.step / at.steps, (at.step + 1) / at.steps
    return [
        (net, image, strength)
        for net, image, strength, start, end in controls
        if strength and share >= start and after <= end
    ]


def summed(found):
    """What several ControlNets add to each block."""
    kept = [one for one in found if one]
    return [sum(parts[1:], parts[0]) for parts in zip(*kept, strict=True)] if kept else None


def joint_transformer(transformer, x, at, tokens, pooled, controls=()):
    """Stable Diffusion 3: words and patches are one row of tokens."""
    given = {"hidden_states": x, "timestep": at.t.expand(len(x)), "encoder_hidden_states": tokens}
    added = []
    for net, image, strength in acting(controls, at):
        reads = net.config.joint_attention_dim is not None
        whole = torch.zeros_like(pooled) if net.config.force_zeros_for_pooled_projection else pooled
        told = {**given, "encoder_hidden_states": tokens if reads else None, "pooled_projections": whole}
        shown = beside(at.row(image), x)
        added.append(net(**told, controlnet_cond=shown, conditioning_scale=strength, return_dict=False)[0])
    given["pooled_projections"] = pooled
    return transformer(**given, block_controlnet_hidden_states=summed(added), return_dict=False)[0]


def flux(transformer, guidance, x, at, tokens, pooled, *images, shown=None, controls=()):
    """FLUX.1: what it paints first, with what is shown beside it; reference images behind."""
    rows, columns = x.shape[-2] // 2, x.shape[-1] // 2
    places = [flux_places(0, 0, 0, rows, columns)]
    height = width = 0
    for image in images:
        down, across = image.shape[-2] // 2, image.shape[-1] // 2
        right = down + height > across + width
        top, left = (0, width) if right else (height, 0)
        places.append(flux_places(1, top, left, down, across))
        height, width = max(height, top + down), max(width, left + across)
    seen = x if shown is None else torch.cat([x, beside(at.row(shown), x)], 1)
    given = {
        "timestep": at.t.expand(len(x)).to(x.dtype) / 1000,
        "encoder_hidden_states": tokens,
        "pooled_projections": pooled,
        "txt_ids": x.new_zeros(tokens.shape[1], 3),
    }
    scale = torch.full((len(x),), float(guidance))
    double, single = [], []
    for net, image, strength in acting(controls, at):
        blocks = net(
            hidden_states=packed(x),
            img_ids=places[0].to(x),
            controlnet_cond=packed(beside(at.row(image), x)),
            controlnet_mode=torch.full((len(x), 1), 0) if net.config.num_mode else None,
            conditioning_scale=strength,
            guidance=scale if net.config.guidance_embeds else None,
            **given,
            return_dict=False,
        )
        double.append(blocks[0] or ())
        single.append(blocks[1] or ())
    output = transformer(
        hidden_states=torch.cat([packed(seen), *map(packed, images)], 1),
        img_ids=torch.cat(places).to(x),
        guidance=scale if transformer.config.guidance_embeds else None,
        controlnet_block_samples=summed(double),
        controlnet_single_block_samples=summed(single),
        **given,
        return_dict=False,
    )[0]
    return unpacked(output[:, : rows * columns], x)


def flux_places(time, top, left, rows, columns):
    """Time, row and column of each patch of a rectangle."""
    down, across = torch.arange(top, top + rows), torch.arange(left, left + columns)
    return torch.cartesian_prod(torch.tensor([time]), down, across)


def flux_2(transformer, guidance, x, at, tokens, *images):
    """FLUX.2: what it paints first, reference images behind it, told apart in time."""
    shown = [x, *images]
    places = [cell_places(10 * time, *image.shape[-2:]) for time, image in enumerate(shown)]
    words = torch.zeros(tokens.shape[1], 4, dtype=torch.long)
    words[:, 3] = torch.arange(tokens.shape[1])
    output = transformer(
        hidden_states=torch.cat([image.flatten(2).mT for image in shown], 1),
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        guidance=torch.full((len(x),), float(guidance)) if transformer.config.guidance_embeds else None,
        encoder_hidden_states=tokens,
        txt_ids=words.expand(len(x), -1, -1),
        img_ids=torch.cat(places).expand(len(x), -1, -1),
        return_dict=False,
    )[0]
    return output[:, : x.shape[-2] * x.shape[-1]].mT.reshape(x.shape)


def cell_places(time, rows, columns):
    """Time, row, column and 0 of each cell."""
    return torch.cartesian_prod(torch.tensor([time]), torch.arange(rows), torch.arange(columns), torch.arange(1))


def flux_3(transformer, x, at, tokens, *images, times=None):
    """FLUX.3: text, what it paints and references are streams of their own; a flow map is told where a step goes."""
    words = torch.zeros(tokens.shape[1], 4)
    words[:, 3] = torch.arange(tokens.shape[1])
    more = {}
    if images:
        places = [half_places(image, -1 - number) for number, image in enumerate(images)]
        more["image_cond_hidden_states"] = torch.cat([image.flatten(2).mT for image in images], 1)
        more["image_cond_ids"] = torch.cat(places)
    if times is not None:
        more["target_timestep"] = torch.full((len(x),), times[at.step + 1])
    output = transformer(
        hidden_states=x.flatten(2).mT,
        encoder_hidden_states=tokens,
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        img_ids=half_places(x, 0),
        txt_ids=words,
        **more,
        return_dict=False,
    )[0]
    return output.mT.reshape(x.shape)


def half_places(x, number):
    """Time, row, column and which image, of each cell."""
    down, across = 0.5 * torch.arange(x.shape[-2]), 0.5 * torch.arange(x.shape[-1])
    return torch.cartesian_prod(torch.zeros(1), down, across, torch.tensor([float(number)]))


def z_image(transformer, x, at, tokens, mask, controls=()):
    """Z-Image: its times run from noise to image, and so does what it predicts."""
    texts = [row[kept] for row, kept in zip(tokens, mask, strict=True)]
    times = (1 - at.t.expand(len(x)) / 1000).to(x.dtype)
    added = {}
    for net, image, strength in acting(controls, at):
        image = beside(at.row(image), x)
        room = max(net.config.control_in_dim - image.shape[1], 0)  # for inpainting, which stays empty
        image = pad(image, (0, 0, 0, 0, 0, room)).unsqueeze(2)
        said = net(list(x.unsqueeze(2)), times, texts, list(image), conditioning_scale=strength)
        for layer, value in said.items():
            added[layer] = added[layer] + value if layer in added else value
    output = transformer(list(x.unsqueeze(2)), times, texts, controlnet_block_samples=added or None, return_dict=False)[
        0
    ]
    return -torch.stack(output)[:, :, 0]


def qwen_image(transformer, x, at, tokens, mask, *images, controls=()):
    """Qwen-Image: what it paints first, reference images behind it."""
    longest, shown = int(mask.sum(1).max()), [x, *images]
    given = {
        "hidden_states": torch.cat([packed(image) for image in shown], 1),
        "timestep": at.t.expand(len(x)).to(x.dtype) / 1000,
        "encoder_hidden_states": tokens[:, :longest],
        "encoder_hidden_states_mask": mask[:, :longest],
        "img_shapes": [[(1, image.shape[-2] // 2, image.shape[-1] // 2) for image in shown]] * len(x),
    }
    added = []
    for net, image, strength in acting(controls, at):
        image = packed(beside(at.row(image), x))
        added.append(net(**given, controlnet_cond=image, conditioning_scale=strength, return_dict=False))
    output = transformer(**given, controlnet_block_samples=summed(added), return_dict=False)[0]
    return unpacked(output[:, : packed(x).shape[1]], x)


def qwen_image_layered(transformer, x, at, tokens, mask, image):
    """Qwen-Image-Layered: layers one below the other, the first the whole image again; what is taken apart comes
    last."""
    layers = x.split(image.shape[-2], -2)
    longest, shown = int(mask.sum(1).max()), [*layers, image]
    rows, columns = image.shape[-2] // 2, image.shape[-1] // 2
    output = transformer(
        hidden_states=torch.cat([packed(one) for one in shown], 1),
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=tokens[:, :longest],
        encoder_hidden_states_mask=mask[:, :longest],
        img_shapes=[[(1, rows, columns)] * len(shown)] * len(x),
        additional_t_cond=torch.zeros(len(x), dtype=torch.long),
        return_dict=False,
    )[0]
    each = output.split(rows * columns, 1)[: len(layers)]
    return torch.cat([unpacked(one, image) for one in each], -2)


def qwen_image_21(transformer, x, at, tokens, mask, slots=None, *images):
    """Qwen-Image 2.1: reference images first, what it paints last."""
    rows, columns = x.shape[-2:]
    longest, shown = int(mask.sum(1).max()), [*images, x]
    place = torch.zeros_like(mask) if slots is None else slots
    painted = mask.new_ones(len(x), rows * columns // 4)
    output = transformer(
        hidden_states=torch.cat([image.flatten(2).mT for image in shown], 1),
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        encoder_hidden_states=tokens[:, :longest],
        encoder_hidden_states_mask=mask[:, :longest],
        img_shapes=[[(1, *image.shape[-2:]) for image in shown]] * len(x),
        img_mask=torch.cat([place[:, :longest].to(mask), painted], 1),
        return_dict=False,
    )[0]
    return output[:, -rows * columns :].mT.reshape(x.shape)


def krea_2(transformer, x, at, tokens, mask):
    """Krea 2, whose text has several layers' states side by side."""
    longest = int(mask.sum(1).max())
    grid = torch.cartesian_prod(torch.arange(1), torch.arange(x.shape[-2] // 2), torch.arange(x.shape[-1] // 2))
    output = transformer(
        hidden_states=packed(x),
        encoder_hidden_states=tokens[:, :longest].unflatten(-1, (transformer.config.num_text_layers, -1)),
        timestep=at.t.expand(len(x)).to(x.dtype) / 1000,
        position_ids=torch.cat([grid.new_zeros(longest, 3), grid]).float(),
        encoder_attention_mask=mask[:, :longest],
        return_dict=False,
    )[0]
    return unpacked(output, x)
