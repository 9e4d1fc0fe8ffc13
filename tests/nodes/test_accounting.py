"""Every weight of a file is used, known to be without effect, or the file is refused by its name.

Key layouts: those of the original files, as original_layout.py writes them; marks of other kinds as ComfyUI's
model_detection.py and supported_models.py know them.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import ControlNetModel, ControlNetUnionModel, FluxTransformer2DModel, UNet2DConditionModel
from huggingface_hub.errors import StrictDataclassClassValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Image
from nodes.controls.controlnet import control, load_controlnet
from nodes.denoisers.denoisers import UNetDenoiser, unet_denoiser
from nodes.loaders.families.controlnet.union import TYPES
from nodes.loaders.load_by_family import load_diffusion_model
from nodes.loaders.load_models import LatentDiffusion, load_latent_diffusion, load_vae
from nodes.loaders.read.accounting import FileWeights
from nodes.loaders.read.made_of import made_of
from tests.nodes.original_layout import unet_weights, write_original
from tests.nodes.original_transformers import original_weights
from tests.nodes.original_xl import SMALL_BASE
from tests.nodes.test_one_file_parts import assert_same

Weights = dict[str, Tensor]
UNION: dict[str, Any] = {
    **{name: value for name, value in SMALL_BASE.items() if name not in ("sample_size", "up_block_types")},
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 128 + 6 * 256,
    "conditioning_embedding_out_channels": (4, 8, 8, 8),
    "block_out_channels": (320, 64, 128),
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Stable Diffusion 1 in one file."""
    path = tmp_path_factory.mktemp("accounting") / "first.safetensors"
    write_original(path, False)
    return path


def with_more(path: Path, at: Path, *names: str) -> Path:
    save_file({**load_file(path), **{name: torch.zeros(2) for name in names}}, at)
    return at


def test_tensors_are_followed_through_what_converters_do() -> None:
    weights = FileWeights(
        {"qkv": torch.rand(6, 2), "scale": torch.rand(3), "shift": torch.rand(3), "other": torch.rand(1)}
    )
    module = torch.nn.Module()
    for name, shape in {"q": (2, 2), "k": (2, 2), "v": (2, 2), "norm": (6,)}.items():
        module.register_parameter(name, torch.nn.Parameter(torch.zeros(shape)))
    with weights.followed:
        q, k, v = (part.T.contiguous() for part in weights["qkv"].chunk(3))
        turned = torch.cat([weights["shift"], weights["scale"]]).clone().detach()
    weights.given(module, {"q": q, "k": k, "v": v, "norm": turned})
    with pytest.raises(NodeError, match="file holds other, which the network"):
        weights.close(Path("file"), ())
    weights.close(Path("file"), (r"oth",))
    weights.given(module, {"w": v})
    with pytest.raises(NodeError, match="holds other and 1 more"):
        weights.close(Path("file"), ())


def test_what_training_leaves_and_other_parts_do_no_harm(first: Path, tmp_path: Path) -> None:
    names = (
        "model_ema.diffusion_modelinput_blocks00weight",
        "alphas_cumprod_prev",
        "sqrt_recipm1_alphas_cumprod",
        "posterior_mean_coef1",
        "logvar",
        "first_stage_model.loss.logvar",
        "cond_stage_model.transformer.text_model.embeddings.position_ids",
        "cond_stage_model.logit_scale",
        "cond_stage_model.transformer.text_projection.weight",
    )
    assert load_latent_diffusion(str(with_more(first, tmp_path / "more.safetensors", *names))).unet is not None


