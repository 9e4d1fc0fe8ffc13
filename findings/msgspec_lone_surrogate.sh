#!/usr/bin/env bash
# A complete JSON text with a lone high surrogate is said to be truncated
# Seen with: msgspec==0.22.0
# Expected:  an error that names the surrogate and where it stands, as for a lone low one
# Seen:      Input data was truncated, also where letters follow it: a reader that waits for more input waits forever
# In nodeflow: files are looked through for lone surrogates before they are decoded, and told so
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check msgspec==0.22.0
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import msgspec

told = {}
for text in (b'"\\ud800"', b'"\\ud800 and more"', b'"\\udc00"'):
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        told[text] = str(error)
print(told)
assert told[b'"\\ud800"'] == told[b'"\\ud800 and more"'] == "Input data was truncated", "it is told apart now"
assert "surrogate" in told[b'"\\udc00"']
PY
