"""Language models that answer, from a folder or a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nodeflow.library.rules import rule_book
from nodeflow.node import NodeError
from nodeflow.wires import LanguageModel
from nodes.loaders.language_models.files import KINDS
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.models.precision import ComputePrecision
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.read.folder_files import named, read_json, read_tokenizer
from nodes.loaders.read.parts import ready
from nodes.loaders.read.recognise import recognise
from nodes.loaders.text_encoders.kinds.qwen import EYES_3, EYES_25
from nodes.loaders.text_encoders.tables import check_tables
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
QWEN_ENDS = "<|im_end|>", "<|endoftext|>"


def load_language_model_at(path: Path, precision: ComputePrecision, tokenizer: str) -> LanguageModel:
    """Raises NodeError for another kind of model, for missing weights and for a missing tokenizer."""
    return _from_folder(path, precision) if path.is_dir() else _from_file(path, precision, tokenizer)


def _from_folder(path: Path, precision: ComputePrecision) -> LanguageModel:
    from transformers import AutoTokenizer

    config = read_json(path / "config.json", "it needs a config.json as transformers saves it")
    kinds = config.get("architectures")
    kind = str(kinds[0]) if isinstance(kinds, list) and kinds else ""
    if kind not in EYES:
        raise NodeError(
            f"{named(path)} holds {kind or 'no language model'}; this node loads those that answer in words"
        )
    architecture = Architecture("transformers", kind, lambda weights: {})
    module = architecture.from_folder(path, precision.dtype(architecture.precisions))
    words = read_tokenizer(AutoTokenizer, path)
    check_tables(named(path), words, module)
    return LanguageModel(ready(module), words, _ends(module.generation_config.eos_token_id, words), EYES[kind])


def _ends(told: Any, tokenizer: Any) -> tuple[int, ...]:
    """The tokens that end an answer, by what a model or its tokenizer says."""
    found = told if isinstance(told, (list, tuple)) else [told]
    known = tokenizer.get_vocab()
    chat = [known[word] for word in (*QWEN_ENDS, "<end_of_turn>", "</s>") if word in known]
    return tuple(dict.fromkeys(int(one) for one in [*found, tokenizer.eos_token_id, *chat] if one is not None))


def _from_file(path: Path, precision: ComputePrecision, tokenizer: str) -> LanguageModel:
    found = recognise(path)
    answering = next((one for one in KINDS if one.means(found.family)), None)
    if answering is None:
        listed = ", ".join(one.told for one in KINDS)
        raise NodeError(f"{named(path)} holds {found.what or 'no language model'}; of files this node loads {listed}")
    file, what = WeightsFile(path), found.family
    weights = next((part for name in rule_book().parts if answering.means(name) and (part := file.part(name))), None)
    architecture = answering.architecture()
    dtype = precision.dtype(architecture.precisions)
    module = architecture.from_file(path, weights or file.alone(), what, dtype)
    file.close()
    most = module.get_input_embeddings().weight.shape[0]
    words = tokenizer_for(answering.tokenizing, path, what, tokenizer, most)
    if answering.frame and not words.chat_template:
        words.chat_template = answering.frame
    return LanguageModel(ready(module), words, _ends(None, words), EYES[answering.kind])
