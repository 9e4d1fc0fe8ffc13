"""A missing system library is named in one sentence with its package."""

from __future__ import annotations

import ctypes

import pytest

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
