"""Families that fewer people use: diffusers' own pipelines step by step."""

import functools
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import diffusers
import pytest
import torch
from diffusers import HunyuanImagePipeline, SanaSprintPipeline, SCMScheduler
from safetensors.torch import save_file
from torch import Tensor

from nodeflow.node import NodeError, noting
from nodeflow.wires import Conditioning, Guider, Image, Noise, Sigmas, TrainedSchedule
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance, no_guidance
from nodes.latents.vae import vae_decode, vae_encode
from nodes.loaders.load_by_family import LoadedModel, load_model
from nodes.loaders.load_models import load_vae
from nodes.networks.attention_recorder import Recorder
from nodes.networks.single_streams import single_stream
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.sampler_schedules import sigmas_schedule
from nodes.schedulers.schedulers import scheduler
from tests.nodes.families.parity import told
from tests.nodes.families.small import by_several, by_t5, language_led, late_comers
from tests.nodes.families.small.parts import dc_ae
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

TEXT, OTHER, NOTHING = "a red star", "blue", ""


def as_it_is(x: Tensor) -> Tensor:
    return x


def cells(x: Tensor) -> Tensor:
    """(B, C, h, w) to a token for each cell, (B, h w, C)."""
    return x.flatten(2).transpose(1, 2)


def frames(x: Tensor) -> Tensor:
    """(B, C, h, w) to films of one frame, channels last."""
    return x.permute(0, 2, 3, 1)[:, None]


class Case(NamedTuple):
    """A family, what saves it and the pipeline that it is compared with; how that keeps latents, and is asked.

    ``absent``: parts that it is without; ``settings``: its sizes, which are not those of small models; ``given``:
    whether it draws noise in another order and is given ours; ``seeds``: one alone where a pipeline's batch is not its
    own singles to 1e-4: where it rounds to few digits, and where untrained weights and DPM++ bring latents of 600, in
    which float32 ends at 6e-5.
    """

    family: str
    save: Callable[[Path], None]
    pipeline: str
    kept: Callable[[Tensor], Tensor] = as_it_is
    options: Mapping[str, Any] = {}
    away: str = OTHER
    kind: str = "Flow-match Euler"
    size: tuple[int, int] = (64, 96)
    tokens: int = 24
    absent: Mapping[str, None] = {}
    settings: Mapping[str, Any] = {}
    given: bool = False
    seeds: tuple[int, ...] = (3, 4)
    unasked: tuple[str, ...] = ()
    """Words that the pipeline does not know."""


WHOLE = {"use_resolution_binning": False}
ALONE = {"text_processor": None}
LONGCAT = {"enable_prompt_rewrite": False, "enable_cfg_renorm": False}
CASES = [
    Case("Chroma", by_t5.chroma, "ChromaPipeline", packed),
    Case("Bria", by_t5.bria, "BriaPipeline", packed, away=NOTHING),
    Case("Lumina 2", language_led.lumina_2, "Lumina2Pipeline", options={"cfg_normalization": False}),
    Case("PixArt-alpha", by_t5.pixart_alpha, "PixArtAlphaPipeline", options=WHOLE, kind="DPM++ 2M", seeds=(3,)),
    Case("PixArt-Sigma", by_t5.pixart_sigma, "PixArtSigmaPipeline", options=WHOLE, kind="DPM++ 2M", seeds=(3,)),
    Case("Sana", language_led.sana, "SanaPipeline", options=WHOLE, size=(128, 96)),
    Case("AuraFlow", by_t5.aura_flow, "AuraFlowPipeline"),
    Case("Ovis-Image", language_led.ovis_image, "OvisImagePipeline", packed),
    Case(
        "LongCat-Image",
        language_led.longcat_image,
        "LongCatImagePipeline",
        packed,
        LONGCAT,
        'not "blue"',
        absent=ALONE,
    ),
    Case("ERNIE-Image", language_led.ernie_image, "ErnieImagePipeline", tokens=24),
    Case("CogView 4", language_led.cogview_4, "CogView4Pipeline"),
    Case(
        "Kandinsky 5",
        by_several.kandinsky_5,
        "Kandinsky5T2IPipeline",
        frames,
        settings={"resolutions": [(96, 64)]},
        given=True,
        seeds=(3,),
    ),
    Case(
        "HiDream",
        by_several.hidream,
        "HiDreamImagePipeline",
        size=(64, 64),
        settings={"default_sample_size": 8},
    ),
    Case("PRX", late_comers.prx, "PRXPipeline", options=WHOLE, seeds=(3,)),
    Case("PRX DC-AE", late_comers.prx_deep, "PRXPipeline", options=WHOLE, seeds=(3,)),
    Case("Fibo", late_comers.fibo, "BriaFiboPipeline", cells, away=NOTHING),
    Case(
        "Ideogram 4",
        late_comers.ideogram_4,
        "Ideogram4Pipeline",
        cells,
        {"guidance_schedule": None, "max_sequence_length": 128},
        NOTHING,
        given=True,
        unasked=("negative_prompt",),
    ),
]


