"""A request to a language model, in its own words: system, images and prompt. No nodes here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image, LanguageModel
from nodes.loaders.read.folder_files import first_line
from nodes.loaders.text_encoders.seeing import PLACE, SHOWN, patches

QWEN = (
    "{% for one in messages %}<|im_start|>{{ one.role }}\n{{ one.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)
"""How Qwen puts a request, for files that bring no template."""


def request(model: LanguageModel, system: str, prompt: str, images: Sequence[Image]) -> dict[str, Tensor]:
    """Tokens (1, L) and what goes with them. Raises NodeError for images that a model does not see."""
    if images and not model.eyes:
        raise NodeError("this language model sees no images; take one that does, such as Qwen3-VL, or unwire them")
    shown = [Image(image.pixels[index : index + 1]) for image in images for index in range(len(image.pixels))]
    said = [{"role": "system", "content": system}] if system.strip() else []
    said.append({"role": "user", "content": SHOWN * len(shown) + prompt.replace(PLACE, "")})
    numbers = model.tokenizer(_framed(model, said), add_special_tokens=False, verbose=False).input_ids
    seen: dict[str, Tensor] = {}
    if shown:
        seen = patches(shown, model.eyes)
        place = int(model.tokenizer.convert_tokens_to_ids(PLACE))
        counts = (seen["image_grid_thw"].prod(-1) // int(model.eyes["merge_size"]) ** 2).tolist()
        numbers = [one for token in numbers for one in ([token] * counts.pop(0) if token == place else [token])]
        module: Any = model.module
        module.config.image_token_id = place
        seen["mm_token_type_ids"] = (torch.tensor([numbers]) == place).long()
    ids = torch.tensor([numbers])
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids), **seen}


def _framed(model: LanguageModel, said: list[dict[str, str]]) -> str:
    """Messages in the model's own chat template; a system's message goes before the request where it has no place."""
    own = model.tokenizer.chat_template or QWEN
    options = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False, "chat_template": own}
    try:
        found: str = model.tokenizer.apply_chat_template(said, **options)
    except Exception as first:  # the template is the model's own, and may fail in any way
        together = [{"role": "user", "content": "\n\n".join(one["content"] for one in said)}]
        try:
            found = model.tokenizer.apply_chat_template(together, **options)
        except Exception:
            raise NodeError(
                f"the chat template of its tokenizer cannot be used ({first_line(first)}); download it again"
            ) from None
    return found
