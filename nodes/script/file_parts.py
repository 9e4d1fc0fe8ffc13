"""How a script makes networks of single files, told from the names and shapes of their weights."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from nodes.comfyui.export.exporter import CannotExportError
from nodes.loaders.families.stable_diffusion.shapes import open_clip_config
from nodes.loaders.families.stable_diffusion.text_encoder_file import KEPT
from nodes.loaders.models.architecture import Architecture, Weights, module_names
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named

MOST = 12
"""Beginnings of names that a script says one by one."""
INSIDE = "model.diffusion_model."
"""What diffusers' converters look for before the names of a network's weights."""
BY_NAME = {
    "AutoencoderKLQwenImage": "frames_vae_from_file",
    "AutoencoderKLWan": "frames_vae_from_file",
    "AutoencoderKLFlux2": "patched_vae_from_file",
}
"""Functions of scripts for classes whose makers' files diffusers does not read by itself."""
UNPROJECTED, PROJECTION = "CLIPTextModelWithProjection", "text_projection.weight"
OPEN_CLIP = "transformer.resblocks.0.mlp.c_fc.weight"
"""What tells OpenCLIP's own names."""
NESTED = "_config"
"""How configurations call those of their parts."""
NOT_SAID = "architectures", "dtype", "transformers_version", "_name_or_path"
"""What configurations say of other things than the network."""


class FilePart(NamedTuple):
    """A network in a file: its class, its configuration, what of that is not usual, and the names of its weights.

    ``function`` of scripts loads it; ``names``: how the names begin that it is told, there and in the network; empty
    where it takes the file as it is.
    """

    kind: str
    config: Mapping[str, Any]
    made_with: Mapping[str, Any]
    weights: frozenset[str]
    function: str
    names: Mapping[str, str] | str = {}


def check_plain(file: WeightsFile, name: str) -> None:
    """Raise CannotExportError for a file with weights that are quantised."""
    for key, weight in file.weights.items():
        if not isinstance(weight, Tensor):
            raise CannotExportError(
                f"{name} loads {named(file.path)}, whose {key} is quantised, which scripts do not load"
            )


def network_in(
    architecture: Architecture, file: WeightsFile, weights: Weights, settings: Mapping[str, Any], name: str
) -> FilePart:
    """A network of diffusers' in a file. Raises CannotExportError where diffusers does not read such a file."""
    told = architecture.named(dict(weights))
    module = architecture.empty(architecture.shape(told), settings)
    config, wanted = dict(module.config), {key: tuple(one.shape) for key, one in module.state_dict().items()}
    made = FilePart(architecture.kind, config, _unusual(type(module), config), frozenset(wanted), "")
    prefixed: tuple[Mapping[str, str], ...] = {}, {"": INSIDE}
    for names in prefixed:
        if _reads(type(module), file, names, config, wanted):
            return made._replace(function="from_file", names=names)
    plain = beginnings(file, told)
    if plain is not None and wanted.keys() == told.keys():
        return made._replace(function="with_weights", names=plain)
    if (function := BY_NAME.get(architecture.kind)) and (plain := beginnings(file, dict(weights))) is not None:
        return made._replace(function=function, names=plain)
    raise CannotExportError(
        f"{name} loads {named(file.path)}, and diffusers does not read {architecture.kind} out of a file of this kind; "
        "take its folder in diffusers' layout"
    )


def encoder_in(architecture: Architecture, file: WeightsFile, weights: Weights, name: str) -> FilePart:
    """A text encoder of transformers' in a file. Raises CannotExportError for names that scripts do not know."""
    told = architecture.named(dict(weights))
    shape = architecture.shape(told)
    made = FilePart(architecture.kind, shape.to_dict(), _different(shape), frozenset(told), "encoder_from_file")
    held, module = {id(weight) for weight in weights.values()}, architecture.empty(shape, {})
    wanted = module.state_dict()
    told = {key: weight for key, weight in module_names(module, told).items() if key in wanted}
    own = {key: weight for key, weight in told.items() if key != PROJECTION or id(weight) in held}
    names = beginnings(file, own)
    if names is None:
        raise CannotExportError(
            f"{name} loads {named(file.path)}, a {architecture.kind} by names that scripts do not know; take its folder"
        )
    function = "unprojected_clip" if len(own) < len(told) else "encoder_from_file"
    return made._replace(function=function, names=names)


