"""The command line as a person types it: exit statuses, sentences, the report."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import nodeflow, refused, write
from PIL import Image
from safetensors.torch import load_file

from nodeflow import __version__
from nodeflow.__main__ import start
from nodeflow.graph.io.png_text import with_workflow
from nodeflow.resources import folder

STARTER = folder("workflows") / "latent-diffusion.json"
NOISE = {"nodeflow": 1, "nodes": {"noise": {"type": "nodes.gaussian_noise", "params": {"seed": 3}}}}
MORE = {
    "guidance": {"type": "nodes.classifier_free_guidance"},
    "interval": {"type": "nodes.guidance_interval"},
    "picture": {"type": "nodes.load_image"},
}


def test_version_and_help() -> None:
    assert nodeflow("--version").stdout.strip() == f"nodeflow {__version__}"
    text = nodeflow("--help").stdout
    assert all(command in text for command in ("run", "check", "nodes", "open"))


def test_ctrl_c_while_the_command_is_read_is_python_s_again_once_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["nodeflow", "--version"])
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        start()
    assert signal.getsignal(signal.SIGINT) is before
    code = "from nodeflow.__main__ import start; import os, signal, sys; sys.meta_path.insert(0, Sends()); start()"
    sends = (
        "class Sends:\n  def find_spec(self, name, *_):\n    name == 'typer' and os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended = subprocess.run([sys.executable, "-c", f"{sends}{code}"], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_help_loads_nothing_heavy() -> None:
    code = "import sys; sys.argv = ['nodeflow', '--help']\nfrom nodeflow.cli.main import main\n"
    code += "try: main()\nexcept SystemExit: pass\n"
    code += "assert not {'torch', 'numpy', 'rich', 'PySide6', 'msgspec'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_dry_run_says_what_would_run_and_runs_nothing(tmp_path: Path) -> None:
    asked = ("run", STARTER, "--output", tmp_path, "scheduler.steps=2", "prompt.text=a dry fish")
    before = nodeflow(*asked, "--dry")
    assert before.returncode == 0, before.stderr
    assert "sampler" in before.stdout
    assert "would run" in before.stdout
    assert list(tmp_path.iterdir()) == []
    assert nodeflow(*asked).returncode == 0
    after = nodeflow(*asked, "--dry", "--in-process").stdout
    assert "0 of 10 nodes would run" in after
    other = nodeflow(*asked[:-1], "prompt.text=a wet fish", "--dry").stdout
    (line,) = (line for line in other.splitlines() if line.startswith("sampler"))
    assert " s " in line
    assert "as one alike" in line
    refused(nodeflow(*asked, "--dry", "--target", "nobody"), "nobody")


def test_run_writes_the_report(tmp_path: Path) -> None:
    file, report = write(tmp_path / "w.json", NOISE), tmp_path / "deep" / "r.json"
    done = nodeflow("run", file, "--set", "noise.seed=7", "noise.batch=2", "--output", tmp_path, "--report", report)
    assert done.returncode == 0, done.stderr
    told = json.loads(report.read_text())
    assert told["nodes"]["noise"]["state"] == "ran"
    assert told["nodes"]["noise"]["why"] == "first run"
    assert told["nodes"]["noise"]["error"] == ""
    assert told["nodes"]["noise"]["seconds"] >= 0
    assert told["seeds"] == {"noise.seed": 7}
    assert told["outputs"] == []
    assert told["environment"]["device"] in ("cpu", "cuda")
    assert {"torch", "nodeflow", "dtype"} <= told["environment"].keys()


def test_a_file_that_was_asked_for_and_could_not_be_written_is_no_success(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", NOISE)
    done = nodeflow("run", file, "--output", tmp_path, "--report", "/dev/full")
    assert done.returncode == 1
    assert "cannot write /dev/full: No space left on device" in done.stderr


def test_a_picture_holds_the_seed_that_was_set(tmp_path: Path) -> None:
    settings = ("noise.seed=77", "noise.batch=2", "scheduler.steps=1")
    done = nodeflow("run", STARTER, *settings, "--output", tmp_path, "--report", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    for number, path in enumerate(done.stdout.split(), 1):
        texts = Image.open(path).text
        assert json.loads(texts["seeds"]) == {"noise.seed": 77}
        assert json.loads(texts["nodeflow"])["nodes"]["noise"]["params"]["seed"] == 77
        assert texts["picture"] == f"{number} of 2"
    assert json.loads((tmp_path / "r.json").read_text())["seeds"] == {"noise.seed": 77}


def test_a_failed_node_is_exit_status_one_and_in_the_report(tmp_path: Path) -> None:
    file = write(
        tmp_path / "w.json",
        {
            "nodeflow": 1,
            "nodes": {
                "model": {"type": "nodes.load_latent_diffusion", "params": {"model": "no/such/folder"}},
                "decode": {
                    "type": "nodes.vae_encode",
                    "inputs": {"vae": "model.vae", "image": "picture.image"},
                },
                "picture": {"type": "nodes.load_image", "params": {"path": "gone.png"}},
                "noise": {"type": "nodes.gaussian_noise"},
            },
        },
    )
    done = nodeflow("run", file, "--output", tmp_path, "--report", tmp_path / "r.json")
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    told = json.loads((tmp_path / "r.json").read_text())["nodes"]
    assert told["model"]["state"] == told["picture"]["state"] == "failed"
    assert "no/such/folder" in told["model"]["error"]
    assert "gone.png" in told["picture"]["error"]
    assert told["decode"]["state"] == "skipped"
    assert told["noise"]["state"] == "ran"


def test_truncated_json(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", json.dumps(NOISE)[:60])
    refused(nodeflow("run", file), "line 1", "cut short", "w.json")
    refused(nodeflow("check", file), "line 1", "cut short")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    refused(nodeflow("run", tmp_path / "nothing.json"), "cannot read", "nothing.json")


def test_wrong_types_and_a_cycle_are_all_reported(tmp_path: Path) -> None:
    file = write(
        tmp_path / "w.json",
        {
            "nodeflow": 1,
            "nodes": {
                "noise": {"type": "nodes.gaussian_noise", "params": {"seed": "many", "batch": 0}},
                "a": {"type": "nodes.classifier_free_guidance", "inputs": {"denoiser": "b.guider", "positive": "c.x"}},
                "b": {"type": "nodes.classifier_free_guidance", "inputs": {"denoiser": "a.guider"}},
                "c": {"type": "acme.unknown"},
            },
        },
    )
    words = ("noise.seed: 'many' is not a whole number", "noise.batch: 0 is not", "b.positive: needs a wire")
    words += ("a.denoiser: takes Denoiser, but b.guider gives Guider", "a -> b -> a", "install the pack 'acme'")
    refused(nodeflow("check", file), *words)
    refused(nodeflow("run", file), *words)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("noise.seed=abc", "noise.seed: 'abc' is not a whole number"),
        ("noise.batch=1000", "1000 is not a whole number from 1 to"),
        ("noise.sead=1", "did you mean 'seed'?"),
        ("nose.seed=1", "did you mean 'noise'?"),
        ("noise.seed", "write NODE.PARAM=VALUE"),
        ("noise.seed=" + "9" * 30, "a number of 30 digits is not a whole number from 0"),
        ("guidance.scale=nan", "nan is not a number from"),
        ("interval.start=-inf", "interval.start: -inf is not"),
        ("picture.path=~nobody/a.png", "starts with ~ and a name"),
    ],
)
def test_wrong_settings(tmp_path: Path, setting: str, words: str) -> None:
    file = write(tmp_path / "w.json", {"nodeflow": 1, "nodes": {**NOISE["nodes"], **MORE}})
    refused(nodeflow("run", file, "--set", setting, cwd=tmp_path), words)


def test_values_that_no_program_can_keep_are_refused_in_files_and_sweeps_too(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", NOISE)
    refused(nodeflow("run", file, "--sweep", "noise.width=1," + "9" * 30, cwd=tmp_path), "noise.width: a number of 30")
    text = json.dumps(NOISE).replace('"seed": 3', '"seed": ' + "9" * 30)
    refused(nodeflow("run", write(tmp_path / "w.json", text), cwd=tmp_path), "noise.seed: a number of 30 digits")
    text = json.dumps(NOISE).replace('"seed": 3', '"name": "\\ud800"')
    refused(nodeflow("run", write(tmp_path / "w.json", text), cwd=tmp_path), "params.name holds half a character")
    plain = tmp_path / "plain.png"
    Image.new("RGB", (2, 2)).save(plain)
    (tmp_path / "w.png").write_bytes(with_workflow(plain.read_bytes(), text.encode()))
    refused(nodeflow("run", tmp_path / "w.png", cwd=tmp_path), "params.name holds half a character")


def test_an_argument_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nodeflow", "run", b"caf\xe9.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    refused(done, "caf\\xe9.json", "is not UTF-8 text")


def test_a_picture_runs_the_workflow_inside(tmp_path: Path) -> None:
    plain = tmp_path / "red.png"
    Image.new("RGB", (2, 2), "red").save(plain)
    nodes = {
        "picture": {"type": "nodes.load_image", "params": {"path": str(plain)}},
        "save": {"type": "nodes.save_image", "inputs": {"image": "picture.image"}},
    }
    first = nodeflow("run", write(tmp_path / "w.json", {"nodeflow": 1, "nodes": nodes}), "--output", tmp_path / "one")
    assert first.returncode == 0, first.stderr
    again = nodeflow("run", first.stdout.strip(), "--output", tmp_path / "two")
    assert again.returncode == 0, again.stderr
    assert Image.open(again.stdout.strip()).getpixel((0, 0)) == (255, 0, 0)


def test_a_wrong_target_or_device(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", NOISE)
    refused(nodeflow("run", file, "--target", "noises", cwd=tmp_path), "did you mean 'noise'?")
    refused(nodeflow("run", file, "--device", "abacus", cwd=tmp_path), "choose auto, cpu, cuda, xpu, mps")


def test_an_output_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", NOISE)
    refused(nodeflow("run", file, "--output", file / "below"), "cannot write to the folder", "choose another")
    refused(nodeflow("run", file, "--report", file / "below" / "r.json", cwd=tmp_path), "cannot write to the folder")


def test_nodes_lists_the_catalogue() -> None:
    assert "nodes.classifier_free_guidance" in nodeflow("nodes").stdout
    catalogue = json.loads(nodeflow("nodes", "--json").stdout)
    assert catalogue["nodes"]["nodes.gaussian_noise"]["params"][0]["name"] == "seed"


def test_check_says_when_all_is_in_order() -> None:
    done = nodeflow("check", STARTER)
    assert (done.returncode, "is in order" in done.stdout) == (0, True), done.stderr


def test_ctrl_c_cancels_the_run_and_keeps_the_report(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "nodeflow", "run", str(STARTER), "--output", str(tmp_path), "--report", "r.json"]
    command += ["--set", "scheduler.kind=DDPM", "scheduler.steps=1000", "noise.batch=16"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "scheduler" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert "Traceback" not in rest
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["state"] == "cancelled"
    assert told["nodes"]["model"]["state"] == "ran"
    assert "sampler" not in told["nodes"]


def test_open_without_a_display_makes_the_picture(tmp_path: Path) -> None:
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    done = subprocess.run(
        [sys.executable, "-m", "nodeflow", "open"], capture_output=True, text=True, cwd=tmp_path, env=bare, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    (picture,) = done.stdout.split()
    assert (tmp_path / picture).is_file()


CRASH = '''
import os, signal
from nodeflow.node import node

@node("Crash")
def crash(text: str = "") -> str:
    """Ends the process."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return text
