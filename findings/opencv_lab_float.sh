#!/usr/bin/env bash
# Lab of floating-point pictures is looked up in a coarse table: greys get a tint, and colours come back as others
# Seen with: opencv-python-headless==5.0.0.93 numpy==2.4.6
# Expected:  float32 is converted by the formula, to rounding, as the constant COLOR_LRGB2Lab does for linear values
# Seen:      COLOR_RGB2Lab gives greys a and b of up to 0.125; there and back one colour in 55 is another of 256 levels
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import cv2
import numpy as np


def linear(values):
    """IEC 61966-2-1"""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encoded(values):
    return np.where(values <= 0.0031308, values * 12.92, 1.055 * np.maximum(values, 0.0031308) ** (1 / 2.4) - 0.055)


grey = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[None, :, None], 3, 2)
tint = float(np.abs(cv2.cvtColor(grey, cv2.COLOR_RGB2Lab)[..., 1:]).max())
right = float(np.abs(cv2.cvtColor(linear(grey), cv2.COLOR_LRGB2Lab)[..., 1:]).max())
print("largest a or b of a grey:", tint, "by linear values:", right)

levels = np.arange(0, 256, 5)
colours = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(1, -1, 3)
given = (colours / 255).astype(np.float32)
back = cv2.cvtColor(cv2.cvtColor(given, cv2.COLOR_RGB2Lab), cv2.COLOR_Lab2RGB)
other = encoded(cv2.cvtColor(cv2.cvtColor(linear(given), cv2.COLOR_LRGB2Lab), cv2.COLOR_Lab2LRGB))
changed, kept = ((np.rint(picture * 255) != colours).any(-1).mean() for picture in (back, other))
print("share of colours that come back as others:", changed, "by linear values:", kept)
assert right < 0.001 and kept == 0
assert tint > 0.05 and changed > 0.005, "it is the formula now"
PY
