"""Figures and card of the unCLIP: how near the prior's vectors come, and whether the decoder's pictures are right."""

import json
import time
from collections.abc import Sequence

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, PriorTransformer, UNet2DConditionModel
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from torch import Tensor
from torch.nn.functional import cosine_similarity, interpolate

from training import captions, evaluate, unclip_decoder, unclip_prior
from training.pictures import save_grid
from training.runs import WORK
from training.scenes import Picture, Scene, random_scene
from training.unclip_export import FOLDER
from training.vae import to_pictures

CHOOSING_SEED, HELD_OUT_SEED, HELD_OUT = 4244, 20260, 200
PRIOR_STEPS, PRIOR_GUIDANCE, CANDIDATES = 10, 2.0, 2
STEPS, GUIDANCE = 20, 2.0
BATCH = 50

_CARD = """# unCLIP starter

A very small unCLIP (DALL-E 2): a prior from CLIP's text to CLIP vectors of pictures, and a decoder from such a vector
to a picture of 32 x 32 pixels. Folder in the layout of `kakaobrain/karlo-v1-alpha` without its two upscalers:
{megabytes:.1f} MB in half precision. The vectors are those of the CLIP starter (`starter:clip`).

## What to ask for
One subject in the middle of a plain background, in the words of `latent-diffusion`; places do not count.

## Settings
Prior: {prior_steps} steps of DDPM, guidance {prior_guidance:g}, {candidates} candidates of which the one nearer to the
text is kept; it predicts the clean vector. Decoder: {steps} steps of DDIM, guidance {guidance:g}; it predicts v, has
zero terminal signal-to-noise, and wants trailing timesteps: the folders of the two schedulers say so. The decoder has
no learned variance, unlike Karlo's.

## How well it does
On {count} captions and pictures from a seed of their own, in single precision.

| vector | cosine to the vector of the true picture |
|---|---|
| CLIP's vector of the text | {text_cosine:.3f} |
| one of the prior | {one_cosine:.3f} |
| the nearer of {candidates} | **{best_cosine:.3f}** |

The checker (`training/checker.py`, which reads pixels alone) on pictures that were enlarged to 64 x 64 by cubic curves:

| decoded from | right in all that the caption says | seconds a picture |
|---|---|---|
| the vector of the true picture, no text | **{true_right:.1%}** | {true_seconds:.2f} |
| the prior's vector, no text | **{chain_right:.1%}** | {chain_seconds:.2f} |
| the prior's vector and the text | **{told_right:.1%}** | {told_seconds:.2f} |

## How it was made
By `python -m training unclip-prior` and `unclip-decoder` on one CPU core; every picture was drawn by `training/`.
Prior: {prior_parameters:.2f} M parameters (four layers of width 128), {prior_trained} steps, {prior_seen} pictures
seen, {prior_minutes:.0f} processor minutes, seed 51. Decoder: {decoder_parameters:.2f} M parameters (32, 64 and 80
channels, attention at 8 x 8), {decoder_trained} steps, {decoder_seen} pictures seen, {decoder_minutes:.0f} processor
minutes, seed 61; half of the texts and a tenth of the vectors are dropped.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Painter:
    """The model's folder as a user loads it, in single precision."""

    def __init__(self) -> None:
        self.clip = unclip_prior.frozen_clip()
        self.texts = unclip_prior.Texts(self.clip)
        self.prior = PriorTransformer.from_pretrained(FOLDER / "prior", torch_dtype=torch.float32).eval()
        self.decoder = unclip_decoder.Decoder().eval()
        self.decoder.unet = UNet2DConditionModel.from_pretrained(FOLDER / "decoder", torch_dtype=torch.float32).eval()
        self.decoder.text_proj = UnCLIPTextProjModel.from_pretrained(FOLDER / "text_proj", torch_dtype=torch.float32)

    @torch.no_grad()
    def vectors(self, asked: Sequence[str], scale: float = PRIOR_GUIDANCE, seed: int = 0) -> Tensor:
        """What the prior draws for captions, [count, 128]."""
        config = dict(unclip_prior.new_scheduler().config)
        loop = DDPMScheduler.from_config(config, timestep_spacing="linspace")
        loop.set_timesteps(PRIOR_STEPS)
        generator = torch.Generator().manual_seed(seed)
        whole, states, mask = self._beside_none(list(asked))
        x = torch.randn(len(asked), whole.shape[1], generator=generator)
        for moment in loop.timesteps:
            output = self.prior(torch.cat([x, x]), moment, whole, states, mask, return_dict=False)[0]
            anything, wanted = output.chunk(2)
            x = loop.step(anything + scale * (wanted - anything), moment, x, generator=generator).prev_sample
        vectors: Tensor = self.prior.post_process_latents(x)
        return vectors

    def _beside_none(self, texts: list[str]) -> tuple[Tensor, ...]:
        """What CLIP makes of as many empty texts, and then of these."""
        return tuple(map(torch.cat, zip(self.texts([""] * len(texts)), self.texts(texts), strict=True)))

    def nearest(self, asked: Sequence[str], seed: int = 0) -> Tensor:
        """The nearer to each text of two draws, [count, 128]."""
        target = self.texts(list(asked))[0]
        drawn = torch.stack([self.vectors(asked, seed=seed + number) for number in range(CANDIDATES)])
        best = cosine_similarity(drawn, target[None], dim=-1).argmax(0)
        return drawn[best, torch.arange(len(asked))]

    @torch.no_grad()
    def paint(self, vectors: Tensor, texts: Sequence[str], scale: float = GUIDANCE, seed: int = 0) -> Picture:
        """Pictures [count, 64, 64, 3] in 0..1, enlarged from 32 x 32."""
        made = [
            self._batch(part, list(texts[start : start + BATCH]), scale, seed + start)
            for start, part in zip(range(0, len(vectors), BATCH), vectors.split(BATCH), strict=True)
        ]
        return np.concatenate(made)

    def _batch(self, vectors: Tensor, texts: list[str], scale: float, seed: int) -> Picture:
        loop = DDIMScheduler.from_config(dict(unclip_decoder.new_scheduler().config))
        loop.set_timesteps(STEPS)
        nothing = self.decoder.text_proj.learned_classifier_free_guidance_embeddings.expand_as(vectors)
        both = torch.cat([nothing, vectors])
        texted = self._beside_none(texts)
        x = torch.randn(len(vectors), 3, 32, 32, generator=torch.Generator().manual_seed(seed))
        for moment in loop.timesteps:
            anything, wanted = self.decoder(torch.cat([x, x]), moment, both, *texted).chunk(2)
            x = loop.step(anything + scale * (wanted - anything), moment, x).prev_sample
        return to_pictures(interpolate(x.clamp(-1, 1), (64, 64), mode="bicubic", antialias=True))


