"""Figures and card of the OpenCLIP pair: retrieval and attributes told apart, as for the CLIP starter."""

import open_clip
import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.cards.clip_card import HELD_OUT, retrieval, telling_apart
from training.data.between_pictures import BATCH
from training.data.scenes import Picture
from training.loops.run_folders import minutes, recorded
from training.models import openclip
from training.models.openclip import FOLDER

_CARD = """# OpenCLIP starter

A very small CLIP in the architecture and layout of the open_clip library: configuration, weights and tokenizer
({megabytes:.1f} MB in half precision), to be loaded as `local-dir:` followed by this folder. Pictures are 64 x 64,
vectors have 128 numbers. It knows the words of `latent-diffusion`, and nothing else. Against the starter `clip` it has
open_clip's activation (GELU instead of its quick approximation) and fills texts up with token 0. The text tower
without its last layer is the text encoder of `stable-diffusion-2`.

## How well it does
On {count} captions and pictures from a seed of their own, used for nothing else. A caption may leave things unsaid; an
answer is right when all that the caption says holds.

| what | figure |
|---|---|
| text to picture: the nearest of {count} pictures is right | **{text_to_picture:.1%}** |
| picture to text: the nearest of {count} captions is right | **{picture_to_text:.1%}** |
| a caption against the same with one attribute changed: the right one is nearer | {told_apart:.1%} |
| by attribute: subject, colour, background, place | {subject:.1%}, {colour:.1%}, {background:.1%}, {place:.1%} |

The workflow `diffusion-clip`, led by it, changes 75.0% of 200 pictures into just what the target says (`python -m
benchmarks.systems diffusion-clip`): a colour in 82%, a background in 84%, a subject in 59%. None of the 200 chose the
node's settings. Before, with the copy of the last round, it was 73.5% of 200 others, of which 36 had chosen settings.

## How it was made
By `python -m training open-clip` on one CPU core; every picture was drawn by `training/`. Both towers start from the
starter `clip`: {parameters:.2f} M parameters, {trained} steps of {batch} pictures, seed {seed} (Cherti et al. 2023,
arXiv:2212.07143). Then the picture tower alone learnt to judge what nobody has drawn, so that its gradient leads from
one picture to another: {between} steps of {between_batch} mixtures of drawings, whose vectors are to be the mixtures of
theirs, blurred and with grain, and each changed a little as misleads the tower most (`training/between.py`). In all
{minutes:.1f} processor minutes.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


class OpenJudge:
    """The model's folder as open_clip loads it, in single precision."""

    def __init__(self) -> None:
        name = f"local-dir:{FOLDER}"
        self.model = open_clip.create_model(name).eval()
        self.tokenizer = open_clip.get_tokenizer(name)

    @torch.no_grad()
    def cosines(self, texts: list[str], pictures: Picture) -> Tensor:
        """[texts, pictures]; pictures [count, 64, 64, 3] in 0..1."""
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2) * 2 - 1
        seen = torch.cat([self.model.encode_image(part) for part in pixels.split(100)])
        return normalize(self.model.encode_text(self.tokenizer(texts)), dim=-1) @ normalize(seen, dim=-1).T


def report() -> None:
    """Measures the model's folder and writes its card."""
    judge = OpenJudge()
    figures = {**retrieval(judge), **telling_apart(judge)}
    print(figures)
    pair, between = recorded("open-clip"), recorded("open-clip-between")
    (FOLDER / "README.md").write_text(
        _CARD.format(
            **figures,
            count=HELD_OUT,
            megabytes=sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) / 1e6,
            parameters=sum(weight.numel() for weight in judge.model.parameters()) / 1e6,
            trained=pair[-1]["step"],
            batch=openclip.BATCH,
            between=between[-1]["step"],
            between_batch=BATCH,
            minutes=minutes(pair + between),
            seed=openclip.SEED,
        )
    )
