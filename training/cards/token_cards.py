"""Figures and cards of the models of picture tokens: whether their pictures are what the caption says.

Captions are of centred subjects. Those for choosing settings are not those that are reported.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AmusedPipeline, VQModel
from torch import Tensor
from transformers import CLIPTokenizer, GPT2LMHeadModel

from training.cards.clip_card import Judge
from training.data import image_codes
from training.data.centred import centred_captions
from training.data.grammar import BACKGROUNDS, COLOURS, SUBJECTS
from training.data.picture_files import save_grid
from training.data.scenes import Picture
from training.evaluation import evaluate
from training.loops.run_folders import WORK, minutes, recorded
from training.models import dalle, masked_tokens_training, vq

CHOOSING_SEED, HELD_OUT_SEED, HELD_OUT, BATCH = 4244, 20260, 200, 50
CANDIDATES = 8
TEMPERATURE, SEQUENCE_GUIDANCE = 1.0, 1.0
ROUNDS, MASKED_GUIDANCE, MASKED_TEMPERATURE = 12, 1.5, 2.0

_ENDING = """
Words: {subjects}; {colours}; on {backgrounds}. The subject stands in the middle.

## How it was made
By `python -m training {stage}` on one CPU core; every picture was drawn by `training/`, its subject in the middle, and
encoded by `vq`, which stays as it is. {parameters:.2f} M parameters, {steps} steps of {batch} pictures ({different}
different ones, captioned anew each time), {minutes:.0f} processor minutes, seed {seed}. A tenth of the captions is
dropped for guidance. {recipe}

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""
_TABLE = """## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {count} captions from a seed of their own, used for
nothing else, in single precision.

| | subject | colour | background | everything right |
|---|---|---|---|---|
{rows}
"""
_DALLE = """# Text and picture tokens starter (DALL-E)

A very small transformer over one sequence: 24 tokens of a caption, then the 64 codes of a picture (`vq`), row by row.
`transformer/` is a `GPT2LMHeadModel` of transformers, {megabytes:.1f} MB in half precision, whose configuration also
says text_vocab_size, text_length and image_side; `tokenizer/` is that of `latent-diffusion`. Code k is token
text_vocab_size + k.

"""
_MASKED = """# Masked picture tokens starter (MaskGIT, aMUSEd)

A very small model that fills in masked picture tokens in {rounds} rounds: a complete `AmusedPipeline` folder of
diffusers, {megabytes:.1f} MB in half precision. The VQ model is that of `vq`, the text encoder that of `clip`.

"""


