"""The generator: noise, words that are looked at, truncation, and what does not fit."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from nodeflow.engine.previews.summaries import preview
from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, GeneratorNetwork, Image, Latent, Noise
from nodes.conditioning.text_encode import clip_text_encode
from nodes.latents.interpolation import interpolate_latents
from nodes.latents.noise import latent_as_noise
from nodes.loaders.load_models import LatentDiffusion
from nodes.samplers.discriminator_scores import coloured, discriminator_scores
from nodes.samplers.gan import gan_generate, gan_noise, load_gan
from nodes.samplers.gan_stages import gan_stages, read_out


@pytest.fixture
def generator(tiny_gan: Path) -> GeneratorNetwork:
    return load_gan(str(tiny_gan))


@pytest.fixture
def text(tiny: LatentDiffusion) -> Conditioning:
    return clip_text_encode(tiny.text_encoder, "a red star")


def test_a_batch_equals_its_singles_and_the_network(generator: GeneratorNetwork, text: Conditioning) -> None:
    assert (generator.noise, generator.side) == (6, 32)
    batch = gan_generate(generator, text, gan_noise(generator, Noise((3, 4)))).image
    for row, seed in enumerate((3, 4)):
        single = gan_generate(generator, text, gan_noise(generator, Noise((seed,)))).image
        assert torch.equal(batch.pixels[row : row + 1], single.pixels)
    drawn = torch.randn(1, 6, 1, 1, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        pictures, _ = generator.module(drawn.flatten(1), text.tokens, text.pooled)
    torch.testing.assert_close(batch.pixels[:1], pictures / 2 + 0.5)


def test_words_are_looked_at_and_count(generator: GeneratorNetwork, text: Conditioning) -> None:
    noise = gan_noise(generator, Noise((3, 4)))
    image, attention = gan_generate(generator, text, noise)
    assert attention.words == text.words
    assert {name: tuple(part.shape) for name, part in attention.maps.items()} == {
        "8": (2, 8, 8, 16),
        "16": (2, 16, 16, 16),
    }
    for part in attention.maps.values():
        torch.testing.assert_close(part.float().sum(-1), torch.ones(part.shape[:-1]), atol=1e-2, rtol=0)
    assert text.tokens is not None
    other = text.tokens.clone()
    other[:, 2] += 1
    changed = gan_generate(generator, Conditioning(other, text.pooled), noise).image
    assert not torch.allclose(changed.pixels, image.pixels, atol=1e-6)


def test_truncation_brings_all_to_one_picture(generator: GeneratorNetwork, text: Conditioning) -> None:
    drawn = [gan_noise(generator, Noise((3, 4)), share).samples for share in (1.0, 0.5, 0.0)]
    torch.testing.assert_close(drawn[1], drawn[0] / 2)
    one, other = gan_generate(generator, text, Latent(drawn[2])).image.pixels
    assert torch.equal(one, other)


def test_the_noise_is_seen_as_a_square_of_greys(generator: GeneratorNetwork) -> None:
    noise = gan_noise(generator, Noise((3,)))
    with Pillow.open(io.BytesIO(preview(noise))) as picture:
        seen = np.asarray(picture, np.float32)[..., 0].flatten() / 255
    assert len(seen) == 9
    wanted = (noise.samples.flatten().numpy() / 4 + 0.5).clip(0, 1)
    np.testing.assert_allclose(seen, [*wanted, 0.5, 0.5, 0.5], atol=0.003)


def test_a_walk_between_two_noises(generator: GeneratorNetwork, text: Conditioning) -> None:
    ends = [gan_noise(generator, Noise((seed,))) for seed in (3, 4)]
    walk = gan_generate(generator, text, interpolate_latents(*ends, 5)).image.pixels
    assert walk.shape == (5, 3, 32, 32)
    for row, end in ((0, ends[0]), (4, ends[1])):
        torch.testing.assert_close(walk[row : row + 1], gan_generate(generator, text, end).image.pixels)


def test_what_does_not_go_together_is_a_sentence(
    generator: GeneratorNetwork, text: Conditioning, tiny_ddpm: Path
) -> None:
    noise = gan_noise(generator, Noise((3, 4)))
    with pytest.raises(NodeError, match="words of another text encoder"):
        gan_generate(generator, Conditioning(text.tokens), noise)
    with pytest.raises(NodeError, match="words of another text encoder"):
        gan_generate(generator, Conditioning(torch.zeros(1, 16, 48), text.pooled), noise)
    with pytest.raises(NodeError, match="noise is 4 x 8 x 8 and this generator takes 6 x 1 x 1"):
        gan_generate(generator, text, Latent(torch.zeros(1, 4, 8, 8)))
    with pytest.raises(NodeError, match="noise is 5 x 1 x 1 and the model works on 6 x 1 x 1"):
        gan_noise(generator, latent_as_noise(Latent(torch.zeros(1, 5, 1, 1))))
    with pytest.raises(
        NodeError, match=r"holds a U-Net on pixels, .*; Load GAN loads a folder with a text-led generator"
    ):
        load_gan(str(tiny_ddpm / "unet"))


def test_stages_come_from_coarse_to_fine_and_end_with_the_image(
    generator: GeneratorNetwork, text: Conditioning
) -> None:
    noise = gan_noise(generator, Noise((3,)))
    seen = gan_stages(generator, text, noise, samples=8)
    made = gan_generate(generator, text, noise)
    assert seen.image.pixels.shape == (4, 3, 32, 32), "4, 8 and 16 cells, and the image itself"
    torch.testing.assert_close(seen.image.pixels[-1:], made.image.pixels)
    assert list(seen.attention.maps) == ["8", "16"]
    torch.testing.assert_close(seen.attention.maps["8"], made.attention.maps["8"], atol=1e-3, rtol=0)
    cells = seen.image.pixels[0].unfold(1, 8, 8).unfold(2, 8, 8)
    assert torch.equal(cells.amax((-1, -2)), cells.amin((-1, -2))), "one colour a cell of the first stage"


def test_what_features_hold_linearly_is_read_out_of_them() -> None:
    pixels = torch.rand(6, 3, 8, 8)
    small = torch.nn.functional.avg_pool2d(pixels, 2)
    found, share = read_out(torch.cat([2 * small - 1, torch.rand(6, 2, 4, 4)], 1), pixels)
    torch.testing.assert_close(found, small[:1], atol=0.02, rtol=0)
    assert share > 0.99
    assert read_out(torch.rand(6, 2, 4, 4), pixels)[1] < 0.3


def test_the_discriminator_scores_each_cell(generator: GeneratorNetwork, text: Conditioning) -> None:
    made = gan_generate(generator, text, gan_noise(generator, Noise((3, 4)))).image
    judged = discriminator_scores(generator, text, made)
    assert generator.discriminator is not None and text.pooled is not None
    with torch.no_grad():
        looks, words = generator.discriminator(made.pixels * 2 - 1, text.pooled.expand(2, -1))
    assert judged.image.pixels.shape == made.pixels.shape
    for line, drawn, fitting in zip(judged.table.splitlines(), looks, words, strict=True):
        assert f"drawn {float(drawn.mean()):+.2f}, fitting {float(fitting.mean()):+.2f}" in line
        assert ("passes" in line) == (float((drawn + fitting).mean()) > 0)
    alone = discriminator_scores(generator, text, Image(made.pixels[1:]))
    assert alone.table.split(":")[1] == judged.table.splitlines()[1].split(":")[1]


def test_scores_have_colours() -> None:
    white, warm, blue = coloured(torch.tensor([[[0.0, 1.0, -1.0]]]), 1, 3)[0, :, 0].mT
    assert white.tolist() == [1, 1, 1]
    assert warm[0] > warm[2] and blue[2] > blue[0]


def test_what_a_discriminator_cannot_judge(generator: GeneratorNetwork, text: Conditioning) -> None:
    image = Image(torch.zeros(1, 3, 32, 32))
    with pytest.raises(NodeError, match="without its discriminator"):
        discriminator_scores(replace(generator, discriminator=None), text, image)
    with pytest.raises(NodeError, match="of another text encoder"):
        discriminator_scores(generator, Conditioning(torch.zeros(1, 4, 8), torch.zeros(1, 8)), image)
    with pytest.raises(NodeError, match="30 x 32; its sides must be multiples of"):
        discriminator_scores(generator, text, Image(torch.zeros(1, 3, 32, 30)))
    with pytest.raises(NodeError, match="2 texts do not fit 1 images"):
        assert text.pooled is not None and text.tokens is not None
        both = Conditioning(text.tokens.expand(2, -1, -1), text.pooled.expand(2, -1))
        discriminator_scores(generator, both, image)
