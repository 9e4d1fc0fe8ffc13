"""Trains an OpenCLIP pair in the library's own architecture and layout (Cherti et al. 2023, arXiv:2212.07143).

Both towers begin from the starter CLIP's weights and learn to agree anew, with open_clip's activation and padding. The
picture tower then learns to judge pictures that nobody has drawn.
"""

import json
import shutil
from copy import deepcopy
from typing import Any

import numpy as np
import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import normalize
from transformers import CLIPModel, CLIPTokenizer

from training.data import between_pictures, captions
from training.data.scenes import SIZE
from training.data.tokenizer import LENGTH
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.clip import FOLDER as CLIP_FOLDER
from training.models.clip import Data, contrastive_loss, fitting, told_mask
from training.models.latent_diffusion import with_filler

FOLDER = ASSETS.parent / "open-clip"
SEED, BATCH, PICTURES = 71, 128, 4096
PLAN = TrainingPlan(steps=100, peak=4e-4, warm_up=20, hold=0.3, average=0.98)
BETWEEN = TrainingPlan(steps=800, peak=6e-4, warm_up=30, hold=0.3, average=0.98)
WIDTH, LAYERS, HEADS, PATCH = 128, 3, 4, 8
PAD = "!"
"""Token 0, as OpenCLIP fills up."""


def tokenizer() -> CLIPTokenizer:
    """The starter's words, filled up as OpenCLIP and Stable Diffusion 2 do."""
    return CLIPTokenizer.from_pretrained(ASSETS / "tokenizer", pad_token=PAD)


def config(words: CLIPTokenizer) -> dict[str, Any]:
    """Return what open_clip_config.json holds under model_cfg."""
    return {
        "embed_dim": WIDTH,
        "vision_cfg": {
            "image_size": SIZE,
            "layers": LAYERS + 1,
            "width": WIDTH,
            "head_width": WIDTH // HEADS,
            "patch_size": PATCH,
        },
        "text_cfg": {
            "context_length": LENGTH,
            "vocab_size": len(words),
            "hf_tokenizer_name": "tokenizer",
            "width": WIDTH,
            "heads": HEADS,
            "layers": LAYERS,
        },
    }


def new_model(words: CLIPTokenizer, clip: CLIPModel) -> open_clip.CLIP:
    """Text tower 3 x 128, picture tower 4 x 128, begun from another CLIP of that shape: 1.6 million parameters."""
    model = open_clip.CLIP(**config(words))
    model.load_state_dict(_renamed(clip.state_dict(), model.state_dict()))
    return model


def _renamed(given: dict[str, Tensor], wanted: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights as open_clip names them, from those of transformers' CLIPModel."""
    found = {
        "logit_scale": given["logit_scale"],
        "positional_embedding": given["text_model.embeddings.position_embedding.weight"],
        "token_embedding.weight": given["text_model.embeddings.token_embedding.weight"],
        "text_projection": given["text_projection.weight"].T,
        "visual.class_embedding": given["vision_model.embeddings.class_embedding"],
        "visual.positional_embedding": given["vision_model.embeddings.position_embedding.weight"],
        "visual.conv1.weight": given["vision_model.embeddings.patch_embedding.weight"],
        "visual.proj": given["visual_projection.weight"].T,
    }
    norms = {
        "ln_final": "text_model.final_layer_norm",
        "visual.ln_pre": "vision_model.pre_layrnorm",
        "visual.ln_post": "vision_model.post_layernorm",
    }
    layers = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
    layers |= {"attn.out_proj": "self_attn.out_proj"}
    for ours, theirs in {"transformer": "text_model", "visual.transformer": "vision_model"}.items():
        count = sum(name.startswith(f"{ours}.") and name.endswith("ln_1.weight") for name in wanted)
        for number in range(count):
            old = f"{theirs}.encoder.layers.{number}"
            norms |= {f"{ours}.resblocks.{number}.{name}": f"{old}.{other}" for name, other in layers.items()}
            for kind in ("weight", "bias"):
                parts = [given[f"{old}.self_attn.{part}_proj.{kind}"] for part in "qkv"]
                found[f"{ours}.resblocks.{number}.attn.in_proj_{kind}"] = torch.cat(parts)
    for name, old in norms.items():
        found |= {f"{name}.{kind}": given[f"{old}.{kind}"] for kind in ("weight", "bias")}
    return found


def train() -> None:
    """Trains both rounds to the end, or goes on where a killed run stopped, and writes the model's folder."""
    torch.manual_seed(SEED)
    words, data = tokenizer(), Data(PICTURES)
    clip = CLIPModel.from_pretrained(CLIP_FOLDER, dtype=torch.float32)

    def losses_of(model: open_clip.CLIP, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([SEED, step])
        chosen = epoch_indices(SEED, step, BATCH, PICTURES)
        told = captions.write_all([data.scenes[index] for index in chosen], rng)
        texts = [with_filler(caption.text, rng) for caption in told]
        tokens = words(texts, padding="max_length", truncation=True, return_tensors="pt")["input_ids"]
        pixels = data.pictures[chosen].permute(0, 3, 1, 2).float() / 127.5 - 1
        with torch.autocast("cpu", torch.bfloat16):
            seen, read = model.encode_image(pixels), model.encode_text(tokens)
        scale = model.logit_scale.clamp(max=np.log(100.0)).exp()
        scores = scale * normalize(read.float(), dim=-1) @ normalize(seen.float(), dim=-1).T
        codes = data.codes[chosen]
        return {"contrast": contrastive_loss(scores, fitting(codes, told_mask(told), codes))}

    model = fit(TrainingRun("open-clip"), new_model(words, clip), PLAN, losses_of)
    tower = deepcopy(model.visual).requires_grad_()
    model.visual = fit(
        TrainingRun("open-clip-between"), tower, BETWEEN, between_pictures.losses(deepcopy(model.visual))
    )
    export(model, words)


def export(model: open_clip.CLIP, words: CLIPTokenizer) -> None:
    """Replaces the model's folder: weights in half precision, configuration and tokenizer."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, FOLDER / "open_clip_model.safetensors")
    (FOLDER / "open_clip_model.safetensors").chmod(0o644)
    content = {"model_cfg": config(words), "preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3}}
    (FOLDER / "open_clip_config.json").write_text(json.dumps(content, indent=2) + "\n")
    words.save_pretrained(FOLDER)
