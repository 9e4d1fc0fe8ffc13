"""The service as whoever runs the engine holds it: started, told what the engine says, and closed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from aiohttp import web

from nodeflow.engine.protocol.messages import Reply, WorkerReady
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.service.folders import TEMP, ServedFolders
from nodeflow.service.guard import LOOPBACK, Guard
from nodeflow.service.machine import Machine
from nodeflow.service.prompt_queue import Engine
from nodeflow.service.prompts import PromptReader
from nodeflow.service.routes import Routes

DEFAULT_PORT = 8189
"""The one beside ComfyUI's own, so that both may run."""
END_SECONDS = 2.0


class CannotServeError(Exception):
    """One sentence: why the service does not start."""


class ScriptService:
    """Serves on a thread of its own from its making on, until `close`. It listens on the loopback alone."""

    def __init__(
        self,
        engine: Engine,
        folders: ServedFolders,
        catalogue: Catalogue,
        token: str,
        port: int = DEFAULT_PORT,
        device: str = "auto",
    ) -> None:
        """Port 0 takes a free one. Raises CannotServeError where a folder or the port cannot be used."""
        try:
            for folder in (folders.input, folders.output, folders.output / TEMP):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotServeError(f"cannot make the folder {error.filename}: {error.strerror}") from None
        try:
            self._listener = socket.create_server((LOOPBACK, port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise CannotServeError(f"port {port} cannot be used ({why}); choose another one") from None
        self.port: int = self._listener.getsockname()[1]
        self._guard = Guard(token, self.port)
        self._reader, self._machine = PromptReader(folders, catalogue, device), Machine()
        self._routes = Routes(engine, folders, self._reader, self._machine)
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="nodeflow service", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The address that clients are given."""
        return f"http://{LOOPBACK}:{self.port}"

    def hear(self, reply: Reply) -> None:
        """Learn what the engine says. From any thread; it does not wait."""
        with contextlib.suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(self._take, reply)

    def close(self) -> None:
        """Let all clients go, and free the port. What was queued stays queued."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _take(self, reply: Reply) -> None:
        if isinstance(reply, WorkerReady):
            self._reader.catalogue = reply.catalogue
        self._machine.hear(reply)
        self._routes.prompts.hear(reply)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = web.AppRunner(self._routes.app(self._guard), access_log=None, shutdown_timeout=END_SECONDS)
        await server.setup()
        await web.SockSite(server, self._listener).start()
        await self._stop.wait()
        self._routes.close()
        await server.cleanup()
