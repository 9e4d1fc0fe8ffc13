"""Uploads of images into the folders that are served."""

from __future__ import annotations

from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from nodeflow.graph.io.files import write_atomic
from nodeflow.graph.io.foreign import picture_of
from nodeflow.service.folders import FilePlace, ServedFolders, bare
from nodeflow.service.refusals import refused

UPLOAD_BYTES = 64 << 20
"""Most bytes of an image that is uploaded."""
FIELD_BYTES = 4_096
FORM = "an upload is a form (multipart/form-data) with the field image"
TAKEN = ("PNG", "JPEG", "WebP", "GIF", "TIFF")


class Upload:
    """An image that a client sends, read field by field."""

    def __init__(self) -> None:
        self.name, self.data = "", b""
        self.fields: dict[str, str] = {}

    async def read(self, request: web.Request) -> None:
        """Read the form. Raises RefusedError for what is too large or no form."""
        if not request.content_type.startswith("multipart/"):
            raise refused(400, "no_form", FORM)
        try:
            await self._parts(request)
        except (ValueError, HttpProcessingError):
            raise refused(400, "no_form", f"this form is broken; {FORM}") from None

    async def _parts(self, request: web.Request) -> None:
        """Read the form part by part. Raises what aiohttp does for a broken one."""
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            if part.name == "image":
                self.name, self.data = part.filename or "", await _read(part, UPLOAD_BYTES)
            elif part.name:
                self.fields[part.name] = (await _read(part, FIELD_BYTES)).decode("utf-8", "replace")

    def keep(self, folders: ServedFolders) -> FilePlace:
        """Write the image; under another name where one with that name is another image.

        Raises RefusedError for what is no image, OutsideError for a path that leads out, OSError.
        """
        name = bare(self.name)
        if not name:
            raise refused(400, "no_name", f"{self.name!r} is no name of a file")
        if picture_of(self.data) not in TAKEN:
            raise refused(400, "no_image", f"{name} is no image that is taken; send {', '.join(TAKEN)}")
        kind, subfolder = self.fields.get("type") or "input", self.fields.get("subfolder", "")
        path = folders.file(kind, subfolder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.fields.get("overwrite") not in ("true", "1"):
            path = _free(path, self.data)
        write_atomic(path, self.data)
        return FilePlace(path.name, subfolder, kind)


async def _read(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > most:
            raise refused(413, "too_large", f"the field {part.name} is larger than {most} bytes")
    return bytes(data)


def _free(path: Path, data: bytes) -> Path:
    """The first of name.png, name (1).png, ... that is not there, or holds the same."""
    found, number = path, 0
    while found.exists() and not (found.stat().st_size == len(data) and found.read_bytes() == data):
        number += 1
        found = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return found
