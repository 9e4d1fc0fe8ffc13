"""Tests of importing samplers, schedules and noise."""

from __future__ import annotations

from typing import Any

import pytest

from nodeflow.graph.model.catalogue import Catalogue
from tests.nodes.comfyui.graphs import LOADED, SAMPLED, api, bring, params, sources


def test_a_usual_graph_reads_like_one_built_here(catalogue: Catalogue) -> None:
    found = bring(api(**SAMPLED), catalogue)
    kinds = {name: node.type.removeprefix("nodes.") for name, node in found.workflow.nodes.items()}
    assert kinds == {
        "model": "load_latent_diffusion",
        "prompt": "clip_text_encode",
        "negative": "clip_text_encode",
        "denoiser": "unet_denoiser",
        "guidance": "classifier_free_guidance",
        "schedule": "k_sampler",
        "noise": "noise_stream",
        "sampler": "sample",
        "decode": "vae_decode",
        "save": "save_image",
    }
    assert params(found, "schedule") == {"sampler": "dpmpp_2m", "spacing": "karras", "steps": 12}
    assert params(found, "noise") == {"seed": 5, "batch": 2, "width": 512, "height": 640}
    assert params(found, "guidance") == {"scale": 6.5}
    assert params(found, "save") == {"name": "fox", "folder": "art"}
    assert sources(found, "sampler") == {
        "guider": "guidance.guider",
        "schedule": "schedule.schedule",
        "noise": "noise.noise",
    }
    assert found.report.nodes == {"total": 7, "translated": 7, "approximate": 0, "unknown": 0}
    (wanted,) = found.report.models
    assert (wanted["file"], wanted["folder"], wanted["found"]) == ("some/sd15.safetensors", "checkpoints", False)


def test_no_guidance_stands_where_nothing_is_led_away_from(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED, zero=("ConditioningZeroOut", {"conditioning": "@good"}))
    graph["sampled"]["inputs"].update(cfg=1.0, negative=["zero", 0])
    found = bring(graph, catalogue)
    assert found.workflow.nodes["guidance"].type == "nodes.no_guidance"
    assert found.report.nodes["approximate"] == 0 == found.report.nodes["unknown"]


@pytest.mark.parametrize(
    ("sampler", "steps", "told"),
    [("uni_pc", 1, True), ("uni_pc_bh2", 1, True), ("uni_pc", 2, False), ("euler", 1, False)],
)
def test_one_step_of_unipc_is_said_to_be_another_there(
    sampler: str, steps: int, told: bool, catalogue: Catalogue
) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"] |= {"sampler_name": sampler, "steps": steps}
    notes = [note for row in bring(graph, catalogue).report.rows for note in row["notes"]]
    assert any("UniPC takes no step" in note for note in notes) == told


def test_a_seed_that_is_too_large_for_a_number_is_kept_as_text(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["seed"] = 2**64 - 1
    assert params(bring(graph, catalogue), "noise")["large_seed"] == str(2**64 - 1)


def test_a_spacing_of_packs_is_its_formula(catalogue: Catalogue) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"] |= {"scheduler": "beta57", "denoise": 0.5}
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "sigmas") == {"alpha": 0.5, "beta": 0.7, "steps": 12, "denoise": 0.5}
    assert sources(found, "schedule") == {"sigmas": "sigmas.sigmas", "trained": "model.schedule"}
    assert params(found, "schedule") == {"sampler": "dpmpp_2m"}


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("AYS SDXL", "AYS SDXL"), ("align_your_steps", "AYS SD1"), ("gits", "GITS"), ("GITS[coeff=1.2]", "GITS")],
)
def test_published_spacings_of_packs_are_those_here(catalogue: Catalogue, theirs: str, ours: str) -> None:
    graph = api(**SAMPLED)
    graph["sampled"]["inputs"]["scheduler"] = theirs
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert params(found, "schedule")["spacing"] == ours


def test_two_samplers_share_a_walk_by_steps_and_leftover_noise(catalogue: Catalogue) -> None:
    shared = {"model": "@model", "positive": "@good", "negative": "@bad", "steps": 20, "cfg": 8.0}
    shared |= {"sampler_name": "euler", "scheduler": "normal", "noise_seed": 4}
    first = {"add_noise": "enable", "start_at_step": 0, "end_at_step": 12, "return_with_leftover_noise": "enable"}
    second = {"add_noise": "disable", "start_at_step": 12, "end_at_step": 99, "return_with_leftover_noise": "disable"}
    found = bring(
        api(
            **LOADED,
            one=("KSamplerAdvanced", {**shared, **first, "latent_image": "@zeros"}),
            two=("KSamplerAdvanced", {**shared, **second, "latent_image": "@one"}),
        ),
        catalogue,
    )
    assert params(found, "schedule") == {"end_step": 12, "leftover_noise": True}
    assert params(found, "schedule_2") == {"start_step": 12, "end_step": 99}
    assert params(found, "noise_2")["add_noise"] is False and params(found, "noise_2")["batch"] == 2
    assert sources(found, "sampler_2")["latent"] == "sampler.latent"


