"""Requests over HTTPS, with sentences for what goes wrong. Plain HTTP is for this computer alone."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from nodeflow import __version__
from nodeflow.library.downloads.offers import DownloadError

TIMEOUT_SECONDS = 15.0
PLAIN = {"User-Agent": f"nodeflow/{__version__}", "Accept-Encoding": "identity"}
MEANINGS = {
    401: "its owner wants to know who asks: log in with the command hf auth login, and accept the licence on its page",
    403: "its owner does not give it to everybody: accept the licence on its page, then log in with hf auth login",
    404: "there is nothing at that address",
    410: "it is gone from there",
    416: "what is here already does not fit what is there",
    429: "the server wants fewer requests; try again later",
}


class _Redirects(HTTPRedirectHandler):
    """Follows redirects to addresses that could have been asked for in the first place."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_address(url: str) -> None:
    """Raises DownloadError for an address that is not asked: other than HTTPS, or without a host."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname and _is_here(parts.hostname):
        return
    raise DownloadError(f"{url[:80]} is not asked: only addresses that begin with https:// are")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def open_url(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> http.client.HTTPResponse:
    """Ask for an address. A token in ``headers`` is not handed on to another server.

    Raises DownloadError with what is wrong.
    """
    check_address(url)
    opener = OpenerDirector()
    handlers = (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    )
    for handler in handlers:
        opener.add_handler(handler)
    request = Request(url, method=method)
    for name, value in {
        "User-Agent": f"nodeflow/{__version__}",
        "Accept-Encoding": "identity",
        **(headers or {}),
    }.items():
        request.add_unredirected_header(name, value) if name == "Authorization" else request.add_header(name, value)
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=TIMEOUT_SECONDS)
    except HTTPError as error:
        why = MEANINGS.get(error.code, f"the server says {error.code}")
        raise DownloadError(f"{host_of(url)} does not give it: {why}") from None
    except (URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        told = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise DownloadError(f"{host_of(url)} cannot be reached ({told})") from None
    return response


def host_of(url: str) -> str:
    """Return the server of an address, for a sentence."""
    return urlsplit(url).hostname or url[:40]
