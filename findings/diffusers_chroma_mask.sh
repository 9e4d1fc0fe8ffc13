#!/usr/bin/env bash
# Chroma's pipeline masks no token: what fills up a text is looked at all the same, with a little less weight
# Seen with: diffusers==0.42.1 torch==2.14.1 transformers==5.23.0
# Expected:  tokens that the mask leaves out make no difference to what is painted
# Seen:      the pipeline makes the mask of floating-point numbers, 1 and 0, and attention adds these to its scores
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 transformers==5.23.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from diffusers import AutoencoderKL, ChromaPipeline, ChromaTransformer2DModel, FlowMatchEulerDiscreteScheduler
from transformers import T5Config, T5EncoderModel, T5TokenizerFast

torch.manual_seed(0)
pieces = ["<pad>", "</s>", "<unk>", "\u2581", *"abcdefghijklmnopqrstuvwxyz"]
tokenizer = T5TokenizerFast(vocab=[(piece, -float(rank)) for rank, piece in enumerate(pieces)], extra_ids=0)
transformer = ChromaTransformer2DModel(
    num_layers=1, num_single_layers=1, num_attention_heads=2, attention_head_dim=16, joint_attention_dim=8,
    axes_dims_rope=(4, 6, 6), approximator_num_channels=16, approximator_hidden_dim=16, approximator_layers=1,
).eval()
pipeline = ChromaPipeline(
    scheduler=FlowMatchEulerDiscreteScheduler(),
    vae=AutoencoderKL(latent_channels=16, norm_num_groups=8, block_out_channels=(8,)),
    text_encoder=T5EncoderModel(
        T5Config(vocab_size=len(pieces), d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    ).eval(),
    tokenizer=tokenizer,
    transformer=transformer,
)
tokens, places, mask, *_ = pipeline.encode_prompt("a star", do_classifier_free_guidance=False, max_sequence_length=32)
seen = pipeline._prepare_attention_mask(1, 16, tokens.dtype, mask)
print("the mask is of", seen.dtype)
grid = torch.cartesian_prod(torch.arange(1), torch.arange(4), torch.arange(4)).float()
image = torch.randn(1, 16, 64)
other = torch.where(mask[..., None] > 0, tokens, torch.randn_like(tokens))  # of what is left out


def painted(tokens, mask):
    with torch.no_grad():
        return transformer(
            hidden_states=image, encoder_hidden_states=tokens, timestep=torch.tensor([0.5]), img_ids=grid,
            txt_ids=places, attention_mask=mask, return_dict=False,
        )[0]


apart = float((painted(tokens, seen) - painted(other, seen)).abs().max())
meant = float((painted(tokens, seen.bool()) - painted(other, seen.bool())).abs().max())
print("difference that tokens make which are left out, as the pipeline masks:", apart)
print("with the same mask as truth values:", meant)
assert meant < 1e-5, "truth values do not mask either"
assert apart > 1e-3, "the pipeline masks them now"
PY
