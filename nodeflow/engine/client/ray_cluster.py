"""A Ray cluster that runs already, as places for workers: an actor each. Nothing of Ray is started here."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import msgspec

from nodeflow.engine.protocol.limits import Limits

MISSING = "what speaks to Ray clusters is not installed; install it with: pip install 'nodeflow[ray]'"
CONNECT_SECONDS = 5.0
"""How long the cluster's head may take to answer at all."""
CALLS_AT_ONCE = 16
"""Calls of an actor that run side by side: those that wait for replies among them."""


CAUSES = (
    ("No module named 'nodeflow", "nodeflow is not installed there; install the same version on all machines"),
    ("killed by `ray.kill`", "somebody ended it"),
    ("node was terminated", "its machine left the cluster"),
    ("node died", "its machine left the cluster"),
)
"""What Ray's errors hold, and what that says."""


class ClusterError(Exception):
    """Raised where a cluster cannot be used; its text is a sentence."""


class RayCluster:
    """The cluster at an address: HOST:PORT of its head, or ``auto`` for the one this machine is a node of."""

    def __init__(self, address: str, limits: Limits = Limits()) -> None:
        self.address, self._limits = address.strip(), limits
        self._lock = threading.Lock()
        self._connected = False
        self.models: dict[str, tuple[str, str]] = {}
        """The fingerprint of each model, and the machine that told it first: it is the same on all."""
        self.mains: dict[int, Any] = {}
        """The actor that runs the whole of a job, to which those that help send what they computed."""

    def connect(self) -> Any:
        """Return Ray, connected. Raises ClusterError."""
        with self._lock:
            try:
                import ray
            except ModuleNotFoundError as error:
                if error.name != "ray":
                    raise
                raise ClusterError(MISSING) from None
            if not self._connected:
                self._check_address()
                try:
                    ray.init(
                        address=self.address,
                        namespace="nodeflow",
                        log_to_driver=False,
                        configure_logging=False,
                        ignore_reinit_error=True,
                    )
                except Exception as error:  # of half a dozen kinds, by what does not answer
                    raise ClusterError(f"{self._nobody()} ({_line(error)})") from None
                self._connected = True
            return ray

    def size(self) -> int:
        """Return how many workers suit the cluster: one a graphics card, else one a machine. Raises ClusterError."""
        ray = self.connect()
        cards = int(ray.cluster_resources().get("GPU", 0))
        return cards or max(len(self._machines(ray)), 1)

    def actor(self, workers: int) -> Any:
        """Return a new actor that holds a worker, one of so many. Raises ClusterError."""
        ray = self.connect()
        from nodeflow.engine.worker.cluster_member import ClusterMember

        machines = self._machines(ray)
        on_each = math.ceil(workers / max(len(machines), 1))
        cores = min((int(one["Resources"].get("CPU", 1)) for one in machines), default=1)
        cards = 1 if ray.cluster_resources().get("GPU", 0) else 0
        limits = msgspec.structs.replace(self._limits, workers=on_each)
        options = {
            "num_cpus": max(cores // on_each, 1),
            "num_gpus": cards,
            "max_concurrency": CALLS_AT_ONCE,
            "scheduling_strategy": "SPREAD",
        }
        return ray.remote(**options)(ClusterMember).remote(msgspec.msgpack.encode(limits))

    def close(self) -> None:
        """Leave the cluster; it goes on."""
        with self._lock:
            if self._connected:
                import ray

                ray.shutdown()
                self._connected = False

    def _machines(self, ray: Any) -> list[dict[str, Any]]:
        return [one for one in ray.nodes() if one["Alive"] and one["Resources"].get("CPU", 0)]

    def _check_address(self) -> None:
        """Raises ClusterError for what is no address, and where nobody listens: Ray itself would ask for a minute."""
        if self.address == "auto":
            return
        host, _, port = self.address.rpartition(":")
        if not host or not port.isdigit() or "/" in host:
            raise ClusterError(f"{self.address!r} names no cluster; give HOST:PORT of its head, or auto")
        try:
            socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise ClusterError(f"{self._nobody()} ({getattr(error, 'strerror', None) or error})") from None

    def _nobody(self) -> str:
        where = "on this machine" if self.address == "auto" else f"at {self.address}"
        return f"no Ray cluster answers {where}; start it with ray start, which this machine joins too"


def replies(ray: Any, generator: Any, silent_seconds: float) -> Iterator[bytes | None]:
    """Yield what a streaming call gives; None where nothing came for so long. Raises what Ray does when it ends."""
    while True:
        ready, _ = ray.wait([generator], timeout=silent_seconds, fetch_local=False)
        yield ray.get(next(generator)) if ready else None


def cause(error: BaseException) -> str:
    """Return why an actor is gone, as a part of a sentence."""
    text = str(error)
    return next((words for sign, words in CAUSES if sign in text), "it ended by itself; the cluster's log says more")


def _line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]


@contextlib.contextmanager
def quiet_end() -> Iterator[None]:
    """Whatever a cluster says while something on it is ended is no news."""
    with contextlib.suppress(Exception):
        yield


def mark_name() -> str:
    """The name of the file that lies in an output folder while this process lives."""
    return f".nodeflow-{socket.gethostname()}-{os.getpid()}"