def asked_for(seed: int, count: int) -> tuple[list[Scene], list[str]]:
    """Centred scenes and captions of them, the same for the same seed."""
    rng = np.random.default_rng(seed)
    scenes = [random_scene(rng, centre_share=1.0) for _ in range(count)]
    return scenes, [captions.write(scene, rng).text for scene in scenes]


def compare(count: int = 100) -> None:
    """Figures for choosing the decoder's guidance scale, on captions that are not reported."""
    painter, (scenes, asked) = Painter(), asked_for(CHOOSING_SEED, count)
    true = unclip_prior.picture_vectors(painter.clip, scenes)
    chosen = painter.nearest(asked)
    for scale in (1.0, 1.5, 2.0, 3.0):
        for name, vectors, texts in (
            ("true", true, [""] * count),
            ("prior", chosen, [""] * count),
            ("prior and text", chosen, asked),
        ):
            made = painter.paint(vectors, texts, scale)
            print(scale, name, evaluate.score(made, asked), flush=True)
            save_grid(made[:60], WORK / "unclip-decoder" / f"look_{name}_{scale}.png")


def report() -> None:
    """Measures the model's folder and writes its card."""
    painter, (scenes, asked) = Painter(), asked_for(HELD_OUT_SEED, HELD_OUT)
    true, silent = unclip_prior.picture_vectors(painter.clip, scenes), [""] * HELD_OUT
    one, best = painter.vectors(asked), painter.nearest(asked)
    cosines = {
        f"{name}_cosine": float(cosine_similarity(vectors, true).mean())
        for name, vectors in (("text", painter.texts(asked)[0]), ("one", one), ("best", best))
    }
    figures: dict[str, float] = {}
    for name, vectors, texts in (("true", true, silent), ("chain", best, silent), ("told", best, asked)):
        begin = time.process_time()
        made = painter.paint(vectors, texts, seed=HELD_OUT_SEED)
        figures[f"{name}_seconds"] = (time.process_time() - begin) / HELD_OUT
        figures[f"{name}_right"] = evaluate.score(made, asked)["all"]
        save_grid(made[:96], WORK / "unclip-decoder" / f"held_out_{name}.png")
    print(cosines, figures, flush=True)
    trained = {name: _history(f"unclip-{name}") for name in ("prior", "decoder")}
    parameters = {"prior": painter.prior, "decoder": painter.decoder}
    (FOLDER / "README.md").write_text(
        _CARD.format(
            megabytes=sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) / 1e6,
            prior_steps=PRIOR_STEPS,
            prior_guidance=PRIOR_GUIDANCE,
            candidates=CANDIDATES,
            steps=STEPS,
            guidance=GUIDANCE,
            count=HELD_OUT,
            **cosines,
            **figures,
            **{
                f"{name}_parameters": sum(w.numel() for w in part.parameters()) / 1e6
                for name, part in parameters.items()
            },
            **{f"{name}_trained": entries[-1]["step"] for name, entries in trained.items()},
            **{f"{name}_minutes": sum(e["seconds"] for e in entries) / 60 for name, entries in trained.items()},
            prior_seen=trained["prior"][-1]["step"] * unclip_prior.BATCH,
            decoder_seen=trained["decoder"][-1]["step"] * unclip_decoder.BATCH,
        )
    )


def _history(name: str) -> list[dict[str, float]]:
    return [json.loads(line) for line in (WORK / name / "history.jsonl").read_text().splitlines()]
