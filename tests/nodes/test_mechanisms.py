"""Parts of models, looked at: training steps, posteriors, codebooks, losses, gradients, what is added.

Models are tiny ones of `conftest` and true layouts of diffusers; the starters where a file that ships is needed.
"""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderTiny, VQModel

from nodeflow.node import NodeError
from nodeflow.wires import Adapter, Classes, Codes, Conditioning, Embedding, Image, Latent, LatentFormat, LayerChange
from nodes.adapters.adapter_spectrum import adapter_spectrum
from nodes.conditioning.compare_texts import compare_texts
from nodes.conditioning.contrastive import contrastive_loss, zero_shot
from nodes.conditioning.text_attention import text_attention
from nodes.conditioning.text_encode import clip_text_encode
from nodes.controls.control_residuals import control_residuals
from nodes.denoisers.denoisers import unet_denoiser
from nodes.denoisers.time_embedding import time_embedding
from nodes.denoisers.training_step import loss_over_t, training_step
from nodes.guidance.classifier_gradient import NetworkClassifier
from nodes.guidance.gradient_image import classifier_gradient
from nodes.latents.codebook import code_distances, codebook
from nodes.latents.codes import load_vq, vq_encode
from nodes.latents.noise import gaussian_noise
from nodes.latents.posterior import compression, draw_from_posterior, draw_from_prior, vae_posterior
from nodes.latents.vae import pixel_space, vae_decode
from nodes.loaders.adapters.algebra.low_rank import LowRank
from nodes.loaders.families.pixel_diffusion.deepfloyd_folder import T5Text
from nodes.loaders.load_models import LatentDiffusion, load_vae
from nodes.plane.autoencoder import hidden, small_drawings, train_autoencoder
from nodes.samplers.autoregressive import load_dalle
from nodes.samplers.token_chances import next_code
from tests.nodes.deepfloyd_models import t5_encoder, t5_tokenizer
from tests.nodes.finishing import finish


def image(side: int = 32, count: int = 1) -> Image:
    return Image(torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0)))


def test_a_training_step_is_the_forward_process_and_the_answer_to_it(tiny: LatentDiffusion) -> None:
    denoiser, text = unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "a red star")
    latent = tiny.vae.encode(image())
    step = training_step(denoiser, text, latent, gaussian_noise(7), tiny.schedule, 300)
    alphas = (1 - _betas(tiny)).cumprod(0)
    alpha, sigma = float(alphas[300].sqrt()), float((1 - alphas[300]).sqrt())
    torch.testing.assert_close(
        step.noised.samples, alpha * latent.samples + sigma * step.noise.samples, atol=1e-4, rtol=1e-4
    )
    with torch.no_grad():
        wanted = denoiser.predict(step.noised.samples, torch.tensor(300), text)
    torch.testing.assert_close(step.predicted.samples, wanted, atol=1e-4, rtol=1e-4)
    assert step.loss == pytest.approx(float((wanted - step.noise.samples).square().mean()), rel=1e-3)
    assert "t = 300" in step.table
    with pytest.raises(NodeError, match="channels"):
        training_step(denoiser, text, Latent(torch.zeros(1, 7, 8, 8)), gaussian_noise(0), tiny.schedule)


def _betas(tiny: LatentDiffusion) -> torch.Tensor:
    config = tiny.schedule.config
    first, last = config["beta_start"] ** 0.5, config["beta_end"] ** 0.5
    return torch.linspace(first, last, config["num_train_timesteps"], dtype=torch.float64).square()


def test_the_loss_over_t_is_that_of_the_steps(tiny: LatentDiffusion) -> None:
    denoiser, text = unet_denoiser(tiny.unet), clip_text_encode(tiny.text_encoder, "")
    found, steps = finish(loss_over_t(denoiser, text, tiny.vae.encode(image()), tiny.schedule, 3, 2, 5))
    assert found.of_noise.x.tolist() == [10, 504, 999] and len(steps) == 3
    assert found.of_noise.y.isfinite().all() and (found.of_original.y[1:] > found.of_original.y[:-1]).all()


def test_waves_of_near_times_are_alike(tiny: LatentDiffusion) -> None:
    found = time_embedding(None, 50, 32)
    assert found.embedding.values.shape == (50, 32) and found.likeness.y.argmax() == 25
    torch.testing.assert_close(found.embedding.values[0, :16], torch.sin(torch.zeros(16)))
    learned = time_embedding(tiny.unet, 16)
    assert learned.embedding.values.shape[0] == 16 and learned.similarity.pixels.amax() <= 1
    with pytest.raises(NodeError, match="another way"):
        time_embedding(replace(tiny.unet, module=torch.nn.Linear(2, 2)))


