"""What leads a network: ``denoise`` asks it with a condition, which is a tuple of tensors."""

from __future__ import annotations

import torch
from torch.nn.functional import cosine_similarity

from nodes.script.functions.noise_levels import clean, prediction_of


def unguided(denoise, condition, x, at):
    """The network's own prediction."""
    return denoise(x, at, *[part.expand(len(x), *part.shape[1:]) for part in map(at.row, condition)])


def ask_twice(denoise, negative, positive, x, at):
    """What a network predicts for two conditions; for texts of different lengths it is asked one by one."""
    negative, positive = (
        [part.expand(len(x), *part.shape[1:]) for part in map(at.row, one)] for one in (negative, positive)
    )
    shapes = [[part.shape for part in one] for one in (negative, positive)]
    if shapes[0] != shapes[1]:
        return denoise(x, at, *negative), denoise(x, at, *positive)
    both = [torch.cat(parts) for parts in zip(negative, positive, strict=True)]
    return denoise(torch.cat([x, x]), at, *both).chunk(2)


def ask_apart(denoise, negative, positive, x, at):
    """What a network predicts for two conditions, asked one by one."""
    return unguided(denoise, negative, x, at), unguided(denoise, positive, x, at)


def guided(denoise, negative, positive, scale, x, at, ask=ask_twice):
    """Classifier-free guidance (Ho & Salimans 2022): both conditions in one batch."""
    unconditional, conditional = ask(denoise, negative, positive, x, at)
    return unconditional + scale * (conditional - unconditional)


def unguided_with_variance(denoise, condition, x, at):
    """The network's own prediction, and the variance that it learned; the last step adds no noise."""
    output, variance = denoise(x, at, *map(at.row, condition)).chunk(2, dim=1)
    return torch.cat([output, torch.full_like(variance, -1) if at.last else variance], 1)


def guided_with_variance(denoise, negative, positive, scale, x, at):
    """Classifier-free guidance, and the variance of the positive condition; the last step adds no noise."""
    (first, _), (second, variance) = (part.chunk(2, dim=1) for part in ask_twice(denoise, negative, positive, x, at))
    output = first + scale * (second - first)
    return torch.cat([output, torch.full_like(variance, -1) if at.last else variance], 1)


def without_variance(predict, x, at):
    """A prediction without the variance that the network learned."""
    return predict(x, at).chunk(2, dim=1)[0]


def changing(before, after, step, x, at):
    """One guidance before a step, another from it on."""
    return (before if at.step < step else after)(x, at)


def rescaled(denoise, negative, positive, scale, share, x, at):
    """Classifier-free guidance, brought back towards the deviation of the positive text (Lin et al. 2023)."""
    unconditional, conditional = ask_twice(denoise, negative, positive, x, at)
    found = unconditional + scale * (conditional - unconditional)
    axes = list(range(1, found.ndim))
    like = found * (conditional.std(dim=axes, keepdim=True) / found.std(dim=axes, keepdim=True))
    return share * like + (1 - share) * found


def rescaled_velocity(denoise, negative, positive, scale, share, kind, levels, x, at, ask=ask_twice):
    """Classifier-free guidance, brought back towards the deviation of the positive text as velocities."""
    unconditional, conditional = ask(denoise, negative, positive, x, at)
    guided_output, level = unconditional + scale * (conditional - unconditional), levels[at.step]
    velocity = "flow" if kind == "flow" else "v"
    found, wanted = (
        prediction_of(velocity, clean(kind, part, x, level), x, level) for part in (guided_output, conditional)
    )
    axes = list(range(1, found.ndim))
    like = found * (wanted.std(dim=axes, keepdim=True) / found.std(dim=axes, keepdim=True))
    x_0 = clean(velocity, share * like + (1 - share) * found, x, level)
    return prediction_of(kind, x_0, x, level)


def inpainted(predict, known, mask, kind, levels, x, at):
    """A prediction that leads, outside of a mask, to a known image (Song et al. 2021, section 5)."""
    known = at.row(known).expand(len(x), *known.shape[1:])
    outside = prediction_of(kind, known, x, levels[at.step])
    return outside.lerp(predict(x, at), at.row(mask))


def towards_class(denoise, classifier, labels, condition, scale, kind, levels, x, at):
    """Guidance by a classifier of noisy images (Dhariwal & Nichol 2021, algorithm 2)."""
    plain = unguided(denoise, condition, x, at)
    alpha, sigma = levels[at.step]
    if not alpha:  # pure noise: there is nothing yet that could be of a class
        return plain
    with torch.enable_grad():
        seen = x.detach().requires_grad_()
        chances = classifier(seen, at.t).float().log_softmax(1)
        chosen = chances.gather(1, at.row(labels).expand(len(x))[:, None])
        slope = torch.autograd.grad(chosen.sum(), seen)[0]
    moved = clean(kind, plain, x, (alpha, sigma)) + scale * sigma**2 / alpha * slope
    return prediction_of(kind, moved, x, (alpha, sigma))


def towards_text(predict, clip, text, scale, kind, levels, x, at):
    """Guidance by CLIP's similarity of the foreseen image to a text."""
    alpha, sigma = levels[at.step]
    if not alpha or not scale:  # pure noise: nothing is foreseen yet that depends on it
        return predict(x, at)
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        foreseen = clean(kind, predict(x, at), x, (alpha, sigma))
        seen = clip.embed_images(foreseen.float() / 2 + 0.5)
        slope = torch.autograd.grad(cosine_similarity(seen, text).sum(), x)[0]
    x = x.detach()
    moved = foreseen.detach() + scale * sigma**2 / alpha * slope
    return prediction_of(kind, moved, x, (alpha, sigma))


def normalised(denoise, negative, positive, scale, patch, x, at, ask=ask_twice):
    """Classifier-free guidance, each token of patch x patch cells as long as that of the positive text."""
    unconditional, conditional = ask(denoise, negative, positive, x, at)
    found = unconditional + scale * (conditional - unconditional)
    wanted, squares = (part.unflatten(3, (-1, patch)).unflatten(2, (-1, patch)) for part in (conditional, found))
    lengths = [torch.linalg.vector_norm(part, dim=(1, 3, 5), keepdim=True) for part in (wanted, squares)]
    return (squares / lengths[1].clamp(min=torch.finfo(found.dtype).tiny) * lengths[0]).reshape(found.shape)


def guided_without_blocks(denoise, negative, positive, scale, network, blocks, more, start, end, x, at):
    """Classifier-free guidance, and away from what is predicted with blocks left out (Hyung et al. 2024)."""
    unconditional, conditional = ask_twice(denoise, negative, positive, x, at)
    found = unconditional + scale * (conditional - unconditional)
    if not start * at.steps <= at.step < end * at.steps:
        return found
    hooks = [network.transformer_blocks[block].register_forward_hook(skipped, with_kwargs=True) for block in blocks]
    worse = unguided(denoise, positive, x, at)
    for hook in hooks:
        hook.remove()
    return found + more * (conditional - worse)


def skipped(block, given, named, output):
    """What a block of joint attention gives that is left out: what it gets."""
    return named["encoder_hidden_states"], named["hidden_states"]
