"""Sampling of image tokens: the libraries' own numbers, batches and singles, what is kept, and what goes wrong."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AmusedInpaintPipeline, AmusedPipeline
from torch import Tensor
from transformers import GPT2LMHeadModel

from nodeflow.node import NodeError
from nodeflow.wires import Codes, Conditioning, SequenceTransformer
from nodes.latents.codes import edit_codes, load_vq, vq_decode, vq_encode
from nodes.samplers.autoregressive import autoregressive_sample, drawn, load_dalle
from nodes.samplers.masked_tokens import Filled, MaskedTokens, load_masked_tokens, masked_sample
from tests.nodes.conftest import tiny_tokenizer
from tests.nodes.test_codes import picture
from tests.nodes.test_dit import finish
from tests.nodes.tiny_tokens import TinyTokens, save_dalle


@pytest.fixture(scope="module")
def amused(tiny_tokens: TinyTokens) -> MaskedTokens:
    return load_masked_tokens(str(tiny_tokens.amused))


@pytest.fixture(scope="module")
def dalle(tiny_tokens: TinyTokens) -> SequenceTransformer:
    return load_dalle(str(tiny_tokens.dalle))


def fill(model: MaskedTokens, **options: Any) -> tuple[list[Any], Filled]:
    texts = [model.text_encoder.encode([text]) for text in ("red star", "")]
    return finish(masked_sample(model.transformer, texts[0], texts[1], **options))


def test_rounds_are_those_of_amused(amused: MaskedTokens, tiny_tokens: TinyTokens) -> None:
    pipeline = AmusedPipeline.from_pretrained(tiny_tokens.amused)
    pipeline.set_progress_bar_config(disable=True)
    seen: list[Tensor] = []
    wanted = pipeline(
        "red star",
        num_inference_steps=5,
        guidance_scale=3.0,
        generator=torch.Generator().manual_seed(7),
        output_type="latent",
        return_dict=False,
        temperature=(2, 0),
        callback=lambda step, time, codes: seen.append(codes.clone()),
    )[0]
    steps, found = fill(amused, vq=amused.vq, rounds=5, guidance=3.0, seed=7)
    assert len(seen) == len(found.rounds.values) == len(steps) == 5
    for mine, its in zip(found.rounds.values, seen, strict=True):
        assert torch.equal(mine, its[0].masked_fill(its[0] == 19, -1))
    assert torch.equal(found.codes.values, wanted)
    assert len(wanted.unique()) > 3
    assert [int((codes < 0).sum()) for codes in found.rounds.values] == [60, 51, 37, 19, 0]
    sure = found.confidence.values
    assert sure.shape == (5, 1, 8, 8) and (sure[0] < 1).all() and (sure > 0).all()
    for before, certain in zip(found.rounds.values, sure[1:, 0], strict=False):
        assert torch.equal(certain == 1, before >= 0), "what stood already is certain"


@torch.no_grad()
def test_scores_and_pictures_are_those_of_amused(amused: MaskedTokens, tiny_tokens: TinyTokens) -> None:
    pipeline = AmusedPipeline.from_pretrained(tiny_tokens.amused)
    pipeline.set_progress_bar_config(disable=True)
    wanted = pipeline("red star", num_inference_steps=3, generator=torch.Generator().manual_seed(1), output_type="pt")
    _, found = fill(amused, rounds=3, guidance=10.0, seed=1)
    torch.testing.assert_close(vq_decode(amused.vq, found.codes).pixels, wanted.images, atol=1e-4, rtol=0)


def test_erased_codes_are_filled_in_as_amused_does(amused: MaskedTokens, tiny_tokens: TinyTokens) -> None:
    pipeline: Any = AmusedInpaintPipeline.from_pretrained(tiny_tokens.amused)
    pipeline.set_progress_bar_config(disable=True)
    image, mask = picture(1, 32), torch.zeros(1, 1, 32, 32)
    mask[..., 8:24, 4:28] = 1
    wanted = pipeline(
        "red star",
        image.pixels,
        mask,
        strength=1.0,
        num_inference_steps=4,
        guidance_scale=2.0,
        generator=torch.Generator().manual_seed(3),
        output_type="latent",
        return_dict=False,
    )[0]
    codes = edit_codes(vq_encode(amused.vq, image), x=1, y=2, width=6, height=4)
    _, found = fill(amused, codes=codes, rounds=4, guidance=2.0, masking="linear", seed=3)
    assert torch.equal(found.codes.values, wanted)
    kept = codes.values >= 0
    assert torch.equal(found.codes.values[kept], codes.values[kept])
    assert int((~kept).sum()) == 24
    whole = vq_encode(amused.vq, image)
    assert torch.equal(fill(amused, codes=whole, rounds=2)[1].codes.values, whole.values), "nothing is to be filled in"


def test_a_picture_of_a_batch_is_that_of_its_seed(amused: MaskedTokens, dalle: SequenceTransformer) -> None:
    _, batch = fill(amused, rounds=3, pictures=3, seed=5)
    _, single = fill(amused, rounds=3, seed=7)
    assert torch.equal(batch.codes.values[2:], single.codes.values)
    assert not torch.equal(batch.codes.values[0], batch.codes.values[1])
    _, written = finish(autoregressive_sample(dalle, text="red star", pictures=3, seed=5))
    _, alone = finish(autoregressive_sample(dalle, text="red star", pictures=1, seed=7))
    assert torch.equal(written.values[2:], alone.values)
    assert not torch.equal(written.values[0], written.values[1])


def test_the_likeliest_codes_are_those_that_transformers_writes(
    tiny_tokens: TinyTokens, dalle: SequenceTransformer
) -> None:
    module: Any = GPT2LMHeadModel.from_pretrained(tiny_tokens.dalle / "transformer").eval()
    tokens = tiny_tokenizer()(["red star"], padding="max_length", max_length=6, return_tensors="pt").input_ids
    words = dalle.words
    wanted = module.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        do_sample=False,
        min_new_tokens=9,
        max_new_tokens=9,
        suppress_tokens=list(range(words)),
    )
    steps, found = finish(autoregressive_sample(dalle, text="red star", pictures=1, temperature=0.0))
    assert len(steps) == 9
    assert torch.equal(found.values.flatten(), wanted[0, 6:] - words)


@torch.no_grad()
def test_guidance_is_between_two_texts_at_every_code(tiny_tokens: TinyTokens, dalle: SequenceTransformer) -> None:
    module: Any = GPT2LMHeadModel.from_pretrained(tiny_tokens.dalle / "transformer").eval()
    _, found = finish(autoregressive_sample(dalle, text="red star", pictures=1, temperature=0.0, guidance=4.0))
    texts = tiny_tokenizer()(["red star", ""], padding="max_length", max_length=6, return_tensors="pt").input_ids
    codes = found.values.flatten()
    both = torch.cat([texts, (codes + dalle.words).expand(2, -1)], 1)
    scores = module(both).logits[:, 5:14, dalle.words :]
    assert torch.equal((scores[1] + 4.0 * (scores[0] - scores[1])).argmax(-1), codes)
    _, other = finish(autoregressive_sample(dalle, text="red star", pictures=1, temperature=0.0))
    assert not torch.equal(other.values, found.values)


def test_codes_that_stand_already_are_kept_and_read(dalle: SequenceTransformer) -> None:
    given = Codes(torch.tensor([[[3, 5, 7], [-1, -1, -1], [2, -1, 2]]]), 16)
    _, found = finish(autoregressive_sample(dalle, given, text="blue", pictures=2, temperature=0.0))
    kept = (given.values >= 0).expand(2, -1, -1)
    assert torch.equal(found.values[kept], given.values.expand(2, -1, -1)[kept])
    assert (found.values >= 0).all()
    _, free = finish(autoregressive_sample(dalle, text="blue", pictures=1, temperature=0.0))
    assert not torch.equal(free.values[0, 1], found.values[0, 1]), "what stands before changes what comes next"


def test_top_k_and_temperature_narrow_the_choice() -> None:
    scores, seed = torch.tensor([0.0, 3.0, 2.0, 1.0]), torch.Generator().manual_seed(0)
    assert {int(drawn(scores, 1.0, 2, seed)) for _ in range(60)} == {1, 2}
    assert {int(drawn(scores, 5.0, 0, seed)) for _ in range(200)} == {0, 1, 2, 3}
    assert {int(drawn(scores, 0.05, 0, seed)) for _ in range(60)} == {1}
    assert int(drawn(scores, 0.0, 3, seed)) == 1


def test_the_first_picture_is_shown_row_by_row(tiny_tokens: TinyTokens, dalle: SequenceTransformer) -> None:
    vq = load_vq(str(tiny_tokens.vq))
    steps, found = finish(autoregressive_sample(dalle, vq=vq, text="red", pictures=2))
    shown = [step.value for step in steps if step.value is not None]
    assert len(shown) == 3
    assert (shown[0].pixels[:, :, 4:] == 0.5).all(), "what is not written yet is grey"
    assert torch.equal(shown[2].pixels, vq_decode(vq, Codes(found.values[:1], 16)).pixels)


def test_what_does_not_go_together_is_a_sentence(
    amused: MaskedTokens, dalle: SequenceTransformer, tiny_tokens: TinyTokens, tiny_folder: Path, tmp_path: Path
) -> None:
    text = amused.text_encoder.encode(["red"])
    with pytest.raises(NodeError, match="knows 16 codes, not 9"):
        finish(autoregressive_sample(dalle, Codes(torch.zeros(1, 3, 3).long(), 9)))
    with pytest.raises(NodeError, match="1 x 2 x 2; 4 images of 3 x 3 codes"):
        finish(autoregressive_sample(dalle, Codes(torch.zeros(1, 2, 2).long(), 16)))
    with pytest.raises(NodeError, match="knows 16 codes, not 9"):
        finish(masked_sample(amused.transformer, text, codes=Codes(torch.zeros(1, 3, 3).long(), 9)))
    with pytest.raises(NodeError, match="of 2 images and 3 are wanted"):
        finish(masked_sample(amused.transformer, text, codes=Codes(torch.zeros(2, 3, 3).long() - 1, 16), pictures=3))
    with pytest.raises(NodeError, match="as tokens and as a whole"):
        finish(masked_sample(amused.transformer, Conditioning(text.tokens)))
    with pytest.raises(NodeError, match="come from another text encoder"):
        finish(masked_sample(amused.transformer, Conditioning(torch.zeros(1, 4, 7), torch.zeros(1, 24))))
    with pytest.raises(NodeError, match=r"holds Stable Diffusion 1 or 2, .*; Load masked-token model loads"):
        load_masked_tokens(str(tiny_folder))
    with pytest.raises(NodeError, match="Load DALL-E loads a folder with a language model"):
        load_dalle(str(tiny_folder))
    with pytest.raises(NodeError, match="lacks image_side; this model knows nothing of images"):
        load_dalle(str(save_dalle(tmp_path / "text", tiny_tokenizer(), image_side=None)))
    with pytest.raises(NodeError, match="contradicts itself"):
        load_dalle(str(save_dalle(tmp_path / "short", tiny_tokenizer(), n_positions=10)))
