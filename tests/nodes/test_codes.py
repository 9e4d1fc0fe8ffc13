"""Images as codes: diffusers' own numbers, edits, the use of the codebook, and what goes wrong."""

from pathlib import Path

import pytest
import torch

from nodeflow.node import NodeError
from nodeflow.wires import VQ, Codes, Image
from nodes.latents.codes import codebook_use, edit_codes, load_vq, vq_decode, vq_encode
from tests.nodes.tiny_tokens import TinyTokens, new_vq


@pytest.fixture(scope="module")
def vq(tiny_tokens: TinyTokens) -> VQ:
    return load_vq(str(tiny_tokens.vq))


def picture(batch: int = 2, side: int = 16) -> Image:
    return Image(torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0)))


@torch.no_grad()
def test_codes_and_pictures_are_those_of_diffusers(vq: VQ) -> None:
    module, image = new_vq(), picture()
    codes = vq_encode(vq, image)
    latents = module.encode(2 * image.pixels - 1).latents
    distances = (latents[:, :, None] - module.quantize.embedding.weight.T[None, :, :, None, None]).square().sum(1)
    assert torch.equal(codes.values, distances.argmin(1))
    assert codes.values.shape == (2, 4, 4)
    assert codes.size == 16
    wanted = (module(2 * image.pixels - 1).sample / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(vq_decode(vq, codes).pixels, wanted, atol=1e-5, rtol=0)


@torch.no_grad()
def test_the_model_of_amused_takes_pictures_from_0_to_1(tmp_path: Path) -> None:
    module, image = new_vq(lookup_from_codebook=True), picture(1)
    module.save_pretrained(tmp_path / "vqvae")
    vq = load_vq(str(tmp_path))
    codes = vq_encode(vq, image)
    assert torch.equal(codes.values, module.quantize(module.encode(image.pixels).latents)[2][2].reshape(1, 4, 4))
    wanted = module.decode(codes.values, force_not_quantize=True, shape=(1, 4, 4, 4)).sample.clip(0, 1)
    torch.testing.assert_close(vq_decode(vq, codes).pixels, wanted, atol=1e-5, rtol=0)


def test_places_without_a_code_are_grey(vq: VQ) -> None:
    codes = edit_codes(vq_encode(vq, picture()), x=1, y=2, width=9, height=1)
    assert (codes.values == -1).nonzero()[:, 1:].tolist() == [[2, 1], [2, 2], [2, 3]] * 2
    pixels = vq_decode(vq, codes).pixels
    assert (pixels[:, :, 8:12, 4:] == 0.5).all()
    assert not (pixels[:, :, 8:12, :4] == 0.5).any()


def test_a_rectangle_is_replaced_and_nothing_else(vq: VQ) -> None:
    codes = vq_encode(vq, picture())
    other = Codes(torch.full((1, 4, 4), 7), 16)
    for edited in (edit_codes(codes, other, 1, 0, 2, 3), edit_codes(codes, None, 1, 0, 2, 3, 7)):
        assert (edited.values[:, 0:3, 1:3] == 7).all()
        changed = torch.ones(2, 4, 4, dtype=torch.bool)
        changed[:, 0:3, 1:3] = False
        assert torch.equal(edited.values[changed], codes.values[changed])


def test_the_use_of_a_codebook_is_counted() -> None:
    found = codebook_use(Codes(torch.tensor([[[3, 3], [5, -1]], [[3, 5], [3, 0]]]), 8))
    torch.testing.assert_close(found.curve.y[:4], torch.tensor([4, 2, 1, 0]).double() / 7)
    assert found.table.splitlines()[:2] == ["3 of 8 codes occur, perplexity 2.6", "code 3: 57.1%"]
    even = codebook_use(Codes(torch.arange(8).reshape(1, 2, 4), 8))
    assert even.table.startswith("8 of 8 codes occur, perplexity 8.0")


def test_what_does_not_go_together_is_a_sentence(vq: VQ, tiny_tokens: TinyTokens, tiny_folder: Path) -> None:
    codes = vq_encode(vq, picture())
    with pytest.raises(NodeError, match="18 x 18 is no multiple of 4"):
        vq_encode(vq, picture(side=18))
    with pytest.raises(NodeError, match="of 9 kinds and the model knows 16"):
        vq_decode(vq, Codes(codes.values, 9))
    with pytest.raises(NodeError, match="there is no code 16"):
        edit_codes(codes, code=16)
    with pytest.raises(NodeError, match="4 x 4 of 16 kinds, the other ones 2 x 2 of 16"):
        edit_codes(codes, Codes(codes.values[:, :2, :2], 16))
    with pytest.raises(NodeError, match="3 images do not fit 2"):
        edit_codes(codes, Codes(codes.values[[0, 0, 0]], 16))
    with pytest.raises(NodeError, match="no place has a code"):
        codebook_use(Codes(torch.full((1, 2, 2), -1), 4))
    with pytest.raises(NodeError, match="holds a VAE, which the node Load VAE loads; Load VQ model loads"):
        load_vq(str(tiny_folder / "vae"))
    with pytest.raises(NodeError, match="holds a VQ model: give the folder that it lies in"):
        load_vq(str(tiny_tokens.vq / "diffusion_pytorch_model.safetensors"))