@pytest.mark.parametrize(
    "name",
    [
        "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn3.to_k.weight",
        "model.diffusion_model.label_emb.0.0.bias",
        "first_stage_model.decoder.mid.block_9.conv1.weight",
        "cond_stage_model.transformer.text_model.encoder.layers.9.mlp.fc3.weight",
        "something_else.weight",
    ],
)
def test_a_weight_without_a_place_is_named(first: Path, tmp_path: Path, name: str) -> None:
    path = with_more(first, tmp_path / "more.safetensors", name)
    with pytest.raises(NodeError, match=rf"more\.safetensors holds {name}, which the network .* has no place for"):
        load_latent_diffusion(str(path))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("noise_augmentor.data_mean", "2.1 unCLIP"),
        ("model.diffusion_model.label_emb.weight", r"upscaler of Stable Diffusion \(x4\)"),
        ("model.diffusion_model.input_blocks.1.1.time_stack.0.attn1.to_q.weight", "Stable Video Diffusion"),
        ("cc_projection.weight", "Zero123"),
    ],
)
def test_other_kinds_are_refused_by_their_true_name(first: Path, tmp_path: Path, name: str, what: str) -> None:
    with pytest.raises(NodeError, match=rf"(is|holds) .*{what}.*(, which no node here loads|: no node loads)"):
        load_latent_diffusion(str(with_more(first, tmp_path / "kind.safetensors", name)))


def test_a_version_2_that_left_out_its_last_layer_keeps_the_others(tmp_path: Path) -> None:
    """The true model has 24 layers and uses 23; some files hold just these."""
    path = tmp_path / "second.safetensors"
    write_original(path, True)
    weights, layer = load_file(path), "cond_stage_model.model.transformer.resblocks."
    grown = {
        f"{layer}{number}.{name.removeprefix(f'{layer}0.')}": value.clone()
        for name, value in weights.items()
        if name.startswith(f"{layer}0.")
        for number in range(23)
    }
    save_file({**weights, **grown}, path)
    model: Any = load_latent_diffusion(str(path))
    assert model.text_encoder.module.config.num_hidden_layers == 23


def test_a_folder_with_more_weights_is_refused(tiny_folder: Path, tmp_path: Path) -> None:
    for part, file in (
        ("unet", "diffusion_pytorch_model"),
        ("text_encoder", "model"),
        ("vae", "diffusion_pytorch_model"),
    ):
        at = Path(shutil.copytree(tiny_folder, tmp_path / part))
        with_more(at / part / f"{file}.safetensors", at / part / f"{file}.safetensors", "adapter.extra.weight")
        with pytest.raises(NodeError, match=rf"{part}/{part} holds adapter\.extra\.weight, which the network"):
            load_latent_diffusion(str(at))


@pytest.mark.parametrize(
    ("part", "what"), [("image_noising_scheduler", "unCLIP"), ("low_res_scheduler", "x4 upscaler")]
)
def test_a_folder_of_another_kind_is_refused_by_its_true_name(
    tiny_folder: Path, tmp_path: Path, part: str, what: str
) -> None:
    at = Path(shutil.copytree(tiny_folder, tmp_path / "kind"))
    index = json.loads((at / "model_index.json").read_text())
    (at / "model_index.json").write_text(json.dumps({**index, part: ["diffusers", "DDPMScheduler"]}))
    with pytest.raises(NodeError, match=rf"kind is .*{what}"):
        load_latent_diffusion(str(at))


def test_a_vae_with_more_weights_is_refused(first: Path, tmp_path: Path) -> None:
    weights = {n: w for n, w in load_file(first).items() if n.startswith("first_stage_model.")}
    save_file(weights, tmp_path / "vae.safetensors")
    assert load_vae(str(tmp_path / "vae.safetensors"), made_for="Stable Diffusion 1 and 2") is not None
    path = with_more(tmp_path / "vae.safetensors", tmp_path / "more.safetensors", "first_stage_model.bn.running_mean")
    with pytest.raises(NodeError, match=r"holds bn\.running_mean, which the network"):
        load_vae(str(path), made_for="Stable Diffusion 1 and 2")


SMALL_FLUX: dict[str, Any] = {
    "in_channels": 16,
    "num_layers": 1,
    "num_single_layers": 1,
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "joint_attention_dim": 24,
    "pooled_projection_dim": 8,
    "axes_dims_rope": (2, 6, 6),
}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("time_text_embed.addition_t_embedding.weight", "holds time_text_embed.addition_t_embedding.weight"),
        ("transformer_blocks.0.attn.to_w.weight", "holds transformer_blocks.0.attn.to_w.weight"),
    ],
)
def test_a_transformer_with_more_weights_is_refused(tmp_path: Path, name: str, says: str) -> None:
    module, path = FluxTransformer2DModel(**SMALL_FLUX), tmp_path / "flux.safetensors"
    save_file(module.state_dict(), path)
    assert_same(load_diffusion_model(str(path)).network.module, module)
    with pytest.raises(NodeError, match=says):
        load_diffusion_model(str(with_more(path, tmp_path / "more.safetensors", name)))