def each_step(pipeline: Any, case: Case, scale: float, begin: Tensor) -> tuple[list[Tensor], Tensor]:
    """x after each step of a pipeline, as its scheduler gives it, and its images."""
    for name, value in case.settings.items():
        setattr(pipeline, name, value)
    pipeline.set_progress_bar_config(disable=True)
    step, path = pipeline.scheduler.step, list[Tensor]()

    def kept(*given: Any, **named: Any) -> Any:
        found = step(*given, **named)
        path.append(found[0])
        return found

    pipeline.scheduler.step = kept
    asked = {
        "prompt": [TEXT] * len(case.seeds),
        "negative_prompt": [case.away] * len(case.seeds),
        "height": case.size[0],
        "width": case.size[1],
        "guidance_scale": scale,
        "num_inference_steps": 3,
        "generator": [torch.Generator().manual_seed(seed) for seed in case.seeds],
        "output_type": "pt",
        "latents": case.kept(begin) if case.given else None,
        **case.options,
    }
    images = pipeline(**{name: value for name, value in asked.items() if name not in case.unasked})
    return path, next(iter(images.values()))


def spaced(model: LoadedModel, case: Case) -> TrainedSchedule:
    """The schedule of a model for images of a case's size."""
    trained = type(model.schedule)({**model.schedule.config, "image_tokens": case.tokens})
    return trained if model.schedule.config.get("image_tokens") else model.schedule


def run(model: LoadedModel, guider: Guider, case: Case) -> Any:
    height, width = case.size
    return finish(sample(guider, scheduler(spaced(model, case), case.kind, 3), Noise(case.seeds, width, height)))[1]


@pytest.mark.parametrize("scales", [(4.0,), pytest.param((1.0,), marks=pytest.mark.slow)], ids=["", "without guidance"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.family)
def test_each_step_is_that_of_the_pipeline(
    folders: Callable[[Callable[[Path], None]], Path], case: Case, scales: tuple[float, ...]
) -> None:
    """From a text with guidance, and from an image without it."""
    folder = folders(case.save)
    model = load_model(str(folder))
    assert model.network.family == case.family
    pipeline = getattr(diffusers, case.pipeline).from_pretrained(folder, **case.absent)
    texts = [clip_text_encode(model.text_encoder, text) for text in (TEXT, case.away)]
    denoiser = network_denoiser(model.network)
    for scale in scales:
        latent, trajectory, *_ = run(model, classifier_free_guidance(denoiser, *texts, scale), case)
        wanted, images = each_step(pipeline, case, scale, trajectory.x[0])
        told(case.family, "text" if scale == 1 else "text, guidance", map(case.kept, trajectory.x[1:]), wanted)
        torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)
    assert_from_an_image(model, pipeline, no_guidance(denoiser, texts[0]), case)


def assert_from_an_image(model: LoadedModel, pipeline: Any, guider: Guider, case: Case) -> None:
    """The last two of three steps, from what the VAE makes of an image."""
    height, width = case.size
    pixels = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(9))
    known = vae_encode(model.vae, Image(pixels))
    schedule = scheduler(spaced(model, case), case.kind, 3)
    _, trajectory, *_ = finish(sample(guider, schedule, Noise((3,), width, height), known, 0.67))[1]
    found, alone = vae_decode(model.vae, known).pixels, case._replace(given=True, seeds=(3,))
    wanted, _ = each_step(begun_late(pipeline, 1), alone, 1.0, trajectory.x[0])
    told(case.family, "image to image", map(case.kept, trajectory.x[1:]), wanted)
    with torch.no_grad():
        there = pipeline.vae.encode(2 * (pixels[:, :, None] if case.family == "Fibo" else pixels) - 1)
        z = there.latent if hasattr(there, "latent") else there.latent_dist.mode()
        back = pipeline.vae.decode(z, return_dict=False)[0].reshape(found.shape)
    torch.testing.assert_close(found, (back / 2 + 0.5).clamp(0, 1), atol=1e-4, rtol=1e-4)


