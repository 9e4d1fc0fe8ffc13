"""Tests of importing images, texts and values."""

from __future__ import annotations

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.node import NodeError
from nodes.values.layout_prompt import layout_prompt
from tests.nodes.comfyui.graphs import SAMPLED, api, bring, params, sources


def test_what_goes_through_pictures_and_masks(catalogue: Catalogue) -> None:
    found = bring(
        api(
            picture=("LoadImage", {"image": "fox.png"}),
            large=(
                "ImageScale",
                {"image": "@picture", "upscale_method": "area", "width": 64, "height": 0, "crop": "center"},
            ),
            by=("ImageScaleBy", {"image": "@large", "upscale_method": "bicubic", "scale_by": 1.5}),
            total=("ImageScaleToTotalPixels", {"image": "@by", "upscale_method": "lanczos", "megapixels": 0.5}),
            longest=("ImageScaleToMaxDimension", {"image": "@total", "upscale_method": "area", "largest_size": 800}),
            net=("UpscaleModelLoader", {"model_name": "4x.safetensors"}),
            better=("ImageUpscaleWithModel", {"upscale_model": "@net", "image": "@longest"}),
            padded=("ImagePadForOutpaint", {"image": "@better", "left": 8, "top": 0, "right": 0, "bottom": 16}),
            negative=("ImageInvert", {"image": "@padded"}),
            mixed=(
                "ImageBlend",
                {"image1": "@negative", "image2": "@padded", "blend_factor": 0.3, "blend_mode": "soft_light"},
            ),
            cut=("ImageCrop", {"image": "@mixed", "width": 32, "height": 48, "x": 4, "y": 6}),
            both=("ImageBatch", {"image1": "@cut", "image2": "@cut"}),
            beside=("ImageStitch", {"image1": "@both", "image2": "@cut", "direction": "down", "spacing_width": 4}),
            channel=("ImageToMask", {"image": "@beside", "channel": "green"}),
            grown=("GrowMask", {"mask": "@channel", "expand": 5, "tapered_corners": False}),
            soft=("FeatherMask", {"mask": "@grown", "left": 1, "top": 2, "right": 3, "bottom": 4}),
            inverse=("InvertMask", {"mask": "@soft"}),
            joined=("MaskComposite", {"destination": "@inverse", "source": "@padded.1", "operation": "xor", "x": 3}),
            hard=("ThresholdMask", {"mask": "@joined", "value": 0.4}),
            grey=("MaskToImage", {"mask": "@hard"}),
            second=("ImageFromBatch", {"image": "@both", "batch_index": 1, "length": 1}),
            shown=("PreviewImage", {"images": "@grey"}),
            compared=("ImageCompare", {"image_a": "@grey", "image_b": "@cut"}),
        ),
        catalogue,
    )
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "scale") == {"width": 64, "height": 0, "method": "area", "crop": "centre"}
    assert params(found, "scale_3") == {"megapixels": 0.5} and params(found, "scale_4")["longest"] == 800
    assert params(found, "upscale") == {"tile": 512, "overlap": 32}
    assert params(found, "blend") == {"share": 0.3, "way": "soft light"}
    assert params(found, "grow") == {"pixels": 5, "corners": "square"}
    assert params(found, "mask_2") == {"way": "one of them", "x": 3}
    assert params(found, "pick") == {"number": 2} and sources(found, "pick") == {"items": "apart.images"}
    assert [link.source for link in found.workflow.links.values() if link.target == "batch"] == ["crop", "crop"]


def test_an_image_is_laid_on_another_by_mask_and_place(catalogue: Catalogue) -> None:
    found = bring(
        api(
            below=("LoadImage", {"image": "below.png"}),
            above=("LoadImage", {"image": "above.png"}),
            place=("PrimitiveInt", {"value": 40}),
            plain=("ImageCompositeMasked", {"destination": "@below", "source": "@above", "x": "@place", "y": -3}),
            masked=(
                "ImageCompositeMasked",
                {"destination": "@plain", "source": "@above", "mask": "@above.1", "resize_source": True},
            ),
            shown=("PreviewImage", {"images": "@masked"}),
        ),
        catalogue,
    )
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "laid") == {"y": -3} and sources(found, "laid")["x"] == "whole_number.value"
    assert params(found, "laid_2") == {"mask_fit": "stretch"}
    assert sources(found, "laid_2") == {"below": "laid.image", "above": "fitted.image", "mask": "picture_2.mask"}


