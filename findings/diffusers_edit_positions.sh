#!/usr/bin/env bash
# Qwen-Image's edit pipelines lose where images stand in the text: with transformers 5 their positions count as words'
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0
# Expected:  the text encoder reads an image's tokens by their row and column, as it was trained
# Seen:      the pipelines do not pass mm_token_type_ids, without which Qwen 2.5 VL counts them one by one, without a word
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import inspect
import torch
from diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus import QwenImageEditPlusPipeline
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

torch.manual_seed(0)
text = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}}
sight = {"depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 16, "out_hidden_size": 16}
model = Qwen2_5_VLForConditionalGeneration(
    Qwen2_5_VLConfig(text_config=text, vision_config=sight, image_token_id=31)
).eval()
ids = torch.tensor([[1, *[31] * 12, 2, 3]])  # an image of 6 x 8 patches is 3 x 4 tokens
grid = torch.tensor([[1, 6, 8]])
given = {"input_ids": ids, "pixel_values": torch.randn(48, 1176), "image_grid_thw": grid}
with torch.no_grad():
    bare = model(**given).logits
    told = model(**given, mm_token_type_ids=(ids == 31).long()).logits
print("largest difference:", float((bare - told).abs().max()))
assert not torch.allclose(bare, told, atol=1e-4), "the positions are found without it now"
source = inspect.getsource(QwenImageEditPlusPipeline._get_qwen_prompt_embeds)
assert "mm_token_type_ids" not in source, "the pipeline tells them now"
PY
