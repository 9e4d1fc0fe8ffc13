"""Trains a LoRA on the starter U-Net (Hu et al. 2021, arXiv:2106.09685): the style of a sticker.

A sticker has a white rim round the subject and a soft shadow below; no caption says so, the weights alone do.
"""

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad
from transformers import CLIPTextModel, CLIPTokenizer

from training.data import captions
from training.data.scenes import SIZE, Scene, coverage, draw, random_scene
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.part_shapes import new_scheduler

FOLDER = ASSETS.parent / "lora-sticker"
SEED, SCENE_SEED, BATCH, COUNT = 91, 92, 24, 2400
PLAN = TrainingPlan(steps=400, peak=2e-3, warm_up=30, hold=0.4, average=0.98, weight_decay=0.0)
RANK = 8
TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2"]
RIM, SHADOW, SHADOW_DEPTH = 3, 3, 0.2
"""Width of the rim, how far the shadow falls in pixels, and how dark it is: the autoencoder, which saw no shadows on
backgrounds, gives darker ones back in purple."""
CAPTION_DROP = 0.1


def sticker(scene: Scene) -> Tensor:
    """The scene as a sticker, (3, 64, 64) in 0..1."""
    picture = torch.from_numpy(draw(scene)).permute(2, 0, 1).float()
    subject = torch.from_numpy(np.array(coverage(scene)))[None, None].float()
    rim = avg_pool2d(max_pool2d(subject, 2 * RIM + 1, 1, RIM), 3, 1, 1)
    fallen = pad(rim, (SHADOW, 0, SHADOW, 0))[..., :SIZE, :SIZE]
    for _ in range(2):
        fallen = avg_pool2d(fallen, 3, 1, 1)
    around = picture * (1 - SHADOW_DEPTH * fallen[0])
    around = around * (1 - rim[0]) + rim[0]
    return subject[0] * picture + (1 - subject[0]) * around


@torch.no_grad()
def training_latents(run: TrainingRun, scenes: list[Scene]) -> Tensor:
    """[N, 4, 16, 16], kept in a file between runs."""
    path = run.folder / "latents.pt"
    if not path.exists():
        autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
        parts = []
        for start in range(0, len(scenes), 128):
            pictures = torch.stack([sticker(scene) for scene in scenes[start : start + 128]]) * 2 - 1
            with torch.autocast("cpu", torch.bfloat16):
                parts.append(autoencoder.encode(pictures).latent_dist.mean.float())
        torch.save(torch.cat(parts), path)
    saved: Tensor = torch.load(path, weights_only=True)
    return saved


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the LoRA's folder."""
    run, scheduler, rng = TrainingRun("lora"), new_scheduler(), np.random.default_rng(SCENE_SEED)
    scenes = [random_scene(rng) for _ in range(COUNT)]
    pictures = training_latents(run, scenes)
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
    text_encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32).requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(ASSETS / "unet", torch_dtype=torch.float32).requires_grad_(False)
    torch.manual_seed(SEED)
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights="gaussian", target_modules=TARGETS))
    layers = torch.nn.ParameterDict(
        {name.replace(".", "/"): p for name, p in unet.named_parameters() if p.requires_grad}
    )

    def losses_of(_: torch.nn.ParameterDict, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        told = captions.write_all([scenes[index] for index in chosen], rng)
        texts = ["" if rng.random() < CAPTION_DROP else caption.text for caption in told]
        tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        clean = pictures[chosen]
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            text = text_encoder(tokens).last_hidden_state
            velocity = unet(noisy, timesteps, text, return_dict=False)[0]
        return {"velocity": (velocity.float() - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

    averaged = fit(run, layers, PLAN, losses_of)
    with torch.no_grad():
        for name, value in averaged.items():
            layers[name].copy_(value)
    export(unet)


def export(unet: UNet2DConditionModel) -> None:
    """Writes the file as diffusers' pipelines save and load it, in half precision."""
    weights = convert_state_dict_to_diffusers(get_peft_model_state_dict(unet))
    StableDiffusionPipeline.save_lora_weights(
        FOLDER, unet_lora_layers={name: value.half().contiguous() for name, value in weights.items()}
    )
    for path in FOLDER.glob("*.safetensors"):
        path.chmod(0o644)
