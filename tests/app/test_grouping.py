"""Subgraphs by mouse and keys: group, open, edit inside, run, back, expose, copy, the library."""

from __future__ import annotations

import pytest
from app.hands import Hand
from app.seen import agrees, port, row_centre, text
from grouped_window import ALT, CTRL, SAMPLING, Key, group, press
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from nodeflow.app.canvas.items.terminal_item import TerminalItem
from nodeflow.app.panels.node_library import NodeLibrary as NodeLibrary
from nodeflow.app.window.main_window import MainWindow
from nodeflow.graph.edits.grouping_edits import rename_definition
from nodeflow.graph.model.workflow import INPUTS, OUTPUTS, Socket
from nodeflow.graph.subgraphs.flatten import flatten


def title(window: MainWindow, name: str) -> QPointF:
    return window.canvas.nodes[name].pos() + QPointF(90, 12)


def way(window: MainWindow) -> list[str]:
    crumbs = window.gestures.groups.crumbs
    return [step.text() for step in crumbs.steps] if crumbs.isVisibleTo(window) else []


def test_ctrl_g_groups_and_ctrl_u_ungroups_to_the_very_file(window: MainWindow, hand: Hand) -> None:
    before = text(window)
    name = group(window)
    assert name == "group" and set(window.canvas.nodes) == {"decode", "model", "negative", "prompt", "save", "group"}
    assert [p.name for p in window.canvas.nodes[name].inputs] == ["trained", "unet", "negative", "positive"]
    assert agrees(window)
    press(window, Key.Key_U, CTRL)
    assert text(window) == before and agrees(window)
    assert set(window.canvas.selection.chosen()) == set(SAMPLING)
    window.session.stack.undo()
    assert agrees(window) and "group" in window.canvas.nodes
    window.session.stack.undo()
    assert text(window) == before and agrees(window)


def test_a_double_click_goes_in_and_the_breadcrumbs_lead_back(window: MainWindow, hand: Hand) -> None:
    inner = group(window, "denoiser", "guidance")
    outer = group(window, inner, "noise", "sampler", "scheduler")
    window.canvas.values.set_title(outer, "Sampling")
    hand.double_click(title(window, "sampling" if "sampling" in window.canvas.nodes else outer))
    assert way(window) == ["latent-diffusion", "Sampling"]
    assert set(window.canvas.nodes) == {INPUTS, OUTPUTS, inner, "noise", "sampler", "scheduler"}
    assert isinstance(window.canvas.nodes[INPUTS], TerminalItem) and agrees(window)
    window.canvas.selection.choose([inner])
    press(window, Key.Key_Return)
    assert way(window) == ["latent-diffusion", "Sampling", "Group"]
    assert set(window.canvas.nodes) == {INPUTS, OUTPUTS, "denoiser", "guidance"}
    press(window, Key.Key_Up, ALT)
    assert way(window) == ["latent-diffusion", "Sampling"] and window.canvas.selection.chosen() == [inner]
    press(window, Key.Key_Return)
    QTest.mouseClick(window.gestures.groups.crumbs.steps[0], Qt.MouseButton.LeftButton)
    assert way(window) == [] and agrees(window) and window.canvas.selection.chosen() == [outer]
    press(window, Key.Key_Return)
    press(window, Key.Key_Escape)
    assert way(window) == []


def test_nothing_opens_where_there_is_no_subgraph(window: MainWindow) -> None:
    window.canvas.view.setFocus()
    window.canvas.selection.choose(["noise"])
    for key, keys in ((Key.Key_Down, ALT), (Key.Key_U, CTRL)):
        window.canvas.view.toast.hide()
        press(window, key, keys)
        assert window.canvas.view.toast.isVisible() and way(window) == []
    window.canvas.selection.choose([])
    press(window, Key.Key_G, CTRL)
    assert window.session.stack.count() == 0


def test_a_parameter_is_edited_inside_and_undone_from_outside(window: MainWindow, hand: Hand) -> None:
    name = group(window)
    before = text(window)
    window.gestures.groups.open()
    window.canvas.view.camera.set_scale(1.0)
    row = row_centre(window, "guidance", "scale")
    hand.drag(row, row + QPointF(60, 0))
    inside = window.session.workflow.subgraphs["group"].body.nodes["guidance"].params["scale"]
    assert inside > 2.5 and agrees(window)
    press(window, Key.Key_Up, ALT)
    window.session.stack.undo()
    assert text(window) == before
    window.canvas.selection.choose([name])
    window.gestures.groups.open()
    assert window.canvas.nodes["guidance"].node.params["scale"] == 2.5


