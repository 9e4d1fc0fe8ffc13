"""Families whose text encoders see, with random weights, in the layouts of their pipelines."""

from pathlib import Path

from diffusers import (
    AutoencoderKLQwenImage,
    AutoencoderKLQwenImage21,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    QwenImage21Pipeline,
    QwenImage21Transformer2DModel,
)
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as Letters
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    PixtralImageProcessor,
    PixtralProcessor,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    Qwen3VLModel,
    Qwen3VLProcessor,
    Qwen3VLVideoProcessor,
)

from nodes.loaders.text_encoders.kinds.qwen import EYES_3
from tests.nodes.families.small.parts import TEMPLATE, flux_2_vae, shifted, words


def qwen_3_vl(tokenizer: Qwen2Tokenizer, width: int, layers: int) -> Qwen3VLConfig:
    numbers = {f"{name}_token_id": tokenizer.convert_tokens_to_ids(f"<|{name}_pad|>") for name in ("image", "video")}
    numbers |= {
        f"vision_{end}_token_id": tokenizer.convert_tokens_to_ids(f"<|vision_{end}|>") for end in ("start", "end")
    }
    return Qwen3VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": width,
            "intermediate_size": 2 * width,
            "num_hidden_layers": layers,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 128,
            "rms_norm_eps": 1e-6,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": 5e6,
                "mrope_section": [24, 20, 20],
                "mrope_interleaved": True,
            },
        },
        vision_config={
            "depth": 2,
            "hidden_size": 64,
            "intermediate_size": 32,
            "num_heads": 16,
            "out_hidden_size": width,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [1],
        },
        **numbers,
    )


def qwen_image_21(folder: Path) -> None:
    tokenizer = words()
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**EYES_3),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=TEMPLATE,
    )
    QwenImage21Pipeline(
        scheduler=shifted(),
        vae=AutoencoderKLQwenImage21(
            base_dim=8,
            decoder_base_dim=8,
            dim_mult=[1, 1, 2, 2, 2],
            num_res_blocks=1,
        ),
        text_encoder=Qwen3VLForConditionalGeneration(qwen_3_vl(tokenizer, 32, 2)),
        processor=processor,
        transformer=QwenImage21Transformer2DModel(
            in_channels=64,
            out_channels=64,
            num_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            context_in_dim=32,
            axes_dims_rope=(4, 14, 14),
        ),
    ).save_pretrained(folder)


def krea_2(folder: Path) -> None:
    tokenizer = words()
    Krea2Pipeline(
        scheduler=shifted(max_image_seq_len=6400),
        vae=AutoencoderKLQwenImage(base_dim=8),
        text_encoder=Qwen3VLModel(qwen_3_vl(tokenizer, 32, 36)),
        tokenizer=tokenizer,
        transformer=Krea2Transformer2DModel(
            in_channels=64,
            num_layers=2,
            attention_head_dim=32,
            num_attention_heads=2,
            num_key_value_heads=1,
            intermediate_size=48,
            timestep_embed_dim=16,
            text_hidden_dim=32,
            num_text_layers=12,
            text_num_attention_heads=2,
            text_num_key_value_heads=2,
            text_intermediate_size=40,
            num_layerwise_text_blocks=1,
            num_refiner_text_blocks=1,
            axes_dims_rope=(8, 12, 12),
        ),
    ).save_pretrained(folder)


def flux_2_klein(folder: Path, width: int = 2560) -> None:
    """By its width its files are told."""
    tokenizer = words()
    Flux2KleinPipeline(
        scheduler=shifted(3.0),
        vae=flux_2_vae(),
        text_encoder=Qwen3ForCausalLM(
            Qwen3Config(
                vocab_size=len(tokenizer),
                hidden_size=width,
                intermediate_size=48,
                num_hidden_layers=28,
                num_attention_heads=2,
                num_key_value_heads=1,
                head_dim=16,
                rope_parameters={"rope_type": "default", "rope_theta": 1e6},
            )
        ),
        tokenizer=tokenizer,
        transformer=flux_2_transformer(width, guidance_embeds=False),
    ).save_pretrained(folder)


def flux_2_transformer(width: int, guidance_embeds: bool) -> Flux2Transformer2DModel:
    return Flux2Transformer2DModel(
        in_channels=128,
        num_layers=1,
        num_single_layers=2,
        attention_head_dim=32,
        num_attention_heads=2,
        joint_attention_dim=3 * width,
        axes_dims_rope=(8, 8, 8, 8),
        guidance_embeds=guidance_embeds,
    )


MARKS = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "[IMG_BREAK]", "[IMG_END]", "<pad>"]
MARKS += ["[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"]
MISTRAL = (
    "<s>{% for one in messages %}{% set name = 'SYSTEM_PROMPT' if one.role == 'system' else 'INST' %}[{{ name }}]"
    "{% if one.content is string %}{{ one.content }}{% else %}{{ one.content[0].text }}{% endif %}[/{{ name }}]"
    "{% endfor %}"
)


def mistral_words() -> PreTrainedTokenizerFast:
    """Mistral's marks and each byte a token, filled up at the left."""
    letters = {letter: number + len(MARKS) for number, letter in enumerate(sorted(ByteLevel.alphabet()))}
    plain = Tokenizer(BPE(vocab={mark: number for number, mark in enumerate(MARKS)} | letters, merges=[]))
    plain.pre_tokenizer, plain.decoder = ByteLevel(add_prefix_space=False, use_regex=False), Letters()
    plain.add_special_tokens(MARKS)
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
    return PreTrainedTokenizerFast(tokenizer_object=plain, padding_side="left", chat_template=MISTRAL, **special)


def flux_2(folder: Path, width: int = 5120) -> None:
    """By its width its files are told."""
    tokenizer = mistral_words()
    Flux2Pipeline(
        scheduler=shifted(3.0),
        vae=flux_2_vae(),
        text_encoder=Mistral3ForConditionalGeneration(
            Mistral3Config(
                text_config={
                    "vocab_size": len(tokenizer),
                    "hidden_size": width,
                    "intermediate_size": 24,
                    "num_hidden_layers": 32,
                    "num_attention_heads": 1,
                    "num_key_value_heads": 1,
                    "head_dim": 128,
                    "rms_norm_eps": 1e-5,
                    "sliding_window": None,
                    "rope_parameters": {"rope_type": "default", "rope_theta": 1e9},
                },
                vision_config={
                    "hidden_size": 16,
                    "intermediate_size": 16,
                    "num_hidden_layers": 1,
                    "num_attention_heads": 1,
                    "head_dim": 16,
                },
            )
        ),
        tokenizer=PixtralProcessor(image_processor=PixtralImageProcessor(), tokenizer=tokenizer, chat_template=MISTRAL),
        transformer=flux_2_transformer(width, guidance_embeds=True),
    ).save_pretrained(folder)
