"""Ready-made workflows for models that a person has: which of them can run is told by the library of models."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nodeflow.app.i18n.texts import tr
from nodeflow.app.start_page.bundled_workflows import BundledWorkflow, Shelf
from nodeflow.library.library import Library

Told = tuple[str, str]
"""A kind of model and its family, as the rules of the packs tell them."""


def _either(*families: str) -> tuple[Told, ...]:
    """A network of one of some families, alone or with all its parts."""
    return tuple((kind, family) for family in families for kind in ("transformer", "checkpoint", "pipeline"))


def _either_unet(family: str) -> tuple[Told, ...]:
    """A U-Net with all its parts."""
    return (("checkpoint", family), ("pipeline", family))


FLUX, SD_3, Z, QWEN = (_either(name) for name in ("FLUX.1", "Stable Diffusion 3", "Z-Image", "Qwen-Image"))
SD_1, XL = (_either_unet(name) for name in ("Stable Diffusion 1", "Stable Diffusion XL"))
NEEDS: Mapping[str, Sequence[tuple[Told, ...]]] = {
    "flux-1": (FLUX,),
    "flux-1-fill": (_either("FLUX.1 Fill"),),
    "flux-1-canny": (_either("FLUX.1 Canny or Depth"),),
    "flux-1-kontext": (FLUX,),
    "flux-1-redux": (FLUX, (("redux", "FLUX.1"),), (("clip vision", "SigLIP"),)),
    "flux-1-controlnet": (FLUX, (("controlnet", "FLUX.1"),)),
    "flux-2": (_either("FLUX.2"),),
    "flux-2-klein": (_either("FLUX.2 Klein"),),
    "flux-3": (_either("FLUX.3"),),
    "flux-3-distilled": (_either("FLUX.3"),),
    "stable-diffusion-1-ip-adapter": (SD_1, (("ip adapter", "Stable Diffusion 1"),)),
    "stable-diffusion-xl-ip-adapter": (XL, (("ip adapter", "Stable Diffusion XL"),)),
    "stable-diffusion-3.5": (SD_3,),
    "stable-diffusion-3.5-controlnet": (SD_3, (("controlnet", "Stable Diffusion 3"),)),
    "z-image": (Z,),
    "z-image-controlnet": (Z, (("controlnet", "Z-Image"),)),
    "z-image-omni": (_either("Z-Image-Omni"),),
    "qwen-image": (QWEN,),
    "qwen-image-controlnet": (QWEN, (("controlnet", "Qwen-Image"),)),
    "qwen-image-edit": (_either("Qwen-Image-Edit", "Qwen-Image-Edit 2511", "Qwen-Image"),),
    "qwen-image-2.1": (_either("Qwen-Image 2.1"),),
    "krea-2": (_either("Krea 2"),),
    "anima": (_either("Anima"),),
    "ideogram-4": ((("pipeline", "Ideogram 4"),),),
    "chroma": (_either("Chroma"),),
    "bria": (_either("Bria"),),
    "lumina-2": (_either("Lumina 2"),),
    "pixart-alpha": (_either("PixArt-alpha"),),
    "pixart-sigma": (_either("PixArt-Sigma"),),
    "sana": (_either("Sana"),),
    "auraflow": (_either("AuraFlow"),),
    "ovis-image": (_either("Ovis-Image"),),
    "longcat-image": (_either("LongCat-Image"),),
    "ernie-image": (_either("ERNIE-Image"),),
    "cogview-4": (_either("CogView 4"),),
    "glm-image": (_either("GLM-Image"),),
    "glm-image-edit": (_either("GLM-Image"),),
    "stable-cascade": ((("pipeline", "Stable Cascade"),), (("pipeline", "Stable Cascade B"),)),
    "kandinsky-5": (_either("Kandinsky 5"),),
    "hidream": (_either("HiDream"),),
    "hunyuan-image": (_either("HunyuanImage"),),
    "prx": (_either("PRX"),),
    "prx-deep": (_either("PRX DC-AE"),),
    "fibo": (_either("Fibo"),),
    "kolors": ((("unet", "Kolors"), *_either("Kolors")),),
}
"""What each workflow needs, one of each row; its file lies in workflows/models."""


def in_library() -> frozenset[Told]:
    """The kinds and families of all models that the library knows; it reads the index and looks at no disk."""
    library = Library()
    try:
        return frozenset((entry.found.kind, entry.found.family) for entry in library.entries)
    finally:
        library.close()


def your_models(told: Collection[Told]) -> Shelf | None:
    """The shelf of those workflows whose models are there; None where there are none."""
    there = tuple(
        BundledWorkflow(f"models/{name}", title, about)
        for name, (title, about) in _words().items()
        if all(any(one in told for one in row) for row in NEEDS[name])
    )
    return Shelf(tr("Your models"), there) if there else None


def _words() -> dict[str, tuple[str, str]]:
    """Titles and sentences, in the language of the interface."""
    painted, changed = tr("A text becomes an image."), tr("An image is changed as a text says.")
    shown = tr("An image says beside a text what to paint.")
    led = tr("Edges of an image say where things are, a text what they are.")
    return {
        "flux-1": ("FLUX.1", painted),
        "flux-1-fill": ("FLUX.1 Fill", tr("An image grows beyond its border.")),
        "flux-1-canny": ("FLUX.1 Canny", led),
        "flux-1-kontext": ("FLUX.1 Kontext", changed),
        "flux-1-redux": ("FLUX.1 Redux", tr("An image in the place of a text: variations of it.")),
        "flux-1-controlnet": ("FLUX.1 ControlNet", led),
        "flux-2": ("FLUX.2", changed),
        "flux-2-klein": ("FLUX.2 Klein", changed),
        "flux-3": ("FLUX.3 Klein", painted),
        "flux-3-distilled": (tr("FLUX.3 Klein, distilled"), changed),
        "stable-diffusion-1-ip-adapter": ("SD 1 IP-Adapter", shown),
        "stable-diffusion-xl-ip-adapter": ("SD XL IP-Adapter", shown),
        "stable-diffusion-3.5": ("Stable Diffusion 3.5", painted),
        "stable-diffusion-3.5-controlnet": ("SD 3.5 ControlNet", led),
        "z-image": ("Z-Image Turbo", painted),
        "z-image-controlnet": ("Z-Image ControlNet", led),
        "z-image-omni": ("Z-Image-Omni", changed),
        "qwen-image": ("Qwen-Image", painted),
        "qwen-image-controlnet": ("Qwen-Image ControlNet", led),
        "qwen-image-edit": ("Qwen-Image-Edit", changed),
        "qwen-image-2.1": ("Qwen-Image 2.1", changed),
        "krea-2": ("Krea 2", painted),
        "anima": ("Anima", painted),
        "ideogram-4": ("Ideogram 4", painted),
        "chroma": ("Chroma", painted),
        "bria": ("Bria 3.2", painted),
        "lumina-2": ("Lumina 2", painted),
        "pixart-alpha": ("PixArt-alpha", painted),
        "pixart-sigma": ("PixArt-Sigma", painted),
        "sana": ("Sana", painted),
        "auraflow": ("AuraFlow", painted),
        "ovis-image": ("Ovis-Image", painted),
        "longcat-image": ("LongCat-Image", painted),
        "ernie-image": ("ERNIE-Image", painted),
        "cogview-4": ("CogView 4", painted),
        "glm-image": ("GLM-Image", painted),
        "glm-image-edit": ("GLM-Image Edit", changed),
        "stable-cascade": ("Stable Cascade", painted),
        "kandinsky-5": ("Kandinsky 5", painted),
        "hidream": ("HiDream", painted),
        "hunyuan-image": ("HunyuanImage", painted),
        "prx": ("PRX", painted),
        "prx-deep": ("PRX DC-AE", painted),
        "fibo": ("Fibo", painted),
        "kolors": ("Kolors", painted),
    }
