"""Settings as a workflow of our nodes, with a report that says of each setting what became of it."""

from __future__ import annotations

from typing import Any

from nodeflow.graph.io.comfyui.prompt import FlatPrompt
from nodeflow.graph.io.image_settings.settings import ImageSettings, SecondPass
from nodeflow.graph.io.import_report import ImportReport, ModelRow, NodeRow, counted
from nodeflow.graph.model.annotation import LONGEST_TEXT, Annotation
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.builder import Builder
from nodes.comfyui.meanings import CannotTranslateError, Wire
from nodes.comfyui.placeholders import storable
from nodes.image_settings.columns import placed
from nodes.image_settings.models import kind_of, looked_up
from nodes.image_settings.samplers import Sampling, sampling
from nodes.image_settings.schedules import schedule_of
from nodes.image_settings.texts import Texts
from nodes.image_settings.upscaling import enlarged

LARGEST_SEED = 2**53
STREAMS = {"GPU": "NV Philox", "NV": "NV Philox", "CPU": "a seed an image", "batch": "one for the batch"}
CARD = "its noise was drawn on a graphics card; the same numbers are computed here, to the sixth digit"
CARD_BATCH = "ComfyUI draws the noise on the way on the graphics card where it computes there; here it is a CPU's"
NO_IMAGE = "it began from an image that is not in the file: choose it at {0}"
NOTE_WIDTH, NOTE_HEIGHT = 420.0, 300.0

Prompts = tuple[Wire, Wire, Texts]
"""The prompt, the negative one, and how they were built."""


def workflow_of(settings: ImageSettings, catalogue: Catalogue) -> tuple[Workflow, ImportReport]:
    """Return the workflow and what became of each setting; a note alone where there is too little to sample by."""
    return _ImageTranslating(settings, catalogue).run()


