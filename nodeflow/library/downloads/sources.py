"""What a source offers: a repository of the Hugging Face hub, or the address of one file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from nodeflow.library.downloads.connection import check_address, open_url
from nodeflow.library.downloads.offers import DownloadError, Offer, RemoteFile, safe_name
from nodeflow.library.missing import HUB_ID
from nodeflow.library.scan import WEIGHTS

HUB = "https://huggingface.co"
BESIDE = ".json", ".txt", ".model", ".jinja"
"""Ends of the names of configurations and tokenizers."""
PLAIN = re.compile(r"(diffusion_pytorch_model|model)(-\d+-of-\d+)?\.safetensors")
"""How diffusers and transformers name weights that are no variant."""
HALF = re.compile(r"(diffusion_pytorch_model|model)\.fp16(-\d+-of-\d+)?\.safetensors")
SHA256 = re.compile(r"[0-9a-f]{64}")


def offer_of(source: str, revision: str = "", folder: str = "") -> Offer:
    """Return what a hub id or an address offers; ``folder`` is where a workflow wants a single file.

    It asks the net. Raises DownloadError.
    """
    source = source.strip()
    if "://" in source:
        return of_address(source, folder)
    if HUB_ID.fullmatch(source):
        return of_hub(source, revision)
    raise DownloadError(f"{source[:80]!r} is no address and no repository of the hub (which is written owner/name)")


def of_address(url: str, folder: str = "") -> Offer:
    """Return what lies at an address: one file of weights."""
    check_address(url)
    if _of_hub(url):
        url = url.replace("/blob/", "/resolve/", 1)  # the page about a file, which people copy
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    with open_url(url, method="HEAD", headers=token_for(url)) as response:
        headers = response.headers
    named = headers.get_filename() or name
    if not named.lower().endswith(WEIGHTS):
        raise DownloadError(f"{named[:60]!r} is no file of weights ({', '.join(WEIGHTS[:2])})")
    tag = (headers.get("X-Linked-ETag") or headers.get("ETag") or "").strip('"')
    size = headers.get("X-Linked-Size") or headers.get("Content-Length") or "0"
    sha256 = tag if SHA256.fullmatch(tag) else ""
    file = RemoteFile(url, safe_name(PurePosixPath(named).name), int(size) if size.isdigit() else 0, sha256)
    licence = _licence_beside(url)
    return Offer(file.name, (file,), licence, url, safe_name(folder) if folder else "", file.name)


def _licence_beside(url: str) -> str:
    """The licence of the repository that a file of the hub lies in; empty where nothing tells."""
    owner, _, rest = urlsplit(url).path.strip("/").partition("/")
    name, _, rest = rest.partition("/")
    if not (_of_hub(url) and rest.startswith("resolve/")):
        return ""
    from huggingface_hub import HfApi

    try:
        return _licence(HfApi(endpoint=_endpoint()).model_info(f"{owner}/{name}", timeout=30).card_data)
    except Exception:  # the file itself was found: that its licence is not is told
        return ""


def _licence(card: Any) -> str:
    return str(card.get("license_name") or card.get("license") or "") if card is not None else ""


def of_hub(model: str, revision: str = "") -> Offer:
    """Return what of a repository is wanted: configurations, tokenizers, and weights as safetensors, each once."""
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    endpoint = _endpoint()
    try:
        info = HfApi(endpoint=endpoint).model_info(model, revision=revision or None, files_metadata=True, timeout=30)
    except RevisionNotFoundError:
        raise DownloadError(f"{model} has no revision {revision}") from None
    except RepositoryNotFoundError:
        raise DownloadError(f"the hub has no {model}, or its owner shows it to few; check the name") from None
    except (HfHubHTTPError, OSError) as error:
        raise DownloadError(f"the hub cannot be asked about {model} ({_first(error)})") from None
    except Exception as error:  # its client has exceptions of its own for a line that is down
        raise DownloadError(f"the hub cannot be asked about {model} ({_first(error)})") from None
    found = {one.rfilename: one for one in info.siblings or ()}
    files = []
    for name in chosen(found):
        one = found[name]
        digest = one.lfs.sha256 if one.lfs is not None else ""
        url = hf_hub_url(model, name, revision=info.sha or revision or None, endpoint=endpoint)
        files.append(RemoteFile(url, safe_name(name), one.size or 0, digest))
    if not any(file.name.endswith(WEIGHTS[:2]) for file in files):
        raise DownloadError(f"{model} has no weights as safetensors or GGUF")
    return Offer(model, tuple(files), _licence(info.card_data), f"{endpoint}/{model}", safe_name(model), model)


def chosen(names: Iterable[str]) -> list[str]:
    """The files of a repository that are wanted, out of all their names."""
    names = sorted(names)
    folders = {name.rpartition("/")[0] for name in names}
    pipeline = "model_index.json" in names
    wanted = []
    for folder in sorted(folders):
        inside = [name for name in names if name.rpartition("/")[0] == folder]
        if (pipeline and folder.count("/")) or any(part.startswith(".") for part in folder.split("/")):
            continue
        wanted += [name for name in inside if name.endswith(BESIDE)]
        if not (pipeline and not folder):  # a whole model in one file beside the parts would be fetched twice
            wanted += _weights(inside)
    return wanted


def _weights(names: list[str]) -> list[str]:
    """The weights of a folder: the plain ones, those in half precision where there are no plain ones, else all."""
    files = [name for name in names if name.endswith(WEIGHTS[:2])]
    for form in (PLAIN, HALF):
        if found := [name for name in files if form.fullmatch(name.rpartition("/")[2])]:
            return found
    return files


def token_for(url: str) -> dict[str, str]:
    """The header by which the hub knows a person, for addresses of the hub alone."""
    if not _of_hub(url):
        return {}
    from huggingface_hub import get_token

    token = get_token()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT") or HUB


def _of_hub(url: str) -> bool:
    return urlsplit(url).netloc == urlsplit(_endpoint()).netloc


def _first(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