def test_the_posterior_is_that_of_diffusers_and_its_draws_follow_it(tiny: LatentDiffusion) -> None:
    module: Any = tiny.vae.module  # type: ignore[attr-defined]
    with torch.no_grad():
        wanted = module.encode(2 * image().pixels - 1).latent_dist
    found = vae_posterior(tiny.vae, image())
    torch.testing.assert_close(found.mean.samples, wanted.mean * module.config.scaling_factor)
    torch.testing.assert_close(found.deviation.samples, wanted.std * module.config.scaling_factor, atol=1e-6, rtol=1e-4)
    per_number = wanted.kl() / wanted.mean[0].numel()
    assert float(found.kl.y.mean()) == pytest.approx(float(per_number), rel=1e-4)
    torch.testing.assert_close(draw_from_posterior(found.mean, found.deviation, 0.0, 2).samples[:1], found.mean.samples)
    away = draw_from_posterior(found.mean, found.deviation, 1.0, 64).samples - found.mean.samples
    assert float((away / found.deviation.samples).std()) == pytest.approx(1, rel=0.05)
    prior = draw_from_prior(tiny.vae, count=3).samples
    assert float(prior.std()) == pytest.approx(module.config.scaling_factor, rel=0.1)
    with pytest.raises(NodeError, match="no prior"):
        draw_from_prior(pixel_space())


def test_what_gives_a_point_has_no_posterior(tmp_path: Path) -> None:
    torch.manual_seed(0)
    AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8), num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
    ).save_pretrained(tmp_path)  # fmt: skip
    with pytest.raises(NodeError, match="a point and no distribution"):
        vae_posterior(load_vae(str(tmp_path)), image())
    with pytest.raises(NodeError, match="a point and no distribution"):
        vae_posterior(pixel_space(), image())


def test_compression_counts_numbers_and_decibels(tiny: LatentDiffusion) -> None:
    found = compression(tiny.vae, image())
    back = vae_decode(tiny.vae, tiny.vae.encode(image())).pixels
    assert found.psnr == pytest.approx(-10 * math.log10(float((back - image().pixels).square().mean())), rel=1e-5)
    assert found.ratio == image().pixels.numel() / tiny.vae.encode(image()).samples.numel()
    assert compression(pixel_space(), image()).ratio == 1


@pytest.fixture
def small_vq(tmp_path: Path) -> Any:
    torch.manual_seed(0)
    VQModel(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        layers_per_block=1, latent_channels=4, num_vq_embeddings=12, norm_num_groups=4, vq_embed_dim=4,
        lookup_from_codebook=True,
    ).save_pretrained(tmp_path)  # fmt: skip
    return load_vq(str(tmp_path))


def test_the_nearest_code_is_the_one_that_encoding_gives(small_vq: Any) -> None:
    codes = vq_encode(small_vq, image(16))
    found = code_distances(small_vq, image(16), 2, 5)
    assert f"code {int(codes.values[0, 5, 2])}:" in found.table.splitlines()[0]
    assert (found.distances.y[1:] >= found.distances.y[:-1]).all() and len(found.distances.y) == 12
    assert found.nearest.pixels.shape[0] == 8
    book = codebook(small_vq, codes)
    assert book.sheet.pixels.shape[-1] == 12 * 8 and book.points.values.shape == (12, 2)
    torch.testing.assert_close(book.vectors.values, small_vq.module.quantize.embedding.weight.detach())
    with pytest.raises(NodeError, match="counted from 0"):
        code_distances(small_vq, image(16), 8, 0)
    with pytest.raises(NodeError, match="12"):
        codebook(small_vq, Codes(codes.values, 13))


def test_chances_of_codes_sum_up_to_the_bits_of_an_image() -> None:
    vq, transformer = load_vq(), load_dalle()
    codes = vq_encode(vq, image(64))
    found = next_code(transformer, codes, vq, "a red star", 2, 3)
    assert found.chances.y[0] == found.chances.y.max() and float(found.chances.y.sum()) <= 1 + 1e-5
    assert found.bits > 0 and f"{found.bits:.0f} bits" in found.table
    changed = codes.values.clone()
    changed[0, 3, 2] = (changed[0, 3, 2] + 1) % codes.size  # a place sees only what stands before it
    again = next_code(transformer, Codes(changed, codes.size), vq, "a red star", 2, 3)
    torch.testing.assert_close(again.chances.y, found.chances.y)
    with pytest.raises(NodeError, match="gaps"):
        next_code(transformer, Codes(codes.values * 0 - 1, codes.size), vq)


