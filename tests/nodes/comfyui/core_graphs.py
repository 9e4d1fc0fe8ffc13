"""Graphs of ComfyUI's core in the form of its interface, by what each is about."""

from __future__ import annotations

from typing import Any

from tests.nodes.comfyui.graphs import Api


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


SAMPLER = {"seed": 7, "steps": 8, "cfg": 5.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
BASE: Api = {
    "model": node("CheckpointLoaderSimple", ckpt_name="tiny.safetensors"),
    "good": node("CLIPTextEncode", clip=["model", 1], text="a (red:1.3) fox"),
    "bad": node("CLIPTextEncode", clip=["model", 1], text="blurry"),
    "empty": node("EmptyLatentImage", width=64, height=96, batch_size=2),
}
ENDS: Api = {
    "decoded": node("VAEDecode", samples=["sampled", 0], vae=["model", 2]),
    "saved": node("SaveImage", images=["decoded", 0], filename_prefix="foxes/red"),
}


def sampled(model: str = "model", positive: str = "good", latent: str = "empty", **more: Any) -> dict[str, Any]:
    wires = {"model": [model, 0], "positive": [positive, 0], "negative": ["bad", 0], "latent_image": [latent, 0]}
    return node("KSampler", **wires, **{**SAMPLER, **more})


def custom(**more: Any) -> Api:
    return {
        "noise": node("RandomNoise", noise_seed=3),
        "select": node("KSamplerSelect", sampler_name="euler"),
        "sigmas": node("BasicScheduler", model=["model", 0], scheduler="normal", steps=9, denoise=0.8),
        "guider": node("CFGGuider", model=["model", 0], positive=["good", 0], negative=["bad", 0], cfg=4.0),
        "sampled": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["select", 0],
            sigmas=["sigmas", 0],
            latent_image=["empty", 0],
        ),
    } | more


