"""diffusers' schedulers as a script makes them."""

from __future__ import annotations

from typing import Any, NamedTuple

from nodes.comfyui.export.exporter import CannotExportError, Exporter
from nodes.script.models import Model
from nodes.script.pieces import called, literal

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM++ 2M": (
        "DPMSolverMultistepScheduler",
        {"solver_order": 2, "solver_type": "midpoint", "algorithm_type": "dpmsolver++"},
    ),
    "UniPC": ("UniPCMultistepScheduler", {"solver_order": 2, "solver_type": "bh2"}),
}
"""Classes with the options that make them this kind."""
ZERO_TERMINAL = ("DDIM", "DDPM", "Euler", "Euler ancestral")
"""Those that rescale betas to no signal at all by themselves."""


class Made(NamedTuple):
    """A function that makes a scheduler: its class, its name and lines, and how it is walked."""

    kind: str
    function: str
    lines: list[str]
    steps: str
    options: str


def scheduler_lines(about: Exporter, name: str, model: Model, learned: bool) -> Made:
    """Return what makes the scheduler of a node. Raises CannotExportError where its numbers would differ."""
    kind, steps = about.plain(name, "kind"), about.plain(name, "steps")
    if kind not in KINDS:
        raise CannotExportError(f"the scheduler {kind} is not written")
    config = model.configs["scheduler"]
    if about.plain(name, "sigmas") != "as trained":
        raise CannotExportError(f"{name} spaces its sigmas by Karras, which is not written")
    if config.get("rescale_betas_zero_snr") and kind not in ZERO_TERMINAL:
        raise CannotExportError(f"{kind} cannot begin where there is no signal, as this model was trained to")
    spacing = about.plain(name, "spacing")
    found, options = KINDS[kind]
    options = dict(options)
    if spacing != "as the file says":
        options["timestep_spacing"] = spacing
    elif config.get("timestep_spacing") == "linspace" and steps == 1:
        options["timestep_spacing"] = "trailing"
    if "clip_sample" not in config and kind in ("DDIM", "DDPM", "Euler ancestral"):
        options["clip_sample"] = False
    if kind == "DDPM":
        options |= _variance(config.get("variance_type"), learned)
    function = called(name, "made")
    given = "".join(f", {key}={literal(value)}" for key, value in sorted(options.items()))
    lines = [
        "",
        "",
        f"def {function}():",
        f'    return {found}.from_pretrained({model.name}, subfolder="scheduler"{given})',
        "",
        "",
    ]
    eta = about.plain(name, "eta")
    return Made(found, function, lines, literal(steps), f", eta={literal(eta)}" if eta and kind == "DDIM" else "")


def _variance(trained: str | None, learned: bool) -> dict[str, str]:
    if learned:
        return {"variance_type": "learned_range"}
    if trained is None:
        return {}
    return {"variance_type": "fixed_small" if "learned" in trained else trained}
