"""U-ViT: tokens of time, text or class and patches; the names of the paper's weights; what does not fit."""

from pathlib import Path

import pytest
import torch
from diffusers import DDIMScheduler

from nodeflow.node import NodeError
from nodeflow.wires import Conditioning, Noise
from nodes.conditioning.text_encode import class_label, clip_text_encode
from nodes.denoisers.uvit_denoiser import load_uvit, uvit_denoiser
from nodes.guidance.classifier_free import classifier_free_guidance
from nodes.loaders.load_models import LatentDiffusion
from nodes.networks.uvit_network import UViT
from nodes.samplers.sampling_loop import sample
from nodes.schedulers.schedulers import scheduler
from tests.nodes.flow_models import save_uvit
from tests.nodes.test_sampling_parity import assert_close, finish


def test_each_step_is_that_of_a_bare_loop(tiny_uvit: Path, tiny: LatentDiffusion) -> None:
    model = load_uvit(str(tiny_uvit))
    positive, negative = (clip_text_encode(tiny.text_encoder, text) for text in ("red star", ""))
    assert positive.tokens is not None
    assert negative.tokens is not None
    loop = DDIMScheduler.from_pretrained(tiny_uvit / "scheduler")
    loop.set_timesteps(4)
    network, x = model.transformer.module, torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    tokens, wanted = torch.cat([negative.tokens, positive.tokens])[:, :12], [x]
    with torch.no_grad():
        for time in loop.timesteps:
            without, told = network(torch.cat([x, x]), time.expand(2), text=tokens).chunk(2)
            x = loop.step(without + 3 * (told - without), time, x).prev_sample
            wanted.append(x)
    guider = classifier_free_guidance(uvit_denoiser(model.transformer), positive, negative, 3.0)
    _, made = finish(sample(guider, scheduler(model.schedule, "DDIM", 4), Noise((3,))))
    assert_close(made.trajectory.x, wanted)


def test_every_token_counts_and_the_long_ways_carry(tiny_uvit: Path) -> None:
    network = load_uvit(str(tiny_uvit)).transformer.module
    x, time, text = torch.randn(1, 4, 8, 8), torch.tensor([300]), torch.randn(1, 12, 32)
    with torch.no_grad():
        plain = network(x, time, text=text)
        assert plain.shape == x.shape
        assert not torch.allclose(network(x, time + 500, text=text), plain, atol=1e-4)
        for place in (0, 11):
            other = text.clone()
            other[:, place] += 1
            assert not torch.allclose(network(x, time, text=other), plain, atol=1e-5)
        across = network.out_blocks[-1].skip_linear  # joins what the first block gave
        across.weight[:, 32:] = 0
        assert not torch.allclose(network(x, time, text=text), plain, atol=1e-4)


def test_a_class_is_a_token_too(tmp_path: Path) -> None:
    model = load_uvit(str(save_uvit(tmp_path / "classes", num_classes=4, id2label={"0": "star", "1": "heart"})))
    assert (dict(model.classes.names), model.classes.none) == ({0: "star", 1: "heart"}, 3)
    denoiser, x, time = uvit_denoiser(model.transformer), torch.randn(1, 4, 8, 8), torch.tensor(300)
    with torch.no_grad():
        found = [denoiser.predict(x, time, class_label(model.classes, name)) for name in ("star", "heart", "")]
    assert not torch.allclose(found[0], found[1])
    with pytest.raises(NodeError, match="led by a class, not by a text"):
        denoiser.predict(x, time, Conditioning(torch.zeros(1, 12, 32)))


def test_the_names_of_the_weights_are_those_of_the_papers_program() -> None:
    with torch.device("meta"):
        large = UViT(num_classes=1001, embed_dim=1024, depth=21, num_heads=16)  # imagenet256_uvit_large
    names = {name: tuple(value.shape) for name, value in large.state_dict().items()}
    assert names["pos_embed"] == (1, 258, 1024)
    assert names["label_emb.weight"] == (1001, 1024)
    assert names["patch_embed.proj.weight"] == (1024, 4, 2, 2)
    assert names["in_blocks.0.attn.qkv.weight"] == (3072, 1024)
    assert names["mid_block.mlp.fc1.bias"] == (4096,)
    assert names["out_blocks.9.skip_linear.weight"] == (1024, 2048)
    assert names["decoder_pred.weight"] == (16, 1024)
    assert names["final_layer.weight"] == (4, 4, 3, 3)
    assert "in_blocks.0.attn.qkv.bias" not in names
    assert len(names) == 1 + 1 + 2 + 21 * 11 + 10 * 2 + 2 + 2 + 2


def test_what_does_not_go_together_is_a_sentence(tiny_uvit: Path, tiny: LatentDiffusion, tiny_ddpm: Path) -> None:
    denoiser = uvit_denoiser(load_uvit(str(tiny_uvit)).transformer)
    x, time = torch.zeros(1, 4, 8, 8), torch.tensor(5)
    with pytest.raises(NodeError, match="led by a text, not by a class"):
        denoiser.predict(x, time, Conditioning(labels=torch.tensor([1])))
    with pytest.raises(NodeError, match="reads 12 tokens and the text has 6"):
        denoiser.predict(x, time, Conditioning(torch.zeros(1, 6, 32)))
    with pytest.raises(NodeError, match="this network is no U-ViT"):
        uvit_denoiser(tiny.unet)
    with pytest.raises(NodeError, match=r"holds a U-Net on pixels, .*; Load U-ViT loads"):
        load_uvit(str(tiny_ddpm / "unet"))
