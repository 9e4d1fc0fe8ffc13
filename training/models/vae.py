"""The autoencoder: diffusers' AutoencoderKL, 64 x 64 pixels to 16 x 16 latents of 4 channels.

Trained on crops around the subject first, then on whole pictures; the loss counts subject pixels more. At the end each
latent channel is given mean 0 and variance 1 inside quant_conv and post_quant_conv, so that scaling_factor is 1.
"""

from copy import deepcopy

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.data.scenes import SIZE, Scene, draw_all, random_scene
from training.loops.run_folders import WORK, TrainingRun, learning_rate

FOLDER = WORK / "vae"
SEED, HELD_OUT_SEED, CALIBRATION_SEED = 1, 99, 123
STEPS, WARM_UP, HOLD, PEAK = 5000, 60, 0.1, 2e-3
CROP, CROP_SHARE, CROP_BATCH, WHOLE_BATCH = 40, 0.75, 32, 14
POOL = 1024
CHANNELS = 4


def new_autoencoder() -> AutoencoderKL:
    """0.9 million parameters, two halvings."""
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 64, 64),
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=8,
        sample_size=SIZE,
        mid_block_add_attention=False,
    )


def to_tensor(pictures: np.ndarray) -> Tensor:
    """Pictures [count, 64, 64, 3] in 0..1 to [count, 3, 64, 64] in -1..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous() * 2 - 1


def to_pictures(tensor: Tensor) -> np.ndarray:
    """[count, 3, 64, 64] in -1..1 to [count, 64, 64, 3] in 0..1."""
    return ((tensor.float().clamp(-1, 1) + 1) / 2).permute(0, 2, 3, 1).numpy()


def held_out(count: int = 128) -> Tensor:
    """Pictures that no training sees, [count, 3, 64, 64] in -1..1."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    return to_tensor(draw_all([random_scene(rng) for _ in range(count)]))


@torch.no_grad()
def peak_signal_to_noise(autoencoder: AutoencoderKL, pictures: Tensor) -> float:
    """Mean over the pictures, in decibels."""
    autoencoder.eval()
    errors = []
    for batch in pictures.split(32):
        decoded = autoencoder.decode(autoencoder.encode(batch).latent_dist.mean).sample.clamp(-1, 1)
        errors.append(((decoded - batch) / 2).pow(2).mean((1, 2, 3)))
    autoencoder.train()
    return float((-10 * torch.cat(errors).log10()).mean())


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the finished model."""
    run = TrainingRun("vae")
    torch.manual_seed(SEED)
    autoencoder = new_autoencoder()
    average = deepcopy(autoencoder).requires_grad_(False)
    optimizer = torch.optim.AdamW(autoencoder.parameters(), lr=PEAK, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    first = 0
    if state := run.load():
        autoencoder.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    feed, reference = _Feed(np.random.default_rng(SEED + first)), held_out()
    for step in range(first, STEPS):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, STEPS, PEAK, WARM_UP, HOLD)
        loss = _step(autoencoder, optimizer, *(feed.crops() if step < CROP_SHARE * STEPS else feed.whole()))
        rate = 1 - min(0.995, (1 + step) / (40 + step))
        with torch.no_grad():
            torch._foreach_lerp_(list(average.parameters()), list(autoencoder.parameters()), rate)
        if (step + 1) % 400 == 0 or step + 1 == STEPS:
            quality = peak_signal_to_noise(average, reference)
            run.record(step=step + 1, loss=round(loss, 4), psnr=round(quality, 2), seconds=round(run.busy_seconds(), 1))
            run.save(
                {
                    "model": autoencoder.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                }
            )
    normalise(average)
    run.record(step=STEPS, final_psnr=round(peak_signal_to_noise(average, reference), 2))
    average.eval().save_pretrained(FOLDER / "model")


def _step(autoencoder: AutoencoderKL, optimizer: torch.optim.Optimizer, pictures: Tensor, backdrop: Tensor) -> float:
    with torch.autocast("cpu", torch.bfloat16):
        posterior = autoencoder.encode(pictures).latent_dist
        decoded = autoencoder.decode(posterior.sample()).sample
    error = decoded.float() - pictures
    weight = 1 + 3 * ((pictures - backdrop).abs().amax(1, keepdim=True) > 0.35).float()
    weight = weight / weight.mean()
    latents = posterior.mean[0].numel()
    loss = (weight * error.abs()).mean() + 4 * (weight * error.pow(2)).mean() + 1e-4 * posterior.kl().mean() / latents
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(autoencoder.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


class _Feed:
    """An endless stream of freshly drawn pictures, each pool of them shown as crops or whole."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.scenes, self.pictures, self.position = rng, list[Scene](), torch.empty(0), 0

    def _next(self, count: int) -> range:
        if self.position + count > len(self.scenes):
            self.scenes = [random_scene(self.rng) for _ in range(POOL)]
            self.pictures, self.position = to_tensor(draw_all(self.scenes)), 0
        self.position += count
        return range(self.position - count, self.position)

    def whole(self) -> tuple[Tensor, Tensor]:
        """[14, 3, 64, 64] and each picture's corner colour, [14, 3, 1, 1]."""
        chosen = self.pictures[list(self._next(WHOLE_BATCH))]
        return chosen, chosen[:, :, :1, :1]

    def crops(self) -> tuple[Tensor, Tensor]:
        """[32, 3, 40, 40], each holding a good part of the subject, and the corner colours of the whole pictures."""
        indices = list(self._next(CROP_BATCH))
        return torch.stack([self._crop(index) for index in indices]), self.pictures[indices, :, :1, :1]

    def _crop(self, index: int) -> Tensor:
        scene, offset = self.scenes[index], self.rng.integers(-10, 11, 2)
        left = int(np.clip(scene.x - CROP / 2 + offset[0], 0, SIZE - CROP))
        top = int(np.clip(scene.y - CROP / 2 + offset[1], 0, SIZE - CROP))
        return self.pictures[index, :, top : top + CROP, left : left + CROP]


@torch.no_grad()
def normalise(autoencoder: AutoencoderKL) -> None:
    """Folds each latent channel's mean and deviation into the two 1 x 1 convolutions beside the latents.

    Afterwards latents have mean 0 and variance 1 a channel, and the same picture decodes to the same pixels.
    """
    rng = np.random.default_rng(CALIBRATION_SEED)
    pictures = to_tensor(draw_all([random_scene(rng) for _ in range(512)]))
    autoencoder.eval()
    latents = torch.cat([autoencoder.encode(batch).latent_dist.mean for batch in pictures.split(64)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    encoder_end, decoder_start = autoencoder.quant_conv, autoencoder.post_quant_conv
    encoder_end.weight[:CHANNELS] /= deviation[:, None, None, None]
    encoder_end.bias[:CHANNELS] = (encoder_end.bias[:CHANNELS] - mean) / deviation
    encoder_end.bias[CHANNELS:] -= 2 * deviation.log()
    decoder_start.bias += decoder_start.weight[:, :, 0, 0] @ mean
    decoder_start.weight *= deviation[None, :, None, None]
    autoencoder.register_to_config(scaling_factor=1.0)
