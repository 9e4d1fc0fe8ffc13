"""IP-Adapters: diffusers' own numbers for each kind of file, and what an image must leave alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, FluxPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline
from diffusers.image_processor import IPAdapterMaskProcessor
from PIL import Image as Pillow
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModelWithProjection

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Denoiser, Image, Mask, Noise, TrainedSchedule
from nodes.adapters.image_weights import layer_factors
from nodes.adapters.ip_adapter import apply_ip_adapter, load_ip_adapter
from nodes.conditioning.text_encode import clip_text_encode
from nodes.denoisers.calls.flow_calls import packed
from nodes.denoisers.denoisers import in_force, unet_denoiser
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_by_family import load_model
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion
from nodes.networks.image_prompts import places
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from nodes.schedulers.solvers.diffusers_solver import STABLE_DIFFUSION
from tests.nodes.families.model_folders import flux
from tests.nodes.families.parity import told
from tests.nodes.families.test_seeing_models import run
from tests.nodes.test_flow import recorded
from tests.nodes.test_sampling_parity import finish

SEES, SAYS = 24, 20
"""Widths of the tiny image encoder: of what it sees of a patch, and of what it says of an image."""
SIDE, PATCH = 16, 8
KINDS = ("plain", "plus", "full")
TEXT, OTHER = "red star", "blue"


def first_half(kind: str, width: int) -> dict[str, Tensor]:
    """The projection of an image, as the files of a kind name its weights."""
    if kind == "plain":
        return {
            "proj.weight": torch.randn(4 * width, SAYS),
            "proj.bias": torch.randn(4 * width),
            **_norm("norm", width),
        }
    if kind == "full":
        linear = {f"proj.{n}.weight": torch.randn(rows, SEES) for n, rows in ((0, SEES), (2, width))}
        return {**linear, "proj.0.bias": torch.randn(SEES), "proj.2.bias": torch.randn(width), **_norm("proj.3", width)}
    inner, head = 32, 64
    found = {"latents": torch.randn(1, 5, inner), **_norm("norm_out", width)}
    sizes = {"proj_in": (inner, SEES), "proj_out": (width, inner)}
    for name, size in sizes.items():
        found |= {f"{name}.weight": torch.randn(size), f"{name}.bias": torch.randn(size[0])}
    for layer in ("layers.0", "layers.1", "layers.2", "layers.3"):
        found |= {
            **_norm(f"{layer}.0.norm1", inner),
            **_norm(f"{layer}.0.norm2", inner),
            **_norm(f"{layer}.1.0", inner),
        }
        found[f"{layer}.0.to_q.weight"] = torch.randn(head, inner)
        found[f"{layer}.0.to_kv.weight"] = torch.randn(2 * head, inner)
        found[f"{layer}.0.to_out.weight"] = torch.randn(inner, head)
        found[f"{layer}.1.1.weight"] = torch.randn(4 * inner, inner)
        found[f"{layer}.1.3.weight"] = torch.randn(inner, 4 * inner)
    return found


def _norm(name: str, width: int) -> dict[str, Tensor]:
    return {f"{name}.weight": torch.randn(width), f"{name}.bias": torch.randn(width)}


def halves(kind: str, module: Any, seed: int = 0) -> dict[str, dict[str, Tensor]]:
    """A whole adapter with random weights, for a U-Net, as diffusers takes it."""
    torch.manual_seed(seed)
    second = {
        f"{2 * number + 1}.to_{part}_ip.weight": torch.randn(place.widths) * 0.3
        for number, place in enumerate(places(module))
        for part in "kv"
    }
    return {"image_proj": first_half(kind, places(module)[0].widths[1]), "ip_adapter": second}


def as_file(path: Path, parts: dict[str, dict[str, Tensor]]) -> str:
    save_file({f"{half}.{name}": value for half, found in parts.items() for name, value in found.items()}, path)
    return str(path)


def save_sight(path: Path) -> None:
    """A tiny image encoder."""
    torch.manual_seed(0)
    shape = {"hidden_size": SEES, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 1}
    config = CLIPVisionConfig(image_size=SIDE, patch_size=PATCH, projection_dim=SAYS, hidden_act="gelu", **shape)
    CLIPVisionModelWithProjection(config).save_pretrained(path)


@pytest.fixture(scope="module")
def sight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny image encoder, beside which its adapters lie."""
    save_sight(path := tmp_path_factory.mktemp("adapters") / "image_encoder")
    return path


