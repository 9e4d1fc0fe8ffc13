"""A workflow's settings as the text that A1111 and its kin write, for programs that read nothing else."""

from __future__ import annotations

import json
from typing import Any

from nodeflow import __version__, resources
from nodeflow.graph.io.files import loads
from nodeflow.graph.model.catalogue import Catalogue, decode
from nodeflow.graph.model.workflow import Workflow, WorkflowError
from nodes.comfyui.export.exporter import CannotExportError, GraphExporter
from nodes.image_settings.samplers import A1111, SPACINGS

TEXTS = ("clip_text_encode", "weighted_text_encode")
STREAMS = {"a seed an image": "CPU", "one for the batch": "CPU", "NV Philox": "NV"}
KINDS = {"Euler ancestral": "Euler a", "DPM++ 2S": "DPM++ 2S a"}
NAMES = {"sde": "SDE", "ddim": "DDIM", "plms": "PLMS", "unipc": "UniPC", "lms": "LMS", "lcm": "LCM", "ddpm": "DDPM"}
MAX_STEPS_BACK = 200


def settings_text(workflow: Workflow, catalogue: Catalogue) -> str:
    """Return the text for the image that is saved first; empty where no sampler and no text leads to it."""
    about = GraphExporter(workflow, catalogue)
    saves = [name for name in about.workflow.nodes if about.kind(name) == "save_image"]
    for end in saves or list(about.workflow.nodes):
        samplers = [name for name in _behind(about, end) if about.kind(name) == "sample"]
        if samplers:
            try:
                return _SettingsText(about).of(samplers)
            except CannotExportError:
                continue
    return ""


def settings_in_image(workflow: str) -> str:
    """Return the text for an image that a workflow, given as its file, has made; empty where there is none to write."""
    catalogue = decode((resources.folder("assets") / "catalogue.json").read_bytes())
    try:
        return settings_text(loads(workflow.encode()), catalogue)
    except WorkflowError:
        return ""


def _behind(about: GraphExporter, end: str) -> list[str]:
    """The nodes that one needs, the nearest first."""
    found, waiting = dict.fromkeys([end]), [end]
    incoming = about.workflow.incoming()
    while waiting:
        for link in incoming.get(waiting.pop(0), ()):
            if link.source not in found:
                found[link.source] = None
                waiting.append(link.source)
    return list(found)


