"""Words that a starter's text encoder does not know: told by the nodes for every one of them, in either language."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from nodeflow.known_words import KnownWords, known_words
from nodeflow.node import noting
from nodeflow.resources import folder
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.weighted_text import weighted_text_encode
from nodes.loaders.load_models import load_latent_diffusion
from training.data.known_words import MODELS, WITHOUT_PLACES, write_lists
from training.evaluation.languages import CHOOSING_SEED, held_out

STARTERS = sorted(path.parent for path in (folder("assets") / "models").glob("**/known_words.txt"))
OF_CLIP = [path for path in STARTERS if "imagen" not in path.parts]
STRANGE = ["zebra", "reds", "red1", "café", "斑马", "草原", "Ж", "😀", "12", "it's", "x" * 300]


@pytest.mark.parametrize("place", STARTERS, ids=lambda path: path.relative_to(MODELS).parts[0])
def test_every_word_of_training_is_known_and_every_other_is_told(place: Path) -> None:
    known = known_words(place)
    assert known is not None
    for line in (folder("assets") / "captions.txt").read_text(encoding="utf-8").splitlines():
        assert known.unknown(line) == [], line
    for word in STRANGE:
        assert known.unknown(f"a red {word}, on a blue background!") == [word]
        assert known.unknown(word * 2 if word == "斑马" else word) in ([word], [word * 2])


def test_all_starters_that_read_text_have_a_list_and_it_is_that_of_the_training(tmp_path: Path) -> None:
    assert {path.parent for path in MODELS.glob("**/tokenizer.json")} == set(STARTERS)
    for path in STARTERS:
        copy = tmp_path / path.relative_to(MODELS)
        copy.mkdir(parents=True)
        (copy / "tokenizer.json").write_bytes((path / "tokenizer.json").read_bytes())
    for path in write_lists(tmp_path):
        assert path.read_bytes() == (MODELS / path.relative_to(tmp_path)).read_bytes()


@pytest.mark.parametrize("place", STARTERS, ids=lambda path: path.relative_to(MODELS).parts[0])
def test_held_out_captions_are_known_in_both_languages_and_a_strange_word_in_each_is_told(place: Path) -> None:
    known = known_words(place)
    assert known is not None
    placed = place.relative_to(MODELS).parts[0] not in WITHOUT_PLACES
    asked, strange = held_out(placed=placed), held_out(CHOOSING_SEED, placed=placed)
    for english, chinese in zip(asked.english, asked.chinese, strict=True):
        assert known.unknown(english) == known.unknown(chinese) == []
    for number, (english, chinese) in enumerate(zip(strange.english, strange.chinese, strict=True)):
        word = STRANGE[number % len(STRANGE)]
        assert known.unknown(f"{english} {word}") == [word] == known.unknown(f"{chinese}，{word}")


@pytest.mark.parametrize("place", OF_CLIP, ids=lambda path: path.relative_to(MODELS).parts[0])
def test_each_chinese_word_is_one_token_and_english_is_read_as_before(place: Path) -> None:
    tokenizer = CLIPTokenizer.from_pretrained(place)
    last = len(tokenizer) - 1
    assert tokenizer.convert_tokens_to_ids(["<|startoftext|>", "<|endoftext|>"]) == [last - 1, last]
    read = tokenizer("一颗红色的星星在左边，蓝色背景", padding=False)["input_ids"]
    assert tokenizer.decode(read[1:-1]).replace(" ", "") == "一颗红色的星星在左边，蓝色背景"
    assert len(read) == 2 + len(["一颗", "红色", "的", "星星", "在", "左边", "，", "蓝色", "背景"])
    assert len(tokenizer("a red star, on a blue background", padding=False)["input_ids"]) == 2 + 8


def test_an_unknown_chinese_word_is_told_among_known_ones() -> None:
    known = known_words(MODELS / "latent-diffusion" / "tokenizer")
    assert known is not None
    assert known.unknown("一匹红色的斑马在草原上") == ["一匹", "斑马", "草原上"]


def test_large_letters_are_read_as_small_ones() -> None:
    assert KnownWords(frozenset({"red"})).unknown("RED Red blue") == ["blue"]
    assert KnownWords(frozenset({"red", "Bo"})).unknown("RED Bo") == ["RED"]
    assert KnownWords(frozenset({"red"})).sentence("red, red!") == ""
    words = frozenset({"star", "tree", "red", "moon", "blue"})
    told = "this text encoder does not know: zebra; it knows 5 words, such as blue, moon, star"
    assert KnownWords(words).sentence("zebra") == told, "the same in every process"


def test_a_model_without_a_list_knows_everything(tmp_path: Path) -> None:
    assert known_words(tmp_path) is None
    (tmp_path / "known_words.txt").write_bytes(b"\xff\xfe")
    assert known_words(tmp_path / "x") is None


def test_the_nodes_tell_what_is_unknown() -> None:
    encoder = load_latent_diffusion("starter:latent-diffusion").text_encoder
    with noting() as said:
        clip_text_encode(encoder, "a red zebra on a 草原 background")
    assert [sentence.partition(";")[0] for _, sentence in said] == ["this text encoder does not know: zebra, 草原"]
    with noting() as said:
        clip_text_encode(encoder, "a red star on a blue background")
        weighted_text_encode(encoder, "a (red:1.2) star")
    assert said == []
    with noting() as said:
        weighted_text_encode(encoder, "a (scarlet:1.2) star")
    assert "scarlet" in said[0][1]
