"""Compares what nodes refuse when they run with what `nodeflow check` finds before.

``python -m benchmarks.check_and_run [NODE ...]``: every node of the catalogue is called as it is declared, with what
other nodes give at its inputs, and then once for each odd value of each text, number and path. A value that the node
refuses and that the check says nothing of is a gap, unless what flows on the wires decides, which no check can know:
such parameters are named in ``ON_WIRES``. Prints each gap, and how many values were compared; exit status 1 with gaps.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nodeflow.graph.model.catalogue import Catalogue, NodeSpec, Param, fits, is_list
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.graph.validate.check import check
from nodeflow.library.check_files import problems_on_disk
from nodeflow.node import NodeError

TEXTS = (
    *(
        "",
        " ",
        "x",
        "{",
        "}",
        "{gone}",
        "[",
        "(",
        "*",
        "\\",
        "1,2",
        "1, x",
        "nan",
        "inf",
        "-1",
        "0",
        "1e400",
        "7,",
        "%",
    ),
    *('{"a": 1}', "a/b", "../x", ".x", "a" * 300, "#12", "#ff8800", "red", "a:b", "a + ", "__import__('os')", "512x0"),
)
MODELS = "", " ", "gone.safetensors", "starter:gone", "starter:clip", "starter:compact-upscaler", "someone/partial"
FILES = "", "gone.png", ".", "note.txt", "gone/x.png"
NUMBERS = -(2**53), -1, 0, 1, 1e30
ON_WIRES = frozenset(
    f"nodes.{one}"
    for one in (
        *("cut_into_tiles.width", "cut_into_tiles.height"),
        *("class_label.label", "value_in_json.text", "value_in_json.key"),
        *("replace_by_pattern.replace", "find_in_text.take", "wildcards.text", "noise_stream.stream"),
        *("smoothed_energy_guidance.layers", "perturbed_attention_guidance.layers", "skip_layer_guidance.layers"),
        *("weaken_guidance.layers", "load_text_encoder.family", "save_image.folder"),
        *("set_first_sigma.sigma", "weighted_text_encode.second_text"),
    )
)
"""``node.param`` of which only a run knows whether a value fits: by the model or text that it meets."""
MOST_WAYS = 40
"""Combinations of what other nodes give that are tried at a node's inputs."""
MOST_SECONDS = 30
"""After which a call is given up: what a node refuses, it refuses before."""
FIRST = (
    *("load_latent_diffusion", "unet_denoiser", "clip_text_encode", "empty_latent", "plain_image", "plain_mask"),
    *("scheduler", "noise", "classifier_free_guidance"),
)
"""Nodes whose results are taken before those of others."""


class Caller:
    """Calls nodes, with what other nodes give at their inputs."""

    def __init__(self) -> None:
        from nodeflow.engine.worker.packs import load_packs

        packs = load_packs()
        self.catalogue: Catalogue = packs.catalogue
        self._functions = packs.functions
        self._given: dict[str, list[Any]] = {}
        self._asked: set[str] = set()

    def call(self, spec: NodeSpec, given: dict[str, Any], params: dict[str, Any], whole: bool = True) -> Any:
        """What a node gives; where it streams, and not ``whole``, it is left after its first step, before which it
        refuses what it does not take. Raises whatever the node raises, and TimeoutError where that takes long."""
        named = {port.name for port in spec.inputs if not port.many}
        many = [given[port.name] for port in spec.inputs if port.many and port.name in given]
        values = {
            p.name: Path(params[p.name]) if p.kind == "path" else params[p.name]
            for p in spec.params
            if p.name in params
        }
        signal.alarm(MOST_SECONDS)
        try:
            found = self._functions[spec.type](*many, **{k: v for k, v in given.items() if k in named}, **values)
            return _result(found, whole) if spec.streams else found
        finally:
            signal.alarm(0)

    def inputs(self, spec: NodeSpec) -> dict[str, Any] | None:
        """Inputs with which a node takes its declared parameters; None where none are found."""
        ports = [port for port in spec.inputs if port.required or port.many]
        ways = [[[one] if is_list(port.type) else one for one in self.values(port.type)] for port in ports]
        for way in itertools.islice(itertools.product(*ways), MOST_WAYS):
            given = dict(zip((port.name for port in ports), way, strict=True))
            try:
                self.call(spec, given, {}, False)
            except Exception:
                continue
            return given
        return None

    def values(self, type: str) -> list[Any]:
        """What nodes give that fits a type."""
        if type in self._given:
            return self._given[type]
        if type in self._asked:
            return []
        self._asked.add(type)
        makers = [spec for spec in self.catalogue.nodes.values() if any(_makes(out.type, type) for out in spec.outputs)]
        makers.sort(
            key=lambda spec: (_place(spec), spec.streams, len([p for p in spec.inputs if p.required]), spec.type)
        )
        found: list[Any] = []
        for spec in makers[:12]:
            given = self.inputs(spec) if not spec.through else None
            if given is None:
                continue
            made = self.call(spec, given, {})
            at = next(n for n, out in enumerate(spec.outputs) if _makes(out.type, type))
            one = made[at] if len(spec.outputs) > 1 else made
            found.append(one[0] if is_list(spec.outputs[at].type) and isinstance(one, list) else one)
            if len(found) == 4:
                break
        self._given[type] = found
        self._asked.discard(type)
        return found


