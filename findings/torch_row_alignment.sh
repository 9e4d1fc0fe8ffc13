#!/usr/bin/env bash
# A linear layer's output for one row depends on where in memory its weight lies
# Seen with: torch==2.14.1 (CPU, x86-64)
# Expected:  the same weight and the same row give the same numbers
# Seen:      a weight that begins 4, 8 or 12 bytes behind a multiple of 16, as in a memory-mapped .safetensors whose header is 8 bytes
#            longer, gives others in the last bits; two rows or more do not
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torch==2.14.1
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from torch.nn.functional import linear

torch.manual_seed(0)
weight, bias, rows = torch.randn(32, 256) / 16, torch.randn(32), torch.randn(2, 256)


def placed(behind):
    """The weight, so many floats behind a multiple of 64 bytes."""
    room = torch.empty(weight.numel() + 32)
    first = -room.data_ptr() // 4 % 16 + behind
    found = room[first : first + weight.numel()].view_as(weight).copy_(weight)
    assert found.data_ptr() % 64 == 4 * behind
    return found


def difference(some, behind):
    return float((linear(some, placed(behind), bias) - linear(some, placed(0), bias)).abs().max())


apart = {behind: difference(rows[:1], behind) for behind in (1, 2, 3, 4, 8)}
print("one row, by floats behind 64 bytes:", apart)
together = max(difference(rows, behind) for behind in (1, 2, 3))
print("two rows:", together)
assert any(apart[behind] for behind in (1, 2, 3)), "a row no longer depends on where the weight lies"
assert apart[4] == apart[8] == together == 0
PY