class SequencePainter:
    """The folders of `dalle` and `vq` as a user loads them, in single precision."""

    def __init__(self) -> None:
        self.model: Any = GPT2LMHeadModel.from_pretrained(dalle.FOLDER / "transformer", dtype=torch.float32).eval()
        self.tokenizer = CLIPTokenizer.from_pretrained(dalle.FOLDER / "tokenizer")
        self.vq: Any = VQModel.from_pretrained(vq.FOLDER, torch_dtype=torch.float32).eval()

    @torch.no_grad()
    def paint(self, asked: list[str], temperature: float, guidance: float, seed: int) -> Picture:
        """Pictures [count, 64, 64, 3] in 0..1."""
        draw = torch.Generator().manual_seed(seed)
        parts = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
        return np.concatenate([self._batch(part, temperature, guidance, draw) for part in parts])

    def _batch(self, asked: list[str], temperature: float, guidance: float, draw: torch.Generator) -> Picture:
        texts = asked if guidance == 1 else [*asked, *[""] * len(asked)]
        options = {"padding": "max_length", "truncation": True, "max_length": dalle.TEXT_LENGTH, "return_tensors": "pt"}
        given, past, written = self.tokenizer(texts, **options)["input_ids"], None, list[Tensor]()
        for _ in range(dalle.SIDE**2):
            output = self.model(given, past_key_values=past, use_cache=True, logits_to_keep=1)
            past, scores = output.past_key_values, output.logits[:, -1, len(self.tokenizer) :]
            if guidance != 1:
                with_text, without = scores.chunk(2)
                scores = without + guidance * (with_text - without)
            written.append(torch.multinomial((scores / temperature).softmax(1), 1, generator=draw))
            given = written[-1].repeat(len(texts) // len(asked), 1) + len(self.tokenizer)
        grid = torch.cat(written, 1).view(-1, dalle.SIDE, dalle.SIDE)
        made = self.vq.decode(grid, force_not_quantize=True, shape=(*grid.shape, vq.WIDTH)).sample
        pictures: Picture = made.clamp(0, 1).permute(0, 2, 3, 1).numpy()
        return pictures


def paint_masked(asked: list[str], rounds: int, guidance: float, temperature: float, seed: int) -> Picture:
    """Pictures [count, 64, 64, 3] in 0..1, by the pipeline of diffusers."""
    pipeline = AmusedPipeline.from_pretrained(masked_tokens_training.FOLDER, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    draw, made = torch.Generator().manual_seed(seed), list[Picture]()
    for start in range(0, len(asked), BATCH):
        part = asked[start : start + BATCH]
        options: dict[str, Any] = {"num_inference_steps": rounds, "guidance_scale": guidance, "output_type": "np"}
        made.append(pipeline(part, generator=draw, temperature=(temperature, 0), **options).images)
    return np.concatenate(made)


def compare_dalle(count: int = 60) -> None:
    """Figures for choosing temperature and guidance."""
    painter, asked = SequencePainter(), centred_captions(CHOOSING_SEED, count)
    for temperature, guidance in ((1.0, 1.0), (0.8, 1.0), (0.6, 1.0), (1.0, 2.0), (0.8, 2.0)):
        print(temperature, guidance, evaluate.score(painter.paint(asked, temperature, guidance, 1), asked), flush=True)


def compare_masked(count: int = 60) -> None:
    """Figures for choosing rounds, guidance and temperature."""
    asked = centred_captions(CHOOSING_SEED, count)
    for rounds, guidance, temperature in (
        (12, 1.5, 2.0),
        (12, 3.0, 2.0),
        (12, 2.0, 4.0),
        (12, 1.0, 2.0),
        (6, 1.5, 2.0),
    ):
        made = paint_masked(asked, rounds, guidance, temperature, 1)
        print(rounds, guidance, temperature, evaluate.score(made, asked), flush=True)


def report_dalle() -> None:
    """Measures the folder of `dalle`, with and without reranking, and writes its card."""
    painter, asked = SequencePainter(), centred_captions(HELD_OUT_SEED, HELD_OUT)
    begin = time.process_time()
    made = painter.paint(
        [text for text in asked for _ in range(CANDIDATES)], TEMPERATURE, SEQUENCE_GUIDANCE, HELD_OUT_SEED
    )
    seconds = (time.process_time() - begin) / len(made)
    judge, groups = Judge(), made.reshape(HELD_OUT, CANDIDATES, *made.shape[1:])
    best = np.stack(
        [group[int(judge.cosines([text], group)[0].argmax())] for text, group in zip(asked, groups, strict=True)]
    )
    save_grid(best[:96], WORK / "dalle" / "held_out.png")
    first, chosen = evaluate.score(groups[:, 0], asked), evaluate.score(best, asked)
    rows = [_row("one picture a caption", first), _row(f"the best of {CANDIDATES} by `clip`", chosen)]
    gain = 100 * (chosen["all"] - first["all"])
    begun = _DALLE.format(megabytes=_megabytes(dalle.FOLDER)) + _TABLE.format(count=HELD_OUT, rows="\n".join(rows))
    begun += f"\nReranking gains {gain:.1f} points over no rerank. Temperature {TEMPERATURE:g}, guidance "
    begun += f"{SEQUENCE_GUIDANCE:g}; {seconds:.2f} s a picture in batches.\n"
    recipe = (
        "The loss is 1/8 text and 7/8 codes; a\nlinear layer that reads the attributes where the text ends "
        "(weight 0.03) was thrown away."
    )
    _write(dalle.FOLDER, "dalle", begun, recipe, dalle, sum(p.numel() for p in painter.model.parameters()))


def report_masked() -> None:
    """Measures the folder of `masked-tokens` and writes its card."""
    asked = centred_captions(HELD_OUT_SEED, HELD_OUT)
    begin = time.process_time()
    made = paint_masked(asked, ROUNDS, MASKED_GUIDANCE, MASKED_TEMPERATURE, HELD_OUT_SEED)
    seconds = (time.process_time() - begin) / len(made)
    save_grid(made[:96], WORK / "masked-tokens" / "held_out.png")
    row = _row(
        f"{ROUNDS} rounds, guidance {MASKED_GUIDANCE:g}, temperature {MASKED_TEMPERATURE:g}",
        evaluate.score(made, asked),
    )
    begun = _MASKED.format(rounds=ROUNDS, megabytes=_megabytes(masked_tokens_training.FOLDER)) + _TABLE.format(
        count=HELD_OUT, rows=row
    )
    begun += f"\n{seconds:.2f} s a picture in batches of {BATCH}.\n"
    recipe = "A share of the codes that the cosine schedule draws is masked, and the loss is on those."
    size = sum(p.numel() for p in masked_tokens_training.new_transformer().parameters())
    _write(masked_tokens_training.FOLDER, "masked-tokens", begun, recipe, masked_tokens_training, size)


def _row(name: str, score: dict[str, float]) -> str:
    shares = " | ".join(f"{score[attribute]:.1%}" for attribute in ("subject", "colour", "background"))
    return f"| {name} | {shares} | **{score['all']:.1%}** |"


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors")) / 1e6


def _write(folder: Path, stage: str, begun: str, recipe: str, trained: Any, parameters: int) -> None:
    history = recorded(stage)
    text = begun + _ENDING.format(
        stage=stage,
        subjects=", ".join(SUBJECTS),
        colours=", ".join(COLOURS),
        backgrounds=", ".join(BACKGROUNDS),
        parameters=parameters / 1e6,
        steps=history[-1]["step"],
        batch=trained.BATCH,
        different=image_codes.COUNT,
        minutes=minutes(history),
        seed=trained.SEED,
        recipe=recipe,
    )
    (folder / "README.md").write_text(text)
    print(text)