@pytest.mark.parametrize(
    ("kind", "values", "node"),
    [
        ("BasicScheduler", {"model": "@model", "scheduler": "beta", "steps": 9, "denoise": 0.5}, "model_sigmas"),
        ("KarrasScheduler", {"steps": 9, "sigma_max": 12.0, "sigma_min": 0.1, "rho": 5.0}, "karras_sigmas"),
        ("ExponentialScheduler", {"steps": 9, "sigma_max": 12.0, "sigma_min": 0.1}, "exponential_sigmas"),
        ("LaplaceScheduler", {"steps": 9, "sigma_max": 12.0, "mu": 0.1, "beta": 0.4}, "laplace_sigmas"),
        ("VPScheduler", {"steps": 9, "beta_d": 19.0, "beta_min": 0.2, "eps_s": 0.002}, "vp_sigmas"),
        ("BetaSamplingScheduler", {"model": "@model", "steps": 9, "alpha": 0.5, "beta": 0.7}, "beta_sigmas"),
        ("SDTurboScheduler", {"model": "@model", "steps": 2, "denoise": 1.0}, "sd_turbo_sigmas"),
        ("AlignYourStepsScheduler", {"model_type": "SDXL", "steps": 9}, "align_your_steps_sigmas"),
        ("GITSScheduler", {"coeff": 1.1, "steps": 9, "denoise": 0.5}, "gits_sigmas"),
        ("ManualSigmas", {"sigmas": "10, 5, 0"}, "manual_sigmas"),
        ("Flux2Scheduler", {"steps": 9, "width": 512, "height": 768}, "flux2_sigmas"),
    ],
)
def test_noise_levels_are_a_wire_with_their_numbers(
    kind: str, values: dict[str, Any], node: str, catalogue: Catalogue
) -> None:
    graph = api(
        **LOADED,
        levels=(kind, values),
        parts=("SplitSigmas", {"sigmas": "@levels", "step": 4}),
        turned=("FlipSigmas", {"sigmas": "@parts.1"}),
        walk=("KSamplerSelect", {"sampler_name": "heun"}),
        grain=("RandomNoise", {"noise_seed": 8}),
        guide=("CFGGuider", {"model": "@model", "positive": "@good", "negative": "@bad", "cfg": 4.0}),
        sampled=(
            "SamplerCustomAdvanced",
            {"noise": "@grain", "guider": "@guide", "sampler": "@walk", "sigmas": "@turned", "latent_image": "@zeros"},
        ),
        shown=("VAEDecode", {"samples": "@sampled.1", "vae": "@model.2"}),
    )
    found = bring(graph, catalogue)
    assert found.report.nodes["unknown"] == 0 == found.report.nodes["approximate"]
    assert found.workflow.nodes["sigmas"].type == f"nodes.{node}"
    said = {key: value for key, value in values.items() if not isinstance(value, str) or not value.startswith("@")}
    spec = catalogue.nodes[f"nodes.{node}"]
    kept = [value for value in said.values() if value not in [param.default for param in spec.params]]
    assert all(value in params(found, "sigmas").values() for value in kept)
    assert sources(found, "schedule")["sigmas"] == "sigmas_3.sigmas"
    assert params(found, "schedule") == {"sampler": "heun"}


def test_samplers_keep_options_of_their_own(catalogue: Catalogue) -> None:
    graph = api(
        **LOADED,
        levels=("BasicScheduler", {"model": "@model", "scheduler": "simple", "steps": 9, "denoise": 1.0}),
        walk=("SamplerEulerAncestral", {"eta": 0.5, "s_noise": 1.1}),
        sampled=(
            "SamplerCustom",
            {
                "model": "@model",
                "add_noise": False,
                "noise_seed": 3,
                "cfg": 5.0,
                "positive": "@good",
                "negative": "@bad",
                "sampler": "@walk",
                "sigmas": "@levels",
                "latent_image": "@zeros",
            },
        ),
    )
    found = bring(graph, catalogue)
    assert params(found, "schedule") == {"sampler": "euler_ancestral", "eta": 0.5, "s_noise": 1.1}
    assert params(found, "noise")["add_noise"] is False
    assert found.workflow.nodes[sources(found, "sampler")["latent"].partition(".")[0]].type == "nodes.empty_latent"
