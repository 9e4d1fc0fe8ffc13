"""Workflows with subgraphs."""

from __future__ import annotations

from toys import PACK, wire

from nodeflow.graph.model.workflow import Placement, Workflow

CATALOGUE = PACK.catalogue


WRITTEN = b"""{
  "nodeflow": 1,
  "nodes": {
    "end": {
      "type": "toys.total",
      "inputs": {
        "boxes": ["first.box", "second.box"]
      }
    },
    "first": {
      "type": "subgraph.more",
      "params": {
        "amount": 7
      },
      "inputs": {
        "box": "start.box"
      }
    },
    "second": {
      "type": "subgraph.more",
      "inputs": {
        "box": "start.box"
      }
    },
    "start": {
      "type": "toys.source"
    }
  },
  "subgraphs": {
    "more": {
      "title": "More",
      "doc": "Adds twice.",
      "inputs": ["box", "amount"],
      "outputs": {
        "box": "two.box"
      },
      "nodes": {
        "one": {
          "type": "toys.add",
          "params": {
            "amount": 2.50
          },
          "inputs": {
            "amount": "@inputs.amount",
            "box": "@inputs.box"
          }
        },
        "two": {
          "type": "toys.add",
          "inputs": {
            "box": "one.box"
          }
        }
      },
      "layout": {
        "@inputs": [-300, 0],
        "one": [0, 0]
      },
      "later": {"x": 1.0}
    }
  },
  "layout": {
    "start": [0, 0]
  }
}
"""


def long(length: int = 6) -> Workflow:
    nodes: dict = {"n0": ("source",)}
    made = wire(nodes | {f"n{i}": ("add", {}, {"box": f"n{i - 1}"}) for i in range(1, length)})
    made.layout = {name: Placement(300.0 * index, 0) for index, name in enumerate(made.nodes)}
    return made