def test_nodes_and_wires_are_edited_inside_as_outside(window: MainWindow, hand: Hand) -> None:
    group(window)
    window.gestures.groups.open()
    start = text(window)
    window.gestures.add("nodes.gaussian_noise", QPointF(-500, 900))
    assert "gaussian_noise" in window.session.workflow.subgraphs["group"].body.nodes and agrees(window)
    window.canvas.framing.frame_all()
    hand.drag(port(window, "gaussian_noise", "noise").centre(), port(window, "sampler", "noise").centre())
    body = window.session.workflow.subgraphs["group"].body
    assert body.links[Socket("sampler", "noise")].source == "gaussian_noise" and agrees(window)
    window.canvas.selection.choose(["gaussian_noise", "noise"])
    press(window, Key.Key_Delete)
    assert agrees(window) and "noise" not in body.nodes
    while window.session.stack.undoText() != "Group":
        window.session.stack.undo()
    assert text(window) == start and agrees(window)


def test_terminals_cannot_be_deleted_copied_or_muted(window: MainWindow) -> None:
    group(window)
    window.gestures.groups.open()
    before = text(window)
    window.canvas.view.scene().clearSelection()
    for name in (INPUTS, OUTPUTS):
        window.canvas.nodes[name].setSelected(True)
    for key, keys in ((Key.Key_Delete, Qt.KeyboardModifier.NoModifier), (Key.Key_D, CTRL), (Key.Key_G, CTRL)):
        press(window, key, keys)
    press(window, Key.Key_M)
    assert text(window) == before and agrees(window)


def test_tooltips_say_how_to_expose(window: MainWindow) -> None:
    group(window)
    window.gestures.groups.open()
    view, terminal = window.canvas.view, window.canvas.nodes[INPUTS]
    view.camera.set_scale(1.0)
    assert "Lead a wire from here" in view.tips.hint(port(window, INPUTS, "+").centre())
    assert "comes into the subgraph" in view.tips.hint(terminal.pos() + QPointF(20, 14))
    assert "TrainedSchedule" in view.tips.hint(port(window, INPUTS, "trained").centre())


def test_a_wire_from_the_open_port_exposes_a_parameter(window: MainWindow, hand: Hand) -> None:
    name = group(window)
    window.gestures.groups.open()
    row = window.canvas.nodes["guidance"].row_ports[0]
    hand.drag(port(window, INPUTS, "+").centre(), row.centre())
    assert window.session.workflow.subgraphs["group"].interface.inputs[-1] == "scale" and agrees(window)
    assert not window.canvas.nodes["guidance"].is_fed(0)
    press(window, Key.Key_Up, ALT)
    [param] = window.canvas.nodes[name].face.rows
    assert (param.name, param.default, param.maximum) == ("scale", 2.5, 100)
    window.canvas.view.camera.set_scale(1.0)
    at = row_centre(window, name, "scale")
    hand.drag(at, at + QPointF(40, 0))
    value = window.session.workflow.nodes[name].params["scale"]
    assert value > 2.5
    assert flatten(window.session.workflow).workflow.nodes["group/guidance"].params["scale"] == value
    for _ in range(2):
        window.session.stack.undo()
    assert window.canvas.nodes[name].face.rows == () and agrees(window)