def test_values_keep_their_wires(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph |= api(
        steps=("PrimitiveInt", {"value": 33}),
        strength=("PrimitiveFloat", {"value": 3.5}),
        subject=("PrimitiveStringMultiline", {"value": "a fox"}),
        both=("StringConcatenate", {"string_a": "@subject", "string_b": "in snow", "delimiter": ""}),
        other=("StringReplace", {"string": "@both", "find": "fox", "replace": "hare"}),
        turbo=("PrimitiveBoolean", {"value": True}),
        which=("ComfySwitchNode", {"on_false": "@both", "on_true": "@other", "switch": "@turbo"}),
        net=("ComfySwitchNode", {"on_false": "@model", "on_true": "@lora", "switch": "@turbo"}),
        lora=("LoraLoaderModelOnly", {"model": "@model", "lora_name": "b.safetensors", "strength_model": 0.5}),
        size=("ResolutionSelector", {"aspect_ratio": "16:9 (Widescreen)", "megapixels": 0.5}),
    )
    graph["sampled"]["inputs"] |= {"steps": ["steps", 0], "cfg": ["strength", 0], "model": ["net", 0]}
    graph["good"]["inputs"]["text"] = ["which", 0]
    graph["zeros"]["inputs"] |= {"width": ["size", 0], "height": ["size", 1]}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert sources(found, "schedule")["steps"] == "whole_number.value"
    assert sources(found, "guidance")["scale"] == "number.value"
    assert sources(found, "prompt")["text"] == "switch_2.value"
    assert sources(found, "switch_2") == {"when_off": "joined.value", "when_on": "replaced.value", "on": "choice.value"}
    assert sources(found, "switch") == {
        "when_off": "model.unet",
        "when_on": "lora.diffusion_network",
        "on": "choice.value",
    }
    assert sources(found, "denoiser")["unet"] == "switch.value"
    assert sources(found, "noise") == {"width": "size.width", "height": "size.height"}


def test_arithmetic_stays_on_its_wires(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        side=("PrimitiveInt", {"value": 300}),
        sum=("ComfyMathExpression", {"expression": "max(a, 256) // 8 * 8 if a > b else 64", "values.a": "@side"}),
        kept=("ComfyNumberConvert", {"value": "@sum.1"}),
        read=("ComfyNumberConvert", {"value": "@words"}),
        words=("PrimitiveString", {"value": "320"}),
        which=("CustomCombo", {"choice": "b", "option1": "a", "option2": "b"}),
    )
    graph["sum"]["inputs"]["values.b"] = 10
    graph["zeros"]["inputs"] |= {"width": ["sum", 1], "height": ["kept", 1]}
    graph["sampled"]["inputs"]["steps"] = ["read", 1]
    graph["good"]["inputs"]["text"] = ["which", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert sources(found, "expression") == {"a": "whole_number.value", "b": "whole_number_2.value"}
    assert params(found, "expression") == {"expression": "max(a, 256) // 8 * 8 if a > b else 64"}
    assert sources(found, "number") == {"text": "text.value"}
    assert sources(found, "number_2") == {"a": "expression.whole_number"}
    assert sources(found, "noise") == {"width": "expression.whole_number", "height": "number_2.whole_number"}
    assert sources(found, "schedule")["steps"] == "number.whole_number"
    assert params(found, "choice") == {"text": "b"}


def test_texts_are_searched_and_filled_in(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        size=("GetImageSize", {"image": "@shown"}),
        seen=("PreviewAny", {"source": "@size"}),
        json=("JsonExtractString", {"json_string": '{"a": 1}', "key": "a"}),
        cut=("RegexReplace", {"string": "@json", "regex_pattern": "^x", "replace": "", "count": 1, "multiline": True}),
        got=("RegexExtract", {"string": "@cut", "regex_pattern": "(a)", "mode": "First Group", "group_index": 1}),
        put=("StringReplace", {"string": "{w} wide", "find": "{w}", "replace": "@seen"}),
        form=("StringFormat", {"f_string": "{a} {b:.2f}", "values.a": "@got", "values.b": 0.5}),
        last=("StringConcatenate", {"string_a": "@form", "string_b": "@put", "delimiter": ""}),
        saved2=("CLIPTextEncode", {"clip": "@model.1", "text": "@last"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    assert params(found, "value")["when_missing"] == "empty text"
    assert params(found, "replaced") == {"pattern": "^x", "most": 1, "by_lines": True, "ignore_case": True}
    assert params(found, "found") == {"pattern": "(a)", "take": "first group", "ignore_case": True}
    assert sources(found, "filled") == {"a": "found.value", "b": "number.value"}
    assert sources(found, "replaced_2") == {"replace": "number_text.value"}
    assert sources(found, "number_text") == {"a": "size.width"}


def test_plain_images_are_fitted_and_sharpened(catalogue: Catalogue) -> None:
    graph = api(
        ground=("EmptyImage", {"width": 64, "height": 32, "batch_size": 2, "color": 0xFF8000}),
        many=("RepeatImageBatch", {"image": "@ground", "amount": 3}),
        fitted=(
            "ResizeAndPadImage",
            {"image": "@many", "target_width": 40, "target_height": 40, "padding_color": "white"},
        ),
        sharp=("ImageSharpen", {"image": "@fitted", "sharpen_radius": 2, "sigma": 0.5, "alpha": 0.3}),
        soft=("ImageBlur", {"image": "@sharp", "blur_radius": 3, "sigma": 2.0}),
        scaled=("FluxKontextImageScale", {"image": "@soft"}),
        mask=("SolidMask", {"value": 0.5, "width": 8, "height": 8}),
        saved=("SaveImage", {"images": "@scaled", "filename_prefix": "x"}),
        seen=("MaskPreview", {"mask": "@mask"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "ground") == {"width": 64, "height": 32, "count": 2, "colour": "#ff8000"}
    assert params(found, "fitted") == {"width": 40, "height": 40, "colour": "#ffffff", "method": "area"}
    assert params(found, "sharpen") == {"radius": 2, "sigma": 0.5, "strength": 0.3}
    assert sources(found, "save") == {"image": "scale.image"}


def test_what_only_computes_faster_is_left_out_and_a_step_cache_stands_on_the_denoiser(catalogue: Catalogue) -> None:
    graph = api(
        **SAMPLED,
        fast=("TorchCompileModel", {"model": "@model", "backend": "inductor"}),
        lazy=("EasyCache", {"model": "@fast", "reuse_threshold": 0.3, "start_percent": 0.1, "end_percent": 0.9}),
    )
    graph["sampled"]["inputs"]["model"] = ["lazy", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 and found.report.nodes["approximate"] == 1
    assert sources(found, "denoiser") == {"unet": "model.unet"}
    assert sources(found, "easy_cache") == {"denoiser": "denoiser.denoiser"}
    about = {"threshold": 0.3, "start": 0.1, "end": 0.9, "counted": "trained timesteps"}
    assert params(found, "easy_cache") == about


@pytest.mark.parametrize(
    "text", ["", "a.b", "__import__('os')", "9 ** 9 ** 9", "1 / 0", "'x' * 9", "(" * 900, "[1]", "b + 1", "a & 0.5"]
)
def test_other_expressions_stay(text: str, catalogue: Catalogue) -> None:
    side = ("PrimitiveInt", {"value": 300})
    found = bring(api(side=side, sum=("ComfyMathExpression", {"expression": text, "values.a": "@side"})), catalogue)
    assert found.report.nodes["unknown"] == 1


def test_boxes_and_a_prompt_become_one_node(catalogue: Catalogue) -> None:
    """Drawn boxes as the templates of FLUX.3 save them."""
    about = {"type": "text", "text": "FOX", "desc": "in red", "palette": []}
    drawn = [{"x": 128, "y": 192, "width": 256, "height": 64, "metadata": about}, {"x": None}, "no box"]
    graph = api(
        **SAMPLED,
        boxes=("CreateBoundingBoxes", {"width": 512, "height": 256, "editor_state": drawn, "last_incoming": []}),
        prompt=("Flux3LayoutPrompt", {"element": "@boxes.2", "prompt": "a sign <obj_1>"}),
        view=("CameraAngle", {"horizontal_angle": 333, "vertical_angle": 17, "zoom": 5, "view": "camera"}),
        both=("StringConcatenate", {"string_a": "@prompt", "string_b": "@view.1", "delimiter": ""}),
    )
    graph["good"]["inputs"]["text"] = ["both", 0]
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0
    told = {key: value for key, value in params(found, "layout").items() if key != "boxes"}
    assert told == {"text": "a sign <obj_1>", "width": 512, "height": 256}
    rows = '[{"id":"obj_1","bbox":[750,250,1000,750],"desc":"the text \\"FOX\\" in red"}'
    assert layout_prompt(**params(found, "layout")).startswith(f"a sign <obj_1> {rows}")
    assert layout_prompt("a fox") == "a fox"
    with pytest.raises(NodeError, match="list of boxes"):
        layout_prompt("a fox", '[{"x": "far"}]')
    assert params(found, "view") == {"text": "front-left quarter view elevated shot medium shot"}


def test_what_nothing_here_stands_for_is_never_left_out_silently(catalogue: Catalogue) -> None:
    """A wire from an output that has no meaning here: an expression needs it; where it is not needed, that is told."""
    graph = api(
        picture=("LoadImage", {"image": "fox.png"}),
        seen=("IPAdapterEncoder", {"image": "@picture"}),
        sum=("ComfyMathExpression", {"expression": "a * b", "values.a": 2, "values.b": "@seen.1"}),
        shown=("PreviewAny", {"source": "@seen.1"}),
    )
    rows = {row["id"]: row for row in bring(graph, catalogue).report.rows}
    assert (rows["sum"]["status"], rows["shown"]["status"]) == ("unknown", "approximate")
    assert rows["sum"]["notes"] == ["its values.b comes from what has no counterpart here"]
    assert rows["shown"]["notes"] == ["its source is left out: it comes from what has no counterpart here"]
