"""The card of the latent diffusion model: the README.md beside its weights."""

from training.data import latents
from training.data.grammar import BACKGROUNDS, COLOURS, SUBJECTS
from training.data.picture_files import save_grid
from training.evaluation import evaluate
from training.loops.run_folders import ASSETS, WORK, minutes, recorded
from training.models import latent_diffusion, vae

_CARD = """# Latent diffusion starter

A very small text-to-image model that paints one subject on a plain background, 64 x 64 pixels, in about half a second
on one processor core. It is a complete `StableDiffusionPipeline` folder of diffusers: {megabytes:.1f} MB in half
precision. It exists so that the program works offline from the first minute; it knows only the words below.

## What to ask for
- **Subjects** {subjects}
- **Colours** {colours}
- **Backgrounds** {backgrounds}
- **Styles** shaded (when nothing is said), flat, outlined
- **Places** the middle (when nothing is said), "on the left", "on the right", "at the top", "at the bottom"

```
a red star on a blue background
a flat yellow fish in front of a white background
on a black background, a purple moon
an outlined green house on the left, beige background
violet butterfly at the top, grey background
```

Some synonyms are known (kitten, mug, ship, grey, violet, turquoise). Words that it does not know are passed over as
well as it can. Anything left unsaid is up to chance, apart from the place, and mostly the style.

## Settings
{steps} steps of DDIM with guidance scale {guidance}. Predicts v, has zero terminal signal-to-noise, and wants trailing
timesteps: `scheduler/` says so. Latents are [4, 16, 16] with scaling factor 1. On 200 other captions guidance from 1.5
to 4 had 99 % or more right and 6 had 97 %; 4 steps of DDIM or 10 of DPM-Solver++ had all of 100 right.

## How well it does
The checker (`training/checker.py`, which reads pixels alone) on {captions} captions from a seed of their own, used for
nothing else, in single precision. Noise and wordings are new; most combinations of attributes occur in training.

| subject | colour | background | place | everything right |
|---|---|---|---|---|
| {subject:.1%} | {colour:.1%} | {background:.1%} | {place:.1%} | **{all:.1%}** |

Style is not judged. The autoencoder alone reconstructs held-out pictures at {psnr:.1f} dB.

## How it was made
By `python -m training all` on two CPU cores, without a GPU; every picture was drawn by `training/`, nothing was
downloaded.

| part | parameters | steps | pictures seen | processor minutes | seed |
|---|---|---|---|---|---|
| autoencoder (f4, 4 channels) | 0.92 M | {vae_steps} | {vae_pictures} | {vae_minutes:.0f} | 1 |
| CLIP text encoder (3 x 128), U-Net (64, 96, 128) | 0.70 M + 5.60 M | {trained} | {pictures} | {minutes:.0f} | 5 |

The denoiser was trained on {scenes} scenes (seed 11), captioned anew each time. The autoencoder's pictures are
for the most part crops of 40 x 40 pixels; it was trained just before the tones of mushroom, boat and butterfly were
changed a little. Processor minutes count both cores of a machine that had other work as well.

## Licence
Made by the project from pictures that its own code draws. Apache-2.0, like the rest of the project.
"""


def report() -> None:
    """The exported model on held-out captions: figures into the card, and a sheet of the first pictures."""
    asked = evaluate.fresh_captions(evaluate.HELD_OUT_SEED, evaluate.HELD_OUT)
    made = evaluate.paint(evaluate.exported_pipeline(), asked)
    figures = evaluate.score(made, asked)
    print(f"{len(asked)} held-out captions, {evaluate.STEPS} steps, guidance {evaluate.GUIDANCE}:", figures)
    save_grid(made[:96], WORK / "held_out.png")
    write(figures)


def write(figures: dict[str, float]) -> None:
    """Writes the card with the checker's figures and those of the trainings' histories."""
    autoencoder, denoiser = recorded("vae"), recorded("latent-diffusion")
    crops = round(vae.STEPS * vae.CROP_SHARE)
    weights = sum(path.stat().st_size for path in ASSETS.rglob("*.safetensors"))
    (ASSETS / "README.md").write_text(
        _CARD.format(
            **figures,
            captions=evaluate.HELD_OUT,
            megabytes=weights / 1e6,
            subjects=", ".join(SUBJECTS),
            colours=", ".join(COLOURS),
            backgrounds=", ".join(BACKGROUNDS),
            steps=evaluate.STEPS,
            guidance=evaluate.GUIDANCE,
            psnr=autoencoder[-1]["final_psnr"],
            vae_steps=vae.STEPS,
            vae_pictures=crops * vae.CROP_BATCH + (vae.STEPS - crops) * vae.WHOLE_BATCH,
            vae_minutes=minutes(autoencoder),
            trained=denoiser[-1]["step"],
            pictures=denoiser[-1]["step"] * latent_diffusion.BATCH,
            minutes=minutes(denoiser),
            scenes=latents.COUNT,
        )
    )
