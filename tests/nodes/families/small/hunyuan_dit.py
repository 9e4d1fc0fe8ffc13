"""Hunyuan-DiT with random weights; its first text encoder is as wide as it truly is, by which its file is told."""

from pathlib import Path

from diffusers import DDPMScheduler, HunyuanDiT2DModel, HunyuanDiTPipeline
from transformers import BertConfig, BertModel, BertTokenizer, T5Config, T5EncoderModel

from nodes.loaders.text_encoders.sentencepiece_file import tokenizer_of
from tests.nodes.families.small.parts import LETTERS, kl, random
from tests.nodes.families.test_sentencepiece_file import CONTROL, NORMAL, Given, model

CLIP, T5 = 1024, 64
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "star", "blue", "红", "星", *LETTERS]
LIKELY: list[Given] = [
    ("<pad>", 0, CONTROL), ("</s>", 0, CONTROL), ("<unk>", 0, 2), ("▁red", -1, NORMAL), ("▁star", -2, NORMAL),
    *((letter, -9.0, NORMAL) for letter in f"▁{LETTERS}红星"),
]  # fmt: skip
PIECES = model(LIKELY, 1, {40: 2, 41: -1, 42: 1, 43: 0})
"""As `spiece.model` lies in the tokenizer's folder, and in files of ComfyUI's."""


def hunyuan_dit(folder: Path) -> None:
    """As 1.2, which is told neither sizes nor a style."""
    saved(folder, False, 0.018)


def hunyuan_dit_1(folder: Path) -> None:
    """As 1.0 and 1.1."""
    saved(folder, True, 0.03)


def saved(folder: Path, sized: bool, end: float) -> None:
    network = HunyuanDiT2DModel(
        num_attention_heads=2,
        attention_head_dim=16,
        in_channels=4,
        patch_size=2,
        sample_size=128,
        hidden_size=32,
        num_layers=4,
        mlp_ratio=4.3637,
        cross_attention_dim=CLIP,
        cross_attention_dim_t5=T5,
        pooled_projection_dim=16,
        use_style_cond_and_image_meta_size=sized,
    )
    plan = DDPMScheduler(
        beta_start=0.00085,
        beta_end=end,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        steps_offset=1,
    )
    HunyuanDiTPipeline(
        transformer=random(network),
        scheduler=plan,
        vae=kl(4, 0.13025),
        text_encoder=clip(),
        tokenizer=BertTokenizer(vocab={word: number for number, word in enumerate(WORDS)}),
        text_encoder_2=mt5(),
        tokenizer_2=tokenizer_of(PIECES, "T5TokenizerFast"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    (folder / "tokenizer_2" / "spiece.model").write_bytes(PIECES)


def clip() -> BertModel:
    return BertModel(
        BertConfig(
            vocab_size=len(WORDS),
            hidden_size=CLIP,
            num_hidden_layers=2,
            num_attention_heads=CLIP // 64,
            intermediate_size=32,
            max_position_embeddings=128,
        )
    )


def mt5() -> T5EncoderModel:
    shape = {"d_model": T5, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
    return T5EncoderModel(T5Config(vocab_size=len(LIKELY), feed_forward_proj="gated-gelu", **shape))