ADVANCED = {
    "noise_seed": 5,
    "add_noise": "enable",
    "steps": 20,
    "cfg": 6.0,
    "sampler_name": "euler",
    "scheduler": "normal",
    "start_at_step": 0,
    "end_at_step": 12,
    "return_with_leftover_noise": "enable",
}
TILES = {"tile_size": 256, "overlap": 32, "temporal_size": 64, "temporal_overlap": 8}
GRAPHS: dict[str, Api] = {
    "text to image": {**BASE, "sampled": sampled(), **ENDS},
    "without guidance": {**BASE, "sampled": sampled(cfg=1.0), **ENDS},
    "LoRA and skipped layer": {
        **BASE,
        "lora": node(
            "LoraLoader",
            model=["model", 0],
            clip=["model", 1],
            lora_name="ink.safetensors",
            strength_model=0.8,
            strength_clip=0.5,
        ),
        "skip": node("CLIPSetLastLayer", clip=["lora", 1], stop_at_clip_layer=-2),
        "good": node("CLIPTextEncode", clip=["skip", 0], text="a fox"),
        "sampled": sampled("lora"),
        **ENDS,
    },
    "image to image with a mask": {
        **{key: value for key, value in BASE.items() if key != "empty"},
        "picture": node("LoadImage", image="fox.png"),
        "encoded": node("VAEEncode", pixels=["picture", 0], vae=["model", 2]),
        "masked": node("SetLatentNoiseMask", samples=["encoded", 0], mask=["picture", 1]),
        "sampled": sampled(latent="masked", denoise=0.6),
        **ENDS,
    },
    "inpainting by encoding": {
        **{key: value for key, value in BASE.items() if key != "empty"},
        "picture": node("LoadImage", image="fox.png"),
        "encoded": node(
            "VAEEncodeForInpaint", pixels=["picture", 0], vae=["model", 2], mask=["picture", 1], grow_mask_by=8
        ),
        "sampled": sampled(latent="encoded"),
        **ENDS,
    },
    "two passes": {
        **BASE,
        "first": sampled(),
        "larger": node("LatentUpscaleBy", samples=["first", 0], upscale_method="bilinear", scale_by=2.0),
        "sampled": sampled(latent="larger", denoise=0.5, seed=8),
        **ENDS,
    },
    "leftover noise": {
        **BASE,
        "first": node(
            "KSamplerAdvanced",
            model=["model", 0],
            positive=["good", 0],
            negative=["bad", 0],
            latent_image=["empty", 0],
            **ADVANCED,
        ),
        "sampled": node(
            "KSamplerAdvanced",
            model=["model", 0],
            positive=["good", 0],
            negative=["bad", 0],
            latent_image=["first", 0],
            **ADVANCED
            | {
                "add_noise": "disable",
                "start_at_step": 12,
                "end_at_step": 10_000,
                "return_with_leftover_noise": "disable",
            },
        ),
        **ENDS,
    },
    "custom sampler": {**BASE, **custom(), **ENDS},
    "regions": {
        **BASE,
        "left": node("ConditioningSetArea", conditioning=["good", 0], width=32, height=64, x=0, y=8, strength=0.9),
        "late": node("ConditioningSetTimestepRange", conditioning=["good", 0], start=0.2, end=0.7),
        "both": node("ConditioningCombine", conditioning_1=["left", 0], conditioning_2=["late", 0]),
        "sampled": sampled(positive="both"),
        **ENDS,
    },
    "predictions and rescaled guidance": {
        **BASE,
        "v": node("ModelSamplingDiscrete", model=["model", 0], sampling="v_prediction", zsnr=True),
        "rescaled": node("RescaleCFG", model=["v", 0], multiplier=0.7),
        "sampled": sampled("rescaled"),
        **ENDS,
    },
    "what stands on the model": {
        **BASE,
        "free": node("FreeU_V2", model=["model", 0], b1=1.1, b2=1.2, s1=0.8, s2=0.3),
        "projected": node("APG", model=["free", 0], eta=0.5, norm_threshold=5.0, momentum=0.0),
        "perturbed": node("PerturbedAttentionGuidance", model=["projected", 0], scale=2.0),
        "sampled": sampled("perturbed"),
        **ENDS,
    },
    "another scale in a part of the steps": {
        **BASE,
        "late": node("CFGOverride", model=["model", 0], cfg=2.0, start_percent=0.5, end_percent=1.0),
        "sampled": sampled("late"),
        **ENDS,
    },
    "blocks left out for the negative text": {
        **BASE,
        "skipping": node(
            "SkipLayerGuidanceDiTSimple",
            model=["model", 0],
            double_layers="7, 8",
            single_layers="22",
            start_percent=0.0,
            end_percent=0.5,
        ),
        "sampled": sampled("skipping"),
        **ENDS,
    },
    "a mask that opens along the way": {
        **{key: value for key, value in BASE.items() if key != "empty"},
        "picture": node("LoadImage", image="fox.png"),
        "encoded": node("VAEEncode", pixels=["picture", 0], vae=["model", 2]),
        "masked": node("SetLatentNoiseMask", samples=["encoded", 0], mask=["picture", 1]),
        "opening": node("DifferentialDiffusion", model=["model", 0], strength=0.7),
        "sampled": sampled("opening", latent="masked"),
        **ENDS,
    },
    "two scales": {
        **BASE,
        **custom(
            middle=node("CLIPTextEncode", clip=["model", 1], text="a fox"),
            guider=node(
                "DualCFGGuider",
                model=["model", 0],
                cond1=["good", 0],
                cond2=["middle", 0],
                negative=["bad", 0],
                cfg_conds=4.0,
                cfg_cond2_negative=2.0,
                style="nested",
            ),
        ),
        **ENDS,
    },
    "depth at once": {
        "net": node("UNETLoader", unet_name="qwen_image_edit_2509.safetensors", weight_dtype="default"),
        "texts": node("ConditioningLoader", conditioning_name="marigold_v2_depth_conditioning.safetensors"),
        "coder": node("VAELoader", vae_name="marigold_v2_vae.safetensors"),
        "picture": node("LoadImage", image="house.png"),
        "encoded": node("VAEEncode", pixels=["picture", 0], vae=["coder", 0]),
        "shift": node("ModelSamplingAuraFlow", model=["net", 0], shift=1.73, sampling="img_to_img_velocity"),
        "guide": node("BasicGuider", model=["shift", 0], conditioning=["texts", 0]),
        "none": node("DisableNoise"),
        "levels": node("ManualSigmas", sigmas="0.25, 0"),
        "select": node("KSamplerSelect", sampler_name="euler"),
        "sampled": node(
            "SamplerCustomAdvanced",
            noise=["none", 0],
            guider=["guide", 0],
            sampler=["select", 0],
            sigmas=["levels", 0],
            latent_image=["encoded", 0],
        ),
        "decoded": node("VAEDecode", samples=["sampled", 0], vae=["coder", 0]),
        "depth": node("MarigoldV2PostProcess", image=["decoded", 0], prediction="albedo"),
        "saved": node("SaveImage", images=["depth", 0], filename_prefix="x"),
    },
    "a model that is led by an image": {
        **BASE,
        "model": node("unCLIPCheckpointLoader", ckpt_name="sd21-unclip-h.safetensors"),
        "picture": node("LoadImage", image="house.png"),
        "view": node("CLIPVisionEncode", clip_vision=["model", 3], image=["picture", 0], crop="center"),
        "first": node(
            "unCLIPConditioning",
            conditioning=["good", 0],
            clip_vision_output=["view", 0],
            strength=0.75,
            noise_augmentation=0.1001,
        ),
        "sampled": sampled(positive="first"),
        **ENDS,
    },
    "an image in the place of a text": {
        **BASE,
        "eyes": node("CLIPVisionLoader", clip_name="clip_vision_g.safetensors"),
        "picture": node("LoadImage", image="house.png"),
        "view": node("CLIPVisionEncode", clip_vision=["eyes", 0], image=["picture", 0], crop="center"),
        "first": node(
            "unCLIPConditioning",
            conditioning=["good", 0],
            clip_vision_output=["view", 0],
            strength=0.75,
            noise_augmentation=0.0,
        ),
        "second": node(
            "unCLIPConditioning",
            conditioning=["first", 0],
            clip_vision_output=["view", 0],
            strength=0.5,
            noise_augmentation=0.0,
        ),
        "sampled": sampled(positive="second"),
        **ENDS,
    },
    "merged models": {
        **BASE,
        "other": node("CheckpointLoaderSimple", ckpt_name="other.safetensors"),
        "third": node("CheckpointLoaderSimple", ckpt_name="third.safetensors"),
        "mean": node("ModelMergeSimple", model1=["model", 0], model2=["other", 0], ratio=0.3),
        "parts": node("ModelMergeBlocks", model1=["mean", 0], model2=["other", 0], input=1.0, middle=0.5, out=0.2),
        "learnt": node("ModelMergeSubtract", model1=["other", 0], model2=["third", 0], multiplier=0.8),
        "added": node("ModelMergeAdd", model1=["parts", 0], model2=["learnt", 0]),
        "texts": node("CLIPMergeSimple", clip1=["model", 1], clip2=["other", 1], ratio=0.25),
        "good": node("CLIPTextEncode", clip=["texts", 0], text="a fox"),
        "sampled": sampled("added"),
        **ENDS,
    },
    "upscaled": {
        "picture": node("LoadImage", image="fox.png"),
        "network": node("UpscaleModelLoader", model_name="4x.safetensors"),
        "larger": node("ImageUpscaleWithModel", upscale_model=["network", 0], image=["picture", 0]),
        "scaled": node(
            "ImageScale", image=["larger", 0], upscale_method="lanczos", width=96, height=0, crop="disabled"
        ),
        "saved": node("SaveImage", images=["scaled", 0], filename_prefix="large"),
    },
    "FLUX by parts": {
        "net": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "texts": node(
            "DualCLIPLoader",
            clip_name1="clip_l.safetensors",
            clip_name2="t5xxl.safetensors",
            type="flux",
            device="default",
        ),
        "coder": node("VAELoader", vae_name="ae.safetensors"),
        "lora": node("LoraLoaderModelOnly", model=["net", 0], lora_name="ink.safetensors", strength_model=0.5),
        "shifted": node("ModelSamplingFlux", model=["lora", 0], max_shift=1.15, base_shift=0.5, width=512, height=768),
        "words": node("PrimitiveStringMultiline", value="a fox"),
        "good": node("CLIPTextEncode", clip=["texts", 0], text=["words", 0]),
        "led": node("FluxGuidance", conditioning=["good", 0], guidance=2.5),
        "empty": node("EmptySD3LatentImage", width=512, height=768, batch_size=1),
        "noise": node("RandomNoise", noise_seed=3),
        "select": node("KSamplerSelect", sampler_name="euler"),
        "sigmas": node("BasicScheduler", model=["shifted", 0], scheduler="simple", steps=9, denoise=1.0),
        "guider": node("BasicGuider", model=["shifted", 0], conditioning=["led", 0]),
        "sampled": node(
            "SamplerCustomAdvanced",
            noise=["noise", 0],
            guider=["guider", 0],
            sampler=["select", 0],
            sigmas=["sigmas", 0],
            latent_image=["empty", 0],
        ),
        "decoded": node("VAEDecodeTiled", samples=["sampled", 0], vae=["coder", 0], **TILES),
        "saved": node("SaveImage", images=["decoded", 0], filename_prefix="foxes"),
    },
    "Qwen edits with a switch and a size": {
        "net": node("UNETLoader", unet_name="qwen_image_edit.safetensors", weight_dtype="default"),
        "texts": node("CLIPLoader", clip_name="qwen_2.5_vl_7b.safetensors", type="qwen_image", device="default"),
        "coder": node("VAELoader", vae_name="qwen_image_vae.safetensors"),
        "shifted": node("ModelSamplingAuraFlow", model=["net", 0], shift=3.1),
        "fox": node("LoadImage", image="fox.png"),
        "words": node("PrimitiveStringMultiline", value="a hat"),
        "more": node("StringFormat", f_string="put {a} on it", **{"values.a": ["words", 0]}),
        "on": node("PrimitiveBoolean", value=True),
        "said": node("ComfySwitchNode", on_false=["words", 0], on_true=["more", 0], switch=["on", 0]),
        "good": node(
            "TextEncodeQwenImageEditPlus",
            clip=["texts", 0],
            vae=["coder", 0],
            prompt=["said", 0],
            image1=["fox", 0],
        ),
        "bad": node("CLIPTextEncode", clip=["texts", 0], text="blurry"),
        "size": node("ResolutionSelector", aspect_ratio="16:9 (Widescreen)", megapixels=0.5, multiple=16),
        "half": node("ComfyMathExpression", expression="a // 2", **{"values.a": ["size", 0]}),
        "empty": node("EmptySD3LatentImage", width=["half", 1], height=["size", 1], batch_size=1),
        "sampled": sampled("shifted", cfg=3.0),
        "decoded": node("VAEDecode", samples=["sampled", 0], vae=["coder", 0]),
        "saved": node("SaveImage", images=["decoded", 0], filename_prefix="foxes"),
    },
    "placeholders": {
        "picture": node("LoadImage", image="fox.png"),
        "strange": node("Nobody.Knows //", pixels=["picture", 0], amount=3, words=["a", "b"], deep={"x": [1]}),
        "more": node("Sharpen+", image=["strange", 1]),
        "saved": node("SaveImage", images=["more", 0], filename_prefix="x"),
    },
}
