"""Answers looks at values: by document, node and output, or by the handle of a value seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from nodeflow.engine.execution.executor import Executor
from nodeflow.engine.execution.latent_thumbnails import colours
from nodeflow.engine.inspect.export import ExportForm, file_of
from nodeflow.engine.inspect.network_views import MODEL
from nodeflow.engine.inspect.plain_views import ANYTHING
from nodeflow.engine.inspect.tensor_facts import facts, named_tensors
from nodeflow.engine.inspect.view_modules import built_in_views
from nodeflow.engine.previews.latent_colours import map_if_any
from nodeflow.engine.protocol.messages import Export, Exported, ViewQuery, ViewReply
from nodeflow.engine.protocol.value_handle import Overview, Seen, ValueHandle
from nodeflow.graph.io.files import write_atomic
from nodeflow.node import NodeError
from nodeflow.views import ValueView, ValueViews, ViewRequest
from nodeflow.wires import CLIP, VAE, Conditioning, Image

MAX_FACTS = 64
"""Tensors of one value that facts are told of."""
GONE = "this value is not in memory any more; run its node to see it"


class NotInMemory(NodeError):  # noqa: N818 - the value is, nothing went wrong
    """A value that a run to its node brings into memory."""


class ValueInspector:
    """Looks into what an executor holds. ``forms``: those of the installed packs, beside the built-in ones."""

    def __init__(self, executor: Executor, forms: Iterable[ValueViews] = ()) -> None:
        self.executor = executor
        self.forms: dict[str, tuple[ValueView, ...]] = {}
        for more in (*built_in_views(), *forms):
            for wire_type, found in more.items():
                self.forms[wire_type] = (*self.forms.get(wire_type, ()), *found)

    def look(self, look: ViewQuery) -> ViewReply:
        """The answer to a look; what goes wrong is a sentence in it."""
        document = _Document(self.executor, look.document)
        try:
            with torch.no_grad():
                return ViewReply(look.request, self._view(look, document), run=document.missing)
        except NotInMemory as gone:
            return ViewReply(look.request, error=str(gone), run=look.node)
        except Exception as error:  # a form may be other people's code; what it raises is a look less, no more
            return ViewReply(look.request, error=_sentence(error), run=document.missing)

    def export(self, export: Export) -> Exported:
        """Write a value into a file; what goes wrong is a sentence in the answer."""
        try:
            with torch.no_grad():
                data = file_of(self._wanted(export), Path(export.path).suffix)
            write_atomic(Path(export.path), data)
            return Exported(export.request)
        except OSError as error:
            return Exported(export.request, f"cannot write {export.path}: {error.strerror or error}; choose another")
        except Exception as error:
            return Exported(export.request, _sentence(error))

    def _wanted(self, export: Export) -> ExportForm:
        value = self._held(export.handle)
        form = next((one for one in self.forms_of(value, export.handle.type) if one.name == export.form), None)
        document = _Document(self.executor, export.document)
        document.about = export.handle
        asked = ViewRequest(document, export.options, export.size)
        return ExportForm(value, export.tensor, form, asked)

    def forms_of(self, value: Any, wire_type: str) -> list[ValueView]:
        """The forms that a value has: those of its wire type, or of its class, and those that any value may have."""
        own = self.forms.get(wire_type) or self.forms.get(type(value).__name__, ())
        return [form for form in (*own, *MODEL, *ANYTHING) if form.fits(value)]

    def _view(self, look: ViewQuery, document: _Document) -> Seen:
        names = self._tasks(look)
        handle = look.handle or self._handle(look, names[min(look.item, len(names) - 1)])
        document.about = handle
        wire_type = handle.type
        value = self._held(handle)
        forms = self.forms_of(value, wire_type)
        if not look.form:
            tensors = list(named_tensors(value))
            told = tuple(facts(*pair) for pair in islice(tensors, MAX_FACTS))
            infos = tuple(form.about(value) for form in forms)
            return Overview(handle, told, infos, len(tensors) - len(told), len(names))
        form = next((form for form in forms if form.name == look.form), None)
        if form is None:
            raise NodeError(f"a {wire_type} cannot be seen as {look.form!r}")
        if not look.other:
            return form.make(value, ViewRequest(document, look.options, look.size))
        if form.apart is None or look.other.type != wire_type:
            raise NodeError("these two cannot be compared by their values")
        return form.apart(value, ViewRequest(document, look.options, look.size, self._held(look.other)))

    def _tasks(self, look: ViewQuery) -> tuple[str, ...]:
        """Return what a node ran as: itself, or once for each item of a list."""
        return self.executor.recall(look.document).items.get(look.node) or (look.node,)

    def _handle(self, look: ViewQuery, name: str) -> ValueHandle:
        """The handle of what a task gave last."""
        task, key = self.executor.recall(look.document).last.get(name, (None, b""))
        if task is None:
            raise NotInMemory(f"{look.node} has not run yet")
        for place, port in enumerate(task.spec.outputs):
            if port.name == look.output:
                return ValueHandle(key.hex(), place, port.type)
        raise NodeError(f"{look.node} has no output {look.output!r}")

    def _held(self, handle: ValueHandle) -> Any:
        outputs = self.executor.cache.get(bytes.fromhex(handle.key))
        if outputs is None:
            raise NotInMemory(GONE)
        return outputs[handle.place]


class _Document:
    """Hold what stands beside a value in its document."""

    def __init__(self, executor: Executor, document: str) -> None:
        self._executor, self._document = executor, document
        self.missing = ""
        """The node whose result was wanted and is not in memory."""
        self.about: ValueHandle | None = None
        """The value that is looked at."""

    def vae(self, channels: int) -> Any:
        return self._find(VAE.__name__, lambda vae: vae.format.channels == channels)

    def colours(self, channels: int) -> Any:
        found = colours(self._executor.recall(self._document), self._executor.cache, channels)
        return map_if_any(self.vae(channels)) if found is None else found

    def clip(self, width: int) -> Any:
        return self._find(CLIP.__name__, lambda clip: not width or clip.embed_texts([""]).values.shape[-1] == width)

    def image(self) -> Any:
        if self.about is None:
            return None
        history, cache = self._executor.recall(self._document), self._executor.cache
        for place, key in history.made_of(bytes.fromhex(self.about.key), Image.__name__):
            outputs = cache.get(key)
            if outputs is not None:
                return outputs[place]
        return None

    def texts(self) -> list[str]:
        history = self._executor.recall(self._document)
        tasks = [task for name, (task, _) in history.last.items() if name in history.named]
        encoders = [task for task in tasks if any(port.type == Conditioning.__name__ for port in task.spec.outputs)]
        written = [(task, param) for task in encoders for param in task.spec.params if param.widget == "multiline"]
        found = [str(task.node.params.get(param.name, param.default)).strip() for task, param in written]
        return [text for text in found if text]

    def _find(self, wire_type: str, fits: Callable[[Any], bool]) -> Any:
        found, self.missing = self._executor.recall(self._document).find(self._executor.cache, wire_type, fits)
        return found


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, NodeError) else f"this cannot be shown ({type(error).__name__}: {error})"
