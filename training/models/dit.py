"""Trains a diffusion transformer on classes (Peebles & Xie 2023, arXiv:2212.09748) in the starter VAE's latents.

The classes are the subjects, in the middle of the picture; colour, background and style are up to chance. The network
also learns the variance of each step (Nichol & Dhariwal 2021, arXiv:2102.09672), for ancestral sampling.
"""

import shutil
from copy import deepcopy

import numpy as np
import torch
from diffusers import AutoencoderKL, DiTPipeline, DiTTransformer2DModel
from torch import Tensor, nn

from training.data.grammar import SUBJECTS
from training.data.scenes import Scene, draw_all, random_scene
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, WORK, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.loops.variance import train_variance, variance_loss
from training.models import vae
from training.models.part_shapes import LATENT_SIZE, new_scheduler

FOLDER = ASSETS.parent / "dit"
SEED, SCENE_SEED, BATCH, COUNT = 31, 32, 48, 8192
PLAN = TrainingPlan(steps=5000, peak=1.2e-3, warm_up=150, hold=0.35, average=0.996, weight_decay=1e-4)
WIDTH, LAYERS, HEADS = 128, 4, 4
CHANNELS = 4
CLASSES = 1000
"""diffusers' DiTPipeline takes label 1000 for "no class", so that the table has room for so many; 15 are used."""
LABEL_DROP = 0.1
VARIANCE_WEIGHT = 0.01


def new_transformer() -> DiTTransformer2DModel:
    """Four blocks of width 128 over patches of 2 x 2, begun as the paper does: every block adds nothing at first."""
    model = DiTTransformer2DModel(
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        in_channels=CHANNELS,
        out_channels=2 * CHANNELS,
        num_layers=LAYERS,
        sample_size=LATENT_SIZE,
        patch_size=2,
        num_embeds_ada_norm=CLASSES,
    )
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    nn.init.xavier_uniform_(model.pos_embed.proj.weight.flatten(1))
    embedder = model.transformer_blocks[0].norm1.emb
    for layer in (embedder.timestep_embedder.linear_1, embedder.timestep_embedder.linear_2):
        nn.init.normal_(layer.weight, std=0.02)
    nn.init.normal_(embedder.class_embedder.embedding_table.weight, std=0.02)
    for block in model.transformer_blocks:
        block.norm1.emb = embedder  # one for all while it is trained, as in the paper
        nn.init.zeros_(block.norm1.linear.weight)
    for layer in (model.proj_out_1, model.proj_out_2):
        nn.init.zeros_(layer.weight)
    return model.eval()  # labels are dropped here, for all blocks alike, and not by each block


def training_scenes() -> list[Scene]:
    """Centred subjects, the same at each call."""
    rng = np.random.default_rng(SCENE_SEED)
    return [random_scene(rng, centre_share=1.0) for _ in range(COUNT)]


@torch.no_grad()
def training_latents(scenes: list[Scene]) -> Tensor:
    """[8192, 4, 16, 16], kept in a file between runs."""
    path = WORK / "dit" / "latents.pt"
    if path.exists():
        saved: Tensor = torch.load(path, weights_only=True)
        return saved
    autoencoder = AutoencoderKL.from_pretrained(ASSETS / "vae", torch_dtype=torch.float32).eval()
    parts = []
    for start in range(0, len(scenes), 128):
        pictures = vae.to_tensor(draw_all(scenes[start : start + 128]))
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(autoencoder.encode(pictures).latent_dist.mean.float())
    latents = torch.cat(parts)
    torch.save(latents, path)
    return latents


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # on the CPU too: attention stays in bfloat16
    run, scenes = TrainingRun("dit"), training_scenes()
    latents = training_latents(scenes)
    labels = torch.tensor([SUBJECTS.index(scene.subject) for scene in scenes])
    torch.manual_seed(SEED)
    scheduler = new_scheduler()

    def losses_of(model: DiTTransformer2DModel, step: int) -> dict[str, Tensor]:
        seed = torch.Generator().manual_seed(SEED + step)
        chosen = torch.from_numpy(epoch_indices(SEED, step, BATCH, COUNT))
        clean = latents[chosen]
        dropped = torch.rand(BATCH, generator=seed) < LABEL_DROP
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            output = model(noisy, timesteps, labels[chosen].masked_fill(dropped, CLASSES), return_dict=False)[0]
        velocity, spread = output.float().chunk(2, 1)
        return {
            "velocity": (velocity - scheduler.get_velocity(clean, noise, timesteps)).pow(2).mean(),
            "variance": VARIANCE_WEIGHT * variance_loss(scheduler, velocity, spread, noisy, clean, timesteps),
        }

    model = fit(run, new_transformer(), PLAN, losses_of).requires_grad_(False)
    train_variance(model, latents, labels, CLASSES)
    export(model)


def export(model: DiTTransformer2DModel) -> None:
    """Replaces the model's folder: a DiTPipeline of diffusers in half precision, with the starter's VAE."""
    embedder = model.transformer_blocks[0].norm1.emb
    embedder.class_embedder.embedding_table.weight[len(SUBJECTS) : CLASSES] = 0
    for block in model.transformer_blocks:
        block.norm1.emb = deepcopy(embedder)
    pipeline = DiTPipeline(
        transformer=model,
        vae=AutoencoderKL.from_pretrained(ASSETS / "vae"),
        scheduler=new_scheduler(),
    )
    pipeline.register_to_config(id2label=dict(enumerate(SUBJECTS)))  # as in the model_index.json of the paper's models
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
