#!/usr/bin/env bash
# `safetensors.numpy.save_file` writes a transposed array in its memory order: other numbers come back, without a word
# Seen with: safetensors==0.8.0 numpy==2.4.6
# Expected:  the array that was saved, or an error as safetensors.torch gives for tensors that are not contiguous
# Seen:      [[0, 3], [1, 4], [2, 5]] comes back as [[0, 1], [2, 3], [4, 5]]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
from safetensors.numpy import load_file, save_file

saved = np.arange(6, dtype=np.float32).reshape(2, 3).T
save_file({"w": saved}, "w.safetensors")
back = load_file("w.safetensors")["w"]
print("saved", saved.tolist(), "read", back.tolist())
assert saved.shape == back.shape
assert not np.array_equal(saved, back), "it is written right now"
assert back.tolist() == [[0, 1], [2, 3], [4, 5]], "it is wrong in another way now"
PY
