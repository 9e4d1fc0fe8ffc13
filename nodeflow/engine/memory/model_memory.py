"""Memory of networks. They are loaded to the host, come to the device when a node needs them there, and stay until
somebody else needs the room.

Before a node runs, what its networks need and what it took in earlier runs is held against what the device has:
whatever was used longest ago goes back to the host, kept results go, and only then are networks fetched block by block
or leaf by leaf. Where even that is too much, or was too much before, what can compute in smaller pieces does. When
memory is short all the same, the node runs once more with everything else out of the way.
"""

from __future__ import annotations

import contextlib
import gc
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import psutil
from torch import nn

from nodeflow import wires
from nodeflow.engine.cache.value_size import networks
from nodeflow.engine.memory import device as devices
from nodeflow.engine.memory.accelerators import module_of
from nodeflow.engine.memory.offload_modes import HOST, Footprint, Mode, arrange, footprint, lean, place
from nodeflow.engine.planning.cost_estimates import NO_COST, Cost
from nodeflow.graph.model.catalogue import NodeSpec

UNKNOWN_SHARE = 4
"""Where no earlier run says what computing takes beside the networks, one in so many bytes is left for it."""
SAMPLE_SECONDS = 0.02
"""How often the host's memory is looked at while a node computes."""
PARTS = {
    name for name, kind in vars(wires).items() if isinstance(kind, type) and getattr(kind, "_is_protocol", False)
} | {kind.__name__ for kind in (wires.DiffusionNetwork, wires.SequenceTransformer, wires.MaskedTransformer)}
"""Wire types of parts that compute: a node that gives nothing else puts parts together and computes nothing."""


class ComputeNeeds:
    """Hold what a node is given to compute in, and what it took: the bytes at its peak, and a word where it had to
    save.

    ``short``: the bytes of the device where those were too few, 0 where they were enough. ``modes``: how networks lay
    there that were not whole, and ``tiled`` where it computed in pieces.
    """

    def __init__(self) -> None:
        self.bytes = 0
        self.short = 0
        self.note = ""
        self.modes: tuple[str, ...] = ()


class NetworkPlace(msgspec.Struct):
    """A network on a device: in which mode, the bytes it takes there, and when it was last used."""

    device: str
    mode: Mode
    bytes: int
    used: int


