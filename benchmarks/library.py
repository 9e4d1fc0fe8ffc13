"""The model library on 10,000 files in 200 folders: first scan, later start, search, what is added, memory.

The files are sparse and have true headers: names and shapes of networks that people have. Run it with
``python -m benchmarks.library [FILES] [FOLDERS]``; it writes below a temporary folder and prints a table.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

Shapes = dict[str, tuple[int, ...]]
WIDTH = 1280


def blocks(pattern: str, ends: tuple[str, ...], count: int) -> Shapes:
    return {pattern.format(n) + end: (WIDTH, WIDTH) for n in range(count) for end in ends}


ATTENTION = "attn1.to_q.weight", "attn1.to_k.weight", "attn2.to_q.weight", "ff.net.2.weight", "ff.net.2.bias"
DOUBLE = "img_attn.qkv.weight", "img_attn.proj.weight", "txt_attn.qkv.weight", "img_mod.lin.weight", "txt_mlp.0.bias"
TEXT = "self_attn.q_proj.weight", "self_attn.k_proj.weight", "mlp.fc1.weight", "mlp.fc2.weight", "layer_norm1.weight"
LORA = ".lora_down.weight", ".lora_up.weight", ".alpha"


def kinds() -> dict[str, Shapes]:
    """Headers as long as those of true files: some 200 to 1,700 names."""
    unet = {"input_blocks.0.0.weight": (320, 4, 3, 3), "time_embed.0.weight": (WIDTH, 320)}
    unet |= {"label_emb.0.0.weight": (WIDTH, 2816), **blocks("input_blocks.{}.1.transformer_blocks.0.", ATTENTION, 200)}
    whole = {f"model.diffusion_model.{name}": shape for name, shape in unet.items()}
    whole |= {"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}
    whole |= blocks("conditioner.embedders.0.transformer.text_model.encoder.layers.{}.", TEXT, 12)
    whole |= blocks("conditioner.embedders.1.model.transformer.resblocks.{}.", TEXT, 32)
    flux = {"img_in.weight": (3072, 64), "double_blocks.0.img_attn.norm.key_norm.scale": (128,)}
    clip = {"text_model.embeddings.token_embedding.weight": (49408, 768)}
    vae = {"decoder.conv_in.weight": (512, 16, 3, 3)}
    return {
        "xl": whole,
        "flux": flux | blocks("double_blocks.{}.", DOUBLE, 60),
        "lora_xl": blocks("lora_unet_input_blocks_{}_1_transformer_blocks_0_attn1_to_q", LORA, 240),
        "lora_flux": blocks("lora_unet_double_blocks_{}_img_attn_qkv", LORA, 120),
        "clip": clip | blocks("text_model.encoder.layers.{}.", TEXT, 12),
        "vae": vae | blocks("decoder.mid.block_{}.", ("norm1.weight", "conv1.weight"), 60),
        "embedding": {"emb_params": (4, 768)},
    }


def header(shapes: Shapes, title: str) -> tuple[bytes, int]:
    """A safetensors header and the bytes behind it."""
    entries: dict[str, object] = {"__metadata__": {"modelspec.title": title}}
    place = 0
    for name, shape in shapes.items():
        size = 2
        for length in shape:
            size *= length
        entries[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text, place


def write(folder: Path, numbers: Iterator[int], count: int, folders: int) -> None:
    """Files in folders below ``folder``, of all kinds in turn."""
    known = list(kinds().items())
    for number in numbers:
        kind, shapes = known[number % len(known)]
        at = folder / f"folder{number % folders:03}"
        at.mkdir(parents=True, exist_ok=True)
        start, behind = header(shapes, f"{kind} of person {number * 7919 % count}")
        with (at / f"{kind}_{number:05}.safetensors").open("wb") as file:
            file.write(start)
            file.truncate(len(start) + behind)


def timed(task: Callable[[], object]) -> float:
    before = time.perf_counter()
    task()
    return time.perf_counter() - before


START = """
import time, psutil
before, busy, size = time.perf_counter(), time.process_time(), psutil.Process().memory_info().rss
from nodeflow.library.library import Library
imported = time.perf_counter()
library = Library()
done = time.perf_counter()
print((done - before) * 1000, (done - imported) * 1000, (time.process_time() - busy) * 1000)
print((psutil.Process().memory_info().rss - size) / 1e6)
"""


def measure(files: int, folders: int) -> None:
    from nodeflow.library.folders import library_roots
    from nodeflow.library.library import Library

    place = Path(os.environ["NODEFLOW_MODELS"])
    print(f"{files} files in {folders} folders; {psutil.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    library = Library()
    print(f"first scan                {timed(library.refresh):8.2f} s")
    print(f"scan with nothing new     {timed(library.refresh) * 1000:8.1f} ms")
    assert len(library.entries) == files, len(library.entries)
    starts = [
        subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True) for _ in range(5)
    ]
    told = [run.stdout.split() for run in starts]
    print(f"later start               {statistics.median(float(one[1]) for one in told):8.1f} ms after imports, "
          f"{statistics.median(float(one[0]) for one in told):.1f} ms with them, "
          f"{statistics.median(float(one[2]) for one in told):.1f} ms of the processor")  # fmt: skip
    print(f"memory of it              {statistics.median(float(one[3]) for one in told):8.1f} MB")
    typed = [word[:n] for word in ("flux", "person 4242", "lora xl", "nothing") for n in range(1, len(word) + 1)]
    searched = [timed(partial(library.search, text)) * 1000 for text in typed]
    print(f"search, median and worst  {statistics.median(searched):8.1f} ms, {max(searched):.1f} ms a keystroke")
    names = [
        f"folder{n % folders:03}\\\\{library.entries[n].file_name.upper()}"
        for n in range(0, files, max(files // 50, 1))
    ]
    found = [timed(partial(library.find, name)) * 1000 for name in names]
    print(f"a foreign name            {statistics.median(found):8.1f} ms, worst {max(found):.1f} ms")
    write(place, iter(range(files, files + 100)), files, folders)
    print(f"100 files more            {timed(library.refresh):8.2f} s")
    assert len(library.entries) == files + 100
    print(f"folders looked through    {len(library_roots())}")


def measure_window(place: Path, files: int, folders: int) -> None:
    """What a person feels: a key in the panel and in a field's list, painted; files that come, until they are shown."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication, QWidget

    from nodeflow.app.canvas.editors.model_editor import ModelPicker
    from nodeflow.app.model.model_choices import ModelChoices
    from nodeflow.app.model.model_library import ModelLibrary
    from nodeflow.app.panels.model_panel import ModelPanel
    from nodeflow.app.qt.background import Background

    app = QApplication.instance() or QApplication([])

    def wait(until: Callable[[], bool]) -> float:
        before = time.perf_counter()
        while not until():
            app.processEvents()
            time.sleep(0.002)
        return time.perf_counter() - before

    def strike(field: QWidget, letter: str) -> None:
        QTest.keyClick(field, Qt.Key(ord(letter.upper())))  # type: ignore[arg-type]
        app.processEvents()

    library = ModelLibrary()
    panel = ModelPanel(library, Background())
    panel.resize(330, 700)
    panel.show()
    wait(lambda: library.ready and library.idle)
    struck = []
    for word in ("flux", "person", "lora", "nothing"):
        panel.search.clear()
        struck += [timed(partial(strike, panel.search, letter)) * 1000 for letter in word]
    print(f"panel, a key, painted     {statistics.median(struck):8.1f} ms, {max(struck):.1f} ms at worst")
    picker = ModelPicker(panel, "model")
    picker.open_for(ModelChoices(library.models, "nodes.load_vae", "model"), "", panel.rect().topLeft(), 320)
    struck = []
    for word in ("vae", "person", "flux"):
        picker.field.clear()
        struck += [timed(partial(strike, picker.field, letter)) * 1000 for letter in word]
    picker.leave()
    print(f"list of a field, a key    {statistics.median(struck):8.1f} ms, {max(struck):.1f} ms at worst")
    panel.search.clear()
    known = len(panel.list.entries)
    write(place, iter(range(2 * files, 2 * files + 100)), files, folders)
    noticed = wait(lambda: len(panel.list.entries) == known + 100)
    print(f"100 files more, shown     {noticed:8.2f} s after the last was written")
    library.close()


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    folders = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        os.environ |= {
            "NODEFLOW_DATA": str(place / "data"),
            "NODEFLOW_MODELS": str(place / "models"),
            "HF_HOME": str(place),
        }
        write(place / "models", iter(range(files)), files, folders)
        measure(files, folders)
        measure_window(place / "models", files, folders)


if __name__ == "__main__":
    main()
