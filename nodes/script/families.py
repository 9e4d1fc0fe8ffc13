"""Models of the families, out of folders in diffusers' layout: which parts they have, and how these are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.loaders import joint_text
from nodes.script.models import ANY, Folder, ScriptNetwork, ScriptPart, Trained, read_json
from nodes.script.writer import Made


@dataclass(frozen=True)
class Vae:
    """A kind of autoencoder, by the functions that encode and decode with it, and pixels of a cell."""

    kind: str
    encode: str
    decode: str
    downscale: int = 8


KL = Vae("AutoencoderKL", "encode_image_shifted", "decode_shifted")
FRAMES = Vae("AutoencoderKLQwenImage", "encode_frame", "decode_frame")
OPAQUE = Vae("AutoencoderKLQwenImage21", "encode_opaque_frame", "decode_frame", 16)
PATCHES = Vae("AutoencoderKLFlux2", "encode_patches", "decode_patches", 16)


@dataclass(frozen=True)
class ScriptFamily:
    """A family as scripts know it.

    ``denoise`` asks its network; ``encode`` reads a text, with a text encoder of the class ``encoder`` and a tokenizer;
    ``tokens`` is the size, in patches, that its noise levels are spaced for, and ``side`` cells along a latent.
    """

    name: str
    network: str
    denoise: str
    text: Callable[[Folder, Mapping[str, Any]], Made]
    vae: Vae
    channels: Callable[[Mapping[str, Any]], int]
    side: int = 128
    tokens: int = 4096
    empirical: bool = False
    guided: bool = False
    control: str = ""

    def load(self, folder: Folder, output: str) -> Made:
        """A part of a model."""
        config = folder.config("transformer")
        match output:
            case "text_encoder":
                return self.text(folder, config)
            case "vae":
                return Made(folder.part(ScriptPart("vae", "diffusers", self.vae.kind)), self.vae)
            case "schedule":
                trained = folder.trained() if (folder.path / "scheduler").is_dir() else Trained(FLUX_3)
                return Made("", replace(trained, tokens=self.tokens, empirical=self.empirical))
        network = ScriptNetwork(config, self.channels(config), self.vae.downscale, self.side, "flow", self.name)
        return Made(folder.part(ScriptPart("transformer", "diffusers", self.network)), network)


def one_encoder(encode: str, kind: str, tokenizer: str = "AutoTokenizer", place: str = "tokenizer") -> Any:
    """A family with one text encoder."""

    def write(folder: Folder, config: Mapping[str, Any]) -> Made:
        model = folder.part(ScriptPart("text_encoder", "transformers", kind, ANY))
        inside = place if (folder.path / place).is_dir() else "tokenizer"
        words = folder.part(ScriptPart(inside, "transformers", tokenizer))
        more = (str(config["num_text_layers"]),) if "num_text_layers" in config else ()
        return Made(folder.writer.use(encode), (words, model, *more))

    return write


def pair(folder: Folder, _: Mapping[str, Any]) -> Made:
    """FLUX.1's text encoders."""
    clip = folder.part(ScriptPart("text_encoder", "transformers", "CLIPTextModel"))
    t5 = folder.part(ScriptPart("text_encoder_2", "transformers", "T5EncoderModel"))
    words = folder.part(ScriptPart("tokenizer", "transformers", "CLIPTokenizer"))
    pieces = folder.part(ScriptPart("tokenizer_2", "transformers", "AutoTokenizer"))
    return Made(folder.writer.use("encode_pair"), (f"({words}, {clip})", f"({pieces}, {t5})"))


def joint(folder: Folder, config: Mapping[str, Any]) -> Made:
    return joint_text(folder, dict(config))


FLUX_3: Mapping[str, Any] = {"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 6.93}
FAMILIES = (
    ScriptFamily(
        "FLUX.1",
        "FluxTransformer2DModel",
        "flux",
        pair,
        KL,
        lambda config: int(config.get("out_channels") or config["in_channels"]) // 4,
        guided=True,
        control="FluxControlNetModel",
    ),
    ScriptFamily(
        "FLUX.2",
        "Flux2Transformer2DModel",
        "flux_2",
        one_encoder("encode_flux_2", "Mistral3Model"),
        PATCHES,
        lambda config: int(config["in_channels"]),
        side=64,
        empirical=True,
        guided=True,
    ),
    ScriptFamily(
        "FLUX.3",
        "Flux3Transformer2DModel",
        "flux_3",
        one_encoder("encode_flux_3", "Qwen3VLModel"),
        PATCHES,
        lambda config: int(config["in_channels"]),
        side=64,
    ),
    ScriptFamily(
        "Stable Diffusion 3",
        "SD3Transformer2DModel",
        "joint_transformer",
        joint,
        KL,
        lambda config: int(config["in_channels"]),
        tokens=0,
        control="SD3ControlNetModel",
    ),
    ScriptFamily(
        "Z-Image",
        "ZImageTransformer2DModel",
        "z_image",
        one_encoder("encode_z_image", "Qwen3Model"),
        KL,
        lambda config: int(config["in_channels"]),
        control="ZImageControlNetModel",
    ),
    ScriptFamily(
        "Qwen-Image",
        "QwenImageTransformer2DModel",
        "qwen_image",
        one_encoder("encode_qwen_image", "Qwen2_5_VLModel"),
        FRAMES,
        lambda config: int(config.get("out_channels") or 16),
        control="QwenImageControlNetModel",
    ),
    ScriptFamily(
        "Qwen-Image 2.1",
        "QwenImage21Transformer2DModel",
        "qwen_image_21",
        one_encoder("encode_qwen_image_21", "Qwen3VLModel", place="processor"),
        OPAQUE,
        lambda config: int(config["in_channels"]),
        side=64,
    ),
    ScriptFamily(
        "Krea 2",
        "Krea2Transformer2DModel",
        "krea_2",
        one_encoder("encode_krea_2", "Qwen3VLModel"),
        FRAMES,
        lambda config: int(config["in_channels"]) // 4,
    ),
)
KLEIN = replace(FAMILIES[1], name="FLUX.2 Klein", text=one_encoder("encode_klein", "Qwen3Model"))


def family_of(path: Path, name: str) -> ScriptFamily:
    """The family of a folder. Raises CannotExportError for one that scripts do not know."""
    kind = read_json(path / "transformer" / "config.json").get("_class_name")
    found = next((one for one in FAMILIES if one.network == kind), None)
    if found is None:
        raise CannotExportError(f"{name} loads a {kind}, which scripts do not know")
    if found.name == "FLUX.2" and "qwen3" in str(read_json(path / "text_encoder" / "config.json").get("model_type")):
        return KLEIN
    return found


def known_family(name: str) -> ScriptFamily:
    return next(one for one in (*FAMILIES, KLEIN) if one.name == name)
