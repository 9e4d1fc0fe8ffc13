"""Trains text and picture tokens as one sequence (Ramesh et al. 2021, arXiv:2102.12092).

A sequence is a caption, filled up to 24 tokens, and 64 codes, row by row. The vocabulary is that of the tokenizer and,
behind it, one token a code. Codes are chosen among codes alone.
"""

import shutil

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import CLIPTokenizer, GPT2Config, GPT2LMHeadModel

from training.data import image_codes
from training.loops.pipeline_export import without_origin
from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, fit
from training.models import vq
from training.models.latent_diffusion import READINGS

FOLDER = ASSETS.parent / "dalle"
SEED, BATCH = 51, 64
PLAN = TrainingPlan(steps=1500, peak=2e-3, warm_up=100, hold=0.3, average=0.995, weight_decay=1e-2)
WIDTH, LAYERS, HEADS = 160, 5, 5
TEXT_LENGTH, SIDE = 24, 8
TEXT_WEIGHT, CODES_WEIGHT, READING_WEIGHT = 1 / 8, 7 / 8, 0.03


def new_transformer(tokenizer: CLIPTokenizer) -> GPT2LMHeadModel:
    """Five layers of width 160 over 24 + 64 places: 1.8 million parameters."""
    config = GPT2Config(
        vocab_size=len(tokenizer) + vq.CODES,
        n_positions=TEXT_LENGTH + SIDE * SIDE,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        text_vocab_size=len(tokenizer),
        text_length=TEXT_LENGTH,
        image_side=SIDE,
        attn_implementation="eager",
    )
    return GPT2LMHeadModel(config)


class Learner(nn.Module):
    """The transformer, and a linear layer that reads the attributes where the text ends: thrown away afterwards."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.transformer = new_transformer(tokenizer)
        self.reader = nn.Linear(WIDTH, sum(map(len, READINGS.values())))


def losses(learner: Learner, tokenizer: CLIPTokenizer, batch: image_codes.CodeBatch) -> dict[str, Tensor]:
    """Text 1/8, codes 7/8, as in the paper; each token is foretold from those before it."""
    words = len(tokenizer)
    options = {"padding": "max_length", "truncation": True, "max_length": TEXT_LENGTH, "return_tensors": "pt"}
    found = tokenizer(batch.texts, **options)
    picture = batch.codes.flatten(1)
    sequence = torch.cat([found["input_ids"], picture + words], 1)
    with torch.autocast("cpu", torch.bfloat16):
        hidden = learner.transformer.transformer(sequence[:, :-1]).last_hidden_state
        table = learner.transformer.transformer.wte.weight
        text_scores = hidden[:, : TEXT_LENGTH - 1] @ table[:words].T
        code_scores = hidden[:, TEXT_LENGTH - 1 :] @ table[words:].T
        read = learner.reader(hidden[:, TEXT_LENGTH - 1])
    text = found["input_ids"][:, 1:].masked_fill(found["attention_mask"][:, 1:] == 0, -100)
    return {
        "text": TEXT_WEIGHT * cross_entropy(text_scores.float().transpose(1, 2), text),
        "codes": CODES_WEIGHT * cross_entropy(code_scores.float().transpose(1, 2), picture),
        "reading": READING_WEIGHT * image_codes.reading_loss(read.float(), batch),
    }


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    data, tokenizer = image_codes.Data(), image_codes.tokenizer()
    torch.manual_seed(SEED)
    learner = fit(
        TrainingRun("dalle"),
        Learner(tokenizer),
        PLAN,
        lambda learner, step: losses(learner, tokenizer, data.batch(SEED, step, BATCH)),
    )
    export(learner.transformer, tokenizer)


def export(transformer: GPT2LMHeadModel, tokenizer: CLIPTokenizer) -> None:
    """Replaces the model's folder: a GPT2LMHeadModel of transformers in half precision, and the tokenizer."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    transformer.half().save_pretrained(FOLDER / "transformer")
    tokenizer.save_pretrained(FOLDER / "tokenizer")
    for path in FOLDER.rglob("*.safetensors"):
        path.chmod(0o644)
    for path in FOLDER.rglob("*.json"):
        without_origin(path)
