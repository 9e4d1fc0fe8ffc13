"""Routes of the service: ComfyUI's paths, what each takes and gives."""

from __future__ import annotations

import asyncio
import errno
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from nodeflow.exchange.client import ForeignFiles
from nodeflow.service.class_info import object_info
from nodeflow.service.folders import OutsideError, ServedFolders
from nodeflow.service.guard import Guard
from nodeflow.service.machine import Machine
from nodeflow.service.progress import Message
from nodeflow.service.prompt_queue import Engine, PromptQueue
from nodeflow.service.prompts import PromptReader, PromptRequest
from nodeflow.service.refusals import RequestRefusedError, refused
from nodeflow.service.sockets import Sockets
from nodeflow.service.uploads import UPLOAD_BYTES, Upload

BODY_BYTES = UPLOAD_BYTES + (1 << 20)
READERS = 4
"""Prompts that are translated at a time."""
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Change(msgspec.Struct):
    """What is to be taken out of the queue or the history."""

    clear: bool = False
    delete: list[str] = []


class Interrupt(msgspec.Struct):
    """Which prompt is to stop; the one that runs where none is named."""

    prompt_id: str = ""


class Routes:
    """Answers requests, each by one method. All on one thread, except what waits for disks or other processes."""

    def __init__(self, engine: Engine, folders: ServedFolders, reader: PromptReader, machine: Machine) -> None:
        self._engine, self._folders, self._reader, self._machine = engine, folders, reader, machine
        self.sockets = Sockets()
        self.prompts = PromptQueue(engine, folders, self.sockets.tell)
        self._foreign = ForeignFiles()
        self._readers = asyncio.Semaphore(READERS)

    def app(self, guard: Guard) -> web.Application:
        """Return the application, each path also below ``/api`` as ComfyUI has it."""
        app = web.Application(middlewares=[_guarded(guard), _told], client_max_size=BODY_BYTES)
        gets: dict[str, Handler] = {
            "/prompt": self._status,
            "/queue": self._queue,
            "/history": self._history,
            "/history/{id}": self._history,
            "/view": self._view,
            "/object_info": self._object_info,
            "/object_info/{name}": self._object_info,
            "/system_stats": self._system_stats,
            "/embeddings": self._embeddings,
            "/ws": self._socket,
        }
        posts: dict[str, Handler] = {
            "/prompt": self._post,
            "/queue": self._change_queue,
            "/history": self._change_history,
            "/interrupt": self._interrupt,
            "/upload/image": self._upload,
        }
        for prefix in ("", "/api"):
            app.add_routes([web.get(prefix + path, handler) for path, handler in gets.items()])
            app.add_routes([web.post(prefix + path, handler) for path, handler in posts.items()])
        return app

    def close(self) -> None:
        """Let all clients go, and end what is being translated."""
        self.sockets.close()
        self._reader.close()
        self._foreign.close()

    async def _post(self, request: web.Request) -> web.Response:
        asked = await _body(request, PromptRequest)
        async with self._readers:
            prepared = await asyncio.to_thread(self._reader.read, asked)
        progress = self.prompts.add(asked, prepared)
        try:
            await asyncio.to_thread(self._engine.submit, prepared.run, progress.job)
        except Exception as error:
            self.prompts.leave_out(progress)
            raise refused(503, "not_queued", f"the prompt cannot be queued: {error}") from None
        if progress.number < 0:
            await asyncio.to_thread(self._engine.move, progress.job, 0)
        exact = {"approximate": prepared.told, "differences": prepared.differs}
        return web.json_response(
            {"prompt_id": progress.id, "number": progress.number, "node_errors": {}, "nodeflow": exact}
        )

    async def _status(self, _: web.Request) -> web.Response:
        return web.json_response(self.prompts.status())

    async def _queue(self, _: web.Request) -> web.Response:
        return web.json_response(self.prompts.listed())

    async def _change_queue(self, request: web.Request) -> web.Response:
        change = await _body(request, Change)
        await self._cancel(self.prompts.jobs(None if change.clear else change.delete))
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.Response:
        which = await _body(request, Interrupt)
        await self._cancel(self.prompts.jobs([which.prompt_id] if which.prompt_id else None, running=True))
        return web.Response()

    async def _cancel(self, jobs: list[int]) -> None:
        for job in jobs:
            await asyncio.to_thread(self._engine.cancel, job)

    async def _history(self, request: web.Request) -> web.Response:
        most = request.query.get("max_items")
        found = self.prompts.history(
            request.match_info.get("id", ""),
            None if most is None else max(_number(most), 0),
            _number(request.query.get("offset", "-1")),
        )
        return web.json_response(found)

    async def _change_history(self, request: web.Request) -> web.Response:
        change = await _body(request, Change)
        self.prompts.forget(None if change.clear else change.delete)
        return web.Response()

    async def _view(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        about = (query.get("type", "output"), query.get("subfolder", ""), query.get("filename", ""))
        path = await asyncio.to_thread(self._folders.file, *about)
        if not await asyncio.to_thread(path.is_file):
            raise refused(404, "no_file", f"there is no file {about[2]!r} in {about[0]}/{about[1]}")
        return web.FileResponse(path, headers=_headers(path))

    async def _upload(self, request: web.Request) -> web.Response:
        upload = Upload()
        await upload.read(request)
        place = await asyncio.to_thread(upload.keep, self._folders)
        return web.json_response({"name": place.filename, "subfolder": place.subfolder, "type": place.type})

    async def _object_info(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._foreign.classes)
        name = request.match_info.get("name", "")
        names = [one for one in found.names if name in ("", one)]
        return web.json_response(object_info(names, found.choices))

    async def _system_stats(self, _: web.Request) -> web.Response:
        return web.json_response(self._machine.stats())

    async def _embeddings(self, _: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._foreign.classes)
        return web.json_response(found.choices.get("embeddings", []))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        welcome = [Message("status", {"status": self.prompts.status()})]
        running = self.prompts.of_client(request.query.get("clientId", ""))
        if running is not None and running.node is not None:
            welcome.append(running.where())
        return await self.sockets.serve(request, welcome)


async def _body(request: web.Request, kind: type[T]) -> T:
    """What a request holds; an empty one is the same as an empty object."""
    try:
        return msgspec.json.decode(await request.read() or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise refused(400, "no_json", f"the request's body is not what is expected: {error}") from None


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise refused(400, "no_number", f"{text!r} is no whole number") from None


def _headers(path: Path) -> dict[str, str]:
    """An image is shown; anything else is a download, so that nothing in it runs in a browser."""
    kind = mimetypes.guess_type(path.name)[0] or ""
    shown = kind.startswith("image/") and kind != "image/svg+xml"
    name = path.name.encode("ascii", "replace").decode().replace('"', "'")
    return {
        "Content-Type": kind if shown else "application/octet-stream",
        "Content-Disposition": f'{"inline" if shown else "attachment"}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }


def _guarded(guard: Guard) -> Any:
    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        status, sentence = guard.why_not(request)
        if status:
            answer = _error(refused(status, "not_allowed", sentence))
            if status == 401:
                answer.headers["WWW-Authenticate"] = 'Basic realm="nodeflow"'
            return answer
        return await handler(request)

    return guarded


@web.middleware
async def _told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors as ComfyUI tells them, each with one sentence."""
    try:
        return await handler(request)
    except RequestRefusedError as error:
        return _error(error)
    except OutsideError as error:
        return _error(refused(400, "outside", str(error)))
    except web.HTTPException as error:
        sentences = {404: f"there is nothing at {request.path}", 413: f"a request holds at most {BODY_BYTES} bytes"}
        return _error(refused(error.status, "http", sentences.get(error.status, error.text or error.reason)))
    except (HttpProcessingError, web.RequestPayloadError):
        return _error(refused(400, "broken", "the request is broken; what it holds is not as its headers say"))
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return _error(refused(400, "outside", "a name is longer than that of a file can be; shorten it"))
        return _error(refused(500, "disk", f"the disk does not take or give it: {error.strerror or error}"))


def _error(error: RequestRefusedError) -> web.Response:
    return web.json_response(error.body, status=error.status)
