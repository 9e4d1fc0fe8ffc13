"""Writing a workflow as a Python script that needs diffusers and transformers alone, and gives the same image."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodes.comfyui.export.exporter import CannotExportError, Exporter
from nodes.script.models import Model, model_of
from nodes.script.pieces import HEAD, Imports, called, literal
from nodes.script.schedulers import scheduler_lines
from nodes.script.texts import ENCODE, encoded, label_of

SAMPLE = '''

def sample(predict, make_scheduler, steps, seed, shape, **options):
    """Denoise from the noise of a seed; ``predict`` gives what the network predicts, guided."""
    generator = torch.Generator().manual_seed(seed)
    scheduler = make_scheduler()
    scheduler.set_timesteps(steps)
    x = torch.randn(shape, generator=generator) * scheduler.init_noise_sigma
    if "generator" in inspect.signature(scheduler.step).parameters:
        options["generator"] = [generator]
    for number, t in enumerate(scheduler.timesteps):
        output = predict(scheduler.scale_model_input(x, t), t, number + 1 == len(scheduler.timesteps))
        x = scheduler.step(output, t, x, return_dict=False, **options)[0]
    return x
'''
SAVE = '''

def save(vae, latents, name):
    """Decode latents and write each as a PNG file that was not there before."""
    for latent in latents:
        pixels = vae.decode(latent / vae.config.scaling_factor, return_dict=False)[0].float()
        values = ((pixels / 2 + 0.5).clamp(0, 1)[0] * 255).round().to(torch.uint8)
        number = 1
        while Path(f"{name}-{number:05}.png").exists():
            number += 1
        Image.fromarray(values.permute(1, 2, 0).numpy()).save(f"{name}-{number:05}.png")
'''
LINE = 120
"""Characters of a line of a script."""


class CannotScriptError(ValueError):
    """One sentence: which part of a workflow cannot be written as a script."""


class Script(NamedTuple):
    """The text, and in sentences which images of the workflow it does not make."""

    text: str
    told: list[str]


def script_of(workflow: Workflow, catalogue: Catalogue) -> Script:
    """Return a script that makes the images that the workflow saves, as far as diffusers has the parts.

    Raises CannotScriptError where it would make none.
    """
    about = Exporter(workflow, catalogue)
    saves = [name for name in about.workflow.nodes if about.kind(name) == "save_image"]
    writer, told = _Writer(about), list[str]()
    for name in saves:
        try:
            writer.save(name)
        except CannotExportError as error:
            told.append(f"{name} is left out: {error}")
    if not writer.images:
        raise CannotScriptError("; ".join(told) or "no node saves an image")
    return Script(writer.text(), told)


class _Writer:
    """Collects the parts of a script: each model and text once, a call for each sampler."""

    def __init__(self, about: Exporter) -> None:
        self.about = about
        self.imports = Imports()
        self.lines: list[str] = []
        self.images = 0
        self._models: dict[str, Model] = {}
        self._named: dict[tuple[str, ...], str] = {}
        self._encodes = self._learned = False

    def text(self) -> str:
        """The whole script."""
        self.imports.add("inspect")
        self.imports.add("torch")
        self.imports.take("pathlib", "Path")
        self.imports.take("PIL", "Image")
        parts = [HEAD, self.imports.text(), "\ntorch.set_grad_enabled(False)\n"]
        parts += [ENCODE] if self._encodes else []
        text = "".join([*parts, SAMPLE, SAVE, "\n\n", "\n".join(self.lines), "\n"])
        return re.sub(r"\n{4,}", "\n\n\n", text)

    def save(self, name: str) -> None:
        """Write what makes the image that a node saves; nothing of it is kept where a part cannot be."""
        lines, named = list(self.lines), dict(self._named)
        try:
            decode = self.about.node_at(name, "image")
            self._is(decode, "vae_decode")
            vae = self._model(self.about.node_at(decode, "vae"))
            latents = self._sampled(self.about.node_at(decode, "latent"))
            shift = vae.shift
            if shift:
                raise CannotExportError("its VAE shifts latents, which is not written here")
            self.lines.append(f"save({vae.name}_vae, {latents}, {literal(str(self.about.plain(name, 'name')))})")
            self.images += 1
        except CannotExportError:
            self.lines, self._named = lines, named
            raise

    def _is(self, name: str, *kinds: str) -> str:
        kind = self.about.kind(name)
        if kind not in kinds:
            raise CannotExportError(f"{name} has no counterpart in diffusers that gives the same numbers")
        if self.about.workflow.nodes[name].mode != "run":
            raise CannotExportError(f"{name} is muted or bypassed; take it out, or let it run")
        return kind

    def _model(self, name: str) -> Model:
        if name not in self._models:
            self._models[name] = model_of(self.about, name)
        model = self._models[name]
        if (name,) not in self._named:
            self._named[(name,)] = name
            self.lines += model.lines(self.imports)
        return model

    def _sampled(self, name: str) -> str:
        """The variable that holds the latents of a sampler, one for each seed."""
        if ("sampled", name) in self._named:
            return self._named["sampled", name]
        self._is(name, "sample")
        about = self.about
        if about.source(name, "latent") is not None:
            raise CannotExportError(f"{name} begins from an image, which a script does not do yet")
        if about.plain(name, "batch") != "each alone":
            raise CannotExportError(f"{name} computes a batch together; set its batch to each alone")
        guider, noise = about.node_at(name, "guider"), about.node_at(name, "noise")
        predict, model = self._predictor(guider, name)
        scheduler, steps, options = self._scheduler(about.node_at(name, "schedule"), model, self._learned)
        seeds, size = self._noise(noise, model)
        variable = called(name, "latents")
        call = f"sample({predict}, {scheduler}, {steps}, seed, {size}{options})"
        line = f"{variable} = [{call} for seed in {literal(seeds)}]"
        apart = [f"{variable} = [", f"    {call}", f"    for seed in {literal(seeds)}", "]"]
        self.lines += [line] if len(line) <= LINE else apart
        self._named["sampled", name] = variable
        return variable

    def _predictor(self, guider: str, sampler: str) -> tuple[str, Model]:
        """A function that predicts, guided: its name, and the model that it asks."""
        about = self.about
        kind = self._is(guider, "classifier_free_guidance", "no_guidance")
        denoiser = about.node_at(guider, "denoiser")
        asked = self._is(denoiser, "unet_denoiser", "dit_denoiser")
        network = "unet" if asked == "unet_denoiser" else "transformer"
        if about.plain(denoiser, "prediction") != "auto":
            raise CannotExportError(f"{denoiser} sets another prediction type than its model's, which is not written")
        source = about.source(denoiser, network)
        if source is None or source.output != network:
            raise CannotExportError(f"what is done to the network of {denoiser} is not written")
        model = self._model(source.source)
        alone = kind == "no_guidance"
        sides = ["conditioning"] if alone else ["negative", "positive"]
        texts = [self._condition(about.node_at(guider, side), asked) for side in sides]
        if not alone and about.plain(guider, "rescale"):
            raise CannotExportError(f"{guider} rescales its guidance, which is not written")
        scale = "" if alone else literal(about.plain(guider, "scale"))
        name = called(guider, "predict")
        if ("predict", guider) not in self._named:
            self._named["predict", guider] = name
            self.lines += self._prediction(name, f"{model.name}_{network}", texts, scale, asked, model)
        self._learned = model.learned_variance and asked == "dit_denoiser"
        if self._learned and about.plain(denoiser, "variance") != "learned":
            raise CannotExportError(f"{denoiser} leaves its learned variance out, which is not written")
        return name, model

    def _prediction(self, name: str, network: str, texts: list[str], scale: str, asked: str, model: Model) -> list[str]:
        both, x, last = len(texts) == 2, "torch.cat([x, x])" if len(texts) == 2 else "x", "last"
        joined = ", ".join(texts)
        given = f"torch.tensor([{joined}])" if asked == "dit_denoiser" else f"torch.cat([{joined}])" if both else joined
        time = "t" if asked == "unet_denoiser" else f"t.expand({len(texts)})"
        lines = [f"def {name}(x, t, last):", f"    output = {network}({x}, {time}, {given}, return_dict=False)[0]"]
        if asked == "dit_denoiser" and model.learned_variance:
            lines.append("    output, variance = output.chunk(2, dim=1)")
        if both:
            lines.append("    unconditional, conditional = output.chunk(2)")
            lines.append(f"    output = unconditional + {scale} * (conditional - unconditional)")
        if asked == "dit_denoiser" and model.learned_variance:
            lines.append("    variance = variance[-len(x) :]")
            lines.append(f"    variance = torch.full_like(variance, -1) if {last} else variance")
            lines.append("    return torch.cat([output, variance], 1)")
        else:
            lines.append("    return output")
        return ["", "", *lines, "", ""]

    def _condition(self, name: str, asked: str) -> str:
        if asked == "dit_denoiser":
            self._is(name, "class_label")
            model = self._model(self.about.node_at(name, "classes"))
            return str(label_of(self.about, name, model))
        self._is(name, "clip_text_encode")
        model = self._model(self.about.node_at(name, "text_encoder"))
        self._encodes = True
        if ("text", name) not in self._named:
            self._named["text", name] = called(name, "tokens")
            self.lines.append(f"{called(name, 'tokens')} = {encoded(self.about, name, model)}")
        return self._named["text", name]

    def _scheduler(self, name: str, model: Model, learned: bool) -> tuple[str, str, str]:
        self._is(name, "scheduler")
        trained = self.about.source(name, "trained")
        if trained is None or self._model(trained.source) is not model:
            raise CannotExportError(f"{name} has noise levels of its own, which are not written")
        found = scheduler_lines(self.about, name, model, learned)
        key = ("scheduler", name, str(learned))
        if key not in self._named:
            self._named[key] = found.function
            self.imports.take("diffusers", found.kind)
            self.lines += found.lines
        return found.function, found.steps, found.options

    def _noise(self, name: str, model: Model) -> tuple[tuple[int, ...], str]:
        kind = self._is(name, "gaussian_noise", "noise_stream")
        about: dict[str, Any] = {key: self.about.plain(name, key) for key in ("seed", "batch", "width", "height")}
        if kind == "noise_stream" and (
            self.about.plain(name, "stream") != "a seed an image" or self.about.plain(name, "between") != "goes on"
        ):
            raise CannotExportError(f"{name} draws noise as another program does, which is not written")
        seeds = tuple(about["seed"] + number for number in range(about["batch"]))
        return seeds, model.shape(about["width"], about["height"])
