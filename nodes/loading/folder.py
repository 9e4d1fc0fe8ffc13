"""A folder as diffusers' StableDiffusionPipeline saves it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import DiffusionNetwork, LatentFormat, TrainedSchedule
from nodes.loading.find import PICKLES
from nodes.loading.parts import Parts, Target, prediction_of, ready, text_encoder, vae

EXPECTED = {
    "unet": ("UNet2DConditionModel",),
    "vae": ("AutoencoderKL",),
    "text_encoder": ("CLIPTextModel",),
    "tokenizer": ("CLIPTokenizer", "CLIPTokenizerFast"),
}
"""The classes that are made, whatever a file asks for."""


def load_folder(path: Path, target: Target) -> Parts:
    """All parts of a model. Raises NodeError for another kind of model, missing, damaged or unsafe weights."""
    index = _json(path / "model_index.json", "it needs a model_index.json as diffusers saves it")
    for part, classes in EXPECTED.items():
        entry = index.get(part)
        named = entry[1] if isinstance(entry, list) and len(entry) == 2 else None
        if named not in classes:
            kind = index.get("_class_name", "a model of another kind")
            raise NodeError(
                f"{path.name} holds {kind}, whose {part} is {named or 'missing'} and not {classes[0]}; "
                "this node loads Stable Diffusion 1 and 2"
            )
    schedule = TrainedSchedule(_json(path / "scheduler" / "scheduler_config.json", "it lacks its scheduler"))
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTokenizer

    unet = _weights(UNet2DConditionModel, path / "unet", "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    decoder = _weights(AutoencoderKL, path / "vae", "diffusion_pytorch_model", {"torch_dtype": target.dtype})
    with _no_progress_bar():
        encoder = _weights(CLIPTextModel, path / "text_encoder", "model", {"dtype": target.dtype})
    try:
        tokenizer = CLIPTokenizer.from_pretrained(path / "tokenizer", local_files_only=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NodeError(f"{path.name}/tokenizer cannot be read ({_first_line(error)}); download it again") from None
    side = int(unet.config.sample_size or 64)
    network = DiffusionNetwork(ready(unet, target), _format(unet, decoder, side), prediction_of(schedule))
    return Parts(text_encoder(tokenizer, encoder, target), network, vae(decoder, side, target), schedule)


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keeps transformers from drawing on the terminal while it loads."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _format(unet: Any, decoder: Any, side: int) -> LatentFormat:
    return LatentFormat(int(unet.config.out_channels), 2 ** (len(decoder.config.block_out_channels) - 1), side)


def _weights(model_class: Any, folder: Path, name: str, options: Mapping[str, Any]) -> Any:
    """A network with its weights, all of them and from safetensors."""
    variant = _variant(folder, name)
    try:
        module, report = model_class.from_pretrained(
            folder, use_safetensors=True, local_files_only=True, variant=variant, output_loading_info=True, **options
        )
    except MemoryError:
        raise
    except Exception as error:  # of half a dozen kinds, by library and by what is wrong with the files
        raise NodeError(f"{_named(folder)} cannot be loaded ({_first_line(error)}); download it again") from None
    missing = sorted(report["missing_keys"])
    if missing:
        raise NodeError(f"{_named(folder)} lacks {len(missing)} weights, such as {missing[0]}; download it again")
    return module


def _variant(folder: Path, name: str) -> str | None:
    """Which precision lies there (fp16, or None for the plain files), after a look at every file's header."""
    from safetensors import SafetensorError, safe_open

    found = sorted(folder.glob(f"{name}*.safetensors"))
    if not found:
        if any(path.suffix in PICKLES for path in folder.glob("*")):
            raise NodeError(
                f"{_named(folder)} has its weights only in files that can hold programs, which are never opened; "
                "convert them to safetensors first"
            )
        raise NodeError(f"{_named(folder)} has no weights (no {name}.safetensors); download it again")
    for path in found:
        try:
            with safe_open(path, framework="pt"):
                pass
        except (SafetensorError, OSError):
            raise NodeError(f"{_named(folder)}/{path.name} is damaged or was cut short; download it again") from None
    plain = any(path.name == f"{name}.safetensors" or path.name.startswith(f"{name}-") for path in found)
    return None if plain else found[0].name.removeprefix(f"{name}.").split(".")[0].split("-")[0]


def _json(path: Path, otherwise: str) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NodeError(f"{path.parent.name}: there is no model that can be loaded; {otherwise}") from None
    except (OSError, ValueError):
        raise NodeError(f"{_named(path)} cannot be read; download it again") from None
    if not isinstance(found, dict):
        raise NodeError(f"{_named(path)} is not what diffusers saves; download it again")
    return found


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
