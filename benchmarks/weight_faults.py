"""Faults of weight files: what a download, a converter or a quantiser may do to one. Each is made from a seed, and says
which weights may come of the file where it is taken all the same."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from nodes.loaders.quantised.layers import StoredWeight

Weights = dict[str, Tensor]
CODES = torch.int8, torch.uint8, torch.int16, torch.int32
EIGHT_BITS = torch.float8_e4m3fn, torch.float8_e5m2
PLAIN = torch.float16, torch.bfloat16, torch.float64
SCALES = (
    *("scale_weight", "weight_scale", "scale_input", "input_scale", "weight_scale_2", "weight_scale_inv", "SCB"),
    *("weight.absmax", "weight.quant_map", "weight.nested_absmax", "weight_zero_point", "zeros", "scales", "qzeros"),
    *("g_idx", "weight_absmax", "smooth_factor", "wscales", "proj_down", "lora_down", "weight.scale", "weight_amax"),
)
"""What quantisers put beside a weight."""
FOREIGN = (
    *("strange.weight", "scaled_fp8", "model_ema.foo", "optimizer.state.0", "alphas_cumprod", "logvar"),
    *("model.diffusion_model.strange.weight", "first_stage_model.strange.weight", "cond_stage_model.strange.weight"),
    *("conditioner.embedders.1.model.strange", "conditioner.embedders.2.model.proj", "control_model.strange.weight"),
    *("text_encoders.t5xxl.transformer.strange", "vae.decoder.strange.weight", "loss.discriminator.main.0.weight"),
)
STORED = "stored"
"""What a layer calls its weight that is kept in eight bits."""
PREFIXES = "model.", "module.", "vae.", "first_stage_model.", "model.diffusion_model.", "transformer.", "unet.", "net."


class Fault(NamedTuple):
    """A file's weights after a fault, its metadata, and the weights that it may be read as; none: as they were."""

    name: str
    weights: Weights
    metadata: Mapping[str, str] = {}
    read_as: Sequence[Weights] = ()


Make = Callable[[random.Random, Weights], Fault]


def a_fault(chance: random.Random, weights: Weights) -> Fault:
    """One fault of a file, or now and then two of the same kind."""
    return chance.choice(FAULTS)(chance, dict(weights))


def _some(chance: random.Random, weights: Weights, least: int = 0) -> str:
    """The name of a weight with so many axes."""
    return chance.choice([name for name, weight in weights.items() if weight.ndim >= least] or list(weights))


def lost(chance: random.Random, weights: Weights) -> Fault:
    """Weights that are gone."""
    gone = [_some(chance, weights) for _ in range(chance.choice((1, 1, 2, 5)))]
    return Fault(f"without {gone[0]}", {name: one for name, one in weights.items() if name not in gone})


def foreign(chance: random.Random, weights: Weights) -> Fault:
    """A weight that no such model has."""
    name = chance.choice((*FOREIGN, f"{_some(chance, weights)}2", f"{_layer(_some(chance, weights))}.strange"))
    value = torch.randn(chance.choice(((), (4,), (4, 4))))
    return Fault(f"with {name}", {**weights, name: value} if name not in weights else weights)


def renamed(chance: random.Random, weights: Weights) -> Fault:
    """A part of a name is another, in one name or in all that have it."""
    name = _some(chance, weights)
    parts = name.split(".")
    place = chance.randrange(len(parts))
    old = parts[place]
    new = (
        str(int(old) + chance.choice((1, 7))) if old.isdecimal() else chance.choice((old + "_", old.upper(), old[:-1]))
    )
    before = ".".join(parts[:place])
    if chance.random() < 0.5:
        begins = f"{before}.{old}".lstrip(".")
        changed = {_swapped(one, begins, f"{before}.{new}".lstrip(".")): value for one, value in weights.items()}
    else:
        parts[place] = new
        changed = {".".join(parts) if one == name else one: value for one, value in weights.items()}
    return Fault(f"{name} with {new} for {old}", changed)


def _swapped(name: str, old: str, new: str) -> str:
    return new + name.removeprefix(old) if name == old or name.startswith(old + ".") else name


