"""What libraries import in case it is needed, held back until it is: a start of the worker costs half as much.

diffusers brings torch's compiler (for some decorators), peft (for a class to compare with), object detection's losses,
statistics of scipy and a hundred other networks into every process that loads a U-Net, more than half of the time that
its import takes; transformers brings the compiler too, and tensors on several machines, with any of its models.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

COMPILER = "torch._dynamo"
UNSEEN: dict[str, tuple[str, ...]] = {"diffusers": ("peft", COMPILER), "transformers": ()}
"""The libraries, with the modules without which each goes on, as it does where they are not installed."""
POSTPONED: dict[str, tuple[str, ...]] = {
    "scipy.integrate": (),
    "scipy.optimize": ("linear_sum_assignment",),
    "scipy.stats": (),
    "torch._dynamo._trace_wrapped_higher_order_op": ("TransformGetItemToIndex",),
    "torch._dynamo.utils": ("is_compile_supported",),
    "torch.distributed._functional_collectives": (),
    "torch.nn.attention.flex_attention": (),
    "transformers.image_transforms": ("center_to_corners_format",),
}
"""Modules that they and what they import ask for and few calls use, with the functions that are taken out of them."""
OPENED_LATE = tuple(f"diffusers.models.{name}" for name in ("autoencoders", "controlnets", "transformers", "unets"))
"""Packages that import all that lies in them, a hundred networks, where one of them is wanted."""
DENIED = ("is_torch_distributed_available", "is_torch_flex_attn_available")
"""What transformers asks itself, and imports tensors that lie on several machines for, or a kind of attention that has
to be asked for by its name; a library of algebra comes with each."""


class PostponedModule(ModuleType):
    """Stands where a module will be, which is imported as soon as something in it is used.

    The standard library's lazy modules load at any look at them, and `inspect` looks at every module that there is.
    """

    def __init__(self, name: str, functions: tuple[str, ...] = ()) -> None:
        super().__init__(name)
        self.__path__: list[str] = []  # what lies in it is found by LeanImports
        for function in functions:
            setattr(self, function, partial(self._call, function))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.load(), name)

    def _call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(self.load(), function)(*args, **kwargs)

    def load(self) -> ModuleType:
        """Import the module, and leave it this place."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        _place(module)
        return module


class PostponedPackage(ModuleType):
    """A package whose modules can be imported one by one: it runs itself as soon as a name is asked of it."""

    runs: Callable[[ModuleType], None] | None = None

    def __getattr__(self, name: str) -> Any:
        runs = self.runs
        if name.startswith("__") or runs is None:
            raise AttributeError(name)
        self.runs = None
        runs(self)
        return getattr(self, name)


class PostponedCompiler(PostponedModule):
    """Stands for torch's compiler: what it is told about functions before anything is compiled needs no compiler."""

    def disable(self, function: Any = None, *_: object, **__: object) -> Any:
        """Leave a function as it is, and give a decorator that does so where none is given."""
        return _same if function is None else function

    def allow_in_graph(self, function: Any) -> Any:
        """Leave a function as it is."""
        return function

    def assume_constant_result(self, function: Any) -> Any:
        """Leave a function as it is."""
        return function


class LeanImports(MetaPathFinder):
    """Finds the libraries, to be imported without what they can do without, and what lies in a postponed module."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to import a module; None where it is not one of these."""
        package = sys.modules.get(name.rpartition(".")[0])
        if isinstance(package, PostponedModule):
            real = package.load()
            if name in sys.modules:  # it came with its package
                return ModuleSpec(name, _Imported(sys.modules[name]))
            return PathFinder.find_spec(name, getattr(real, "__path__", None), target)
        spec = PathFinder.find_spec(name, path, target) if name in UNSEEN or name in OPENED_LATE else None
        if spec is not None and spec.loader is not None:
            lean = name in UNSEEN
            spec.loader = _LeanLoader(spec.loader, UNSEEN[name]) if lean else _LateLoader(spec.loader)
        return spec


class _LeanLoader(Loader):
    """A loader that runs a module while others look as if they were not installed, and postpones more after it."""

    def __init__(self, loader: Loader, unseen: tuple[str, ...]) -> None:
        self._loader, self._unseen = loader, unseen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _hidden(self._unseen):
            self._loader.exec_module(module)
        for question in DENIED:
            _deny(module.__name__, question)
        postpone()


class _LateLoader(Loader):
    """A loader that leaves a package to itself, to run when it is asked for a name."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return PostponedPackage(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module)["runs"] = self._loader.exec_module


class _Imported(Loader):
    """A loader of what is there already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def install() -> None:
    """Hold back, in this process, what the libraries would import; one that is imported already stays as it is."""
    wanted = UNSEEN.keys() - sys.modules.keys()
    if wanted and not any(isinstance(finder, LeanImports) for finder in sys.meta_path):
        sys.meta_path.insert(0, LeanImports())


def postpone() -> None:
    """Put what is postponed in its place, where it is not imported yet."""
    for module in (PostponedCompiler(COMPILER), *(PostponedModule(*about) for about in POSTPONED.items())):
        package = importlib.import_module(module.__name__.rpartition(".")[0])
        places = package.__spec__.submodule_search_locations if package.__spec__ is not None else None
        module.__spec__ = PathFinder.find_spec(module.__name__, places)
        if module.__spec__ is not None and module.__name__ not in sys.modules:
            sys.modules[module.__name__] = module
            _place(module)


def _place(module: ModuleType) -> None:
    """Make a module known to the package that it lies in, as an import does."""
    package, _, last = module.__name__.rpartition(".")
    setattr(importlib.import_module(package), last, module)


def _deny(library: str, question: str) -> None:
    """Let a library's answer be no to what it asks itself: modules of it that come later take it from those here."""
    for name, module in tuple(sys.modules.items()):
        if name.startswith(f"{library}.") and question in vars(module):
            setattr(module, question, _no)


def _no() -> bool:
    return False


def _same(function: Any) -> Any:
    return function


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Let modules that are not imported yet look as if they were not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