def test_both_halves_of_the_loss_are_cross_entropies() -> None:
    torch.manual_seed(0)
    images, texts = torch.randn(5, 8), torch.randn(5, 8)
    found = contrastive_loss(Embedding(images), Embedding(texts), 0.5)
    logits = torch.nn.functional.cosine_similarity(images[:, None], texts[None], dim=-1) / 0.5
    wanted = [torch.nn.functional.cross_entropy(one, torch.arange(5)) for one in (logits, logits.T)]
    assert found.loss == pytest.approx(float(sum(wanted)) / 2, rel=1e-5)
    assert f"image to text {float(wanted[0]):.3f}, text to image {float(wanted[1]):.3f}" in found.table
    with pytest.raises(NodeError, match="make no batch"):
        contrastive_loss(Embedding(images), Embedding(texts[:4]))


class Directions:
    """A CLIP whose vectors are given: red images and the word red point one way, others another."""

    def embed_images(self, image: Image) -> Embedding:
        return Embedding(image.pixels.mean((2, 3)))

    def embed_texts(self, texts: list[str]) -> Embedding:
        return Embedding(torch.tensor([[1.0, 0, 0] if "red" in text else [0, 0, 1.0] for text in texts]), tuple(texts))

    def empty(self) -> Embedding:
        return Embedding(torch.ones(1, 3))


def test_a_class_is_chosen_by_its_name() -> None:
    red = torch.zeros(1, 3, 4, 4)
    red[:, 0] = 1
    found = zero_shot(Directions(), Image(torch.cat([red, red.flip(1)])), "red\nblue", "a {} thing", 0.1)
    assert found.scores.values.argmax(1).tolist() == [0, 1] and found.scores.texts == ("red", "blue")
    torch.testing.assert_close(found.scores.values.sum(1), torch.ones(2))
    with pytest.raises(NodeError, match="for the name of the class"):
        zero_shot(Directions(), Image(red), template="a thing")
    with pytest.raises(NodeError, match="nothing to choose between"):
        zero_shot(Directions(), Image(red), "red")


class Brightness(torch.nn.Module):
    """Of class 1 as far as the image is bright."""

    def forward(self, x: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        bright = x.mean((1, 2, 3))
        return torch.stack([-bright, bright], 1)


def test_the_gradient_moves_towards_the_class(tiny: LatentDiffusion) -> None:
    classifier = NetworkClassifier(Brightness(), LatentFormat(3, 1, 8), Classes({0: "dark", 1: "bright"}, 2))
    label = Conditioning(labels=torch.tensor([1]))
    found = classifier_gradient(classifier, Latent(torch.zeros(1, 3, 8, 8)), label, tiny.schedule, 100, 1.0)
    assert (found.gradient.pixels > 0.9).all() and found.moved.pixels.mean() > found.seen.pixels.mean()
    assert 0 < found.probability < 1 and found.table.splitlines()[1].startswith("bright: ")
    with pytest.raises(NodeError, match="class label"):
        classifier_gradient(classifier, Latent(torch.zeros(1, 3, 8, 8)), Conditioning(), tiny.schedule)


def test_a_control_adds_nothing_while_its_convolutions_are_zero(tiny: LatentDiffusion) -> None:
    from diffusers import ControlNetModel

    from nodes.controls.controlnet import control
    from nodes.loaders.families.controlnet.controlnet_network import as_controlnet

    torch.manual_seed(0)
    module: Any = ControlNetModel.from_unet(tiny.unet.module, conditioning_embedding_out_channels=(4, 4))
    for layer in (*module.controlnet_down_blocks, module.controlnet_mid_block):
        torch.nn.init.normal_(layer.weight, std=0.1)
    torch.nn.init.normal_(module.controlnet_cond_embedding.conv_out.weight, std=0.5)
    net, text = as_controlnet(module), clip_text_encode(tiny.text_encoder, "a red star")
    denoiser = control(unet_denoiser(tiny.unet), net, image(16))
    latent = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)))
    trained, start = (
        control_residuals(denoiser, text, latent, 500, kind) for kind in ("as trained", "as at the start")
    )  # type: ignore[arg-type]
    assert (trained.sizes.y > 0).all() and trained.change > 0
    assert not start.sizes.y.any() and start.change == 0
    assert module.controlnet_mid_block.weight.any(), "the loaded network stays as it is"
    assert len(trained.maps.pixels) == len(trained.sizes.y)
    with pytest.raises(NodeError, match="no ControlNet"):
        control_residuals(unet_denoiser(tiny.unet), text, latent)


