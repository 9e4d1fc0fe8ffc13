"""The exported diffusion transformer: diffusers' own pipeline reads it, and its images are of their class."""

import pytest
import torch
from diffusers import DiTPipeline

from training.cards import dit_card
from training.data.grammar import SUBJECTS
from training.loops.variance import variance_loss
from training.models.dit import CLASSES, FOLDER, new_transformer
from training.models.part_shapes import new_scheduler


@pytest.fixture(scope="module")
def painter() -> dit_card.Painter:
    return dit_card.Painter()


def test_pictures_are_of_their_class(painter: dit_card.Painter) -> None:
    labels = [*range(len(SUBJECTS))] * 2
    made = painter.paint(labels, "DDIM", steps=10, seed=5)
    assert dit_card.share_right(made, labels) >= 0.8


def test_the_pipeline_of_diffusers_paints_what_we_do(painter: dit_card.Painter) -> None:
    pipeline = DiTPipeline.from_pretrained(FOLDER, torch_dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    made = pipeline([3], 2.0, torch.Generator().manual_seed(9), 6, output_type="np").images
    assert abs(made - painter.paint([3], "DDIM", 6, 2.0, seed=9)).max() < 1e-4
    assert pipeline.get_label_ids([SUBJECTS[3]]) == [3]


def test_the_table_holds_the_classes_and_no_class_alone(painter: dit_card.Painter) -> None:
    for block in painter.pipeline.transformer.transformer_blocks:
        rows = block.norm1.emb.class_embedder.embedding_table.weight.detach().abs().sum(1)
        assert (rows[: len(SUBJECTS)] > 0).all()
        assert (rows[len(SUBJECTS) : CLASSES] == 0).all()
        assert rows[CLASSES] > 0


@pytest.mark.parametrize("length", [1, 50])
def test_the_variance_is_least_costly_where_it_is_true(length: int) -> None:
    scheduler, draw = new_scheduler(), torch.Generator().manual_seed(0)
    clean, noise = (torch.randn(4, 4, 16, 16, generator=draw) for _ in range(2))
    timesteps = torch.tensor([100, 400, 700, 900])
    noisy = scheduler.add_noise(clean, noise, timesteps)
    velocity = scheduler.get_velocity(clean, noise, timesteps)
    losses = [
        float(variance_loss(scheduler, velocity, torch.full_like(clean, spread), noisy, clean, timesteps, length))
        for spread in (-1, 0, 1)
    ]
    assert losses[0] == pytest.approx(0, abs=1e-6), "where x_0 is foreseen without fault, the least variance is right"
    assert losses == sorted(losses)


def test_a_fresh_network_says_nothing_yet() -> None:
    with torch.no_grad():
        output = new_transformer()(torch.randn(1, 4, 16, 16), torch.tensor([3]), torch.tensor([1])).sample
    assert torch.equal(output, torch.zeros(1, 8, 16, 16))


def test_the_folder_is_small_and_tells_nothing_of_the_machine_it_was_made_on() -> None:
    for path in FOLDER.rglob("*.json"):
        assert "latent-diffusion" not in path.read_text(), path
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.safetensors")) < 14e6
