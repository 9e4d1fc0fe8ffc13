"""Language models as GGUF: told by llama.cpp's name of their kind and by sizes."""

from pathlib import Path

import pytest

from nodeflow.library.recognise import recognise
from nodeflow.library.rules import rule_book
from tests.library.files import write_gguf

LANGUAGE: list[tuple[str, tuple[int, int], int, str, str]] = [
    ("llama", (131072, 5120), 32768, "Mistral Small 3", "Load text encoder"),
    ("mistral3", (131072, 5120), 32768, "Mistral Small 3", "Load text encoder"),
    ("llama", (131072, 5120), 14336, "Llama or Mistral", "Load text encoder"),
    ("llama", (128256, 4096), 14336, "Llama 3.1 8B", "Load text encoder"),
    ("mistral3", (131072, 3072), 9216, "Ministral 3 3B", "Load text encoder"),
    ("gemma2", (256000, 2304), 9216, "Gemma 2", "Load text encoder"),
    ("gemma3", (262144, 3840), 15360, "Gemma 3", "Load language model"),
    ("qwen3", (151936, 2560), 9728, "Qwen3 4B", "Load text encoder"),
    ("qwen3", (151936, 1024), 3072, "Qwen3 0.6B", "Load text encoder"),
    ("qwen3vl", (151936, 4096), 12288, "Qwen3-VL 8B", "Load text encoder"),
    ("qwen2vl", (152064, 3584), 18944, "Qwen2.5-VL 7B", "Load text encoder"),
    ("smollm3", (128256, 2048), 11008, "SmolLM3 3B", "Load text encoder"),
    ("chatglm", (151552, 4096), 13696, "GLM-4", "Load text encoder"),
    ("chatglm", (65024, 4096), 13696, "ChatGLM 3", "Load text encoder"),
    ("qwen35", (248320, 2560), 9216, "Qwen3.5", ""),
    ("falcon", (1000, 64), 256, "in GGUF", ""),
]


@pytest.mark.parametrize(("architecture", "table", "wide", "family", "node"), LANGUAGE)
def test_a_language_model_as_gguf_is_told_by_its_sizes(
    architecture: str, table: tuple[int, int], wide: int, family: str, node: str, tmp_path: Path
) -> None:
    """Sizes of the models' own configurations."""
    tensors = {
        "token_embd.weight": (table, 12),
        "blk.0.attn_q.weight": ((256, table[1]), 12),
        "blk.0.ffn_gate.weight": ((wide, table[1]), 12),
    }
    found = recognise(write_gguf(tmp_path / "m.gguf", tensors, {"general.architecture": architecture}))
    assert found.family == family
    assert (node in [rule_book().title(one) for one in found.nodes]) if node else (not found.nodes and found.reason)