def seeing(sight: Path) -> dict[str, Any]:
    """What a pipeline needs to see by."""
    crop = {"height": SIDE, "width": SIDE}
    return {
        "image_encoder": CLIPVisionModelWithProjection.from_pretrained(sight),
        "feature_extractor": CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=crop),
    }


def picture(seed: int, height: int = 20, width: int = 28) -> Image:
    values = torch.randint(0, 256, (1, 3, height, width), generator=torch.Generator().manual_seed(seed))
    return Image(values.float() / 255)


def pillow(image: Image) -> Pillow.Image:
    return Pillow.fromarray((image.pixels[0] * 255).round().byte().permute(1, 2, 0).numpy())


def pipeline_path(tiny: Path, sight: Path, parts: list[dict[str, Any]], images: list[Any], **more: Any) -> list[Tensor]:
    """x after each step of diffusers' own pipeline with these adapters, each shown its images."""
    pipeline = StableDiffusionPipeline.from_pretrained(tiny, safety_checker=None, **seeing(sight))
    pipeline.scheduler = DDIMScheduler.from_config(STABLE_DIFFUSION)
    pipeline.unet._load_ip_adapter_weights(parts, low_cpu_mem_usage=False)
    pipeline.set_ip_adapter_scale([0.7] * len(parts))
    options = {"height": 32, "width": 32, "num_inference_steps": 4, "guidance_scale": 4.0}
    generator = torch.Generator().manual_seed(3)
    return recorded(
        pipeline, prompt=TEXT, negative_prompt=OTHER, ip_adapter_image=images, generator=generator, **options, **more
    )[0]


def sampled(tiny: LatentDiffusion, denoiser: Denoiser, seeds: tuple[int, ...] = (3,), **options: Any) -> Any:
    texts = (clip_text_encode(tiny.text_encoder, text) for text in (TEXT, OTHER))
    chosen = scheduler(TrainedSchedule(STABLE_DIFFUSION), "DDIM", 4)
    guider = classifier_free_guidance(denoiser, *texts, 4.0)
    return finish(sample(guider, chosen, Noise(seeds, 32, 32), **options))[1]


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_is_that_of_the_pipeline(
    tiny: LatentDiffusion, tiny_folder: Path, sight: Path, tmp_path: Path, kind: str
) -> None:
    parts = halves(kind, tiny.unet.module)
    wanted = pipeline_path(tiny_folder, sight, [parts], [pillow(picture(1))])
    adapter = load_ip_adapter(as_file(tmp_path / "a.safetensors", parts), str(sight))
    plain = unet_denoiser(tiny.unet)
    before = {name: value.clone() for name, value in tiny.unet.module.state_dict().items()}
    found = sampled(tiny, apply_ip_adapter(plain, adapter, picture(1), 0.7)).trajectory.x[1:]
    told("Stable Diffusion 1", f"IP-Adapter {kind}", found, wanted)
    assert (found[-1] - sampled(tiny, plain).latent.samples).abs().max() > 0.01
    assert all(torch.equal(value, before[name]) for name, value in tiny.unet.module.state_dict().items())
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in tiny.unet.module.modules())


def test_several_adapters_images_and_masks_are_those_of_the_pipeline(
    tiny: LatentDiffusion, tiny_folder: Path, sight: Path, tmp_path: Path
) -> None:
    parts = [halves(kind, tiny.unet.module, seed) for seed, kind in enumerate(("plain", "plus"))]
    shown = Image(torch.cat([picture(1).pixels, picture(2).pixels]))
    wanted = pipeline_path(tiny_folder, sight, parts, [[pillow(picture(1)), pillow(picture(2))], [pillow(picture(4))]])
    one, other = (
        load_ip_adapter(as_file(tmp_path / f"{n}.safetensors", part), str(sight)) for n, part in enumerate(parts)
    )
    both = apply_ip_adapter(apply_ip_adapter(unet_denoiser(tiny.unet), one, shown, 0.7), other, picture(4), 0.7)
    told("Stable Diffusion 1", "two IP-Adapters, three images", sampled(tiny, both).trajectory.x[1:], wanted)

    mask = torch.zeros(1, 1, 32, 32)
    mask[..., :20] = 1
    masks = IPAdapterMaskProcessor().preprocess(mask[0], height=32, width=32)
    masked = {"cross_attention_kwargs": {"ip_adapter_masks": [masks.reshape(1, 1, 32, 32)]}}
    wanted = pipeline_path(tiny_folder, sight, parts[:1], [[pillow(picture(1))]], **masked)
    led = apply_ip_adapter(unet_denoiser(tiny.unet), one, picture(1), 0.7, mask=Mask(mask))
    told("Stable Diffusion 1", "IP-Adapter with a mask", sampled(tiny, led).trajectory.x[1:], wanted)


