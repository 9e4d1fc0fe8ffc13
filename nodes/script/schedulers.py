"""diffusers' schedulers as a script makes them."""

from __future__ import annotations

from typing import Any

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.flow_spacing import spaced_by_size
from nodes.script.models import Trained
from nodes.script.pieces import literal
from nodes.script.writer import Function, Made, Writer

_SECOND = {"solver_order": 2, "solver_type": "midpoint", "algorithm_type": "dpmsolver++"}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "PNDM": ("PNDMScheduler", {"skip_prk_steps": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", _SECOND),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", {**_SECOND, "algorithm_type": "sde-dpmsolver++"}),
    "DPM++ 2S": ("DPMSolverSinglestepScheduler", {**_SECOND, "lower_order_final": True}),
    "UniPC": ("UniPCMultistepScheduler", {"solver_order": 2, "solver_type": "bh2"}),
    "LCM": ("LCMScheduler", {}),
    "Flow-match Euler": ("FlowMatchEulerDiscreteScheduler", {}),
}
"""Classes with the options that make them this kind."""
ZERO_TERMINAL = ("DDIM", "DDPM", "Euler", "Euler ancestral", "LCM", "DPM++ 2M", "DPM++ 2M SDE", "UniPC")
"""Those that rescale betas to no signal at all by themselves."""
CLIPPING = ("DDIM", "DDPM", "Euler ancestral", "Heun", "LCM")
"""Those that keep the foreseen image within a range unless they are told not to."""
KARRAS = ("Euler", "Heun", "DPM++ 2M", "DPM++ 2M SDE", "DPM++ 2S", "UniPC")
"""Those of diffusers' classes that know Karras' spacing."""
STABLE_DIFFUSION = Trained(
    {
        "num_train_timesteps": 1000,
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "steps_offset": 1,
        "clip_sample": False,
        "set_alpha_to_one": False,
    }
)
CASCADE = "DDPMWuerstchenScheduler"
MAX_ETA = 1 - 1e-6


def scheduler(writer: Writer, name: str, _: str) -> Made:
    """A schedule is made where a sampler takes it: until then, the node that says it."""
    writer.value(name, "steps")
    return Made("", name)


def thresholding(writer: Writer, name: str, _: str) -> Made:
    trained: Trained = writer.input(name, "trained").about
    kind = writer.plain(name, "kind")
    changes = {
        "clip_sample": False,
        "thresholding": kind != "none",
        "dynamic_thresholding_ratio": writer.plain(name, "percentile"),
        "sample_max_value": 1.0 if kind == "static" else writer.plain(name, "largest"),
    }
    return Made("", trained.changed(changes))


def noise_levels(writer: Writer, name: str, _: str) -> Made:
    none = writer.plain(name, "terminal") == "no signal"
    kinds = {"linear": "linear", "scaled linear": "scaled_linear", "cosine": "squaredcos_cap_v2"}
    config = {
        "num_train_timesteps": writer.plain(name, "timesteps"),
        "beta_schedule": kinds[writer.plain(name, "betas")],
        "beta_start": writer.plain(name, "first"),
        "beta_end": writer.plain(name, "last"),
        "rescale_betas_zero_snr": none,
        "timestep_spacing": "trailing" if none else "leading",
    }
    return Made("", Trained(config))


def levels(writer: Writer, name: str, guider: Denoises) -> str:
    """The name of the levels of noise of the schedule that is wired to a node."""
    if guider.learned:
        raise CannotExportError(f"{name} leads a network with a learned variance, which is not written")
    schedule, _ = made_scheduler(writer, name, "schedule", guider.prediction)

    def write() -> Made:
        made_scheduler(writer, name, "schedule", guider.prediction)
        return Made(writer.assign(schedule, "levels", writer.use("seen_levels"), f"{schedule}()"))

    return writer.shared(("levels", schedule), write).code


def made_scheduler(writer: Writer, name: str, input: str, prediction: str, learned: bool = False) -> tuple[str, str]:
    """The name of what makes the scheduler that is wired to an input, and its kind; no prediction: any will do.

    Raises CannotExportError where its numbers would differ.
    """
    source = writer.input(name, input).about
    if not isinstance(source, str):
        raise CannotExportError(f"{name} takes a walk along noise levels, which is not written")
    kind = writer.plain(source, "kind")
    made = writer.shared(
        ("scheduler", source, prediction, str(learned)), lambda: _made(writer, source, prediction, learned)
    )
    return made.code, kind


