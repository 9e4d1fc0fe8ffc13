"""Settings of other programs as workflows: each becomes nodes that a check accepts, or is told."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from graph.test_image_settings import PROGRAMS, png

from nodeflow.cli.catalogue import known_catalogue
from nodeflow.graph.model.catalogue import Catalogue
from nodeflow.graph.model.workflow import Workflow
from nodeflow.graph.validate.check import check
from nodes.foreign import Opened, open_foreign
from nodes.image_settings.prompts import AndPart, ScheduledPiece, from_compel, from_novelai, parts, pieces
from nodes.image_settings.samplers import A1111

SIZE = "Size: 64x64, Model: starter:stable-diffusion-2"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return known_catalogue()


def opened(text: str | bytes, catalogue: Catalogue) -> Opened:
    found = open_foreign(text.encode() if isinstance(text, str) else text, catalogue)
    assert found is not None
    return found


def of_kind(workflow: Workflow, kind: str) -> list[dict[str, Any]]:
    return [node.params for node in workflow.nodes.values() if node.type == f"nodes.{kind}"]


@pytest.mark.parametrize("program", list(PROGRAMS))
def test_what_each_program_made_becomes_a_workflow_without_faults(program: str, catalogue: Catalogue) -> None:
    data = PROGRAMS[program][0]
    workflow, report = opened(data, catalogue)
    unnamed = {"names nothing; choose a model"} if program == "Forge" else set()  # its text names the network alone
    assert report.program == program and {one.reason for one in check(workflow, catalogue)} == unnamed
    assert of_kind(workflow, "sample") and of_kind(workflow, "save_image")
    rows = {row.id: row for row in report.rows}
    assert rows["Seed"].nodes and rows["Sampler"].nodes and rows["Prompt"].nodes
    assert all(node in workflow.nodes for row in report.rows for node in row.nodes)
    assert set(workflow.layout) == set(workflow.nodes)
    assert workflow.annotations["settings"].text


@pytest.mark.parametrize("name", [name.title() for name in A1111])
def test_each_sampler_of_the_web_ui_has_a_counterpart(name: str, catalogue: Catalogue) -> None:
    workflow, report = opened(f"p\nSteps: 20, Sampler: {name}, CFG scale: 7, Seed: 1, {SIZE}", catalogue)
    assert check(workflow, catalogue) == []
    notes = next(row.notes for row in report.rows if row.id == "Sampler")
    assert not any("not known here" in note for note in notes)


def test_spacings_come_from_the_schedule_type_or_the_name(catalogue: Catalogue) -> None:
    for words, wanted in (
        ("Sampler: DPM++ 2M Karras", ("dpmpp_2m", "karras")),
        ("Sampler: DPM++ 2M, Schedule type: Exponential", ("dpmpp_2m", "exponential")),
        ("Sampler: DPM++ 2M", ("dpmpp_2m", "karras")),
        ("Sampler: Euler, Schedule type: Automatic", ("euler", "normal")),
        ("Sampler: Euler a, Schedule type: SGM Uniform", ("euler_ancestral", "sgm_uniform")),
    ):
        workflow, _ = opened(f"p\nSteps: 12, {words}, CFG scale: 7, Seed: 1, {SIZE}", catalogue)
        params = of_kind(workflow, "k_sampler")[0]
        assert (params.get("sampler", "euler"), params.get("spacing", "normal")) == wanted


def test_three_m_sde_leaves_out_the_last_but_one_sigma(catalogue: Catalogue) -> None:
    workflow, _ = opened(f"p\nSteps: 12, Sampler: DPM++ 3M SDE, CFG scale: 7, Seed: 1, {SIZE}", catalogue)
    assert of_kind(workflow, "model_sigmas")[0]["penultimate"] == "discarded"
    assert of_kind(workflow, "sigmas_schedule")[0]["sampler"] == "dpmpp_3m_sde"


def test_noise_is_drawn_as_the_program_draws_it(catalogue: Catalogue) -> None:
    for words, stream in (("", "NV Philox"), (", RNG: CPU", "a seed an image"), (", RNG: NV", "NV Philox")):
        workflow, report = opened(f"p\nSteps: 2, Sampler: Euler, Seed: 7, {SIZE}{words}", catalogue)
        assert of_kind(workflow, "noise_stream")[0] == {
            "seed": 7,
            "stream": stream,
            "between": "goes on",
            "width": 64,
            "height": 64,
        }
        told = next(row.notes for row in report.rows if row.id == "Seed")
        assert bool(told) == (words == "")


def test_a_seed_beyond_numbers_of_files_is_kept_as_text(catalogue: Catalogue) -> None:
    workflow, _ = opened(f"p\nSteps: 2, Sampler: Euler, Seed: {2**60}, {SIZE}", catalogue)
    assert of_kind(workflow, "noise_stream")[0]["large_seed"] == str(2**60)


def test_a_second_pass_enlarges_and_samples_again(catalogue: Catalogue) -> None:
    hires = "Denoising strength: 0.4, Hires upscale: 2, Hires steps: 6, Hires upscaler: "
    for name, kind in (("Latent", "scale_latent"), ("Lanczos", "scale_image"), ("4x-Sharp", "upscale_image")):
        text = f"p [a:b:0.5]\nSteps: 4, Sampler: Euler, CFG scale: 3, Seed: 1, {SIZE}, {hires}{name}"
        workflow, report = opened(text, catalogue)
        assert check(workflow, catalogue) == [] and len(of_kind(workflow, "sample")) == 2
        assert of_kind(workflow, kind)
        second = of_kind(workflow, "k_sampler")[1]
        assert (second["steps"], second["denoise"]) == (6, 0.4)
        assert [model.file for model in report.missing] == (["4x-Sharp"] if name == "4x-Sharp" else [])


@pytest.mark.parametrize(
    ("said", "size", "crop"),
    [
        ("Hires resize: 96x0", (12, 12), None),
        ("Hires resize: 0x128", (16, 16), None),
        ("Hires resize: 128x96", (16, 12), "centre"),
        ("Hires upscale: 1.5", (12, 12), None),
    ],
)
def test_a_second_pass_is_of_the_size_that_is_said(
    said: str, size: tuple[int, int], crop: str | None, catalogue: Catalogue
) -> None:
    """A side of 0 follows from the other; where both are said, what sticks out is cut off."""
    workflow, _ = opened(f"p\nSteps: 4, Sampler: Euler, Seed: 1, {SIZE}, Denoising strength: 0.4, {said}", catalogue)
    (made,) = of_kind(workflow, "scale_latent")
    assert (made["width"], made["height"], made.get("crop")) == (*size, crop)


def test_a_second_pass_without_strength_enlarges_alone(catalogue: Catalogue) -> None:
    hires = f"{SIZE}, Denoising strength: 0, Hires upscale: 2"
    workflow, _ = opened(f"p\nSteps: 4, Sampler: Euler, Seed: 1, {hires}", catalogue)
    assert check(workflow, catalogue) == [] and len(of_kind(workflow, "sample")) == 1
    assert of_kind(workflow, "scale_latent")[0]["width"] == 16
    workflow, report = opened(f"p\nSteps: 4, Sampler: Euler, Seed: 1, {SIZE}, Hires upscale: 2", catalogue)
    assert len(of_kind(workflow, "sample")) == 2
    assert any("0.7 is taken" in told for told in report.differences)


def test_an_image_that_it_began_from_is_asked_for(catalogue: Catalogue) -> None:
    workflow, report = opened(f"p\nSteps: 20, Sampler: Euler, Seed: 1, Denoising strength: 0.5, {SIZE}", catalogue)
    assert [row.id for row in report.of("unknown")] == ["Image to image"] and not report.runnable
    assert of_kind(workflow, "k_sampler")[0]["start_step"] == 9, "of 20 steps the last int(0.5 * 20) + 1"


def test_texts_that_lead_by_turns_and_at_once(catalogue: Catalogue) -> None:
    workflow, _ = opened(
        f"[cat:dog:0.25] AND a hill :0.5\nSteps: 8, Sampler: Euler, CFG scale: 4, Seed: 1, {SIZE}", catalogue
    )
    assert check(workflow, catalogue) == []
    assert [node.get("text") for node in of_kind(workflow, "weighted_text_encode")][:3] == ["cat", "dog", "a hill"]
    assert of_kind(workflow, "conditioning_steps") == [{"end": 0.25}, {"start": 0.25}]
    assert of_kind(workflow, "conditioning_strength") == [{"strength": 0.5}]
    assert of_kind(workflow, "classifier_free_guidance")[0]["scale"] == 6.0, "a mean of parts, times their weights"


def test_too_little_is_kept_as_a_note(catalogue: Catalogue) -> None:
    workflow, report = opened("a picture\nSteps: 0, Sampler: Undefined, Seed: -1, Version: x", catalogue)
    assert not workflow.nodes and "a picture" in workflow.annotations["settings"].text
    assert any("kept as a note" in words for words in report.differences)


def test_a_graph_comes_before_words_except_where_the_program_has_nodes_of_its_own(catalogue: Catalogue) -> None:
    words = f"p\nSteps: 20, Sampler: Euler, Seed: 0, {SIZE}"
    graph = json.dumps({"1": {"class_type": "SwarmKSampler", "inputs": {}}})
    assert opened(png(parameters=words, prompt=graph), catalogue).report.program == "ComfyUI"
    swarm = json.dumps({"sui_image_params": {"prompt": "a", "seed": 1, "steps": 2, "width": 64, "height": 64}})
    assert opened(png(parameters=swarm, prompt=graph), catalogue).report.program == "SwarmUI"


def test_schedules_of_prompts_are_read_as_the_web_ui_reads_them() -> None:
    assert pieces("a [cat:dog:0.5]", 4) == [ScheduledPiece(0, 2, "a cat"), ScheduledPiece(2, 4, "a dog")]
    assert pieces("[a:b:3]", 4) == [ScheduledPiece(0, 3, "a"), ScheduledPiece(3, 4, "b")]
    assert pieces("[a::1] x", 2) == [ScheduledPiece(0, 1, "a x"), ScheduledPiece(1, 2, " x")]
    assert pieces("[a|b]", 3) == [ScheduledPiece(0, 1, "a"), ScheduledPiece(1, 2, "b"), ScheduledPiece(2, 3, "a")]
    assert pieces("[a (b:1.2):c:0.5]", 2) == [ScheduledPiece(0, 1, "a (b:1.2)"), ScheduledPiece(1, 2, "c")]
    assert pieces("[[a:b:1]:c:2]", 3) == [
        ScheduledPiece(0, 1, "a"),
        ScheduledPiece(1, 2, "b"),
        ScheduledPiece(2, 3, "c"),
    ]
    assert pieces("[a:b:0.5]", 4, before=4) == [ScheduledPiece(0, 4, "b")], "a second pass counts shares from 1"
    for same in ("[weaker]", r"\[a:b:0.5\]", "[open", "a]"):
        assert pieces(same, 4) == [ScheduledPiece(0, 4, same)]
    assert parts("a :1.2 AND b") == [AndPart("a", 1.2), AndPart("b", 1.0)]


def test_other_grammars_are_brought_to_ours() -> None:
    assert from_novelai("{{a}}, [b], 1.2::c::, (d)") == r"((a:1.05):1.05), (b:0.952), (c:1.2), \(d\)"
    assert from_compel("a big++ (red fox)1.3 word (a b)-") == ("a (big:1.21) (red fox:1.3) word (a b:0.9)", False)
    assert from_compel('("a", "b").and()')[1]


def test_reading_settings_needs_no_torch() -> None:
    code = "import sys\nimport nodes.foreign\n"
    code += "assert not {'torch', 'numpy', 'PySide6', 'diffusers'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_noise_of_another_size_and_of_a_later_seed_is_drawn(catalogue: Catalogue) -> None:
    about = f"{SIZE}, ENSD: 31337, Seed resize from: 512x768, Variation seed: 7, Variation seed strength: 0.3"
    for name, later in (("Euler a", [0]), ("DPM++ 2M SDE", [])):  # Brownian noise is of the seed itself
        workflow, report = opened(f"p\nSteps: 12, Sampler: {name}, CFG scale: 7, Seed: 5, {about}", catalogue)
        assert check(workflow, catalogue) == [] and report.differences == []
        assert [params["step"] for params in of_kind(workflow, "change_noise")] == later
        streams = {params["seed"]: params for params in of_kind(workflow, "noise_stream")}
        assert set(streams) == {5, 7, *([31342] if later else [])}
        assert all((streams[seed]["from_width"], streams[seed]["from_height"]) == (512, 768) for seed in (5, 7))
