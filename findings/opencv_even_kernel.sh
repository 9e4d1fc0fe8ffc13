#!/usr/bin/env bash
# Opening and closing with a structuring element of even size move the picture, and add and remove what they must not
# Seen with: opencv-python-headless==5.0.0.93 numpy==2.4.6
# Expected:  opening adds nothing, closing removes nothing (the two laws of these operations), and a square stays in place
# Seen:      a square of 8 x 8 comes back one pixel to the right and down: both halves are anchored alike, where one has to be mirrored
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import cv2
import numpy as np

mask = np.zeros((24, 24), np.uint8)
mask[8:16, 8:16] = 255


def corner(picture):
    rows, columns = np.nonzero(picture)
    return int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1


for size in (2, 3, 4, 5):
    element = np.ones((size, size), np.uint8)
    opened, closed = (cv2.morphologyEx(mask, kind, element) for kind in (cv2.MORPH_OPEN, cv2.MORPH_CLOSE))
    adds, removes = bool((opened > mask).any()), bool((closed < mask).any())
    print(size, "opened", corner(opened), "adds:", adds, "closed", corner(closed), "removes:", removes)
    moved = corner(opened) != corner(mask) and corner(closed) != corner(mask)
    assert (moved and adds and removes) == (size % 2 == 0), "even sizes stay in place now, or odd ones do not"
PY
