"""Families that are led by several text encoders."""

from pathlib import Path

from diffusers import (
    AutoencoderKLHunyuanImage,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
)
from transformers import (
    ByT5Tokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    T5Config,
    T5EncoderModel,
)

from nodes.loaders.text_encoders.clip_vocabulary import clip_tokenizer
from nodes.loaders.text_encoders.kinds.llama import ROTARY
from tests.nodes.families.small.parts import (
    TEMPLATE,
    clip,
    flow,
    kl,
    language,
    qwen_25_vl,
    random,
    t5,
    words,
)


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
