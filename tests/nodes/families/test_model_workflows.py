"""The ready-made workflows for models that people have: each in order, and run with tiny random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from diffusers import FluxControlPipeline, FluxFillPipeline, FluxKontextPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.check import check
from nodeflow.library.rules import rule_book
from nodeflow.resources import folder
from tests.nodes.adapters import test_ip_adapter
from tests.nodes.families import model_folders, test_flux_3, test_qwen_edit, test_redux, test_transformer_controls
from tests.nodes.families.seeing_models import flux_2, flux_2_klein, krea_2, qwen_image_21
from tests.nodes.families.small import by_several, by_t5, language_led, late_comers
from tests.nodes.families.small.cascade import stage_b, stage_c
from tests.nodes.families.small.fibo_2 import fibo_2
from tests.nodes.families.small.glm import glm_image
from tests.nodes.families.small.hunyuan_dit import hunyuan_dit
from tests.nodes.families.small.kolors import kolors
from tests.nodes.families.small.omni import z_image_omni
from tests.nodes.families.small.stable_unclip import stable_unclip
from tests.telling import telling

PLACE = folder("workflows") / "models"
FILES = sorted(PLACE.glob("*.json"))
SMALL = {"steps": 2, "width": 64, "height": 64, "side": 128}
"""In the place of what is asked for; Qwen-Image 2.1's text encoder wants references of 256."""


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


class Plain(NamedTuple):
    """A model by itself, and what saves it."""

    save: Callable[[Path], object]

    def __call__(self, place: Path) -> dict[str, str]:
        self.save(place / "model")
        return {"model": str(place / "model")}


def controlled(name: str) -> Callable[[Path], dict[str, str]]:
    def made(place: Path) -> dict[str, str]:
        test_transformer_controls.saved(test_transformer_controls.KINDS[name], place)
        return {"model": str(place / "model"), "control_net": str(place / "control")}

    return made


def redux(place: Path) -> dict[str, str]:
    test_redux.save(place)
    return {"model": str(place / "dev"), "redux": str(place / "prior")}


def image_led(save: Callable[[Path], object]) -> Callable[[Path], dict[str, str]]:
    def made(place: Path) -> dict[str, str]:
        save(place / "model")
        test_ip_adapter.save_sight(place / "image_encoder")
        halves = test_ip_adapter.halves("plus", UNet2DConditionModel.from_pretrained(place / "model" / "unet"))
        return {
            "model": str(place / "model"),
            "ip_adapter": test_ip_adapter.as_file(place / "adapter.safetensors", halves),
        }

    return made


def cascade(place: Path) -> dict[str, str]:
    stage_c(place / "c")
    stage_b(place / "b")
    return {"stage_c": str(place / "c"), "stage_b": str(place / "b")}


def qwen_edit(place: Path) -> dict[str, str]:
    return {"model": str(test_qwen_edit.save_edit(place, True))}


def qwen_layered(place: Path) -> dict[str, str]:
    return {"model": str(test_qwen_edit.save_layered(place))}


def unclip(place: Path) -> dict[str, str]:
    stable_unclip(place / "model")
    return dict.fromkeys(("model", "shown"), str(place / "model"))


def with_lora(place: Path) -> dict[str, str]:
    """FLUX.1 and a LoRA of one of its layers, as peft names it."""
    model_folders.flux(place / "model")
    layer = "transformer.transformer_blocks.0.attn.to_q"
    wide = len(load_file(next((place / "model" / "transformer").glob("*.safetensors")))[layer[12:] + ".weight"])
    low = {f"{layer}.lora_A.weight": torch.randn(2, wide), f"{layer}.lora_B.weight": torch.randn(wide, 2)}
    save_file(low, place / "lora.safetensors")
    return {"model": str(place / "model"), "lora": str(place / "lora.safetensors")}