class _ImageTranslating:
    """Holds what is built for one image."""

    def __init__(self, settings: ImageSettings, catalogue: Catalogue) -> None:
        self.settings, self.catalogue = settings, catalogue
        self.build = Builder(catalogue, FlatPrompt())
        self.kind = kind_of(settings)
        self.rows: list[NodeRow] = []
        self.models: list[ModelRow] = []
        self.differences = list(settings.left_out)

    def run(self) -> tuple[Workflow, ImportReport]:
        if self.settings.complete:
            try:
                self._all()
            except CannotTranslateError as error:
                self.build = Builder(self.catalogue, FlatPrompt())
                self.rows, self.models = [], []
                self.differences.append(f"no workflow can be made of it: {error}; the settings are kept as a note")
        else:
            self.differences.append("too little is known to sample by; the settings are kept as a note")
        workflow = self.build.workflow
        placed(workflow)
        bottom = max((place.y for place in workflow.layout.values()), default=-360.0) + 360
        text = storable(self.settings.text)[:LONGEST_TEXT]
        workflow.annotations["settings"] = Annotation("note", 0, bottom, NOTE_WIDTH, NOTE_HEIGHT, text)
        report = ImportReport(counted(self.rows), self.models, self.differences, self.rows, self.settings.program)
        return workflow, report

    def _all(self) -> None:
        settings = self.settings
        network, encoder, vae, trained = self._model()
        vae = self._vae(vae)
        network, encoder = self._adapters(network, encoder)
        sampled = self._sampling(settings.sampler, settings.spacing)
        first, width, height = settings.second, settings.width, settings.height
        begin = self._start(vae) if settings.strength is not None and first is None else None
        texts = self._texts(encoder, settings.prompt, settings.negative, settings.steps)
        guider = self._guider(network, texts, settings.guidance)
        noise = self._noise(*(() if begin else (width, height)))
        schedule = self._schedule(trained, sampled, settings.steps, settings.strength if begin else None)
        self.build.begin("Steps")
        latent = self.build.node("sample", "sampler", guider=guider, schedule=schedule, noise=noise, latent=begin)
        if first is not None:
            latent = self._second(first, latent, (network, encoder, vae, trained), texts)
        self.build.begin("Image")
        image = self.build.node("vae_decode", "decode", vae=vae, latent=latent)
        self.build.node("save_image", "save", image=image)
        self._row("Image", "Size", f"{width} x {height}")

    def _row(self, id: str, name: str, value: Any, notes: list[str] | None = None) -> None:
        """A line of the report: a setting with its value, and the nodes made for it."""
        said = storable(str(value)).replace("\n", " ")
        words = f"{name}: {said[:80]}{'…' if len(said) > 80 else ''}"
        notes = list(dict.fromkeys(notes or []))
        nodes = list(self.build.made.get(id, []))
        self.rows.append(NodeRow(id, words, "approximate" if notes else "translated", nodes, notes))

    def _model(self) -> tuple[Wire, Wire, Wire, Wire]:
        """Network, text encoder, VAE and trained schedule."""
        self.build.begin("Model")
        name, row = looked_up(self.settings.model, self.settings.model_hash, "checkpoints", "Model")
        self.models.append(row)
        if self.kind == "flux" and self.settings.modules:
            wire = self.build.node("load_model", "model", model=name, family="FLUX.1", **self._modules())
        elif self.kind == "flux":
            wire = self.build.node("load_flux", "model", transformer=name)
        elif self.kind == "joint":
            wire = self.build.node("load_flow_transformer", "model", transformer=name)
        else:
            wire = self.build.node("load_latent_diffusion", "model", model=name)
        self._row("Model", "Model", self.settings.model or self.settings.model_hash or "not named")
        together = self.kind == "flux" and self.settings.modules
        network = wire.other("network" if together else "transformer" if self.kind in ("flux", "joint") else "unet")
        return network, wire.other("text_encoder"), wire.other("vae"), wire.other("schedule")

    def _modules(self) -> dict[str, str]:
        """The files that stand beside the network: text encoders, and a VAE."""
        found: dict[str, str] = {}
        for module in self.settings.modules[:3]:
            of_vae = module.lower().startswith(("ae", "flux_vae", "flux-vae")) or "vae" in module.lower()
            name, row = looked_up(module, "", "vae" if of_vae else "text_encoders", "Model")
            self.models.append(row)
            key = "vae" if of_vae else "text_encoder_2" if "t5" in module.lower() else "text_encoder"
            found[key] = name
        return found

    def _vae(self, vae: Wire) -> Wire:
        if not self.settings.vae:
            return vae
        self.build.begin("VAE")
        name, row = looked_up(self.settings.vae, "", "vae", "VAE")
        self.models.append(row)
        vae = self.build.node("load_vae", "vae", model=name)
        self._row("VAE", "VAE", self.settings.vae)
        return vae

    def _adapters(self, network: Wire, encoder: Wire) -> tuple[Wire, Wire]:
        for number, one in enumerate(self.settings.adapters, 1):
            id = f"LoRA {number}"
            self.build.begin(id)
            name, row = looked_up(one.name, one.hash, "loras", id)
            self.models.append(row)
            text = one.weight if one.text_weight is None else one.text_weight
            if text and self.kind not in ("flux", "joint"):
                encoder = self.build.node(
                    "apply_lora_to_text", "lora_text", text_encoder=encoder, lora=name, weight=text
                )
            if one.weight:
                network = self.build.node("apply_lora", "lora", unet=network, lora=name, weight=one.weight)
            self._row(id, "LoRA", f"{one.name} ({one.weight:g})")
        return network, encoder

    def _sampling(self, sampler: str, spacing: str) -> Sampling:
        names = {str(name) for name in self._choices("k_sampler", "sampler")}
        return sampling(self.settings, names, self.kind, sampler, spacing)

    def _choices(self, kind: str, param: str) -> tuple[Any, ...]:
        spec = self.catalogue.nodes.get(f"nodes.{kind}")
        found = spec.param(param) if spec else None
        return tuple(found.choices or ()) if found else ()

    def _texts(self, encoder: Wire, prompt: str, negative: str, steps: int, before: int = 0) -> Prompts:
        texts = Texts(self.build, self.settings, encoder, self.kind)
        second = "Second pass" if before else ""
        self.build.begin(second or "Prompt")
        positive = texts.conditioning(prompt, "prompt", steps, before)
        if not second:
            self._row("Prompt", "Prompt", prompt, texts.notes)
        self.build.begin(second or "Negative prompt")
        found = texts.conditioning(negative, "negative", steps, before)
        if not second:
            self._row("Negative prompt", "Negative prompt", negative)
        return positive, found, texts

    def _guider(self, network: Wire, texts: Prompts, guidance: float | None) -> Wire:
        positive, negative, weights = texts
        self.build.begin("CFG scale")
        if self.kind == "flux":
            distilled = self.settings.distilled_guidance
            given = {"guidance": 3.5 if distilled is None else distilled}
            denoiser = self.build.shared("flux_denoiser", "denoiser", transformer=network, **given)
        elif self.kind == "joint":
            denoiser = self.build.shared("joint_denoiser", "denoiser", transformer=network)
        else:
            denoiser = self.build.shared("unet_denoiser", "denoiser", unet=network)
        scale = (1.0 if guidance is None else guidance) * weights.weight
        if scale == 1:
            wire = self.build.node("no_guidance", "guidance", denoiser=denoiser, conditioning=positive)
        else:
            about = {"scale": scale, "rescale": self.settings.rescale or None}
            wire = self.build.node(
                "classifier_free_guidance",
                "guidance",
                denoiser=denoiser,
                positive=positive,
                negative=negative,
                **about,
            )
        if not any(row.id == "CFG scale" for row in self.rows):
            self._row("CFG scale", "CFG scale", scale)
        return wire

    def _noise(self, width: int = 0, height: int = 0) -> Wire:
        settings, notes = self.settings, list[str]()
        self.build.begin("Seed")
        size = {"width": width // 8 * 8 or None, "height": height // 8 * 8 or None}
        if all(settings.noise_from):
            size["from_width"], size["from_height"] = (side // 8 * 8 for side in settings.noise_from)
        about: dict[str, Any] = dict(_stream(settings))
        wire = self.build.shared("noise_stream", "noise", **_seed(settings.seed or 0), **size, **about)
        if settings.variation and settings.variation_seed is not None:
            other = self.build.shared(
                "noise_stream", "variation_noise", **_seed(settings.variation_seed), **size, **about
            )
            wire = self.build.node(
                "noise_variation", "variation", noise=wire, variation=other, strength=settings.variation
            )
        if settings.noise == "GPU":
            notes.append(CARD)
        if settings.noise == "batch" and any(part in settings.sampler for part in ("ancestral", "sde", "lcm")):
            notes.append(CARD_BATCH)
        self._row("Seed", "Seed", settings.seed, notes)
        return self._on_the_way(wire, settings.seed or 0, "later_noise")

    def _on_the_way(self, noise: Wire, seed: int, name: str) -> Wire:
        """With the seed that draws after the start (ENSD); Brownian noise is of the first one everywhere."""
        delta = self.settings.seed_delta
        if not delta or "sde" in self.settings.sampler.lower():
            return noise
        later = self.build.node("noise_stream", name, **_seed(seed + delta), **_stream(self.settings))
        return self.build.node("change_noise", f"change_{name}", before=noise, after=later, step=0)

    def _schedule(
        self, trained: Wire, found: Sampling, steps: int, strength: float | None, whole: bool = False
    ) -> Wire:
        """The schedule of a pass; ``whole``: all steps are made, of a schedule that is so much longer."""
        shown = any(row.id == "Sampler" for row in self.rows)
        self.build.begin("Second pass" if shown else "Sampler")
        if self.kind in ("flux", "joint") and self.settings.shift is not None:
            trained = self.build.shared("flow_shift", "shift", trained=trained, shift=self.settings.shift)
        wire = schedule_of(self.build, trained, found, steps, strength, whole, self.settings.eta)
        if not shown:
            self._row("Sampler", "Sampler", f"{self.settings.sampler} {self.settings.spacing}".strip(), found.notes)
        return wire

    def _start(self, vae: Wire) -> Wire:
        """The image that it began from, to be chosen."""
        self.build.begin("Image to image")
        image = self.build.node("load_image", "picture", path="")
        latent = self.build.node("vae_encode", "encode", vae=vae, image=image)
        about = NO_IMAGE.format(image.node)
        made = self.build.made["Image to image"]
        self.rows.append(
            NodeRow("Image to image", f"Denoising strength: {self.settings.strength:g}", "unknown", list(made), [about])
        )
        return latent

    def _second(self, second: SecondPass, latent: Wire, model: tuple[Wire, Wire, Wire, Wire], texts: Prompts) -> Wire:
        settings, (network, encoder, vae, trained) = self.settings, model
        self.build.begin("Second pass")
        latent, notes, row = enlarged(self.build, second, settings, latent, vae)
        self.models += [row] if row is not None else []
        if second.strength <= 0:
            self._row("Second pass", "Second pass", f"{second.upscaler or 'Latent'}, enlarged alone", notes)
            return latent
        steps = second.steps or settings.steps
        sampler, spacing = (
            second.sampler.replace("Use same sampler", ""),
            second.spacing.replace("Use same scheduler", ""),
        )
        found = self._sampling(sampler or settings.sampler, spacing or ("" if sampler else settings.spacing))
        again = second.prompt or second.negative or "[" in settings.prompt + settings.negative
        if again:
            prompt, negative = second.prompt or settings.prompt, second.negative or settings.negative
            texts = self._texts(encoder, prompt, negative, steps, settings.steps)
        guider = self._guider(network, texts, second.guidance or settings.guidance)
        schedule = self._schedule(trained, found, steps, second.strength, True)
        self.build.begin("Second pass")
        seed = (settings.seed or 0) + second.seed_offset
        noise = self.build.node("noise_stream", "noise", **_seed(seed), **_stream(settings))
        noise = self._on_the_way(noise, seed, "later_noise")
        wire = self.build.node("sample", "second_sampler", guider=guider, schedule=schedule, noise=noise, latent=latent)
        if second.model:
            notes.append(f"another model, {second.model}, made it; here it is the same")
        self._row("Second pass", "Second pass", f"{second.upscaler or 'Latent'}, {second.strength:g}", notes)
        return wire


def _stream(settings: ImageSettings) -> dict[str, str]:
    between = "seed + 1" if settings.noise == "batch" else "goes on"
    return {"stream": STREAMS[settings.noise], "between": between}


def _seed(seed: int) -> dict[str, Any]:
    """A seed as its parameter; one that a number in a file cannot hold as text."""
    seed %= 2**64
    return {"seed": seed} if seed < LARGEST_SEED else {"large_seed": str(seed)}
