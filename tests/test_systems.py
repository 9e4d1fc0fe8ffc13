"""Every ready-made workflow: in order, explained, and run from end to end with its starter model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nodeflow.engine.protocol import events as tell
from nodeflow.engine.protocol.run_request import RunRequest
from nodeflow.engine.worker.workflow_runner import WorkflowRunner
from nodeflow.graph.edits.edits import SetParam
from nodeflow.graph.io.files import load
from nodeflow.graph.validate.check import check
from nodeflow.resources import folder
from training.cards.controlnet_card import lines, overlap
from training.cards.lora_card import white_share
from training.data.picture_files import read
from training.data.scenes import Picture
from training.evaluation import silhouettes
from training.evaluation.checker import analyse, compare
from training.evaluation.claims import parse

WORKFLOWS = sorted(folder("workflows").glob("*.json"))
FEWER: dict[str, dict[str, Any]] = {
    "dalle": {"write.pictures": 2, "finish.pictures": 1},
    "masked-tokens": {"fill.pictures": 1, "refill.pictures": 1},
    "forward-diffusion": {"linear_row.pictures": 4, "cosine_row.pictures": 4, "latent_row.pictures": 4},
    "ddpm": {"noise.batch": 4, "scheduler.steps": 20},
    "classifier-guidance": {"noise.batch": 1, "scheduler.steps": 12, "scales.count": 1},
    "cascaded-diffusion": {
        "noise.batch": 1,
        "chosen.number": 1,
        "levels.stop": 1,
        "scheduler.steps": 8,
        "scheduler_256.steps": 3,
    },
    "super-resolution": {"scheduler.steps": 4},
    "clip-rank": {"noise.batch": 6, "scheduler.steps": 4},
    "dalle2": {
        "large_schedule.steps": 3,
        **dict.fromkeys(("vary_noise.batch", "walk_noise.batch", "walk.steps", "turn.steps", "sheet.columns"), 2),
    },
    "dit": {"noise.batch": 4, "scheduler.steps": 20},
    "flow-transformer": {"noise.batch": 1, "scheduler.steps": 10},
    "u-vit": {"noise.batch": 1},
    "image-to-image": {"strengths.count": 2, "sheet.columns": 2},
    "diffusion-clip": {"teach.rounds": 5, "teach.views": 2},
    "controlnet": {"scheduler.steps": 8},
    "inpainting": {"noise.batch": 1, "scheduler.steps": 10},
    "stable-diffusion-2": {"noise.batch": 1, "scheduler.steps": 8},
    "lora": {"weights.count": 3, "sheet.columns": 3, "scheduler.steps": 8},
    "glide": {"noise.batch": 1, "scheduler.steps": 8, "scheduler_128.steps": 4},
    "imagen": {
        "static_scheduler.steps": 8,
        "dynamic_scheduler.steps": 8,
        "scheduler_256.steps": 2,
        "far_noise.batch": 1,
    },
    "ddim": {"scheduler.steps": 20, "noisy_scheduler.steps": 10, "walk.steps": 4},
}
"""What is made smaller here, where that is enough."""


@pytest.fixture(scope="module")
def session() -> WorkflowRunner:
    return WorkflowRunner()


def run(session: WorkflowRunner, name: str, output: Path) -> dict[str, list[Path]]:
    """The files that each node of a workflow wrote."""
    path = folder("workflows") / f"{name}.json"
    workflow, wrote = load(path), dict[str, list[Path]]()
    for address, value in FEWER.get(name, {}).items():
        node, _, param = address.partition(".")
        SetParam(node, param, value).apply(workflow)
    for event in session.run(RunRequest.of(workflow, path.parent, output, device="cpu")):
        match event:
            case tell.NodeFinished():
                wrote[event.node] = [Path(file) for file in event.files]
            case tell.NodesKept(nodes):
                wrote.update((node, []) for node in nodes)
            case tell.NodeSkipped(node) if workflow.nodes[node].mode == "bypass":
                wrote[node] = []
            case tell.NodeFailed() | tell.NodeSkipped():
                pytest.fail(str(event))
    assert wrote.keys() >= workflow.nodes.keys()
    return {node: files for node, files in wrote.items() if files}


def pixels(path: Path) -> Picture:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"), np.float32) / np.float32(255)


def right(path: Path, caption: str) -> bool:
    return all(compare(analyse(read(path), silhouettes.load()), parse(caption)).values())


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_in_order_and_laid_out(path: Path, session: WorkflowRunner) -> None:
    workflow = load(path)
    assert check(workflow, session.packs.catalogue) == []
    assert set(workflow.layout) == set(workflow.nodes)
    places = [(place.x, place.y) for place in workflow.layout.values()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if path.stem != "latent-diffusion"], ids=lambda p: p.stem)
def test_a_workflow_teaches(path: Path) -> None:
    notes = [note for note in load(path).annotations.values() if note.kind == "note"]
    assert notes
    assert all(len(note.text) > 40 for note in notes)


def test_the_autoencoder_keeps_what_a_picture_shows(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "vae", tmp_path)
    assert right(wrote["save_reconstruction"][0], "a red star on a blue background")
    walk = wrote["save_walk"]
    assert len(walk) == 6
    assert right(walk[0], "a red star on a blue background")
    assert right(walk[5], "a purple flower on a beige background")
    end = pixels(walk[5])
    distances = [float(np.abs(pixels(file) - end).mean()) for file in walk]
    assert distances == sorted(distances, reverse=True)


def test_codes_keep_what_a_picture_shows_and_can_be_exchanged(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "vqvae", tmp_path)
    star, flower = (pixels(folder("assets") / "pictures" / f"{name}.png") for name in ("star", "flower"))
    (again,), (exchanged,), (erased,) = (wrote[f"save_{name}"] for name in ("reconstruction", "exchange", "erased"))
    assert right(again, "a red star on a blue background")
    assert -10 * np.log10(((pixels(again) - star) ** 2).mean()) > 26
    left, other = pixels(exchanged)[:, :24], pixels(exchanged)[:, 40:]
    assert np.abs(left - flower[:, :24]).mean() < np.abs(left - star[:, :24]).mean()
    assert np.abs(other - star[:, 40:]).mean() < np.abs(other - flower[:, 40:]).mean()
    assert np.ptp(pixels(erased)[24:40, 24:40]) == 0, "grey, where no code is"


def test_pictures_drown_in_noise(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "forward-diffusion", tmp_path)
    clean = pixels(folder("assets") / "pictures" / "fish.png")
    for node in ("save_linear", "save_cosine", "save_latent"):
        errors = [float(((pixels(file) - clean) ** 2).mean()) for file in wrote[node]]
        assert errors == sorted(errors)
        assert errors[0] < 0.002
    rows = [
        [float(((pixels(file) - clean) ** 2).mean()) for file in wrote[f"save_{kind}"]] for kind in ("linear", "cosine")
    ]
    assert rows[0][1] > 1.5 * rows[1][1], "linear betas destroy sooner"


def test_pixels_are_painted_from_noise_and_linear_betas_drown_them_sooner(
    session: WorkflowRunner, tmp_path: Path
) -> None:
    wrote = run(session, "ddpm", tmp_path)
    found = [analyse(read(file), silhouettes.load()).subject for file in wrote["save"]]
    assert sum(subject is not None for subject in found) >= 3
    grain = {kind: np.abs(np.diff(pixels(wrote[f"save_{kind}"][0]), axis=1)).mean() for kind in ("linear", "cosine")}
    assert grain["linear"] > 1.1 * grain["cosine"]


def test_a_classifier_leads_to_its_class(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "classifier-guidance", tmp_path)
    assert all(right(file, "a moon") for file in wrote["save"])
    assert len(wrote["save_scales"]) == 1


@pytest.mark.slow
def test_a_cascade_ends_in_a_large_picture_of_the_class(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "cascaded-diffusion", tmp_path)
    (large,) = wrote["save"]
    assert pixels(large).shape == (256, 256, 3)
    assert right(large, "a mushroom")


def test_a_large_picture_comes_back_from_a_small_one(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote, true = run(session, "super-resolution", tmp_path), pixels(folder("assets") / "pictures" / "cat-256.png")
    ways = ("bicubic", "diffusion", "spandrel")
    decibels = {way: -10 * np.log10(((pixels(wrote[f"save_{way}"][0]) - true) ** 2).mean()) for way in ways}
    assert decibels["spandrel"] > decibels["bicubic"] + 2
    assert decibels["diffusion"] > 27


def test_clip_ranks_the_pictures_that_fit_first(session: WorkflowRunner, tmp_path: Path) -> None:
    best = run(session, "clip-rank", tmp_path)["save"]
    assert len(best) == 3
    assert all(right(file, "a red star") for file in best)


def test_another_text_encoder_leads_as_well(session: WorkflowRunner, tmp_path: Path) -> None:
    (file,) = run(session, "stable-diffusion-2", tmp_path)["save"]
    assert right(file, "a red star on a blue background")


def test_ddim_is_inverted_walked_and_made_noisy(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "ddim", tmp_path)
    original, again = pixels(folder("assets") / "pictures" / "flower.png"), pixels(wrote["save_again"][0])
    assert -10 * np.log10(((again - original) ** 2).mean()) > 30
    walk = wrote["save_walk"]
    assert all(right(file, "a heart") for file in (walk[0], walk[3]))
    assert all(np.abs(pixels(one) - pixels(other)).mean() > 0.005 for one, other in pairwise(walk))
    (noisy,) = wrote["save_noisy"]
    assert right(noisy, "a heart")
    assert np.abs(pixels(noisy) - pixels(walk[0])).mean() > 0.01, "fresh noise leads elsewhere"


def test_more_strength_keeps_less_of_the_picture(session: WorkflowRunner, tmp_path: Path) -> None:
    (file,) = run(session, "image-to-image", tmp_path)["save"]
    red, green, blue = np.moveaxis(pixels(file), 2, 0)
    is_green = (green > red + 0.15) & (green > blue + 0.15)
    little, much = np.array_split(is_green, 2, 1)
    assert little.mean() < 0.02 < 0.08 < much.mean()


def test_the_transformer_paints_the_class(session: WorkflowRunner, tmp_path: Path) -> None:
    found = [analyse(pixels(file), silhouettes.load()) for file in run(session, "dit", tmp_path)["save"]]
    assert [finding.subject for finding in found].count("star") >= 3


@pytest.mark.slow
def test_a_direction_of_clip_changes_the_colour_alone(session: WorkflowRunner, tmp_path: Path) -> None:
    (changed,) = run(session, "diffusion-clip", tmp_path)["save"]
    assert right(folder("assets") / "pictures" / "star.png", "a red star on a blue background")
    assert right(changed, "a yellow star on a blue background")


def test_the_flow_transformer_paints_the_text_in_few_steps_too(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "flow-transformer", tmp_path)
    (many,), (few,) = wrote["save"], wrote["few_save"][:1]
    assert all(right(file, "a red star on a blue background") for file in (many, few))
    assert 0 < ((pixels(many) - pixels(few)) ** 2).mean() < 0.01, "five steps lead to about the same place"


def test_dalle_writes_the_text_and_finishes_a_picture(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "dalle", tmp_path)
    (best,), (finished,) = wrote["save"], wrote["save_finished"]
    assert right(best, "a butterfly on a black background")
    assert [bool((pixels(best) == pixels(file)).all()) for file in wrote["save_all"]].count(True) == 1
    assert right(finished, "a red star on a blue background")
    away = np.abs(pixels(finished) - pixels(folder("assets") / "pictures" / "star.png"))
    assert away[:24].mean() < 0.03, "the upper half stands as it was"


def test_controls_say_where_the_lines_are(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "controlnet", tmp_path)
    shown, drawn = (pixels(folder("assets") / "pictures" / f"{name}.png") for name in ("fish-turned", "scribble"))
    free, edges, drawing, both = (pixels(wrote[f"save_{name}"][0]) for name in ("free", "edges", "drawn", "both"))
    alike = [overlap(lines(made[None]), lines(shown[None])) for made in (free, edges, both)]
    assert min(alike[1:]) > max(0.75, alike[0] + 0.15)
    found = [lines(made[None])[0, 0].numpy() for made in (free, drawing)]
    without, led = ((one * (drawn[..., 0] > 0.2)).sum() / one.sum() for one in found)
    assert led > without + 0.05
    for made in (free, edges, drawing, both):
        found = analyse(made, silhouettes.load())
        assert (found.colour, found.background) == ("blue", "pink")


def test_a_style_comes_with_its_weight(session: WorkflowRunner, tmp_path: Path) -> None:
    (sheet,) = run(session, "lora", tmp_path)["save"]
    shares = [white_share(part) for part in np.array_split(pixels(sheet), 3, 1)]
    assert shares[0] + 0.01 < shares[1] < shares[2] - 0.03


def test_what_lies_under_the_mask_is_painted_anew_and_nothing_else(session: WorkflowRunner, tmp_path: Path) -> None:
    (file,) = run(session, "inpainting", tmp_path)["save"]
    assert right(file, "a red heart on a white background")
    around, before = pixels(file), pixels(folder("assets") / "pictures" / "fish.png")
    assert np.array_equal(around[:6], before[:6])
    assert np.array_equal(around[:, -6:], before[:, -6:])


def test_the_row_of_tokens_paints_the_text(session: WorkflowRunner, tmp_path: Path) -> None:
    assert right(run(session, "u-vit", tmp_path)["save"][0], "a red star on a blue background")


def test_the_generator_paints_what_words_say_and_noise_leaves_open(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "text-gan", tmp_path)
    assert all(right(file, "a red star on a blue background") for file in wrote["save"])
    walk = wrote["save_walk"]
    assert len(walk) == 8
    assert all(right(file, "a heart") for file in walk)
    end = pixels(walk[-1])
    distances = [float(np.abs(pixels(file) - end).mean()) for file in walk]
    assert distances[0] > 0.03
    assert distances == sorted(distances, reverse=True)


def test_masked_tokens_are_filled_in_by_rounds_and_where_codes_were_erased(
    session: WorkflowRunner, tmp_path: Path
) -> None:
    wrote = run(session, "masked-tokens", tmp_path)
    (made,), (refilled,), rounds = wrote["save"], wrote["save_refilled"], wrote["save_rounds"]
    assert all(right(file, "a red star on a blue background") for file in (made, refilled))
    places = [pixels(file).reshape(8, 8, 8, 8, 3).swapaxes(1, 2).reshape(64, -1) for file in rounds]
    open_places = [int((np.ptp(place, 1) == 0).sum()) for place in places]
    assert len(rounds) == 12
    assert open_places[0] > 60
    assert open_places == sorted(open_places, reverse=True)
    assert (pixels(rounds[-1]) == pixels(made)).all()
    away = np.abs(pixels(refilled) - pixels(folder("assets") / "pictures" / "star.png"))
    assert away[:, 40:].mean() < 0.03, "the right half stands as it was"


def test_two_guidances_lead_pixels_and_a_text_paints_into_a_picture(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "glide", tmp_path)
    assert right(wrote["save"][0], "a red star on a blue background")
    assert analyse(read(wrote["save_clip"][0]), silhouettes.load()).subject == "star"
    (painted,) = wrote["save_inpainted"]
    assert right(painted, "a blue fish on a beige background")
    flower = read(folder("assets") / "pictures" / "flower.png")
    corners = [read(painted)[:8, :8] - flower[:8, :8], read(painted)[-8:, -8:] - flower[-8:, -8:]]
    assert max(float(np.abs(corner).mean()) for corner in corners) < 0.04, "outside of the mask it is as it was"


@pytest.mark.slow
def test_a_text_leads_a_cascade_and_thresholding_keeps_colours(session: WorkflowRunner, tmp_path: Path) -> None:
    wrote = run(session, "imagen", tmp_path)
    assert pixels(wrote["save"][0]).shape == (256, 256, 3)
    assert right(wrote["save"][0], "a red star on a blue background")
    static, dynamic = (np.ptp(pixels(wrote[f"save_{kind}"][0]), axis=2).mean() for kind in ("static", "dynamic"))
    assert static > 1.05 * dynamic, "colours saturate where they are cut off"
