"""ControlNets beside a network."""

from __future__ import annotations

from dataclasses import replace

from nodes.comfyui.export.exporter import CannotExportError
from nodes.script.denoisers import Denoises
from nodes.script.families import FAMILIES
from nodes.script.family_nodes import control as control_of_transformer
from nodes.script.models import Folder, ScriptPart
from nodes.script.writer import Function, Made, Writer


def load_controlnet(writer: Writer, name: str, _: str) -> Made:
    folder = Folder(writer, name)
    config = folder.config("")
    kind = str(config.get("_class_name"))
    if kind not in ("ControlNetModel", *(family.control for family in FAMILIES if family.control)):
        raise CannotExportError(f"{name} holds {kind}, which scripts do not load")
    return Made(folder.part(ScriptPart("", "diffusers", kind)), config)


def control(writer: Writer, name: str, _: str) -> Made:
    denoiser, net, image = (writer.input(name, key) for key in ("denoiser", "controlnet", "image"))
    found: Denoises = denoiser.about
    if writer.plain(name, "counted") != "steps":
        raise CannotExportError(f"{name} counts its share in trained timesteps, which is not written")
    if found.network.family:
        return control_of_transformer(writer, name, denoiser, net, image)
    if found.function not in ("text_unet", "controlled_unet"):
        raise CannotExportError(f"{name} leads another network than a text-led U-Net, which is not written")
    told = (writer.value(name, key) for key in ("strength", "start", "end"))
    controls = (*found.controls, writer.grouped(name, "lead", net.code, image.code, *told))
    line = writer.bound(name, "", "controlled_unet", found.code, f"[{', '.join(controls)}]")
    return Made(line, replace(found, function="controlled_unet", controls=controls))


CONTROLS: dict[str, Function] = {"load_controlnet": load_controlnet, "control": control}
