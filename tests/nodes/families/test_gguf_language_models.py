"""Language models as GGUF in llama.cpp's layout, against transformers on the numbers that the file stands for.

Names by gguf-py's own table; rows and norms as llama.cpp's converters lay them (conversion/llama.py, gemma.py).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import gguf
import pytest
import torch
import transformers
from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
from torch import Tensor

from nodeflow.library.recognise import recognise
from nodes.loaders.families.fibo.smollm import SMOLLM_3
from nodes.loaders.families.flux_2.mistral import MISTRAL_SMALL_3
from nodes.loaders.families.kolors.chat_glm import CHAT_GLM_3
from nodes.loaders.language_models.files import KINDS
from nodes.loaders.models.architecture import Architecture
from nodes.loaders.models.weights_file import WeightsFile
from nodes.loaders.quantised.layers import is_stored
from nodes.loaders.text_encoders.kinds.gemma import GEMMA_2
from nodes.loaders.text_encoders.kinds.glm import GLM_4
from nodes.loaders.text_encoders.kinds.llama import LLAMA_31, ROTARY
from nodes.loaders.text_encoders.kinds.mistral import MINISTRAL_3
from nodes.loaders.text_encoders.kinds.qwen import QWEN_3_4B, QWEN_3_VL_4B, QWEN_25_VL_7B
from nodes.loaders.text_encoders.kinds.t5 import PILE_T5
from tests.nodes.families.gguf_files import write_gguf

Arch = gguf.MODEL_ARCH
LAYERS, HEADS = 2, 2
SIZES: dict[str, Any] = {
    "vocab_size": 96,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": 1,
}


SIGHT = {"depth": 1, "hidden_size": 32, "num_heads": 2, "intermediate_size": 32}
"""Of what sees beside the words, which is not read."""


class Written(NamedTuple):
    """A model of transformers, what llama.cpp calls its kind, and how its converter lays weights beside names."""

    model: torch.nn.Module
    arch: Any
    head: int = 0
    """Numbers a head, whose halves are laid in pairs; 0 where they are not."""
    raised: bool = False
    joined: bool = False


def paired(weight: Tensor, head: int) -> Tensor:
    return weight.unflatten(0, (-1, 2, head // 2)).transpose(1, 2).reshape(weight.shape)


def halved(weight: Tensor, head: int) -> Tensor:
    return weight.unflatten(0, (-1, head // 2, 2)).transpose(1, 2).reshape(weight.shape)


def written(path: Path, given: Written) -> None:
    """Write a model's weights, and give it the numbers that the file stands for."""
    names = gguf.get_tensor_name_map(given.arch, LAYERS)
    own, laid = dict(given.model.state_dict()), {}
    by_file: dict[str, str] = {}
    for name, weight in own.items():
        bare = name.removeprefix("model.").removeprefix("language_model.").removeprefix("model.")
        whole = (
            bare
            if bare.startswith(("encoder.", "shared.", "lm_head.", "embedding.", "output_layer."))
            else f"model.{bare}"
        )
        found = names.get_name(whole, (".weight", ".bias"))
        if found is None:
            continue
        turned = given.head and bare.rpartition(".")[0].endswith(("q_proj", "k_proj"))
        value = paired(weight, given.head) if turned else weight
        laid[found] = value + 1 if given.raised and found.endswith("norm.weight") else value
        by_file[found] = name
    blocks = "t5" if given.arch == Arch.T5 else gguf.MODEL_ARCH_NAMES[given.arch]
    if given.joined:
        laid = with_joined(laid)
    meant = write_gguf(path, gguf.MODEL_ARCH_NAMES[given.arch], laid, {f"{blocks}.note": "by a test"})
    if given.joined:
        meant = apart(meant, given.head or 128)
    for found, name in by_file.items():
        value = meant[found] - 1 if given.raised and found.endswith("norm.weight") else meant[found]
        turned = given.head and name.rpartition(".")[0].endswith(("q_proj", "k_proj"))
        own[name].copy_(halved(value, given.head) if turned else value)


