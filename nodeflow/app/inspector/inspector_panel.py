"""The inspector panel of a document: what the selected node gave, in each form in which it can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeGuard

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from nodeflow.app.i18n.fact_texts import fact_line, picture_line
from nodeflow.app.i18n.sentences import reported, said
from nodeflow.app.i18n.texts import size
from nodeflow.app.inspector.comparison import Comparison
from nodeflow.app.inspector.exporting import StageExporter
from nodeflow.app.inspector.frame_store import FrameCache, FrameSeries
from nodeflow.app.inspector.hover_picture import HoverPicture
from nodeflow.app.inspector.last_values import LastValues
from nodeflow.app.inspector.panel_layout import PanelWidgets
from nodeflow.app.inspector.place_values import OTHER, PlaceValues
from nodeflow.app.inspector.probe import Probe, place_form, place_options
from nodeflow.app.inspector.step_keeper import StepKeeper
from nodeflow.app.model.graph_scope import GraphScope
from nodeflow.app.model.run_history import RunHistory
from nodeflow.app.model.value_requests import ValueRequests
from nodeflow.app.qt.frames import frame_of, frame_of_png
from nodeflow.engine.protocol.value_handle import Overview, Seen, ValueHandle
from nodeflow.graph.model.roles import STEPS
from nodeflow.views import Chart, Option, Picture, Text, ViewInfo

ROOM, FRAME_ROOM = 1024, 512
"""Pixels that an image may have, and one of many."""

REPORTS = ("table", "ranking")
"""Outputs in which nodes say in words what they found."""


class InspectorPanel(QWidget):
    """Follows what is selected in a document. ``focus_wanted``: a node is to be brought into the middle.
    ``large_wanted``: it is to fill the window, or to go back to its place."""

    focus_wanted = Signal(str)
    large_wanted = Signal()

    def __init__(self, scope: GraphScope, history: RunHistory) -> None:
        super().__init__()
        parts = PanelWidgets(self, scope, history)
        self.large_button = parts.large_button
        self.large_button.clicked.connect(self.large_wanted)
        self.heading, self.notes, self.stage, self.choices = parts.heading, parts.notes, parts.stage, parts.choices
        self.output_box, self.form_box, self.items = parts.output_box, parts.form_box, parts.items
        self.scrubber, self.tools, self.load_button = parts.scrubber, parts.tools, parts.load_button
        self.told, self.facts_line, self.upright = parts.told, parts.facts_line, parts.upright
        self.compare_button, self.compare_bar, self.export = parts.compare_button, parts.compare_bar, parts.export
        self.session, self.scope, self.history = scope.session, scope, history
        self.looks = ValueRequests(self.session, self)
        self._last = LastValues(scope, history)
        self.cache = FrameCache()
        self.node = ""
        self.overview: Overview | None = None
        self.film: FrameSeries | None = None
        self.comparison = Comparison(self.looks, self.cache, self.compare_bar, self)
        self._preferred: dict[str, str] = {}
        self._form_of: dict[str, str] = {}
        self._turn = self._glance = 0
        """Which form was asked for last, and which overview: what answers an earlier one comes too late."""
        self._probe = Probe(self._ask_place, self)
        self.hover = HoverPicture(self.stage.picture)
        self._places = PlaceValues(self.looks, self.hover, self.told, lambda turn: turn == self._turn)
        self._keeper = StepKeeper(self.looks, scope, self._say)
        self.exporter = StageExporter(self.stage, self.looks, self._say)
        self._connect()
        self.scope.node_changed.connect(self._node_changed)
        self.scope.preview.connect(self._sampling)
        self.scope.opened.connect(lambda: self.show_node(""))
        self.scope.subscribe(lambda _: self._tell_notes())
        self.show_node("")

    def _connect(self) -> None:
        self.looks.missing.connect(lambda node: self.load_button.offer(node, self.scope.path_of(self.node)))
        self.history.changed.connect(self._run_over)
        self.comparison.arrived.connect(self._paint_step)
        self.tools.forked.connect(self._forked)
        self.tools.keep_wanted.connect(self.keep_step)
        self.compare_button.toggled.connect(self.compare_bar.setVisible)
        self.compare_button.toggled.connect(lambda: self._show_form())
        self.compare_bar.changed.connect(lambda: self._show_form() if self.comparing else None)
        self.output_box.currentIndexChanged.connect(self._output_chosen)
        self.items.currentIndexChanged.connect(self.refresh)
        self.form_box.currentIndexChanged.connect(self._form_chosen)
        self.choices.changed.connect(self._show_form)
        self.scrubber.moved.connect(self._show_step)
        for view in (self.stage.picture, *self.stage.pair.views):
            self._probe.follow(view)
            view.picked.connect(self._choose_place)
        self.export.wanted.connect(self.ask_export)

    # --- what is looked at

    def follow(self, chosen: Sequence[str]) -> None:
        """Look at the first of the nodes that are selected now; where none is, at the one from before."""
        if chosen and chosen[0] != self.node:
            self.show_node(chosen[0])
        elif not self.node:
            self.show_node("")

    def show_node(self, node: str) -> None:
        """Look at what a node gave; at nothing where it is empty."""
        nodes = self.scope.workflow.nodes
        self.node = node if node in nodes else ""
        spec = self.scope.catalogue.nodes.get(nodes[self.node].type) if self.node else None
        self.heading.setText(self.node or self.tr("Inspector"))
        self.output_box.offer(spec.outputs if spec else (), self._preferred.get(self.node, ""))
        self.refresh()

    def _tell_notes(self) -> None:
        self.notes.tell_of(self.node, self.overview is not None)

    @property
    def output(self) -> str:
        return self.output_box.currentData() or ""

    def refresh(self) -> None:
        """Look again: the node may have given something else."""
        self._turn += 1
        self._glance += 1
        glance = self._glance
        self._tell_notes()
        if not self.node:
            self._nothing(self.tr("Select a node to see what it gave."))
        elif not self.output:
            self._nothing(self.tr("This node gives nothing that could be seen."))
        else:
            self.looks.ask(
                lambda view, error: self._overview(glance, view, error),
                node=self.scope.path_of(self.node),
                output=self.output,
                item=max(self.items.currentIndex(), 0),
            )

    def _output_chosen(self) -> None:
        self._preferred[self.node] = self.output
        self.refresh()

    def _nothing(self, words: str) -> None:
        self.overview = None
        self._tell_notes()
        self._close_film()
        for widget in (self.form_box, self.choices, self.scrubber, self.tools, self.items):
            widget.setVisible(False)
        self.export.setEnabled(False)
        self.load_button.hide()
        self.told.clear()
        self.facts_line.clear()
        self.stage.show_frame(None, words)

    def _overview(self, glance: int, view: Seen | None, error: str) -> None:
        if glance != self._glance:
            return
        if not isinstance(view, Overview):
            self._nothing(error)
            return
        self.overview = view
        self._tell_notes()
        self.export.setEnabled(True)
        self.items.offer(view.items)
        self.compare_bar.offer_nodes(self._last.alike(view.wire, (self.node, self.output)))
        self.form_box.offer(view, self._form_of.get(view.wire))
        self._show_form()

    # --- forms

    @property
    def form(self) -> ViewInfo | None:
        """The form that is chosen; None for the facts."""
        name, overview = self.form_box.currentData(), self.overview
        return next((form for form in overview.forms if form.name == name), None) if overview else None

    def choose_form(self, name: str) -> None:
        """Choose a form as a hand would."""
        self.form_box.setCurrentIndex(self.form_box.findData(name))

    def _form_chosen(self) -> None:
        if self.overview:
            self._form_of[self.overview.wire] = self.form_box.currentData()
            self._show_form()

    def _show_form(self) -> None:
        """Ask for what is chosen."""
        self._close_film()
        self.load_button.hide()
        self.told.clear()
        if self.overview is None:
            return
        one = self.overview.facts[0] if len(self.overview.facts) == 1 else None
        self.facts_line.setText(fact_line(one) if one else "")
        self.facts_line.setVisible(one is not None)
        form = self.form
        self.choices.show_options(form.options if form else ())
        time = self._option(lambda option: option.time)
        self.scrubber.setVisible(time is not None)
        self.tools.setVisible(time is not None and self.overview.wire in self.scope.catalogue.types(STEPS))
        self.compare_bar.set_steps(time.maximum if time else -1, pictures=form is None or form.apart != "chart")
        if form is None:
            self.stage.show_view(self.overview)
        elif time is not None:
            self.scrubber.set_steps(time.maximum, time.first)
            self._begin_film(form, time)
        elif self.comparing and form.apart == "chart":
            self._ask_form(form, self._compared())
        elif self.comparing and form.apart == "picture":
            self._begin_film(form, Option("step", ""))
        else:
            self._ask_form(form)

    def _ask_form(self, form: ViewInfo, other: ValueHandle | None = None) -> None:
        assert self.overview is not None
        self._turn += 1
        turn = self._turn
        self.looks.ask(
            lambda view, error: self._show(turn, view, error),
            handle=self.overview.handle,
            form=form.name,
            options=self.choices.values(),
            size=ROOM,
            other=other,
        )

    @property
    def comparing(self) -> bool:
        """Return whether two images are shown together."""
        return self.compare_button.isChecked()

    def _option(self, wanted: Any) -> Option | None:
        form = self.form
        return next((option for option in form.options if wanted(option)), None) if form else None

    def _reports(self, view: Seen) -> TypeGuard[Text]:
        """Whether a text is what a node says of a value, and no text of the person's."""
        return isinstance(view, Text) and self.output in REPORTS

    def _show(self, turn: int, view: Seen | None, error: str) -> None:
        if turn != self._turn:
            return
        if isinstance(view, Picture) and self.comparing and self.form:
            self._begin_film(self.form, Option("step", ""))
        elif isinstance(view, Picture):
            self.stage.show_frame(frame_of(view))
            self.told.setText(picture_line(view))
        elif view is None:
            self.stage.show_frame(None, error)
        else:
            self.stage.show_view(Text(reported(view.text)) if self._reports(view) else view)
            if self.comparing:
                self._compare_view(view)

    def _compare_view(self, view: Seen) -> None:
        """Curves of two values are seen together, where how far they are apart is not what is shown."""
        other, form = self._compared(), self.form
        if isinstance(view, Chart) and form and not form.apart and other and self.compare_bar.apart and not view.bars:
            self.comparison.overlay(view, other, form.name, self.choices.values(), self.stage)
        else:
            self.comparison.tell(view)

    # --- steps

    def _begin_film(self, form: ViewInfo, time: Option) -> None:
        assert self.overview is not None
        self.film = self._film(self.overview.handle, form, time)
        if self.comparing:
            options, room = self.film.options, self.film.size
            self.comparison.begin(self.overview, self._compared(), form, options, time, room)
        self._show_step(self.scrubber.step if time.time else 0)

    def _compared(self) -> ValueHandle | None:
        """The handle of the value that is compared with; None where there is none."""
        node = self.scope.workflow.nodes.get(self.node)  # what it gave is shown for longer than it is there
        spec = self.scope.catalogue.nodes.get(node.type) if node else None
        own = self.overview.handle if self.overview else None
        return self.compare_bar.handle(own, self.scope.path_of(self.node), spec, self.output) if spec else None

    def _film(self, handle: ValueHandle, form: ViewInfo, time: Option) -> FrameSeries:
        options, room = self.choices.values(), FRAME_ROOM if time.time else ROOM
        film = FrameSeries(self.looks, self.cache, handle, form.name, options, time.maximum + 1, room, time.name)
        film.arrived.connect(lambda _: self._paint_step())
        film.failed.connect(lambda *_: self._paint_step())
        return film

    def _close_film(self) -> None:
        if self.film is not None:
            self.film.close()
        self.film = None
        self.comparison.close()

    def _show_step(self, step: int) -> None:
        """Fetch what is to be seen of a step, and paint what is there."""
        if self.film is not None:
            self.film.want(step)
            self.comparison.want(step)
            first = self.scrubber.first
            self.tools.show_step(self.node, step + first, self.film.steps - 1 + first)
            self._paint_step()

    def _paint_step(self) -> None:
        if self.film is None:
            return
        step = self.scrubber.step if self.film.steps > 1 else 0
        frame, fault = self.film.frame(step), self.film.fault(step)
        if not self.comparing:
            if frame is not None or fault:
                self.stage.show_frame(frame, fault)
            if frame is not None:
                self.told.setText(picture_line(frame.about))
        elif frame is not None:
            self.comparison.paint(self.stage, frame, step, str(self.film.options.get("quantity", "")))
        elif fault:
            self.stage.show_frame(None, fault)
        self._say_held()

    def _run_over(self) -> None:
        """What was missing may be loaded now; and where all came from the cache, no node said that it changed."""
        if not self.load_button.isHidden():
            self.load_button.hide()
            self.cache.clear()
            self.refresh()
        elif self.overview and self._last.handle(self.node, self.output) not in (None, self.overview.handle):
            self.refresh()

    def _forked(self, focus: str) -> None:
        """A branch is there: its node that is to be changed is brought into the middle."""
        self.focus_wanted.emit(focus)
        self._say(self.tr("This is a copy: change it, and run. The steps before it come from the cache."), True)

    def keep_step(self) -> None:
        """Have the image of this step decoded in full size, and write it into the output folder."""
        if self.overview is not None:
            self._keeper.keep(self.overview.handle, self.node, self.scrubber.step, self.choices.values())

    def _say_held(self) -> None:
        if self.film is not None:
            words = self.tr("{0} of {1} steps fetched · images held: {2} of at most {3}")
            held, most = size(self.cache.bytes), size(self.cache.most)
            self.facts_line.setVisible(True)
            self.facts_line.setText(words.format(self.film.held, self.film.steps, held, most))

    # --- the place under the pointer

    def _choose_place(self, u: float, v: float, _: int) -> None:
        """A form that is about a place is about this one."""
        own = self.form if self._option(lambda option: option.place) else place_form(self.overview)
        self.choices.choose_all(place_options(own, u, v))

    def _ask_place(self, u: float, v: float) -> None:
        form = place_form(self.overview)
        if form is None or self.overview is None:
            return
        step = self.scrubber.step
        values = {"this": (self.overview.handle, step)}
        other = self._compared() if self.comparing else None
        if other is not None:
            values[OTHER] = (other, self.comparison.there(step))
        self._places.ask(self._turn, form, (u, v), self.choices.values(), values)

    # --- while it runs

    def _node_changed(self, node: str) -> None:
        if node == self.node:
            self._tell_notes()
        if node == self.node and self.scope.state(node).phase in ("ran", "cached"):
            self.refresh()

    def _sampling(self, node: str, picture: bytes) -> None:
        if node == self.node:
            self._turn += 1
            self._glance += 1
            self._close_film()
            state = self.scope.state(node)
            self.stage.show_frame(frame_of_png(picture))
            self.told.setText(self.tr("step {0} of {1}, as it is foreseen").format(state.step, state.steps))

    def export_to(self, path: Path) -> None:
        """Write into a file what its ending says."""
        if self.overview is not None:
            options = {**self.choices.values(), "step": self.scrubber.step}
            self.exporter.write(path, self.overview.handle, self.form.name if self.form else "", options)

    def ask_export(self, suffix: str) -> None:
        """Ask for a file and write what is seen, or the true values, into it."""
        self.exporter.ask(self, f"{self.node}-{self.output}", suffix, self.export_to)

    def _say(self, words: str, well: bool = False) -> None:
        self.told.setText(said(words))
        (self.session.notice if well else self.session.trouble).emit(words)
