"""Families that several text encoders lead."""

from __future__ import annotations

from nodes.script.families_led_by_language import ODD_FLOW
from nodes.script.family import PLAIN, SHIFTED, ScriptFamily, Vae, channels, several_encoders, tokens

CLIP = "CLIPTextModelWithProjection", "CLIPTokenizer"
OF_SEVERAL = (
    ScriptFamily(
        "HiDream",
        "HiDreamImageTransformer2DModel",
        "hidream",
        several_encoders(
            "encode_hidream", CLIP, CLIP, ("T5EncoderModel", "AutoTokenizer"), ("LlamaModel", "AutoTokenizer")
        ),
        SHIFTED,
        channels("in_channels"),
        scheduled=ODD_FLOW,
    ),
    ScriptFamily(
        "HunyuanImage",
        "HunyuanImageTransformer2DModel",
        "hunyuan",
        several_encoders("encode_hunyuan", ("Qwen2_5_VLModel", "AutoTokenizer"), ("T5EncoderModel", "AutoTokenizer")),
        Vae("AutoencoderKLHunyuanImage", "encode_image", "decode", 32),
        channels("in_channels"),
        side=64,
        usual=tokens(64**2),
        guided=True,
        fits=lambda _, config: not config.get("use_meanflow"),
    ),
    ScriptFamily(
        "Hunyuan-DiT",
        "HunyuanDiT2DModel",
        "hunyuan_dit",
        several_encoders("encode_hunyuan_dit", ("BertModel", "BertTokenizer"), ("T5EncoderModel", "AutoTokenizer")),
        PLAIN,
        channels("in_channels"),
    ),
    ScriptFamily(
        "Kandinsky 5",
        "Kandinsky5Transformer3DModel",
        "kandinsky_5",
        several_encoders(
            "encode_kandinsky_5", ("Qwen2_5_VLModel", "AutoTokenizer"), ("CLIPTextModel", "CLIPTokenizer")
        ),
        PLAIN,
        channels("in_visual_dim"),
    ),
)
