"""Held-out captions in both languages: what every starter that reads text makes of the same scenes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from training.data import captions, chinese_captions
from training.data.scenes import Picture, Scene, random_scene
from training.evaluation import checker, silhouettes
from training.evaluation.claims import Claims, parse
from training.models.clip import told_mask

SEED, CHOOSING_SEED, COUNT = 20260, 4247, 200
Painter = Callable[[list[str]], Picture]
"""Pictures [count, 64, 64, 3] in 0..1 of as many texts."""


@dataclass(frozen=True)
class HeldOut:
    """Scenes, their captions in both languages, and what these tell (scenes, 5): the Chinese what the English do."""

    scenes: list[Scene]
    english: list[str]
    chinese: list[str]
    told: Tensor

    @property
    def claims(self) -> list[Claims]:
        """What the pictures must show, whatever the language."""
        return [parse(text) for text in self.english]


def held_out(seed: int | tuple[int, ...] = SEED, count: int = COUNT, placed: bool = False) -> HeldOut:
    """The same captions for the same seed, of subjects in the middle, or also beside it where the place is told."""
    seeds = seed if isinstance(seed, tuple) else (seed,)
    rng, other = np.random.default_rng(seeds), np.random.default_rng([*seeds, 1])
    write = chinese_captions.write_placed if placed else chinese_captions.write
    scenes, told = list[Scene](), list[captions.Caption]()
    for _ in range(count):
        scenes.append(random_scene(rng) if placed else random_scene(rng, centre_share=1.0))
        told.append(captions.write(scenes[-1], rng))
    chinese = [write(scene, one.told, other).text for scene, one in zip(scenes, told, strict=True)]
    return HeldOut(scenes, [one.text for one in told], chinese, told_mask(told))


def shares(made: Picture, claims: list[Claims]) -> dict[str, float]:
    """Shares of right pictures by attribute, and under "all" of those with every attribute right."""
    known = silhouettes.load()
    found = [checker.compare(checker.analyse(p, known), c) for p, c in zip(made, claims, strict=True)]
    each = {name: float(np.mean([one[name] for one in found])) for name in checker.ATTRIBUTES}
    return {**each, "all": float(np.mean([all(one.values()) for one in found]))}