MODELS: dict[str, Callable[[Path], dict[str, str]]] = {
    "flux-1": Plain(model_folders.flux),
    "flux-1-fill": Plain(lambda place: model_folders.flux(place, FluxFillPipeline, 384)),
    "flux-1-canny": Plain(lambda place: model_folders.flux(place, FluxControlPipeline, 128)),
    "flux-1-kontext": Plain(lambda place: model_folders.flux(place, FluxKontextPipeline)),
    "flux-1-redux": redux,
    "flux-1-controlnet": controlled("FLUX.1"),
    "flux-2": Plain(lambda place: flux_2(place, 32)),
    "flux-2-klein": Plain(lambda place: flux_2_klein(place, 32)),
    "flux-3": Plain(lambda place: test_flux_3.saved(place, False)),
    "flux-3-distilled": Plain(lambda place: test_flux_3.saved(place, True)),
    "stable-diffusion-1-ip-adapter": image_led(model_folders.sd1),
    "stable-diffusion-xl-ip-adapter": image_led(model_folders.xl),
    "stable-diffusion-3.5": Plain(model_folders.sd3),
    "stable-diffusion-3.5-controlnet": controlled("Stable Diffusion 3"),
    "z-image": Plain(model_folders.z_image),
    "z-image-controlnet": controlled("Z-Image, union"),
    "z-image-omni": Plain(z_image_omni),
    "qwen-image": Plain(model_folders.qwen_image),
    "qwen-image-controlnet": controlled("Qwen-Image"),
    "qwen-image-edit": qwen_edit,
    "qwen-image-2.1": Plain(qwen_image_21),
    "krea-2": Plain(krea_2),
    "anima": Plain(language_led.anima),
    "ideogram-4": Plain(late_comers.ideogram_4),
    "glm-image": Plain(glm_image),
    "stable-cascade": cascade,
    "stable-unclip": unclip,
    "qwen-image-layered": qwen_layered,
    "flux-1-lora": with_lora,
    "sana-sprint": Plain(language_led.sana_sprint),
    "stable-diffusion-xl": Plain(model_folders.xl),
}
ALIKE: dict[str, Callable[[Path], dict[str, str]]] = {
    "chroma": Plain(by_t5.chroma),
    "bria": Plain(by_t5.bria),
    "lumina-2": Plain(language_led.lumina_2),
    "pixart-alpha": Plain(by_t5.pixart_alpha),
    "pixart-sigma": Plain(by_t5.pixart_sigma),
    "sana": Plain(language_led.sana),
    "auraflow": Plain(by_t5.aura_flow),
    "ovis-image": Plain(language_led.ovis_image),
    "longcat-image": Plain(language_led.longcat_image),
    "ernie-image": Plain(language_led.ernie_image),
    "cogview-4": Plain(language_led.cogview_4),
    "glm-image-edit": Plain(glm_image),
    "kandinsky-5": Plain(by_several.kandinsky_5),
    "hidream": Plain(by_several.hidream),
    "hunyuan-image": Plain(by_several.hunyuan_image),
    "prx": Plain(late_comers.prx),
    "prx-deep": Plain(late_comers.prx_deep),
    "fibo": Plain(late_comers.fibo),
    "fibo-2": Plain(fibo_2),
    "fibo-2-edit": Plain(fibo_2),
    "kolors": Plain(kolors),
    "hunyuan-dit": Plain(hunyuan_dit),
    "stable-diffusion-1": Plain(model_folders.sd1),
    "stable-diffusion-2": Plain(model_folders.sd1),
}
"""Those that differ from another by their model and numbers alone; what their model gives is compared step by step."""


def small(path: Path, place: Path, catalogue: Catalogue, folders: Callable[..., Path] | None = None) -> Workflow:
    """A ready-made workflow with a tiny model and with small images; the model is one of ``folders``, where there are
    such, or made below a folder."""
    torch.manual_seed(0)
    workflow, made = load(path), {**MODELS, **ALIKE}[path.stem]
    models = {"model": str(folders(made.save))} if folders and isinstance(made, Plain) else made(place)
    for node, model in models.items():
        SetParam(node, "lora" if node == "lora" else "model", model).apply(workflow)
    for node in {"redux", "ip_adapter"} & models.keys():
        SetParam(node, "image_encoder", "").apply(workflow)
    if "border" in workflow.nodes:
        for side in ("left", "top", "right", "bottom"):
            SetParam("border", side, 0).apply(workflow)
    if "shapes" in workflow.nodes:
        SetParam("shapes", "layers", "1").apply(workflow)
    for key, node in workflow.nodes.items():
        spec = catalogue.nodes[node.type]
        for param in spec.params:
            if param.name in SMALL and (param.name != "side" or "qwen-image-2.1" in path.stem or "reference" in key):
                value = 320 if param.name == "side" and path.stem == "qwen-image-2.1" else SMALL[param.name]
                SetParam(key, param.name, value).apply(workflow)
    return workflow


def test_each_is_known_to_the_start_page_and_tried_here() -> None:
    told = sorted(one.file for family in rule_book().families for one in family.workflows)
    assert sorted(path.stem for path in FILES) == told
    assert set(told) == MODELS.keys() | ALIKE.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_in_order(path: Path, session: WorkflowRunner) -> None:
    workflow = load(path)
    assert check(workflow, session.packs.catalogue) == []
    assert set(workflow.layout) == set(workflow.nodes)


OF_NEIGHBOURS = {
    *("flux-1-canny", "flux-1-controlnet", "qwen-image-controlnet", "z-image-controlnet"),
    *("stable-diffusion-xl-ip-adapter", "flux-2", "flux-3-distilled"),
}
"""Those whose nodes run in others, and whose models are compared with the library's own pipeline step by step."""


@pytest.mark.parametrize(
    "path", telling(FILES, lambda path: path.stem not in ALIKE.keys() | OF_NEIGHBOURS), ids=lambda path: path.stem
)
def test_it_runs(path: Path, session: WorkflowRunner, tmp_path: Path, folders: Callable[..., Path]) -> None:
    workflow = small(path, tmp_path, session.packs.catalogue, folders)
    wrote: list[str] = []
    for event in session.run(RunRequest.of(workflow, path.parent, tmp_path / "out", device="cpu")):
        match event:
            case tell.NodeFinished():
                wrote += event.files
            case tell.NodeFailed() | tell.NodeSkipped():
                pytest.fail(str(event))
    assert {Path(file).suffix for file in wrote} == {".png"}
