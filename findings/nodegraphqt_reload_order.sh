#!/usr/bin/env bash
# A saved session changes the order of what is connected to one input
# Seen with: NodeGraphQt==0.6.44 PySide6_Essentials==6.11.3 Qt.py==2.0.7
# Expected:  connections of an input that takes several come back in the order in which they were made
# Seen:      they come back in the order in which their nodes were created: c, a, d, b is a, b, c, d once it is saved and opened
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check NodeGraphQt==0.6.44 PySide6_Essentials==6.11.3 Qt.py==2.0.7
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import os

os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication
from NodeGraphQt import BaseNode, NodeGraph

app = QApplication([])


class Part(BaseNode):
    __identifier__ = "some"
    NODE_NAME = "Part"

    def __init__(self):
        super().__init__()
        self.add_input("parts", multi_input=True)
        self.add_output("whole")


def graph():
    made = NodeGraph()
    made.register_node(Part)
    return made


def order(graph):
    return [port.node().name() for port in graph.get_node_by_name("list").input(0).connected_ports()]


first = graph()
nodes = {name: first.create_node("some.Part", name=name) for name in ("a", "b", "c", "d", "list")}
for name in "cadb":
    nodes[name].output(0).connect_to(nodes["list"].input(0))
first.save_session("session.json")
second = graph()
second.load_session("session.json")
print("made", order(first), "opened", order(second))
assert order(first) == ["c", "a", "d", "b"]
assert sorted(order(second)) == ["a", "b", "c", "d"]
assert order(second) != order(first), "the order is kept now"
PY
