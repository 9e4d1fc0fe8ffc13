"""What the models on pixels share: their pictures, their noise schedule, and U-Nets in the layout of DeepFloyd IF."""

from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn.functional import avg_pool2d

from training.scenes import SIZE, Scene, draw_all, random_scene

TEXT_WIDTH = 128
BASE_SIDE = 32
SCENE_SEED, COUNT = 52, 16384


def training_scenes(count: int = COUNT) -> list[Scene]:
    """Subjects in the middle, the same at each call."""
    rng = np.random.default_rng(SCENE_SEED)
    return [random_scene(rng, centre_share=1.0) for _ in range(count)]


def drawn(scenes: list[Scene]) -> Tensor:
    """Pictures [count, 3, 64, 64] as bytes."""
    parts = [draw_all(scenes[start : start + 256]) for start in range(0, len(scenes), 256)]
    pictures = torch.cat([torch.from_numpy((part * 255).round().astype(np.uint8)) for part in parts])
    return pictures.permute(0, 3, 1, 2).contiguous()


def reduced(pictures: Tensor, side: int = BASE_SIDE) -> Tensor:
    """Pictures [count, 3, 64, 64] averaged down to a smaller side; bytes stay bytes."""
    factor = SIZE // side
    parts = [avg_pool2d(part.float(), factor) for part in pictures.split(1024)]
    return torch.cat([part.round().to(pictures.dtype) if pictures.dtype == torch.uint8 else part for part in parts])


def to_signal(pictures: Tensor) -> Tensor:
    """Bytes to -1..1."""
    return pictures.float() / 127.5 - 1


def new_unet(**changes: Any) -> UNet2DConditionModel:
    """2.2 million parameters: text tokens join the attention at 8 x 8, their summary joins the timestep everywhere."""
    options: dict[str, Any] = {
        "sample_size": BASE_SIDE,
        "in_channels": 3,
        "out_channels": 3,
        "block_out_channels": (32, 64, 96),
        "down_block_types": ("DownBlock2D", "DownBlock2D", "SimpleCrossAttnDownBlock2D"),
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "up_block_types": ("SimpleCrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "cross_attention_dim": TEXT_WIDTH,
        "cross_attention_norm": "group_norm",
        "attention_head_dim": 32,
        "norm_num_groups": 8,
        "act_fn": "gelu",
        "encoder_hid_dim": TEXT_WIDTH,
        "encoder_hid_dim_type": "text_proj",
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": 4,
        "resnet_time_scale_shift": "scale_shift",
        "resnet_skip_time_act": True,
        "mid_block_scale_factor": 2**0.5,
        "time_embedding_act_fn": "gelu",
    }
    return UNet2DConditionModel(**{**options, **changes})


def new_scheduler() -> DDIMScheduler:
    """Cosine betas (Nichol & Dhariwal, 2021) with zero terminal signal-to-noise, v-prediction, x_0 kept in -1..1."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=True,
    )


def velocity_loss(predicted: Tensor, clean: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """Mean squared error of the velocity (Salimans & Ho, 2022), each [B, 3, h, w]."""
    wanted = new_scheduler().get_velocity(clean, noise, timesteps)
    return (predicted.float() - wanted).pow(2).mean()


def random_timesteps(batch: int, tilt: float, generator: torch.Generator) -> Tensor:
    """Training timesteps [B]; with a tilt below 1 noisy ones come more often."""
    return (1000 * torch.rand(batch, generator=generator) ** tilt).long().clamp(0, 999)
