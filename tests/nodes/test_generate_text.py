"""Texts by language models: what transformers' own generation gives, from folders and files, with images."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    Gemma3Config,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    Ministral3Config,
    Ministral3ForCausalLM,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    MistralConfig,
    MistralForCausalLM,
    PixtralVisionConfig,
    PreTrainedTokenizerFast,
    Qwen3_5Config,
    Qwen3_5ForCausalLM,
    Qwen3_5ForConditionalGeneration,
    Qwen3_5TextConfig,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3VLForConditionalGeneration,
)

from nodeflow.node import NodeError, noting
from nodeflow.wires import Image, LanguageModel
from nodes.conditioning.generate_text import drawn, generate_text, load_language_model
from nodes.loaders.language_models.request import request
from tests.nodes.families.seeing_models import qwen_3_vl
from tests.nodes.families.small.parts import TEMPLATE, gemma_2, words
from tests.nodes.families.split_files import weights_of
from tests.nodes.test_sampling_parity import finish

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 16,
}


def save_qwen(folder: Path, tied: bool = True) -> Path:
    torch.manual_seed(0)
    tokenizer = words()
    config = Qwen3Config(
        **{**SMALL, "head_dim": 128},
        vocab_size=len(tokenizer),
        tie_word_embeddings=tied,
        eos_token_id=tokenizer.convert_tokens_to_ids("<|im_end|>"),
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_other(folder: Path, kind: str) -> Path:
    torch.manual_seed(0)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    inner = Tokenizer(models.BPE({letter: number for number, letter in enumerate([*alphabet, "</s>"])}, []))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    tokenizer.chat_template += "{{ messages[0].content }}"
    end = tokenizer.eos_token_id
    shape = {**SMALL, "vocab_size": len(tokenizer), "eos_token_id": end, "pad_token_id": end, "bos_token_id": end}
    others: dict[str, Callable[[], Any]] = {
        "gemma": lambda: Gemma3ForCausalLM(Gemma3TextConfig(**shape)),
        "mistral": lambda: MistralForCausalLM(MistralConfig(**shape)),
        "ministral": lambda: Ministral3ForCausalLM(Ministral3Config(**shape)),
        "seeing gemma": lambda: Gemma3ForConditionalGeneration(Gemma3Config(text_config=shape, vision_config=SIGLIP)),
        "seeing mistral": lambda: Mistral3ForConditionalGeneration(
            Mistral3Config(text_config=MistralConfig(**shape), vision_config=PIXTRAL)
        ),
    }
    others[kind]().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


SIGLIP = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "image_size": 28,
}
PIXTRAL = PixtralVisionConfig(hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=1)


def save_qwen_35(folder: Path, seeing: bool) -> Path:
    """Layers of linear attention and of the usual one, in turn."""
    torch.manual_seed(0)
    tokenizer = words()
    text = {
        **SMALL,
        "vocab_size": len(tokenizer),
        "num_hidden_layers": 4,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 2,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e6,
            "partial_rotary_factor": 1.0,
            "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
        },
    }
    if seeing:
        sight = {"depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32}
        model: Any = Qwen3_5ForConditionalGeneration(
            Qwen3_5Config(
                text_config=text,
                vision_config=sight,
                image_token_id=tokenizer.convert_tokens_to_ids("<|image_pad|>"),
                vision_start_token_id=tokenizer.convert_tokens_to_ids("<|vision_start|>"),
            )
        )
    else:
        model = Qwen3_5ForCausalLM(Qwen3_5TextConfig(**text))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_seeing(folder: Path) -> Path:
    torch.manual_seed(0)
    tokenizer = words()
    Qwen3VLForConditionalGeneration(qwen_3_vl(tokenizer, 32, 2)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def by_transformers(model: LanguageModel, images: tuple[Image, ...] = ()) -> str:
    """Its greedy answer."""
    asked = request(model, "be brief", "a red star", images)
    found = model.module.generate(**asked, do_sample=False, max_new_tokens=12, eos_token_id=list(model.ends))
    text: str = model.tokenizer.decode(found[0, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    return text.strip()


def answer(model: LanguageModel, *images: Image, **given: Any) -> str:
    found: str = finish(
        generate_text(model, *images, **{"prompt": "a red star", "system": "be brief", "most": 12, **given})
    )[1]
    return found


KINDS: dict[str, Callable[[Path], Path]] = {
    "qwen": save_qwen,
    "seeing": save_seeing,
    "qwen 3.5": functools.partial(save_qwen_35, seeing=False),
    "seeing qwen 3.5": functools.partial(save_qwen_35, seeing=True),
}
OTHERS = ("gemma", "mistral", "ministral", "seeing gemma", "seeing mistral")


@pytest.mark.parametrize("kind", [*KINDS, *OTHERS])
def test_the_likeliest_answer_is_that_of_transformers(kind: str, tmp_path: Path) -> None:
    save = KINDS.get(kind)
    folder = save(tmp_path / kind) if save else save_other(tmp_path / kind, kind)
    model = load_language_model(str(folder))
    found = answer(model, temperature=0.0)
    assert found == by_transformers(model)
    assert len(found) > 2


@pytest.mark.parametrize("kind", ["seeing", "seeing qwen 3.5"])
def test_an_answer_about_images_is_that_of_transformers(kind: str, tmp_path: Path) -> None:
    model = load_language_model(str(KINDS[kind](tmp_path / "seeing")))
    images = tuple(
        Image(torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))) for size in ((64, 96), (80, 80))
    )
    found = answer(model, *images, temperature=0.0)
    assert found == by_transformers(model, images)
    if kind == "seeing":  # the other one's random weights always say the same
        assert found != answer(model, *reversed(images), temperature=0.0)
    assert answer(model, temperature=0.0) == by_transformers(model)  # of the images nothing is left


def test_a_file_is_the_folder(tmp_path: Path) -> None:
    folder = save_qwen(tmp_path / "qwen")
    weights = {name: value for name, value in weights_of(folder).items() if name != "lm_head.weight"}
    save_file(weights, tmp_path / "qwen_3_4b.safetensors")
    wanted = answer(load_language_model(str(folder)), seed=4)
    assert answer(load_language_model(str(tmp_path / "qwen_3_4b.safetensors"), tokenizer=str(folder)), seed=4) == wanted
    untied = save_qwen(tmp_path / "untied", tied=False)
    save_file(weights_of(untied), tmp_path / "untied.safetensors")
    wanted = answer(load_language_model(str(untied)), seed=4)
    assert answer(load_language_model(str(tmp_path / "untied.safetensors"), tokenizer=str(folder)), seed=4) == wanted


GEMMA = {"num_hidden_layers": 2, "head_dim": 256, "sliding_window": 512}
ROTARY_35 = {"rope_theta": 1e7, "partial_rotary_factor": 0.25, "rope_type": "default"}
LINEAR = {"linear_num_key_heads": 1, "linear_num_value_heads": 2}
LINEAR |= {"linear_key_head_dim": 16, "linear_value_head_dim": 16}
FILES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "Gemma 3": (lambda shape: Gemma3ForCausalLM(Gemma3TextConfig(**shape, **GEMMA)), ""),
    "Qwen3.5": (
        lambda shape: Qwen3_5ForCausalLM(
            Qwen3_5TextConfig(**shape, **LINEAR, num_hidden_layers=4, head_dim=128, rope_parameters=ROTARY_35)
        ),
        "language_model.",
    ),
    "Mistral Small 3": (
        lambda shape: MistralForCausalLM(
            MistralConfig(
                **shape,
                num_hidden_layers=2,
                head_dim=128,
                rms_norm_eps=1e-5,
                sliding_window=None,
                rope_parameters={"rope_type": "default", "rope_theta": 1e9},
            )
        ),
        "",
    ),
}
"""Language models as files hold them, and what their files have before the names of the words."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_kind_is_the_folder(name: str, tmp_path: Path) -> None:
    """Beside sight, which is not read, and with its tokenizer as a tensor, by which Mistral's is told."""
    make, before = FILES[name]
    torch.manual_seed(0)
    tokenizer: Any = gemma_2(16)[1] if name == "Gemma 3" else words()
    tokenizer.chat_template = TEMPLATE
    shape = {key: value for key, value in SMALL.items() if key not in ("num_hidden_layers", "head_dim")}
    module = make({**shape, "vocab_size": len(tokenizer), "bos_token_id": None, "eos_token_id": None})
    module.save_pretrained(tmp_path / "folder")
    tokenizer.save_pretrained(tmp_path / "folder")
    whole = weights_of(tmp_path / "folder")
    saved = {key.replace("model.", f"model.{before}", 1): value for key, value in whole.items()}
    sight = {"vision_model.x.weight": torch.zeros(2), "tekken_model": torch.zeros(4, dtype=torch.uint8)}
    beside = {"model.visual.x": torch.zeros(1)} if name == "Qwen3.5" else sight
    save_file({**saved, **beside}, tmp_path / "m.safetensors")
    wanted = answer(load_language_model(str(tmp_path / "folder")), seed=4)
    found = load_language_model(str(tmp_path / "m.safetensors"), tokenizer=str(tmp_path / "folder"))
    assert answer(found, seed=4) == wanted


