"""Texts with weights against the formulas of the programs that they come from, on CLIP with random weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from nodeflow.node import NodeError, noting
from nodeflow.wires import Conditioning, TextEncoder
from nodes.conditioning.prompt_language.encoding import WEIGHING
from nodes.conditioning.prompt_language.weighing import Heard
from nodes.conditioning.text_encode import clip_text_encode
from nodes.conditioning.weighted_text import picture_sizes, weighted_text_encode
from nodes.denoisers.denoisers import unet_denoiser
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.loaders.read.parts import CLIPText
from nodes.loaders.text_encoders.joint import PairText, Reader, TwinText
from tests.nodes.flow_models import clip_shape
from tests.nodes.test_xl import UNET, WIDTHS, save_xl

WAYS = "ComfyUI", "A1111", "A1111, no norm", "diffusers", "compel", "off"


def tokens_of(conditioning: Conditioning) -> Tensor:
    assert conditioning.tokens is not None
    return conditioning.tokens


def by_hand(encoder: TextEncoder, weights: dict[int, float]) -> tuple[Tensor, Tensor, Tensor]:
    """z, w and e of "red star" with weights at some places, from the encoder that is there without weights."""
    z = tokens_of(clip_text_encode(encoder, "red star"))
    w = torch.ones(1, z.shape[1], 1)
    for place, weight in weights.items():
        w[0, place] = weight
    return z, w, tokens_of(clip_text_encode(encoder, ""))


@pytest.mark.parametrize("way", WAYS)
def test_without_weights_it_is_the_plain_text(tiny: LatentDiffusion, way: Any) -> None:
    for text in ("red star", "blue", ""):
        plain, found = clip_text_encode(tiny.text_encoder, text), weighted_text_encode(tiny.text_encoder, text, "", way)
        torch.testing.assert_close(tokens_of(found), tokens_of(plain), rtol=0, atol=1e-6)
        torch.testing.assert_close(found.pooled, plain.pooled, rtol=0, atol=1e-6)
        assert found.words == plain.words


def test_comfyui_goes_from_the_empty_text(tiny: LatentDiffusion) -> None:
    z, w, e = by_hand(tiny.text_encoder, {1: 1.5})
    found = weighted_text_encode(tiny.text_encoder, "(red:1.5) star")
    torch.testing.assert_close(tokens_of(found), e + w * (z - e), rtol=0, atol=1e-5)
    torch.testing.assert_close(found.pooled, clip_text_encode(tiny.text_encoder, "red star").pooled, rtol=0, atol=1e-6)


def test_compel_goes_on_towards_the_text_without_weak_words(tiny: LatentDiffusion) -> None:
    z, w, e = by_hand(tiny.text_encoder, {1: 1.5, 2: 0.25})
    assert isinstance(tiny.text_encoder, CLIPText)
    reader = tiny.text_encoder.token_readers()[0]
    numbers = torch.tensor([reader.tokenizer("red star", padding="max_length", max_length=reader.length).input_ids])
    seen = torch.ones_like(numbers)
    seen[0, 2] = 0
    with torch.no_grad():
        without = reader.module(numbers, attention_mask=seen).last_hidden_state
    share = math.tan(0.75 * math.pi / 2)
    wanted = (e + w * (z - e) + share * (e + w * (without - e))) / (1 + share)
    found = tokens_of(weighted_text_encode(tiny.text_encoder, "(red)1.5 (star)0.25", weights="compel"))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)
    none = tokens_of(weighted_text_encode(tiny.text_encoder, "red (star)0.0", weights="compel"))
    plain = without.clone()
    plain[0, 2] = e[0, 2]
    torch.testing.assert_close(none, plain, rtol=0, atol=1e-3)


def test_a1111_keeps_the_mean(tiny: LatentDiffusion) -> None:
    z, w, _ = by_hand(tiny.text_encoder, {1: 1.5, 2: 1 / 1.1})
    found = tokens_of(weighted_text_encode(tiny.text_encoder, "(red:1.5) [star]", weights="A1111"))
    torch.testing.assert_close(found, w * z * z.mean() / (w * z).mean(), rtol=1e-4, atol=1e-5)
    found = tokens_of(weighted_text_encode(tiny.text_encoder, "(red:1.5) [star]", weights="A1111, no norm"))
    torch.testing.assert_close(found, w * z, rtol=0, atol=1e-5)


def test_chunks_have_their_own_mean_and_the_text_one_of_all(tiny: LatentDiffusion) -> None:
    parts = [tokens_of(clip_text_encode(tiny.text_encoder, text)) for text in ("red", "star")]
    raised = parts[0].clone()
    raised[0, 1] *= 2
    text = "(red:2) BREAK star"
    found = tokens_of(weighted_text_encode(tiny.text_encoder, text, weights="A1111"))
    wanted = torch.cat([raised * parts[0].mean() / raised.mean(), parts[1]], 1)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    found = tokens_of(weighted_text_encode(tiny.text_encoder, text, weights="diffusers"))
    both = torch.cat([raised, parts[1]], 1)
    torch.testing.assert_close(found, both * torch.cat(parts, 1).mean() / both.mean(), rtol=1e-4, atol=1e-5)


def test_a_long_text_comes_in_chunks(tiny: LatentDiffusion) -> None:
    red, blue = " ".join(["red"] * 14), " ".join(["blue"] * 3)
    with noting() as notes:
        found = weighted_text_encode(tiny.text_encoder, f"{red} {blue}")
    parts = [clip_text_encode(tiny.text_encoder, text) for text in (red, blue)]
    torch.testing.assert_close(tokens_of(found), torch.cat([tokens_of(part) for part in parts], 1), rtol=0, atol=1e-6)
    torch.testing.assert_close(found.pooled, parts[0].pooled, rtol=0, atol=1e-6)
    assert found.words == parts[0].words + parts[1].words
    assert notes == []


def test_clip_skip_takes_an_earlier_layer_with_the_last_norm(tiny: LatentDiffusion) -> None:
    encoder: Any = tiny.text_encoder
    rows = encoder.tokenizer(["red"], padding="max_length", max_length=16, return_tensors="pt").input_ids
    with torch.no_grad():
        said = encoder.module(rows, output_hidden_states=True)
        norm = next(part for name, part in encoder.module.named_modules() if name.endswith("final_layer_norm"))
        wanted = norm(said.hidden_states[-2])
    found = tokens_of(weighted_text_encode(encoder, "red", clip_skip=2))
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    torch.testing.assert_close(
        tokens_of(weighted_text_encode(encoder, "red", clip_skip=1)), tokens_of(weighted_text_encode(encoder, "red"))
    )
    with pytest.raises(NodeError, match="clip_skip is 9, and this text encoder has the layers 1 to 2 from the end"):
        weighted_text_encode(encoder, "red", clip_skip=9)


def test_the_layer_that_stable_diffusion_2_leaves_out_is_counted(words: CLIPTokenizer) -> None:
    config = clip_shape(words, 16)
    config.num_hidden_layers = 23
    encoder = CLIPText(words, CLIPTextModel(config).eval(), 16)
    with pytest.raises(NodeError, match="has the layers 2 to 24 from the end"):
        weighted_text_encode(encoder, "red", clip_skip=1)
    own, second = (tokens_of(weighted_text_encode(encoder, "red", clip_skip=skip)) for skip in (0, 2))
    assert torch.equal(own, second)


@pytest.fixture(scope="module")
def twin(words: CLIPTokenizer) -> TwinText:
    torch.manual_seed(0)
    first = CLIPTextModel(clip_shape(words, WIDTHS[0])).eval()
    second = CLIPTextModelWithProjection(clip_shape(words, WIDTHS[1])).eval()
    return TwinText((Reader(words, first, 16), Reader(words, second, 16)), True)


@pytest.mark.parametrize("skip", [1, 2, 3])
def test_both_encoders_of_xl_are_read_at_a_layer_as_the_library_has_it(twin: TwinText, skip: int) -> None:
    states = []
    for reader in twin.readers:
        with torch.no_grad():
            states.append(reader.module(reader.tokens(["red star"]), output_hidden_states=True).hidden_states[-skip])
    found = clip_text_encode(twin, "red star", skip)
    assert torch.equal(tokens_of(found), torch.cat(states, -1))
    torch.testing.assert_close(tokens_of(weighted_text_encode(twin, "red star", clip_skip=skip)), tokens_of(found))
    torch.testing.assert_close(found.pooled, clip_text_encode(twin, "red star").pooled)
    assert torch.equal(tokens_of(clip_text_encode(twin, "red star", 2)), tokens_of(clip_text_encode(twin, "red star")))
    assert torch.equal(tokens_of(clip_text_encode(twin, "", skip)), torch.zeros(1, 16, sum(WIDTHS)))


def test_plain_texts_are_read_at_a_layer_too(tiny: LatentDiffusion, words: CLIPTokenizer) -> None:
    for skip in (1, 2):
        plain = clip_text_encode(tiny.text_encoder, "red star", skip)
        weighted = weighted_text_encode(tiny.text_encoder, "red star", clip_skip=skip)
        torch.testing.assert_close(tokens_of(plain), tokens_of(weighted), rtol=0, atol=1e-6)
        assert plain.words == clip_text_encode(tiny.text_encoder, "red star").words
    config = clip_shape(words, 16)
    config.num_hidden_layers = 23
    second = CLIPText(words, CLIPTextModel(config).eval(), 16)  # Stable Diffusion 2's, whose last layer is left out
    own = tokens_of(clip_text_encode(second, "red"))
    assert torch.equal(tokens_of(clip_text_encode(second, "red", 2)), own)
    assert not torch.allclose(tokens_of(clip_text_encode(second, "red", 3)), own)
    with pytest.raises(NodeError, match="has the layers 2 to 24 from the end"):
        clip_text_encode(second, "red", 1)
    with pytest.raises(NodeError, match="read at one layer alone; set clip_skip to 0"):
        clip_text_encode(PairText(None, None), "red", 2)  # type: ignore[arg-type]


def test_both_encoders_of_xl_read_the_weights(twin: TwinText) -> None:
    plain = clip_text_encode(twin, "red star")
    torch.testing.assert_close(tokens_of(weighted_text_encode(twin, "red star")), tokens_of(plain), rtol=0, atol=1e-6)
    found = weighted_text_encode(twin, "(red:1.5) star", weights="A1111, no norm")
    wanted = tokens_of(plain).clone()
    wanted[0, 1] *= 1.5
    torch.testing.assert_close(tokens_of(found), wanted, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.pooled, plain.pooled, rtol=0, atol=1e-6)


def test_the_second_text_is_for_the_second_encoder(twin: TwinText, tiny: LatentDiffusion) -> None:
    pair = tokens_of(weighted_text_encode(twin, "red", "blue"))
    red, blue = (tokens_of(weighted_text_encode(twin, text)) for text in ("red", "blue"))
    assert torch.equal(pair, torch.cat([red[..., : WIDTHS[0]], blue[..., WIDTHS[0] :]], -1))
    long = tokens_of(weighted_text_encode(twin, "red", " ".join(["blue"] * 20)))
    assert long.shape == (1, 32, sum(WIDTHS))
    empty = tokens_of(weighted_text_encode(twin, ""))
    torch.testing.assert_close(long[:, 16:, : WIDTHS[0]], empty[..., : WIDTHS[0]], rtol=0, atol=1e-6)
    assert empty.abs().max() > 0
    with pytest.raises(NodeError, match="a single one, without use for second_text"):
        weighted_text_encode(tiny.text_encoder, "red", "blue")


def test_other_encoders_take_no_weights() -> None:
    with pytest.raises(NodeError, match="takes no weights; use CLIP text encode"):
        weighted_text_encode(PairText(None, None), "red")  # type: ignore[arg-type]


LAYOUTS: dict[str, Any] = {
    "emb_params": lambda vectors: {"emb_params": vectors},
    "string_to_param": lambda vectors: {"string_to_param.*": vectors},
    "a token's name": lambda vectors: {"<red-star>": vectors},
    "one vector": lambda vectors: {"<red-star>": vectors[0]},
    "both encoders": lambda vectors: {"clip_g": torch.ones(2, 40), "clip_l": vectors},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_embeddings_of_every_layout(tiny: LatentDiffusion, tmp_path: Path, layout: str) -> None:
    """The vectors of a token that the encoder has, from a file, are as the token itself."""
    encoder: Any = tiny.text_encoder
    (number,) = encoder.tokenizer("red", add_special_tokens=False).input_ids
    table = next(part for name, part in encoder.module.named_modules() if name.endswith("token_embedding")).weight
    one = layout == "one vector"
    file = tmp_path / "own.safetensors"
    save_file(LAYOUTS[layout](table[[number, number]].clone()), file)
    found = weighted_text_encode(encoder, f"star embedding:{file}, blue")
    wanted = weighted_text_encode(encoder, f"star {'red' if one else 'red red'}, blue")
    torch.testing.assert_close(tokens_of(found), tokens_of(wanted), rtol=0, atol=1e-6)
    assert f"{file} 1" in found.words
    torch.testing.assert_close(
        tokens_of(weighted_text_encode(encoder, f"(embedding:{file}:1.4)")),
        tokens_of(weighted_text_encode(encoder, f"({'red' if one else 'red red'}:1.4)")),
        rtol=0,
        atol=1e-6,
    )


def test_the_encoder_is_left_as_it_was(tiny: LatentDiffusion, tmp_path: Path) -> None:
    save_file({"emb_params": torch.ones(1, 32)}, tmp_path / "own.safetensors")
    before = tokens_of(clip_text_encode(tiny.text_encoder, "red"))
    weighted_text_encode(tiny.text_encoder, f"embedding:{tmp_path / 'own'}")
    assert torch.equal(tokens_of(clip_text_encode(tiny.text_encoder, "red")), before)


def test_an_embedding_for_one_encoder_of_xl_says_so(twin: TwinText, tmp_path: Path) -> None:
    save_file({"emb_params": torch.randn(1, WIDTHS[0])}, tmp_path / "one.safetensors")
    with noting() as notes:
        found = tokens_of(weighted_text_encode(twin, f"embedding:{tmp_path / 'one'}"))
    assert ["nothing for the encoder of 40 numbers" in note for _, note in notes] == [True]
    assert torch.equal(found[..., WIDTHS[0] :], tokens_of(weighted_text_encode(twin, ""))[..., WIDTHS[0] :])


def test_embeddings_that_cannot_be_had_are_a_sentence(tiny: LatentDiffusion, tmp_path: Path) -> None:
    def said(name: str) -> str:
        with pytest.raises(NodeError) as error:
            weighted_text_encode(tiny.text_encoder, f"a embedding:{tmp_path / name}")
        return str(error.value)

    assert "which there is not" in said("nowhere")
    save_file({"emb_params": torch.ones(1, 24)}, tmp_path / "narrow.safetensors")
    assert "holds vectors of 24 numbers, and this text encoder has 32" in said("narrow")
    save_file({"emb_params": torch.ones(15, 32)}, tmp_path / "long.safetensors")
    assert "takes 15 places, and this text encoder reads 14 at once" in said("long")
    (tmp_path / "broken.safetensors").write_bytes(b"nothing")
    assert "broken.safetensors is damaged" in said("broken")
    (tmp_path / "old.pt").write_bytes(b"nothing")
    assert "only .safetensors is read" in said("old.pt")


def test_xl_is_told_the_sizes(tmp_path: Path, words: CLIPTokenizer) -> None:
    model = load_latent_diffusion(str(save_xl(tmp_path / "xl", words, WIDTHS, **UNET)))
    text = clip_text_encode(model.text_encoder, "red")
    denoiser = unet_denoiser(model.unet)
    x, time = torch.randn(1, 4, 8, 6), torch.tensor(500)
    side = denoiser.format.downscale
    with torch.no_grad():
        usual = denoiser.predict(x, time, text)
        same = denoiser.predict(x, time, picture_sizes(text, 6 * side, 8 * side, 0, 0, 6 * side, 8 * side))
        other = denoiser.predict(x, time, picture_sizes(text, 1024, 512, 0, 0, 1024, 512))
    assert torch.equal(usual, same)
    assert not torch.allclose(usual, other)
    sizes = picture_sizes(text, 1, 2, 3, 4, 5, 6).sizes
    assert sizes is not None
    assert sizes.tolist() == [[2, 1, 4, 3, 6, 5]]


@pytest.mark.parametrize("way", ["A1111", "diffusers"])
def test_means_next_to_nothing_are_those_of_the_programs_to_the_bit(way: str) -> None:
    """The mean is taken over the same numbers in the same order, where it has few digits left."""
    made = torch.Generator().manual_seed(5)
    z = torch.randn(3, 77, 768, generator=made)
    z -= z.mean() - 1e-5
    w = 1 + torch.rand(3, 77, generator=made)
    found = WEIGHING[way](Heard(z, w, torch.zeros(3, 77), lambda: z[:1], lambda hidden: z))
    parts = z.split(1) if way == "A1111" else (z.flatten(0, 1)[None],)
    weights = w.split(1) if way == "A1111" else (w.flatten(0, 1)[None],)
    wanted = []
    for states, count in zip(parts, weights, strict=True):
        weighed = states * count[..., None]
        share = states.mean() / weighed.mean() if way == "A1111" else states.mean([-2, -1]) / weighed.mean([-2, -1])
        wanted.append(weighed * share)
    assert torch.equal(found, torch.cat(wanted).reshape(z.shape))