'''


def test_a_node_that_crashes_costs_the_run_and_is_named(tmp_path: Path, install_pack, monkeypatch) -> None:
    install_pack("toypack", CRASH)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site-toypack"), prepend=os.pathsep)
    file = write(tmp_path / "w.json", {"nodeflow": 1, "nodes": {"bang": {"type": "toypack.crash"}}})
    done = nodeflow("run", file, "--output", tmp_path, "--report", tmp_path / "r.json")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    told = json.loads((tmp_path / "r.json").read_text())
    assert told["state"] == "failed"
    assert "crashed in native code) while this node ran" in told["nodes"]["bang"]["error"]
    log = Path(done.stderr.splitlines()[-1].removeprefix("nodeflow: ").removesuffix(" says more"))
    assert "Segmentation fault" in log.read_text()


def test_in_process_gives_the_same_report(tmp_path: Path) -> None:
    file = write(tmp_path / "w.json", NOISE)
    for name, *more in (("a",), ("b", "--in-process")):
        assert nodeflow("run", file, "--no-cache", "--report", tmp_path / name, *more, cwd=tmp_path).returncode == 0
    first, second = (json.loads((tmp_path / name).read_text()) for name in "ab")
    for told in (first, second):  # how many threads a process has is its own affair
        assert told["environment"].pop("device_name").startswith("CPU, ")
    assert first["environment"] == second["environment"]
    assert first["nodes"]["noise"]["why"] == second["nodes"]["noise"]["why"] == "first run"
    refused(
        nodeflow("run", file, "--in-process", "--device", "abacus", cwd=tmp_path), "choose auto, cpu, cuda, xpu, mps"
    )


def test_the_steps_of_a_sampler_go_into_files(tmp_path: Path) -> None:
    done = nodeflow(
        "run",
        STARTER,
        "scheduler.steps=3",
        "--export-steps",
        tmp_path / "steps",
        "--film",
        "webp",
        "--output",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "steps").iterdir()} == {
        f"sampler{end}" for end in (".csv", ".webp", ".safetensors")
    }
    rows = list(csv.reader((tmp_path / "steps" / "sampler.csv").open()))
    assert rows[0][:3] == ["step", "t", "sigma"]
    numbers = load_file(tmp_path / "steps" / "sampler.safetensors")
    assert [float(row[1]) for row in rows[1:4]] == numbers["timesteps"].tolist()
    assert [float(row[2]) for row in rows[1:4]] == numbers["sigmas"].tolist()[:3]
    norm = rows[0].index("predicted x_0")
    assert float(rows[3][norm]) == pytest.approx(float(numbers["original[2]"].double().norm()), rel=1e-9)
    with Image.open(tmp_path / "steps" / "sampler.webp") as film:
        assert film.n_frames in (3, 4)
    assert str(tmp_path / "steps" / "sampler.webp") in done.stdout


def test_check_names_models_that_are_not_here(tmp_path: Path) -> None:
    workflow = json.loads(Path(STARTER).read_text())
    next(node for node in workflow["nodes"].values() if "load" in node["type"])["params"] = {
        "model": "gone.safetensors"
    }
    (tmp_path / "gone.json").write_text(json.dumps(workflow))
    refused(nodeflow("check", tmp_path / "gone.json"), "gone.safetensors is in none of the model folders")
