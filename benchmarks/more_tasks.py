"""The everyday tasks of `benchmarks.tasks` that need files, models, masks, subgraphs or steps."""

from __future__ import annotations

import json
import os
import re
import tempfile
from functools import partial
from pathlib import Path

from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QWidget

from benchmarks.task_person import ALT, CTRL, KEY, LEFT, SHIFT, Person
from nodeflow.app.dialogs.mask_dialog import MaskDialog
from nodeflow.app.dialogs.sweep_dialog import SweepDialog
from nodeflow.app.inspector.inspector_panel import InspectorPanel
from nodeflow.app.window.docks import PerTab
from nodeflow.library.folders import VARIABLE
from nodeflow.resources import folder
from tests.library.files import write_sparse
from tests.library.layouts.networks import NETWORKS

COMFYUI_GRAPH = {
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd_xl_base_1.0.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 1024, "height": 1024, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a lighthouse", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurred", "clip": ["4", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}},
}
"""What ComfyUI writes into the images of its first example."""


def from_an_empty_document(person: Person) -> None:
    window = person.window
    person.key(KEY.Key_N, CTRL)
    assert not window.session.workflow.nodes
    person.key(KEY.Key_I, CTRL | SHIFT)
    person.type("latent diffusion")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_Return, CTRL)
    person.wait(lambda: window.session.states.outcome == "done")
    person.wait(lambda: window.preview.view.images)
    person.did(4, "text to image from an empty document")


def own_model(person: Person) -> None:
    """On the document of task 4: a file in the folder of models takes the starter's place."""
    window = person.window
    layout = NETWORKS["xl whole"]
    write_sparse(Path(os.environ[VARIABLE]) / "checkpoints" / "my_portrait_xl_v3.safetensors", layout.tensors)
    window.hub.models.scan()
    person.wait(lambda: any("my_portrait" in entry.path for entry in window.hub.models.models.entries))
    window.gestures.frame_all()
    person.click_row("model", "model")
    person.type("portrait")
    person.key(KEY.Key_Return)
    assert "my_portrait_xl_v3" in str(window.session.workflow.nodes["model"].params["model"])
    person.did(5, "an own SDXL file from a models folder in the starter's place")
    window.session.stack.undo()


def lora_by_name(person: Person) -> None:
    """On the document of task 4: the adapter goes into the wire to the denoiser."""
    window = person.window
    window.gestures.frame_all()
    wire = next(w for w in window.canvas.links.values() if w.target.card.id == "denoiser" and w.target.name == "unet")
    person.click_on_canvas(wire.path().pointAtPercent(0.5))
    person.key(KEY.Key_Tab)
    person.type("lora")
    person.key(KEY.Key_Return)
    (lora,) = (name for name, node in window.session.workflow.nodes.items() if "lora" in node.type)
    assert any(link.target == "denoiser" and link.source == lora for link in window.session.workflow.links.values())
    person.click_row(lora, "lora")
    person.type("sticker")
    person.key(KEY.Key_Return)
    card = window.canvas.nodes[lora]
    (row,) = (row for row in card.face.rows if row.name == "lora")
    assert card.value(row) == "starter:lora-sticker"
    person.click_on_canvas(person.title(lora))
    person.key(KEY.Key_Return, CTRL | ALT)
    dialog = window.findChild(SweepDialog)
    assert dialog is not None
    if dialog.first.place.currentData() != f"{lora}.weight":
        dialog.first.choose(f"{lora}.weight")
        person.actions += 2  # the box, and its entry
        dialog.first.values.setFocus()
    person.type("0, 1")
    before = len(list(window.hub.output.glob("**/*.png")))
    person.key(KEY.Key_Return)
    person.wait(lambda: window.session.running)
    person.finished()
    assert window.session.states.outcome == "done" and len(list(window.hub.output.glob("**/*.png"))) >= before + 2
    person.did(6, "add a LoRA by name, sweep its weight")
    close_tab(person)


def close_tab(person: Person) -> None:
    """Put the document away, which is no part of a task."""
    window = person.window
    window.session.stack.setClean()
    window.documents.close(window.tabs.front)
    person.wait()