def with_joined(laid: dict[str, Tensor]) -> dict[str, Tensor]:
    """Queries, keys and values in one, as files of GLM-4's first release have them."""
    found = {name: value for name, value in laid.items() if not any(f"attn_{one}." in name for one in "qkv")}
    for layer in range(LAYERS):
        for end in ("weight", "bias"):
            parts = [laid[f"blk.{layer}.attn_{one}.{end}"] for one in "qkv"]
            found[f"blk.{layer}.attn_qkv.{end}"] = torch.cat(parts)
    return found


def apart(meant: dict[str, Tensor], head: int) -> dict[str, Tensor]:
    found = dict(meant)
    for layer in range(LAYERS):
        for end in ("weight", "bias"):
            rows = meant[f"blk.{layer}.attn_qkv.{end}"].split((HEADS * head, head, head))
            found |= {f"blk.{layer}.attn_{one}.{end}": value for one, value in zip("qkv", rows, strict=True)}
    return found


def llama() -> Written:
    config = transformers.LlamaConfig(**SIZES, head_dim=128, rms_norm_eps=1e-5, rope_parameters=ROTARY)
    return Written(transformers.LlamaModel(config), Arch.LLAMA, 128)


def mistral() -> Written:
    rotary = {"rope_type": "default", "rope_theta": 1e9}
    config = transformers.MistralConfig(
        **SIZES, head_dim=128, rms_norm_eps=1e-5, sliding_window=None, rope_parameters=rotary
    )
    return Written(transformers.MistralModel(config), Arch.LLAMA, 128)


def ministral() -> Written:
    return Written(
        transformers.Ministral3Model(transformers.Ministral3Config(**SIZES, head_dim=128)), Arch.MISTRAL3, 128
    )


def smollm() -> Written:
    rotary = {"rope_type": "default", "rope_theta": 5e6}
    config = transformers.SmolLM3Config(**{**SIZES, "hidden_size": 256}, pad_token_id=None, rope_parameters=rotary)
    return Written(transformers.SmolLM3Model(config), Arch.SMOLLM3, 128)


def gemma_2() -> Written:
    return Written(transformers.Gemma2Model(transformers.Gemma2Config(**SIZES, head_dim=256)), Arch.GEMMA2, 0, True)


def glm(joined: bool) -> Written:
    config = transformers.GlmConfig(**SIZES, head_dim=128, attention_bias=True, pad_token_id=None)
    return Written(transformers.GlmModel(config), Arch.CHATGLM, 0, False, joined)


def chat_glm() -> Written:
    config = ChatGLMConfig(
        num_layers=LAYERS,
        padded_vocab_size=96,
        hidden_size=64,
        ffn_hidden_size=96,
        kv_channels=128,
        num_attention_heads=HEADS,
        seq_length=32768,
        add_qkv_bias=True,
        multi_query_attention=True,
        multi_query_group_num=1,
        original_rope=True,
        use_cache=False,
    )
    return Written(ChatGLMModel(config), Arch.CHATGLM)


def qwen_3() -> Written:
    rotary = {"rope_type": "default", "rope_theta": 1e6}
    config = transformers.Qwen3Config(**SIZES, head_dim=128, rms_norm_eps=1e-6, rope_parameters=rotary)
    return Written(transformers.Qwen3Model(config), Arch.QWEN3)


def qwen_3_vl() -> Written:
    rotary = {"rope_type": "default", "rope_theta": 5e6, "mrope_section": [24, 20, 20], "mrope_interleaved": True}
    config = transformers.Qwen3VLConfig(
        text_config={**SIZES, "head_dim": 128, "rms_norm_eps": 1e-6, "rope_parameters": rotary},
        vision_config={**SIGHT, "out_hidden_size": 64, "deepstack_visual_indexes": [0]},
    )
    return Written(transformers.Qwen3VLModel(config).language_model, Arch.QWEN3VL)


def qwen_25_vl() -> Written:
    config = transformers.Qwen2_5_VLConfig(
        text_config={
            **SIZES,
            "hidden_size": 256,
            "rms_norm_eps": 1e-6,
            "max_position_embeddings": 128000,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        },
        vision_config={**SIGHT, "out_hidden_size": 256},
    )
    return Written(transformers.Qwen2_5_VLModel(config).language_model, Arch.QWEN2VL)


