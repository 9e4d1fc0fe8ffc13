"""Sockets of the clients that follow their prompts. A client that does not read is let go; nobody waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import uuid
from pathlib import Path

import msgspec
from aiohttp import WSMsgType, web

from nodeflow.service.progress import PNG_FORMAT, PREVIEW_EVENT, Message

SOCKET_LIMIT = 64
BACKLOG_LIMIT = 2_000
"""Messages that wait for a client before it is let go."""
MESSAGE_BYTES = 1 << 16
"""Most that a client may say at once: it has nothing to say."""
PING_SECONDS = 20.0


class Sockets:
    """All open sockets by the client's id; a client that comes again takes the place of its old one."""

    def __init__(self) -> None:
        self._backlogs: dict[str, asyncio.Queue[Message | None]] = {}

    def tell(self, client: str, message: Message) -> None:
        """Send a message to a client, or to all where that is empty."""
        for id, backlog in list(self._backlogs.items()):
            if not client or id == client:
                try:
                    backlog.put_nowait(message)
                except asyncio.QueueFull:
                    self._let_go(id)

    async def serve(self, request: web.Request, welcome: list[Message]) -> web.WebSocketResponse:
        """Keep a client's socket until it goes. Of ``welcome`` the first gets the client's id."""
        if len(self._backlogs) >= SOCKET_LIMIT:
            raise web.HTTPServiceUnavailable(text=f"{SOCKET_LIMIT} clients are connected already")
        client = request.query.get("clientId") or uuid.uuid4().hex
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS, max_msg_size=MESSAGE_BYTES)
        await socket.prepare(request)
        self._let_go(client)
        backlog = self._backlogs[client] = asyncio.Queue(BACKLOG_LIMIT)
        first, *others = welcome
        for message in (first._replace(data={**first.data, "sid": client}), *others):
            backlog.put_nowait(message)
        sender = asyncio.create_task(_send(socket, backlog))
        try:
            async for said in socket:
                if said.type is WSMsgType.ERROR:
                    break
        finally:
            sender.cancel()
            if self._backlogs.get(client) is backlog:
                del self._backlogs[client]
        return socket

    def close(self) -> None:
        """Let all clients go."""
        for client in list(self._backlogs):
            self._let_go(client)

    def _let_go(self, client: str) -> None:
        backlog = self._backlogs.pop(client, None)
        if backlog is not None:
            while backlog.full():
                backlog.get_nowait()
            backlog.put_nowait(None)


async def _send(socket: web.WebSocketResponse, backlog: asyncio.Queue[Message | None]) -> None:
    with contextlib.suppress(ConnectionError):
        while (message := await backlog.get()) is not None:
            if message.image:
                await socket.send_bytes(await asyncio.to_thread(_image, message.image))
            else:
                await socket.send_str(msgspec.json.encode({"type": message.type, "data": message.data}).decode())
        await socket.close()


def _image(image: bytes | Path) -> bytes:
    data = image if isinstance(image, bytes) else image.read_bytes()
    return struct.pack(">II", PREVIEW_EVENT, PNG_FORMAT) + data