def drop(person: Person, path: Path, at: QPoint | None = None) -> None:
    """Drag a file from elsewhere and let it go over the window."""
    window, data = person.window, QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    place = QPointF(at or window.canvas.view.mapTo(window, window.canvas.view.rect().center()))
    how = (Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    person.actions += 1
    QApplication.sendEvent(window, QDragEnterEvent(place.toPoint(), *how))
    QApplication.sendEvent(window, QDropEvent(place, *how))
    person.wait()


def comfyui_picture(person: Person) -> None:
    window = person.window
    info = PngInfo()
    info.add_text("prompt", json.dumps(COMFYUI_GRAPH))
    picture = Path(tempfile.mkdtemp()) / "ComfyUI_00001_.png"
    Pillow.new("RGB", (64, 64)).save(picture, pnginfo=info)
    drop(person, picture)
    person.wait(lambda: window.session.report is not None)
    report = window.session.report
    assert report is not None and window.findChild(QWidget, "import") is not None
    assert [model.file for model in report.models if not model.found] == ["sd_xl_base_1.0.safetensors"]
    person.did(8, "open a ComfyUI image, see what is missing")
    close_tab(person)


def inpaint(person: Person) -> None:
    """From the ready-made workflow, with a brush in place of its ellipse."""
    window = person.window
    window.show_file(folder("workflows") / "inpainting.json")
    person.actions += 2  # the start page, and its card
    person.wait(lambda: "inpaint" in window.canvas.nodes)
    window.gestures.frame_all()
    person.click_on_canvas(person.title("picture"))
    person.wait(lambda: window.preview.view.images)
    person.actions += 2  # the menu Use below the image, and its entry
    window.preview.tools.paint_mask.trigger()
    person.wait(lambda: window.masks.dialog is not None)
    dialog = window.masks.dialog
    assert isinstance(dialog, MaskDialog)
    view = dialog.view
    middle = view.rect().center()
    QTest.mousePress(view, LEFT, pos=middle - QPoint(40, 0))
    for step in range(-40, 41, 8):
        QTest.mouseMove(view, middle + QPoint(step, step // 2))
    QTest.mouseRelease(view, LEFT, pos=middle + QPoint(40, 20))
    person.actions += 1
    person.key(KEY.Key_Return, into=dialog)
    person.wait(lambda: window.masks.dialog is None)
    painted = next(name for name, node in window.session.workflow.nodes.items() if node.type == "nodes.painted_mask")
    for target in ("inpaint", "composite"):
        person.lay_wire(painted, "mask", target, "mask")
    person.key(KEY.Key_Return, CTRL)
    person.wait(lambda: window.session.states.outcome == "done")
    person.wait(lambda: "composite" in window.session.images.thumbnails)
    assert not window.session.state("composite").outdated
    person.did(9, "paint a mask over a picture, inpaint what it covers")
    close_tab(person)


def control(person: Person) -> None:
    """The ready-made workflow, with a photograph dropped on its picture."""
    window = person.window
    window.show_file(folder("workflows") / "controlnet.json")
    person.actions += 2
    person.wait(lambda: "save_edges" in window.canvas.nodes)
    window.gestures.frame_all()
    photograph = folder("assets") / "pictures" / "fish.png"
    view = window.canvas.view
    drop(person, photograph, view.mapTo(window, view.mapFromScene(person.row("picture", "path"))))
    assert Path(str(window.session.workflow.nodes["picture"].params["path"])).name == "fish.png"
    person.click_on_canvas(person.title("save_edges"))
    person.key(KEY.Key_Return, CTRL | SHIFT)
    person.wait(lambda: window.session.states.outcome == "done")
    person.wait(lambda: "decode_edges" in window.session.images.thumbnails)
    person.did(10, "control by a photograph")
    close_tab(person)


def subgraph(person: Person) -> None:
    window = person.window
    before = window.session.stack.index()
    window.gestures.frame_all()
    for number, name in enumerate(("noise", "scheduler", "sampler")):
        person.click_on_canvas(person.title(name), SHIFT if number else Qt.KeyboardModifier.NoModifier)
    person.key(KEY.Key_G, CTRL)
    (group,) = window.canvas.selection.chosen()
    person.key(KEY.Key_Down, ALT)
    window.gestures.frame_all()
    for node, param in (("noise", "seed"), ("scheduler", "steps")):
        person.point_at(person.row(node, param))
        person.key(KEY.Key_E)
    person.key(KEY.Key_Up, ALT)
    assert {row.name for row in window.canvas.nodes[group].face.rows} >= {"seed", "steps"}
    person.actions += 2  # the menu Node, and its entry
    window.actions_["node.keep"].trigger()
    person.wait(lambda: window.hub.kept())
    person.key(KEY.Key_N, CTRL)
    person.key(KEY.Key_Tab)
    person.type("group")
    person.key(KEY.Key_Return)
    assert len(window.session.workflow.nodes) == 1 and window.session.workflow.subgraphs
    person.did(13, "group to a subgraph, expose two values, use it in another document")
    close_tab(person)
    window.session.stack.setIndex(before)


def inspector(person: Person) -> InspectorPanel:
    pages = person.panel("inspector")
    assert isinstance(pages, PerTab)
    found = pages.currentWidget()
    assert isinstance(found, InspectorPanel)
    return found


def choose(person: Person, box: QWidget, data: object) -> None:
    """Choose an entry of a box, by a click on it and one on the entry."""
    person.actions += 2
    box.setCurrentIndex(box.findData(data))  # type: ignore[attr-defined]
    person.wait()


def look_at_a_step(person: Person) -> None:
    window = person.window
    window.gestures.frame_all()
    person.click_on_canvas(person.title("sampler"))
    person.actions += 1  # the tab of the inspector
    window.panels.show_inspector() if window.panels else None
    panel = inspector(person)
    person.wait(lambda: panel.overview is not None)
    choose(person, panel.output_box, "trajectory")
    person.wait(lambda: panel.form_box.findData("frames") >= 0)
    choose(person, panel.form_box, "frames")
    person.wait(lambda: panel.film is not None)
    panel.scrubber.go(12)
    person.actions += 1
    person.wait(lambda: len(re.findall(r"\d[\d.]*", panel.told.text())) >= 5)  # step, t, sigma, mean, deviation
    window.gestures.frame_all()
    person.click_row("guidance", "scale")
    person.key(KEY.Key_A, CTRL)
    person.type("6")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_Return, CTRL)
    person.finished()
    person.click_on_canvas(person.title("sampler"))
    person.click(panel.compare_button)
    person.wait(lambda: re.search(r"\d", panel.compare_bar.words.text()))  # the step at which they part
    nodes = len(window.session.workflow.nodes)
    person.actions += 2  # the button Go on from here, and its entry
    panel.tools.fork("guidance")
    person.wait(lambda: len(window.session.workflow.nodes) > nodes)
    person.click(panel.compare_button)
    person.did(15, "look at step 12 with t, sigma and statistics, compare with another guidance, fork")
    window.session.stack.undo()


def one_word(person: Person) -> None:
    window = person.window
    window.gestures.frame_all()
    person.click_row("sampler", "record")
    person.type("attention")
    person.key(KEY.Key_Return)
    person.key(KEY.Key_Return, CTRL)
    person.finished()
    person.click_on_canvas(person.title("sampler"))
    panel = inspector(person)
    person.wait(lambda: panel.overview is not None and panel.form_box.findData("attention") >= 0)
    choose(person, panel.form_box, "attention")
    word = panel.choices._fields["token"]
    assert isinstance(word, QComboBox)
    place = next(at for at in range(word.count()) if word.itemText(at).endswith(" star"))
    choose(person, word, word.itemData(place) or word.itemText(place))
    person.wait(lambda: panel.film is not None and panel.film.frame(panel.scrubber.step) is not None)
    file = window.hub.output / "star.png"
    person.actions += 3  # Export, its entry, and the name of the file
    panel.export_to(file)
    person.wait(file.exists)
    person.did(16, "where did one word look, as a saved image")


def _filled(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def animation(person: Person) -> None:
    window = person.window
    panel = inspector(person)
    choose(person, panel.form_box, "frames")
    person.wait(lambda: panel.film is not None)
    for suffix in (".gif", ".mp4"):
        file = window.hub.output / f"steps{suffix}"
        person.actions += 3
        panel.export_to(file)
        person.wait(partial(_filled, file))
    with Pillow.open(window.hub.output / "steps.gif") as shown:
        assert getattr(shown, "n_frames", 1) > 10
    person.did(17, "the denoising as an animation, once as GIF, once as MP4")
