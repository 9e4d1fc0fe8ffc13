"""What a worker of the tests has in it before it is made: the fork server imports this once, and computes nothing."""

import gc
import importlib
from pathlib import Path
from pkgutil import iter_modules

import nodes

nodes.start_worker()  # as the worker does: what it leaves out is not imported here either

import nodeflow.engine.worker.worker  # noqa: E402, F401

PACK = Path(nodes.__file__).parent
MODULES = [part.name for room in nodes.ROOMS for part in iter_modules([PACK / room], f"nodes.{room}.")]
for name in (*sum(nodes.HEAVY.values(), ()), *MODULES):
    importlib.import_module(name)

gc.collect()
gc.freeze()  # what is here stays: no worker looks through it for garbage
