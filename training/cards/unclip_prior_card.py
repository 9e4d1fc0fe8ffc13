"""Figures and card of the prior: how near its vectors come to those of true pictures."""

import time
from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DDPMScheduler, PriorTransformer
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from training.data import captions
from training.data.scenes import Scene, random_scene
from training.evaluation.claims import parse
from training.loops.run_folders import minutes, recorded
from training.loops.unclip_export import PRIOR
from training.models import unclip_prior

HELD_OUT_SEED, HELD_OUT = 20260, 200
STEPS, GUIDANCE, CANDIDATES = 10, 2.0, 2

_CARD = """# Diffusion prior starter

The first half of an unCLIP (DALL-E 2), very small: from CLIP's text to the CLIP vector of a picture of it. Folder with
the part names of `kakaobrain/karlo-v1-alpha`, {megabytes:.1f} MB in half precision. The vectors, of 128 numbers, are
those of the CLIP starter (`starter:clip`), whose text half is the text encoder here.

## What to ask for
One subject in the middle of a plain background, in the words of `latent-diffusion`.

## Settings
{steps} steps of DDPM, guidance {guidance:g}, {candidates} candidates of which the one nearer to the text is kept. It
predicts the clean vector; cosine betas.

## How well it does
On {count} captions and pictures from a seed of their own, in single precision. The vector is right when, of {bank}
pictures, the nearest to it shows all that the caption says of subject, colour and background.

| vector | cosine to the vector of the true picture | right | seconds |
|---|---|---|---|
| CLIP's vector of the text | {text_cosine:.3f} | {text_right:.1%} | |
| one of the prior | {one_cosine:.3f} | {one_right:.1%} | {one_seconds:.3f} |
| the nearer of {candidates} | **{best_cosine:.3f}** | **{best_right:.1%}** | {best_seconds:.3f} |
| the true picture's | 1 | {true_right:.1%} | |

## How it was made
By `python -m training unclip-prior` on one CPU core; every picture was drawn by `training/`. {parameters:.2f} M
parameters (four layers of width 128), {trained} steps, {seen} pictures seen ({different} different ones), {minutes:.0f}
processor minutes, seed 51. A tenth of the texts is dropped for guidance.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Drawer:
    """The prior's folder as a user loads it, in single precision."""

    def __init__(self) -> None:
        self.clip = unclip_prior.frozen_clip()
        self.texts = unclip_prior.Texts(self.clip)
        self.prior = PriorTransformer.from_pretrained(PRIOR / "prior", torch_dtype=torch.float32).eval()

    def beside_none(self, texts: list[str]) -> tuple[Tensor, ...]:
        """Return what CLIP makes of as many empty texts, and then of these."""
        return tuple(map(torch.cat, zip(self.texts([""] * len(texts)), self.texts(texts), strict=True)))

    @torch.no_grad()
    def draw(self, asked: Sequence[str], scale: float = GUIDANCE, seed: int = 0) -> Tensor:
        """One vector for each caption, [count, 128]."""
        loop = DDPMScheduler.from_config(dict(unclip_prior.new_scheduler().config), timestep_spacing="linspace")
        loop.set_timesteps(STEPS)
        generator = torch.Generator().manual_seed(seed)
        whole, states, mask = self.beside_none(list(asked))
        x = torch.randn(len(asked), whole.shape[1], generator=generator)
        for moment in loop.timesteps:
            output = self.prior(torch.cat([x, x]), moment, whole, states, mask, return_dict=False)[0]
            anything, wanted = output.chunk(2)
            x = loop.step(anything + scale * (wanted - anything), moment, x, generator=generator).prev_sample
        vectors: Tensor = self.prior.post_process_latents(x)
        return vectors

    def nearest(self, asked: Sequence[str], seed: int = 0) -> Tensor:
        """The nearer to each text of some draws, [count, 128]."""
        drawn = torch.stack([self.draw(asked, seed=seed + number) for number in range(CANDIDATES)])
        best = cosine_similarity(drawn, self.texts(list(asked))[0][None], dim=-1).argmax(0)
        return drawn[best, torch.arange(len(asked))]


def asked_for(seed: int, count: int) -> tuple[list[Scene], list[str]]:
    """Centred scenes and captions of them, the same for the same seed."""
    rng = np.random.default_rng(seed)
    scenes = [random_scene(rng, centre_share=1.0) for _ in range(count)]
    return scenes, [captions.write(scene, rng).text for scene in scenes]


def share_right(vectors: Tensor, asked: Sequence[str], bank: Tensor, scenes: Sequence[Scene]) -> float:
    """The share of vectors whose nearest among ``bank``, the vectors of ``scenes``, shows what the caption says."""
    nearest = (normalize(vectors, dim=-1) @ normalize(bank, dim=-1).T).argmax(1).tolist()
    claims = [(parse(text), scenes[number]) for text, number in zip(asked, nearest, strict=True)]
    names = ("subject", "colour", "background")
    return float(np.mean([all(getattr(c, n) in (None, getattr(s, n)) for n in names) for c, s in claims]))


def report() -> None:
    """Measures the prior's folder and writes its card."""
    drawer, (scenes, asked) = Drawer(), asked_for(HELD_OUT_SEED, HELD_OUT)
    known = unclip_prior.training_scenes()
    bank = unclip_prior.training_vectors(drawer.clip, known)
    true = unclip_prior.picture_vectors(drawer.clip, scenes)
    begin = time.process_time()
    one = drawer.draw(asked, seed=HELD_OUT_SEED)
    middle = time.process_time()
    best = drawer.nearest(asked, seed=HELD_OUT_SEED)
    seconds = {"one_seconds": middle - begin, "best_seconds": time.process_time() - middle}
    found = {"text": drawer.texts(asked)[0], "one": one, "best": best, "true": true}
    figures = {f"{name}_cosine": float(cosine_similarity(v, true).mean()) for name, v in found.items()}
    figures |= {f"{name}_right": share_right(v, asked, bank, known) for name, v in found.items()}
    figures |= {name: taken / HELD_OUT for name, taken in seconds.items()}
    print(figures, flush=True)
    history = recorded("unclip-prior")
    trained = history[-1]["step"]
    (PRIOR / "README.md").write_text(
        _CARD.format(
            megabytes=sum(path.stat().st_size for path in PRIOR.rglob("*.safetensors")) / 1e6,
            steps=STEPS,
            guidance=GUIDANCE,
            candidates=CANDIDATES,
            count=HELD_OUT,
            bank=len(bank),
            **figures,
            parameters=sum(weight.numel() for weight in drawer.prior.parameters()) / 1e6,
            trained=trained,
            seen=trained * unclip_prior.BATCH,
            different=unclip_prior.COUNT,
            minutes=minutes(history),
        )
    )
