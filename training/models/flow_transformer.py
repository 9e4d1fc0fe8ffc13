"""Trains a joint-attention transformer with rectified flow (Esser et al. 2024, arXiv:2403.03206).

The words come from the latent diffusion starter's text encoder, which stays as it is; the pictures are its latents.
"""

import shutil

import numpy as np
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel, StableDiffusion3Pipeline
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from training.data import captions
from training.data.centred import COUNT, TEXT_LENGTH, centred_latents, centred_scenes
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.latent_diffusion import with_filler
from training.models.part_shapes import LATENT_SIZE, TEXT_WIDTH

FOLDER = ASSETS.parent / "flow-transformer"
SEED, BATCH = 41, 48
PLAN = TrainingPlan(steps=5200, peak=1.2e-3, warm_up=150, hold=0.35, average=0.997, weight_decay=1e-4)
WIDTH, LAYERS, HEADS = 128, 5, 4
CHANNELS, PATCH, MAX_PATCHES = 4, 2, 16
CAPTION_DROP = 0.1


def new_transformer() -> SD3Transformer2DModel:
    """Five joint blocks of width 128 over patches of 2 x 2: every block adds nothing at first."""
    model = SD3Transformer2DModel(
        sample_size=LATENT_SIZE,
        patch_size=PATCH,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=LAYERS,
        num_attention_heads=HEADS,
        attention_head_dim=WIDTH // HEADS,
        joint_attention_dim=TEXT_WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=TEXT_WIDTH,
        pos_embed_max_size=MAX_PATCHES,
    )
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    nn.init.xavier_uniform_(model.pos_embed.proj.weight.flatten(1))
    for block in model.transformer_blocks:
        nn.init.zeros_(block.norm1.linear.weight)
        nn.init.zeros_(block.norm1_context.linear.weight)
    nn.init.zeros_(model.proj_out.weight)
    return model


def text_encoder() -> CLIPTextModelWithProjection:
    """The starter's text encoder in the form that Stable Diffusion 3 asks for; its projection changes nothing."""
    trained = CLIPTextModel.from_pretrained(ASSETS / "text_encoder", dtype=torch.float32)
    model = CLIPTextModelWithProjection(CLIPTextConfig(**trained.config.to_dict()))
    missing = model.load_state_dict(
        {f"text_model.{name.removeprefix('text_model.')}": value for name, value in trained.state_dict().items()},
        strict=False,
    ).missing_keys
    if missing != ["text_projection.weight"]:
        raise RuntimeError(f"the text encoder does not fit: {missing}")
    model.text_projection.weight = nn.Parameter(torch.eye(TEXT_WIDTH))
    return model.eval().requires_grad_(False)


@torch.no_grad()
def encode(encoder: CLIPTextModelWithProjection, words: CLIPTokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Tokens [B, 24, 128] of the last layer but one, and the texts as a whole [B, 128], as the pipeline takes them."""
    found = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
    output = encoder(found, output_hidden_states=True)
    return output.hidden_states[-2], output.text_embeds


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # on the CPU too: attention stays in bfloat16
    run, scenes = TrainingRun("flow"), centred_scenes()
    latents = centred_latents(scenes)
    words = CLIPTokenizer.from_pretrained(ASSETS / "tokenizer", model_max_length=TEXT_LENGTH)
    encoder = text_encoder()
    torch.manual_seed(SEED)

    def losses_of(model: SD3Transformer2DModel, step: int) -> dict[str, Tensor]:
        """Sec. 3.1: times are logit-normal, so that the middle of the way is practised most."""
        rng, seed = np.random.default_rng([SEED, step]), torch.Generator().manual_seed(SEED + step)
        chosen = epoch_indices(SEED, step, BATCH, COUNT)
        told = captions.write_all([scenes[index] for index in chosen], rng)
        texts = ["" if rng.random() < CAPTION_DROP else with_filler(caption.text, rng) for caption in told]
        clean = latents[torch.from_numpy(chosen)]
        noise = torch.randn(clean.shape, generator=seed)
        sigma = torch.randn(BATCH, generator=seed).sigmoid()
        share = sigma[:, None, None, None]
        with torch.autocast("cpu", torch.bfloat16):
            tokens, pooled = encode(encoder, words, texts)
            flow = model(
                hidden_states=(1 - share) * clean + share * noise,
                timestep=1000 * sigma,
                encoder_hidden_states=tokens,
                pooled_projections=pooled,
                return_dict=False,
            )[0]
        return {"flow": (flow.float() - (noise - clean)).pow(2).mean()}

    export(fit(run, new_transformer(), PLAN, losses_of), encoder, words)


def export(model: SD3Transformer2DModel, encoder: CLIPTextModelWithProjection, words: CLIPTokenizer) -> None:
    """Replaces the model's folder: a StableDiffusion3Pipeline in half precision, with one of its three encoders."""
    pipeline = StableDiffusion3Pipeline(
        transformer=model,
        scheduler=FlowMatchEulerDiscreteScheduler(),
        vae=AutoencoderKL.from_pretrained(ASSETS / "vae"),
        text_encoder=encoder,
        tokenizer=words,
        text_encoder_2=None,
        tokenizer_2=None,
        text_encoder_3=None,
        tokenizer_3=None,
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
