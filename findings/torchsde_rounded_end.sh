#!/usr/bin/env bash
# A Brownian tree asked at its own end warns that the end lies beyond it
# Seen with: torchsde==0.2.6 torch==2.14.1 numpy==2.4.6 scipy==1.17.1 trampoline==0.1.2
# Expected:  silence: the time is the one that the tree was made with
# Seen:      the tree rounds its ends to 6 decimals, so 14.614640235900879 (Stable Diffusion's largest sigma) is more than its end 14.61464
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check torchsde==0.2.6 torch==2.14.1 numpy==2.4.6 scipy==1.17.1 trampoline==0.1.2
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import warnings
import torch
import torchsde

end = float(torch.tensor(14.614640235900879))
tree = torchsde.BrownianTree(torch.tensor(0.1), torch.zeros(4), torch.tensor(end), entropy=1)
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    tree(torch.tensor(5.0), torch.tensor(end))
print([str(one.message) for one in seen])
assert any("14.61464." in str(one.message) for one in seen), "the end is its own end now"
PY
