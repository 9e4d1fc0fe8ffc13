"""Request of a run: the same for a job, a forecast and the command line. Data only, no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from nodeflow.engine.protocol.share import WHOLE, Share
from nodeflow.graph.io.files import dumps
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.sweeps import Sweep

PrecisionRule = Literal["exact", "fast"]
"""Precision of a run on the processor. Exact: in full (float32), fast: in bfloat16 where the processor computes in it.
A graphics card computes in half precision under either."""


class RunRequest(msgspec.Struct, frozen=True):
    """A workflow (the bytes of its file) and how to run it.

    Relative paths start at ``base``, results go below ``output``. Without ``targets`` everything runs that nothing else
    uses. ``document`` says whose run it is: looking at results and the reasons for running are by document. ``title``
    is what a person calls it, ``about`` a line on what makes it this run. ``sweeps`` give parameters several values
    each, for this run alone. ``share`` is what the engine gives the worker to do of it. ``precision`` is that of
    networks which leave theirs to the run.
    """

    workflow: bytes
    base: str
    output: str
    targets: tuple[str, ...] = ()
    device: str = "auto"
    document: str = ""
    title: str = ""
    sweeps: tuple[Sweep, ...] = ()
    about: str = ""
    share: Share = WHOLE
    precision: PrecisionRule = "exact"

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        base: Path,
        output: Path,
        targets: tuple[str, ...] = (),
        *,
        device: str = "auto",
        document: str = "",
        title: str = "",
        sweeps: tuple[Sweep, ...] = (),
        about: str = "",
        precision: PrecisionRule = "exact",
    ) -> RunRequest:
        """Return the request to run a workflow as it stands now."""
        return cls(
            dumps(workflow),
            str(base),
            str(output),
            tuple(targets),
            device,
            document,
            title,
            sweeps,
            about,
            precision=precision,
        )
