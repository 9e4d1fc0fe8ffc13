"""Which kinds of files each family opens, and by how much what they give differs: the table in docs/models.md.

Each family is built with small widths in its true key layout (tests/nodes/families/split_files.py), saved in every
form, and loaded by *Load model*, *Load diffusion model*, *Load text encoder* and *Load VAE*. A cell is the largest
difference, over the text's tokens, the network's prediction and the VAE's latents and pixels, to diffusers' folder of
the same weights; for quantised networks to a plain file of the numbers that theirs stand for.

    python -m benchmarks.models_matrix [--write] [FAMILY ...]

Of families that are named, rows alone are made again; the page keeps the others.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nodeflow.node import NodeError
from nodeflow.wires import Image, Latent
from nodes.denoisers.flow_transformers import network_denoiser
from nodes.loaders.load_by_family import LoadedModel, load_diffusion_model, load_model, load_text_encoder
from nodes.loaders.load_models import load_vae
from tests.nodes.families.gguf_files import write_gguf
from tests.nodes.families.split_files import KINDS, Split, split
from tests.nodes.quantised_files import coded, float8_scaled, int8_rows, save

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- matrix: made by benchmarks.models_matrix -->", "<!-- end of matrix -->"
TEXTS = ["a red star", "blue"]
Cell = Callable[[str, Split, Path], float]


def given(model: LoadedModel) -> list[Tensor]:
    """What every part gives."""
    text = replace(model.text_encoder.encode(TEXTS), away=torch.ones(1))  # to which no family wants more
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(2, model.network.format.channels, 8, 8, generator=draw)
    pixels = torch.rand(1, 3, 32, 32, generator=draw)
    latent = model.vae.encode(Image(pixels))
    said = [part for part in (text.tokens, text.pooled) if part is not None]
    predicted = network_denoiser(model.network).predict(x, torch.tensor(500.0), text)
    return [*said, predicted, latent.samples, model.vae.decode(Latent(latent.samples)).pixels]


def apart(found: list[Tensor], wanted: list[Tensor]) -> float:
    return max(float((one - other).abs().max()) for one, other in zip(found, wanted, strict=True))


def predicted(path: Path, folder: LoadedModel) -> list[Tensor]:
    network, schedule = load_diffusion_model(str(path))
    return given(LoadedModel(folder.text_encoder, network, folder.vae, schedule))


def files(name: str, model: Split, place: Path) -> float:
    texts = dict(zip(("model", "model_2", "model_3", "model_4"), map(str, model.texts), strict=False))
    network, schedule = load_diffusion_model(str(model.network))
    text, vae = load_text_encoder(**texts, family=name), load_vae(str(model.vae), made_for=name)
    return apart(given(LoadedModel(text, network, vae, schedule)), given(load_model(str(model.folder))))


def one_file(name: str, model: Split, place: Path) -> float:
    if model.whole is None:
        raise NodeError("-")
    return apart(given(load_model(str(model.whole))), given(load_model(str(model.folder))))


def quantised(code: Any) -> Cell:
    def cell(name: str, model: Split, place: Path) -> float:
        stored, plain = coded(load_file(model.network), code)
        folder = load_model(str(model.folder))
        found, wanted = (predicted(save(weights, place / f"{which}.safetensors"), folder)
                         for which, weights in (("stored", stored), ("plain", plain)))  # fmt: skip
        return apart(found, wanted)

    return cell


def gguf(name: str, model: Split, place: Path) -> float:
    folder, weights = load_model(str(model.folder)), load_file(model.network)
    meant = write_gguf(place / "network.gguf", "any", weights, {})
    save_file(meant, place / "plain.safetensors")
    return apart(predicted(place / "network.gguf", folder), predicted(place / "plain.safetensors", folder))


CELLS: dict[str, Cell] = {
    "split files": files,
    "one file": one_file,
    "float8, scaled": quantised(float8_scaled),
    "int8": quantised(int8_rows),
    "GGUF Q8_0": gguf,
}


@torch.no_grad()
def row(name: str) -> str:
    """A family's line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        model, cells = split(name, Path(folder)), []
        for number, cell in enumerate(CELLS.values()):
            place = Path(folder) / str(number)
            place.mkdir()
            try:
                cells.append(f"{cell(name, model, place):.1g}")
            except NodeError as error:
                cells.append(str(error))
    return f"| {name} | {' | '.join(cells)} |"


def table(known: str, wanted: Collection[str]) -> str:
    """The table with the rows of ``wanted`` made, and those of other families as the page has them."""
    kept = {line.split("|")[1].strip(): line for line in known.splitlines() if line.startswith("|")}
    lines = [f"| family | {' | '.join(CELLS)} |", "|---" * (len(CELLS) + 1) + "|"]
    for name in KINDS:
        if name in wanted:
            kept[name] = row(name)
            print(kept[name], flush=True)
        if name in kept:
            lines.append(kept[name])
    return "\n".join(lines)


def main() -> None:
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")]
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    known, _, after = rest.partition(END)
    found = table(known, wanted or KINDS)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(f"{before}{BEGIN}\n{found}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
