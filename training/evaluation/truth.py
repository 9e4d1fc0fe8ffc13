"""Trust in the checker itself: clean images must pass, captions with one attribute changed must not."""

from dataclasses import replace

import numpy as np

from training.data.captions import write
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, SUBJECTS
from training.data.scenes import Scene, draw, draw_all, random_scene
from training.evaluation import checker, silhouettes
from training.evaluation.claims import parse

FIT_SEED, TRUTH_SEED = 17, 7
CHOICES = {"subject": SUBJECTS, "colour": tuple(COLOURS), "background": tuple(BACKGROUNDS), "place": PLACES}


def fit_silhouettes(count: int = 120) -> None:
    """Draws `count` pictures of each subject and learns the checker's silhouettes from them."""
    rng = np.random.default_rng(FIT_SEED)
    silhouettes.fit({s: draw_all([replace(random_scene(rng), subject=s) for _ in range(count)]) for s in SUBJECTS})


def measure(count: int, seed: int = TRUTH_SEED) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of clean pictures accepted and of changed captions refused, each by attribute and under "all"."""
    rng, known = np.random.default_rng(seed), silhouettes.load()
    accepted: dict[str, list[bool]] = {name: [] for name in (*checker.ATTRIBUTES, "all")}
    refused: dict[str, list[bool]] = {name: [] for name in (*checker.ATTRIBUTES, "all")}
    for _ in range(count):
        scene = random_scene(rng)
        finding = checker.analyse(draw(scene), known)
        right = checker.compare(finding, parse(write(scene, rng).text))
        for name, value in (*right.items(), ("all", all(right.values()))):
            accepted[name].append(value)
        changed, text = changed_caption(scene, rng)
        wrong = not all(checker.compare(finding, parse(text)).values())
        refused[changed].append(wrong)
        refused["all"].append(wrong)
    return ({k: float(np.mean(v)) for k, v in accepted.items()}, {k: float(np.mean(v)) for k, v in refused.items()})


def changed_caption(scene: Scene, rng: np.random.Generator) -> tuple[str, str]:
    """The name of one attribute, and a caption that tells another value of it."""
    name = str(rng.choice(checker.ATTRIBUTES))
    other = str(rng.choice([value for value in CHOICES[name] if value != getattr(scene, name)]))
    changed = replace(scene, **{name: other})  # type: ignore[arg-type]
    while True:
        caption = write(changed, rng)
        if name in ("subject", "place") or name in caption.told:
            return name, caption.text


def report(count: int = 2000) -> None:
    """Prints both."""
    for title, shares in zip(("clean pictures right", "changed captions refused"), measure(count), strict=True):
        print(title, {name: f"{share:.2%}" for name, share in shares.items()})
