"""A missing system library is named in one sentence with its package."""

from __future__ import annotations

import ctypes

import pytest
import torch
from torch.nn.functional import linear

from nodeflow import system


def test_missing_libraries_are_named_with_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    load = ctypes.CDLL

    def without_two(name: str, *rest: object) -> ctypes.CDLL:
        if name in ("libEGL.so.1", "libxcb-cursor.so.0"):
            raise OSError(name)
        return load("libc.so.6")

    monkeypatch.setattr(ctypes, "CDLL", without_two)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert system.missing_libraries().endswith("run `sudo apt install libegl1`.")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    assert system.missing_libraries().endswith("run `sudo apt install libegl1 libxcb-cursor0`.")


def test_here_nothing_is_missing_for_the_tests() -> None:
    assert system.missing_libraries() == ""


def test_a_product_of_one_row_is_the_same_wherever_its_weight_lies() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, row = torch.randn(32, 256, generator=generator), torch.randn(1, 256, generator=generator)
    room = torch.empty(weight.numel() + 32)
    first = -room.data_ptr() // 4 % 16  # the next multiple of 64 bytes
    placed = (room[first + floats :][: weight.numel()].view_as(weight).copy_(weight) for floats in (0, 1, 2, 3, 8))
    wanted, *others = (linear(row, there) for there in placed)
    assert all(torch.equal(wanted, other) for other in others)