def pile_t5() -> Written:
    config = transformers.UMT5Config(
        vocab_size=96, d_model=64, d_kv=32, d_ff=96, num_layers=LAYERS, num_heads=HEADS, feed_forward_proj="gated-gelu"
    )
    return Written(transformers.UMT5EncoderModel(config), Arch.T5)


def answering(told: str) -> Architecture:
    return next(one for one in KINDS if one.told == told).architecture()


def gemma_3() -> Written:
    config = transformers.Gemma3TextConfig(
        **SIZES,
        head_dim=256,
        sliding_window=512,
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
            "full_attention": {"rope_type": "default", "rope_theta": 1e6},
        },
    )
    return Written(transformers.Gemma3ForCausalLM(config), Arch.GEMMA3, 0, True)


def answering_mistral() -> Written:
    rotary = {"rope_type": "default", "rope_theta": 1e9}
    config = transformers.MistralConfig(
        **SIZES, head_dim=128, rms_norm_eps=1e-5, sliding_window=None, rope_parameters=rotary
    )
    return Written(transformers.MistralForCausalLM(config), Arch.LLAMA, 128)


MODELS: dict[str, tuple[Callable[[], Written], Architecture, str]] = {
    "Llama": (llama, LLAMA_31.architecture, "Llama or Mistral"),
    "Mistral Small 3": (mistral, MISTRAL_SMALL_3.architecture, "Llama or Mistral"),
    "Ministral 3": (ministral, MINISTRAL_3.architecture, "Ministral 3"),
    "SmolLM3": (smollm, SMOLLM_3.architecture, "SmolLM3 3B"),
    "Gemma 2": (gemma_2, GEMMA_2.architecture, "Gemma 2"),
    "GLM-4": (lambda: glm(False), GLM_4.architecture, "GLM-4"),
    "GLM-4 of its first release": (lambda: glm(True), GLM_4.architecture, "GLM-4"),
    "ChatGLM 3": (chat_glm, CHAT_GLM_3.architecture, "GLM-4"),
    "Qwen 3": (qwen_3, QWEN_3_4B.architecture, "Qwen3"),
    "Qwen3-VL": (qwen_3_vl, QWEN_3_VL_4B.architecture, "Qwen3-VL"),
    "Qwen 2.5 VL": (qwen_25_vl, QWEN_25_VL_7B.architecture, "Qwen2.5-VL"),
    "Pile-T5": (pile_t5, PILE_T5.architecture, "UMT5-XXL"),
    "Gemma 3 that answers": (gemma_3, answering("Gemma 3"), "Gemma 3"),
    "Mistral that answers": (answering_mistral, answering("Mistral Small 3"), "Llama or Mistral"),
}


def of_the_words(module: Any) -> Any:
    return getattr(module, "language_model", module)


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_it_reads_as_transformers_does(name: str, tmp_path: Path) -> None:
    make, architecture, family = MODELS[name]
    torch.manual_seed(0)
    given = make()
    given.model.eval()
    for weight in given.model.parameters():
        weight.copy_(torch.randn_like(weight) * 0.2 + (0.3 if weight.ndim == 1 else 0.0))
    path = tmp_path / "model.gguf"
    written(path, given)
    assert recognise(path).family == family
    file = WeightsFile(path)
    module = architecture.from_file(path, file.alone(), name, torch.float32).eval()
    file.close()
    assert any(is_stored(layer) for layer in module.modules())
    ids = torch.tensor([[5, 17, 3, 80, 41, 2, 9]])
    found = of_the_words(module)(input_ids=ids, output_hidden_states=True)
    wanted = given.model(input_ids=ids, output_hidden_states=True)
    assert len(found.hidden_states) == len(wanted.hidden_states) == LAYERS + 1
    for one, other in zip(found.hidden_states, wanted.hidden_states, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4)
    if "logits" in wanted:
        torch.testing.assert_close(found.logits, wanted.logits, atol=2e-4, rtol=1e-4)
