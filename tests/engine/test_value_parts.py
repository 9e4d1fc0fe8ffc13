"""The one walk over a value's parts: every container is opened, each object counts once."""

from __future__ import annotations

import array
import collections
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from nodeflow.engine.cache.result_cache import ResultCache
from nodeflow.engine.cache.value_parts import leaves
from nodeflow.engine.cache.value_size import blocks, has_module, networks, versions
from nodeflow.engine.inspect.tensor_facts import named_tensors
from nodeflow.engine.planning.value_identity import Identities, Unidentified

MIB = 2**20


class Lookup(Mapping[str, Any]):
    """A mapping of somebody else's make."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    def __getitem__(self, name: str) -> Any:
        return self.held[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.held)

    def __len__(self) -> int:
        return len(self.held)


class Holder:
    """An object that is no container."""

    def __init__(self, held: Any) -> None:
        self.held = held


class Slotted:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


@dataclass
class Record:
    held: Any


@dataclass(frozen=True)
class Frozen:
    held: Any


@dataclass(frozen=True)
class Pair:
    first: Any
    second: Any


Named = collections.namedtuple("Named", "held")

WRAPPINGS = {
    "mapping": lambda value: Lookup({"a": value}),
    "proxy": lambda value: types.MappingProxyType({"a": value}),
    "ordered": lambda value: collections.OrderedDict(a=value),
    "user dict": lambda value: collections.UserDict(a=value),
    "deque": lambda value: collections.deque([value]),
    "set": lambda value: frozenset([value]),
    "named tuple": Named,
    "dataclass": Record,
    "frozen dataclass": Frozen,
    "object": Holder,
    "slots": Slotted,
    "namespace": lambda value: types.SimpleNamespace(held=value),
    "partial": lambda value: partial(print, value),
    "key": lambda value: {(value, 1): 0},
    "deep": lambda value: [({"x": (Holder([Lookup({"y": value})]),)},)],
}


def size(value: Any) -> int:
    return sum(blocks(value).values())


@pytest.mark.parametrize("kind", WRAPPINGS)
def test_a_tensor_in_any_container_counts_its_bytes_once(kind: str) -> None:
    tensor = torch.zeros(MIB, dtype=torch.uint8)
    wrapped = WRAPPINGS[kind](tensor)
    assert size(wrapped) == MIB
    assert size((wrapped, [wrapped, tensor], {"again": wrapped})) == MIB


def test_a_network_in_any_container_is_found() -> None:
    network = torch.nn.Linear(256, 256)
    for kind in ("mapping", "deque", "dataclass", "deep", "proxy"):
        wrapped = WRAPPINGS[kind](network)
        assert has_module(wrapped), kind
        assert size(wrapped) == 4 * (256 * 256 + 256), kind
    assert list(networks((Lookup({"a": network}), [network]))) == [network]


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(MIB, np.uint8),
        np.zeros((2, MIB), np.uint8)[0].base[0],
        bytes(MIB),
        bytearray(MIB),
        memoryview(bytearray(MIB)),
        array.array("b", bytes(MIB)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_memory_counts_too(value: Any) -> None:
    assert MIB <= size((Lookup({"a": value}), value)) <= 2 * MIB + 256


def test_a_read_only_array_and_its_view_count_once() -> None:
    whole = np.zeros(MIB, np.uint8)
    whole.flags.writeable = False
    assert size((whole, whole[:10], whole)) == MIB
    objects = np.empty(2, dtype=object)
    objects[0] = torch.zeros(MIB, dtype=torch.uint8)
    assert size(objects) == MIB


@pytest.mark.filterwarnings("ignore:Sparse CSR")
def test_a_sparse_tensor_counts_what_it_holds() -> None:
    sparse = torch.eye(64).to_sparse()
    assert size(sparse) == 64 * 2 * 8 + 64 * 4
    assert size(torch.eye(64).to_sparse_csr()) > 64 * 4


def test_entries_in_mappings_do_not_stay_beyond_the_budget() -> None:
    cache = ResultCache({"cpu": 10 * MIB})
    for number in range(50):
        cache.put(bytes([number]), (Lookup({"a": {"b": torch.zeros(4 * MIB, dtype=torch.uint8)}}),), 1.0)
        assert cache.used["cpu"] <= 10 * MIB
    assert len(cache) == 2


def test_rings_and_deep_values_come_to_an_end() -> None:
    ring: list[Any] = [torch.zeros(4)]
    ring.append({"ring": ring, "holder": Holder(ring)})
    assert size(ring) == 16
    deep: Any = torch.zeros(4)
    for _ in range(100_000):
        deep = [deep]
    assert size(deep) == 16
    assert [len(way) for way, _ in named_tensors(deep)] == [300_000]
    with pytest.raises(Unidentified):
        Identities().of(deep)


def test_what_is_shared_many_times_over_is_walked_once() -> None:
    value: Any = (torch.zeros(4),)
    for _ in range(200):
        value = (value, value)
    assert size(value) == 16
    assert len(versions(value)) == 1
    identities = Identities()
    assert identities.chain(value, [1]) == identities.chain(value, [1])


def test_tensors_are_named_by_the_way_to_them_in_order() -> None:
    value = Pair({"a": torch.zeros(1)}, (Lookup({"b": torch.zeros(2)}), torch.zeros(3)))
    names = [(name, len(tensor)) for name, tensor in named_tensors(value)]
    assert names == [("first[a]", 1), ("second[0][b]", 2), ("second[1]", 3)]
    assert [name for name, _ in named_tensors(torch.zeros(1))] == ["tensor"]


def test_equal_parts_are_one_identity_and_others_another() -> None:
    identities = Identities()
    one = identities.chain(Frozen({"a": torch.ones(3), "b": [1, 2]}), [])
    assert identities.chain(Lookup({"a": 1}), [0]) == identities.chain({"a": 1}, [0])
    assert one == identities.chain(Frozen({"b": [1, 2], "a": torch.ones(3)}), [])
    step = identities.chain({"a": torch.ones(3)}, [0])
    assert step != identities.chain({"a": torch.zeros(3)}, [0])
    assert step != identities.chain({"b": torch.ones(3)}, [0])
    with pytest.raises(Unidentified):
        identities.of(Record(1))
    record = Holder(1)
    identities.learn(b"key", (Lookup({"r": record}),))
    assert identities.of(record) == ["from", b"key", 0]


def test_a_container_that_fails_is_a_leaf() -> None:
    class Broken(list[int]):
        def __iter__(self) -> Iterator[int]:
            raise OSError("gone")

    broken = Broken([1])
    assert list(leaves({"a": broken, "b": 1})) == [broken, 1]