def begun_late(pipeline: Any, first: int) -> Any:
    """A pipeline whose scheduler leaves out its first steps, as diffusers' for image to image have it."""
    plan, own = pipeline.scheduler, pipeline.scheduler.set_timesteps

    @functools.wraps(own)
    def set_timesteps(*given: Any, **named: Any) -> None:
        own(*given, **named)
        plan.timesteps, plan.sigmas = plan.timesteps[first:], plan.sigmas[first:]

    plan.set_timesteps = set_timesteps
    return pipeline


def test_each_step_is_that_of_sana_sprint(folders: Callable[[Callable[[Path], None]], Path]) -> None:
    """Which keeps x along an arc; on the line from image to noise that is another scale."""
    folder = folders(language_led.sana_sprint)
    wanted, images = recorded(
        SanaSprintPipeline.from_pretrained(folder),
        prompt=[TEXT] * 2,
        height=128,
        width=96,
        use_resolution_binning=False,
        guidance_scale=4.5,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    model = load_model(str(folder))
    text = clip_text_encode(model.text_encoder, TEXT)
    guider = no_guidance(network_denoiser(model.network, 4.5), text)
    even = scheduler(model.schedule, "Flow-match Euler", 2).begin("flow", torch.device("cpu")).sigmas
    assert even.tolist() == pytest.approx([1.0, math.sin(1.3) / (math.cos(1.3) + math.sin(1.3)), 0.0], abs=1e-6)
    schedule = sigmas_schedule(Sigmas(even), "lcm", model.schedule)
    latent, trajectory, *_ = finish(sample(guider, schedule, Noise((3, 4), 96, 128)))[1]
    arc = SCMScheduler().config.sigma_data * (math.cos(1.3) + math.sin(1.3))
    told("Sana Sprint", "text, two steps", [trajectory.x[1] * arc], wanted[:1])
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("text", [TEXT, "a sign that says 'red'"])
def test_each_step_is_that_of_hunyuan_image(folders: Callable[[Callable[[Path], None]], Path], text: str) -> None:
    """Told its guidance; what stands in quotes is read by a second encoder, sign by sign."""
    folder = folders(by_several.hunyuan_image)
    wanted, images = recorded(
        HunyuanImagePipeline.from_pretrained(folder),
        prompt=[text] * 2,
        height=128,
        width=64,
        distilled_guidance_scale=3.25,
        num_inference_steps=3,
        generator=[torch.Generator().manual_seed(seed) for seed in (3, 4)],
    )
    model = load_model(str(folder))
    guider = no_guidance(network_denoiser(model.network, 3.25), clip_text_encode(model.text_encoder, text))
    latent, trajectory, *_ = finish(
        sample(guider, scheduler(model.schedule, "Flow-match Euler", 3), Noise((3, 4), 64, 128))
    )[1]
    told("HunyuanImage", "text, with quotes" if "'" in text else "text", trajectory.x[1:], wanted)
    torch.testing.assert_close(vae_decode(model.vae, latent).pixels, images, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_deep_compression_autoencoder_by_its_original_names(tmp_path: Path) -> None:
    """Those of MIT HAN Lab's files, which diffusers renames; the four settings that no weight tells are Sana's."""
    torch.manual_seed(0)
    module = dc_ae().eval()
    save_file(original_dc_ae(module.state_dict()), tmp_path / "original.safetensors")
    save_file(module.state_dict(), tmp_path / "diffusers.safetensors")
    pixels = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(1))
    scaling = module.config.scaling_factor
    for name in ("original", "diffusers"):
        vae = load_vae(str(tmp_path / f"{name}.safetensors"))
        assert (vae.format.channels, vae.format.downscale) == (32, 32)
        latent = vae_encode(vae, Image(pixels))
        torch.testing.assert_close(latent.samples, module.encode(2 * pixels - 1).latent * scaling, atol=1e-5, rtol=1e-4)
        wanted = (module.decode(latent.samples / scaling).sample / 2 + 0.5).clamp(0, 1)
        torch.testing.assert_close(vae_decode(vae, latent).pixels, wanted, atol=1e-5, rtol=1e-4)


def test_texts_are_read_as_each_was_trained(folders: Callable[[Callable[[Path], None]], Path]) -> None:
    lumina, alpha = (load_model(str(folders(save))).text_encoder for save in
                     (language_led.lumina_2, by_t5.pixart_alpha))  # fmt: skip
    own = "Draw. <Prompt Start> a red star"
    (found,) = lumina.encode_each([own])
    assert "".join(found.words) == own
    assert "".join(lumina.encode([TEXT]).words).endswith(f"<Prompt Start> {TEXT}")
    assert torch.equal(tokens(alpha.encode(["  A Red STAR "])), tokens(alpha.encode([TEXT])))
    with noting() as said:
        alpha.encode(["a red star " * 60])
    ((_, sentence),) = said
    assert "reads 120 of its" in sentence


RECORDED = ["Ovis-Image", "CogView 4", "PRX", "Fibo", "Sana", "Kandinsky 5", "Lumina 2", "ERNIE-Image"]


@pytest.mark.parametrize("name", RECORDED)
def test_where_words_are_looked_at_is_recorded(folders: Callable[[Callable[[Path], None]], Path], name: str) -> None:
    """Of one softmax over words and places all shares are 1 together; of one over words alone theirs are."""
    case = next(case for case in CASES if case.family == name)
    model = load_model(str(folders(case.save)))
    guider = no_guidance(network_denoiser(model.network), clip_text_encode(model.text_encoder, TEXT))
    format = model.network.format
    x = torch.randn(1, format.channels, *(side // format.downscale for side in case.size))
    with torch.no_grad(), Recorder(guider.denoiser, 1).step(x, guider) as found:
        guider.predict(x, torch.tensor(500.0), 0, 1)
    (attention,) = found
    assert attention.maps
    single = [layer for layer in model.network.module.named_modules() if single_stream(layer[1])]
    assert {layer for layer, _ in single if "refiner" not in layer} <= attention.maps.keys()
    for layer, words in attention.maps.items():
        assert words.shape[-1] == len(attention.words)
        together = words.float().sum(-1)
        if layer in attention.places:
            together = together + attention.places[layer].float().sum((-2, -1))
        torch.testing.assert_close(together, torch.ones_like(together), atol=0.01, rtol=0.0)


def test_another_text_is_a_sentence(folders: Callable[[Callable[[Path], None]], Path]) -> None:
    chroma = load_model(str(folders(by_t5.chroma)))
    with pytest.raises(NodeError, match="led by what a language model reads"):
        network_denoiser(chroma.network).predict(torch.zeros(1, 16, 8, 8), torch.tensor(5.0), Conditioning())


def tokens(text: Conditioning) -> Tensor:
    assert text.tokens is not None
    return text.tokens


ORIGINAL_DC_AE = [
    (r"^(en|de)coder\.(?:down|up)_blocks\.", r"\1coder.stages."),
    (r"^encoder\.conv_in\.", "encoder.project_in.conv."),
    (r"^encoder\.conv_out\.", "encoder.project_out.main.op_list.0.conv."),
    (r"^decoder\.conv_in\.", "decoder.project_in.main.conv."),
    (r"^decoder\.norm_out\.", "decoder.project_out.op_list.0."),
    (r"^decoder\.conv_out\.", "decoder.project_out.op_list.2.conv."),
    (r"stages\.(\d+)\.(\d+)\.", r"stages.\1.op_list.\2."),
    (r"\.conv1\.", ".main.conv1.conv."),
    (r"\.conv2\.", ".main.conv2.conv."),
    (r"op_list\.(\d+)\.norm\.", r"op_list.\1.main.conv2.norm."),
    (r"\.attn\.to_[qkv]\.weight", ".context_module.main.qkv.conv.weight"),
    (r"\.attn\.to_qkv_multiscale\.0\.proj_in", ".context_module.main.aggreg.0.0"),
    (r"\.attn\.to_qkv_multiscale\.0\.proj_out", ".context_module.main.aggreg.0.1"),
    (r"\.attn\.to_out\.weight", ".context_module.main.proj.conv.weight"),
    (r"\.attn\.norm_out\.", ".context_module.main.proj.norm."),
    (r"\.conv_out\.conv_(inverted|depth|point)\.", r".local_module.main.\1_conv.conv."),
    (r"\.conv_out\.norm\.", ".local_module.main.point_conv.norm."),
    (r"(op_list\.\d+)\.conv\.", r"\1.main.conv."),
]


def original_dc_ae(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    found: dict[str, list[Tensor]] = {}
    for name, value in weights.items():
        new = name
        for old, wanted in ORIGINAL_DC_AE:
            new = re.sub(old, wanted, new)
        is_matrix = ".attn.to_" in name and value.ndim == 2
        found.setdefault(new, []).append(value[..., None, None] if is_matrix else value)
    return {name: torch.cat(parts) for name, parts in found.items()}
