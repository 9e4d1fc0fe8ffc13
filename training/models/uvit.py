"""Trains a U-ViT on captions (Bao et al. 2023, arXiv:2209.12152) in the starter VAE's latents.

Time, the words and the patches are one row of tokens. The words come from the latent diffusion starter's text encoder,
which stays as it is; the VAE is that of the same model.
"""

import shutil

import numpy as np
import torch
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from nodes.networks.uvit_network import UViT
from training.data import captions
from training.data.centred import COUNT, TEXT_LENGTH, centred_latents, centred_scenes
from training.data.scenes import SIZE
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import LATENT_SIZE, TEXT_WIDTH, new_scheduler

FOLDER = ASSETS.parent / "u-vit"
SEED, BATCH = 51, 48
PLAN = TrainingPlan(steps=5600, peak=1.2e-3, warm_up=150, hold=0.35, average=0.996, weight_decay=1e-4)
WIDTH, DEPTH, HEADS = 128, 7, 4
CAPTION_DROP = 0.1


def new_network() -> UViT:
    """Seven blocks of width 128 over patches of 2 x 2, begun as the paper's program does."""
    model = UViT(
        sample_size=LATENT_SIZE,
        patch_size=2,
        in_channels=4,
        embed_dim=WIDTH,
        depth=DEPTH,
        num_heads=HEADS,
        mlp_time_embed=True,
        text_dim=TEXT_WIDTH,
        text_tokens=TEXT_LENGTH,
        downscale=SIZE // LATENT_SIZE,
    )
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.trunc_normal_(module.weight, std=0.04)  # the paper has 0.02, at four times the width
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    nn.init.trunc_normal_(model.pos_embed, std=0.04)
    return model


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # on the CPU too: attention stays in bfloat16
    run, scenes = TrainingRun("u-vit"), centred_scenes()
    latents = centred_latents(scenes)
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer", model_max_length=TEXT_LENGTH)
    encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32).eval().requires_grad_(False)
    scheduler = new_scheduler()
    torch.manual_seed(SEED)

    def losses_of(model: UViT, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        told = captions.write_all([scenes[index] for index in chosen], rng)
        texts = ["" if rng.random() < CAPTION_DROP else with_filler(caption.text, rng) for caption in told]
        tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        clean = latents[torch.from_numpy(chosen)]
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        with torch.autocast("cpu", torch.bfloat16):
            text = encoder(tokens).last_hidden_state
            output = model(scheduler.add_noise(clean, noise, timesteps), timesteps, text=text)
        return {"velocity": (output.float() - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean()}

    export(fit(run, new_network(), PLAN, losses_of))


def export(model: UViT) -> None:
    """Replaces the model's folder: the network in half precision, and its noise schedule."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.half().save_pretrained(FOLDER, safe_serialization=True)
    new_scheduler().save_pretrained(FOLDER / "scheduler")
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
