"""GLM-Image's planner: a language model that draws an image as a grid of tokens of 32 x 32 pixels, small ones first."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from nodeflow.node import NodeError, Step
from nodeflow.wires import Image
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.shapes import count_layers
from nodes.loaders.read.folder_files import check_folder, first_line, named
from nodes.loaders.text_encoders.encoder import EncoderKind
from nodes.loaders.text_encoders.planning import TokenDrawing
from nodes.loaders.text_encoders.tokenizers import Tokenizing
from nodes.networks.compute_dtype import device_of
from nodes.networks.finite import finite

CELL = 32
"""Pixels on a side of what a token stands for."""
HEAD, SEEING_HEAD = 128, 96
"""Numbers a head: of the language model, and of its sight."""
ROTARY = {
    "rope_type": "default",
    "rope_theta": 10000.0,
    "partial_rotary_factor": 0.5,
    "mrope_section": [8, 12, 12],
}
"""How its places turn heads, as its configuration has it."""


def shape(weights: Weights) -> Any:
    """Of `GlmImageConfig`. The codes of images are the first tokens; the two behind them begin and end one."""
    from transformers import GlmImageConfig

    said, seen, drawn = (f"model.{part}." for part in ("language_model", "visual", "vqmodel"))
    first = f"{said}layers.0."
    tokens, width = weights[f"{said}embed_tokens.weight"].shape
    codes, code_width = weights[f"{drawn}quantize.embedding.weight"].shape
    sight, channels, patch, _ = weights[f"{seen}patch_embed.proj.weight"].shape
    return GlmImageConfig(
        text_config={
            "vocab_size": tokens,
            "vision_vocab_size": len(weights["lm_head.weight"]),
            "hidden_size": width,
            "intermediate_size": weights[f"{first}mlp.down_proj.weight"].shape[1],
            "num_hidden_layers": count_layers(weights, f"{said}layers"),
            "num_attention_heads": len(weights[f"{first}self_attn.q_proj.weight"]) // HEAD,
            "num_key_value_heads": len(weights[f"{first}self_attn.k_proj.weight"]) // HEAD,
            "attention_bias": f"{first}self_attn.q_proj.bias" in weights,
            "rope_parameters": dict(ROTARY),
            "pad_token_id": codes + 1,
            "eos_token_id": codes + 1,
        },
        vision_config={
            "depth": count_layers(weights, f"{seen}blocks"),
            "hidden_size": sight,
            "num_heads": sight // SEEING_HEAD,
            "in_channels": channels,
            "patch_size": patch,
            "image_size": math.isqrt(len(weights[f"{seen}embeddings.position_embedding.weight"])) * patch,
            "intermediate_size": len(weights[f"{seen}blocks.0.mlp.fc1.weight"]),
        },
        vq_config={
            "num_embeddings": codes,
            "embed_dim": code_width,
            "latent_channels": weights[f"{drawn}quant_conv.weight"].shape[1],
        },
        image_start_token_id=codes,
        image_end_token_id=codes + 1,
    )


@dataclass(frozen=True, eq=False)
class Requests:
    """transformers' `GlmImageProcessor`, in the place of a tokenizer."""

    processor: Any

    def __len__(self) -> int:
        return len(self.processor.tokenizer)

    @property
    def vocab_size(self) -> int:
        return int(self.processor.tokenizer.vocab_size)

    def of(self, text: str, shown: Sequence[Image], height: int, width: int) -> dict[str, Tensor]:
        """A request for an image of that size, about images (1, 3, H, W), by the names that the model has for it."""
        from PIL.Image import fromarray

        eights = ((one.pixels[0].cpu().clamp(0, 1) * 255).round().to(torch.uint8) for one in shown)
        content = [{"type": "image", "image": fromarray(one.permute(1, 2, 0).numpy())} for one in eights]
        content.append({"type": "text", "text": text.replace(self.processor.image_token, "")})
        options = {"tokenize": True, "return_dict": True, "return_tensors": "pt"}
        try:
            given = self.processor.apply_chat_template(
                [[{"role": "user", "content": content}]], target_h=height, target_w=width, **options
            )
        except Exception as error:  # the template is the model's own, and may fail in any way
            raise NodeError(
                f"the chat template of GLM-Image's processor cannot be used ({first_line(error)}); download it again"
            ) from None
        return dict(given)


