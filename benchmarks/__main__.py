"""``python -m benchmarks all``: the suite, of this tree, an earlier commit and the peers side by side."""

from __future__ import annotations

import sys

from benchmarks.suite import main

if __name__ == "__main__":
    if sys.argv[1:2] != ["all"]:
        raise SystemExit("usage: python -m benchmarks all [--against REV] [--comfyui FOLDER] [--only NAME] [--write]")
    main(sys.argv[2:])