@pytest.mark.parametrize("scale", ["foo_scale", "weight_amax", "scale"])
def test_a_scale_that_nobody_reads_is_named_before_names_are_converted(tmp_path: Path, scale: str) -> None:
    """By the names of FLUX.1's authors, which are taken apart by rules that know no scales."""
    weights = original_weights("FluxTransformer2DModel", FluxTransformer2DModel(**SMALL_FLUX).state_dict())
    weights |= {name.replace("weight", scale): torch.ones(()) for name in list(weights) if name.endswith("qkv.weight")}
    save_file(weights, tmp_path / "flux.safetensors")
    with pytest.raises(NodeError, match=rf"quantised in a way that is not known here: .*qkv\.{scale}"):
        load_diffusion_model(str(tmp_path / "flux.safetensors"))


def union(**shape: Any) -> ControlNetUnionModel:
    torch.manual_seed(7)
    net = ControlNetUnionModel(**{**UNION, "num_control_type": 8, **shape})
    for name, weights in net.named_parameters():
        if name.startswith(("controlnet_down", "controlnet_mid", "controlnet_cond_embedding.conv_out", "spatial")):
            torch.nn.init.normal_(weights, std=0.2)
    return net.eval()


@pytest.mark.parametrize("layout", ["file", "folder"])
def test_a_union_of_controlnets_is_told_its_kind(tmp_path: Path, layout: str) -> None:
    """Diffusers' own to the last digits, for each of promax' eight kinds; 320 channels with 8 heads."""
    net = union()
    net.save_pretrained(tmp_path / "folder")
    save_file(net.state_dict(), tmp_path / "file.safetensors")
    loaded: Any = load_controlnet(str(tmp_path / ("folder" if layout == "folder" else "file.safetensors")))
    assert_same(loaded.module, net)
    torch.manual_seed(1)
    x, time, tokens, shown = (
        torch.randn(2, 4, 8, 8),
        torch.tensor(300),
        torch.randn(2, 5, 192),
        torch.rand(2, 3, 64, 64),
    )
    told = {"text_embeds": torch.randn(2, 128), "time_ids": torch.rand(2, 6)}
    seen = []
    for number, name in enumerate(TYPES):
        kinds = torch.zeros(2, 8)
        kinds[:, number] = 1
        with torch.no_grad():
            down, middle = net(
                x, time, tokens, [shown], kinds, [number], 0.7, added_cond_kwargs=told, return_dict=False
            )
            found = loaded.of_unet(net, name).residuals(x, time, tokens, shown, 0.7, told)
        for one, other in zip((*found[0], found[1]), (*down, middle), strict=True):
            torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)
        seen.append(found[1])
    assert not torch.allclose(seen[0], seen[1], atol=1e-5)


def test_control_tells_a_union_what_it_is_shown(tiny: LatentDiffusion, tmp_path: Path) -> None:
    union(num_control_type=6).save_pretrained(tmp_path / "union")
    net, plain = load_controlnet(str(tmp_path / "union")), unet_denoiser(tiny.unet)
    denoiser: Any = control(plain, net, Image(torch.zeros(1, 3, 32, 32)), control_type="depth")
    assert denoiser.controls[0].net.number == 1
    with pytest.raises(NodeError, match=r"this union of ControlNets knows pose, .*, segments, and not repaint"):
        control(plain, net, Image(torch.zeros(1, 3, 32, 32)), control_type="repaint")


def test_a_union_of_an_unknown_make_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "union.safetensors"
    save_file(union(block_out_channels=(64, 64, 128), num_trans_channel=64, num_proj_channel=64).state_dict(), path)
    with pytest.raises(NodeError, match="a union of ControlNets of an unknown make"):
        load_controlnet(str(path))


