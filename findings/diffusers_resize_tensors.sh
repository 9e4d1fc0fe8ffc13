#!/usr/bin/env bash
# Images are resized by Lanczos, tensors and arrays of the same pixels by taking every other one, whatever resize_mode says
# Seen with: diffusers==0.42.1 torch==2.14.1 pillow==13.0.0 numpy==2.4.6
# Expected:  VaeImageProcessor gives the same picture, to rounding, whether it is given as an image, an array or a tensor
# Seen:      a fine black and white pattern at half its size is grey from an image, black from the others; and "crop" stretches them
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check diffusers==0.42.1 torch==2.14.1 pillow==13.0.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import torch
from PIL import Image
from diffusers.image_processor import VaeImageProcessor

processor = VaeImageProcessor()
pattern = np.indices((128, 128)).sum(0) % 2 * np.ones((3, 1, 1))  # 3, height, width; 0 and 1
given = {
    "image": Image.fromarray((pattern * 255).astype(np.uint8).transpose(1, 2, 0)),
    "array": pattern.transpose(1, 2, 0).astype(np.float32),
    "tensor": torch.from_numpy(pattern).float()[None],
}
mean = {name: float(processor.preprocess(picture, 64, 64).mean()) for name, picture in given.items()}
print("mean of 64 x 64, from -1 to 1:", mean)
assert abs(mean["image"]) < 0.02
assert mean["array"] < -0.98 and mean["tensor"] < -0.98, "they are filtered now"

given["tensor"][..., 32:] = 0  # the left quarter is white on average: none of it is in the middle
given["image"] = Image.fromarray((given["tensor"][0] * 255).byte().permute(1, 2, 0).numpy())
cut = {name: processor.preprocess(given[name], 128, 64, resize_mode="crop") for name in ("image", "tensor")}
print("brightest of the middle half:", {name: float(picture.max()) for name, picture in cut.items()})
assert cut["image"].max() == -1
assert cut["tensor"].max() == 1, "tensors are cropped now"
PY
