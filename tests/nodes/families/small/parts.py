"""What small models are made of: text encoders with their tokenizers, VAEs, schedulers."""

from typing import Any, TypeVar

import torch
from diffusers import (
    AutoencoderDC,
    AutoencoderKL,
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    GemmaTokenizer,
    LlamaTokenizer,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3Model,
    T5Config,
    T5EncoderModel,
    T5TokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

Network = TypeVar("Network", bound=torch.nn.Module)


LETTERS = "abcdefghijklmnopqrstuvwxyz"


SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
SPECIAL += ["<|video_pad|>"]

TEMPLATE = (
    "{% for one in messages %}<|im_start|>{{ one.role }}\n"
    "{% if one.content is string %}{{ one.content }}{% else %}{{ one.content[0].text }}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MARKED = "▁"
"""What stands for a blank in vocabularies of SentencePiece."""


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


def language(width: int, heads: int = 2, vocabulary: int | None = None) -> dict[str, Any]:
    """What language models have in common; with the vocabulary of `words` where no other is said."""
    return {
        "vocab_size": vocabulary or len(words()),
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": 3,
        "num_attention_heads": heads,
        "num_key_value_heads": 1,
    }


def qwen_3(width: int, head: int) -> Qwen3Model:
    rotary = {"rope_type": "default", "rope_theta": 1e6}
    return Qwen3Model(Qwen3Config(**language(width), head_dim=head, rms_norm_eps=1e-6, rope_parameters=rotary))


def qwen_25_vl(width: int = 256) -> Qwen2_5_VLForConditionalGeneration:
    """With heads of 128 numbers."""
    rotary = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}
    text = {**language(width, width // 128), "rms_norm_eps": 1e-6, "rope_parameters": rotary}
    sight = {"depth": 1, "hidden_size": 80, "num_heads": 1, "intermediate_size": 16, "out_hidden_size": width}
    place = words().convert_tokens_to_ids("<|image_pad|>")
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(text_config=text, vision_config=sight, image_token_id=place)
    )


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


def words() -> Qwen2Tokenizer:
    """Each byte a token, and Qwen's special ones."""
    tokenizer = Qwen2Tokenizer(vocab={letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))})
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL, "pad_token": SPECIAL[0]})
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def flux_2_vae() -> AutoencoderKLFlux2:
    vae = AutoencoderKLFlux2(
        block_out_channels=(32, 32, 32, 32),
        layers_per_block=1,
        latent_channels=32,
        mid_block_add_attention=False,
    )
    torch.nn.init.normal_(vae.bn.running_mean)
    torch.nn.init.uniform_(vae.bn.running_var, 0.5, 2.0)
    return vae


def shifted(shift: float = 1.0, **settings: Any) -> FlowMatchEulerDiscreteScheduler:
    return FlowMatchEulerDiscreteScheduler(shift=shift, use_dynamic_shifting=True, **settings)