@dataclass(frozen=True)
class Requesting(Tokenizing):
    """Where what puts requests is found."""

    def of_folder(self, folder: Path) -> Any:
        """That of a folder. Raises NodeError where it is damaged."""
        from transformers import GlmImageProcessor

        check_folder(folder)
        try:
            return Requests(GlmImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False))
        except Exception as error:  # of many kinds, by what is wrong with the files
            if isinstance(error, MemoryError):
                raise
            raise NodeError(
                f"{named(folder)} says not how GLM-Image is asked ({first_line(error)}); download it again"
            ) from None


class PlannedImage(NamedTuple):
    """An image in tokens (h, w), and images that were shown, each (1, h, w, 1), both of 16 x 16 pixels."""

    tokens: Tensor
    seen: tuple[Tensor, ...]


def doubled(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """Tokens of 32 x 32 pixels, row by row, as the (2 rows, 2 columns) of 16 x 16 that they stand for."""
    return tokens.reshape(rows, columns).repeat_interleave(2, 0).repeat_interleave(2, 1)


def plan(
    requests: Requests, module: Any, text: str, shown: Sequence[Image], height: int, width: int, drawing: TokenDrawing
) -> Generator[Step, None, PlannedImage]:
    """Draw the tokens of an image, one a step: without images shown those of a small one come before."""
    asked = {name: value.to(device_of(module)) for name, value in requests.of(text, shown, height, width).items()}
    grids = asked["image_grid_thw"][len(shown) :]
    total, (rows, columns) = int(grids.prod(-1).sum()), grids[0, 1:].tolist()
    codes, inner = module.config.vq_config.num_embeddings, module.model
    module.config.image_token_id = inner.config.image_token_id = requests.processor.image_token_id
    seen = _seen(inner, asked, shown)
    inner.rope_deltas = None  # of the request before
    made: list[int] = []
    given, cache = asked, None
    while len(made) < total:
        with torch.no_grad():
            said = module(**given, past_key_values=cache, use_cache=True, logits_to_keep=1)
        cache = said.past_key_values
        logits = finite(said.logits[0, -1].float().cpu(), "the language model", "chances of tokens")
        made.append(drawing.token(logits, codes))
        given = {"input_ids": asked["input_ids"].new_tensor([[made[-1]]])}
        yield Step(len(made), total)
    return PlannedImage(doubled(torch.tensor(made[-rows * columns :]), rows, columns), seen)


def _seen(inner: Any, asked: Mapping[str, Tensor], shown: Sequence[Image]) -> tuple[Tensor, ...]:
    """The tokens of images that are shown. Raises NodeError where the denoiser would see one in another size."""
    if not shown:
        return ()
    count = len(shown)
    grids = asked["image_grid_thw"][:count]
    for image, grid in zip(shown, grids.tolist(), strict=True):
        height, width = image.pixels.shape[-2:]
        if [CELL * side for side in grid[1:]] != [height, width]:
            raise NodeError(
                f"GLM-Image does not see a reference of {width} x {height} pixels in its own size; give Reference "
                "image a larger side"
            )
    with torch.no_grad():
        features = inner.get_image_features(asked["pixel_values"], grids).pooler_output
        tokens = [inner.get_image_tokens([one]) for one in features]
    return tuple(
        doubled(one, *grid[1:].tolist())[None, ..., None].cpu() for one, grid in zip(tokens, grids, strict=True)
    )


GLM_IMAGE = EncoderKind(
    "GLM-Image's planner",
    ("GLM-Image's planner",),
    Architecture("transformers", "GlmImageForConditionalGeneration", shape),
    Requesting("GlmImageProcessor", ("zai-org/GLM-Image:processor",)),
)
