"""The models that are offered for a parameter: what fits it first, then the rest. No widgets."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow, upstream
from nodeflow.library.entries import LibraryEntry
from nodeflow.library.fitting import Fit, fit
from nodeflow.library.models import Models


class ModelChoices:
    """The models of the library, in the order in which a parameter of a node is offered them."""

    def __init__(self, models: Models, node_type: str, param: str, families: frozenset[str] = frozenset()) -> None:
        self.models = models
        self._node, self._param, self._families = node_type, param, families

    @cached_property
    def _ranks(self) -> list[tuple[Fit, float, int]]:
        """Of each entry how well it fits and when it was used last, so that the smallest comes first."""
        own = self.models.own
        return [
            (fit(one, self._node, self._param, self._families), -own(one).used, number)
            for number, one in enumerate(self.models.entries)
        ]

    def fit(self, entry: LibraryEntry) -> Fit:
        """Return how well a model fits the parameter."""
        return fit(entry, self._node, self._param, self._families)

    def find(self, words: str) -> list[LibraryEntry]:
        """Models with all of these words, those first that fit best, then those that were used last."""
        entries = self.models.entries
        numbers = sorted(self.models.matching(words), key=self._ranks.__getitem__)
        return [entries[number] for number in numbers if not entries[number].gone]


def choices_for(scope: GraphScope, models: Models, node: str, param: str) -> ModelChoices:
    """The choices for a parameter of a node that is shown."""
    families = families_near(scope.workflow, scope.catalogue, models, node, param)
    return ModelChoices(models, scope.workflow.nodes[node].type, param, families)


def families_near(workflow: Workflow, catalogue: Catalogue, models: Models, node: str, param: str) -> frozenset[str]:
    """The families of the models that a node works with, and of the parts that these need: of those that lead to it, or
    else of all others of the workflow."""
    before = upstream(workflow.incoming(), [node])
    near = _families(workflow, catalogue, models, before, (node, param))
    return near or _families(workflow, catalogue, models, workflow.nodes, (node, param))


def _families(
    workflow: Workflow, catalogue: Catalogue, models: Models, names: Iterable[str], but: tuple[str, str]
) -> frozenset[str]:
    found = set()
    for name in names:
        node = workflow.nodes.get(name)
        spec = catalogue.nodes.get(node.type) if node is not None else None
        for param in spec.params if spec is not None and node is not None else ():
            if param.widget == "model" and (name, param.name) != but:
                value = str(node.params.get(param.name, param.default)) if node is not None else ""
                found |= {one for entry in models.find(value)[:1] for one in _families_of(entry)}
    return frozenset(found)


def _families_of(entry: LibraryEntry) -> set[str]:
    return {entry.found.family, *entry.found.missing} - {""}
