"""Text encoders and CLIPs."""

from tests.library.layouts.shapes import (
    BILINGUAL_CLIP,
    CLIP,
    CLIP_G,
    GEMMA_2,
    LLAMA,
    MISTRAL,
    MT5,
    OPEN_CLIP,
    QWEN_VL,
    READER,
    T5,
    UMT5,
    Layout,
    W,
    of_mistral,
    qwen_3,
    qwen_3_vl,
    under,
)

TEXT = {
    "clip_l": Layout(CLIP, "text encoder", "CLIP-L", READER),
    "clip_g": Layout(CLIP_G, "text encoder", "CLIP-G", READER),
    "open_clip text": Layout(OPEN_CLIP, "text encoder", "OpenCLIP"),
    "open_clip": Layout(
        {**OPEN_CLIP, "visual.conv1.weight": (W, 3, 14, 14), "logit_scale": ()}, "clip", "CLIP", "nodes.load_clip"
    ),
    "clip vision": Layout(
        {"vision_model.embeddings.class_embedding": (W,), "visual_projection.weight": (W, W)},
        "clip vision",
        "CLIP",
        "nodes.load_ip_adapter",
    ),
    "t5": Layout(T5, "text encoder", "T5-XXL", READER),
    "umt5": Layout(UMT5, "text encoder", "UMT5-XXL"),
    "qwen 2.5 vl 7b": Layout(QWEN_VL, "text encoder", "Qwen2.5-VL 7B", READER),
    "qwen 2.5 vl 3b": Layout(
        {**QWEN_VL, "model.layers.0.self_attn.k_proj.bias": (256,)},
        "text encoder",
        "Qwen2.5-VL 3B",
        "nodes.load_language_model",
    ),
    "qwen 3 4b": Layout(qwen_3(2560), "text encoder", "Qwen3 4B", READER),
    "qwen 3 0.6b": Layout(qwen_3(1024), "text encoder", "Qwen3 0.6B", READER),
    "qwen 3 of another size": Layout(qwen_3(96), "text encoder", "Qwen3", READER),
    "qwen 3 vl 8b": Layout(qwen_3_vl(4096), "text encoder", "Qwen3-VL 8B", "nodes.load_text_encoder"),
    "qwen 3 vl 4b": Layout(qwen_3_vl(2560), "text encoder", "Qwen3-VL 4B", "nodes.load_text_encoder"),
    "mistral": Layout(MISTRAL, "text encoder", "Mistral Small 3", READER),
    "mistral without its tokenizer": Layout(of_mistral(32768), "text encoder", "Mistral Small 3", READER),
    "mistral nemo, as wide": Layout(of_mistral(14336), "text encoder", "Llama or Mistral", READER),
    "llama 2 13b, as wide": Layout(of_mistral(13824), "text encoder", "Llama or Mistral", READER),
    "gemma 2": Layout(GEMMA_2, "text encoder", "Gemma 2", READER),
    "mt5": Layout(MT5, "text encoder", "mT5-XL", READER),
    "bilingual clip": Layout(BILINGUAL_CLIP, "text encoder", "bilingual CLIP", READER),
    "bilingual clip, comfyui": Layout(under("bert.", BILINGUAL_CLIP), "text encoder", "bilingual CLIP", READER),
    "pile t5": Layout({**UMT5, "shared.weight": (32128, 2048)}, "text encoder", "Pile-T5-XL", READER),
    "ministral 3": Layout(
        {**LLAMA, "model.embed_tokens.weight": (131072, 3072)}, "text encoder", "Ministral 3 3B", READER
    ),
    "ovis qwen 3": Layout(qwen_3(2048), "text encoder", "Qwen3 2B", READER),
    "smollm 3": Layout(
        {**LLAMA, "model.embed_tokens.weight": (128256, 2048), "model.layers.35.self_attn.q_proj.weight": (2048, 2048)},
        "text encoder",
        "SmolLM3 3B",
        READER,
    ),
    "t5gemma": Layout({"layers.0.pre_self_attn_layernorm.weight": (W,)}, "text encoder", "T5Gemma", READER),
    "llama": Layout(LLAMA, "text encoder", "Llama 3.1 8B", READER),
}
