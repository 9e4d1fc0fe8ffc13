"""Trains a network of the ESRGAN kind from 64 x 64 to 256 x 256: Real-ESRGAN's compact one, as spandrel knows it.

Twelve convolutions and a pixel shuffle on top of the enlarged picture (Wang et al. 2021, arXiv:2107.10833), led by the
mean absolute error alone, as ESRGAN's first phase is (Wang et al. 2018, arXiv:1809.00219): what it cannot know it
leaves smooth.
"""

import numpy as np
import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact import Compact
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss

from training.loops.run_folders import ASSETS, TrainingRun
from training.loops.training_loop import TrainingPlan, epoch_indices, fit
from training.models.upsamplers import PLAIN, crops, training_pictures

FOLDER = ASSETS.parent / "compact-upscaler"
SEED, BATCH, CROP, FACTOR = 71, 16, 96, 4
PLAN = TrainingPlan(steps=2400, peak=1e-3, warm_up=50, hold=0.4, average=0.99, weight_decay=0.0)


def new_network() -> Compact:
    """Ten convolutions of width 48 between the first and the last."""
    return Compact(num_in_ch=3, num_out_ch=3, num_feat=48, num_conv=10, upscale=FACTOR)


def examples(pictures: Tensor, step: int) -> tuple[Tensor, Tensor]:
    """Large crops [batch, 3, 96, 96] in 0..1, and the same made smaller by averaging, [batch, 3, 24, 24]."""
    chosen = pictures[torch.from_numpy(epoch_indices(SEED, step, BATCH, len(pictures)))].float() / 255
    places = crops(chosen, CROP, np.random.default_rng([SEED, 2, step]))
    large = torch.stack([one[:, *place] for one, place in zip(chosen, places, strict=True)])
    return large, avg_pool2d(large, FACTOR)


def train() -> None:
    """Trains to the end, or goes on where a killed run stopped, and writes the model's folder."""
    pictures = training_pictures(PLAIN)
    torch.manual_seed(SEED)

    def losses_of(model: Compact, step: int) -> dict[str, Tensor]:
        large, small = examples(pictures, step)
        with torch.autocast("cpu", torch.bfloat16):
            made = model(small)
        return {"absolute": l1_loss(made.float(), large)}

    export(fit(TrainingRun("compact-upscaler"), new_network(), PLAN, losses_of))


def export(model: Compact) -> None:
    """Replaces the weights, in half precision, under the names that Real-ESRGAN gives them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "model.safetensors"
    save_file({name: weight.half().contiguous() for name, weight in model.state_dict().items()}, path)
    path.chmod(0o644)
