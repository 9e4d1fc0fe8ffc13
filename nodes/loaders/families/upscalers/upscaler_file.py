"""One safetensors file with a network that makes images larger, of any kind that spandrel knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from nodeflow.library.sniff import PICKLES
from nodeflow.node import NodeError
from nodes.loaders.quantised.finite import check_module
from nodes.loaders.quantised.open_file import plain_weights
from nodes.loaders.read.accounting import refuse_unused
from nodes.loaders.read.folder_files import first_line, named
from nodes.loaders.read.made_of import unfitting
from nodes.loaders.read.parts import LoadTarget, ready

PATTERNS = ["*.safetensors"]
"""What is fetched from the hub."""
WRAPPERS = "params_ema.", "params-ema.", "params.", "state_dict."
"""What trainers put before the names of a network, the one that counts first."""
UNUSED = re.compile(r'Unexpected key\(s\) in state_dict: "([^"]*)"')
"""How torch names the first weight that a network has no place for; spandrel has it leave none out."""


def load_spandrel(path: Path, target: LoadTarget) -> Any:
    """spandrel's description of a network, with its weights. Raises NodeError for what it does not know, for networks
    that do more than make an image larger, and for damaged files."""
    file = _only_file(path) if path.is_dir() else path
    from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError, canonicalize_state_dict

    weights = canonicalize_state_dict(_of_wrapper(file, plain_weights(file)))
    try:
        found = ModelLoader().load_from_state_dict(weights)
    except UnsupportedModelError:
        raise NodeError(f"{named(file)} is no network that spandrel knows; choose an upscaler such as ESRGAN") from None
    except Exception as error:  # of many kinds, from the networks' own code
        if isinstance(error, MemoryError) or "allocate memory" in str(error):
            raise
        if unused := UNUSED.search(str(error)):
            refuse_unused(named(file), [unused[1]], (), weights)
        if isinstance(error, KeyError):
            raise NodeError(
                f"{named(file)} lacks {error.args[0]}; it was not saved whole, or is of another kind"
            ) from None
        if told := unfitting(named(file), "upscaler that spandrel knows", error):
            raise told from None
        raise NodeError(f"{named(file)} cannot be loaded ({first_line(error)}); choose another upscaler") from None
    if not isinstance(found, ImageModelDescriptor) or found.input_channels != 3 or found.output_channels != 3:
        raise NodeError(f"{named(file)} does not go from colours to colours; choose an upscaler for colour images")
    _check_whole_numbers(file, weights, found.model)
    check_module(found.model.to(target.dtype), named(file))
    ready(found.model)
    return found


def _check_whole_numbers(file: Path, weights: Mapping[str, Tensor], module: nn.Module) -> None:
    """Raise NodeError for a weight in whole numbers where the network computes, which spandrel takes as it stands."""
    for name, place in module.state_dict().items():
        given = weights.get(name, place)
        if place.is_floating_point() and not given.is_floating_point():
            numbers = str(given.dtype).removeprefix("torch.")
            raise NodeError(f"{named(file)}: its {name} is {numbers}, and nothing in the file says how it is scaled")


def _of_wrapper(file: Path, weights: dict[str, Any]) -> dict[str, Any]:
    """The weights of the network, out of what training saves around them: those averaged along the way before those of
    the last step. Raises NodeError for a weight that is neither."""
    wrapper = next((one for one in WRAPPERS if any(name.startswith(one) for name in weights)), "")
    if not wrapper:
        return weights
    refuse_unused(named(file), (name for name in weights if weights[name].numel() > 1), tuple(map(re.escape, WRAPPERS)))
    return {name.removeprefix(wrapper): value for name, value in weights.items() if name.startswith(wrapper)}


def _only_file(folder: Path) -> Path:
    files = sorted(folder.glob("*.safetensors"))
    if len(files) == 1:
        return files[0]
    if not files and any(path.suffix in PICKLES for path in folder.glob("*")):
        raise NodeError(
            f"{folder.name} has its weights only in files that can hold programs, which are never opened; "
            "convert them with: nodeflow convert FILE"
        )
    raise NodeError(f"{folder.name} has {len(files)} .safetensors files; name the one to load")