class _SettingsText:
    """Collects what stands in the text."""

    def __init__(self, about: GraphExporter) -> None:
        self.about = about
        self.pairs: dict[str, Any] = {}

    def of(self, samplers: list[str]) -> str:
        """The text for an image whose samplers are these, the last first."""
        about, first = self.about, samplers[-1]
        schedule, noise = about.node_at(first, "schedule"), about.node_at(first, "noise")
        guider = about.node_at(first, "guider")
        self._schedule(schedule)
        positive, negative = self._texts(guider)
        scale = about.plain(guider, "scale") if about.kind(guider) == "classifier_free_guidance" else 1.0
        self.pairs["CFG scale"] = f"{scale:g}"
        self._noise(noise)
        behind = _behind(about, first)
        self._model(behind)
        tags = [self._tag(name) for name in behind if about.kind(name) == "apply_lora"]
        strength = about.plain(schedule, "denoise") if about.kind(schedule) == "k_sampler" else 1.0
        strength *= about.plain(first, "strength")
        if strength != 1:
            self.pairs["Denoising strength"] = f"{strength:g}"
        if len(samplers) > 1:
            second = about.node_at(samplers[0], "schedule")
            if about.kind(second) == "k_sampler":
                self.pairs["Denoising strength"] = f"{about.plain(second, 'denoise'):g}"
                self.pairs["Hires steps"] = about.plain(second, "steps")
        self.pairs["Version"] = f"nodeflow {__version__}"
        line = ", ".join(f"{key}: {_quoted(value)}" for key, value in self.pairs.items())
        lines = [" ".join([positive, *tags]).strip()]
        return "\n".join([*lines, *([f"Negative prompt: {negative}"] if negative else []), line])

    def _texts(self, guider: str) -> tuple[str, str]:
        about = self.about
        alone = about.source(guider, "conditioning") is not None
        positive = self._text(about.node_at(guider, "conditioning" if alone else "positive"))
        link = None if alone else about.source(guider, "negative")
        return positive, self._text(link.source) if link else ""

    def _text(self, name: str) -> str:
        """The text of a node, or of the first text behind it."""
        texts = [one for one in _behind(self.about, name) if self.about.kind(one) in TEXTS]
        if not texts:
            return ""
        if skip := self.about.plain(texts[0], "clip_skip"):
            self.pairs["Clip skip"] = skip
        value = self.about.plain(texts[0], "text")
        return str(value or "")

    def _schedule(self, name: str) -> None:
        about = self.about
        kind = about.kind(name)
        if kind == "k_sampler":
            self.pairs["Steps"] = about.plain(name, "steps")
            self.pairs["Sampler"] = _sampler(about.plain(name, "sampler"))
            self.pairs["Schedule type"] = _spacing(about.plain(name, "spacing"))
        elif kind == "scheduler":
            self.pairs["Steps"] = about.plain(name, "steps")
            named = about.plain(name, "kind")
            self.pairs["Sampler"] = KINDS.get(named, named)
            if about.plain(name, "sigmas") == "Karras":
                self.pairs["Schedule type"] = "Karras"
        else:
            raise CannotExportError("its schedule is none that these settings name")

    def _noise(self, name: str) -> None:
        about = self.about
        if about.kind(name) == "change_noise":
            name = self._later(name)
        if about.kind(name) == "noise_variation":
            other = about.node_at(name, "variation")
            self.pairs["Variation seed"] = self._seed(other)
            self.pairs["Variation seed strength"] = f"{about.plain(name, 'strength'):g}"
            name = about.node_at(name, "noise")
        self.pairs["Seed"] = self._seed(name)
        width, height = about.plain(name, "width"), about.plain(name, "height")
        if width and height:
            self.pairs["Size"] = f"{width}x{height}"
        stream = about.plain(name, "stream") if about.kind(name) == "noise_stream" else "a seed an image"
        if stream in STREAMS:
            self.pairs["RNG"] = STREAMS[stream]
        if about.kind(name) == "noise_stream":
            middle = about.plain(name, "from_width"), about.plain(name, "from_height")
            if all(middle):
                self.pairs["Seed resize from"] = "{}x{}".format(*middle)

    def _later(self, name: str) -> str:
        """The noise of the start, where other seeds draw on the way from the first step on (ENSD)."""
        about = self.about
        first, later = about.node_at(name, "before"), about.node_at(name, "after")
        begin = about.node_at(first, "noise") if about.kind(first) == "noise_variation" else first
        if about.plain(name, "step") == 0 and (delta := self._seed(later) - self._seed(begin)):
            self.pairs["ENSD"] = delta
        return first

    def _seed(self, name: str) -> int:
        """The seed of a noise. Raises CannotExportError for one that has none of its own."""
        large = self.about.plain(name, "large_seed") if self.about.kind(name) == "noise_stream" else ""
        seed = str(large).strip() or self.about.plain(name, "seed")
        if seed is None:
            raise CannotExportError(f"its noise, {name}, has no seed that these settings name")
        return int(seed)

    def _model(self, behind: list[str]) -> None:
        for name in behind:
            if self.about.kind(name).startswith("load_") and self.about.kind(name) not in ("load_vae", "load_image"):
                spec = self.about.workflow.nodes[name].params
                model = spec.get("transformer") or self.about.plain(name, "model")
                self.pairs.setdefault("Model", model)

    def _tag(self, name: str) -> str:
        return f"<lora:{self.about.plain(name, 'lora')}:{self.about.plain(name, 'weight'):g}>"


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text


def _sampler(name: str) -> str:
    found = next((words for words, (ours, _) in A1111.items() if ours == name), "")
    return (
        " ".join(
            NAMES.get(word, word if word == "a" else word.upper() if word[:3] == "dpm" else word.title())
            for word in found.split()
        )
        or name
    )


def _spacing(name: str) -> str:
    found = next((words for words, ours in SPACINGS.items() if ours == name), name)
    return " ".join(word.upper() if word in ("sgm", "kl", "ddim") else word.title() for word in found.split())
