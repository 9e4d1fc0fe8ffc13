"""CLIP models: as transformers saves them, and as open_clip does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nodeflow.library.beside import nameless
from nodeflow.node import NodeError
from nodeflow.wires import Embedding, Image
from nodes.loaders.quantised.finite import check_module
from nodes.loaders.quantised.open_file import plain_weights
from nodes.loaders.read.accounting import refuse_unused
from nodes.loaders.read.folder_files import (
    check_folder,
    first_line,
    named,
    no_progress_bar,
    no_warnings,
    read_json,
    read_tokenizer,
    read_weights,
)
from nodes.loaders.read.parts import LoadTarget, ready
from nodes.loaders.text_encoders.tables import check_tables
from nodes.loaders.text_encoders.tokenizing import length_of, tell_lost, tell_unknown, tokenized
from nodes.networks.compute_dtype import device_of, dtype_of

PATTERNS = [
    "*.json",
    "vocab.txt",
    "merges.txt",
    "model.safetensors",
    "model-*.safetensors",
    "open_clip_model.safetensors",
    *(f"{part}/*.json" for part in ("image_encoder", "text_encoder", "tokenizer", "image_processor")),
    *(f"{part}/model*.safetensors" for part in ("image_encoder", "text_encoder")),
    "tokenizer/*.txt",
]
"""What is fetched from the hub."""
IGNORABLE = (r"(.*\.)?(attn_mask|position_ids|context_length|vocab_size|input_resolution)$",)
"""What some programs save beside the weights of a CLIP: numbers of its shape, and masks that are computed afresh."""
SIGHT = "image_encoder"
OPEN_CLIP_CONFIG = "open_clip_config.json"
OPEN_CLIP_WEIGHTS = "open_clip_model.safetensors"


@dataclass(frozen=True)
class Preparation:
    """Hold how images are brought into the form that a CLIP takes: its side in pixels, and colours' mean and
    deviation."""

    side: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def empty(self) -> Image:
        """An image that is zeros alone when it is prepared."""
        return Image(torch.tensor(self.mean)[None, :, None, None].expand(1, -1, self.side, self.side))

    def __call__(self, pixels: Tensor) -> Tensor:
        """Images (B, 3, H, W) from 0 to 1: the shorter side made ``side`` long, the middle cut out, normalised."""
        height, width = pixels.shape[-2:]
        if (height, width) != (self.side, self.side):
            ratio = self.side / min(height, width)
            size = (max(round(height * ratio), self.side), max(round(width * ratio), self.side))
            pixels = torch.nn.functional.interpolate(pixels, size, mode="bicubic", antialias=True).clamp(0, 1)
            top, left = (size[0] - self.side) // 2, (size[1] - self.side) // 2
            pixels = pixels[..., top : top + self.side, left : left + self.side]
        mean, deviation = (pixels.new_tensor(values)[:, None, None] for values in (self.mean, self.deviation))
        return (pixels - mean) / deviation


@dataclass(frozen=True, eq=False)
class Embedder(ABC):
    """Hold what all of them share: networks, the tokenizer, and how images are prepared."""

    module: torch.nn.Module
    tokenizer: Any
    prepare: Preparation

    @abstractmethod
    def embed_images(self, image: Image) -> Embedding:
        """Gradients pass where the images ask for them; the network itself is frozen."""

    @abstractmethod
    def embed_texts(self, texts: list[str]) -> Embedding: ...

    def empty(self) -> Embedding:
        with torch.no_grad():
            return self.embed_images(self.prepare.empty())


@dataclass(frozen=True, eq=False)
class TransformersCLIP(Embedder):
    """The transformers library's `CLIPModel` with its tokenizer."""

    def embed_images(self, image: Image) -> Embedding:
        module: Any = self.module
        pixels = self.prepare(image.pixels).to(device_of(module), dtype_of(module))
        return Embedding(module.get_image_features(pixel_values=pixels).pooler_output.float())

    def embed_texts(self, texts: list[str]) -> Embedding:
        module: Any = self.module
        length = length_of(self.tokenizer, module.config.text_config.max_position_embeddings)
        found = tokenized(self.tokenizer, texts, length)
        with torch.no_grad():
            output = module.get_text_features(input_ids=found.input_ids.to(device_of(module)))
        return Embedding(output.pooler_output.float(), tuple(texts))


@dataclass(frozen=True, eq=False)
class PairedCLIP(Embedder):
    """A CLIP in two halves, as priors of unCLIP models bring it: ``module`` reads texts, ``sight`` sees images."""

    sight: torch.nn.Module

    def embed_images(self, image: Image) -> Embedding:
        sight: Any = self.sight
        pixels = self.prepare(image.pixels).to(device_of(sight), dtype_of(sight))
        return Embedding(sight(pixel_values=pixels).image_embeds.float())

    def embed_texts(self, texts: list[str]) -> Embedding:
        module: Any = self.module
        length = length_of(self.tokenizer, module.config.max_position_embeddings)
        found = tokenized(self.tokenizer, texts, length)
        with torch.no_grad():
            output = module(input_ids=found.input_ids.to(device_of(module)))
        return Embedding(output.text_embeds.float(), tuple(texts))


