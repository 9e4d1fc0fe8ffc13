#!/usr/bin/env bash
# `GGUFWriter` leaves out keys whose text or list is empty, and takes whole numbers of a list for 32-bit ones
# Seen with: gguf==0.19.0 numpy==2.4.6
# Expected:  an empty value that can be read back; an error from add_array, or 64 bits, for a number beyond 32 bits
# Seen:      the key is not in the file, without a word; a list with 2**40 fails with struct.error only when the file is written
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check gguf==0.19.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import struct
import numpy as np
from gguf import GGUFReader, GGUFWriter

def write(add):
    writer = GGUFWriter("w.gguf", "flux")
    add(writer)
    writer.add_tensor("w", np.zeros((1, 32), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return GGUFReader("w.gguf").fields

print("empty text there:", "note" in write(lambda writer: writer.add_string("note", "")))
print("empty list there:", "sizes" in write(lambda writer: writer.add_array("sizes", [])))
assert "note" not in write(lambda writer: writer.add_string("note", "")), "an empty text is kept now"
assert "sizes" not in write(lambda writer: writer.add_array("sizes", [])), "an empty list is kept now"
assert write(lambda writer: writer.add_array("sizes", [1, 2]))["sizes"].contents() == [1, 2]
try:
    write(lambda writer: writer.add_array("sizes", [1, 2**40]))
except struct.error as error:
    print("a large number:", error)
else:
    raise AssertionError("large numbers are written now")
PY
