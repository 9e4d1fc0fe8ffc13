"""Texts as the model was trained to read them, and what is cut off of them told with its words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from open_clip.tokenizer import SimpleTokenizer

from nodeflow.app.canvas.editors.token_reading import Known, read
from nodeflow.app.canvas.editors.tokens import CLIP, _load
from nodeflow.node import noting
from nodeflow.prompt_text import as_clip_reads
from nodeflow.resources import folder
from nodes.conditioning.clip_space import clip_text_embedding, load_clip
from nodes.conditioning.text_encode import _encode_together, clip_text_encode
from nodes.loaders.families.clip.clip_pair import OpenCLIP
from nodes.loaders.load_models import load_latent_diffusion
from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.loaders.text_encoders.tokenizing import tell_cut, tell_lost, tokenized

ODD = [
    "it\N{RIGHT SINGLE QUOTATION MARK}s a cat",
    "\N{LEFT DOUBLE QUOTATION MARK}quoted\N{RIGHT DOUBLE QUOTATION MARK}",
    "the \N{LATIN SMALL LIGATURE FI}nal pro\N{LATIN SMALL LIGATURE FI}t",
    "cats &amp; dogs &amp;lt;3",
    "caf\N{LATIN SMALL LETTER A WITH TILDE}\N{COPYRIGHT SIGN} au lait",
    "  two\n\tlines\N{NO-BREAK SPACE}here ",
    "the \N{GREEK CAPITAL LETTER OMICRON}\N{GREEK CAPITAL LETTER SIGMA} of a word",
    "a plain red star",
]


@pytest.mark.parametrize("text", ODD)
def test_odd_letters_give_the_tokens_that_clip_was_trained_with(text: str) -> None:
    """The reference is open_clip's tokenizer, which is OpenAI's."""
    ids = tokenized(clip_tokenizer(False), [text], 77).input_ids[0].tolist()
    expected = SimpleTokenizer()([text])[0].tolist()
    length = expected.index(49407) + 1
    assert ids[:length] == expected[:length]


def test_the_window_counts_the_same_tokens() -> None:
    known = _load(folder("assets") / "models" / "latent-diffusion" / "tokenizer")
    assert known is not None and known.clip
    curly, plain = (read(text, known).words for text in ("it\N{RIGHT SINGLE QUOTATION MARK}s &amp;", "it's &"))
    assert curly.partition(" · ")[0] == plain.partition(" · ")[0]
    assert as_clip_reads("plain") == "plain"


def known_clip() -> Known:
    known = _load(CLIP)
    assert known is not None
    return known


SHOWN: dict[str, tuple[str, str]] = {
    "a (red:1.3) star": ("ComfyUI", "a red×1.3 star"),
    "((red)) [star]": ("ComfyUI", "red×1.21 [ star ]"),
    "((red)) [star]: \\(x\\)": ("A1111", "red×1.21 star×0.909 : ( x )"),
    "red++ (blue star)0.5": ("compel", "red×1.21 blue×0.5 star×0.5"),
    "a BREAK b": ("A1111", "a | b"),
    "embedding:own-style, (a)": ("ComfyUI", "own-style , a×1.1"),
    "(a.swap(b))": ("compel", ""),
    "(a)": ("off", "( a )"),
}


@pytest.mark.parametrize("text", SHOWN)
def test_the_window_shows_tokens_with_the_weights_that_they_are_encoded_with(text: str) -> None:
    way, wanted = SHOWN[text]
    found = read(text, known_clip(), way)
    shown = (
        " ".join(one.letters + ("" if one.weight == 1 else f"×{one.weight:.3g}") for one in chunk.tokens)
        for chunk in found.chunks
    )
    assert " | ".join(shown) == wanted
    assert wanted or "only weights are read here" in found.words


def test_the_window_shows_chunks_and_the_texts_along_the_steps() -> None:
    known = known_clip()
    long = read("a red star, " * 40, known, "A1111")
    assert [len(chunk.tokens) for chunk in long.chunks] == [75, 73, 12]
    assert long.words == "160 tokens in 3 chunks"
    found = read("a [red:(blue:1.5):4] star AND cat :0.5", known, "A1111", 10)
    assert [(chunk.label, [one.letters for one in chunk.tokens]) for chunk in found.chunks] == [
        ("1\u20135 × 1", ["a", "red", "star"]),
        ("6\u201310 × 1", ["a", "blue", "star"]),
        ("1\u201310 × 0.5", ["cat"]),
    ]
    assert [one.weight for one in found.chunks[1].tokens] == [1, 1.5, 1]
    assert found.words == "3 texts along 10 steps"
    assert read("a star", known, "A1111", 10).words == "2 tokens"
    assert "more than 50 deep" in read("[" * 60 + "a", known, "A1111", 10).words
    small = read("red " * 40, _load(folder("assets") / "models" / "latent-diffusion" / "tokenizer"))
    assert [one.lost for one in small.chunks[0].tokens] == [False] * 30 + [True] * 10


def notes(call: Any, *arguments: Any) -> list[tuple[int, str]]:
    """What is said of texts that are cut, with the number of the call."""
    with noting() as found:
        call(*arguments)
    return [(call, note) for call, note in found if note.startswith("the text is cut")]


def test_an_encoder_without_a_name_of_its_own_is_told_of_too() -> None:
    for name in ("", "PreTrained"):
        assert notes(tell_lost, name, 128, 130, " a star") == [
            (0, "the text is cut: of its 130 tokens 128 are read; left out is: a star")
        ]


LOST = "and a whale that nobody will see"
LONG = ", ".join(["a red star"] * 40) + " " + LOST


def test_what_is_cut_is_said_with_its_words() -> None:
    encoder = load_latent_diffusion().text_encoder
    ((_, note),) = notes(clip_text_encode, encoder, LONG)
    assert "CLIP reads 32 of its" in note
    assert note.endswith(LOST)
    assert notes(clip_text_encode, encoder, "a red star") == []


def test_of_several_texts_each_says_its_own() -> None:
    encoder = load_latent_diffusion().text_encoder
    calls = [{"text_encoder": encoder, "text": text} for text in ("a", LONG, "b", LONG + " ever")]
    found = notes(_encode_together, calls)
    assert [call for call, _ in found] == [1, 3]
    assert found[1][1].endswith("ever")


def test_texts_of_an_embedding_say_so_too() -> None:
    assert len(notes(clip_text_embedding, load_clip(), f"a star\n{LONG}")) == 1


def test_texts_for_open_clip_say_so_too() -> None:
    teller = OpenCLIP.__new__(OpenCLIP)
    object.__setattr__(teller, "tokenizer", SimpleTokenizer())
    ((_, note),) = notes(teller._tell_cut, ["a star", LONG])
    assert note.endswith(LOST)


def test_the_frame_around_a_text_is_not_told(tmp_path: Path) -> None:
    tokenizer = clip_tokenizer(False)
    whole = f"say {LONG} end of the frame"
    ((_, note),) = notes(tell_cut, tokenizer, whole, 60, 0, whole.rfind(LONG) + len(LONG))
    assert note.endswith(LOST)
