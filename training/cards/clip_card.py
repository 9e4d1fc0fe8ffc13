"""Figures and card of the CLIP pair: retrieval, attributes told apart, and what reranking gains."""

from typing import Protocol

import numpy as np
import torch
from transformers import CLIPModel, CLIPTokenizer

from training.data import captions
from training.data.scenes import Picture, draw_all, random_scene
from training.evaluation import evaluate, truth
from training.loops.run_folders import minutes, recorded
from training.models import clip
from training.models.clip import FOLDER, attribute_codes, fitting, told_mask

HELD_OUT_SEED, HELD_OUT = 30260, 500
RERANK_CAPTIONS, CANDIDATES, STEPS = 100, 8, 6

_CARD = """# CLIP starter

A very small CLIP: one encoder for pictures and one for texts that agree on what the starter models paint. Folder of
transformers' `CLIPModel` with tokenizer and image processor, {megabytes:.1f} MB in half precision. Pictures are 64 x 64
(others are resized), vectors have 128 numbers. It knows the words of `latent-diffusion`, and nothing else.

## How well it does
On {count} captions and pictures from a seed of their own, used for nothing else. A caption may leave things unsaid; an
answer is right when all that the caption says holds.

| what | figure |
|---|---|
| text to picture: the nearest of {count} pictures is right | **{text_to_picture:.1%}** |
| picture to text: the nearest of {count} captions is right | **{picture_to_text:.1%}** |
| a caption against the same with one attribute changed: the right one is nearer | {told_apart:.1%} |
| by attribute: subject, colour, background, place | {subject:.1%}, {colour:.1%}, {background:.1%}, {place:.1%} |

Reranking: the latent diffusion starter paints {candidates} pictures for each of {captions} captions that leave the
background unsaid, and they are ranked by captions that say it. By the checker (`training/checker.py`) all that the
longer caption says holds for **{random:.1%}** of the pictures, and for **{best:.1%}** of those that this CLIP puts
first; {any:.1%} of the captions have a right picture among their {candidates}.

## How it was made
By `python -m training clip` on one CPU core; every picture was drawn by `training/`. The text tower (3 x 128) starts
from the text encoder of `latent-diffusion`; the picture tower (4 x 128, patches of 8 x 8) starts from nothing.
{parameters:.2f} M parameters, {trained} steps, {pictures} pictures seen, {minutes:.0f} processor minutes, seed 21. All
captions of a batch that fit a picture count as right answers; a linear layer that reads the attributes from both kinds
of vector (weight 0.1) helped and was thrown away.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class Pairing(Protocol):
    """Says how near texts and pictures are."""

    def cosines(self, texts: list[str], pictures: Picture) -> torch.Tensor:
        """[texts, pictures]; pictures [count, 64, 64, 3] in 0..1."""
        ...


class Judge:
    """The model's folder as a user loads it, in single precision."""

    def __init__(self) -> None:
        self.model = CLIPModel.from_pretrained(FOLDER, dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(FOLDER)

    @torch.no_grad()
    def cosines(self, texts: list[str], pictures: Picture) -> torch.Tensor:
        """[texts, pictures]; pictures [count, 64, 64, 3] in 0..1."""
        tokens = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2) * 2 - 1
        found = self.model.get_text_features(input_ids=tokens).pooler_output
        seen = torch.cat([self.model.get_image_features(pixel_values=part).pooler_output for part in pixels.split(100)])
        return torch.nn.functional.normalize(found, dim=-1) @ torch.nn.functional.normalize(seen, dim=-1).T