class ModelMemory:
    """The ledger of networks on devices, which moves them."""

    def __init__(
        self,
        room: Callable[[str], int | None] = devices.room,
        kept: Callable[[str], int] = lambda device: 0,
        let_go: Callable[[str], None] = lambda device: None,
        host: Callable[[], int] = devices.host_free,
    ) -> None:
        """``room``: the bytes of a device, None where nothing has to move (the host); ``kept``: the bytes of results
        that are kept there; ``let_go`` forgets them all; ``host``: the bytes that are free there."""
        self._room, self._kept, self._let_go, self._host = room, kept, let_go, host
        self._places: weakref.WeakKeyDictionary[nn.Module, NetworkPlace] = weakref.WeakKeyDictionary()
        self._footprints: weakref.WeakKeyDictionary[nn.Module, Footprint] = weakref.WeakKeyDictionary()
        self._uses = 0

    def ready(
        self, spec: NodeSpec, values: Any, device: str, expected: Cost = NO_COST, saving: bool = False
    ) -> contextlib.AbstractContextManager[ComputeNeeds]:
        """Within this, the networks in a node's arguments are where it computes, and its peak is measured.

        ``expected`` is what it took in an earlier run. ``saving``: memory was short just now, so all else goes.
        """
        found = [] if spec.outputs and all(port.type in PARTS for port in spec.outputs) else [*networks(values)]
        if saving:
            self.empty(device, found)
        return self._there(found, device, expected, saving) if found else contextlib.nullcontext(ComputeNeeds())

    @contextlib.contextmanager
    def _there(self, found: list[nn.Module], device: str, expected: Cost, saving: bool) -> Iterator[ComputeNeeds]:
        needs = ComputeNeeds()
        needs.short = self._short(found, device, expected, saving)
        notes = self._bring(found, device, expected.bytes, saving)
        needs.modes = self._modes(found) + (("tiled",) if needs.short else ())
        with contextlib.ExitStack() as after:
            if needs.short:
                notes += after.enter_context(lean(found))
                needs.note = ": ".join(("memory was short", *filter(None, [", ".join(dict.fromkeys(notes))])))
            else:
                needs.note = ", ".join(notes)
            after.enter_context(_watched(needs, device))
            try:
                yield needs
            except BaseException:  # pieces may lie anywhere: they are gathered when the network is next used
                for network in found:
                    if (there := self._places.get(network)) and there.mode != "whole":
                        self._send_home(network)
                raise

    def _modes(self, found: list[nn.Module]) -> tuple[str, ...]:
        """The modes of networks that are not whole on their device."""
        places = (self._places.get(network) for network in found)
        return tuple(sorted({there.mode for there in places if there is not None and there.mode != "whole"}))

    def _short(self, found: list[nn.Module], device: str, expected: Cost, saving: bool) -> int:
        """The bytes of a device where they are too few to compute in one piece, 0 where they are enough."""
        room = self._room(device)
        there = self._host() if room is None else room
        smallest = 0 if room is None else sum(self._footprint(network).leaves for network in found)
        too_much = there <= expected.short if expected.short else expected.bytes > max(there - smallest, 0)
        return max(there, 1) if saving or too_much else 0

    def empty(self, device: str, but: list[nn.Module]) -> None:
        """Forget kept results, send networks home, and give the allocator's own stock back."""
        self._let_go(device)
        for network in [network for network, there in self._places.items() if there.device == device]:
            if network not in but:
                self._send_home(network)
        gc.collect()
        if device != HOST:
            module_of(device).empty_cache()

    def used(self, device: str) -> int:
        """Bytes of a device that networks take. Any thread may ask."""
        places: dict[Any, NetworkPlace] = self._places.data  # type: ignore[attr-defined]
        return sum(there.bytes for there in list(places.values()) if there.device == device)

    def _bring(self, found: list[nn.Module], device: str, expected: int, saving: bool) -> list[str]:
        """Bring networks to a device; a word for each that does not lie there whole."""
        whole = self._room(device)
        if whole is None:
            return []
        room = 0 if saving else whole - (expected or whole // UNKNOWN_SHARE)
        prints = [self._footprint(network) for network in found]
        modes = arrange(prints, room)
        needed = sum(map(Footprint.at, prints, modes))
        self._make_room(room - needed, device, found)
        self._uses += 1
        for network, there, mode in zip(found, prints, modes, strict=True):
            before = self._places.get(network)
            if before is None or (before.device, before.mode) != (device, mode):
                place(network, mode, device)
            self._places[network] = NetworkPlace(device, mode, there.at(mode), self._uses)
        named = {"blocks": "block by block from the host", "leaves": "leaf by leaf from the host"}
        return [f"a network {named[mode]}" for mode in dict.fromkeys(modes) if mode != "whole"]

    def _footprint(self, network: nn.Module) -> Footprint:
        if network not in self._footprints:
            self._footprints[network] = footprint(network)
        return self._footprints[network]

    def _make_room(self, left: int, device: str, needed: list[nn.Module]) -> None:
        """Send networks home, the one used longest ago first, until the others take no more than is left for them."""
        others = [(there.used, network) for network, there in self._places.items() if there.device == device]
        others = sorted((one for one in others if one[1] not in needed), key=lambda one: one[0])
        taken = sum(self._places[network].bytes for _, network in others)
        for _, network in others:
            if taken + self._kept(device) <= left:
                return
            taken -= self._places[network].bytes
            self._send_home(network)
        if self._kept(device) > max(left, 0):
            self._let_go(device)

    def _send_home(self, network: nn.Module) -> None:
        place(network, "whole", HOST)
        del self._places[network]


@contextlib.contextmanager
def _watched(needs: ComputeNeeds, device: str) -> Iterator[None]:
    """Measure the peak of what is computed within: torch's own count on a GPU; on the host the growth of the process's
    resident memory, looked at fifty times a second."""
    if device != HOST:
        card = module_of(device)
        if not hasattr(card, "max_memory_allocated"):  # Apple's does not count
            yield
            return
        before = card.memory_allocated()
        card.reset_peak_memory_stats()
        yield
        needs.bytes = card.max_memory_allocated() - before
        return
    process, done = psutil.Process(), threading.Event()
    before = process.memory_info().rss

    def look() -> None:
        while not done.wait(SAMPLE_SECONDS):
            needs.bytes = max(needs.bytes, process.memory_info().rss - before)

    watcher = threading.Thread(target=look, name="memory", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    needs.bytes = max(needs.bytes, process.memory_info().rss - before)
