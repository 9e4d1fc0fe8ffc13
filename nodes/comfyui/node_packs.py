"""Which pack brings a class: as the file says, since ComfyUI's window keeps its registry's name with each node, or as
its name does."""

from __future__ import annotations

import re

from nodeflow.graph.io.comfyui.model import ComfyWorkflow
from nodeflow.graph.io.comfyui.prompt import FlatPrompt
from nodeflow.graph.io.comfyui.tolerant import text
from nodeflow.graph.io.comfyui.widgets import class_facts

CORE = "comfy-core"
LONGEST = 100
BY_NAME = (
    (r"\(rgthree\)$", "rgthree-comfy"),
    (r"//Inspire$", "comfyui-inspire-pack"),
    (r"\|pysssss$", "comfyui-custom-scripts"),
    (r"\(mtb\)$", "comfy-mtb"),
    (r"\(Image Saver\)$|^Image Saver", "comfyui-image-saver"),
    (r"^CR ", "comfyui_comfyroll_customnodes"),
    (r"^easy ", "comfyui-easy-use"),
    (r"^ttN ", "comfyui_tinyterranodes"),
    (r"^Layer(Utility|Mask|Color|Style|Filter): ", "comfyui_layerstyle"),
    (r"^smZ ", "comfyui_smznodes"),
    (r"^VHS_", "comfyui-videohelpersuite"),
    (r"^ADE_|AnimateDiff", "comfyui-animatediff-evolved"),
    (r"^ACN_", "comfyui-advanced-controlnet"),
    (r"^BNK_TiledKSampler", "comfyui_tiledksampler"),
    (r"^BNK_(CLIPTextEncodeAdvanced|AddCLIPSDXL)", "comfyui_adv_clip_emb"),
    (r"^BNK_|NoisyLatent", "comfyui_noise"),
    (r"UltralyticsDetectorProvider", "comfyui-impact-subpack"),
    (
        r"^Impact|SEGS|^FaceDetailer|^Detailer|^SAMLoader$|BasicPipe|DetailerPipe|DetectorProvider$",
        "comfyui-impact-pack",
    ),
    (
        r"^PreviewBridge|^MaskDetailer|^Iterative(Latent|Image)Upscale|^BboxDetector|^SegmDetector",
        "comfyui-impact-pack",
    ),
    (
        r"^TwoSamplersForMask|^TiledKSamplerProvider|^KSamplerProvider|^RegionalSampler|^Latent(Sender|Receiver)$",
        "comfyui-impact-pack",
    ),
    (r"^UltimateSDUpscale", "comfyui_ultimatesdupscale"),
    (r"\(Efficient\)|\(Eff\.\)|^Eff\. |^Efficient Loader|^XY (Plot|Input)", "efficiency-nodes-comfyui"),
    (r"^HighRes-Fix Script|^LoRA Stacker|SDXL Tuple$", "efficiency-nodes-comfyui"),
    (
        r"^Tiled Upscaler Script|^Noise Control Script|^AnimateDiff Script|^Evaluate (Integers|Floats|Strings)",
        "efficiency-nodes-comfyui",
    ),
    (r"GGUF$|^LoaderGGUF", "comfyui-gguf"),
    (r"^Nunchaku", "comfyui-nunchaku"),
    (r"InsightFaceLoader|^InstantID|^ApplyInstantID", "comfyui_instantid"),
    (r"^(ApplyPulidFlux|Pulid(Flux|Insight|Eva|Model))", "comfyui_pulid_flux_ll"),
    (r"^(Apply)?Pulid", "pulid_comfyui"),
    (r"^IPAdapter|^PrepImageForClipVision|FaceID", "comfyui_ipadapter_plus"),
    (
        r"(Preprocessor|PoseEstimation|_Preprocessor.*)$|^MeshGraphormer|^UnetPreprocessor|^PixelPerfectResolution",
        "comfyui_controlnet_aux",
    ),
    (r"LLLite", "controlnet-lllite-comfyui"),
    (r"^SUPIR_", "comfyui-supir"),
    (r"Florence2", "comfyui-florence2"),
    (r"ReActor", "comfyui-reactor"),
    (r"^(WanVideo|LoadWanVideo|CreateCFGScheduleFloatList)", "comfyui-wanvideowrapper"),
    (r"^HyVideo", "comfyui-hunyuanvideowrapper"),
    (r"^Hy3D", "comfyui-hunyuan3dwrapper"),
    (r"^CogVideo", "comfyui-cogvideoxwrapper"),
    (r"^(Mochi|DownloadAndLoadMochi)", "comfyui-mochiwrapper"),
    (r"^LayeredDiffusion", "comfyui-layerdiffuse"),
    (r"TiledDiffusion$|^TiledDiffusion", "comfyui-tileddiffusion"),
    (r"^Searge", "seargesdxl"),
    (r"^FL_", "comfyui_fill-nodes"),
    (r"^AILab_|^RMBG", "comfyui-rmbg"),
    (r"^Inspyrenet", "comfyui-inspyrenet-rembg"),
    (r"^PaintbyExample", "comfyui-paint-by-example"),
    (r"^NNLatentUpscale", "comfyui_nnlatentupscale"),
    (r"DeepTranslator|GoogleTranslate|ArgosTranslate", "comfyui-alekpet-nodes"),
    (r"^(GroundingDino|SAMModelLoader)", "comfyui_segment_anything"),
    (r"^Sam2|DownloadAndLoadSAM2", "comfyui-segment-anything-2"),
    (r"DepthAnything(V2)?(Model)?", "comfyui-depthanythingv2"),
    (r"^(Inpaint(Crop|Stitch))", "comfyui-inpaint-cropandstitch"),
    (r"^(BrushNet|PowerPaint)", "comfyui-brushnet"),
    (r"^INPAINT_", "comfyui-inpaint-nodes"),
    (
        r"^(GrowMaskWithBlur|ColorMatch|WidgetToString|ImageResizeKJ|SetNode|GetNode|ScheduledCFG)|KJ(v2)?$",
        "comfyui-kjnodes",
    ),
    (r"\+$", "comfyui_essentials"),
    (
        r"^(Text|Image|Mask|Masks|Latent|Number|Logic|Random|Dictionary|Cache|CLIPSeg|KSampler Cycle)( |$)",
        "was-node-suite-comfyui",
    ),
    (r"\|SP$|Mikey", "comfyui-mikey-nodes"),
    (r"^(FantasyPortrait|Sapiens|LivePortrait|DownloadAndLoadLivePortrait)", "comfyui-liveportraitkj"),
)
"""How the names of classes read, and the pack that has them; the first that fits counts."""
_PATTERNS = [(re.compile(pattern), pack) for pattern, pack in BY_NAME]


def packs_of(source: ComfyWorkflow | None, prompt: FlatPrompt) -> dict[str, str]:
    """Return packs by class: the registry's name, else that of the repository, else as the class is called.

    Those of ComfyUI itself are left out.
    """
    graphs = [source.graph, *(one.graph for one in source.definitions.values())] if source else []
    found: dict[str, str] = {}
    for graph in graphs:
        for node in graph.nodes.values():
            pack = text(node.properties.get("cnr_id")) or text(node.properties.get("aux_id"))
            if pack and pack != CORE:
                found.setdefault(node.type, pack[:LONGEST])
            elif pack == CORE:
                found.setdefault(node.type, "")
    for kind in {node.type for node in prompt.nodes.values()} - set(found):
        if pack := pack_by_name(kind):
            found[kind] = pack
    return found


def pack_by_name(kind: str) -> str:
    """The pack that a class belongs to as its name says; empty for ComfyUI's own, and for one that says nothing."""
    if kind in class_facts():
        return ""
    return next((pack for pattern, pack in _PATTERNS if pattern.search(kind)), "")