def test_each_step_is_that_of_stable_diffusion_xl(small_xl: tuple[Path, Path], sight: Path, tmp_path: Path) -> None:
    model = load_latent_diffusion(str(small_xl[0]))
    parts = halves("plus", model.unet.module)
    pipeline = StableDiffusionXLPipeline.from_pretrained(small_xl[0], add_watermarker=False, **seeing(sight))
    pipeline.unet._load_ip_adapter_weights([parts], low_cpu_mem_usage=False)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    generator, options = torch.Generator().manual_seed(3), {"height": 32, "width": 32, "num_inference_steps": 3}
    wanted, _ = recorded(
        pipeline,
        prompt=TEXT,
        negative_prompt=OTHER,
        ip_adapter_image=pillow(picture(1)),
        generator=generator,
        guidance_scale=5.0,
        **options,
    )
    adapter = load_ip_adapter(as_file(tmp_path / "a.safetensors", parts), str(sight))
    led = apply_ip_adapter(unet_denoiser(model.unet), adapter, picture(1))
    texts = (clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER))
    chosen = scheduler(model.schedule, "DDIM", 3)
    _, found = finish(sample(classifier_free_guidance(led, *texts, 5.0), chosen, Noise((3,), 32, 32)))
    told("Stable Diffusion XL", "IP-Adapter plus", found.trajectory.x[1:], wanted)


def test_each_step_is_that_of_flux(sight: Path, tmp_path: Path) -> None:
    """As XLabs names the weights, with guidance by a negative text besides."""
    flux(tmp_path / "flux")
    pipeline = FluxPipeline.from_pretrained(tmp_path / "flux", **seeing(sight))
    module = pipeline.transformer
    width = module.config.joint_attention_dim
    torch.manual_seed(1)
    second = {
        f"double_blocks.{number}.processor.ip_adapter_double_stream_{part}_proj.{kind}": torch.randn(
            (module.inner_dim, width) if kind == "weight" else (module.inner_dim,)
        )
        for number in range(module.config.num_layers)
        for part in "kv"
        for kind in ("weight", "bias")
    }
    first = {f"ip_adapter_proj_model.{name}": value for name, value in first_half("plain", width).items()}
    file = tmp_path / "ip_adapter.safetensors"
    save_file({**first, **second}, file)
    pipeline.load_ip_adapter(str(tmp_path), weight_name=file.name, image_encoder_pretrained_model_name_or_path=None)
    pipeline.set_ip_adapter_scale(0.8)
    wanted, _ = recorded(
        pipeline,
        prompt=TEXT,
        negative_prompt=OTHER,
        true_cfg_scale=3.0,
        ip_adapter_image=pillow(picture(1)),
        height=32,
        width=48,
        num_inference_steps=3,
        guidance_scale=2.5,
        generator=torch.Generator().manual_seed(3),
    )
    model = load_model(str(tmp_path / "flux"))
    led = apply_ip_adapter(
        network_denoiser(model.network, 2.5), load_ip_adapter(str(file), str(sight)), picture(1), 0.8
    )
    texts = (clip_text_encode(model.text_encoder, text) for text in (TEXT, OTHER))
    found = run(model, classifier_free_guidance(led, *texts, 3.0), (3,), 6, 48, 32)[1]
    told("FLUX.1", "IP-Adapter of XLabs", map(packed, found.x[1:]), wanted)


