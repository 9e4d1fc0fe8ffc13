"""Figures of every starter that reads text, on the same held-out captions in English and in Chinese."""

import json
from collections.abc import Callable

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from training.cards import centred_cards, clip_card, openclip_card, token_cards, unclip_decoder_card
from training.cards.imagen_card import Cascade, for_checker
from training.data.scenes import draw_all
from training.evaluation import evaluate, languages
from training.evaluation.languages import HeldOut, Painter
from training.loops.run_folders import WORK
from training.models import stable_diffusion_2
from training.models.clip import attribute_codes, fitting

PLACED = {"latent-diffusion", "stable-diffusion-2", "clip", "open-clip"}
"""Starters that know places too."""
BATCH = 25
Judge = clip_card.Judge | openclip_card.OpenJudge


def _latent_diffusion() -> Painter:
    pipeline = evaluate.exported_pipeline()
    return lambda texts: evaluate.paint(pipeline, texts)


def _stable_diffusion_2() -> Painter:
    pipeline = StableDiffusionPipeline.from_pretrained(stable_diffusion_2.FOLDER, torch_dtype=torch.float32)
    return lambda texts: evaluate.paint(pipeline, texts)


def _batched(paint: centred_cards.Painter) -> Painter:
    return lambda texts: np.concatenate(
        [paint(texts[start : start + BATCH], languages.SEED + start) for start in range(0, len(texts), BATCH)]
    )


def _dalle() -> Painter:
    painter = token_cards.SequencePainter()
    return lambda texts: painter.paint(texts, token_cards.TEMPERATURE, token_cards.SEQUENCE_GUIDANCE, languages.SEED)


def _masked_tokens() -> Painter:
    settings = token_cards.ROUNDS, token_cards.MASKED_GUIDANCE, token_cards.MASKED_TEMPERATURE
    return lambda texts: token_cards.paint_masked(texts, *settings, languages.SEED)


def _unclip() -> Painter:
    painter = unclip_decoder_card.Painter()
    return lambda texts: painter.paint(painter.nearest(texts, seed=languages.SEED), texts, seed=languages.SEED)


def _imagen() -> Painter:
    cascade = Cascade()
    return _batched(lambda texts, seed: for_checker(cascade.paint(texts, seed).pixels))


PAINTERS: dict[str, Callable[[], Painter]] = {
    "latent-diffusion": _latent_diffusion,
    "stable-diffusion-2": _stable_diffusion_2,
    "flow-transformer": lambda: _batched(centred_cards.flow_painter()),
    "u-vit": lambda: _batched(centred_cards.uvit_painter()),
    "text-gan": lambda: _batched(centred_cards.gan_painter()),
    "dalle": _dalle,
    "masked-tokens": _masked_tokens,
    "unclip-prior, unclip-decoder": _unclip,
    "imagen": _imagen,
}
JUDGES: dict[str, Callable[[], Judge]] = {"clip": clip_card.Judge, "open-clip": openclip_card.OpenJudge}


def measured(name: str, asked: HeldOut, spoken: tuple[str, ...] = ("English", "Chinese")) -> dict[str, float]:
    """The share of captions that are wholly right, by language.

    A starter that compares texts and pictures is right where the picture nearest to a text shows all that it says.
    """
    right = _nearest_right(JUDGES[name]()) if name in JUDGES else _painted_right(PAINTERS[name]())
    texts = {"English": asked.english, "Chinese": asked.chinese}
    return {language: right(texts[language], asked) for language in spoken}


def _painted_right(paint: Painter) -> Callable[[list[str], HeldOut], float]:
    return lambda texts, asked: languages.shares(paint(texts), asked.claims)["all"]


def _nearest_right(judge: Judge) -> Callable[[list[str], HeldOut], float]:
    def right(texts: list[str], asked: HeldOut) -> float:
        best, codes = judge.cosines(texts, draw_all(asked.scenes)).argmax(1), attribute_codes(asked.scenes)
        fits = fitting(codes, asked.told, codes)
        return float(fits[torch.arange(len(best)), best].float().mean())

    return right


def report(names: tuple[str, ...] = (*PAINTERS, *JUDGES)) -> None:
    """Measures each starter and keeps the figures in a file."""
    path = WORK / "languages.json"
    path.parent.mkdir(exist_ok=True)
    for name in names:
        figures = json.loads(path.read_text()) if path.exists() else {}
        figures[name] = measured(name, languages.held_out(placed=name in PLACED))
        path.write_text(json.dumps(figures, indent=2))
        print(name, figures[name], flush=True)
