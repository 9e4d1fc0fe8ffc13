"""Networks come to where they compute, in the order that need and room dictate; and a run survives want of memory."""

from __future__ import annotations

import gc
import mmap
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import torch
from toys import PACK

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.memory.model_memory import ModelMemory, NetworkPlace
from nodeflow.engine.planning.cost_estimates import Cost
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.packs import Packs
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.workflow import Node, Workflow
from nodeflow.node import node
from nodeflow.resources import folder
from nodeflow.wires import Denoiser
from nodes.loaders.load_models import load_latent_diffusion
from tests.telling import telling

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
STARTER = folder("workflows") / "latent-diffusion.json"
MIB = 2**20

COMPUTES = PACK.catalogue.nodes["toys.twice"]


@node("Wrap")
def wrap(denoiser: Denoiser) -> Denoiser:
    """Puts parts together and computes nothing."""
    return denoiser


FILLED: list[ResultCache] = []
"""A cache that stands for memory: while it holds something there is none left."""
TRIES: list[int] = []


@node("Greedy")
def greedy() -> int:
    """Needs all the memory there is; how often it was called."""
    TRIES.append(1)
    if len(FILLED[-1]):
        raise MemoryError
    return len(TRIES)


OWN = Packs()
OWN.add(sys.modules[__name__], "1")


@dataclass(frozen=True, eq=False)
class Wire:
    module: torch.nn.Module


class Network(torch.nn.Module):
    """Blocks of two layers each."""

    def __init__(self, mib: int, blocks: int) -> None:
        super().__init__()
        width = 256 * mib // blocks
        self.blocks = torch.nn.ModuleList(
            torch.nn.Sequential(torch.nn.Linear(512, width, bias=False), torch.nn.Linear(width, 512, bias=False))
            for _ in range(blocks)
        )


def network(mib: int, blocks: int = 1) -> Network:
    """A network of so many MiB, in equal blocks."""
    return Network(mib, blocks).requires_grad_(False)


class Ledger:
    """A memory of 10 MiB on a device, and what it did. What computing takes is said to be nothing."""

    def __init__(self, device: str, room: int = 10 * MIB) -> None:
        self.device, self.gone, self.kept = device, [], 0
        self.memory = ModelMemory(lambda name: room, lambda name: self.kept, self._let_go)

    def _let_go(self, name: str) -> None:
        self.gone.append(name)
        self.kept = 0

    def use(self, *networks: torch.nn.Module, expected: int = 1) -> str:
        with self.memory.ready(COMPUTES, tuple(map(Wire, networks)), self.device, Cost(1.0, expected)) as needs:
            for one in networks:
                for weight in one.parameters():
                    assert weight.device.type == (self.device if self.mode(one) == "whole" else "cpu")
        return needs.note

    def place(self, one: torch.nn.Module) -> NetworkPlace | None:
        return self.memory._places.get(one)

    def mode(self, one: torch.nn.Module) -> str:
        place = self.place(one)
        return place.mode if place else ""


@pytest.fixture(params=DEVICES)
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return Ledger(request.param)


def test_networks_stay_until_the_room_is_needed_and_the_one_used_longest_ago_goes(ledger: Ledger) -> None:
    a, b, c, d = (network(3) for _ in range(4))
    for one in (a, b, c, a):
        ledger.use(one)
    assert [ledger.mode(one) for one in (a, b, c)] == ["whole"] * 3
    assert ledger.memory.used(ledger.device) == 9 * MIB
    ledger.use(d)
    assert [ledger.mode(one) for one in (a, b, c, d)] == ["whole", "", "whole", "whole"]
    assert {weight.device.type for weight in b.parameters()} == {"cpu"}
    ledger.use(b)
    assert [ledger.mode(one) for one in (a, b, c, d)] == ["whole", "whole", "", "whole"]


def test_the_room_is_never_exceeded(ledger: Ledger) -> None:
    nets = [network(1 + index % 5) for index in range(12)]
    for turn in range(60):
        ledger.use(nets[(turn * 7) % 12], nets[(turn * 5) % 12])
        assert ledger.memory.used(ledger.device) <= 10 * MIB


def test_what_computing_takes_is_left_free(ledger: Ledger) -> None:
    a, b = network(4), network(4)
    ledger.use(a)
    ledger.use(b, expected=5 * MIB)
    assert [ledger.mode(one) for one in (a, b)] == ["", "whole"]


def test_a_network_too_large_comes_in_pieces_and_says_so(ledger: Ledger) -> None:
    large = network(12, blocks=6)
    assert ledger.use(large) == "a network block by block from the host"
    assert ledger.mode(large) == "blocks"
    assert ledger.memory.used(ledger.device) == 4 * MIB
    assert ledger.use(large, expected=8 * MIB) == "a network leaf by leaf from the host"


