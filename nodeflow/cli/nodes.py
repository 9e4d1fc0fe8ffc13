"""``nodeflow nodes``: the nodes there are."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def nodes(
    json: Annotated[bool, typer.Option("--json", help="The whole catalogue as JSON.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask the packs, not the snapshot that ships.")] = False,
) -> None:
    """List the nodes there are."""
    from nodeflow.cli.catalogue import known_catalogue
    from nodeflow.graph.model.catalogue import encode

    catalogue = known_catalogue(fresh)
    if json:
        sys.stdout.write(encode(catalogue).decode())
        return
    station = ""
    for spec in sorted(catalogue.nodes.values(), key=lambda spec: (spec.station, spec.type)):
        if spec.station != station:
            station = spec.station
            print(f"\n{station}")
        print(f"  {spec.type:<32} {spec.doc.partition(chr(10))[0]}")
