"""Gives the program damaged and absurd files, and looks whether it refuses them in its own words, soon, and runs none.

``python -m benchmarks.fuzz [KIND ...] [--count N] [--seed N]`` with the kinds workflows, expressions, images, weights,
layouts (faulty files in the true layouts of the field: each is refused, or read as what it was); all of them in their
full numbers by default. Every case is made from a seed, so that one can be made again. Prints for each kind how many
were taken and refused, the longest CPU time and the most memory; exit status 1 where one raised anything but a problem
of our own, took more than 5 CPU seconds or 2 GiB, or ran code.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import multiprocessing
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from nodeflow.engine.execution.out_of_memory import is_shortage
from nodeflow.graph.model.workflow import WorkflowError
from nodeflow.resources import folder

COUNTS = {"workflows": 20_000, "expressions": 20_000, "images": 5_000, "weights": 2_000, "layouts": 3_000}
MAX_SECONDS, MAX_BYTES = 5.0, 2 * 2**30
CODE = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class", "socket.connect", "exec")
"""Events of the interpreter that say that something runs or leaves the machine."""
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        2**31,
        2**63,
        2**64,
        10**40,
        1e300,
        -1e300,
        1e-320,
        "",
        "x",
        "a.b",
        "@inputs.a",
        "\0",
        "~root",
    ),
    *([], {}, [[]], {"type": "nodes.text"}, "../" * 50, "é" * 300, "a" * 3000, [0] * 300, "subgraph.a", "nodes.sample"),
)
Case = Callable[[], object]


def mutated_bytes(chance: random.Random, data: bytes) -> bytes:
    """Data with some bytes turned, cut, doubled or put elsewhere."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        at, size = chance.randrange(len(found) + 1), chance.choice((1, 1, 4, 64))
        match chance.randrange(5):
            case 0:
                found[at : at + size] = chance.randbytes(size)
            case 1:
                del found[at : at + size]
            case 2:
                found[at:at] = found[at : at + size]
            case 3:
                found[at:] = b"" if chance.random() < 0.2 else found[at:]
            case _:
                found[at : at + 4] = chance.choice((0, 1, 2**16, 2**31, 2**32 - 1)).to_bytes(4, "little")
    return bytes(found)


def mutated_json(chance: random.Random, value: Any) -> Any:
    """A document in which some places hold something else."""
    value = json.loads(json.dumps(value))
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        places = list(_places(value))
        if places:
            holder, key = chance.choice(places)
            match chance.randrange(4):
                case 0:
                    del holder[key]
                case 1:
                    other, name = chance.choice(places)
                    if name in (range(len(other)) if isinstance(other, list) else other):
                        holder[key] = json.loads(json.dumps(other[name]))
                case _:
                    holder[key] = copy.deepcopy(chance.choice(ODD))
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    todo = [value]
    while todo:
        part = todo.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        for key in keys:
            yield part, key
            todo.append(part[key])


def workflows(chance: random.Random, _: Path) -> Iterator[Case]:
    """Workflow files: read, checked, planned, written and read again."""
    from nodeflow.engine.planning.plan import plan
    from nodeflow.graph.io.files import dumps, loads
    from nodeflow.graph.model.catalogue import decode
    from nodeflow.graph.validate.check import check

    catalogue = decode((folder("assets") / "catalogue.json").read_bytes())
    texts = [path.read_bytes() for path in sorted(folder("workflows").glob("*.json"))]

    def look(data: bytes) -> None:
        workflow = loads(data)
        check(workflow, catalogue)
        again = loads(dumps(workflow))
        assert dumps(again) == dumps(workflow), "is not written as it is read"
        plan(workflow, catalogue)

    while True:
        text = chance.choice(texts)
        odd = chance.random() < 0.7
        data = json.dumps(mutated_json(chance, json.loads(text))).encode() if odd else mutated_bytes(chance, text)
        yield partial(look, data)


def expressions(chance: random.Random, _: Path) -> Iterator[Case]:
    """Numbers as people type them."""
    from nodeflow.app.canvas.editors.expressions import number

    words = (
        "0 1 9 2.5 1e308 10**9 -1 ( ) , + - * / // % ** pi e abs( round( exp( max( sqrt( log( é \0 x __class__ . [ ] '"
    )
    while True:
        text = "".join(chance.choices(words.split(" "), k=chance.randrange(1, 40)))
        yield partial(number, text)


