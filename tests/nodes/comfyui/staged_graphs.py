"""Graphs of ComfyUI whose models stand in stages, or are led by images."""

from __future__ import annotations

from typing import Any

from tests.nodes.comfyui.core_graphs import ADVANCED, BASE, ENDS, SAMPLER, node, sampled
from tests.nodes.comfyui.graphs import Api

XL_SIZES = {"width": 1024, "height": 768, "crop_w": 0, "crop_h": 32, "target_width": 1024, "target_height": 768}
SEEN: Api = {
    "picture": node("LoadImage", image="fox.png"),
    "files": node("IPAdapterModelLoader", ipadapter_file="ip-adapter-plus_sd15.safetensors"),
    "eyes": node("CLIPVisionLoader", clip_name="clip_h.safetensors"),
}
IP_ADAPTER: dict[str, Any] = {
    "model": ["model", 0],
    "ipadapter": ["files", 0],
    "clip_vision": ["eyes", 0],
    "image": ["picture", 0],
    "weight": 0.6,
    "start_at": 0.2,
    "end_at": 0.9,
    "embeds_scaling": "V only",
}
STAGED: dict[str, Api] = {
    "both texts of SDXL, and its refiner": {
        "model": node("CheckpointLoaderSimple", ckpt_name="sd_xl_base.safetensors"),
        "good": node("CLIPTextEncodeSDXL", clip=["model", 1], text_l="a fox", text_g="a (red:1.2) fox", **XL_SIZES),
        "bad": node("CLIPTextEncodeSDXL", clip=["model", 1], text_l="blurry", text_g="blurry", **XL_SIZES),
        "empty": node("EmptyLatentImage", width=1024, height=768, batch_size=1),
        "first": node(
            "KSamplerAdvanced",
            model=["model", 0],
            positive=["good", 0],
            negative=["bad", 0],
            latent_image=["empty", 0],
            **ADVANCED,
        ),
        "refiner": node("CheckpointLoaderSimple", ckpt_name="sd_xl_refiner.safetensors"),
        "fine": node(
            "CLIPTextEncodeSDXLRefiner", clip=["refiner", 1], text="a fox", ascore=6.5, width=2048, height=1536
        ),
        "poor": node(
            "CLIPTextEncodeSDXLRefiner", clip=["refiner", 1], text="(blurry:1.1)", ascore=2.5, width=2048, height=1536
        ),
        "sampled": node(
            "KSampler",
            model=["refiner", 0],
            positive=["fine", 0],
            negative=["poor", 0],
            latent_image=["first", 0],
            **{**SAMPLER, "denoise": 0.3},
        ),
        **ENDS,
    },
    "both stages of Stable Cascade": {
        **BASE,
        "model": node("CheckpointLoaderSimple", ckpt_name="stable_cascade_stage_c.safetensors"),
        "good": node("CLIPTextEncode", clip=["model", 1], text="a fox"),
        "empty": node("StableCascade_EmptyLatentImage", width=1024, height=768, batch_size=2, compression=42),
        "first": sampled(),
        "led": node("StableCascade_StageB_Conditioning", conditioning=["good", 0], stage_c=["first", 0]),
        "large": node("CheckpointLoaderSimple", ckpt_name="stable_cascade_stage_b.safetensors"),
        "sampled": node(
            "KSampler",
            model=["large", 0],
            positive=["led", 0],
            negative=["bad", 0],
            latent_image=["empty", 1],
            **{**SAMPLER, "cfg": 1.1},
        ),
        "decoded": node("VAEDecode", samples=["sampled", 0], vae=["large", 2]),
        "saved": node("SaveImage", images=["decoded", 0], filename_prefix="foxes/red"),
    },
    "an image laid on a plain one": {
        "picture": node("LoadImage", image="fox.png"),
        "ground": node("EmptyImage", width=640, height=512, batch_size=1, color=0x20A0FF),
        "blended": node(
            "ImageBlend", image1=["ground", 0], image2=["picture", 0], blend_factor=0.5, blend_mode="normal"
        ),
        "saved": node("SaveImage", images=["blended", 0], filename_prefix="x"),
    },
    "an IP-Adapter": {
        **BASE,
        **SEEN,
        "led": node("IPAdapterAdvanced", **IP_ADAPTER, weight_type="style transfer", combine_embeds="average"),
        "sampled": sampled("led"),
        **ENDS,
    },
    "an image for each seed": {
        **BASE,
        **SEEN,
        "led": node("IPAdapterBatch", **IP_ADAPTER, weight_type="linear", encode_batch_size=0),
        "free": node("FreeU_V2", model=["led", 0], b1=1.3, b2=1.4, s1=0.9, s2=0.2),
        "sampled": sampled("free"),
        **ENDS,
    },
    "a ControlNet that is a patch of its model": {
        "net": node("UNETLoader", unet_name="qwen_image_fp8_e4m3fn.safetensors", weight_dtype="default"),
        "texts": node(
            "CLIPLoader", clip_name="qwen_2.5_vl_7b_fp8_scaled.safetensors", type="qwen_image", device="default"
        ),
        "coder": node("VAELoader", vae_name="qwen_image_vae.safetensors"),
        "good": node("CLIPTextEncode", clip=["texts", 0], text="a fox"),
        "bad": node("CLIPTextEncode", clip=["texts", 0], text="blurry"),
        "empty": node("EmptySD3LatentImage", width=64, height=96, batch_size=1),
        "picture": node("LoadImage", image="edges.png"),
        "patch": node("ModelPatchLoader", name="qwen_image_canny_diffsynth_controlnet.safetensors"),
        "led": node(
            "QwenImageDiffsynthControlnet",
            model=["net", 0],
            model_patch=["patch", 0],
            vae=["coder", 0],
            image=["picture", 0],
            strength=0.8,
        ),
        "sampled": sampled("led"),
        "decoded": node("VAEDecode", samples=["sampled", 0], vae=["coder", 0]),
        "saved": node("SaveImage", images=["decoded", 0], filename_prefix="foxes/red"),
    },
}
