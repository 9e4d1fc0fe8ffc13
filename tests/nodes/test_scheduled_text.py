"""Prompts that change, alternate and add up: as A1111 reads them, and what the denoiser then foresees."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.prompts.schedules import stretches, summands
from nodeflow.prompts.weights import PromptError
from nodeflow.wires import Conditioning
from nodes.conditioning.scheduled_text import scheduled_text_encode
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.weighted_text import weighted_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, guidance_interval, guidance_within, no_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.values.text_editing import wildcards


def a1111(text: str, steps: int) -> list[str]:
    """The text at each step, which A1111 looks for by the first entry whose end is not below the step, from 0."""
    return [one.text for one in stretches(text, steps) for _ in range(one.first, one.end)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a [b:c:0.5] d", ["a b d"] * 6 + ["a c d"] * 4),
        ("[b:3]", [""] * 4 + ["b"] * 6),
        ("[b::3]", ["b"] * 4 + [""] * 6),
        ("[a|b]", ["a", "a", "b", "a", "b", "a", "b", "a", "b", "a"]),
        ("[a|b|]", ["a", "a", "b", "", "a", "b", "", "a", "b", ""]),
        ("[a:b:0]", ["b"] * 10),
        ("[a:b:99]", ["a"] * 10),
        ("[a:b:1.0]", ["a"] * 10),
        ("[[a:b:2]:c:6]", ["a"] * 3 + ["b"] * 4 + ["c"] * 3),
        ("(a [b:c:.5]:1.2)", ["(a b:1.2)"] * 6 + ["(a c:1.2)"] * 4),
        ("[(a:1.2):b:2]", ["(a:1.2)"] * 3 + ["b"] * 7),
        ("[a] [a:b] [a:b:c:2] \\[a:b:2\\] [x", ["[a] [a:b] [a:b:c:2] \\[a:b:2\\] [x"] * 10),
    ],
)
def test_a_text_changes_as_a1111_has_it(text: str, wanted: list[str]) -> None:
    assert a1111(text, 10) == wanted


def test_texts_are_told_apart_by_and() -> None:
    found = summands("a cat :1.2 AND a dog AND [a:b:2]:-0.3", 4)
    assert [(one.weight, [part.text.strip() for part in one.stretches]) for one in found] == [
        (1.2, ["a cat"]),
        (1.0, ["a dog"]),
        (-0.3, ["a", "b"]),
    ]
    assert [one.weight for one in summands("SAND and BRAND", 4)] == [1.0]
    with pytest.raises(PromptError, match="more than 50 deep"):
        summands("[" * 60 + "a" + "]" * 60, 4)


def predicted(model: LatentDiffusion, positive: Conditioning, index: int, total: int, scale: float = 3.0) -> Tensor:
    guider = classifier_free_guidance(
        unet_denoiser(model.unet), positive, clip_text_encode(model.text_encoder, ""), scale
    ).at(index, total)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return guider.predict(x, torch.tensor(500), index, total).output


def test_each_step_is_led_by_its_text(tiny: LatentDiffusion) -> None:
    text = scheduled_text_encode(tiny.text_encoder, "[red:blue:0.5] (star:1.3)", 10, "ComfyUI")
    for index in range(10):
        now = weighted_text_encode(tiny.text_encoder, f"{'red' if index < 6 else 'blue'} (star:1.3)")
        torch.testing.assert_close(predicted(tiny, text, index, 10), predicted(tiny, now, index, 10))
    assert predicted(tiny, text, 0, 10).ne(predicted(tiny, text, 9, 10)).any()


def test_texts_joined_by_and_add_up(tiny: LatentDiffusion) -> None:
    text = scheduled_text_encode(tiny.text_encoder, "red star :0.8 AND blue :-0.3", steps=10)
    found = predicted(tiny, text, 3, 10, scale=3.0)
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        one, other, without = (
            unet_denoiser(tiny.unet).predict(
                x, torch.tensor(500), weighted_text_encode(tiny.text_encoder, words, weights="A1111")
            )
            for words in ("red star", " blue", "")
        )
    wanted = without + 3.0 * (0.8 * (one - without) - 0.3 * (other - without))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_a_plain_text_is_that_of_the_weighted_encoder(tiny: LatentDiffusion) -> None:
    found = scheduled_text_encode(tiny.text_encoder, "(red:1.2) star")
    plain = weighted_text_encode(tiny.text_encoder, "(red:1.2) star", weights="A1111")
    assert found.region is None and not found.beside
    assert found.tokens is not None and plain.tokens is not None and torch.equal(found.tokens, plain.tokens)


def test_what_adds_up_needs_something_to_add_to(tiny: LatentDiffusion) -> None:
    text = scheduled_text_encode(tiny.text_encoder, "red AND blue")
    denoiser = unet_denoiser(tiny.unet)
    with pytest.raises(NodeError, match="add to what a negative text says"):
        no_guidance(denoiser, text)
    with pytest.raises(NodeError, match="add to what a negative text says"):
        classifier_free_guidance(denoiser, text)
    guider = classifier_free_guidance(denoiser, text, clip_text_encode(tiny.text_encoder, ""), 5.0)
    assert guidance_interval(guider, 0.2, 0.8).at(0, 10).denoiser is denoiser
    within = guidance_within(no_guidance(denoiser), guider, 0.5, 1.0)
    assert type(within.at(4, 10)) is type(guider.at(4, 10)) is not type(within.at(5, 10))


def test_wildcards_are_lines_of_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "colour.txt").write_text("# of cats\nred\n\n{light|dark} __in/tone__\n", encoding="utf-8-sig")
    (tmp_path / "in" / "tone.txt").write_text("blue\n")
    found = {wildcards("a __colour__ cat", tmp_path, seed) for seed in range(40)}
    assert found == {"a red cat", "a light blue cat", "a dark blue cat"}
    assert wildcards("a __colour__ cat", tmp_path, 3) == wildcards("a __colour__ cat", tmp_path, 3)
    assert wildcards("plain {x} __init", Path(), 0) == "plain x __init"


def test_lines_have_weights_and_several_are_taken_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "colour.txt").write_text("red\n8::blue\n")
    assert [wildcards("__colour__", tmp_path, seed) for seed in range(200)].count("blue") > 150
    assert {wildcards("{2$$__colour__}", tmp_path, seed) for seed in range(40)} == {"red, blue", "blue, red"}
    found = {wildcards("{2$$ & $$__colour__|sky}", tmp_path, seed) for seed in range(60)}
    (tmp_path / "long.txt").write_text("word\n" * 100_000)
    with pytest.raises(NodeError, match="million"):
        wildcards("{2$$" + "|".join(["__long__"] * 50) + "}", tmp_path, 0)
    assert found == {f"{one} & {two}" for one in ("red", "blue", "sky") for two in ("red", "blue", "sky") if one != two}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("__none__", "the text names the wildcard 'none'"),
        ("__../outside__", "the text names the wildcard '../outside'"),
        ("__empty__", "empty.txt has no line"),
        ("__circle__", "these wildcards lead to themselves"),
        ("__one__", "these wildcards lead to themselves"),
        ("{2$$__one__|b|c}", "these wildcards lead to themselves"),
    ],
)
def test_wildcards_that_lead_nowhere_are_refused(tmp_path: Path, text: str, why: str) -> None:
    folder = tmp_path / "words"
    folder.mkdir()
    (tmp_path / "outside.txt").write_text("secret\n")
    (folder / "empty.txt").write_text("# nothing\n")
    (folder / "circle.txt").write_text("__circle__\n")
    (folder / "one.txt").write_text("a __other__\n")
    (folder / "other.txt").write_text("{__one__}\n")
    with pytest.raises(NodeError, match=why):
        wildcards(text, folder, 0)


def test_wildcards_need_their_folder() -> None:
    with pytest.raises(NodeError, match="choose the folder"):
        wildcards("a __colour__ cat")


def test_wildcards_in_other_writings_are_read_or_refused(tmp_path: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (tmp_path / "drink.txt").write_bytes("café\n".encode(encoding))
        assert wildcards("__drink__", tmp_path, 1) == "café"
    for data in ("café\n".encode("cp1252"), b"\xff\xfea", b"\x89PNG\r\n"):
        (tmp_path / "drink.txt").write_bytes(data)
        with pytest.raises(NodeError, match=r"drink\.txt is not UTF-8 text; save it as such"):
            wildcards("__drink__", tmp_path, 1)