def test_kept_results_go_before_a_network_comes_in_pieces(ledger: Ledger) -> None:
    ledger.kept = 6 * MIB
    assert ledger.use(network(9)) == ""
    assert ledger.gone == [ledger.device]


def test_a_forgotten_network_takes_no_room(ledger: Ledger) -> None:
    one = network(9)
    ledger.use(one)
    del one
    gc.collect()
    assert ledger.memory.used(ledger.device) == 0


def test_when_memory_was_short_all_else_goes(ledger: Ledger) -> None:
    a, b = network(2), network(4, blocks=4)
    ledger.use(a)
    ledger.kept = 1
    with ledger.memory.ready(COMPUTES, Wire(b), ledger.device, saving=True) as needs:
        assert ledger.mode(b) == "leaves"
    assert needs.modes == ("leaves", "tiled")
    assert ledger.mode(a) == ""
    assert ledger.gone == [ledger.device]
    assert needs.note == "memory was short: a network leaf by leaf from the host"


def test_a_failure_inside_gathers_the_pieces(ledger: Ledger) -> None:
    large = network(12, blocks=6)
    with pytest.raises(KeyError), ledger.memory.ready(COMPUTES, Wire(large), ledger.device, Cost(1.0, 1)):
        raise KeyError
    assert ledger.mode(large) == ""
    assert {weight.device.type for weight in large.parameters()} == {"cpu"}


def test_a_node_that_only_puts_parts_together_moves_nothing(ledger: Ledger) -> None:
    one = network(1)
    with ledger.memory.ready(OWN.catalogue.nodes[f"{__name__}.wrap"], Wire(one), ledger.device):
        assert ledger.mode(one) == ""


def test_the_host_needs_no_moving() -> None:
    memory, one = ModelMemory(), network(1)
    with memory.ready(COMPUTES, Wire(one), "cpu") as needs:
        held = mmap.mmap(-1, 64 * MIB)  # new pages: the allocator may hold freed ones of an earlier test
        held.write(b"\1" * len(held))
    assert memory.used("cpu") == 0 and needs.modes == ()
    assert needs.bytes > 32 * MIB
    held.close()


def starter(session: WorkflowRunner, output: Path, **settings: object) -> list[tell.Event]:
    workflow = load(STARTER)
    for address, value in settings.items():
        SetParam(*address.split("__"), value).apply(workflow)  # type: ignore[call-arg]
    return list(session.run(RunRequest.of(workflow, STARTER.parent, output, ("decode",), device="cpu")))


@pytest.mark.parametrize("room", telling([100 * MIB, 30 * MIB, 5 * MIB, 0], lambda room: room != 100 * MIB))
def test_the_starter_gives_the_same_picture_with_little_room(tmp_path: Path, room: int) -> None:
    """The host stands for a device of so many bytes: networks are fetched whole, in turns, or piece by piece."""
    free, tight = WorkflowRunner(), WorkflowRunner()
    tight.executor.memory = ModelMemory(lambda name: room)
    pictures = []
    for session in (free, tight):
        events = starter(session, tmp_path, scheduler__steps=3)
        assert events[-1].state == "done"
        pictures.append(session.executor.value("decode", "image").pixels)
    assert torch.equal(*pictures)
    whys = " ".join(event.why for event in events if isinstance(event, tell.NodeFinished))
    assert ("from the host" in whys) == (room < 30 * MIB)


def test_what_took_too_much_before_computes_in_smaller_pieces_from_the_start(tmp_path: Path) -> None:
    session = WorkflowRunner()
    events = starter(session, tmp_path, scheduler__steps=2, noise__batch=2)
    (sampler,) = (event for event in events if isinstance(event, tell.NodeFinished) and event.node == "sampler")
    plain = session.executor.value("decode", "image").pixels
    session.executor.memory = ModelMemory(host=lambda: sampler.bytes - 1)
    events = starter(session, tmp_path, scheduler__steps=2, noise__batch=2, noise__seed=1)
    (sampler,) = (event for event in events if isinstance(event, tell.NodeFinished) and event.node == "sampler")
    assert sampler.why.endswith("memory was short: attention in slices")
    assert sampler.short > 0
    lean = session.executor.value("decode", "image").pixels
    torch.testing.assert_close(lean[:1], plain[1:], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("host", "saves"), [(99, True), (100, True), (101, False)])
def test_it_does_so_until_there_is_more_memory_than_was_too_little(host: int, saves: bool) -> None:
    memory = ModelMemory(host=lambda: host)
    with memory.ready(COMPUTES, Wire(network(1)), "cpu", Cost(1.0, 1000, 100)) as needs:
        pass
    assert needs.short == (host if saves else 0)
    assert needs.note == ("memory was short" if saves else "")