def test_the_rank_of_an_adapter_is_counted(tiny: LatentDiffusion) -> None:
    name, layer = next((name, part) for name, part in tiny.unet.module.named_modules() if name.endswith("to_q"))
    torch.manual_seed(0)
    update = LowRank(torch.randn(2, layer.in_features), torch.randn(layer.out_features, 2), 0.5)
    network = replace(tiny.unet, adapters=(Adapter({name: LayerChange((update,))}, 1.0),))
    found = adapter_spectrum(network)
    assert found.rank == 2 and name in found.table
    wanted = torch.linalg.svdvals(update.dense().double())
    torch.testing.assert_close(found.change.y, wanted, atol=1e-5, rtol=1e-4)
    assert len(found.weight.y) == min(layer.weight.shape)
    with pytest.raises(NodeError, match="no adapter"):
        adapter_spectrum(tiny.unet)


def test_equal_texts_are_not_apart(tiny: LatentDiffusion) -> None:
    found = compare_texts(tiny.text_encoder, "a red star\na blue fish\na red star")
    assert found.scores.values[0, 2] == 0 and found.scores.values[0, 1] > 0 and found.nearest == 0
    assert found.table.splitlines()[-1].startswith("nearest: 1 and 3")
    with pytest.raises(NodeError, match="at least two"):
        compare_texts(tiny.text_encoder, "alone")


def test_attention_inside_a_text_encoder_is_what_it_computes(tiny: LatentDiffusion) -> None:
    encoder: Any = tiny.text_encoder
    before = clip_text_encode(encoder, "a red star").tokens
    way = encoder.module.config._attn_implementation
    found = text_attention(encoder, "a red star", layer=1)
    count = len(found.scores.texts)
    assert found.scores.values.shape == (count, count) and len(found.table.splitlines()) == count
    assert not found.scores.values.triu(1).any(), "CLIP looks back only"
    torch.testing.assert_close(found.scores.values.sum(1), torch.ones(count))
    assert len(found.heads.pixels) == encoder.module.config.num_attention_heads
    mean = torch.stack([text_attention(encoder, "a red star", layer).scores.values for layer in (1, 2)]).mean(0)
    torch.testing.assert_close(text_attention(encoder, "a red star").scores.values, mean)
    assert encoder.module.config._attn_implementation == way
    assert torch.equal(clip_text_encode(encoder, "a red star").tokens, before), "the encoder stays as it was"
    with pytest.raises(NodeError, match="layer is 9, and this encoder has 2"):
        text_attention(encoder, "a", layer=9)
    with pytest.raises(NodeError, match="this model has 1"):
        text_attention(encoder, "a", encoder=2)


def test_attention_inside_t5_is_told_once_a_layer() -> None:
    tokenizer = t5_tokenizer()
    encoder = T5Text(tokenizer, t5_encoder(tokenizer, 16).eval(), 16)
    layers = [text_attention(encoder, "a red star", layer).scores.values for layer in (1, 2)]
    assert not torch.equal(*layers)
    torch.testing.assert_close(text_attention(encoder, "a red star").scores.values, torch.stack(layers).mean(0))
    with pytest.raises(NodeError, match="layer is 3, and this encoder has 2"):
        text_attention(encoder, "a", layer=3)


@pytest.mark.parametrize("kind", ["plain", "variational", "denoising", "masked"])
def test_autoencoders_learn_to_give_back(kind: Any) -> None:
    data = small_drawings(40)
    found, steps = finish(train_autoencoder(data, kind, steps=150))
    assert len(steps) == 3 and found.loss.y[-1] < found.loss.y[0]
    assert found.codes.values.shape == (40, 2) and found.draws.pixels.shape == (8, 3, 16, 16)
    assert found.map.pixels.shape == (1, 3, 192, 192) and found.reconstruction.pixels.shape == (1, 3, 64, 256)
    assert bool(found.kl.y.any()) == (kind == "variational")


def test_patches_are_hidden_as_a_whole() -> None:
    shown = hidden(torch.ones(3, 3, 16, 16), 0.5, torch.Generator().manual_seed(0))
    assert (shown == 0.5).flatten(1).double().mean(1).tolist() == [0.5] * 3
    patches = shown.reshape(3, 3, 4, 4, 4, 4)
    assert (patches.amax((3, 5)) == patches.amin((3, 5))).all()
    with pytest.raises(NodeError, match="at least 8 images"):
        finish(train_autoencoder(image(64, 10)))