def reshaped(chance: random.Random, weights: Weights) -> Fault:
    """A weight of another shape."""
    name = _some(chance, weights, 1)
    weight = weights[name]
    match chance.randrange(6):
        case 0:
            made = weight.transpose(0, -1)
        case 1:
            made = weight[: max(1, len(weight) // 2)]
        case 2:
            made = torch.cat([weight, weight[:1]])
        case 3:
            made = weight.flatten()
        case 4:
            made = weight[..., None]
        case _:
            made = weight[None]
    changed = {**weights, name: made.contiguous()}
    read = [weights] if made.numel() == weight.numel() and torch.equal(made.reshape(weight.shape), weight) else []
    read += [changed] if made.shape == weight.shape else []  # a square matrix, of which nothing tells that it is turned
    return Fault(f"{name} as {tuple(made.shape)}", changed, read_as=read)


def recast(chance: random.Random, weights: Weights) -> Fault:
    """Weights in another precision, one, those of matrices, or all: whole numbers or eight bits without a scale."""
    dtype = chance.choice((*CODES, *EIGHT_BITS, *EIGHT_BITS, *PLAIN))
    one = _some(chance, weights)
    which = chance.choice(("one", "matrices", "all"))
    size = chance.choice((1.0, 1.0, 50.0)) if dtype in CODES else 1.0
    changed = {
        name: (weight * size).to(dtype)
        if weight.is_floating_point() and (which == "all" or (name == one if which == "one" else weight.ndim > 1))
        else weight
        for name, weight in weights.items()
    }
    read = [] if dtype in CODES else [{name: one.to(weights[name].dtype) for name, one in changed.items()}]
    return Fault(f"{which} ({one}) in {dtype}", changed, read_as=read)


def marked(chance: random.Random, weights: Weights) -> Fault:
    """What a quantiser puts beside weights, one or all of them, as they are or in its precision."""
    mark = chance.choice(SCALES)
    names = [_some(chance, weights, 2)]
    if chance.random() < 0.4:
        names = [name for name, weight in weights.items() if weight.ndim == 2 and name.endswith("weight")] or names
    dtype = chance.choice((None, torch.int8, torch.uint8, *EIGHT_BITS))
    size = chance.choice((0.5, 2.0, 1.0, 0.0, -1.0))
    changed, scaled, plain = dict(weights), dict(weights), dict(weights)
    for name in names:
        if dtype is not None:
            changed[name] = weights[name].to(dtype)
            plain[name] = scaled[name] = changed[name].to(weights[name].dtype)
        changed[f"{_layer(name)}.{mark}"] = torch.full(chance.choice(((), (1,), (len(weights[name]),))), size)
        scaled[name] = scaled[name] * size
    if mark == "SCB":  # bitsandbytes' codes go up to 127
        scaled |= {name: scaled[name] / 127 for name in names}
    reads = [scaled, *([plain] if "input" in mark and dtype not in CODES else []), *([plain] if size == 1 else [])]
    return Fault(f"{mark} of {size} beside {len(names)} ({names[0]}), {dtype}", changed, read_as=reads)


def configured(chance: random.Random, weights: Weights) -> Fault:
    """ComfyUI's mark of a quantised layer, of a format with or without what that needs."""
    name = _some(chance, weights, 2)
    kinds = ("float8_e4m3fn", "int8_tensorwise", "nvfp4", "mxfp8", "convrot_w4a4", "strange", "")
    about: Any = {"format": chance.choice(kinds)} | chance.choice(({}, {"group_size": 16}, {"full_precision": True}))
    told = torch.tensor(list(json.dumps(about).encode()), dtype=torch.uint8)
    return Fault(f"comfy_quant of {about} beside {name}", {**weights, f"{_layer(name)}.comfy_quant": told})


def described(chance: random.Random, weights: Weights) -> Fault:
    """Metadata of a quantised file, where nothing in the file is."""
    layer = _layer(_some(chance, weights, 2))
    about = {"format_version": "1.0", "layers": {layer: {"format": "float8_e4m3fn"}}}
    key = chance.choice(("_quantization_metadata", "quantization_config", "quantization"))
    return Fault(f"{key} of {layer}", weights, {key: json.dumps(about)})


def no_numbers(chance: random.Random, weights: Weights) -> Fault:
    """Numbers that are none, or infinite."""
    name = _some(chance, weights)
    weight = weights[name].clone()
    if not weight.is_floating_point() or not weight.numel():
        return lost(chance, weights)
    bad = chance.choice((math.nan, math.inf, -math.inf))
    weight.view(-1)[chance.randrange(weight.numel())] = bad
    return Fault(f"{bad} in {name}", {**weights, name: weight})


def twice(chance: random.Random, weights: Weights) -> Fault:
    """All weights of a part once more, other ones, under another beginning of their names."""
    begins = {name.split(".")[0] + "." for name in weights if "." in name} | {""}
    old, new = chance.choice(sorted(begins)), chance.choice(PREFIXES)
    more = {
        new + name.removeprefix(old): torch.randn_like(weight) if weight.is_floating_point() else weight
        for name, weight in weights.items()
        if name.startswith(old)
    }
    return Fault(f"all of {old or 'it'} behind {new} too", {**more, **weights})


def half(chance: random.Random, weights: Weights) -> Fault:
    """A part of the file: as it was cut, or without one part or one block of a model."""
    names = list(weights)
    match chance.randrange(3):
        case 0:
            left = names[: chance.randrange(1, max(2, len(names)))]
        case 1:
            left = sorted(names)[len(names) // 2 :]
        case _:
            begins = ".".join(_some(chance, weights).split(".")[: chance.choice((1, 2, 3, 4))])
            left = [name for name in names if not name.startswith(begins)] or names[:1]
    return Fault(f"{len(left)} of {len(names)} weights, from {left[0]} on", {name: weights[name] for name in left})


def _layer(name: str) -> str:
    return name.rpartition(".")[0] if name.endswith((".weight", ".bias")) else name


FAULTS: tuple[Make, ...] = (
    lost, foreign, renamed, reshaped, recast, recast, marked, marked, configured, described, no_numbers, twice, half,
)  # fmt: skip


def held(value: Any) -> dict[str, Any]:
    """Numbers and words that something loaded holds, and digests of its tensors, by where."""
    found: dict[str, Any] = {}
    todo: list[tuple[str, Any]] = [("", value)]
    seen: set[int] = set()
    while todo:
        name, part = todo.pop()
        if isinstance(part, Tensor):
            found[name] = _digest(part)
            continue
        if isinstance(part, (str, int, float, torch.dtype, type(None))):
            found[name] = part
            continue
        if id(part) in seen or "tokenizer" in name or (callable(part) and not isinstance(part, nn.Module)):
            continue
        seen.add(id(part))
        if isinstance(part, nn.Module):
            found |= {f"{name}:{key}": _digest(one) for key, one in _weights_of(part)}
            found[f"{name}:config"] = str(getattr(part, "config", ""))
        elif isinstance(part, Mapping):
            todo += [(f"{name}.{key}", one) for key, one in part.items()]
        elif isinstance(part, (list, tuple)):
            todo += [(f"{name}.{key}", one) for key, one in enumerate(part)]
        else:
            todo += [(f"{name}.{key}", one) for key, one in getattr(part, "__dict__", {}).items()]
    return found


def _digest(tensor: Tensor) -> str:
    """Stands for a tensor, of which many would fill the memory."""
    plain = tensor.detach().contiguous()
    held = hashlib.blake2b(plain.reshape(-1).view(torch.uint8).numpy().tobytes(), digest_size=16).hexdigest()
    return f"{tuple(plain.shape)} {plain.dtype} {held}"


def _weights_of(module: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The weights and buffers of a network as it computes with them: those that are stored in eight bits widened."""
    for key, one in (*module.state_dict().items(), *module.named_buffers()):
        if f".{STORED}." not in f".{key}":
            yield key, one.float() if one.is_floating_point() else one
    for key, layer in module.named_modules():
        if isinstance(stored := getattr(layer, STORED, None), StoredWeight):
            yield f"{key}.weight", stored.widened().float()


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """The first place at which two things that were loaded differ; empty where they are the same."""
    for name in sorted(found.keys() | wanted.keys()):
        one, other = found.get(name), wanted.get(name)
        if type(one) is not type(other) or one != other:
            return f"{name}: {str(one)[:60]} for {str(other)[:60]}"
    return ""
