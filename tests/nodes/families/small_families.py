"""Families that fewer people use, with random weights, in the layouts of their pipelines; widths are small."""

from pathlib import Path
from typing import Any, TypeVar

import torch
from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    AutoencoderDC,
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLHunyuanImage,
    ChromaPipeline,
    ChromaTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    DPMSolverMultistepScheduler,
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    FlowMatchEulerDiscreteScheduler,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
    PixArtAlphaPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
)
from transformers import (
    ByT5Tokenizer,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    GlmConfig,
    GlmModel,
    LlamaConfig,
    LlamaForCausalLM,
    LlamaTokenizer,
    Ministral3Config,
    Mistral3Config,
    Mistral3Model,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.loaders.text_encoders.kinds.llama import ROTARY
from tests.nodes.families.seeing_models import TEMPLATE, shifted, words

Network = TypeVar("Network", bound=torch.nn.Module)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARKED = "▁"
"""What stands for a blank in vocabularies of SentencePiece."""
LINEAR = {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear", "num_train_timesteps": 1000}


def random(module: Network) -> Network:
    """With random numbers where its class begins with zeros alone, which would hide all that comes before."""
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return module


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
        transformer=random(
            ChromaTransformer2DModel(
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
            )
        ),
        scheduler=flow(3.0, use_dynamic_shifting=True),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def lumina_2(folder: Path) -> None:
    encoder, tokenizer = gemma_2(16)
    Lumina2Pipeline(
        transformer=random(
            Lumina2Transformer2DModel(
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
            )
        ),
        scheduler=flow(6.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def pixart(told: bool) -> PixArtTransformer2DModel:
    return random(
        PixArtTransformer2DModel(
            num_attention_heads=2,
            num_layers=2,
            cross_attention_dim=144,
            caption_channels=24,
            sample_size=128,
            use_additional_conditions=told,
        )
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
    return random(
        SanaTransformer2DModel(
            num_attention_heads=7,
            attention_head_dim=32,
            num_layers=2,
            num_cross_attention_heads=2,
            cross_attention_head_dim=112,
            cross_attention_dim=224,
            caption_channels=16,
            **more,
        )
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
        transformer=random(
            AuraFlowTransformer2DModel(
                sample_size=128,
                num_mmdit_layers=1,
                num_single_dit_layers=2,
                num_attention_heads=1,
                joint_attention_dim=2048,
                caption_projection_dim=256,
                pos_embed_max_size=4096,
            )
        ),
        scheduler=flow(1.73),
        vae=kl(4, 0.13025),
        text_encoder=encoder,
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def language(width: int, heads: int = 2) -> dict[str, Any]:
    """What language models have in common."""
    return {
        "vocab_size": len(words()),
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
    }


def flux_2_vae() -> AutoencoderKLFlux2:
    vae = AutoencoderKLFlux2(
        block_out_channels=(32, 32, 32, 32), layers_per_block=1, latent_channels=32, mid_block_add_attention=False
    )
    torch.nn.init.normal_(vae.bn.running_mean)
    torch.nn.init.uniform_(vae.bn.running_var, 0.5, 2.0)
    return vae


def flux_shaped(text: int) -> dict[str, Any]:
    """Of transformers of FLUX's shape, for tokens of a width."""
    return {
        "in_channels": 64,
        "num_layers": 2,
        "num_single_layers": 1,
        "num_attention_heads": 2,
        "attention_head_dim": 32,
        "joint_attention_dim": text,
        "axes_dims_rope": (4, 14, 14),
    }


def ovis_image(folder: Path) -> None:
    rotary = {"rope_type": "default", "rope_theta": 1e6}
    OvisImagePipeline(
        transformer=random(OvisImageTransformer2DModel(**flux_shaped(16))),
        scheduler=shifted(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=Qwen3Model(Qwen3Config(**language(16), head_dim=8, rope_parameters=rotary)),
        tokenizer=words(),
    ).save_pretrained(folder)


def qwen_25_vl(width: int = 256) -> Qwen2_5_VLForConditionalGeneration:
    """With heads of 128 numbers."""
    rotary = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
    text = {**language(width, width // 128), "rms_norm_eps": 1e-6, "rope_parameters": rotary}
    sight = {"depth": 1, "hidden_size": 80, "num_heads": 1, "intermediate_size": 16, "out_hidden_size": width}
    place = words().convert_tokens_to_ids("<|image_pad|>")
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config=text, vision_config=sight, image_token_id=place)
    )


def longcat_image(folder: Path) -> None:
    LongCatImagePipeline(
        transformer=random(LongCatImageTransformer2DModel(**flux_shaped(256))),
        scheduler=shifted(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=qwen_25_vl(),
        tokenizer=words(),
        text_processor=None,
    ).save_pretrained(folder)


def ernie_image(folder: Path) -> None:
    text = Ministral3Config(**language(32), head_dim=128)
    sight = {"model_type": "pixtral", "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    ErnieImagePipeline(
        transformer=random(
            ErnieImageTransformer2DModel(
                hidden_size=64,
                num_attention_heads=2,
                num_layers=2,
                ffn_hidden_size=48,
                text_in_dim=32,
                rope_axes_dim=(8, 12, 12),
            )
        ),
        scheduler=flow(3.0),
        vae=flux_2_vae(),
        text_encoder=Mistral3Model(
            Mistral3Config(text_config=text, vision_config={**sight, "num_attention_heads": 2, "head_dim": 8})
        ),
        tokenizer=words(),
    ).save_pretrained(folder)


def cogview_4(folder: Path) -> None:
    tokenizer = words()
    CogView4Pipeline(
        transformer=random(
            CogView4Transformer2DModel(
                num_layers=2,
                attention_head_dim=40,
                num_attention_heads=2,
                text_embed_dim=32,
                time_embed_dim=24,
                condition_dim=8,
            )
        ),
        scheduler=shifted(1.0, base_shift=0.25, max_shift=0.75, time_shift_type="linear"),
        vae=kl(16, 1.0, 0.0),
        text_encoder=GlmModel(GlmConfig(**language(32), head_dim=128, pad_token_id=tokenizer.pad_token_id)),
        tokenizer=tokenizer,
    ).save_pretrained(folder)


def clip(width: int, layers: int, projected: bool, positions: int = 77) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=width,
        intermediate_size=2 * width,
        projection_dim=width,
        num_hidden_layers=layers,
        num_attention_heads=1,
        max_position_embeddings=positions,
        hidden_act="gelu" if layers == 32 else "quick_gelu",
    )
    return (CLIPTextModelWithProjection if projected else CLIPTextModel)(config)


def kandinsky_5(folder: Path) -> None:
    """Its VAE says a shift, as FLUX.1's does, which its pipeline leaves out."""
    processor = Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessor(),
        tokenizer=words(),
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    Kandinsky5T2IPipeline(
        transformer=random(
            Kandinsky5Transformer3DModel(
                in_visual_dim=16,
                out_visual_dim=16,
                in_text_dim=256,
                in_text_dim2=16,
                time_dim=24,
                model_dim=64,
                ff_dim=48,
                num_text_blocks=1,
                num_visual_blocks=2,
                axes_dims=(8, 12, 12),
            )
        ),
        scheduler=flow(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=qwen_25_vl(),
        tokenizer=processor,
        text_encoder_2=clip(16, 12, projected=False),
        tokenizer_2=clip_tokenizer(False),
    ).save_pretrained(folder)


def hidream(folder: Path) -> None:
    """Its CLIP encoders read long texts, as many tokens as its pipeline asks for."""
    encoder, pieces = t5(24)
    llama = LlamaConfig(
        **language(32), head_dim=128, rms_norm_eps=1e-5, rope_parameters=ROTARY, max_position_embeddings=131072
    )
    reads = words()
    reads.eos_token = "<|im_end|>"
    HiDreamImagePipeline(
        transformer=random(
            HiDreamImageTransformer2DModel(
                patch_size=2,
                in_channels=16,
                num_layers=1,
                num_single_layers=2,
                num_attention_heads=1,
                caption_channels=[24, 32],
                text_emb_dim=36,
                axes_dims_rope=(64, 32, 32),
                llama_layers=[0, 1, 2],
            )
        ),
        scheduler=flow(3.0),
        vae=kl(16, 0.3611, 0.1159),
        text_encoder=clip(16, 12, projected=True, positions=248),
        tokenizer=clip_tokenizer(False),
        text_encoder_2=clip(20, 32, projected=True, positions=248),
        tokenizer_2=clip_tokenizer(True),
        text_encoder_3=encoder,
        tokenizer_3=pieces,
        text_encoder_4=LlamaForCausalLM(llama),
        tokenizer_4=reads,
    ).save_pretrained(folder)


def hunyuan_image(folder: Path) -> None:
    """One that is told its guidance."""
    byt5 = {"d_model": 24, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}
    HunyuanImagePipeline(
        transformer=random(
            HunyuanImageTransformer2DModel(
                num_attention_heads=2,
                attention_head_dim=32,
                num_layers=1,
                num_single_layers=2,
                num_refiner_layers=1,
                text_embed_dim=256,
                text_embed_2_dim=24,
                rope_axes_dim=(16, 16),
                guidance_embeds=True,
            )
        ),
        scheduler=flow(5.0),
        vae=AutoencoderKLHunyuanImage(
            in_channels=3,
            out_channels=3,
            latent_channels=64,
            block_out_channels=(32, 32, 32, 32, 64, 128),
            layers_per_block=1,
            spatial_compression_ratio=32,
            sample_size=2048,
            scaling_factor=0.75289,
        ),
        text_encoder=qwen_25_vl(),
        tokenizer=words(),
        text_encoder_2=T5EncoderModel(T5Config(vocab_size=384, feed_forward_proj="gated-gelu", **byt5)),
        tokenizer_2=ByT5Tokenizer(),
    ).save_pretrained(folder)
