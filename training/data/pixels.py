"""Parts shared by models on pixels: their images, their noise schedule, and U-Nets in the layout of DeepFloyd IF."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DDIMScheduler, IFPipeline, UNet2DConditionModel, UNet2DModel
from torch import Tensor
from torch.nn.functional import avg_pool2d

from training.data.scenes import SIZE, Scene, draw_all, random_scene
from training.loops.pipeline_export import without_origin
from training.models import pixel_base

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
    """3.3 million parameters: text tokens join the attention at 8 x 8, their summary joins the timestep everywhere."""
    options: dict[str, Any] = {
        "sample_size": BASE_SIDE,
        "in_channels": 3,
        "out_channels": 3,
        "block_out_channels": pixel_base.WIDTHS,
        "down_block_types": ("DownBlock2D", "DownBlock2D", "SimpleCrossAttnDownBlock2D"),
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "up_block_types": ("SimpleCrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "cross_attention_dim": TEXT_WIDTH,
        "cross_attention_norm": "group_norm",
        "attention_head_dim": 32,
        "norm_num_groups": 8,
        "encoder_hid_dim": TEXT_WIDTH,
        "encoder_hid_dim_type": "text_proj",
        "addition_embed_type": "text",
        "addition_embed_type_num_heads": 4,
        "resnet_time_scale_shift": "scale_shift",
    }
    return UNet2DConditionModel(**{**options, **changes})


@torch.no_grad()
def started_unet() -> UNet2DConditionModel:
    """The same, begun from the starter that paints without words: only what takes the text in is new.

    At first the text's summary is nearly that starter's embedding of "no class", and the tokens add nothing.
    """
    base = UNet2DModel.from_pretrained(pixel_base.FOLDER / "unet", torch_dtype=torch.float32)
    unet, known = new_unet(), base.state_dict()
    shapes = {name: weight.shape for name, weight in unet.state_dict().items()}
    unet.load_state_dict({n: weight for n, weight in known.items() if shapes.get(n) == weight.shape}, strict=False)
    unet.add_embedding.norm2.bias.copy_(known["class_embedding.weight"][pixel_base.NONE])
    unet.add_embedding.norm2.weight.fill_(0.2)
    for name, weight in unet.named_parameters():
        if "add_v_proj" in name or "upsamplers.0.conv2" in name:
            weight.zero_()
    return unet


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


def export(folder: Path, unet: UNet2DConditionModel, tokenizer: Any, text_encoder: Any) -> None:
    """Replaces a model's folder: an `IFPipeline` of diffusers, in half precision."""
    pipeline = IFPipeline(
        tokenizer=tokenizer,
        text_encoder=text_encoder,
        unet=unet,
        scheduler=new_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )
    save(pipeline, folder)


def save(pipeline: Any, folder: Path) -> None:
    """Replaces a model's folder by a pipeline of diffusers, in half precision."""
    shutil.rmtree(folder, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(folder, safe_serialization=True)
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in folder.rglob("*.json"):
        without_origin(path)
