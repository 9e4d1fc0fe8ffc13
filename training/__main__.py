"""Makes the starter models: `python -m training all`, or one stage of it by name."""

import argparse
from collections.abc import Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from training import (
    card,
    centred_cards,
    clip,
    clip_card,
    dalle,
    dit,
    dit_card,
    evaluate,
    examples,
    export,
    flow,
    gan,
    imagen,
    imagen_upsamplers,
    latent_diffusion,
    masked,
    noisy_classifier,
    pixel_base,
    t5,
    token_cards,
    tokenizer,
    truth,
    unclip_card,
    unclip_decoder,
    unclip_export,
    unclip_prior,
    upsamplers,
    upscaler,
    uvit,
    vae,
    vq,
    vq_card,
)

STAGES: dict[str, Callable[[], object]] = {
    "silhouettes": truth.fit_silhouettes,
    "checker": truth.report,
    "tokenizer": tokenizer.build,
    "vae": vae.train,
    "latent-diffusion": latent_diffusion.train,
    "export": export.export,
    "compare": evaluate.compare,
    "evaluate": card.report,
    "clip": clip.train,
    "clip-card": clip_card.report,
    "dit": dit.train,
    "dit-compare": dit_card.compare,
    "dit-card": dit_card.report,
    "vq": vq.train,
    "vq-card": vq_card.report,
    "pixel-base": pixel_base.train,
    "noisy-classifier": noisy_classifier.train,
    "upsampler-64": upsamplers.train_to_64,
    "upsampler-256": upsamplers.train_to_256,
    "compact-upscaler": upscaler.train,
    "unclip-prior": unclip_prior.train,
    "unclip-decoder": unclip_decoder.train,
    "unclip-export": unclip_export.export,
    "unclip-compare": unclip_card.compare,
    "unclip-card": unclip_card.report,
    "dalle": dalle.train,
    "dalle-compare": token_cards.compare_dalle,
    "dalle-card": token_cards.report_dalle,
    "masked-tokens": masked.train,
    "masked-tokens-compare": token_cards.compare_masked,
    "masked-tokens-card": token_cards.report_masked,
    "flow": flow.train,
    "u-vit": uvit.train,
    "gan": gan.train,
    "t5": t5.train,
    "imagen": imagen.train,
    "imagen-64": imagen_upsamplers.train_to_64,
    "imagen-256": imagen_upsamplers.train_to_256,
    "flow-card": centred_cards.report_flow,
    "u-vit-card": centred_cards.report_uvit,
    "gan-card": centred_cards.report_gan,
    "centred-compare": centred_cards.compare,
    "examples": examples.draw_examples,
}
ALL = (
    "tokenizer",
    "vae",
    "latent-diffusion",
    "export",
    "evaluate",
    "clip",
    "clip-card",
    "dit",
    "dit-card",
    "pixel-base",
    "noisy-classifier",
    "upsampler-64",
    "upsampler-256",
    "compact-upscaler",
    "glide",
    "flow",
    "flow-card",
    "u-vit",
    "u-vit-card",
    "gan",
    "t5",
    "imagen",
    "imagen-64",
    "imagen-256",
    "gan-card",
    "vq",
    "vq-card",
    "dalle",
    "dalle-card",
    "masked-tokens",
    "glide",
    "unclip-prior",
    "unclip-decoder",
    "unclip-export",
    "unclip-card",
    "masked-tokens-card",
    "examples",
)


def main() -> None:
    """Runs the stages with plain attention, whose backward pass on a CPU is much faster than the fused one."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("stage", choices=["all", *STAGES])
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with sdpa_kernel(SDPBackend.MATH):
        for stage in ALL if arguments.stage == "all" else (arguments.stage,):
            STAGES[stage]()


if __name__ == "__main__":
    main()
