"""A network of a library, and how it is made of weights that some file names in its own way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from nodeflow.node import NodeError
from nodes.loaders.models.empty_networks import empty_networks
from nodes.loaders.quantised.encoded import same_numbers
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.folder_files import named, no_progress_bar, read_weights
from nodes.loaders.read.made_of import WatchedWeights, made_of
from nodes.loaders.read.quantised_folder import bitsandbytes_config, weights_of_folder
from nodes.loaders.read.weights import fill

TOKENIZERS = (r"(.*\.)?(tokenizer_json|spiece_model|tekken_model)$",)
"""Patterns of tensors that hold a tokenizer."""
Weights = dict[str, Any]
"""Weights by name; quantised ones are `EncodedTensor`s, which can be split and joined by rows."""


def as_they_are(weights: Weights) -> Weights:
    """Return weights under the names that they have."""
    return weights


@dataclass(frozen=True)
class Architecture:
    """A network class, and how it is told from weights alone.

    ``library`` is ``diffusers`` or ``transformers``, ``kind`` its class. ``named`` brings a file's names, of any
    layout that the field has, to the class's own. ``shape`` tells from weights so named what the class is made with:
    keyword arguments, or for transformers a configuration. Both raise KeyError for weights that are missing.
    ``ignorable``: patterns that names of weights begin with which do nothing. ``others``: patterns that names of
    *another* model hold, with what it is. ``precisions``: what it computes rightly in, the best first. ``optional``:
    parts of the network that a file may be without; ``tied``: parts that are another part of it under a second name.
    ``finish``: what is done to a network last, once it has its weights. ``held``: networks that it has inside, by name,
    which lie in a folder of their own beside it in a pipeline.
    """

    library: str
    kind: str
    shape: Callable[[Weights], Any]
    named: Callable[[Weights], Weights] = as_they_are
    ignorable: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)
    precisions: tuple[str, ...] = ("bfloat16", "float32")
    optional: tuple[str, ...] = ()
    tied: Mapping[str, str] = field(default_factory=dict)
    finish: Callable[[Any], None] = lambda module: None
    held: Mapping[str, Architecture] = field(default_factory=dict)

    def from_file(self, path: Path, weights: FileWeights, what: str, dtype: torch.dtype, **settings: Any) -> Any:
        """The network, with all weights of a file or of one part of it; quantised ones stay as they are.

        ``what`` names it in a sentence; ``settings``: what no weight tells. Raises NodeError where weights are
        missing, do not fit, or have no place in it.
        """
        weights.refuse_others(path, self.others)
        told = WatchedWeights()
        with made_of(path, what, weights, lambda: weights.own(told.last, told)):
            with weights.followed:
                told |= self.named(dict(weights))
            shape = self.shape(told)
            told.last = ""
            module = self.empty(shape, settings)
            for name, inner in self.held.items():
                before = f"{name}."
                own = {key.removeprefix(before): value for key, value in told.items() if key.startswith(before)}
                if not own and name in self.optional:
                    continue
                setattr(module, name, inner.empty(inner.shape(own), {}))
        return self._filled(path, module, weights, told, dtype, what)

    def _filled(
        self, path: Path, module: Any, weights: FileWeights, told: Weights, dtype: torch.dtype, what: str
    ) -> Any:
        """The network with its weights, all of which are accounted for; ``told`` are these under its own names."""
        for part in self.optional:
            if part not in self.held and not any(name.startswith(f"{part}.") for name in told):
                holder, _, name = part.rpartition(".")
                setattr(module.get_submodule(holder), name, None)
        for part, other in self.tied.items():
            self._drop_twin(path, f"{part}.weight", f"{other}.weight", weights, told)
            delattr(module, part)
        fill(path, module, weights.given(module, module_names(module, told)), dtype, what)
        for part, other in self.tied.items():
            setattr(module, part, module.get_submodule(other))
        weights.close(path, (*self.ignorable, *(TOKENIZERS if self.library == "transformers" else ())))
        self.finish(module)
        return module

    def _drop_twin(self, path: Path, name: str, other: str, weights: FileWeights, told: Weights) -> None:
        """Take away the second of two names of one weight. Raises NodeError where the file has two weights for it."""
        if name not in told or other not in told:
            return
        twin = told.pop(name)
        if not same_numbers(twin, told[other]):
            raise NodeError(
                f"{named(path)} holds {name} and {other}, which are one in this network, with other numbers each; take "
                "another file of this model"
            )
        weights.understood(*weights.followed.sources(twin))

    def from_folder(self, folder: Path, dtype: torch.dtype) -> Any:
        """The network of a folder, as its library saves it. Raises NodeError for missing, damaged or unsafe weights."""
        module = self._alone(folder, dtype)
        for name, inner in self.held.items():
            if not (folder.parent / name).is_dir():
                if name in self.optional:
                    continue
                raise NodeError(f"{folder.parent.name} has no {name}; download it again, with all its folders")
            setattr(module, name, inner.from_folder(folder.parent / name, dtype))
        return module

    def _alone(self, folder: Path, dtype: torch.dtype) -> Any:
        """The same without the networks that lie in folders of their own."""
        if (config := bitsandbytes_config(folder)) is not None:
            return self._from_quantised(folder, config, dtype)
        module = self._saved(folder, dtype)
        self.finish(module)
        return module

    def _saved(self, folder: Path, dtype: torch.dtype) -> Any:
        """The same as its library reads it."""
        if self.library == "diffusers":
            options = {"torch_dtype": dtype}
            return read_weights(self._class(), folder, "diffusion_pytorch_model", options, self.ignorable)
        with no_progress_bar():
            return read_weights(self._class(), folder, "model", {"dtype": dtype}, self.ignorable)

    def _from_quantised(self, folder: Path, config: Mapping[str, Any], dtype: torch.dtype) -> Any:
        """The network of a folder that bitsandbytes quantised: its weights stay as they are."""
        weights = weights_of_folder(folder)
        with made_of(folder, self.kind, weights):
            with weights.followed:
                told = self.named(dict(weights))
            if self.library == "diffusers":
                shape, *_ = self._class().extract_init_dict(dict(config))
            else:
                shape = self._class().config_class.from_dict(dict(config))
            module = self.empty(shape, {})
        return self._filled(folder, module, weights, told, dtype, "")

    def _class(self) -> Any:
        from importlib import import_module

        return getattr(import_module(self.library), self.kind)

    def empty(self, shape: Any, settings: Mapping[str, Any]) -> Any:
        """The network without storage for its weights."""
        with empty_networks():
            if isinstance(shape, Mapping):
                return self._class()(**{**shape, **settings})
            return self._class()(shape)


INSIDE = "text_model."
"""What some classes of CLIP hold their network in, by the version of transformers."""


def module_names(module: Any, weights: Weights) -> Weights:
    """Weights as a network of this version of its library names them."""
    if hasattr(module, "text_model") or not any(name.startswith(INSIDE) for name in weights):
        return weights
    return {name.removeprefix(INSIDE): value for name, value in weights.items()}
