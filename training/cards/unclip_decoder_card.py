"""Figures and card of the decoder: whether its pictures are right, from true vectors and through the whole chain."""

import time

import numpy as np
from torch import Tensor

from nodeflow.wires import Embedding
from nodes.conditioning.unclip_prior import load_prior, load_unclip_decoder, unclip_conditioning, unclip_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.latents.vae import pixel_space
from training.cards.centred_cards import sampled
from training.cards.unclip_prior_card import HELD_OUT, HELD_OUT_SEED, Drawer, asked_for
from training.data.picture_files import save_grid
from training.data.scenes import Picture, draw_all
from training.evaluation import evaluate, grain
from training.loops.run_folders import WORK, minutes, recorded
from training.loops.unclip_export import DECODER, PRIOR
from training.models import unclip_decoder, unclip_decoder_smooth, unclip_prior

CHOOSING_SEED = 4244
KIND, STEPS, GUIDANCE, BATCH = "DPM++ 2M", 10, 1.5, 50
GRAIN_BEFORE = 4.0
"""Measured when the decoder ended with the third round, on 16 captions of CHOOSING_SEED."""

_CARD = """# unCLIP decoder starter

The second half of an unCLIP (DALL-E 2), very small: from the CLIP vector of a picture to a picture of 64 x 64 pixels.
Folder with the part names of `kakaobrain/karlo-v1-alpha`, {megabytes:.1f} MB in half precision. The vectors are those
of the CLIP starter (`starter:clip`); texts are encoded by the text encoder of `unclip-prior`.

## Settings
{steps} steps of {kind}, guidance {guidance:g}. It predicts v, has zero terminal signal-to-noise, and wants trailing
timesteps: `decoder_scheduler/` says so. It has no learned variance, unlike Karlo's.

## How well it does
On {count} captions and pictures from a seed of their own, in single precision, judged by the checker
(`training/checker.py`, which reads pixels alone).

| decoded from | right in all that the caption says | background uneven by | grain | seconds a picture |
|---|---|---|---|---|
| the true vector, no text | **{true_right:.1%}** | {true_uneven:.2f} | {true_grain:.2f} | {true_seconds:.2f} |
| the prior's vector, no text | **{chain_right:.1%}** | {chain_uneven:.2f} | {chain_grain:.2f} | {chain_seconds:.2f} |
| the prior's vector and the text | **{told_right:.1%}** | {told_uneven:.2f} | {told_grain:.2f} | {told_seconds:.2f} |
| the true pictures | | {drawn_uneven:.2f} | {drawn_grain:.2f} | |

How plain a plain background is, in levels of the 255 of a colour (medians, `training/evaluation/grain.py`): by how much
it leaves an even slope, and by how much a pixel differs from the nine about it. Before the last round the grain of the
third row was {before}.

The error of the last step is its noise level times the network's, and with levels as trained the tenth step still has a
third of noise. The workflow `dalle2` walks along the levels of Karras et al. 2022 (arXiv:2206.00364), 14 steps here and
12 in `upsampler-256`: of 200 held-out captions 198 are right, and the backgrounds of its pictures of 1024 pixels are
uneven by 1.91 and have a grain of 0.19 (medians; with levels as trained 2.36 and 0.71; drawings 0.29 and 0.05).

## How it was made
By `python -m training unclip-decoder` on one CPU core; every picture was drawn by `training/`. {parameters:.2f} M
parameters (32, 32, 64 and 80 channels, attention at 8 x 8): {first} steps of {batch} pictures of 32 x 32 without the
outermost level, then {grown} of {grown_batch} of 64 x 64 with it (after Karras et al. 2018, arXiv:1710.10196), and by
`unclip-decoder-smooth` {smooth} more against the grain, of which half of the timesteps are below {late} and for which
the absolute error counts too; {minutes:.0f} processor minutes, seed 61; half of the texts and a tenth of the vectors
are dropped.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Painter(Drawer):
    """Prior and decoder as a user loads them, in single precision."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder, self.schedule, _ = load_unclip_decoder(str(DECODER))
        self.text_encoder = load_prior(str(PRIOR)).text_encoder
        self.nothing = unclip_conditioning(self.decoder, self.text_encoder.encode([""]))

    def paint(self, vectors: Tensor, texts: list[str], scale: float = GUIDANCE, seed: int = 0) -> Picture:
        """Pictures [count, 64, 64, 3] in 0..1."""
        starts = range(0, len(vectors), BATCH)
        return np.concatenate(
            [
                self._batch(vectors[start : start + BATCH], texts[start : start + BATCH], scale, seed + start)
                for start in starts
            ]
        )

    def _batch(self, vectors: Tensor, texts: list[str], scale: float, seed: int) -> Picture:
        led = unclip_conditioning(self.decoder, self.text_encoder.encode(texts), Embedding(vectors))
        guider = classifier_free_guidance(unclip_denoiser(self.decoder), led, self.nothing, scale)
        return sampled(guider, self.schedule, KIND, STEPS, pixel_space(), seed, len(vectors))