def options_of(writer: Writer, source: str) -> str | None:
    """The eta of a schedule's steps, where it has one."""
    eta = writer.plain(source, "eta")
    return literal(min(eta, MAX_ETA)) if eta and writer.plain(source, "kind") == "DDIM" else None


def _made(writer: Writer, name: str, prediction: str, learned: bool) -> Made:
    kind = writer.plain(name, "kind")
    if writer.is_wired(name, "trained"):
        trained: Trained = writer.input(name, "trained").about
    else:
        trained = STABLE_DIFFUSION if kind != "Flow-match Euler" else Trained({})
    if trained.config.get("_class_name") in ("EDMEulerScheduler", "EDMDPMSolverMultistepScheduler"):
        raise CannotExportError(f"{name} goes along noise levels without timesteps, which is not written")
    if trained.config.get("_class_name") == CASCADE:
        if kind != "DDPM":
            raise CannotExportError(f"{name} goes along Stable Cascade's noise levels in another way than DDPM")
        given = trained.folder, literal(trained.subfolder), writer.value(name, "steps")
        return Made(writer.bound(name, "", "CascadeScheduler", *given))
    found, fixed = KINDS[kind]
    options = {**trained.changes, **fixed, **_spacing(writer, name, kind, trained)}
    options |= _prediction(kind, trained, prediction)
    if "clip_sample" not in trained.whole and kind in CLIPPING:
        options["clip_sample"] = False
    if kind == "DDPM":
        options |= _variance(trained.whole.get("variance_type"), learned)
    writer.imports.take("diffusers", found)
    told = {key: literal(value) for key, value in sorted(options.items())}
    steps = writer.value(name, "steps")
    karras = writer.plain(name, "sigmas") == "Karras"
    rescaled = trained.whole.get("rescale_betas_zero_snr") and (karras or kind not in ZERO_TERMINAL)
    if "image_tokens" in trained.usual:
        return Made(spaced_by_size(writer, name, trained))
    if trained.folder:
        where = trained.folder, literal(trained.subfolder)
        function = "new_scheduler_with_signal" if rescaled else "new_scheduler"
        return Made(writer.bound(name, "", function, found, *where, steps, **told))
    if rescaled:
        raise CannotExportError(f"{kind} cannot begin where there is no signal, as {name} wants it to")
    told = {
        key: literal(value) for key, value in sorted({**trained.config, **options}.items()) if not key.startswith("_")
    }
    return Made(writer.bound(name, "", "defined_scheduler", found, steps, **told))


def _spacing(writer: Writer, name: str, kind: str, trained: Trained) -> dict[str, Any]:
    karras = writer.plain(name, "sigmas") == "Karras"
    if karras and kind not in KARRAS:
        raise CannotExportError(f"{name} spaces the sigmas of {kind} by Karras, which diffusers' class does not")
    if kind == "Flow-match Euler":
        dynamic = trained.config.get("use_dynamic_shifting") and "image_tokens" not in trained.usual
        return {"use_dynamic_shifting": False} if dynamic else {}
    if karras:
        others = "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"
        off = {key: False for key in others if trained.config.get(key)}
        return {**off, "use_karras_sigmas": True, "timestep_spacing": "linspace"}
    said = writer.plain(name, "spacing")
    spacing = trained.whole.get("timestep_spacing") if said == "as the file says" else said
    if spacing == "linspace" and writer.value(name, "steps") == "1":
        return {"timestep_spacing": "trailing"}
    return {} if said == "as the file says" else {"timestep_spacing": spacing}


def _prediction(kind: str, trained: Trained, prediction: str) -> dict[str, str]:
    """What the network predicts, where it is something else than the file says."""
    if kind == "Flow-match Euler" or prediction in ("", trained.prediction):
        return {}
    return {"prediction_type": {"v": "v_prediction"}.get(prediction, prediction)}


def _variance(trained: str | None, learned: bool) -> dict[str, str]:
    if learned:
        return {"variance_type": "learned_range"}
    if trained is None or trained == "fixed_small":
        return {}
    return {"variance_type": "fixed_small" if "learned" in trained else trained}


SCHEDULERS: dict[str, Function] = {
    "scheduler": scheduler,
    "thresholding": thresholding,
    "noise_levels": noise_levels,
}
