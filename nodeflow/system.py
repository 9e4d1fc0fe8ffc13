"""Requests to the operating system: patience of threads, which processes live, a display, and Qt's libraries."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys

import psutil

QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""What Qt's own libraries link against, and the Debian package of each."""
XCB_LIBRARIES = {
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
"""What its window system plugin for X11 links against beside those."""


def prepare_for_tensors() -> None:
    """Let tensor libraries compute here as we want them to. Call it before torch is loaded.

    Their threads sleep while they wait for one another: by default they spin, which makes a small network some forty
    times slower while anything else uses the processor. MKL's products are the same wherever in memory a weight lies:
    by default those of a single row differ in the last bit between two files that hold the same weight.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("MKL_CBWR", "AUTO")


M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Numbers of glibc's ``mallopt`` (malloc.h)."""
KEPT_BYTES = 2**31 - 1
"""Freed bytes at the heap's end that are kept; the most that ``mallopt`` takes."""


def keep_freed_memory() -> None:
    """Let the process use freed memory again, in place of asking the system for each activation of a network anew.

    glibc maps every large block by itself and unmaps it when it is freed: a step of a U-Net takes some 460,000 page
    faults, a fifth of its time. `give_back_memory` hands back what is kept when the process is idle.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):  # another C library
            _c_library().mallopt(M_MMAP_MAX, 0)
            _c_library().mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def give_back_memory() -> None:
    """Hand freed memory back to the system. glibc keeps it, so that a process that lets networks go never shrinks."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):  # another C library
            _c_library().malloc_trim(0)


@functools.cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL("libc.so.6")


def process_name(pid: int) -> str:
    """A process by a name that no later one has: digits and _. Raises psutil.Error where there is none such."""
    return f"{pid}_{round(psutil.Process(pid).create_time() * 100)}"


def lives(name: str) -> bool:
    """Return whether the process of this name still runs."""
    pid = name.partition("_")[0]
    try:
        return pid.isdigit() and process_name(int(pid)) == name
    except psutil.Error:
        return False


def has_display() -> bool:
    """Return whether a window can appear: always on Windows and macOS; elsewhere where a display server is named."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in named)


def missing_libraries() -> str:
    """One sentence that names the Debian packages of the libraries that Qt lacks here; empty where none is missing."""
    if not sys.platform.startswith("linux"):
        return ""
    wanted = dict(QT_LIBRARIES)
    usual = "wayland" if os.environ.get("WAYLAND_DISPLAY") else "xcb"
    if os.environ.get("QT_QPA_PLATFORM", usual).startswith("xcb"):
        wanted |= XCB_LIBRARIES
    packages = sorted({package for library, package in wanted.items() if not _loads(library)})
    if not packages:
        return ""
    return f"Qt needs system libraries that are not installed: run `sudo apt install {' '.join(packages)}`."


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
