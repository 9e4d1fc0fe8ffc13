"""Time of a U-Net's step as a worker computes it, exact and fast, against bare diffusers with the system's allocator.

``python -m benchmarks.activations [--side 32] [--width 320] [--rounds 5]``: each round starts a process of each kind,
in turns. ``bare`` is diffusers in float32; ``exact`` keeps freed activations; ``fast`` computes in bfloat16 too,
``last`` with channels last besides. Prints medians of CPU seconds and page faults a step, resident memory at the end,
ratios to ``bare``, and whether exact gave the same bits. CPU seconds, so that what else the machine does counts little.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys

import psutil
import torch
from diffusers import UNet2DConditionModel

from nodeflow.system import keep_freed_memory

STEPS = 3
KINDS = ("bare", "exact", "fast", "last")


def step(kind: str, side: int, width: int) -> None:
    """Compute some steps with guidance (a batch of two) in this process, and print what they took."""
    if kind != "bare":
        keep_freed_memory()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    blocks = (width, 2 * width, 4 * width, 4 * width)
    unet = UNet2DConditionModel(sample_size=side, block_out_channels=blocks, cross_attention_dim=768).eval()
    x, tokens = torch.randn(2, 4, side, side), torch.randn(2, 77, 768)
    if kind in ("fast", "last"):
        unet, x, tokens = unet.bfloat16(), x.bfloat16(), tokens.bfloat16()
    if kind == "last":
        unet = unet.to(memory_format=torch.channels_last)
    with torch.no_grad():
        unet(x, 1, tokens)
        before = resource.getrusage(resource.RUSAGE_SELF)
        for number in range(STEPS):
            output = unet(x, number, tokens).sample
        after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        json.dumps(
            {
                "seconds": seconds / STEPS,
                "faults": (after.ru_minflt - before.ru_minflt) / STEPS,
                "resident": psutil.Process().memory_info().rss,
                "bits": hashlib.sha256(output.float().numpy().tobytes()).hexdigest(),
            }
        )
    )


def main() -> None:
    """Run all kinds in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=32, help="cells of the latent on a side; an eighth of the pixels")
    parser.add_argument("--width", type=int, default=320, help="channels of the first block; 320 is SD 1.5's")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kind", choices=KINDS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.kind:
        step(given.kind, given.side, given.width)
        return
    found: dict[str, list[dict[str, float | str]]] = {kind: [] for kind in KINDS}
    for _ in range(given.rounds):
        for kind, rows in found.items():
            command = [sys.executable, "-m", "benchmarks.activations", "--kind", kind]
            command += ["--side", str(given.side), "--width", str(given.width)]
            rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    medians = {kind: statistics.median(float(row["seconds"]) for row in rows) for kind, rows in found.items()}
    for kind, rows in found.items():
        faults, resident = (statistics.median(float(row[name]) for row in rows) for name in ("faults", "resident"))
        print(
            f"{kind:8} {medians[kind]:7.2f} s a step, {medians[kind] / medians['bare']:.3f} of bare "
            f"{faults:10.0f} faults {resident / 2**20:7.0f} MiB resident"
        )
    bits = {str(row["bits"]) for kind in ("bare", "exact") for row in found[kind]}
    print("exact gives equal bits" if len(bits) == 1 else "DIFFERENT BITS")


if __name__ == "__main__":
    main()
