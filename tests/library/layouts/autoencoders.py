"""VAEs, large and small."""

from tests.library.layouts.shapes import LOAD_VAE, VAE, Layout, W

AUTOENCODERS = {
    "4 channels": Layout(VAE, "vae", "Stable Diffusion 1, 2 or XL", LOAD_VAE),
    "16 channels": Layout(
        {**VAE, "decoder.conv_in.weight": (W, 16, 3, 3)}, "vae", "FLUX.1 or Stable Diffusion 3", LOAD_VAE
    ),
    "flux 2": Layout(
        {**VAE, "decoder.conv_in.weight": (W, 32, 3, 3), "bn.running_mean": (128,)}, "vae", "FLUX.2", LOAD_VAE
    ),
    "qwen-image": Layout(
        {"decoder.middle.0.residual.0.gamma": (W, 1, 1, 1), "encoder.conv1.weight": (W, 3, 3, 3, 3)},
        "vae",
        "Qwen-Image",
        LOAD_VAE,
    ),
    "qwen-image layered": Layout(
        {"decoder.middle.0.residual.0.gamma": (W, 1, 1, 1), "encoder.conv1.weight": (W, 4, 3, 3, 3)},
        "vae",
        "Qwen-Image-Layered",
        LOAD_VAE,
    ),
    "wan 2.2": Layout(
        {
            "encoder.down_blocks.0.resnets.0.norm1.gamma": (W, 1, 1, 1),
            "decoder.mid_block.attentions.0.to_qkv.weight": (W, W, 1, 1),
            "decoder.conv_in.weight": (W, 48, 3, 3, 3),
        },
        "vae",
        "Wan 2.2",
        LOAD_VAE,
    ),
    "qwen-image 2.1": Layout(
        {
            "decoder.upsamples.0.upsamples.0.residual.2.weight": (W, W, 3, 3, 3),
            "decoder.middle.0.residual.0.gamma": (W, 1, 1, 1),
            "encoder.conv1.weight": (W, 4, 1, 3, 3),
        },
        "vae",
        "Qwen-Image 2.1",
        LOAD_VAE,
    ),
    "taesd decoder": Layout(
        {"1.weight": (W, 4, 3, 3), "3.conv.0.weight": (W, W, 3, 3)}, "small vae", "Stable Diffusion or FLUX.1", LOAD_VAE
    ),
    "taesd encoder": Layout(
        {"0.weight": (W, 3, 3, 3), "1.conv.0.weight": (W, W, 3, 3)}, "small vae", "Stable Diffusion or FLUX.1", LOAD_VAE
    ),
    "dc-ae": Layout({"decoder.stages.0.op_list.0.main.conv.weight": (W, W, 3, 3)}, "vae", "Sana", LOAD_VAE),
}