def test_a_file_without_a_head_that_answers_by_none_is_a_sentence(tmp_path: Path) -> None:
    make, _ = FILES["Mistral Small 3"]
    shape = {key: value for key, value in SMALL.items() if key not in ("num_hidden_layers", "head_dim")}
    weights = make({**shape, "vocab_size": 16, "bos_token_id": None, "eos_token_id": None}).state_dict()
    weights = {name: value for name, value in weights.items() if name != "lm_head.weight"}
    save_file({**weights, "tekken_model": torch.zeros(4, dtype=torch.uint8)}, tmp_path / "m.safetensors")
    with pytest.raises(NodeError, match=r"lacks lm_head.weight, by which it answers"):
        load_language_model(str(tmp_path / "m.safetensors"))


def test_a_seed_repeats_and_another_differs(tmp_path: Path) -> None:
    model = load_language_model(str(save_qwen(tmp_path / "qwen")))
    steps, found = finish(generate_text(model, prompt="a star", seed=1, most=12, temperature=2.0, top_k=0, top_p=1.0))
    assert [step.index for step in steps] == list(range(1, len(steps) + 1))
    again = finish(generate_text(model, prompt="a star", seed=1, most=12, temperature=2.0, top_k=0, top_p=1.0))[1]
    other = finish(generate_text(model, prompt="a star", seed=2, most=12, temperature=2.0, top_k=0, top_p=1.0))[1]
    assert found == again != other


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    logits = torch.tensor([1.0, 3.0, 2.0, -1.0])
    generator = torch.Generator().manual_seed(0)
    found = torch.tensor([drawn(logits, 1.0, 3, 1.0, generator) for _ in range(4000)]).bincount(minlength=4) / 4000
    wanted = logits.masked_fill(torch.tensor([False, False, False, True]), -torch.inf).softmax(0)
    torch.testing.assert_close(found, wanted, atol=0.03, rtol=0)
    few = {drawn(logits, 1.0, 0, 0.7, generator) for _ in range(200)}
    assert few == {1, 2}
    assert drawn(logits, 0.0, 0, 1.0, generator) == 1


def test_a_text_that_is_cut_is_told(tmp_path: Path) -> None:
    model = load_language_model(str(save_qwen(tmp_path / "qwen")))
    with noting() as said:
        answer(model, temperature=0.0, most=1)
    assert [sentence for _, sentence in said] == ["the text was cut after 1 tokens; raise most for a longer one"]


def test_what_cannot_be_answered_is_a_sentence(tmp_path: Path) -> None:
    model = load_language_model(str(save_qwen(tmp_path / "qwen")))
    with pytest.raises(NodeError, match="sees no images"):
        answer(model, Image(torch.rand(1, 3, 32, 32)))
    with pytest.raises(NodeError, match="nothing to answer"):
        answer(model, prompt=" ")
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(NodeError, match="BertModel"):
        load_language_model(str(other))