def compare(count: int = 60) -> None:
    """Figures for choosing the guidance scale, on captions that are not reported."""
    painter, (_, asked) = Painter(), asked_for(CHOOSING_SEED, count)
    drawn = painter.nearest(asked)
    for scale in (1.0, 1.5, 2.0, 3.0):
        for name, texts in (("vector", [""] * count), ("vector and text", asked)):
            made = painter.paint(drawn, texts, scale)
            print(scale, name, evaluate.score(made, asked), flush=True)
            save_grid(made[:60], WORK / "unclip-decoder" / f"look_{name}_{scale}.png")


def plainness(name: str, pictures: Picture) -> dict[str, float]:
    """Return how plain the backgrounds of pictures [count, 64, 64, 3] are, for the card."""
    looks = {"uneven": grain.uneven, "grain": grain.grain}
    return {f"{name}_{look}": float(np.median([of(picture) for picture in pictures])) for look, of in looks.items()}


def report() -> None:
    """Measures the decoder's folder and writes its card."""
    painter, (scenes, asked) = Painter(), asked_for(HELD_OUT_SEED, HELD_OUT)
    true, drawn = unclip_prior.picture_vectors(painter.clip, scenes), painter.nearest(asked, seed=HELD_OUT_SEED)
    silent, figures = [""] * HELD_OUT, dict[str, float]()
    for name, vectors, texts in (("true", true, silent), ("chain", drawn, silent), ("told", drawn, asked)):
        begin = time.process_time()
        made = painter.paint(vectors, texts, seed=HELD_OUT_SEED)
        figures[f"{name}_seconds"] = (time.process_time() - begin) / HELD_OUT
        figures[f"{name}_right"] = evaluate.score(made, asked)["all"]
        figures |= plainness(name, made)
        save_grid(made[:96], WORK / "unclip-decoder" / f"held_out_{name}.png")
    figures |= plainness("drawn", draw_all(scenes))
    print(figures, flush=True)
    rounds = ("unclip-decoder", "unclip-decoder-grown", "unclip-decoder-polished", "unclip-decoder-smooth")
    first, *_, smooth = map(recorded, rounds)
    (DECODER / "README.md").write_text(
        _CARD.format(
            megabytes=sum(path.stat().st_size for path in DECODER.rglob("*.safetensors")) / 1e6,
            kind=KIND,
            steps=STEPS,
            guidance=GUIDANCE,
            count=HELD_OUT,
            **figures,
            parameters=sum(weight.numel() for weight in painter.decoder.module.parameters()) / 1e6,
            first=first[-1]["step"],
            batch=unclip_decoder.BATCH,
            grown=unclip_decoder.GROWN.steps + unclip_decoder.POLISH.steps,
            grown_batch=unclip_decoder.GROWN_BATCH,
            smooth=smooth[-1]["step"],
            late=unclip_decoder_smooth.LATE,
            before=GRAIN_BEFORE,
            minutes=sum(minutes(recorded(name)) for name in rounds),
        )
    )
