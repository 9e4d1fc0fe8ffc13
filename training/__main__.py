"""Makes the starter models: `python -m training all`, or one stage of it by name."""

import argparse
from collections.abc import Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from training.cards import (
    centred_cards,
    clip_card,
    controlnet_card,
    dit_card,
    imagen_card,
    latent_diffusion_card,
    lora_card,
    openclip_card,
    pixel_cards,
    stable_diffusion_2_card,
    token_cards,
    unclip_decoder_card,
    unclip_prior_card,
    vq_card,
)
from training.data import examples, known_words, tokenizer
from training.evaluation import evaluate, truth
from training.loops import pipeline_export, shared_weights, unclip_export
from training.models import (
    clip,
    controlnet,
    dalle,
    dit,
    flow_transformer,
    gan,
    imagen,
    imagen_upsamplers,
    latent_diffusion,
    lora,
    masked_tokens_training,
    noisy_classifier,
    openclip,
    pixel_base,
    stable_diffusion_2,
    t5,
    unclip_decoder,
    unclip_prior,
    upsamplers,
    upscaler,
    uvit,
    vae,
    vq,
)

STAGES: dict[str, Callable[[], object]] = {
    "silhouettes": truth.fit_silhouettes,
    "checker": truth.report,
    "tokenizer": tokenizer.build,
    "vae": vae.train,
    "latent-diffusion": latent_diffusion.train,
    "export": pipeline_export.export,
    "compare": evaluate.compare,
    "evaluate": latent_diffusion_card.report,
    "clip": clip.train,
    "clip-card": clip_card.report,
    "controlnet-edges": controlnet.train_edges,
    "controlnet-scribble": controlnet.train_scribble,
    "open-clip": openclip.train,
    "open-clip-card": openclip_card.report,
    "stable-diffusion-2": stable_diffusion_2.train,
    "stable-diffusion-2-card": stable_diffusion_2_card.report,
    "lora": lora.train,
    "lora-card": lora_card.report,
    "controlnet-card": controlnet_card.report,
    "dit": dit.train,
    "dit-compare": dit_card.compare,
    "dit-card": dit_card.report,
    "vq": vq.train,
    "vq-card": vq_card.report,
    "pixel-base": pixel_base.train,
    "pixel-base-card": pixel_cards.report_base,
    "noisy-classifier": noisy_classifier.train,
    "noisy-classifier-card": pixel_cards.report_classifier,
    "upsampler-256": upsamplers.train,
    "compact-upscaler": upscaler.train,
    "upscalers-card": pixel_cards.report_256,
    "unclip-prior": unclip_prior.train,
    "unclip-prior-export": unclip_export.export_prior,
    "unclip-prior-card": unclip_prior_card.report,
    "unclip-decoder": unclip_decoder.train,
    "unclip-decoder-export": unclip_export.export_decoder,
    "unclip-decoder-compare": unclip_decoder_card.compare,
    "unclip-decoder-card": unclip_decoder_card.report,
    "dalle": dalle.train,
    "dalle-compare": token_cards.compare_dalle,
    "dalle-card": token_cards.report_dalle,
    "masked-tokens": masked_tokens_training.train,
    "masked-tokens-compare": token_cards.compare_masked,
    "masked-tokens-card": token_cards.report_masked,
    "flow": flow_transformer.train,
    "u-vit": uvit.train,
    "gan": gan.train,
    "t5": t5.train,
    "imagen": imagen.train,
    "imagen-128": imagen_upsamplers.train_to_128,
    "imagen-256": imagen_upsamplers.train_to_256,
    "imagen-compare": imagen_card.compare,
    "imagen-card": imagen_card.report,
    "flow-card": centred_cards.report_flow,
    "u-vit-card": centred_cards.report_uvit,
    "gan-card": centred_cards.report_gan,
    "centred-compare": centred_cards.compare,
    "share": shared_weights.share,
    "known-words": known_words.write_lists,
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
    "controlnet-edges",
    "controlnet-scribble",
    "controlnet-card",
    "open-clip",
    "open-clip-card",
    "stable-diffusion-2",
    "stable-diffusion-2-card",
    "lora",
    "lora-card",
    "dit",
    "dit-card",
    "pixel-base",
    "pixel-base-card",
    "noisy-classifier",
    "noisy-classifier-card",
    "upsampler-256",
    "compact-upscaler",
    "upscalers-card",
    "flow",
    "flow-card",
    "u-vit",
    "u-vit-card",
    "gan",
    "t5",
    "imagen",
    "imagen-128",
    "imagen-256",
    "imagen-card",
    "gan-card",
    "vq",
    "vq-card",
    "dalle",
    "dalle-card",
    "masked-tokens",
    "unclip-prior",
    "unclip-prior-export",
    "unclip-prior-card",
    "unclip-decoder",
    "unclip-decoder-export",
    "unclip-decoder-card",
    "masked-tokens-card",
    "examples",
    "share",
    "known-words",
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
