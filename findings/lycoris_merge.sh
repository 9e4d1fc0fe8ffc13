#!/usr/bin/env bash
# Merging a LoHa or LoKr takes alpha / rank twice: the merged network is not the one that was trained
# Seen with: lycoris-lora==4.1.3 torch==2.14.1 numpy==2.4.6
# Expected:  merge_to(1.0) leaves a layer that computes what the layer with its adapter computes, as for LoCon
# Seen:      at alpha 1 and rank 2 half of the update, at alpha 1 and rank 4 a quarter, without a word
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check lycoris-lora==4.1.3 torch==2.14.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import torch
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule

torch.manual_seed(0)
x, share = torch.randn(5, 64), {}
for kind, options in ((LoConModule, {}), (LohaModule, {}), (LokrModule, {"factor": 4})):
    for rank in (2, 4):
        layer = torch.nn.Linear(64, 64, bias=False)
        adapter = kind("layer", layer, 1.0, rank, 1.0, **options)  # strength 1, alpha 1
        for weight in adapter.parameters():
            torch.nn.init.normal_(weight)
        with torch.no_grad():
            alone, adapted = layer(x), adapter(x)
            adapter.merge_to(1.0)
            share[kind.__name__, rank] = float(((layer(x) - alone) / (adapted - alone)).median())
        print(kind.__name__, "rank", rank, "merged", share[kind.__name__, rank], "of the update")
assert abs(share["LoConModule", 2] - 1) < 1e-3 and abs(share["LoConModule", 4] - 1) < 1e-3
assert abs(share["LohaModule", 2] - 1 / 2) < 1e-3 and abs(share["LohaModule", 4] - 1 / 4) < 1e-3, "LoHa is whole now"
assert abs(share["LokrModule", 2] - 1 / 2) < 1e-3 and abs(share["LokrModule", 4] - 1 / 4) < 1e-3, "LoKr is whole now"
PY