def _makes(given: str, wanted: str) -> bool:
    return "Any" not in given and fits(given, wanted)


def _place(spec: NodeSpec) -> int:
    name = spec.type.partition(".")[2]
    return FIRST.index(name) if name in FIRST else len(FIRST)


def _result(steps: Iterator[Any], whole: bool) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
        if not whole:
            return None


def odd(param: Param) -> tuple[Any, ...]:
    """Values to try for a parameter."""
    match param.kind:
        case "int" | "float":
            low = () if param.minimum is None else (param.minimum,)
            open_ended = NUMBERS if param.minimum is None or param.maximum is None else ()
            return tuple(int(one) if param.kind == "int" else float(one) for one in (*low, *open_ended))
        case "str" if param.widget == "model":
            return MODELS
        case "str":
            return TEXTS
        case "path":
            return FILES
        case "choice":
            return param.choices
    return ()


def refusal(caller: Caller, spec: NodeSpec, given: dict[str, Any], params: dict[str, Any]) -> str:
    """Why a node refuses values of its parameters; empty where it takes them."""
    try:
        caller.call(spec, given, params, False)
    except NodeError as error:
        return str(error)
    except TimeoutError:
        return ""
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def found_before(catalogue: Catalogue, spec: NodeSpec, param: Param, value: Any, base: Path, why: str) -> bool:
    """Return whether the check says something of a value, or what the node refuses it for."""
    workflow = Workflow({"one": Node(spec.type, spec.version, {param.name: value})})
    problems = check(workflow, catalogue) + problems_on_disk(workflow, catalogue, base, lambda _: [])
    usual = value == param.default  # what else the node lacks is then what it is refused for
    return any(problem.port == param.name or problem.reason == why or usual for problem in problems)


def partial_snapshot(cache: Path) -> None:
    """A repository in the hub's cache of which only the entry was fetched."""
    place = cache / "models--someone--partial"
    snapshot = place / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("0" * 40)
    (snapshot / "model_index.json").write_text(
        '{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], '
        '"vae": ["diffusers", "AutoencoderKL"], "text_encoder": ["transformers", "CLIPTextModel"]}'
    )


def _late(*_: object) -> None:
    raise TimeoutError


def main() -> None:
    """Compare, and print the gaps."""
    signal.signal(signal.SIGALRM, _late)
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("nodes", nargs="*")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        os.environ["HF_HUB_CACHE"], os.environ["NODEFLOW_DATA"] = str(base / "hub"), str(base / "data")
        partial_snapshot(base / "hub")
        (base / "note.txt").write_text("no image")
        os.chdir(base)
        sys.exit(_compare(base, set(asked.nodes)))


def _compare(base: Path, only: set[str]) -> int:
    caller = Caller()
    wanted = [
        spec
        for spec in caller.catalogue.nodes.values()
        if spec.params and (not only or spec.type.partition(".")[2] in only)
    ]
    compared, gaps, alone, began = 0, 0, [], time.monotonic()
    for number, spec in enumerate(wanted):
        passed = f"{time.monotonic() - began:4.0f} s"
        print(f"{passed}, {number + 1} of {len(wanted)}: {spec.type}", file=sys.stderr, flush=True)
        given = caller.inputs(spec)
        if given is None and any(port.required for port in spec.inputs):
            alone.append(spec.type)
            continue
        usual = refusal(caller, spec, given or {}, {})
        for param, value in ((one, value) for one in spec.params for value in odd(one)):
            compared += 1
            if why := _gap(caller, spec, given or {}, param, value, usual, base):
                gaps += 1
                print(f"{spec.type}.{param.name}={str(value)[:30]!r}: {why[:150]}", flush=True)
    print(f"{compared:,} values compared, {gaps} gaps; {len(alone)} nodes could not be called: {', '.join(alone)}")
    return int(bool(gaps))


def _gap(
    caller: Caller, spec: NodeSpec, given: dict[str, Any], param: Param, value: Any, usual: str, base: Path
) -> str:
    """Why a node refuses a value of which the check says nothing; empty where both agree. ``usual``: why it refuses
    what it is declared with."""
    if f"{spec.type}.{param.name}" in ON_WIRES:
        return ""
    why = refusal(caller, spec, given, {param.name: value})
    if not why or (why == usual and value != param.default):
        return ""
    return "" if found_before(caller.catalogue, spec, param, value, base, why) else why


if __name__ == "__main__":
    main()
