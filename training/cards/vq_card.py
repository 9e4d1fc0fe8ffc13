"""Figures and card of the picture tokenizer: what a picture keeps on its way through the codes."""

from typing import Any

import numpy as np
import torch
from diffusers import VQModel

from training.data.picture_files import save_grid
from training.data.scenes import Picture, Scene, draw_all, random_scene
from training.evaluation import checker, silhouettes
from training.loops.run_folders import WORK, minutes, recorded
from training.models import vq
from training.models.vq import FOLDER

HELD_OUT_SEED, HELD_OUT, BATCH = 20260, 500, 50

_CARD = """# VQ starter

A very small `VQModel` of diffusers, {megabytes:.1f} MB in half precision: pictures of 64 x 64 pixels become grids of
8 x 8 codes, each the number of one of {codes} vectors of {width} numbers, and pictures again. It is the tokenizer of
`dalle` and `masked-tokens`. As with aMUSEd's VQ model, pictures go from 0 to 1 (`lookup_from_codebook`).

## How well it does
On {count} pictures from a seed of their own, used for nothing else, in single precision. The checker
(`training/checker.py`) reads subject, colour, background and place from the pixels alone.

| what | figure |
|---|---|
| the checker finds in the reconstruction all that was drawn | **{right:.1%}** |
| peak signal-to-noise ratio | **{psnr:.1f} dB** |
| the same with subjects beside the middle, as it was never shown | {right_anywhere:.1%}, {psnr_anywhere:.1f} dB |
| codes that occur in the {count} pictures | {used} of {codes} |
| perplexity: so many codes would do if all were equally frequent | {perplexity:.0f} |

## How it was made
By `python -m training vq` on one CPU core; every picture was drawn by `training/`, its subject in the middle.
{parameters:.2f} M parameters, {minutes:.0f} processor minutes, seed 41, {different} pictures. The layers above
16 x 16 begin as those of the VAE of `latent-diffusion`, and the encoder's stay so. First the inner layers learn to
hand that VAE's features through the codes ({inner} steps of {inner_batch}), then encoder and decoder learn pixels
({whole} steps of {whole_batch}; colours and slopes, no critic). The codebook begins at the centres of k-means,
follows moving averages, and codes that nothing uses begin anew.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


@torch.no_grad()
def through(model: Any, pictures: Picture) -> tuple[Picture, torch.Tensor]:
    """Reconstructions [count, 64, 64, 3] in 0..1, and the codes (count, 8, 8)."""
    made, codes = [], []
    for batch in torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous().split(BATCH):
        latents = model.encode(batch).latents
        codes.append(model.quantize(latents)[2][2].view(len(batch), *latents.shape[-2:]))
        made.append(model.decode(latents).sample.clamp(0, 1).permute(0, 2, 3, 1).numpy())
    return np.concatenate(made), torch.cat(codes)


def share_right(made: Picture, scenes: list[Scene]) -> float:
    """The share of pictures that show what was drawn, in all attributes."""
    known = silhouettes.load()
    found = [checker.analyse(picture, known) for picture in made]
    return float(
        np.mean(
            [
                all(getattr(f, n) == getattr(s, n) for n in checker.ATTRIBUTES)
                for f, s in zip(found, scenes, strict=True)
            ]
        )
    )


def report() -> None:
    """Measures the model's folder and writes its card."""
    model = VQModel.from_pretrained(FOLDER, torch_dtype=torch.float32).eval()
    figures: dict[str, float] = {}
    for suffix, share in (("_anywhere", 0.0), ("", 1.0)):
        rng = np.random.default_rng(HELD_OUT_SEED)
        scenes = [random_scene(rng, centre_share=share) for _ in range(HELD_OUT)]
        pictures = draw_all(scenes)
        made, codes = through(model, pictures)
        errors = ((made - pictures) ** 2).mean((1, 2, 3))
        figures[f"right{suffix}"] = share_right(made, scenes)
        figures[f"psnr{suffix}"] = float(-10 * np.log10(errors).mean())
    shares = torch.bincount(codes.flatten(), minlength=vq.CODES).double() / codes.numel()
    save_grid(np.concatenate([pictures[:24], made[:24]]), WORK / "vq" / "held_out.png")
    runs = [recorded(name) for name in ("vq-inner", "vq")]
    text = _CARD.format(
        megabytes=sum(path.stat().st_size for path in FOLDER.glob("*.safetensors")) / 1e6,
        codes=vq.CODES,
        width=vq.WIDTH,
        count=HELD_OUT,
        used=int((shares > 0).sum()),
        perplexity=float((-torch.xlogy(shares, shares)).sum().exp()),
        parameters=sum(weight.numel() for weight in model.parameters()) / 1e6,
        minutes=sum(map(minutes, runs)),
        different=vq.COUNT,
        inner=vq.INNER.steps,
        inner_batch=vq.INNER_BATCH,
        whole=vq.WHOLE.steps,
        whole_batch=vq.WHOLE_BATCH,
        **figures,
    )
    (FOLDER / "README.md").write_text(text)
    print(text)