def retrieval(judge: Pairing, count: int = HELD_OUT, seed: int = HELD_OUT_SEED) -> dict[str, float]:
    """Shares of right answers in both directions."""
    rng = np.random.default_rng(seed)
    scenes = [random_scene(rng) for _ in range(count)]
    told = captions.write_all(scenes, rng)
    scores = judge.cosines([caption.text for caption in told], draw_all(scenes))
    codes = attribute_codes(scenes)
    fits = fitting(codes, told_mask(told), codes)
    everyone = torch.arange(count)
    return {
        "text_to_picture": float(fits[everyone, scores.argmax(1)].float().mean()),
        "picture_to_text": float(fits[scores.argmax(0), everyone].float().mean()),
    }


def telling_apart(judge: Pairing, count: int = HELD_OUT, seed: int = HELD_OUT_SEED + 1) -> dict[str, float]:
    """Return how often the right caption is nearer than one with one attribute changed: in all, and by attribute."""
    rng, right = np.random.default_rng(seed), dict[str, list[bool]]()
    scenes = [random_scene(rng) for _ in range(count)]
    changes = [truth.changed_caption(scene, rng) for scene in scenes]
    honest = []
    for scene, (name, _) in zip(scenes, changes, strict=True):
        caption = captions.write(scene, rng)
        while name not in ("subject", "place") and name not in caption.told:
            caption = captions.write(scene, rng)
        honest.append(caption.text)
    scores = judge.cosines([*honest, *(text for _, text in changes)], draw_all(scenes))
    for index, (name, _) in enumerate(changes):
        right.setdefault(name, []).append(bool(scores[index, index] > scores[count + index, index]))
    shares = {name: float(np.mean(values)) for name, values in right.items()}
    return {**shares, "told_apart": float(np.mean([value for values in right.values() for value in values]))}


def vague_and_full(count: int, seed: int) -> list[tuple[str, str]]:
    """Pairs of captions of one scene: one tells its colour and not its background, the other tells both."""
    rng, pairs = np.random.default_rng(seed), list[tuple[str, str]]()
    while len(pairs) < count:
        scene = random_scene(rng)
        by_told = {caption.told - {"style"}: caption.text for caption in captions.write_all([scene] * 60, rng)}
        if {frozenset({"colour"}), frozenset({"colour", "background"})} <= by_told.keys():
            pairs.append((by_told[frozenset({"colour"})], by_told[frozenset({"colour", "background"})]))
    return pairs


def reranking(judge: Judge) -> dict[str, float]:
    """Shares right in everything: of all pictures, of those put first, and of captions with any right picture."""
    pipeline, asked = evaluate.exported_pipeline(), vague_and_full(RERANK_CAPTIONS, HELD_OUT_SEED + 2)
    vague, full = ([pair[side] for pair in asked for _ in range(CANDIDATES)] for side in (0, 1))
    made = evaluate.paint(pipeline, vague, STEPS, guidance=1.0, seed=3)
    right = np.array([all(verdict.values()) for verdict in evaluate.judge(made, full)]).reshape(-1, CANDIDATES)
    groups = made.reshape(-1, CANDIDATES, *made.shape[1:])
    first = [int(judge.cosines([text], group)[0].argmax()) for (_, text), group in zip(asked, groups, strict=True)]
    best = right[np.arange(len(asked)), first]
    return {"random": float(right.mean()), "best": float(best.mean()), "any": float(right.any(1).mean())}


def report() -> None:
    """Measures the model's folder and writes its card."""
    judge = Judge()
    figures = {**retrieval(judge), **telling_apart(judge), **reranking(judge)}
    print(figures)
    history = recorded("clip")
    weights = sum(path.stat().st_size for path in FOLDER.glob("*.safetensors"))
    (FOLDER / "README.md").write_text(
        _CARD.format(
            **figures,
            megabytes=weights / 1e6,
            count=HELD_OUT,
            captions=RERANK_CAPTIONS,
            candidates=CANDIDATES,
            steps=STEPS,
            parameters=sum(weight.numel() for weight in judge.model.parameters()) / 1e6,
            trained=history[-1]["step"],
            pictures=history[-1]["step"] * clip.BATCH,
            minutes=minutes(history),
        )
    )
