"""Guard of the service: only programs of this machine that know the token are answered, and no page of the web."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from nodeflow.resources import data_folder

LOOPBACK = "127.0.0.1"
HOSTS = (LOOPBACK, "localhost")
"""Names under which it is reached. Another one in a request is a page of the web that was pointed here."""
TOKEN_BYTES = 24
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def kept_token(path: Path | None = None) -> str:
    """Return the token of this user, made at the first use and kept where only the user reads it. Raises OSError."""
    path = path or data_folder() / "service-token"
    try:
        if token := path.read_text("ascii", "replace").strip():
            return token
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token + "\n")
    return token


class Guard:
    """Lets requests pass that name this machine, come from no other origin, and bring the token.

    The token is taken as a bearer, as the password of a basic login (what ComfyUI's clients have), or as the parameter
    ``token`` of the address.
    """

    def __init__(self, token: str, port: int) -> None:
        self._token = token.encode()
        self._hosts = {f"{host}:{port}" for host in HOSTS}

    def why_not(self, request: web.Request) -> tuple[int, str]:
        """Return a status and a sentence where a request is not answered; 0 where it is."""
        if request.headers.get("Host", "").lower() not in self._hosts:
            return 403, f"this service answers only to the names {' and '.join(sorted(self._hosts))}"
        origin = request.headers.get("Origin")
        if origin is not None and _host(origin) not in self._hosts:
            return 403, "pages of other origins may not use this service"
        if not any(
            hmac.compare_digest(given.encode(errors="surrogateescape"), self._token) for given in _tokens(request)
        ):
            return 401, "the token is missing or wrong; give it as a bearer, or as the password of a basic login"
        return 0, ""


def _host(origin: str) -> str:
    """The host and port of an address; empty for what is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _tokens(request: web.Request) -> list[str]:
    """What a request brings that may be the token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    found = [request.query["token"]] if "token" in request.query else []
    if scheme.lower() == "bearer":
        found.append(given.strip())
    if scheme.lower() == "basic":
        try:
            found.append(base64.b64decode(given, validate=True).decode().partition(":")[2])
        except (binascii.Error, UnicodeDecodeError):
            return found
    return found
