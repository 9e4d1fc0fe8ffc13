"""Models that others of ComfyUI's nodes are for without naming them, and that their nodes here ask for.

Some schedulers space levels over those of a model; reference images of a text have the sizes of its model's family.
"""

from __future__ import annotations

from nodeflow.graph.io.comfyui.prompt import FlatPrompt, OutputPlace, PromptNode

WITHOUT_MODEL = ("Flux2Scheduler", "Ideogram4Scheduler")
"""Schedulers whose levels are spaced over those of a model that they do not name."""
WITH_IMAGES = ("TextEncode", "Reference")
"""How classes begin of texts with reference images."""
TEXTS = ("positive", "negative", "conditioning", "cond")
"""How inputs begin that texts come to."""
LONGEST = 32
"""Nodes between a scheduler and its sampler."""


def models_of_levels(prompt: FlatPrompt) -> dict[str, OutputPlace]:
    """Return by the ids of such schedulers the output of the model that is sampled along them."""
    found: dict[str, OutputPlace] = {}
    if not any(node.type in WITHOUT_MODEL for node in prompt.nodes.values()):
        return found
    for sampler in prompt.nodes.values():
        model, at = _model(prompt, sampler), sampler
        for _ in range(LONGEST):
            levels = next(
                (one for key, one in at.inputs.items() if key.startswith("sigmas") and _known(prompt, one)), None
            )
            if model is None or not isinstance(levels, OutputPlace):
                break
            at = prompt.nodes[levels.node]
            if at.type in WITHOUT_MODEL:
                found.setdefault(at.id, model)
                break
    return found


def networks_of_texts(prompt: FlatPrompt) -> dict[str, OutputPlace]:
    """Return by the ids of texts the loader of the model that is led by them."""
    found: dict[str, OutputPlace] = {}
    if not any(node.type.startswith(WITH_IMAGES) for node in prompt.nodes.values()):
        return found
    for holder in prompt.nodes.values():
        loader = _loader(prompt, holder)
        if loader is None:
            continue
        waiting = [value for key, value in holder.inputs.items() if key.startswith(TEXTS)]
        while waiting:
            text = waiting.pop()
            if not isinstance(text, OutputPlace) or text.node not in prompt.nodes or text.node in found:
                continue
            found[text.node] = loader
            waiting += [value for key, value in prompt.nodes[text.node].inputs.items() if key.startswith(TEXTS)]
    return found


def _loader(prompt: FlatPrompt, holder: PromptNode) -> OutputPlace | None:
    """What the model of a sampler or guider was before anything was put on it."""
    model, at = None, holder
    for _ in range(LONGEST):
        before = at.inputs.get("model")
        if not isinstance(before, OutputPlace) or before.node not in prompt.nodes:
            break
        model, at = before, prompt.nodes[before.node]
    return model


def _model(prompt: FlatPrompt, sampler: PromptNode) -> OutputPlace | None:
    """The model of a sampler, or of its guider."""
    guider = sampler.inputs.get("guider")
    holder = prompt.nodes.get(guider.node) if isinstance(guider, OutputPlace) else sampler
    model = holder.inputs.get("model") if holder is not None else None
    return model if isinstance(model, OutputPlace) and _known(prompt, model) else None


def _known(prompt: FlatPrompt, value: object) -> bool:
    return isinstance(value, OutputPlace) and value.node in prompt.nodes