@pytest.mark.parametrize(
    ("name", "says"),
    [("difference", "is the difference of a ControlNet from a U-Net"), ("extra.weight", r"holds extra\.weight, which")],
)
def test_a_controlnet_with_more_weights_is_refused(tmp_path: Path, name: str, says: str) -> None:
    net = ControlNetModel(**UNION)
    save_file({**net.state_dict(), name: torch.zeros(1)}, tmp_path / "control.safetensors")
    with pytest.raises(NodeError, match=rf"control\.safetensors {says}"):
        load_controlnet(str(tmp_path / "control.safetensors"))


@pytest.mark.parametrize("scale", [1.0, 4.0, 8.5])
def test_a_distilled_unet_is_told_the_guidance_scale(first: Path, tmp_path: Path, scale: float) -> None:
    """LatentConsistencyModelPipeline.get_guidance_scale_embedding, of scale - 1; original name time_embed.cond_proj."""
    from diffusers import LatentConsistencyModelPipeline

    config = dict(load_latent_diffusion(str(first)).unet.module.config) | {"time_cond_proj_dim": 256}
    shape = {name: value for name, value in config.items() if not name.startswith("_")}
    torch.manual_seed(4)
    unet = UNet2DConditionModel(**shape).eval()
    weights = {n: w for n, w in load_file(first).items() if not n.startswith("model.diffusion_model.")}
    plain = {n: w for n, w in unet.state_dict().items() if "cond_proj" not in n}
    told = {"model.diffusion_model.time_embed.cond_proj.weight": unet.time_embedding.cond_proj.weight.detach()}
    save_file({**weights, **unet_weights(plain), **told}, tmp_path / "lcm.safetensors")
    model = load_latent_diffusion(str(tmp_path / "lcm.safetensors"))
    assert_same(model.unet.module, unet)
    x, tokens, time = torch.randn(2, 4, 8, 8), torch.randn(1, 7, 64), torch.tensor(400)
    embed: Any = LatentConsistencyModelPipeline.get_guidance_scale_embedding
    waves = embed(None, torch.tensor([scale - 1]), embedding_dim=256)
    denoiser = unet_denoiser(model.unet, guidance=scale)
    assert isinstance(denoiser, UNetDenoiser)
    with torch.no_grad():
        wanted = unet(x, time, tokens.expand(2, -1, -1), timestep_cond=waves).sample
        silent = unet(x, time, tokens.expand(2, -1, -1)).sample
        found = denoiser.predict(x, time, Conditioning(tokens))
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    assert scale == 1.0 or not torch.allclose(found, silent, atol=1e-3)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (KeyError("extra"), r"a/f\.safetensors holds blocks\.0\.extra\.weight, which the network"),
        (
            KeyError("up_blocks.-1.norm.weight"),
            r"holds blocks\.0\.extra\.weight, and no weight under the names of a FLUX",
        ),
        (KeyError("blocks.1.norm.weight"), r"\(FLUX\) lacks blocks\.1\.norm\.weight; it was saved in part"),
        (
            StrictDataclassClassValidationError("validate", ValueError("hidden size 17")),
            r"\(FLUX\) has weights of shapes that none has",
        ),
        (UnboundLocalError("out_dim"), r"\(FLUX\) has weights of shapes that none has"),
        (AttributeError("'NoneType' object has no attribute 'shape'"), r"\(FLUX\) has weights of shapes that none has"),
        (RuntimeError('Missing key(s) in state_dict: "x.weight", "y"'), r"\(FLUX\) lacks x\.weight; it was saved in"),
        (RuntimeError('Unexpected key(s) in state_dict: "x.weight"'), r"holds x\.weight, which the network"),
        (RuntimeError("size mismatch for x.weight: copying"), r"its x\.weight is of another shape than the rest says"),
    ],
)
def test_what_libraries_raise_of_odd_weights_is_a_sentence(raised: Exception, told: str) -> None:
    """Of their converters and networks, as diffusers 0.42 and torch 2.11 raise it for files that were changed."""
    with pytest.raises(NodeError, match=told), made_of(Path("a/f.safetensors"), "FLUX", ["blocks.0.extra.weight"]):
        raise raised
