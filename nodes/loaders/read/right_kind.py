"""Where a model lies, and one sentence for those that the node which asks does not load."""

from __future__ import annotations

from pathlib import Path

from nodeflow.node import NodeError
from nodeflow.resources import locate
from nodes.loaders.quantised.gguf_file import GGUF
from nodes.loaders.read import recognise as known
from nodes.loaders.read.locate import find

LOADS = {
    known.LATENT: "Stable Diffusion 1, 2 and XL, as a folder or one file",
    known.VAE: "AutoencoderKL, as a folder or one file, and AutoencoderTiny",
    known.FLOW: "a folder of Stable Diffusion 3, Z-Image and Qwen-Image",
    known.FLUX: "a folder of FLUX.1",
    known.CLIP: "a CLIP, as a folder or a file of open_clip",
    known.PRIOR: "a folder with the prior of an unCLIP (Karlo, Kandinsky 2.2)",
    known.DECODER: "a folder with the decoder of an unCLIP (Karlo, Kandinsky 2.2)",
    known.UPSAMPLER: "a folder with a diffusion model that sees a small picture",
    known.DDPM: "a folder with a diffusion model on pixels (UNet2DModel)",
    known.DIT: "a folder of DiT",
    known.MASKED: "a folder of aMUSEd",
    known.VQ: "a folder with a VQModel",
    known.DALLE: "a folder with a GPT2LMHeadModel over text and codes",
    known.PIXELS: "a folder of DeepFloyd IF's base (IFPipeline)",
    known.PIXELS_UP: "a folder of DeepFloyd IF's upsamplers (IFSuperResolutionPipeline)",
    known.CONTROL: "a ControlNetModel, as a folder or one file",
    known.CLASSIFIER: "a folder with a classifier of noisy pictures",
    known.GAN: "a folder with a WordGenerator",
    known.UVIT: "a folder with a U-ViT",
    known.UPSCALER: "an upscaler that spandrel knows, as one file",
    **dict.fromkeys(known.LORAS, "a LoRA, as a file or the folder that it was saved in"),
}
"""What each loading node takes, by its title."""
FILES = {known.LATENT, known.VAE, known.CONTROL, known.CLIP, known.UPSCALER, *known.LORAS}
"""Those that take one file."""
GGUF_FILES = {known.LATENT, known.VAE, known.CONTROL}
"""Those of them that take a GGUF file."""


def find_for(node: str, model: str, revision: str, patterns: list[str]) -> Path:
    """The folder or file of a model that the node of this title loads. Raises NodeError for what others load."""
    path = find(model, revision, patterns)
    shown = path.name if locate(model, Path.cwd()) is not None else model
    found = known.recognise(path)
    if found is not None and node not in found.nodes:
        raise NodeError(f"{shown} holds {found.what}{_instead(node, path, found)}; {node} loads {LOADS[node]}")
    if path.suffix.lower() == GGUF and node not in GGUF_FILES:
        raise NodeError(f"{shown} is a GGUF file; {node} loads {LOADS[node]}, from safetensors")
    if path.is_file() and node not in FILES:
        raise NodeError(f"{shown} is one file; {node} loads {LOADS[node]}")
    return path


def _instead(node: str, path: Path, found: known.RecognisedModel) -> str:
    """What to do, as the next part of the sentence."""
    around = known.recognise(path.parent) if (path.parent / "model_index.json").is_file() else None
    if around is not None and node in around.nodes:
        return f", one part of {path.parent.name}: give that folder"
    if around is not None and around.nodes and not found.nodes:
        return f", one part of {around.what}, which the node {' or '.join(around.nodes)} loads"
    if found.nodes:
        return f", which the node {' or '.join(found.nodes)} loads"
    return f": {found.hint}" if found.hint else ", which no node here loads"
