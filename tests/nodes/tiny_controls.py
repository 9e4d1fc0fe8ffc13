"""ControlNets and LoRAs with random weights, for the tiny model."""

from pathlib import Path

import torch
from diffusers import ControlNetModel
from safetensors.torch import save_file

from nodes.loaders.load_models import LatentDiffusion


def tiny_controlnet(tiny: LatentDiffusion, folder: Path, seed: int = 0) -> Path:
    """A ControlNet for the tiny model, whose last convolutions add something as trained ones do."""
    torch.manual_seed(seed)
    net = ControlNetModel.from_unet(tiny.unet.module, conditioning_embedding_out_channels=(4, 8, 8))
    for name, weights in net.named_parameters():
        if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond_embedding.conv_out")):
            torch.nn.init.normal_(weights, std=0.2)
    net.save_pretrained(folder)
    return folder


def tiny_lora(tiny: LatentDiffusion, folder: Path) -> Path:
    """A LoRA for one layer of the tiny model's U-Net and one of its text encoder."""
    layers = {
        "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_q": 32,
        "text_encoder.encoder.layers.0.self_attn.q_proj": 32,
    }
    torch.manual_seed(0)
    weights = {
        f"{name}.lora_{letter}.weight": torch.randn(shape)
        for name, width in layers.items()
        for letter, shape in (("A", (2, width)), ("B", (width, 2)))
    }
    folder.mkdir()
    save_file(weights, folder / "pytorch_lora_weights.safetensors")
    return folder
