"""Prompts of ComfyUI's API, made into runs: translated, checked, and kept to the folders that are served."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.exchange.client import ForeignFiles, ImportAnswer
from nodeflow.graph.io.files import loads
from nodeflow.graph.io.import_report import ImportReport
from nodeflow.graph.model.catalogue import Catalogue, Param
from nodeflow.graph.model.workflow import Problem, Workflow
from nodeflow.graph.validate.run_scope import obstacles, scope
from nodeflow.library.check_files import wrong_file
from nodeflow.library.folders import library_roots
from nodeflow.resources import STARTER
from nodeflow.service.folders import TEMP, ServedFolders, allowed, within
from nodeflow.service.refusals import Fault, NodeFaults, RequestRefusedError, refused

DOCUMENT = "scripts"
TITLE = "prompt of a script"
"""Whose runs these are, for the engine, and what a person sees of them."""
PREVIEWS = ("PreviewImage", "SaveImageWebsocket")
"""Classes whose images are no results: they lie in the folder for previews."""
OVER_SOCKET = "SaveImageWebsocket"
"""The class whose images the client gets over its socket."""
SAVES = "SaveImage"
PREVIEW_NAME = f"{TEMP}/preview"
LOADS = ("LoadImage", "LoadImageMask", "LoadImageOutput")
NODE_LIMIT = 5_000


class PromptRequest(msgspec.Struct):
    """What a client posts to run."""

    prompt: dict[str, Any]
    client_id: str = ""
    extra_data: dict[str, Any] = {}
    front: bool = False
    number: float | None = None
    prompt_id: str = ""


class Prepared(msgspec.Struct, frozen=True):
    """A prompt as a run. ``owners`` are the prompt's nodes by those of the workflow; ``told`` are notes on what is not
    exact, by node; ``differs`` in what else the run differs, in sentences."""

    run: RunRequest
    owners: dict[str, str]
    told: dict[str, list[str]] = {}
    differs: list[str] = []


class PromptReader:
    """Makes runs of prompts. To be called from any thread; it takes about as long as starting a small program."""

    def __init__(self, folders: ServedFolders, catalogue: Catalogue, device: str = "auto") -> None:
        self.folders, self.catalogue, self.device = folders, catalogue, device
        self._foreign = ForeignFiles()

    def read(self, asked: PromptRequest) -> Prepared:
        """Translate a prompt. Raises RefusedError where it cannot run, with all that is wrong."""
        graph = self._placed(asked.prompt)
        answer = self._foreign.ask(msgspec.json.encode(graph))
        if answer.error or answer.report is None:
            raise refused(400, "invalid_prompt", answer.error or "this prompt names no node")
        classes = {id: str(node.get("class_type", "")) for id, node in graph.items()}
        self._complete(answer, answer.report, classes)
        workflow = loads(answer.workflow)
        owners = {here: row.id for row in answer.report.rows for here in row.nodes}
        self._check(workflow, owners, classes)
        about = (str(self.folders.input), str(self.folders.output))
        run = RunRequest(answer.workflow, *about, device=self.device, document=DOCUMENT, title=TITLE)
        told = {row.id: row.notes for row in answer.report.rows if row.notes}
        return Prepared(run, owners, told, answer.report.differences)

    def close(self) -> None:
        """End what is being translated."""
        self._foreign.close()

    def _placed(self, prompt: dict[str, Any]) -> dict[str, Any]:
        """The prompt with its previews saved beside the results, and files named where they lie."""
        if not prompt:
            raise refused(400, "prompt_no_outputs", "Prompt has no outputs: it has no node")
        if len(prompt) > NODE_LIMIT:
            raise refused(400, "invalid_prompt", f"this prompt has more than {NODE_LIMIT} nodes")
        placed: dict[str, Any] = {}
        for id, node in prompt.items():
            if not isinstance(node, dict) or not isinstance(node.get("inputs"), dict):
                raise refused(400, "invalid_prompt", f"node {id} is no object with class_type and inputs")
            kind, inputs = node.get("class_type"), dict(node["inputs"])
            if kind in PREVIEWS:
                kind, inputs["filename_prefix"] = SAVES, PREVIEW_NAME
            elif kind in LOADS and isinstance(inputs.get("image"), str):
                inputs["image"] = self._image(inputs["image"])
            placed[id] = {**node, "class_type": kind, "inputs": inputs}
        return placed

    def _image(self, name: str) -> str:
        """An image's path: what is no input says so behind its name."""
        for kind in ("output", TEMP):
            if name.endswith(mark := f" [{kind}]"):
                return str(within(self.folders.root(kind), name.removesuffix(mark)))
        return name.removesuffix(" [input]")

    def _complete(self, answer: ImportAnswer, report: ImportReport, classes: dict[str, str]) -> None:
        """Refuse what has no counterpart here, what lacks a wire, and models that are not here."""
        wrong: dict[str, list[Fault]] = {}
        for row in report.rows:
            if row.lacking:
                wrong.setdefault(row.id, []).append(Fault("not_translated", row.lacking, row.type))
        for row in report.of("unknown"):
            sentence = "; ".join(row.notes) or "there is no counterpart here"
            wrong.setdefault(row.id, []).append(Fault("not_translated", sentence, row.type))
        for model in report.missing:
            sentence = f"there is no model {model.file!r} in the library; it belongs in a folder {model.folder!r}"
            wrong.setdefault(model.node, []).append(Fault("value_not_in_list", sentence, model.file))
        if wrong:
            raise _invalid(wrong, classes)

    def _check(self, workflow: Workflow, owners: dict[str, str], classes: dict[str, str]) -> None:
        about = scope(workflow, self.catalogue)
        problems = [*self._outside(about.workflow), *obstacles(workflow, self.catalogue, about)]
        wrong: dict[str, list[Fault]] = {}
        for problem in problems:
            fault = Fault("value_not_valid", problem.reason, problem.port)
            wrong.setdefault(owners.get(problem.node, problem.node), []).append(fault)
        if wrong:
            raise _invalid(wrong, classes)
        if not about.targets:
            raise refused(400, "prompt_no_outputs", "Prompt has no outputs: nothing in it saves or shows an image")

    def _outside(self, workflow: Workflow) -> Iterable[Problem]:
        """Paths that lead out of what is served, that only a run would tell, or where no file lies."""
        roots = [self.folders.output, *(root.path for root in library_roots())]
        wired = {(link.target, link.input) for link in workflow.links.values()}
        for name, node in workflow.nodes.items():
            spec = self.catalogue.nodes.get(node.type)
            for param in filter(_is_path, spec.params if spec else ()):
                if (name, param.name) in wired:
                    yield Problem(name, param.name, "a path that comes by wire is not taken from a script; write it")
                elif not self._may(param, node.params.get(param.name, param.default), roots):
                    yield Problem(name, param.name, "it leads out of the folders that are served")
                elif why := self._wrong_file(param, node.params.get(param.name, param.default)):
                    yield Problem(name, param.name, why)

    def _wrong_file(self, param: Param, value: Any) -> str:
        """Say why a file that is read is none of those; of models the translation has told it."""
        if param.widget not in ("file", "folder") or not param.reads or not isinstance(value, str) or not value.strip():
            return ""
        return wrong_file(param, value, self.folders.input)

    def _may(self, param: Param, value: Any, roots: list[Path]) -> bool:
        if not isinstance(value, str) or value.startswith(STARTER):
            return True
        return allowed(value, self.folders.output if param.writes else self.folders.input, roots)


def _is_path(param: Param) -> bool:
    return param.kind == "path" or param.reads or param.writes


def _invalid(wrong: dict[str, list[Fault]], classes: dict[str, str]) -> RequestRefusedError:
    details = "\n".join(
        f"{id} ({classes.get(id, '')}): {one.message}" for id, faults in wrong.items() for one in faults
    )
    fault = Fault("prompt_outputs_failed_validation", f"Prompt outputs failed validation: {details}", details)
    faults = {id: NodeFaults(found, classes.get(id, "")) for id, found in wrong.items()}
    return RequestRefusedError(400, fault, faults)
