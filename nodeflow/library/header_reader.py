"""The header of a weights file of any format."""

from __future__ import annotations

from pathlib import Path

from nodeflow.library.gguf_header import MAGIC, read_gguf
from nodeflow.library.headers import Header, read_safetensors


def read_header(path: Path) -> Header:
    """The header of a safetensors or GGUF file, told by its first bytes. Raises HeaderError and OSError."""
    with path.open("rb") as file:
        begins = file.read(len(MAGIC))
    return read_gguf(path) if begins == MAGIC else read_safetensors(path)
