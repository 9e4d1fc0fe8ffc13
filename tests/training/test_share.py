"""The shipped weights: each kept once, and small in all."""

from training.loops.shared_weights import MODELS, equal_files

MAX_BYTES = 100_000_000


def test_equal_weights_are_kept_once() -> None:
    assert equal_files() == [], "python -m training share"


def test_links_lead_to_weights_of_other_starters() -> None:
    links = [path for path in MODELS.rglob("*.safetensors") if path.is_symlink()]
    assert links
    for link in links:
        target = link.resolve(strict=True)
        assert target.is_relative_to(MODELS.resolve())
        assert not link.readlink().is_absolute()


def test_all_weights_are_small() -> None:
    weights = [path for path in MODELS.rglob("*.safetensors") if not path.is_symlink()]
    assert sum(path.stat().st_size for path in weights) < MAX_BYTES