def test_an_image_leads_in_its_steps_and_for_its_seed(tiny: LatentDiffusion, sight: Path, tmp_path: Path) -> None:
    adapter = load_ip_adapter(as_file(tmp_path / "a.safetensors", halves("plain", tiny.unet.module)), str(sight))
    plain, shown = unet_denoiser(tiny.unet), picture(1)
    wanted = sampled(tiny, plain).latent.samples
    for led in (
        apply_ip_adapter(plain, adapter, shown, 0.0),
        apply_ip_adapter(plain, adapter, shown, 1.0, "linear", 0.5, 0.5),
    ):
        assert torch.equal(sampled(tiny, led).latent.samples, wanted)
    late = sampled(tiny, apply_ip_adapter(plain, adapter, shown, 1.0, "linear", 0.5)).trajectory.x
    whole = sampled(tiny, plain).trajectory.x
    assert [torch.equal(one, other) for one, other in zip(late, whole, strict=True)] == [True] * 3 + [False] * 2
    noisy = apply_ip_adapter(plain, adapter, shown, 1.0, "linear", 0.0, 0.3, counted="trained timesteps")
    early = sampled(tiny, noisy).trajectory.x
    assert not torch.equal(early[1], whole[1])
    both = Image(torch.cat([picture(1).pixels, picture(2).pixels]))
    batch = sampled(tiny, apply_ip_adapter(plain, adapter, both, several="one for each seed"), (3, 4)).latent.samples
    for row, (seed, image) in enumerate(((3, picture(1)), (4, picture(2)))):
        single = sampled(tiny, apply_ip_adapter(plain, adapter, image), (seed,)).latent.samples
        assert torch.equal(batch[row : row + 1], single)
    assert in_force(apply_ip_adapter(plain, adapter, shown, 1.0, "linear", 0.5), 0, 4).images == ()  # type: ignore[attr-defined]


def test_a_file_of_the_image_encoder_is_its_folder(tiny: LatentDiffusion, sight: Path, tmp_path: Path) -> None:
    file = as_file(sight.parent / "plus.safetensors", halves("plus", tiny.unet.module))
    model = CLIPVisionModelWithProjection.from_pretrained(sight)
    found = {name if name.startswith("v") else f"vision_model.{name}": one for name, one in model.state_dict().items()}
    save_file(found, tmp_path / "sight.safetensors")
    by_file, beside = load_ip_adapter(file, str(tmp_path / "sight.safetensors")), load_ip_adapter(file)
    assert torch.equal(by_file.tokens(picture(1)), beside.tokens(picture(1)))
    assert torch.equal(by_file.nothing(), beside.nothing())


def test_layers_are_weighed_by_what_they_paint(tiny: LatentDiffusion) -> None:
    names = [f"down_blocks.{n // 2}.attentions.{n % 2}.transformer_blocks.0.attn2" for n in range(6)]
    names += [f"up_blocks.{1 + n // 3}.attentions.{n % 3}.transformer_blocks.0.attn2" for n in range(9)]
    names += ["mid_block.attentions.0.transformer_blocks.0.attn2"]
    assert layer_factors("weak middle", names) == [1.0] * 15 + [0.2]
    assert layer_factors("ease out", names)[:2] == [0.05, 0.05 + 0.95 / 16]
    assert layer_factors("ease in-out", names)[-1] == pytest.approx(0.05 + 0.95 * 0.75)
    assert [n for n, share in enumerate(layer_factors("composition", names)) if share] == [4, 5]
    assert layer_factors("style", names)[-1] == 0.0
    with pytest.raises(NodeError, match="which layers of this network paint what style means"):
        layer_factors("style", names[:3])
    with pytest.raises(NodeError, match="which layers of this network paint what weak input means"):
        layer_factors("weak input", ["transformer_blocks.0.attn"])


