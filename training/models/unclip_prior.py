"""Trains a diffusion prior: from CLIP's text to the CLIP vector of a picture that fits it (Ramesh et al. 2022,
arXiv:2204.06125, section 2.2), in the layout of Karlo.

It predicts the clean vector itself. The starter CLIP is frozen; its vectors of pictures are brought to mean 0 and
deviation 1 in each number, as the network's own ``clip_mean`` and ``clip_std`` keep them.
"""

import numpy as np
import torch
from diffusers import PriorTransformer, UnCLIPScheduler
from torch import Tensor
from transformers import CLIPModel, CLIPTokenizer

from training.data.captions import write_all
from training.data.scenes import Scene, draw_all, random_scene
from training.data.tokenizer import LENGTH
from training.loops.run_folders import WORK, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models import clip, vae
from training.models.latent_diffusion import with_filler

SEED, SCENE_SEED, BATCH, COUNT = 51, 52, 128, 16384
PLAN = TrainingPlan(steps=1500, peak=1e-3, warm_up=60, hold=0.3, average=0.995, weight_decay=1e-3)
WIDTH, HEADS, LAYERS = 128, 4, 4
TEXT_DROP = 0.1
TRAINED = WORK / "unclip-prior" / "prior"


def new_prior() -> PriorTransformer:
    """Four layers of width 128 over 32 tokens of text, its vector, the time, the noisy vector and the answer."""
    return PriorTransformer(
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        num_layers=LAYERS,
        embedding_dim=clip.WIDTH,
        num_embeddings=LENGTH,
        additional_embeddings=4,
    )


def new_scheduler() -> UnCLIPScheduler:
    """Cosine betas; the clean vector is predicted, and held within five deviations, as in Karlo."""
    return UnCLIPScheduler(prediction_type="sample", clip_sample_range=5.0)


def training_scenes() -> list[Scene]:
    """Centred subjects, the same at each call."""
    rng = np.random.default_rng(SCENE_SEED)
    return [random_scene(rng, centre_share=1.0) for _ in range(COUNT)]


class Texts:
    """The text half of the starter CLIP, frozen."""

    def __init__(self, model: CLIPModel) -> None:
        self.model = model
        self.tokenizer = CLIPTokenizer.from_pretrained(clip.FOLDER)

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors [B, 128], hidden states [B, 32, 128] and which of these are words [B, 32]."""
        found = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        states = self.model.text_model(input_ids=found["input_ids"])
        vectors = self.model.text_projection(states.pooler_output)
        return vectors.float(), states.last_hidden_state.float(), found["attention_mask"].bool()


def frozen_clip() -> CLIPModel:
    return CLIPModel.from_pretrained(clip.FOLDER, dtype=torch.float32).eval().requires_grad_(False)


@torch.no_grad()
def picture_vectors(model: CLIPModel, scenes: list[Scene]) -> Tensor:
    """[scenes, 128]: CLIP's vectors of the scenes' pictures."""
    parts = []
    for start in range(0, len(scenes), 256):
        pictures = vae.to_tensor(draw_all(scenes[start : start + 256]))
        with torch.autocast("cpu", torch.bfloat16):
            parts.append(model.get_image_features(pixel_values=pictures).pooler_output.float())
    return torch.cat(parts)


def training_vectors(model: CLIPModel, scenes: list[Scene]) -> Tensor:
    """The same, kept in a file between runs."""
    path = WORK / "unclip-vectors.pt"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(picture_vectors(model, scenes), path)
    saved: Tensor = torch.load(path, weights_only=True)
    return saved


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the averaged weights."""
    run, model, scenes, scheduler = TrainingRun("unclip-prior"), frozen_clip(), training_scenes(), new_scheduler()
    texts, vectors = Texts(model), training_vectors(model, scenes)
    torch.manual_seed(SEED)
    fresh = new_prior()
    fresh.clip_mean.data, fresh.clip_std.data = vectors.mean(0, keepdim=True), vectors.std(0, keepdim=True)
    fresh.clip_mean.requires_grad_(False)
    fresh.clip_std.requires_grad_(False)
    targets = (vectors - fresh.clip_mean) / fresh.clip_std

    def losses_of(prior: PriorTransformer, step: int) -> dict[str, Tensor]:
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        told = write_all([scenes[index] for index in chosen], rng)
        dropped = rng.random(BATCH) < TEXT_DROP
        words = ["" if drop else with_filler(c.text, rng) for drop, c in zip(dropped, told, strict=True)]
        clean = targets[chosen]
        noise = torch.randn(clean.shape, generator=seed)
        timesteps = torch.randint(0, 1000, (BATCH,), generator=seed)
        noisy = scheduler.add_noise(clean, noise, timesteps)
        with torch.autocast("cpu", torch.bfloat16):
            whole, states, mask = texts(words)
            foreseen = prior(noisy, timesteps, whole, states, mask, return_dict=False)[0]
        return {"vector": (foreseen.float() - clean).pow(2).mean()}

    fit(run, fresh, PLAN, losses_of).save_pretrained(TRAINED)
