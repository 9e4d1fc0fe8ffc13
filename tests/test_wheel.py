"""The wheel holds all that a first image needs, and works outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob("*.whl")
    return file


def test_it_holds_packs_workflows_and_models(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "nodeflow/workflows/latent-diffusion.json" in names
    assert "nodeflow/assets/catalogue.json" in names
    assert "nodeflow/assets/models/latent-diffusion/model_index.json" in names
    assert "nodes/samplers/sampling_loop.py" in names
    assert not any(name.startswith(("tests/", "training/", "benchmarks/")) for name in names)


def test_the_bundled_starter_workflow_runs_from_it(wheel: Path, tmp_path: Path) -> None:
    """Unpacked beside the installed libraries, with the checkout out of reach."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = (
        "import sys, nodeflow; from nodeflow.resources import folder; from nodeflow.cli.main import main\n"
        f"assert nodeflow.__file__.startswith({str(site)!r}), nodeflow.__file__\n"
        "sys.argv = ['nodeflow', 'run', str(folder('workflows') / 'latent-diffusion.json'), '--report', 'r.json']\n"
        "main()"
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert all((tmp_path / path).is_file() for path in report["outputs"])
    assert len(report["outputs"]) == 1
