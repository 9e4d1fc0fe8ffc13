"""Whether what a page of the course asks for was reached in a document's last run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from nodeflow.app.model.course import Check, CoursePage
from nodeflow.app.model.document_session import DocumentSession
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.engine.protocol.value_handle import Overview, Seen

NUMBERS = ("float", "int")
FRESH = ("ran", "cached")
Told = Callable[[list[bool]], None]
"""Takes for each check of a page whether it is met."""


class CourseJudge(QObject):
    """Looks at settings and at values of the last run; facts about tensors are asked from the engine."""

    def __init__(self, session: DocumentSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._requests = ValueRequests(session, self)

    def judge(self, page: CoursePage, told: Told) -> None:
        """Tell for each check of a page whether it is met, once all that has to be asked for is there."""
        answers: dict[int, bool] = {}

        def answer(place: int, met: bool) -> None:
            answers[place] = met
            if len(answers) == len(page.checks):
                told([answers[at] for at in range(len(page.checks))])

        for place, check in enumerate(page.checks):
            self._look(check, partial(answer, place))

    def _look(self, check: Check, answer: Callable[[bool], None]) -> None:
        if check.setting:
            answer(check.met(self._setting(check)))
        elif self._session.state(check.place[0]).phase not in FRESH:
            answer(False)
        elif check.fact:
            node, output = check.place
            self._requests.ask(lambda seen, _: answer(check.met(_fact(check, seen))), node=node, output=output)
        else:
            answer(check.met(self._number(check)))

    def _setting(self, check: Check) -> Any:
        """The value of a parameter, its default where it was not set; None where there is no such node."""
        name, param = check.place
        node = self._session.workflow.nodes.get(name)
        if node is None:
            return None
        spec = self._session.catalogue.nodes.get(node.type)
        known = spec.param(param) if spec else None
        return node.params.get(param, known.default if known else None)

    def _number(self, check: Check) -> str | None:
        node, output = check.place
        values = self._session.state(node).values
        return next((value.text for value in values if value.output == output and value.type in NUMBERS), None)


def _fact(check: Check, seen: Seen | None) -> float | None:
    """A fact about a tensor of a value."""
    if not isinstance(seen, Overview):
        return None
    tensors = [facts for facts in seen.facts if not check.tensor or facts.name.endswith(check.tensor)]
    return float(getattr(tensors[0], check.fact)) if tensors else None
