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


def train() -> None:
    """Trains all rounds to the end, or goes on where a killed run stopped, and writes the averaged weights."""
    model, scheduler, scenes = frozen_clip(), new_scheduler(), training_scenes()
    texts, vectors = Texts(model), training_vectors(model, scenes)
    torch.manual_seed(SEED)

    def losses_on(side: int, batch: int, round_seed: int) -> Callable[[DecoderLearner, int], Losses]:
        pictures = pictures_of(scenes, side)

        def losses_of(decoder: DecoderLearner, step: int) -> Losses:
            rng, seed = np.random.default_rng([round_seed, step]), torch.Generator().manual_seed(round_seed + step)
            chosen = epoch_indices(round_seed, step, batch, COUNT)
            told = write_all([scenes[index] for index in chosen], rng)
            silent, blind = rng.random(batch) < TEXT_DROP, torch.from_numpy(rng.random(batch) < VECTOR_DROP)
            words = ["" if drop else with_filler(c.text, rng) for drop, c in zip(silent, told, strict=True)]
            whole, states, mask = texts(words)
            longest = int(mask.sum(1).max())
            given = torch.where(
                blind[:, None], decoder.text_proj.learned_classifier_free_guidance_embeddings, vectors[chosen]
            )
            clean = pictures[chosen].float() / 127.5 - 1
            noise = torch.randn(clean.shape, generator=seed)
            timesteps = torch.randint(0, 1000, (batch,), generator=seed)
            noisy = scheduler.add_noise(clean, noise, timesteps)
            with torch.autocast("cpu", torch.bfloat16):
                output = decoder(noisy, timesteps, given, whole, states[:, :longest], mask[:, :longest])
            return {"velocity": (output.float() - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

        return losses_of

    decoder = fit(TrainingRun("unclip-decoder"), DecoderLearner(), PLAN, losses_on(SIDE, BATCH, SEED)).requires_grad_()
    decoder.unet = growing.grown(decoder.unet)
    decoder = fit(TrainingRun("unclip-decoder-grown"), decoder, GROWN, losses_on(2 * SIDE, GROWN_BATCH, SEED + 10_000))
    polishing = losses_on(2 * SIDE, GROWN_BATCH, SEED + 20_000)
    trained = fit(TrainingRun("unclip-decoder-polished"), decoder.requires_grad_(), POLISH, polishing)
    shutil.rmtree(TRAINED / "decoder", ignore_errors=True)
    trained.unet.save_pretrained(TRAINED / "decoder")
    trained.text_proj.save_pretrained(TRAINED / "text_proj")