def images(chance: random.Random, below: Path) -> Iterator[Case]:
    """Images, looked at by the node that loads them and by what reads workflows out of them."""
    from PIL import Image

    from nodeflow.graph.io.png_text import with_workflow, workflow_of
    from nodes.images.image_files import load_image

    made: list[tuple[str, bytes]] = []
    for kind, mode in (("png", "RGBA"), ("png", "P"), ("png", "I;16"), ("jpeg", "RGB"), ("gif", "P"), ("tiff", "RGB")):
        file = io.BytesIO()
        Image.effect_noise((24, 16), 50).convert("RGB").convert(mode if mode != "I;16" else "L").save(file, kind)
        made.append((kind, file.getvalue()))
    made.append(("png", with_workflow(made[0][1], b'{"nodeflow": 1}')))

    def look(path: Path) -> None:
        workflow_of(path.read_bytes())
        load_image(path)

    while True:
        kind, data = chance.choice(made)
        path = below / f"picture.{kind}"
        path.write_bytes(mutated_bytes(chance, data))
        yield partial(look, path)


def weights(chance: random.Random, below: Path) -> Iterator[Case]:
    """Weight files and model folders: half of them small models that can be loaded, left as they are or changed a
    little, given to the node that takes them; the others absurd ones, given to every node that loads one."""
    from nodeflow.engine.worker.packs import load_packs

    packs = load_packs()
    loaders = [
        (packs.functions[name], param.name)
        for name, spec in sorted(packs.catalogue.nodes.items())
        for param in spec.params
        if param.widget == "model" and not any(port.required for port in spec.inputs)
    ]
    small = _small_models(below / "small")
    models = [path for path in sorted((folder("assets") / "models").iterdir()) if path.is_dir()]
    configs = [path for model in models for path in model.rglob("*.json") if path.stat().st_size < 10**6]
    place = below / "model"
    while True:
        shutil.rmtree(place, ignore_errors=True)
        if chance.random() < 0.5:
            node, source = chance.choice(small)
            shutil.copytree(source, place)
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                _change(chance, chance.choice(sorted(path for path in place.rglob("*") if path.is_file())))
            given = next(iter(place.glob("whole.*")), place)
            yield partial(packs.functions[node], model=str(given))
        else:
            place.mkdir()
            _absurd(chance, place, configs)
            load, name = chance.choice(loaders)
            given = place if chance.random() < 0.6 else place / "model.safetensors"
            yield partial(load, **{name: str(given)})


def true_layouts(chance: random.Random, below: Path) -> Iterator[Case]:
    """Faulty files in the true layouts of the field."""
    from benchmarks.silent_faults import faulty_files

    return faulty_files(chance, below)


def _small_models(below: Path) -> list[tuple[str, Path]]:
    """Folders with models of a few weights, each with the node that loads it; one file stands alone in its own."""
    import torch
    from diffusers import AutoencoderKL, AutoencoderTiny, DDPMPipeline, DDPMScheduler, UNet2DModel
    from safetensors.torch import save_file

    torch.manual_seed(0)
    sides: dict[str, Any] = {"block_out_channels": (8, 8), "layers_per_block": 1, "norm_num_groups": 4}
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    vae = AutoencoderKL(**sides, **blocks, sample_size=16)
    vae.save_pretrained(below / "vae")
    tiny = AutoencoderTiny(
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), num_encoder_blocks=(1, 1),
        num_decoder_blocks=(1, 1),
    )  # fmt: skip
    tiny.save_pretrained(below / "tiny")
    plain = {"down_block_types": ("DownBlock2D",) * 2, "up_block_types": ("UpBlock2D",) * 2}
    unet = UNet2DModel(sample_size=8, **sides, **plain)
    DDPMPipeline(unet, DDPMScheduler()).save_pretrained(below / "ddpm")
    (below / "file").mkdir()
    save_file({name: weight.clone() for name, weight in vae.state_dict().items()}, below / "file" / "whole.safetensors")
    return [
        ("nodes.load_vae", below / "vae"), ("nodes.load_vae", below / "tiny"), ("nodes.load_ddpm", below / "ddpm"),
        ("nodes.load_vae", below / "file"),
    ]  # fmt: skip


def _change(chance: random.Random, path: Path) -> None:
    """Change a configuration, or the header or some bytes of weights; of what an earlier change broke, bytes."""
    data = path.read_bytes()
    try:
        if path.suffix == ".json":
            path.write_text(json.dumps(mutated_json(chance, json.loads(data))))
            return
        if chance.random() < 0.5:
            length = int.from_bytes(data[:8], "little")
            text = json.dumps(mutated_json(chance, json.loads(data[8 : 8 + length]))).encode()
            path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
            return
    except ValueError:
        pass
    path.write_bytes(mutated_bytes(chance, data))


