"""Schedulers of models whose noise levels are spaced for the size of an image, as their pipelines space them."""

from __future__ import annotations

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.models import Trained
from nodes.script.pieces import literal
from nodes.script.writer import Writer


def spaced_by_size(writer: Writer, name: str, trained: Trained) -> str:
    """Write what makes the scheduler of a node; its name. Raises CannotExportError for steps that come by wire."""
    if writer.is_wired(name, "steps"):
        raise CannotExportError(f"the steps of {name} come by wire, which is not written")
    steps, usual = int(writer.plain(name, "steps")), trained.usual
    given = [trained.folder, literal(trained.subfolder), str(steps)]
    if "logit_normal" in usual:
        middle = usual["image_tokens"] / usual["base_image_seq_len"]
        return writer.bound(
            name, "", "quantile_flow_scheduler", *given, literal(middle), literal(usual["logit_normal"])
        )
    if usual.get("whole_times"):
        beyond, root = literal(usual.get("levels_beyond", 0)), literal(_root_shift(trained))
        return writer.bound(name, "", "whole_time_flow_scheduler", *given, beyond, root)
    mu = literal(_shift(trained, steps)) if trained.config.get("use_dynamic_shifting") else None
    if trained.folder:
        return writer.bound(name, "", "new_flow_scheduler", *given, mu=mu)
    config = {key: literal(value) for key, value in trained.config.items() if not key.startswith("_")}
    return writer.bound(name, "", "even_flow_scheduler", str(steps), mu=mu, **config)


def _shift(trained: Trained, steps: int) -> float:
    """mu, by which noise levels are shifted for the size of an image, as diffusers' pipelines compute it."""
    tokens = trained.usual["image_tokens"]
    if trained.usual.get("empirical_shift"):
        few, many = 8.73809524e-05 * tokens + 1.89833333, 0.00016927 * tokens + 0.45666666
        return float(many if tokens > 4300 else many + (many - few) / 190 * (steps - 200))
    if trained.usual.get("root_shift"):
        return _root_shift(trained)
    fewest, most = (
        trained.config.get(key, usual) for key, usual in (("base_image_seq_len", 256), ("max_image_seq_len", 4096))
    )
    low, high = trained.config.get("base_shift", 0.5), trained.config.get("max_shift", 1.15)
    return float(low + (high - low) * (tokens - fewest) / (most - fewest))


def _root_shift(trained: Trained) -> float:
    """The same by the root of the size: CogView 4's and Qwen-Image-Layered's."""
    said = {"base_image_seq_len": 256, "base_shift": 0.5, "max_shift": 1.15, **trained.config, **trained.usual}
    fewest, low, high = (said[key] for key in ("base_image_seq_len", "base_shift", "max_shift"))
    return float(low + high * (said["image_tokens"] / fewest) ** 0.5)
