"""Families that fewer people use, with random weights, in the layouts of their pipelines; widths are small."""

from pathlib import Path
from typing import Any

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    AutoencoderKL,
    ChromaPipeline,
    ChromaTransformer2DModel,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)
from transformers import (
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    LlamaTokenizer,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARKED = "▁"
"""What stands for a blank in vocabularies of SentencePiece."""
LINEAR = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "num_train_timesteps": 1000}


def t5(width: int) -> tuple[T5EncoderModel, T5TokenizerFast]:
    pieces = ["<pad>", "</s>", "<unk>", MARKED, *LETTERS]
    tokenizer = T5TokenizerFast(vocab=[(piece, -float(rank)) for rank, piece in enumerate(pieces)], extra_ids=0)
    shape = {"d_model": width, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    return T5EncoderModel(T5Config(vocab_size=len(tokenizer), feed_forward_proj="gated-gelu", **shape)), tokenizer


def pile_t5() -> tuple[UMT5EncoderModel, LlamaTokenizer]:
    """As wide as it truly is, by which its file is told."""
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", MARKED, *LETTERS]
    tokenizer = LlamaTokenizer(vocab={piece: number for number, piece in enumerate(vocabulary)}, merges=[])
    tokenizer.pad_token = "<pad>"
    shape = {"d_model": 2048, "d_kv": 8, "d_ff": 16, "num_layers": 2, "num_heads": 2}
    config = UMT5Config(vocab_size=len(vocabulary), feed_forward_proj="gated-gelu", **shape)
    return UMT5EncoderModel(config), tokenizer


def gemma_2(width: int) -> tuple[Gemma2Model, GemmaTokenizer]:
    """With heads of 256 numbers, which no weight tells."""
    signs = " .,:;'\"()<>-!?\n0123456789" + LETTERS.upper()
    vocabulary = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", MARKED, *LETTERS, *signs]
    tokenizer = GemmaTokenizer(vocab={piece: number for number, piece in enumerate(vocabulary)}, merges=[])
    config = Gemma2Config(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
    )
    return Gemma2Model(config), tokenizer


def kl(channels: int, scaling: float, shift: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=channels,
        use_quant_conv=channels == 4,
        use_post_quant_conv=channels == 4,
        scaling_factor=scaling,
        shift_factor=shift,
    )


def dc_ae() -> AutoencoderDC:
    """As in Sana, with fewer layers: convolutions halve and neighbours double, and looking begins at the fourth."""
    kinds = ("ResBlock",) * 3 + ("EfficientViTBlock",) * 3
    shape: dict[str, Any] = {}
    for half in ("encoder", "decoder"):
        shape |= {
            f"{half}_block_types": kinds,
            f"{half}_block_out_channels": (8, 8, 16, 16, 32, 32),
            f"{half}_layers_per_block": (1,) * 6,
            f"{half}_qkv_multiscales": ((), (), (), (5,), (5,), (5,)),
        }
    return AutoencoderDC(
        latent_channels=32,
        attention_head_dim=8,
        upsample_block_type="interpolate",
        downsample_block_type="conv",
        scaling_factor=0.41407,
        **shape,
    )


def flow(shift: float, **settings: Any) -> FlowMatchEulerDiscreteScheduler:
    return FlowMatchEulerDiscreteScheduler(shift=shift, **settings)


def chroma(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    ChromaPipeline(
        transformer=ChromaTransformer2DModel(
            in_channels=64,
            num_layers=2,
            num_single_layers=1,
            num_attention_heads=2,
            attention_head_dim=32,
            joint_attention_dim=24,
            axes_dims_rope=(4, 14, 14),
            approximator_num_channels=16,
            approximator_hidden_dim=20,
            approximator_layers=2,
        ),
        scheduler=flow(3.0, use_dynamic_shifting=True),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def lumina_2(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    Lumina2Pipeline(
        transformer=Lumina2Transformer2DModel(
            in_channels=16,
            hidden_size=48,
            num_layers=2,
            num_refiner_layers=1,
            num_attention_heads=2,
            num_kv_heads=1,
            multiple_of=16,
            ffn_dim_multiplier=0.7,
            axes_dim_rope=(8, 8, 8),
            cap_feat_dim=16,
        ),
        scheduler=flow(6.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def pixart(told: bool) -> PixArtTransformer2DModel:
    return PixArtTransformer2DModel(
        num_attention_heads=2,
        num_layers=2,
        cross_attention_dim=144,
        caption_channels=24,
        sample_size=128,
        use_additional_conditions=told,
    )


def pixart_alpha(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    PixArtAlphaPipeline(
        transformer=pixart(True),
        scheduler=DPMSolverMultistepScheduler(**LINEAR),
        vae=kl(4, 0.18215),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def pixart_sigma(folder: Path) -> None:
    encoder, tokenizer = t5(24)
    PixArtSigmaPipeline(
        transformer=pixart(False),
        scheduler=DPMSolverMultistepScheduler(**LINEAR),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def sana_transformer(**more: Any) -> SanaTransformer2DModel:
    return SanaTransformer2DModel(
        num_attention_heads=7,
        attention_head_dim=32,
        num_layers=2,
        num_cross_attention_heads=2,
        cross_attention_head_dim=112,
        cross_attention_dim=224,
        caption_channels=16,
        **more,
    )


def sana(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    SanaPipeline(
        transformer=sana_transformer(),
        scheduler=flow(3.0),
        vae=dc_ae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def sana_sprint(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    SanaSprintPipeline(
        transformer=sana_transformer(guidance_embeds=True, qk_norm="rms_norm_across_heads"),
        scheduler=SCMScheduler(),
        vae=dc_ae(),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def aura_flow(folder: Path) -> None:
    encoder, tokenizer = pile_t5()
    AuraFlowPipeline(
        transformer=AuraFlowTransformer2DModel(
            sample_size=128,
            num_mmdit_layers=1,
            num_single_dit_layers=2,
            num_attention_heads=1,
            joint_attention_dim=2048,
            caption_projection_dim=256,
            pos_embed_max_size=4096,
        ),
        scheduler=flow(1.73),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)
