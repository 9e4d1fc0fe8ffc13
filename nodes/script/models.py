"""Models that a script loads: folders in diffusers' layout, read here as far as their configurations tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from nodeflow import resources
from nodeflow.library.named import AmbiguousNameError, library_path
from nodes.comfyui.export.exporter import CannotExportError, Exporter
from nodes.script.pieces import Imports, called, literal

STARTER = "starter:"
LOADERS = {"load_latent_diffusion": ("StableDiffusionPipeline", "unet"), "load_dit": ("DiTPipeline", "transformer")}
"""Nodes that load a folder, with its pipeline and its network."""
CLASSES = {
    "unet": ("diffusers", "UNet2DConditionModel"),
    "transformer": ("diffusers", "DiTTransformer2DModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
}


class Model(msgspec.Struct, eq=False):
    """A folder, its parts, and their configurations by part."""

    name: str
    folder: Path
    network: str
    configs: dict[str, dict[str, Any]]
    classes: dict[str, str] = {}
    """Names of classes by their numbers, where it is led by these."""

    @property
    def shift(self) -> float:
        """What its VAE's latents are shifted by."""
        return float(self.configs["vae"].get("shift_factor") or 0.0)

    @property
    def learned_variance(self) -> bool:
        """Whether its network predicts the variance too."""
        config = self.configs[self.network]
        return bool(config.get("out_channels") == 2 * config.get("in_channels", 4))

    def lines(self, imports: Imports) -> list[str]:
        """The lines that load it."""
        found = [f"{self.name} = {literal(str(self.folder))}"]
        for part, (module, kind) in CLASSES.items():
            if (self.folder / part).is_dir():
                imports.take(module, kind)
                dtype = {"diffusers": ", torch_dtype=torch.float32", "transformers": ", dtype=torch.float32"}[module]
                given = "" if part == "tokenizer" else dtype
                found.append(f'{self.name}_{part} = {kind}.from_pretrained({self.name}, subfolder="{part}"{given})')
        return found

    def shape(self, width: int, height: int) -> str:
        """The shape of one latent for an image of a size in pixels; 0 is the size that it was trained at."""
        config, factor = self.configs[self.network], 2 ** (len(self.configs["vae"]["block_out_channels"]) - 1)
        side = config["sample_size"]
        sides = (height // factor or side, width // factor or side)
        return literal((1, config["in_channels"], *sides))


def model_of(about: Exporter, name: str) -> Model:
    """Return the model that a node loads. Raises CannotExportError where diffusers does not load it as it is."""
    if about.kind(name) not in LOADERS:
        raise CannotExportError(f"{name} loads what diffusers and transformers have no class for")
    pipeline, network = LOADERS[about.kind(name)]
    folder = _folder(str(about.plain(name, "model")), name)
    index = _json(folder / "model_index.json")
    if index.get("_class_name") != pipeline:
        raise CannotExportError(f"the model of {name} is no {pipeline}, which scripts are written for")
    configs = {part: _json(folder / part / "config.json") for part in (network, "vae")}
    configs["scheduler"] = _json(folder / "scheduler" / "scheduler_config.json")
    if (folder / "text_encoder").is_dir():
        configs["text_encoder"] = _json(folder / "text_encoder" / "config.json")
        if configs["text_encoder"].get("model_type") != "clip_text_model":
            raise CannotExportError(f"the text encoder of {name} is none of CLIP's")
    return Model(called(name), folder, network, configs, index.get("id2label", {}))


def _folder(model: str, name: str) -> Path:
    if model.startswith(STARTER):
        return resources.folder("assets") / "models" / model[len(STARTER) :]
    try:
        found = library_path(model) or Path(model)
    except AmbiguousNameError as error:
        raise CannotExportError(str(error)) from None
    if not (found / "model_index.json").is_file():
        raise CannotExportError(f"{name} loads {model}, which is no folder in diffusers' layout on this computer")
    return found.absolute()


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CannotExportError(f"{path} cannot be read") from None
    return found if isinstance(found, dict) else {}
