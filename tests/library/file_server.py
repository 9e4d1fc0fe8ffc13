"""A small server on the loopback that gives files in ranges, as the hub does, and the hub's own answers."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Gives ``files`` by path. ``break_at``: the line breaks once so many bytes of an answer were sent. ``hold``: an
    answer stops there until ``go_on`` is set. ``seen``: path, range and token of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, object] = {}
        self.ranges = True
        self.break_at = 0
        self.hold = 0
        self.go_on = threading.Event()
        self.seen: list[tuple[str, str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def offer_repository(self, name: str, files: dict[str, bytes], licence: str = "apache-2.0") -> None:
        """Answer as the hub does for a model."""
        siblings = []
        for path, data in files.items():
            self.files[f"/{name}/resolve/abc123/{path}"] = data
            lfs = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 120}
            large = {"lfs": lfs} if path.endswith(".safetensors") else {}
            siblings.append({"rfilename": path, "size": len(data), "blobId": "x", **large})
        self.answers[f"/api/models/{name}"] = {
            "id": name,
            "modelId": name,
            "sha": "abc123",
            "private": False,
            "tags": [],
            "downloads": 1,
            "siblings": siblings,
            "cardData": {"license": licence},
        }


class _Handler(BaseHTTPRequestHandler):
    server: FileServer
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0]
        wanted = self.headers.get("Range", "")
        self.server.seen.append((path, wanted, self.headers.get("Authorization", "")))
        if path in self.server.answers:
            self._send(200, json.dumps(self.server.answers[path]).encode(), {"Content-Type": "application/json"}, body)
            return
        data = self.server.files.get(path)
        if data is None:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"}, body)
            return
        tag = '"' + hashlib.sha256(data).hexdigest() + '"'
        headers = {"ETag": tag, "Accept-Ranges": "bytes"}
        if wanted and self.server.ranges and self.headers.get("If-Range", tag) == tag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._send(206, data[start:], headers, body)
        else:
            self._send(200, data, headers, body)

    def _send(self, status: int, data: bytes, headers: dict[str, str], body: bool) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not body:
            return
        server = self.server
        if server.break_at and server.break_at < len(data):
            self.wfile.write(data[: server.break_at])
            server.break_at = 0
            self.close_connection = True
            return
        if server.hold and server.hold < len(data):
            self.wfile.write(data[: server.hold])
            self.wfile.flush()
            server.go_on.wait(60)
            data = data[server.hold :]
        try:
            self.wfile.write(data)
        except OSError:
            self.close_connection = True  # whoever asked has gone

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def file_server() -> Iterator[FileServer]:
    server = FileServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        server.shutdown()
        server.server_close()
