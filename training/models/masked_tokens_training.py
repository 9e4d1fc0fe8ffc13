"""Trains a transformer to fill in masked picture tokens (MaskGIT, Chang et al. 2022, arXiv:2202.04200).

The network and the layout are those of aMUSEd (Patil et al. 2024, arXiv:2401.01808); the text encoder is that of the
CLIP starter and stays as it is.
"""

import math
import shutil

import torch
from diffusers import AmusedPipeline, AmusedScheduler, UVit2DModel, VQModel
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import CLIPModel, CLIPTextModelWithProjection, CLIPTokenizer

from training.data import image_codes
from training.data.scenes import SIZE
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, fit
from training.models import clip, vq

FOLDER = ASSETS.parent / "masked-tokens"
SEED, BATCH = 61, 64
PLAN = TrainingPlan(steps=2400, peak=1.5e-3, warm_up=100, hold=0.3, average=0.995, weight_decay=1e-2)
WIDTH, LAYERS, HEADS, OUTER, INNER = 160, 2, 5, 96, 320
CONVOLUTIONS = 3
"""On each side. They alone tell a place from another, by its way from the edge: with one of them the middle is lost."""
MASK = vq.CODES
MICRO = (SIZE, SIZE, 0, 0, 6)
"""Width, height, crop and beauty, as aMUSEd is told; always the same here."""


def new_transformer() -> UVit2DModel:
    """Two layers of width 160 between convolutional ones of width 96: 2.6 million parameters."""
    return UVit2DModel(
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        intermediate_size=INNER,
        in_channels=OUTER,
        block_out_channels=OUTER,
        block_num_heads=4,
        num_res_blocks=CONVOLUTIONS,
        cond_embed_dim=clip.WIDTH,
        encoder_hidden_size=clip.WIDTH,
        micro_cond_encode_dim=8,
        micro_cond_embed_dim=8 * len(MICRO),
        vocab_size=vq.CODES + 1,
        codebook_size=vq.CODES,
        sample_size=SIZE // 8,
    )


def text_encoder() -> CLIPTextModelWithProjection:
    """The text tower of the CLIP starter."""
    pair = CLIPModel.from_pretrained(clip.FOLDER, dtype=torch.float32)
    model = CLIPTextModelWithProjection(pair.config.text_config)
    model.text_model.load_state_dict(pair.text_model.state_dict())
    model.text_projection.load_state_dict(pair.text_projection.state_dict())
    return model.eval().requires_grad_(False)


def masked(clean: Tensor, seed: torch.Generator) -> Tensor:
    """Codes (B, 8, 8) with a share of them masked, which is drawn as the cosine schedule goes through it."""
    shares = torch.cos(math.pi / 2 * torch.rand(len(clean), generator=seed))
    places = clean[0].numel()
    counts = (shares * places).round().clamp(min=1)
    order = torch.rand(len(clean), places, generator=seed).argsort(1).argsort(1)
    return clean.masked_fill((order < counts[:, None]).view_as(clean), MASK)


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    data, tokenizer, encoder = image_codes.Data(), image_codes.tokenizer(), text_encoder()
    micro = torch.tensor(MICRO, dtype=torch.float32).expand(BATCH, -1)
    torch.manual_seed(SEED)

    def losses_of(transformer: UVit2DModel, step: int) -> dict[str, Tensor]:
        batch = data.batch(SEED, step, BATCH)
        given = masked(batch.codes, torch.Generator().manual_seed(SEED + step))
        tokens = tokenizer(batch.texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                text = encoder(tokens, output_hidden_states=True)
            scores = transformer(given, text.hidden_states[-2], text.text_embeds, micro)
        wanted = batch.codes.masked_fill(given != MASK, -100)
        return {"codes": cross_entropy(scores.float(), wanted)}

    export(fit(TrainingRun("masked-tokens"), new_transformer(), PLAN, losses_of), encoder, tokenizer)


def export(transformer: UVit2DModel, encoder: CLIPTextModelWithProjection, tokenizer: CLIPTokenizer) -> None:
    """Replaces the model's folder: an AmusedPipeline of diffusers in half precision, with the VQ model."""
    pipeline = AmusedPipeline(
        vqvae=VQModel.from_pretrained(vq.FOLDER),
        tokenizer=tokenizer,
        text_encoder=encoder,
        transformer=transformer,
        scheduler=AmusedScheduler(mask_token_id=MASK),
    )
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(FOLDER, safe_serialization=True)
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