def test_what_does_not_fit_is_a_sentence(tiny: LatentDiffusion, tiny_dit: Path, sight: Path, tmp_path: Path) -> None:
    parts = halves("plain", tiny.unet.module)
    file = as_file(tmp_path / "a.safetensors", parts)
    with pytest.raises(NodeError, match=r"a\.safetensors says nothing of how images are seen"):
        load_ip_adapter(file)
    short = {**parts["ip_adapter"]}
    short.pop("1.to_v_ip.weight")
    with pytest.raises(NodeError, match=r"\(IP-Adapter\) lacks 1\.to_v_ip\.weight"):
        load_ip_adapter(as_file(tmp_path / "b.safetensors", {**parts, "ip_adapter": short}), str(sight))
    with pytest.raises(NodeError, match=r"\(IP-Adapter\) (lacks|has weights of shapes)"):
        load_ip_adapter(
            as_file(tmp_path / "c.safetensors", {**parts, "image_proj": {"proj.weight": torch.ones(3)}}), str(sight)
        )
    key = "1.to_v_ip.weight"
    for odd, sentence in (
        (torch.zeros(0, 32), r"\(IP-Adapter\) (lacks|has weights of shapes)"),
        (torch.full((32, 32), torch.nan), r"holds ip_adapter\.1\.to_v_ip\.weight with numbers that are none"),
        (torch.ones(32, 32, dtype=torch.int8), "no node reads weights quantised as int8 without scales"),
    ):
        with pytest.raises(NodeError, match=sentence):
            wrong = {**parts, "ip_adapter": {**parts["ip_adapter"], key: odd}}
            load_ip_adapter(as_file(tmp_path / "g.safetensors", wrong), str(sight))
    face = {**parts, "ip_adapter": {**parts["ip_adapter"], "0.to_q_lora.down.weight": torch.ones(2, 2)}}
    with pytest.raises(NodeError, match=r"IP-Adapter for faces \(FaceID\): it compares faces by a recogniser"):
        load_ip_adapter(as_file(tmp_path / "d.safetensors", face), str(sight))
    other = {**parts, "image_proj": {**parts["image_proj"], "proj.weight": torch.randn(128, 1024)}}
    with pytest.raises(NodeError, match=r"trained to see by CLIP ViT-H \(1024 numbers\), and this image encoder is 20"):
        load_ip_adapter(as_file(tmp_path / "e.safetensors", other), str(sight))
    adapter = load_ip_adapter(file, str(sight))
    plain = unet_denoiser(tiny.unet)
    with pytest.raises(NodeError, match=r"before it starts at 0\.5"):
        apply_ip_adapter(plain, adapter, picture(1), 1.0, "linear", 0.5, 0.4)
    mask = Mask(torch.ones(1, 1, 16, 64))
    with pytest.raises(NodeError, match="the mask of an IP-Adapter is 64 x 16, which is not the shape"):
        sampled(tiny, apply_ip_adapter(plain, adapter, picture(1), mask=mask))
    three = Image(picture(1).pixels.repeat(3, 1, 1, 1))
    with pytest.raises(NodeError, match="was given 3 images, which are not as many as the seeds"):
        sampled(tiny, apply_ip_adapter(plain, adapter, three, several="one for each seed"), (1, 2), batch="together")
    last = max(int(name.split(".")[0]) for name in parts["ip_adapter"])
    less = {name: value for name, value in parts["ip_adapter"].items() if not name.startswith(f"{last}.")}
    few = load_ip_adapter(as_file(tmp_path / "f.safetensors", {**parts, "ip_adapter": less}), str(sight))
    with pytest.raises(NodeError, match="leads a model whose tokens have 32 numbers, and this network is a U-Net of"):
        apply_ip_adapter(plain, few, picture(1))
    assert Conditioning().away is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("plain", "image_proj.proj.bias"),
        ("plain", "image_proj.norm.weight"),
        ("full", "image_proj.proj.0.bias"),
        ("full", "image_proj.proj.2.weight"),
        ("full", "image_proj.proj.3.bias"),
        *(
            ("plus", f"image_proj.layers.3.{part}")
            for part in ("0.norm1.bias", "0.norm2.weight", "1.0.bias", "1.1.weight")
        ),
        ("plus", "image_proj.layers.2.0.to_q.weight"),
        ("plus", "image_proj.norm_out.weight"),
    ],
)
def test_what_does_not_fit_is_told_by_its_name_in_the_file(
    kind: str, name: str, tiny: LatentDiffusion, sight: Path, tmp_path: Path
) -> None:
    """Where diffusers has other names for the first half's weights."""
    path = tmp_path / "adapter.safetensors"
    as_file(path, halves(kind, tiny.unet.module))
    weights = load_file(path)
    save_file({**weights, name: torch.cat([weights[name], weights[name][:1]])}, path)
    with pytest.raises(NodeError, match=rf"adapter\.safetensors: its {re.escape(name)} is of another shape"):
        load_ip_adapter(str(path), str(sight))
    save_file({key: value for key, value in weights.items() if key != name}, path)
    with pytest.raises(NodeError, match=rf"lacks {re.escape(name)}; it was saved in part"):
        load_ip_adapter(str(path), str(sight))
    more = f"{name}s"
    save_file({**weights, more: weights[name].clone()}, path)
    with pytest.raises(NodeError, match=rf"holds {re.escape(more)}, which the network"):
        load_ip_adapter(str(path), str(sight))


@pytest.mark.parametrize("new", [8, 10, 0])
def test_layers_that_do_not_follow_each_other_are_refused(
    new: int, tiny: LatentDiffusion, sight: Path, tmp_path: Path
) -> None:
    """The others would take the places of those before them, and lead as nobody trained them."""
    parts = halves("plain", tiny.unet.module)
    moved = {re.sub(r"^1\.", f"{new}.", name): value for name, value in parts["ip_adapter"].items()}
    with pytest.raises(NodeError, match=r"lacks \d\.to_k_ip\.weight"):
        load_ip_adapter(as_file(tmp_path / "a.safetensors", {**parts, "ip_adapter": moved}), str(sight))
