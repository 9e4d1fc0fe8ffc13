#!/usr/bin/env bash
# `snapshot_download(local_files_only=True)` gives a folder from which files are missing, also when none of those asked for is there
# Seen with: huggingface_hub==2.4.0
# Expected:  an error: the files that were asked for are not in the cache
# Seen:      the folder's path, though allow_patterns names only files that it has not
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check huggingface_hub==2.4.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
from pathlib import Path
from huggingface_hub import snapshot_download

commit = "0" * 40
model = Path("cache/models--someone--something")
(model / "refs").mkdir(parents=True)
(model / "refs" / "main").write_text(commit)
snapshot = model / "snapshots" / commit
snapshot.mkdir(parents=True)
(snapshot / "model_index.json").write_text('{"unet": ["diffusers", "UNet2DConditionModel"]}')
found = snapshot_download("someone/something", cache_dir="cache", local_files_only=True, allow_patterns=["unet/*"])
print("asked for unet/*, given", sorted(path.name for path in Path(found).rglob("*")))
assert not list(Path(found).glob("unet/*"))
PY