@dataclass(frozen=True, eq=False)
class OpenCLIP(Embedder):
    """A model of the open_clip library with its tokenizer."""

    def embed_images(self, image: Image) -> Embedding:
        module: Any = self.module
        pixels = self.prepare(image.pixels).to(device_of(module), dtype_of(module))
        return Embedding(module.encode_image(pixels).float())

    def embed_texts(self, texts: list[str]) -> Embedding:
        module: Any = self.module
        self._tell_cut(texts)
        with torch.no_grad():
            return Embedding(module.encode_text(self.tokenizer(texts).to(device_of(module))).float(), tuple(texts))

    def _tell_cut(self, texts: list[str]) -> None:
        """Warn of texts that are longer than the model reads. Tokenizers that come from transformers do not tell."""
        from open_clip.tokenizer import SimpleTokenizer

        tokenizer = self.tokenizer
        if not isinstance(tokenizer, SimpleTokenizer):
            for text in texts:
                tell_unknown(tokenizer.tokenizer, text)
            return
        for text in texts:
            found = tokenizer.encode(text)
            room = tokenizer.context_length - 2
            if len(found) > room:
                tell_lost("CLIP", room + 2, len(found) + 2, tokenizer.decode(found[room:]))


def load_clip_folder(path: Path, target: LoadTarget) -> Embedder:
    """A CLIP from the folder that either library saves, or from that of an unCLIP's prior. Raises NodeError."""
    if (path / SIGHT).is_dir() and (path / "text_encoder").is_dir():
        return _paired(path, target)
    if (path / OPEN_CLIP_CONFIG).is_file() and not (path / "model.safetensors").is_file():
        config = read_json(path / OPEN_CLIP_CONFIG, "it lacks its configuration")
        check_folder(path)
        return _open_clip(f"local-dir:{path}", path / OPEN_CLIP_WEIGHTS, config.get("preprocess_cfg", {}), target)
    config = read_json(path / "config.json", "it needs a config.json as transformers saves it, with type clip")
    if config.get("model_type") != "clip":
        raise NodeError(f"{path.name} holds a model of type {config.get('model_type')}; this node loads CLIP")
    from transformers import CLIPModel, CLIPTokenizer

    with no_progress_bar():
        module = read_weights(CLIPModel, path, "model", {"dtype": target.dtype})
    tokenizer = read_tokenizer(CLIPTokenizer, path)
    check_tables(named(path), tokenizer, module.text_model)
    given = read_json(path / "preprocessor_config.json", "it does not say how images are prepared")
    side = int(module.config.vision_config.image_size)
    return TransformersCLIP(ready(module), tokenizer, _preparation(side, given, "image_mean", "image_std"))


def _paired(path: Path, target: LoadTarget) -> PairedCLIP:
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

    with no_progress_bar():
        sight, texts = (
            read_weights(kind, path / part, "model", {"dtype": target.dtype})
            for kind, part in ((CLIPVisionModelWithProjection, SIGHT), (CLIPTextModelWithProjection, "text_encoder"))
        )
    if sight.config.projection_dim != texts.config.projection_dim:
        raise NodeError(f"{path.name}: its image_encoder and text_encoder are no pair; this node loads CLIP")
    said = path / "image_processor" / "preprocessor_config.json"
    given = read_json(said, "it does not say how images are prepared")
    side = int(sight.config.image_size)
    prepare = _preparation(side, given, "image_mean", "image_std")
    tokenizer = read_tokenizer(CLIPTokenizer, path / "tokenizer")
    check_tables(named(path / "text_encoder"), tokenizer, texts)
    return PairedCLIP(ready(texts), tokenizer, prepare, ready(sight))


def load_open_clip_file(path: Path, architecture: str, target: LoadTarget) -> OpenCLIP:
    """One safetensors file in the layout of open_clip, of an architecture that it knows by name. Raises NodeError."""
    import open_clip

    if why := nameless(path, architecture, "architecture"):
        raise NodeError(why)
    if architecture not in open_clip.list_models():
        raise NodeError(
            f"{path.name} is one file, and {architecture!r} is no architecture of open_clip; set architecture to its "
            "name, such as ViT-B-32"
        )
    return _open_clip(architecture, path, {}, target)


def _open_clip(name: str, weights: Path, given: dict[str, Any], target: LoadTarget) -> OpenCLIP:
    import open_clip

    if not weights.is_file():
        raise NodeError(f"{named(weights.parent)} has no weights (no {weights.name}); download it again")
    try:
        with no_warnings():
            module: Any = open_clip.create_model(name, load_weights=False, pretrained_image=False, pretrained_hf=False)
        tokenizer = open_clip.get_tokenizer(name)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise NodeError(f"{weights.parent.name}: open_clip cannot make this model ({first_line(error)})") from None
    try:
        read = plain_weights(weights)
        missing, unused = module.load_state_dict(read, strict=False)
    except RuntimeError as error:
        raise NodeError(f"{named(weights)} does not fit its architecture ({first_line(error)})") from None
    if missing:
        raise NodeError(f"{named(weights)} lacks {len(missing)} weights, such as {sorted(missing)[0]}; check the name")
    refuse_unused(named(weights), unused, IGNORABLE, read)
    check_module(module.to(target.dtype), named(weights))
    side = module.visual.image_size
    side = int(side[0] if isinstance(side, Sequence) else side)
    return OpenCLIP(ready(module), tokenizer, _preparation(side, given, "mean", "std"))


def _preparation(side: int, given: dict[str, Any], mean: str, deviation: str) -> Preparation:
    """CLIP's own colours (Radford et al. 2021) where the configuration says nothing."""
    usual = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    return Preparation(side, tuple(given.get(mean) or usual[0]), tuple(given.get(deviation) or usual[1]))