def test_two_workflows_share_a_model_that_is_loaded_once(tmp_path: Path) -> None:
    session = WorkflowRunner()
    starter(session, tmp_path, scheduler__steps=2)
    first = session.executor.value("model", "unet").module
    events = starter(session, tmp_path, scheduler__steps=3, noise__seed=5, prompt__text="a blue cup")
    ran = {event.node for event in events if isinstance(event, tell.NodeStarted)}
    assert "model" not in ran
    assert session.executor.value("model", "unet").module is first
    usage = session.usage()
    assert 0 < usage.results["cpu"] <= usage.budget["cpu"]


def test_the_peak_of_a_sampler_is_told_and_known_for_the_next(tmp_path: Path) -> None:
    session = WorkflowRunner()
    events = starter(session, tmp_path, scheduler__steps=2, noise__batch=8)
    (told,) = (event.bytes for event in events if isinstance(event, tell.NodeFinished) and event.node == "sampler")
    workflow = load(STARTER)
    SetParam("noise", "batch", 8).apply(workflow)
    SetParam("noise", "seed", 1).apply(workflow)
    SetParam("scheduler", "steps", 2).apply(workflow)
    (foreseen,) = (
        one
        for one in session.forecast(RunRequest.of(workflow, STARTER.parent, tmp_path, ("decode",), device="cpu"))
        if one.node == "sampler"
    )
    assert (foreseen.bytes or 0, foreseen.basis) == (told, "alike")


def test_float32_weights_stay_in_their_files_and_two_loads_share_them(tmp_path: Path) -> None:
    """Memory-mapped: weights lie where the system has mapped the file, so that loading again takes no more memory."""
    from diffusers import UNet2DConditionModel

    model = load_latent_diffusion()
    copy = tmp_path / "model"
    copy.mkdir()
    for part in (folder("assets") / "models" / "latent-diffusion").iterdir():
        if part.name != "unet":
            (copy / part.name).symlink_to(part)
    model.unet.module.save_pretrained(copy / "unet")
    first, second = (load_latent_diffusion(str(copy)).unet.module for _ in range(2))
    assert isinstance(first, UNet2DConditionModel)
    mapped = [one for one in psutil.Process().memory_maps(grouped=False) if str(copy) in one.path]
    spans = [tuple(int(end, 16) for end in one.addr.split("-")) for one in mapped]
    for loaded in (first, second):
        for weight in loaded.parameters():
            assert any(begin <= weight.data_ptr() < end for begin, end in spans)


def test_storage_in_eight_bits_is_another_model_that_paints_nearly_the_same(tmp_path: Path) -> None:
    session = WorkflowRunner()
    starter(session, tmp_path, scheduler__steps=5)
    full = session.executor.value("decode", "image").pixels
    whole = session.usage().results["cpu"]
    events = starter(session, tmp_path, scheduler__steps=5, model__storage="float8")
    (why,) = (event.why for event in events if isinstance(event, tell.NodeStarted) and event.node == "model")
    assert why == "storage changed from 'full' to 'float8'"
    small = session.executor.value("decode", "image").pixels
    assert not torch.equal(small, full)
    assert (small - full).abs().mean() < 0.1
    assert session.usage().results["cpu"] - whole < 0.7 * whole


SHORT = """
import resource, sys, torch
from pathlib import Path
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from toys import wire, PACK
from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
session, here = WorkflowRunner(PACK), Path(sys.argv[1])
def run(side, seed):
    workflow = wire({"s": ("sheet", {"side": side, "seed": seed}), "d": ("double", {}, {"sheet": "s.sheet"})})
    events = list(session.run(RunRequest.of(workflow, here, here, device="cpu")))
    errors = [event.error for event in events if isinstance(event, tell.NodeFailed)]
    print(events[-1].state, *errors)
run(64, 0)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**30,) * 2)
run(20000, 1)
run(64, 2)
run(30000, 3)
run(64, 0)
"""


def test_after_an_out_of_memory_error_the_same_workflow_runs_at_its_earlier_size(tmp_path: Path) -> None:
    """A real one: the process may have one GiB more than it has, and a node asks for 1.6."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SHORT), tmp_path],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    sentence = "there is not enough memory for this, even with all else out of the way; it fitted with s.side 64 (now "
    assert done.stdout.splitlines() == [
        "done",
        f"failed {sentence}20000)",
        "done",
        f"failed {sentence}30000)",
        "done",
    ]


def test_a_node_that_is_short_of_memory_runs_once_more_with_kept_results_gone(tmp_path: Path) -> None:
    session = WorkflowRunner(OWN)
    FILLED.append(session.executor.cache)
    session.executor.cache.put(b"large", (torch.zeros(8),), 1.0)
    workflow = Workflow(nodes={"g": Node(f"{__name__}.greedy")})
    events = list(session.run(RunRequest.of(workflow, tmp_path, tmp_path, device="cpu")))
    assert [type(event) for event in events[1:]] == [tell.NodeStarted, tell.NodeFinished, tell.RunFinished]
    assert events[-1].state == "done"
    assert session.executor.value("g", "value") == 2
