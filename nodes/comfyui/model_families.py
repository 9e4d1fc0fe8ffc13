"""Which family of models ComfyUI's loaders mean, in the names that the load nodes here have for them."""

from __future__ import annotations

from nodeflow.library.named import AmbiguousNameError, library_path
from nodeflow.library.rules import rule_book
from nodes.comfyui.builder import Builder

AUTO = "auto"
BY_TYPE = {
    "flux": "FLUX.1",
    "sd3": "Stable Diffusion 3",
    "sdxl": "Stable Diffusion XL",
    "qwen_image": "Qwen-Image",
    "lumina2": "Lumina 2",
    "flux2": "FLUX.2",
    "flux3": "FLUX.3",
    "krea2": "Krea 2",
    "chroma": "Chroma",
    "pixart": "PixArt-Sigma",
    "hidream": "HiDream",
    "omnigen2": "OmniGen2",
    "ovis": "Ovis-Image",
    "boogu": "Boogu-Image",
    "fibo2": "Fibo 2.0",
    "ideogram4": "Ideogram 4",
    "joyimage": "JoyImage",
    "lens": "Lens",
    "longcat_image": "LongCat-Image",
    "mage": "Mage-Flow",
    "moss_image": "MOSS-Image",
    "pixeldit": "PixelDiT",
    "newbie": "NewBie-Image",
    "kandinsky5_image": "Kandinsky 5",
    "hunyuan_image": "HunyuanImage",
    "cosmos": "Cosmos",
    "stable_cascade": "Stable Cascade",
    "wan": "Wan",
}
"""Families by what ComfyUI calls the type of a text encoder."""
BY_WORDS = (
    ("z_image", "Z-Image"),
    ("z-image", "Z-Image"),
    ("zimage", "Z-Image"),
    ("anima", "Anima"),
    ("chroma", "Chroma"),
    ("ernie", "ERNIE-Image"),
    ("hidream", "HiDream"),
    ("qwen_image_2.1", "Qwen-Image 2.1"),
    ("qwen_image", "Qwen-Image"),
    ("qwen-image", "Qwen-Image"),
    ("flux3", "FLUX.3"),
    ("flux-3", "FLUX.3"),
    ("flux-2-klein", "FLUX.2 Klein"),
    ("flux2-klein", "FLUX.2 Klein"),
    ("flux.2-klein", "FLUX.2 Klein"),
    ("flux2", "FLUX.2"),
    ("flux-2", "FLUX.2"),
    ("flux.2", "FLUX.2"),
    ("flux", "FLUX.1"),
    ("sd3", "Stable Diffusion 3"),
    ("stable-diffusion-3", "Stable Diffusion 3"),
    ("stable_diffusion_3", "Stable Diffusion 3"),
    ("krea2", "Krea 2"),
    ("lumina", "Lumina 2"),
    ("pixart_alpha", "PixArt-alpha"),
    ("pixart-alpha", "PixArt-alpha"),
    ("pixart", "PixArt-Sigma"),
    ("sana_sprint", "Sana Sprint"),
    ("sana-sprint", "Sana Sprint"),
    ("sana", "Sana"),
    ("aura_flow", "AuraFlow"),
    ("auraflow", "AuraFlow"),
    ("stage_b", "Stable Cascade B"),
    ("stage_a", "Stable Cascade B"),
    ("stage_c", "Stable Cascade"),
)
"""Families by what the names of their files have in them; the first that is found counts."""
SHOWN = {
    "FLUX.1": (("fill", "inpainting"), ("onereward", "inpainting"), ("canny", "image"), ("depth", "image")),
}
"""What networks of a family are shown, by what the names of their files have in them."""
OF_XL = ("xl", "pony", "illustrious", "noobai")
"""What names of models that are Stable Diffusion XL have in them."""
BY_ENCODER = {
    "lumina2": (("qwen", "Z-Image"),),
    "flux2": (("ministral", "ERNIE-Image"), ("ernie", "ERNIE-Image"), ("qwen", "FLUX.2 Klein")),
    "qwen_image": (("qwen3vl", "Qwen-Image 2.1"), ("qwen3.5", "Qwen-Image 2.1"), ("ming", "Ming-Image")),
    "stable_diffusion": (("qwen_3_06b", "Anima"),),
}
"""Types that several families share: which one, by what the text encoder's name has in it."""


def of_file(build: Builder, name: object) -> str:
    """The family of a model's file: as the library recognised it, else as its name says; empty for none."""
    if not isinstance(name, str):
        return ""
    if name not in build.families:
        build.families[name] = family_of_name(name)
    return build.families[name]


def family_of_name(name: str) -> str:
    """The family of a model's file by its name in the library, or by its words."""
    return _recognised(name) or of_words(name)


def of_words(name: str) -> str:
    """The family that a file's name says; empty for none."""
    last = name.replace("\\", "/").rpartition("/")[2].lower()
    own = ((words, family.name) for family in rule_book().families for words in family.called)
    return next((family for words, family in (*own, *BY_WORDS) if words in last), "")


def shown_of(name: object, family: str) -> str:
    """What a model's file says that its network sees beside the latent: ``inpainting``, ``image``, or nothing."""
    last = str(name).replace("\\", "/").rpartition("/")[2].lower()
    return next((what for words, what in SHOWN.get(family, ()) if words in last), "")


def of_unets(names: list[str]) -> str:
    """The Stable Diffusion that names of models and of a VAE speak of."""
    told = " ".join(names).lower()
    return "Stable Diffusion XL" if any(word in told for word in OF_XL) else "Stable Diffusion 1"


def of_type(type: str, encoder: str) -> str:
    """The family that a text encoder is loaded for, by the type that ComfyUI is told; empty for one not known."""
    last = encoder.replace("\\", "/").rpartition("/")[2].lower()
    shared = next((family for words, family in BY_ENCODER.get(type, ()) if words in last), "")
    return shared or BY_TYPE.get(type, "")


def _recognised(name: str) -> str:
    from nodeflow.library.recognise import recognise

    try:
        path = library_path(name)
        return recognise(path).family if path is not None else ""
    except (AmbiguousNameError, OSError):
        return ""


def choice(build: Builder, kind: str, param: str, family: str) -> str | None:
    """The choice of a load node for a family; None where it has none, so that its usual one stays."""
    spec = build.catalogue.nodes.get(f"nodes.{kind}")
    found = spec.param(param) if spec else None
    return family if found is not None and family in found.choices else None
