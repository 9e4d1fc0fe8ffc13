"""Language models as helpers: texts made by them, such as a longer prompt of a short one."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any

import torch
from torch import Tensor

from nodeflow.node import Multiline, NodeError, Range, Reads, Seed, Slider, Step, Supplied, node, warn
from nodeflow.wires import Image, LanguageModel
from nodes.loaders.language_models.loading import load_language_model_at
from nodes.loaders.language_models.request import request
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.read.locate import MODEL_PATTERNS
from nodes.loaders.read.right_kind import find_for
from nodes.networks.compute_dtype import device_of
from nodes.networks.finite import finite

ENHANCE = (
    "You turn a short idea into a prompt for a text-to-image model: one paragraph that says subject, surroundings, "
    "light, composition and style in plain words. Keep all that is asked for. Answer with the prompt alone."
)


@node("Load language model")
def load_language_model(
    model: Annotated[str, Reads("model", True, tuple(MODEL_PATTERNS))] = "",
    tokenizer: Annotated[str, Reads("model")] = "",
    revision: str = "",
    device: Annotated[str, Supplied("device")] = "cpu",
    dtype: Annotated[str, Supplied("dtype")] = "float32",
) -> LanguageModel:
    """Loads a language model that answers in words: Qwen 3, Qwen3-VL, Qwen 3.5, Gemma 3 or Mistral.

    Qwen's with VL in their names and Qwen 3.5 see images too; Gemma's and Mistral's are given texts alone here, and so
    is Qwen 3.5 from a file.

    ``model`` is a folder as transformers saves it, a hub id, or one .safetensors or .gguf file, such as the text
    encoders ``qwen_3_4b.safetensors`` and ``gemma_3_12B_it.safetensors``, quantised too, by path or by its name in your
    model library. A file's tokenizer is found as for Load text encoder; or name its folder at ``tokenizer``.

    Fails with one sentence when there is no such model, when weights are missing or damaged, or when it is of another
    kind.
    Papers: Yang et al. 2025, Qwen3 Technical Report (arXiv:2505.09388); Gemma 3: arXiv:2503.19786.
    """
    path = find_for("Load language model", model, revision, MODEL_PATTERNS)
    return load_language_model_at(path, ComputePrecision("auto", dtype, device), tokenizer)


@node("Generate text")
def generate_text(
    model: LanguageModel,
    *images: Image,
    prompt: Annotated[str, Multiline()] = "",
    system: Annotated[str, Multiline()] = ENHANCE,
    seed: Annotated[int, Seed()] = 0,
    most: Annotated[int, Range(1, 8192)] = 512,
    temperature: Annotated[float, Slider(0, 2, 0.05)] = 0.7,
    top_k: Annotated[int, Range(0, 1000)] = 20,
    top_p: Annotated[float, Slider(0.01, 1, 0.01)] = 0.8,
) -> Generator[Step, None, str]:
    """Lets a language model answer a request, word by word, such as making a long prompt of a short one.

    ``system`` says what it is to do, ``prompt`` is the request; models that see are shown the ``images`` before it. At
    each step the next token is drawn by ``seed`` from what the model foresees: divided by ``temperature`` (0 always
    takes the likeliest), the ``top_k`` likeliest alone (0: all), and of those as many as make up ``top_p``. It ends
    where the model ends, or after ``most`` tokens, which is told. The same seed gives the same text on the same
    computer.

    Fails for images where the model does not see, and for a chat template that cannot be used.
    Papers: Holtzman et al. 2020, The Curious Case of Neural Text Degeneration (arXiv:1904.09751); top k: Fan et al.
    2018 (arXiv:1805.04833).
    """
    if not prompt.strip() and not images:
        raise NodeError("there is nothing to answer; write a prompt, or wire an image")
    asked = request(model, system, prompt, images)
    given = {name: value.to(device_of(model.module)) for name, value in asked.items()}
    generator = torch.Generator().manual_seed(seed)
    made: list[int] = []
    cache: Any = None
    module: Any = model.module
    inner = getattr(module, "model", module)
    if hasattr(inner, "rope_deltas"):
        inner.rope_deltas = None  # of the request before
    while len(made) < most:
        with torch.no_grad():
            said = module(**given, past_key_values=cache, use_cache=True)
        cache = said.past_key_values
        logits = finite(said.logits[0, -1].float().cpu(), "the language model", "chances of words")
        token = drawn(logits, temperature, top_k, top_p, generator)
        if token in model.ends:
            break
        made.append(token)
        given = {"input_ids": given["input_ids"].new_tensor([[token]])}
        yield Step(len(made), most)
    else:
        warn(f"the text was cut after {most} tokens; raise most for a longer one")
    found: str = model.tokenizer.decode(made, skip_special_tokens=True)
    return found.strip()


def drawn(logits: Tensor, temperature: float, top_k: int, top_p: float, generator: torch.Generator) -> int:
    """The next token, of logits (V,), as transformers' generation draws it."""
    if temperature == 0:
        return int(logits.argmax())
    scores, order = (logits / temperature).sort(descending=True, stable=True)
    if top_k:
        scores, order = scores[:top_k], order[:top_k]
    shares = scores.softmax(0)
    kept = shares.cumsum(0) - shares < top_p
    shares = shares * kept
    return int(order[torch.multinomial(shares / shares.sum(), 1, generator=generator)])
