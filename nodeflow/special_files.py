"""Devices and pipes: reading one may wait for ever, or never end."""

from __future__ import annotations

import stat
from pathlib import Path

SPECIAL = "is a device or a pipe, which may never end; choose a file"
"""What is said of one."""


def is_special(path: Path) -> bool:
    """Whether something lies there that is neither a file nor a folder. Raises OSError where nothing can be told."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
