"""Models in single files: what a network is made with stands in the script, so that nothing is fetched."""

from __future__ import annotations

import inspect
import json
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from accelerate import init_empty_weights
from diffusers.loaders.single_file_utils import (
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
    convert_wan_vae_to_diffusers,
)
from open_clip.tokenizer import SimpleTokenizer
from safetensors.torch import load_file
from transformers import CLIPTokenizer


def from_file(kind, file, **config):
    """A network of diffusers' out of a single file, or of its weights."""
    usual = {name: one.default for name, one in inspect.signature(kind.__init__).parameters.items()}
    config = {name: config.get(name, usual[name]) for name in usual if name != "self"}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(config))
        network = kind.from_single_file(file, config=folder, local_files_only=True, torch_dtype=torch.float32)
    return network.requires_grad_(False)


def weights_in(file, names):
    """The weights of a part of a file; ``names``: how their names begin there, and how they do in a network."""
    found = {}
    for name, weight in load_file(file).items():
        old = max((one for one in names if name.startswith(one)), key=len, default=None)
        if old is not None:
            found[names[old] + name.removeprefix(old)] = weight
    return found


def with_weights(kind, weights, **config):
    """A network of diffusers' with weights under its own names, all of which it must have."""
    with init_empty_weights():
        network = kind(**config)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()}, assign=True)
    return network.eval().requires_grad_(False)


def frames_vae_from_file(kind, file, names, **config):
    """An autoencoder of films by the names that Wan's has."""
    return with_weights(kind, convert_wan_vae_to_diffusers(weights_in(file, names)), **config)


def patched_vae_from_file(kind, file, names, **config):
    """FLUX.2's autoencoder by the names of its makers."""
    weights = weights_in(file, names)
    normal = {name: weights.pop(name) for name in list(weights) if name.startswith("bn.")}
    normal.setdefault("bn.num_batches_tracked", torch.zeros((), dtype=torch.int64))
    made = convert_ldm_vae_checkpoint(weights, config) | normal
    return with_weights(kind, made, **config)


def encoder_from_file(kind, file, names, **config):
    """A text encoder of transformers' out of a file."""
    return encoder_with(kind, weights_in(file, names), config)


def encoder_with(kind, weights, config):
    """A text encoder of transformers' with all of its weights; its eyes may be missing as a whole: it reads."""
    options = {"state_dict": weights, "dtype": torch.float32, "output_loading_info": True}
    encoder, told = kind.from_pretrained(None, config=kind.config_class(**config), **options)
    held = {name.partition(".")[0] for name in weights}
    missing = [name for name in told["missing_keys"] if name.partition(".")[0] in held]
    if missing:
        raise ValueError(f"the file has no {min(missing)}")
    return encoder.requires_grad_(False)


def unprojected_clip(kind, file, names, **config):
    """CLIP as Stable Diffusion 3 reads it whose file has no projection: one that changes nothing."""
    weights = weights_in(file, names)
    weights["text_projection.weight"] = torch.eye(config["hidden_size"])
    return encoder_with(kind, weights, config)


def open_clip_from_file(kind, file, begins, **config):
    """A text encoder of OpenCLIP's out of a file that names its weights so; ``begins``: how their names begin."""
    shape = SimpleNamespace(config=kind.config_class(**config))
    return encoder_with(kind, convert_open_clip_checkpoint(shape, load_file(file), prefix=begins), config)


def clip_tokenizer(pad):
    """CLIP's tokenizer, of the vocabulary that open_clip brings; ``pad`` fills texts up."""
    known = SimpleTokenizer()
    merges = sorted(known.bpe_ranks, key=known.bpe_ranks.get)
    words = {name.replace("<start_of_text>", "<|startoftext|>"): number for name, number in known.encoder.items()}
    words["<|endoftext|>"] = words.pop("<end_of_text>")
    return CLIPTokenizer(vocab=words, merges=merges, pad_token=pad, model_max_length=77)
