#!/usr/bin/env bash
# The same tensors and metadata give files of different bytes from one call to the next
# Seen with: safetensors==0.8.0 numpy==2.4.6
# Expected:  equal files, so that their hashes tell equal models
# Seen:      the keys of __metadata__ stand in another order each time: several hashes in twelve calls
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check safetensors==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import hashlib
from pathlib import Path
import numpy as np
from safetensors.numpy import load_file, save_file

metadata = {name: name for name in ("author", "title", "license", "date", "tags", "base")}
hashes = set()
for _ in range(12):
    save_file({"w": np.ones(4, np.float32)}, "w.safetensors", metadata)
    assert load_file("w.safetensors")["w"].sum() == 4
    hashes.add(hashlib.sha256(Path("w.safetensors").read_bytes()).hexdigest())
print(len(hashes), "different files of 12 with the same content")
assert len(hashes) > 1, "the order is fixed now"
PY
