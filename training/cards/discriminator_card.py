"""Figures and card of the discriminator that ships beside the generator from words."""

import numpy as np
import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from nodes.networks.wordgan_discriminator import WordDiscriminator
from nodes.networks.wordgan_network import WordGenerator
from training.data import captions
from training.data.scenes import draw_all, random_scene
from training.loops.run_folders import ASSETS, minutes, recorded
from training.models import gan

HELD_OUT_SEED, HELD_OUT = 20260, 400

_CARD = """# Discriminator of the generator from words

Tells drawings from what the generator made, and whether the words fit, cell by cell (`config.json` and {megabytes:.1f}
MB of weights in half precision); the node *Discriminator scores* shows it. It is not needed to make images.

## How well it does
{count} scenes of a seed of their own. An image passes with a score above 0.

| | passes |
|---|---|
| a drawing with its words | {right:.1%} |
| a drawing with the words of another | {mismatch:.1%} |
| what the generator makes of the words | {made:.1%} |

## How it was made
By `python -m training gan-discriminator` on one CPU core, after the generator, which stayed as it was: {parameters:.2f}
M parameters, {trained} steps of {batch}, {minutes:.1f} processor minutes, seed {seed}. Hinge loss, spectral norms,
projection on the sentence; images are shifted by up to {shift} pixels.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


@torch.no_grad()
def report() -> None:
    """Measures the discriminator on scenes that it was not trained with, and writes its card."""
    rng = np.random.default_rng(HELD_OUT_SEED)
    scenes = [scene for scene in (random_scene(rng) for _ in range(4 * HELD_OUT)) if scene.place == "center"][:HELD_OUT]
    texts = [captions.write(scene, rng).text for scene in scenes]
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32).eval()
    read = encoder(words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"])
    generator = WordGenerator.from_pretrained(gan.FOLDER, torch_dtype=torch.float32).eval()
    judge = WordDiscriminator.from_pretrained(gan.FOLDER / "discriminator", torch_dtype=torch.float32).eval()
    noise = torch.randn(len(scenes), gan.NOISE, generator=torch.Generator().manual_seed(HELD_OUT_SEED))
    made: Tensor = generator(noise, read.last_hidden_state, read.pooler_output)[0]
    drawn = torch.from_numpy(draw_all(scenes)).permute(0, 3, 1, 2) * 2 - 1
    sentence = read.pooler_output

    def passes(images: Tensor, pooled: Tensor) -> float:
        return float((gan.verdict(judge, judge.features(images), pooled) > 0).float().mean())

    figures = {
        "right": passes(drawn, sentence),
        "mismatch": passes(drawn, sentence.roll(1, 0)),
        "made": passes(made, sentence),
    }
    print(figures, flush=True)
    entries, folder = recorded("gan-discriminator"), gan.FOLDER / "discriminator"
    card = _CARD.format(
        megabytes=sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e6,
        count=len(scenes),
        parameters=sum(weight.numel() for weight in judge.parameters()) / 1e6,
        trained=entries[-1]["step"],
        batch=gan.BATCH,
        minutes=minutes(entries),
        seed=gan.SEED,
        shift=gan.MOST_SHIFT,
        **figures,
    )
    (folder / "README.md").write_text(card)