def _absurd(chance: random.Random, place: Path, configs: list[Path]) -> None:
    """A file of a few random weights, and perhaps a configuration of another model beside it."""
    shape = [chance.randrange(1, 5) for _ in range(chance.randrange(4))]
    header = {f"{chance.choice('abcd')}.weight": {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}}
    text = json.dumps(mutated_json(chance, header)).encode()
    data = len(text).to_bytes(8, "little") + text + chance.randbytes(64)
    (place / "model.safetensors").write_bytes(mutated_bytes(chance, data) if chance.random() < 0.5 else data)
    if configs and chance.random() < 0.7:
        source = chance.choice(configs)
        config = place / source.name
        try:
            config.write_text(json.dumps(mutated_json(chance, json.loads(source.read_bytes()))))
        except ValueError:
            config.write_bytes(mutated_bytes(chance, source.read_bytes()))


KINDS: dict[str, Callable[[random.Random, Path], Iterator[Case]]] = {
    "workflows": workflows,
    "expressions": expressions,
    "images": images,
    "weights": weights,
    "layouts": true_layouts,
}


class TooLong(Exception):  # noqa: N818 - it is what the fuzzer raises, not the program
    """A case that takes twice what it may."""


def _stop(*_: object) -> None:
    raise TooLong("no end in sight")


def _limit() -> None:
    """Let no case take much more memory than it may, beyond what the libraries hold by now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if sys.platform.startswith("linux") else 0
    if pages:
        most = pages * resource.getpagesize() + MAX_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def fuzz(kind: str, count: int, seed: int) -> tuple[list[str], Counter[str], float, int]:
    """Return what is wrong, how many were taken and refused, the longest CPU seconds, and the most bytes."""
    from nodeflow.node import NodeError

    ran: list[str] = []
    armed = False

    def hear(event: str, _: Any) -> None:
        if armed and event in CODE and event != "exec":
            ran.append(event)

    sys.addaudithook(hear)
    signal.signal(signal.SIGVTALRM, _stop)
    wrong: list[str] = []
    outcomes: Counter[str] = Counter()
    longest = 0.0
    with tempfile.TemporaryDirectory() as below:
        cases = KINDS[kind](random.Random(seed), Path(below))
        for number in range(count):
            case = next(cases)
            begin, armed = time.process_time(), True
            signal.setitimer(signal.ITIMER_VIRTUAL, 2 * MAX_SECONDS if number else 0)
            try:
                outcomes["refused" if case() is None and kind == "expressions" else "taken"] += 1
            except (WorkflowError, NodeError):
                outcomes["refused"] += 1
            except Exception as error:
                if is_shortage(error):  # left to the executor on purpose: it makes room, tries again, and tells it
                    outcomes["refused"] += 1
                else:
                    last = traceback.extract_tb(error.__traceback__)[-1]
                    wrong.append(
                        f"{kind} {number} of seed {seed}: {type(error).__name__}: {error} at {last.name}"[:300]
                    )
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            if not number:
                _limit()
            armed = False
            seconds = time.process_time() - begin
            longest = max(longest, seconds)
            if seconds > MAX_SECONDS and number:  # the first one loads libraries
                wrong.append(f"{kind} {number} of seed {seed}: {seconds:.1f} CPU seconds")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if most > MAX_BYTES:
        wrong.append(f"{kind}: {most / 2**30:.1f} GiB")
    return wrong + [f"{kind}: ran {event}" for event in dict.fromkeys(ran)], outcomes, longest, most


def main() -> None:
    """Run each kind in a process of its own, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], default=list(KINDS))
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    failed = False
    for kind in asked.kinds:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            wrong, outcomes, longest, most = pool.apply(fuzz, (kind, asked.count or COUNTS[kind], asked.seed))
        told = ", ".join(f"{count:,} {name}" for name, count in sorted(outcomes.items()))
        print(f"{kind}: {told}, {len(wrong)} wrong; longest {longest:.2f} CPU s, most {most / 2**20:.0f} MiB")
        for line in wrong[:20]:
            print(f"  {line}")
        failed |= bool(wrong)
    sys.exit(failed)


if __name__ == "__main__":
    main()
