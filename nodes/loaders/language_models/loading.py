"""Language models that answer, from a folder or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodeflow.node import NodeError
from nodeflow.wires import LanguageModel
from nodes.loaders.models.architecture import Architecture, Weights
from nodes.loaders.models.precision import Precision
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named, read_json, read_tokenizer
from nodes.loaders.read.parts import ready
from nodes.loaders.read.recognise import recognise
from nodes.loaders.text_encoders.encoder import Encoder
from nodes.loaders.text_encoders.kinds.qwen import EYES_3, EYES_25, QWEN_3_4B, QWEN_3_VL_4B, QWEN_3_VL_8B
from nodes.loaders.text_encoders.tokenizers import tokenizer_for

EYES: Mapping[str, Mapping[str, Any]] = {
    "Qwen3ForCausalLM": {},
    "Qwen3VLForConditionalGeneration": EYES_3,
    "Qwen2_5_VLForConditionalGeneration": EYES_25,
    "Qwen3_5ForCausalLM": {},
    "Qwen3_5ForConditionalGeneration": EYES_3,
    "Gemma2ForCausalLM": {},
    "Gemma3ForCausalLM": {},
    "Gemma3ForConditionalGeneration": {},
    "MistralForCausalLM": {},
    "Ministral3ForCausalLM": {},
    "Mistral3ForConditionalGeneration": {},
}
"""Classes of transformers that are taken, and how those that see as Qwen's do are shown an image. Others get texts
alone."""
HEAD = "lm_head.weight"
QWEN_ENDS = "<|im_end|>", "<|endoftext|>"


def load_language_model_at(path: Path, precision: Precision, tokenizer: str) -> LanguageModel:
    """Raises NodeError for another kind of model, for missing weights and for a missing tokenizer."""
    return _from_folder(path, precision) if path.is_dir() else _from_file(path, precision, tokenizer)


def _from_folder(path: Path, precision: Precision) -> LanguageModel:
    from transformers import AutoTokenizer

    config = read_json(path / "config.json", "it needs a config.json as transformers saves it")
    kinds = config.get("architectures")
    kind = str(kinds[0]) if isinstance(kinds, list) and kinds else ""
    if kind not in EYES:
        raise NodeError(f"{named(path)} holds {kind or 'no language model'}; this node loads {', '.join(EYES)}")
    architecture = Architecture("transformers", kind, lambda weights: {})
    module = architecture.from_folder(path, precision.dtype(architecture.precisions))
    words = read_tokenizer(AutoTokenizer, path)
    return LanguageModel(ready(module), words, _ends(module.generation_config.eos_token_id, words), EYES[kind])


def _ends(told: Any, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end an answer, by what a model or its tokenizer says."""
    found = told if isinstance(told, (list, tuple)) else [told]
    known = tokenizer.get_vocab()
    chat = [known[word] for word in (*QWEN_ENDS, "<end_of_turn>", "</s>") if word in known]
    return tuple(dict.fromkeys(int(one) for one in [*found, tokenizer.eos_token_id, *chat] if one is not None))


def _from_file(path: Path, precision: Precision, tokenizer: str) -> LanguageModel:
    found = recognise(path)
    encoder = next((one for one in (QWEN_3_4B, QWEN_3_VL_8B, QWEN_3_VL_4B) if found.family in one.told), None)
    if encoder is None:
        raise NodeError(
            f"{named(path)} holds {found.what or 'no language model'}; of files this node loads Qwen 3 and Qwen3-VL, "
            f"of folders {', '.join(EYES)}"
        )
    kind = encoder.architecture.kind.replace("VLModel", "VLForConditionalGeneration").replace("3Model", "3ForCausalLM")
    file = WeightsFile(path)
    weights = file.part(encoder.name) or file.alone()
    architecture = _answering(encoder, kind)
    module = architecture.from_file(path, weights, encoder.name, precision.dtype(architecture.precisions))
    file.close()
    most = module.get_input_embeddings().weight.shape[0]
    words = tokenizer_for(encoder.tokenizing, path, encoder.name, tokenizer, most)
    return LanguageModel(ready(module), words, _ends(None, words), EYES[kind])


def _answering(encoder: Encoder, kind: str) -> Architecture:
    """The class that answers, of an encoder's; without a head of its own it answers by the table of its words."""
    inner = encoder.architecture
    words = f"model.{'language_model.' if 'VL' in kind else ''}embed_tokens.weight"

    def under_model(weights: Weights) -> Weights:
        found = {name if name == HEAD else f"model.{name}": value for name, value in inner.named(weights).items()}
        return found if HEAD in found else {**found, HEAD: found[words]}

    def shape(weights: Weights) -> Any:
        return inner.shape({name.removeprefix("model."): value for name, value in weights.items()})

    return Architecture("transformers", kind, shape, under_model, (r"(.*\.)?tokenizer_json$",))
