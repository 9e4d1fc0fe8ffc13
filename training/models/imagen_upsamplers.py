"""Trains the two text-led upsamplers of Imagen's cascade (Saharia et al. 2022, arXiv:2205.11487): to 128 and to 256.

Both start from the upsampler that knows no text; the frozen T5 of the base leads them. The small picture has noise on
it, in training as in use, and the network is told how much (Ho et al. 2021, arXiv:2106.15282).
"""

from dataclasses import replace

import numpy as np
import torch
from diffusers import IFSuperResolutionPipeline, UNet2DConditionModel, UNet2DModel
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from training.data import pixels
from training.data.scenes import random_scene
from training.loops.run_folders import TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import imagen, t5, upsamplers
from training.models.upsamplers import PLAIN, UpsamplerStage

PLAN = TrainingPlan(steps=600, peak=5e-4, warm_up=20, hold=0.2, average=0.98)
TO_128 = replace(PLAIN, name="imagen-128", seed=53, side=128, factor=2, pictures=2048, plan=PLAN, others=())
TO_256 = replace(TO_128, name="imagen-256", seed=54, side=256, pictures=768, others=((256, 4),))


@torch.no_grad()
def started_unet(stage: UpsamplerStage) -> UNet2DConditionModel:
    """The upsampler without words in DeepFloyd IF's layout; what takes the text in is new and adds nothing at first."""
    levels = len(stage.widths)
    unet = pixels.new_unet(
        sample_size=stage.side,
        in_channels=6,
        block_out_channels=stage.widths,
        down_block_types=("DownBlock2D",) * levels,
        up_block_types=("UpBlock2D",) * levels,
        mid_block_only_cross_attention=True,
        class_embed_type="timestep",
    )
    known = UNet2DModel.from_pretrained(PLAIN.folder / "unet", torch_dtype=torch.float32).state_dict()
    shapes = {name: weight.shape for name, weight in unet.state_dict().items()}
    unet.load_state_dict({n: weight for n, weight in known.items() if shapes.get(n) == weight.shape}, strict=False)
    for weight in (*unet.add_embedding.norm2.parameters(), *unet.mid_block.attentions[0].to_out.parameters()):
        weight.zero_()
    return unet


def enlarged(pictures: Tensor, factor: int) -> Tensor:
    """Pictures [B, 3, H, W], made smaller by averaging and larger again as DeepFloyd IF does it."""
    return interpolate(avg_pool2d(pictures, factor), pictures.shape[-2:], mode="bilinear", align_corners=True)


def train(stage: UpsamplerStage) -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    texts, pictures = t5.Texts.trained(), upsamplers.training_pictures(stage)
    rng = np.random.default_rng(stage.seed)
    scenes = [random_scene(rng) for _ in range(stage.pictures)]  # those that `training_pictures` has drawn
    torch.manual_seed(stage.seed)
    scheduler = pixels.new_scheduler()

    def losses_of(model: UNet2DConditionModel, step: int) -> dict[str, Tensor]:
        seed, words_rng = torch.Generator().manual_seed(2000 * stage.seed + step), np.random.default_rng([step])
        clean, low = upsamplers.examples(stage, pictures, step, enlarged, stage.others)
        low, levels = upsamplers.augmented(low, scheduler, stage.most_noise, seed)
        chosen = epoch_indices(stage.seed, step, stage.batch, stage.pictures)
        _, words = t5.write_all([scenes[index] for index in chosen], words_rng)
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (stage.batch,), generator=seed)
        seen = torch.cat([scheduler.add_noise(clean, noise, timesteps), low], 1)
        with torch.autocast("cpu", torch.bfloat16):
            states = imagen.told_or_not(texts, words, words_rng)
            predicted = model(seen, timesteps, states, class_labels=levels, return_dict=False)[0]
        return {"velocity": pixels.velocity_loss(predicted, clean, noise, timesteps)}

    export(stage, fit(TrainingRun(stage.name), started_unet(stage), stage.plan, losses_of))


def train_to_128() -> None:
    """The stage from 64 x 64."""
    train(TO_128)


def train_to_256() -> None:
    """The stage from 128 x 128, or from 64 x 64 at once."""
    train(TO_256)


def export(stage: UpsamplerStage, unet: UNet2DConditionModel) -> None:
    """Replaces the model's folder: an `IFSuperResolutionPipeline`, whose text encoder is that of the base."""
    pipeline = IFSuperResolutionPipeline(
        tokenizer=None,
        text_encoder=None,
        unet=unet,
        scheduler=pixels.new_scheduler(),
        image_noising_scheduler=pixels.new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    pixels.save(pipeline, stage.folder)