def open_clip_begins(weights: Weights, file: WeightsFile) -> str | None:
    """What stands before OpenCLIP's own names of an encoder's weights in a file; None where they have other names."""
    own = {id(weight): name for name, weight in file.weights.items()}
    first = next((own[id(weight)] for name, weight in weights.items() if name.endswith(OPEN_CLIP)), None)
    return None if first is None else first.removesuffix(OPEN_CLIP)


def open_clip_in(kind: str, file: WeightsFile, begins: str) -> FilePart:
    """A text encoder under OpenCLIP's names, of which Stable Diffusion 2 leaves the last layer out."""
    import transformers

    whole = open_clip_config(dict(file.weights), begins, 0)
    unused = kind == "CLIPTextModel" and whole["num_hidden_layers"] != KEPT
    said = open_clip_config(dict(file.weights), begins, int(unused))
    shape = transformers.CLIPTextConfig(**said)
    return FilePart(kind, shape.to_dict(), _different(shape), frozenset(), "open_clip_from_file", begins)


def beginnings(file: WeightsFile, told: Mapping[str, Any]) -> Mapping[str, str] | None:
    """How names begin in a file and in a network, where that alone makes them the network's; None where it does not."""
    own = {id(weight): name for name, weight in file.weights.items()}
    pairs = {own.get(id(weight), ""): name for name, weight in told.items()}
    found: dict[str, str] = {}
    for source, name in pairs.items():
        old, new = _without_end(source, name)
        if not source or found.setdefault(old, new) != new:
            return None
    return (
        found if len(found) <= MOST and all(_begun(source, found) == name for source, name in pairs.items()) else None
    )


def _without_end(one: str, other: str) -> tuple[str, str]:
    """Two names without the parts that both end with."""
    first, second = one.split("."), other.split(".")
    while first and second and first[-1] == second[-1]:
        first.pop(), second.pop()
    return tuple(".".join([*parts, ""]) if parts else "" for parts in (first, second))  # type: ignore[return-value]


def _begun(name: str, names: Mapping[str, str]) -> str:
    """As `weights_in` of scripts has it."""
    old = max((one for one in names if name.startswith(one)), key=len)
    return names[old] + name.removeprefix(old)


def _reads(
    kind: Any, file: WeightsFile, names: Mapping[str, str], config: Mapping[str, Any], wanted: Mapping[str, Any]
) -> bool:
    """Whether diffusers' own reader makes all weights of a class out of a file, in their shapes."""
    from diffusers.loaders.single_file_model import SINGLE_FILE_LOADABLE_CLASSES

    reader: Mapping[str, Any] | None = SINGLE_FILE_LOADABLE_CLASSES.get(kind.__name__)
    if reader is None:
        return False
    convert: Callable[..., Any] = reader["checkpoint_mapping_fn"]
    given = {names.get("", "") + name: weight for name, weight in file.weights.items()}
    if given.keys() != wanted.keys():
        try:
            given = convert(checkpoint=given, config=dict(config))
        except Exception:  # what a converter raises of names that it does not know is any error
            return False
    return {name: tuple(weight.shape) for name, weight in given.items()}.items() >= wanted.items()


def _unusual(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """What a network of diffusers' is made with that is not usual."""
    usual = {key: one.default for key, one in inspect.signature(kind.__init__).parameters.items()}
    return {key: value for key, value in config.items() if key in usual and _plain(value) != _plain(usual[key])}


def _different(shape: Any) -> dict[str, Any]:
    """What a configuration of transformers' says that is not usual, as little as makes the same."""
    wanted, kind = copy.deepcopy(shape.to_dict()), type(shape)
    found = {key: value for key, value in copy.deepcopy(wanted).items() if key not in NOT_SAID}
    for key in sorted(found):
        inner = found[key] if key.endswith(NESTED) else {}
        for place, one in [*((inner, one) for one in sorted(inner)), (found, key)]:
            value = place.pop(one)
            if not _makes(kind, found, wanted):
                place[one] = value
    return found


def _makes(kind: Any, said: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether what is said makes a configuration; what contradicts itself makes none."""
    try:
        return bool(kind(**said).to_dict() == wanted)
    except Exception:  # transformers and the hub's client have several kinds of errors for it
        return False


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value
