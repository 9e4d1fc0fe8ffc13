"""Trains unCLIP's decoder: from a CLIP vector to a picture of 64 x 64 pixels (Ramesh et al. 2022, arXiv:2204.06125,
section 2.1), in the layout of Karlo. It learns what vectors mean on 32 x 32, and then grows.

The vector enters twice: added to the time, and as four tokens beside those of the text. Now and then text and vector
are left out by chance, so that the decoder paints from the vector alone, and can be guided.
"""

import shutil
from collections.abc import Callable

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, pad

from training.data.captions import write_all
from training.data.scenes import SIZE, Scene, draw_all
from training.loops import growing
from training.loops.run_folders import WORK, TrainingRun
from training.loops.training_loop import Losses, TrainingPlan, epoch_indices, fit
from training.models import clip, part_shapes, vae
from training.models.latent_diffusion import with_filler
from training.models.unclip_prior import Texts, frozen_clip, training_scenes, training_vectors

SEED, BATCH, GROWN_BATCH, COUNT = 61, 64, 32, 16384
PLAN = TrainingPlan(steps=1000, peak=1.2e-3, warm_up=100, hold=0.4, average=0.995, weight_decay=1e-3)
GROWN = TrainingPlan(steps=900, peak=1e-3, warm_up=40, hold=0.3, average=0.99, weight_decay=1e-3)
POLISH = TrainingPlan(steps=600, peak=5e-4, warm_up=20, hold=0.3, average=0.99, weight_decay=1e-3)
"""A third round, at a lower rate: after the second there was still grain on plain backgrounds."""
SIDE = 32
"""Pixels of the first round; the others have twice as many a side."""
CHANNELS = (32, 64, 80)
TEXT_WIDTH, EXTRA_TOKENS = 64, 4
TEXT_DROP, VECTOR_DROP = 0.5, 0.1
TRAINED = WORK / "unclip-decoder"


def new_decoder() -> UNet2DConditionModel:
    """Three levels of 32, 16 and 8 cells a side; attention at the lowest, to picture and tokens at once."""
    return UNet2DConditionModel(
        sample_size=SIDE,
        in_channels=3,
        out_channels=3,
        block_out_channels=CHANNELS,
        down_block_types=("ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
        layers_per_block=1,
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=16,
        norm_num_groups=8,
        class_embed_type="identity",
        resnet_time_scale_shift="scale_shift",
    )


def new_text_projection() -> UnCLIPTextProjModel:
    return UnCLIPTextProjModel(
        clip_extra_context_tokens=EXTRA_TOKENS,
        clip_embeddings_dim=clip.WIDTH,
        time_embed_dim=4 * CHANNELS[0],
        cross_attention_dim=TEXT_WIDTH,
    )


def new_scheduler() -> DDIMScheduler:
    """That of the latent diffusion starter: v-prediction, zero terminal signal-to-noise, trailing steps."""
    return part_shapes.new_scheduler()


class DecoderLearner(nn.Module):
    """The U-Net and what brings vectors and texts to it."""

    def __init__(self) -> None:
        super().__init__()
        self.unet, self.text_proj = new_decoder(), new_text_projection()

    def forward(
        self, noisy: Tensor, timesteps: Tensor, vectors: Tensor, whole: Tensor, states: Tensor, mask: Tensor
    ) -> Tensor:
        tokens, added = self.text_proj(
            image_embeddings=vectors,
            prompt_embeds=whole,
            text_encoder_hidden_states=states,
            do_classifier_free_guidance=False,
        )
        mask = pad(mask, (EXTRA_TOKENS, 0), value=True)
        output: Tensor = self.unet(noisy, timesteps, tokens, added, attention_mask=mask, return_dict=False)[0]
        return output


def pictures_of(scenes: list[Scene], side: int) -> Tensor:
    """[scenes, 3, side, side] in 0..255, made smaller by averaging."""
    parts = []
    for start in range(0, len(scenes), 256):
        small = avg_pool2d(vae.to_tensor(draw_all(scenes[start : start + 256])), SIZE // side)
        parts.append(((small + 1) * 127.5).round().to(torch.uint8))
    return torch.cat(parts)


def anywhere(batch: int, seed: torch.Generator) -> Tensor:
    """Timesteps [batch], each as likely."""
    return torch.randint(0, 1000, (batch,), generator=seed)


class Round:
    """What is shown at each step of a round: pictures of a size, in batches that a seed draws."""

    def __init__(
        self, side: int, batch: int, seed: int, timesteps: Callable[[int, torch.Generator], Tensor] = anywhere
    ) -> None:
        model, self.scenes = frozen_clip(), training_scenes()
        self.texts, self.vectors = Texts(model), training_vectors(model, self.scenes)
        self.pictures, self.scheduler = pictures_of(self.scenes, side), new_scheduler()
        self.batch, self.seed, self.timesteps = batch, seed, timesteps

    def errors(self, decoder: DecoderLearner, step: int) -> Tensor:
        """[batch, 3, side, side]: how far the velocity that the decoder foresees is off."""
        rng, seed = np.random.default_rng([self.seed, step]), torch.Generator().manual_seed(self.seed + step)
        chosen = epoch_indices(self.seed, step, self.batch, COUNT)
        told = write_all([self.scenes[index] for index in chosen], rng)
        silent, blind = rng.random(self.batch) < TEXT_DROP, torch.from_numpy(rng.random(self.batch) < VECTOR_DROP)
        words = ["" if drop else with_filler(c.text, rng) for drop, c in zip(silent, told, strict=True)]
        whole, states, mask = self.texts(words)
        longest = int(mask.sum(1).max())
        given = torch.where(
            blind[:, None], decoder.text_proj.learned_classifier_free_guidance_embeddings, self.vectors[chosen]
        )
        clean = self.pictures[chosen].float() / 127.5 - 1
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = self.timesteps(self.batch, seed)
        noisy = self.scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            output = decoder(noisy, timesteps, given, whole, states[:, :longest], mask[:, :longest])
        return output.float() - self.scheduler.get_velocity(clean, noise, timesteps)

    def losses(self, decoder: DecoderLearner, step: int) -> Losses:
        """Return the mean square of the errors."""
        return {"velocity": self.errors(decoder, step).pow(2).mean()}


def write(trained: DecoderLearner) -> None:
    """Replaces the folder of the trained weights."""
    shutil.rmtree(TRAINED / "decoder", ignore_errors=True)
    trained.unet.save_pretrained(TRAINED / "decoder")
    trained.text_proj.save_pretrained(TRAINED / "text_proj")


def train() -> None:
    """Trains all rounds to the end, or goes on where a killed run stopped, and writes the averaged weights."""
    torch.manual_seed(SEED)
    decoder = fit(TrainingRun("unclip-decoder"), DecoderLearner(), PLAN, Round(SIDE, BATCH, SEED).losses)
    decoder.requires_grad_().unet = growing.grown(decoder.unet)
    grown = Round(2 * SIDE, GROWN_BATCH, SEED + 10_000)
    decoder = fit(TrainingRun("unclip-decoder-grown"), decoder, GROWN, grown.losses)
    polished = Round(2 * SIDE, GROWN_BATCH, SEED + 20_000)
    write(fit(TrainingRun("unclip-decoder-polished"), decoder.requires_grad_(), POLISH, polished.losses))
