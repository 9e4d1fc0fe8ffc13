"""Folders of a long training: scratch files, checkpoints, history and the learning rate."""

import json
import math
import os
import time
from pathlib import Path
from typing import Any

import torch

WORK = Path(__file__).parents[1] / "work"
ASSETS = Path(__file__).parents[2] / "assets" / "models" / "latent-diffusion"


def learning_rate(step: int, steps: int, peak: float, warm_up: int, hold: float) -> float:
    """Linear warm-up, the peak until `hold` of all steps, then a half cosine down to zero."""
    done = step / steps
    decay = 1.0 if done < hold else 0.5 * (1 + math.cos(math.pi * min(1.0, (done - hold) / (1 - hold))))
    return peak * min(1.0, (step + 1) / warm_up) * decay


def recorded(name: str) -> list[dict[str, float]]:
    """Return what a training wrote down of itself, from its first step to its last."""
    return [json.loads(line) for line in (WORK / name / "history.jsonl").read_text().splitlines()]


def minutes(entries: list[dict[str, float]]) -> float:
    """Processor minutes, all threads together."""
    return sum(entry.get("seconds", 0.0) for entry in entries) / 60


class TrainingRun:
    """The scratch folder of one training. Its length counts in steps, so that pausing the process changes nothing."""

    def __init__(self, name: str) -> None:
        self.folder = WORK / name
        self.folder.mkdir(parents=True, exist_ok=True)
        (WORK / "pid").write_text(f"{os.getpid()}\n")
        self._busy = time.process_time()

    def record(self, **entry: Any) -> None:
        """Appends one line to history.jsonl and shows it."""
        line = json.dumps(entry)
        print(line, flush=True)
        with (self.folder / "history.jsonl").open("a") as history:
            history.write(line + "\n")

    def busy_seconds(self) -> float:
        """Processor seconds, all threads together, since the last call."""
        before, self._busy = self._busy, time.process_time()
        return self._busy - before

    def save(self, state: dict[str, Any]) -> None:
        """Replaces the checkpoint in one step."""
        draft = self.folder / "checkpoint.draft"
        torch.save(state, draft)
        draft.replace(self.folder / "checkpoint.pt")

    def load(self) -> dict[str, Any] | None:
        """The last checkpoint, if there is one."""
        path = self.folder / "checkpoint.pt"
        return torch.load(path, weights_only=True) if path.exists() else None
