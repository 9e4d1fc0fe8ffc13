"""Samplers and spacings in the words of other programs, in those of here."""

from __future__ import annotations

import re

import msgspec

from nodeflow.graph.io.image_settings.settings import ImageSettings

DIFFUSERS = ("InvokeAI", "SD.Next", "Easy Diffusion", "Draw Things")
"""Programs whose noise levels are spaced by other rules: their numbers differ a little from those of k-diffusion."""
A1111: dict[str, tuple[str, str]] = {
    "euler": ("euler", "normal"),
    "euler a": ("euler_ancestral", "normal"),
    "euler ancestral": ("euler_ancestral", "normal"),
    "heun": ("heun", "normal"),
    "lms": ("lms", "normal"),
    "lcm": ("lcm", "normal"),
    "dpm2": ("dpm_2", "karras"),
    "dpm2 a": ("dpm_2_ancestral", "karras"),
    "dpm++ 2m": ("dpmpp_2m", "karras"),
    "dpm++ sde": ("dpmpp_sde", "karras"),
    "dpm++ 2s a": ("dpmpp_2s_ancestral", "karras"),
    "dpm++ 2m sde": ("dpmpp_2m_sde", "exponential"),
    "dpm++ 2m sde heun": ("dpmpp_2m_sde_heun", "exponential"),
    "dpm++ 3m sde": ("dpmpp_3m_sde", "exponential"),
    "dpm fast": ("dpm_fast", "normal"),
    "dpm adaptive": ("dpm_adaptive", "normal"),
    "restart": ("restart", "karras"),
    "ddim": ("DDIM", ""),
    "ddim cfg++": ("euler_cfg_pp", "ddim_uniform"),
    "plms": ("PNDM", ""),
    "unipc": ("uni_pc", "normal"),
    "ddpm": ("ddpm", "normal"),
    "deis": ("deis", "normal"),
    "er sde": ("er_sde", "normal"),
    "res multistep": ("res_multistep", "normal"),
    "sa-solver": ("sa_solver", "normal"),
    "tcd": ("lcm", "normal"),
}
"""The sampler here, and the spacing that A1111 gives it where none is named."""
SPACINGS = {
    "karras": "karras",
    "exponential": "exponential",
    "polyexponential": "exponential",
    "sgm uniform": "sgm_uniform",
    "kl optimal": "kl_optimal",
    "simple": "simple",
    "normal": "normal",
    "uniform": "normal",
    "ddim": "ddim_uniform",
    "beta": "beta",
    "trailing": "simple",
    "native": "normal",
    "linear quadratic": "linear_quadratic",
    "align your steps": "align_your_steps",
    "align your steps gits": "align_your_steps",
    "align your steps 11": "align_your_steps",
    "turbo": "turbo",
}
OTHER_LEVELS = "the levels of {0} are read between otherwise there; details differ"
SHORT = {
    "euler_a": "euler_ancestral",
    "k_euler_a": "euler_ancestral",
    "kdpm_2": "dpm_2",
    "kdpm_2_a": "dpm_2_ancestral",
    "k_dpm_2_a": "dpm_2_ancestral",
    "dpm2": "dpm_2",
    "dpm2_a": "dpm_2_ancestral",
    "dpm2a": "dpm_2_ancestral",
    "dpm++2m": "dpmpp_2m",
    "dpm++2s_a": "dpmpp_2s_ancestral",
    "dpmpp_2s": "dpmpp_2s_ancestral",
    "dpmpp_2s_a": "dpmpp_2s_ancestral",
    "unipc": "uni_pc",
    "unipc_snr": "uni_pc",
    "unipc_tu": "uni_pc",
    "unipc_tq": "uni_pc",
    "pndm": "PNDM",
    "plms": "PNDM",
    "ddim": "DDIM",
    "ddim_v3": "DDIM",
    "dpmpp_sde_k": "dpmpp_sde",
    "dpm_fast": "dpm_fast",
    "dpm_adaptive": "dpm_adaptive",
}
"""Names that are written short elsewhere, by ours."""
FLOW_KINDS = ("flux", "joint")


class Sampling(msgspec.Struct):
    """A sampler and a spacing here, and in what they are not exact. ``short``: the last but one sigma is left out."""

    sampler: str
    spacing: str
    short: bool = False
    notes: list[str] = []


def sampling(
    settings: ImageSettings, names: set[str], kind: str = "unet", sampler: str = "", spacing: str = ""
) -> Sampling:
    """Return what samples as a program's settings say; ``names`` are those of the samplers here.

    What nobody knows becomes Euler, and is told.
    """
    named, spaced = sampler or settings.sampler, spacing or settings.spacing
    found = _found(named, names)
    if found is None:
        found = Sampling("euler", "")
        found.notes.append(f"the sampler {named or 'of the file'} is not known here; Euler takes its place")
    chosen, note = _spacing(named, spaced, found, kind)
    found.spacing = chosen
    if note:
        found.notes.append(note)
    if found.sampler == "dpmpp_3m_sde" and settings.program not in ("ComfyUI", "SwarmUI", "Fooocus"):
        found.short = True
    if settings.program in DIFFUSERS:
        found.notes.append(f"{settings.program} spaces noise levels by other rules, so that details differ")
    return found


def _found(named: str, names: set[str]) -> Sampling | None:
    """The sampler of a name, as A1111 writes it or as k-diffusion does."""
    words = _without_spacing(named.strip().lower())[0]
    if words in A1111:
        sampler, own = A1111[words]
        return Sampling(sampler, own)
    short = words.replace("-", "_").replace(" ", "_").removeprefix("sample_")
    bare = short.removeprefix("k_")
    for one in (short, bare, bare.removesuffix("_k"), bare.replace("dpm++", "dpmpp")):
        one = SHORT.get(one, one)
        if one in names or one in ("DDIM", "PNDM"):
            return Sampling(one, "karras" if short.endswith("_k") else "normal")
    return None


def _without_spacing(words: str) -> tuple[str, str]:
    """A name that ends in its spacing, as old files write it, without that; and the spacing."""
    for ending in sorted(SPACINGS, key=len, reverse=True):
        if words.endswith(f" {ending}") and words.removesuffix(f" {ending}") in A1111:
            return words.removesuffix(f" {ending}"), ending
    return words, ""


def _spacing(named: str, spaced: str, found: Sampling, kind: str) -> tuple[str, str]:
    """The spacing here, and a sentence where it is not the file's. One in the sampler's name comes first."""
    suffix = _without_spacing(named.strip().lower())[1]
    words = suffix or re.sub(r"[_\-]+", " ", spaced.strip().lower())
    if words in SPACINGS:
        return SPACINGS[words], OTHER_LEVELS.format(words) if words.startswith("align your steps") else ""
    if words in ("", "automatic", "default", "none"):
        return ("simple", "") if kind in FLOW_KINDS else (found.spacing or "normal", "")
    plain = words.replace(" ", "_")
    if plain in ("ddim_uniform", "sgm_uniform", "kl_optimal", "linear_quadratic"):
        return plain, ""
    return found.spacing or "normal", f"the spacing {spaced} is not known here; {found.spacing or 'normal'} is taken"