def test_e_exposes_what_is_under_the_pointer_and_takes_it_back(
    window: MainWindow, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    group(window)
    before = text(window)
    window.gestures.groups.open()
    view = window.canvas.view
    places = [row_centre(window, "noise", "seed"), port(window, "sampler", "trajectory").centre()]
    for at in places:
        monkeypatch.setattr(view, "pointer", lambda at=at: at)
        press(window, Key.Key_E)
    face = window.session.workflow.subgraphs["group"].interface
    assert (face.inputs[-1], face.outputs[-1]) == ("seed", "trajectory") and agrees(window)
    assert window.session.workflow.subgraphs["group"].body.links[Socket(OUTPUTS, "trajectory")].source == "sampler"
    for at in places:
        monkeypatch.setattr(view, "pointer", lambda at=at: at)
        press(window, Key.Key_E)
    assert text(window) == before and agrees(window)


def test_ports_are_renamed_and_hidden_at_their_terminal(window: MainWindow, hand: Hand) -> None:
    name = group(window)
    window.gestures.groups.open()
    terminal, view = window.canvas.nodes[OUTPUTS], window.canvas.view
    assert isinstance(terminal, TerminalItem)
    view.camera.set_scale(1.0)
    hand.double_click(terminal.mapToScene(terminal.label_rect(terminal.inputs[0]).center()))
    assert view.rows.editor is not None
    view.rows.editor.selectAll()
    QTest.keyClicks(view.rows.editor, "small image")
    QTest.keyClick(view.rows.editor, Key.Key_Return)
    assert window.session.workflow.subgraphs["group"].interface.outputs == ("small_image",)
    assert window.session.workflow.links[Socket("decode", "latent")].output == "small_image"
    inputs = window.canvas.nodes[INPUTS]
    assert isinstance(inputs, TerminalItem)
    view.port_menu_wanted.emit(inputs, inputs.outputs[0], view.mapToGlobal(view.rect().center()))
    [menu] = [menu for menu in view.findChildren(QMenu) if menu.isVisible()]
    by_name = {action.text(): action for action in menu.actions()}
    by_name["Move Down"].trigger()
    assert window.session.workflow.subgraphs["group"].interface.inputs[:2] == ("unet", "trained")
    by_name["Hide"].trigger()
    menu.close()
    assert window.session.workflow.subgraphs["group"].interface.inputs == ("unet", "negative", "positive")
    assert agrees(window)
    press(window, Key.Key_Up, ALT)
    assert [p.name for p in window.canvas.nodes[name].inputs] == ["unet", "negative", "positive"] and agrees(window)


def test_a_copy_brings_its_definition_along_once(window: MainWindow, qtbot: QtBot) -> None:
    group(window)
    press(window, Key.Key_C, CTRL)
    press(window, Key.Key_V, CTRL)
    assert list(window.session.workflow.subgraphs) == ["group"]
    assert window.session.workflow.nodes["group_2"].type == "subgraph.group" and agrees(window)
    clipboard = QGuiApplication.clipboard().text()
    window.documents.new()
    QGuiApplication.clipboard().setText(clipboard)
    press(window, Key.Key_V, CTRL)
    assert list(window.session.workflow.subgraphs) == ["group"] and agrees(window)
    window.canvas.selection.choose(["group"])
    window.gestures.groups.open()
    window.canvas.values.set("guidance", "scale", 9.0)
    press(window, Key.Key_Up, ALT)
    QGuiApplication.clipboard().setText(clipboard)
    press(window, Key.Key_V, CTRL)
    assert list(window.session.workflow.subgraphs) == ["group", "group_2"]
    assert window.session.workflow.nodes["group_2"].type == "subgraph.group_2" and agrees(window)


def test_a_subgraph_cannot_be_pasted_into_itself(window: MainWindow) -> None:
    group(window)
    press(window, Key.Key_C, CTRL)
    window.gestures.groups.open()
    before = text(window)
    press(window, Key.Key_V, CTRL)
    assert "a subgraph cannot contain itself" in window.canvas.view.toast.text()
    assert text(window) == before and agrees(window)
    assert "subgraph.group" not in {spec.type for spec in window.canvas.scope.offered()}


def test_all_instances_follow_and_a_unique_one_does_not(window: MainWindow) -> None:
    group(window)
    press(window, Key.Key_D, CTRL)
    [twin] = window.canvas.selection.chosen()
    window.gestures.groups.make_unique()
    assert window.session.workflow.nodes[twin].type == "subgraph.group_2" and agrees(window)
    window.gestures.groups.open()
    window.canvas.values.set("guidance", "scale", 9.0)
    flat = flatten(window.session.workflow).workflow.nodes
    assert (flat["group/guidance"].params["scale"], flat[f"{twin}/guidance"].params["scale"]) == (2.5, 9.0)


def test_renaming_an_instance_names_its_definition(window: MainWindow) -> None:
    name = group(window)
    window.canvas.values.set_title(name, "Sample it")
    assert window.session.workflow.nodes[name].type == "subgraph.sample_it"
    assert window.canvas.nodes[name].face.title == "Sample it" and agrees(window)
    window.session.stack.undo()
    assert window.canvas.nodes[name].face.title == "Group"


def test_undoing_the_group_that_is_open_leads_out_of_it(window: MainWindow) -> None:
    before = text(window)
    group(window)
    window.gestures.groups.open()
    window.session.stack.undo()
    assert way(window) == [] and agrees(window) and text(window) == before
    window.session.stack.redo()
    window.gestures.groups.go(("group",))
    window.session.do("Rename", rename_definition(window.session.workflow, "group", "Other"))
    assert way(window)[-1] == "Other" and agrees(window)
