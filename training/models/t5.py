"""Trains a T5 text encoder (Raffel et al. 2020, arXiv:1910.10683) on text alone, for English and Chinese captions.

It learns to say what a caption tells, whichever the language and the wording. After that it is frozen, as the text
encoder of Imagen is (Saharia et al. 2022, arXiv:2205.11487).
"""

import numpy as np
import torch
from torch import Tensor, nn
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from training.data import captions, chinese_captions, pixels
from training.data.captions import Caption, phrase_words
from training.data.grammar import BACKGROUNDS, COLOURS, PLACES, STYLES, SUBJECTS, SYNONYMS
from training.data.scenes import Scene, random_scene
from training.data.tokenizer import FILLERS, LENGTH
from training.loops.run_folders import WORK, TrainingRun
from training.loops.training_loop import TrainingPlan, fit
from training.models import clip
from training.models.latent_diffusion import READINGS, with_filler

FOLDER = WORK / "t5"
SEED, BATCH = 61, 96
PLAN = TrainingPlan(steps=600, peak=2e-3, warm_up=50, hold=0.3, average=0.99)
CHINESE_SHARE = 0.4


def new_tokenizer() -> T5Tokenizer:
    """A Unigram tokenizer: each word of the grammar is one piece, any other falls apart into letters."""
    english = {*SUBJECTS, *COLOURS, *BACKGROUNDS, *STYLES, *PLACES, *SYNONYMS, *FILLERS, *phrase_words()} - {","}
    letters = {chr(code) for code in range(33, 127)}
    characters = {character for word in chinese_captions.words() for character in word}
    pieces = {**dict.fromkeys(sorted(letters | characters), -10.0), "▁": -2.0}
    pieces |= dict.fromkeys(sorted(chinese_captions.words()), -3.0) | {f"▁{word}": -1.0 for word in sorted(english)}
    special = [(token, 0.0) for token in ("<pad>", "</s>", "<unk>")]
    sentinels = [(f"<extra_id_{number}>", 0.0) for number in range(99, -1, -1)]
    return T5Tokenizer(vocab=[*special, *pieces.items(), *sentinels], model_max_length=LENGTH)


def new_encoder(tokenizer: T5Tokenizer) -> T5EncoderModel:
    """Two layers of width 128: 0.5 million parameters, in the shape of T5 1.1."""
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=pixels.TEXT_WIDTH,
        d_kv=32,
        d_ff=256,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        dropout_rate=0.0,
        relative_attention_num_buckets=16,
        relative_attention_max_distance=32,
    )
    return T5EncoderModel(config)


def write_all(scenes: list[Scene], rng: np.random.Generator) -> tuple[list[Caption], list[str]]:
    """Captions in English, and the texts to read: a part of them says the same in Chinese."""
    told = captions.write_all(scenes, rng)
    texts = [
        chinese_captions.write(scene, caption.told, rng).text
        if rng.random() < CHINESE_SHARE
        else with_filler(caption.text, rng)
        for scene, caption in zip(scenes, told, strict=True)
    ]
    return told, texts


class Texts:
    """A T5 with its tokenizer."""

    def __init__(self, encoder: T5EncoderModel, tokenizer: T5Tokenizer) -> None:
        self.encoder, self.tokenizer = encoder, tokenizer

    def tokens(self, texts: list[str]) -> Tensor:
        """Hidden states [texts, 32, 128]."""
        found = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt")
        states: Tensor = self.encoder(found.input_ids, attention_mask=found.attention_mask).last_hidden_state
        return states

    @classmethod
    def trained(cls) -> "Texts":
        """The finished encoder, frozen; trained first where it is not yet there."""
        if not (FOLDER / "text_encoder").exists():
            train()
        encoder = T5EncoderModel.from_pretrained(FOLDER / "text_encoder", dtype=torch.float32)
        return cls(encoder.requires_grad_(False).eval(), T5Tokenizer.from_pretrained(FOLDER / "tokenizer"))


class Learner(nn.Module):
    """The encoder, and a linear layer that reads the attributes from the mean of its tokens: thrown away afterwards."""

    def __init__(self, tokenizer: T5Tokenizer) -> None:
        super().__init__()
        self.encoder = new_encoder(tokenizer)
        self.reader = nn.Linear(pixels.TEXT_WIDTH, sum(map(len, READINGS.values())))


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the encoder into the scratch folder."""
    torch.manual_seed(SEED)
    tokenizer = new_tokenizer()

    def losses_of(learner: Learner, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([SEED, step])
        scenes = [random_scene(rng, centre_share=1.0) for _ in range(BATCH)]
        told, texts = write_all(scenes, rng)
        with torch.autocast("cpu", torch.bfloat16):
            read = learner.reader(Texts(learner.encoder, tokenizer).tokens(texts).mean(1)).float()
        return {"reading": clip.reading_loss(read, clip.attribute_codes(scenes), clip.told_mask(told))}

    learner = fit(TrainingRun("t5"), Learner(tokenizer), PLAN, losses_of)
    learner.encoder.save_pretrained(FOLDER / "text_encoder")
    tokenizer.save_pretrained(FOLDER / "tokenizer")
