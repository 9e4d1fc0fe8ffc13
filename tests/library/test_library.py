"""The library: folders of every program, a scan that reads what is new, what a person wrote, names that are found."""

import contextlib
import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from nodeflow.library import index
from nodeflow.library.entries import Own
from nodeflow.library.fitting import Fit, fit
from nodeflow.library.folders import LibrarySettings, Root, library_roots, path_troubles, read_settings, write_settings
from nodeflow.library.index import Index
from nodeflow.library.library import Library
from nodeflow.library.missing import NamedModel, missing_models, reason
from nodeflow.library.named import AmbiguousNameError, library_path, out_of_reach
from nodeflow.library.scan import Scanned
from tests.library.files import write_sparse
from tests.library.layouts.shapes import CHROMA, FLUX, VAE, kohya, qwen_3


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's own data folder, no hub cache, and one folder of models."""
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("NODEFLOW_MODELS", str(tmp_path / "models"))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def test_what_is_new_changed_gone_and_back_is_told(places: Path) -> None:
    library = Library()
    flux = write_sparse(places / "diffusion_models" / "flux.safetensors", FLUX)
    write_sparse(places / "vae" / "ae.safetensors", VAE)
    assert library.refresh() == Scanned(files=2, new=2)
    assert library.refresh() == Scanned(files=2)
    write_sparse(flux, CHROMA)
    assert library.refresh() == Scanned(files=2, changed=1)
    assert [entry.found.family for entry in library.search("flux")] == ["Chroma"]
    kept = flux.rename(places.parent / "elsewhere")
    assert library.refresh() == Scanned(files=1, gone=1)
    assert [entry.gone for entry in library.search("flux")] == [True]
    kept.rename(flux)
    assert library.refresh() == Scanned(files=2, back=1)
    library.close()
    assert len(Library().entries) == 2


def test_a_folder_that_is_unplugged_is_told_and_its_models_are_kept(places: Path) -> None:
    library = Library()
    write_sparse(places / "flux.safetensors", FLUX)
    library.refresh()
    moved = places.rename(places.with_name("unplugged"))
    assert library.refresh().unplugged == (str(places),)
    assert [entry.gone for entry in library.entries] == [False]
    places.mkdir()  # where a disk was, an empty folder stays
    assert library.refresh().unplugged == (str(places),)
    places.rmdir()
    moved.rename(places)
    assert library.refresh() == Scanned(files=1)


@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_program_and_a_file_of_folders_on_an_unplugged_disk_keep_their_models(
    left: str, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which folders they stand for is known on the disk alone."""
    disk, other = tmp_path / "disk", tmp_path / "shared"
    (disk / "models" / "checkpoints").mkdir(parents=True)
    flux = write_sparse(disk / "models" / "unet" / "flux.safetensors", FLUX)
    vae = write_sparse(other / "ae.safetensors", VAE)
    (disk / "extra_model_paths.yaml").write_text(f"mine:\n  base_path: {other}\n  vae: .\n")
    monkeypatch.setenv("NODEFLOW_MODELS", str(disk))
    library = Library()
    assert library.refresh().new == 2
    away = [disk.rename(tmp_path / "unplugged"), other.rename(tmp_path / "not connected")]
    if left != "nothing":
        disk.mkdir()
    assert library.refresh().unplugged == (str(disk),)
    assert [(entry.path, entry.gone) for entry in library.entries] == [(str(flux), False), (str(vae), False)]
    if left != "nothing":
        disk.rmdir()
    for place, moved in zip((disk, other), away, strict=True):
        moved.rename(place)
    assert library.refresh() == Scanned(files=2)
    monkeypatch.setenv("NODEFLOW_MODELS", str(other))
    library.refresh()
    assert [entry.path for entry in library.entries] == [str(vae)]  # nobody names the other any more


def test_a_model_in_an_unplugged_folder_is_told_with_the_folder(places: Path) -> None:
    write_sparse(places / "flux.safetensors", FLUX)
    library = Library()
    library.refresh()
    places.rename(places.with_name("unplugged"))
    assert library_path("flux.safetensors") is None
    assert out_of_reach("flux.safetensors") == str(places)
    assert out_of_reach("other.safetensors") == ""
    named = NamedModel("", "load", "model", "flux.safetensors")
    (missing,) = missing_models([named], library.find, places)
    assert reason(missing).startswith(f"flux.safetensors lies in {places}, which cannot be reached now")


def test_a_folder_that_cannot_even_be_asked_for_is_told(monkeypatch: pytest.MonkeyPatch, places: Path) -> None:
    """As a forbidden one, or a share without connection: the system answers with an error in place of a no."""
    no_answer = Path("/") / ("a" * 5000)
    with pytest.raises(OSError, match="too long"):
        no_answer.is_dir()
    write_sparse(places / "flux.safetensors", FLUX)
    monkeypatch.setenv("NODEFLOW_MODELS", os.pathsep.join([str(no_answer), str(places)]))
    library = Library()
    assert library.refresh() == Scanned(files=1, new=1, unplugged=(str(no_answer),))
    assert library_path("flux.safetensors") == places / "flux.safetensors"


def test_a_damaged_index_is_set_aside_and_made_anew(places: Path) -> None:
    write_sparse(places / "flux.safetensors", FLUX)
    library = Library()
    library.refresh()
    library.close()
    library.index.path.write_bytes(b"no database" * 1000)
    again = Library()
    assert again.index.set_aside is not None and again.index.set_aside.is_file()
    assert again.refresh().new == 1


def test_an_index_that_turns_out_to_be_damaged_is_renewed_with_what_a_person_wrote(places: Path) -> None:
    path = str(write_sparse(places / "flux.safetensors", FLUX))
    library = Library()
    library.refresh()
    library.index.write_own(path, Own(note="mine"))
    with sqlite3.connect(library.index.path) as other:
        other.execute("update files set entry = x'c1'")  # an entry that is none is read from its file again
        other.execute("insert into own values ('other', x'c1')")
    assert Library().entries == []
    assert Library().index.all_own()[path].note == "mine"
    with sqlite3.connect(library.index.path) as other:
        other.execute("drop table files")
    assert library.refresh().new == 1
    assert library.index.set_aside is not None and library.index.set_aside.is_file()
    assert library.index.all_own()[path].note == "mine"


def test_an_index_that_cannot_be_kept_lives_in_memory(
    places: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And one that is only busy is not set aside."""
    write_sparse(places / "flux.safetensors", FLUX)
    (tmp_path / "no folder").write_text("")
    monkeypatch.setenv("NODEFLOW_DATA", str(tmp_path / "no folder"))
    library = Library()
    assert library.index.unkept
    assert library.refresh().new == 1
    assert [entry.name for entry in library.entries] == ["flux.safetensors"]
    monkeypatch.setattr(index, "BUSY_SECONDS", 0.01)
    busy = tmp_path / "busy.sqlite"
    Index(busy).close()
    with contextlib.closing(sqlite3.connect(busy, isolation_level=None)) as other:
        other.execute("pragma journal_mode = delete")
        other.execute("begin exclusive")
        found = Index(busy)
    assert (found.set_aside, bool(found.unkept)) == (None, True)


def test_names_that_are_no_text_are_passed_by(places: Path) -> None:
    path = write_sparse(places / "flux.safetensors", FLUX)
    Path(os.fsdecode(os.fsencode(path) + b"\xff.safetensors")).write_bytes(path.read_bytes())
    library = Library()
    library.refresh()
    assert [entry.name for entry in library.entries] == ["flux.safetensors"]


def test_what_other_programs_lay_beside_a_file_is_read(places: Path) -> None:
    path = write_sparse(places / "a.safetensors", kohya("double_blocks_0_img_attn_qkv"))
    tags = json.dumps({"10_cat": {"cat": 9, "sitting": 3}})
    write_sparse(places / "b.safetensors", FLUX, {"ss_tag_frequency": tags, "modelspec.title": "B"})
    write_sparse(places / "c.safetensors", FLUX, {"modelspec.trigger_phrase": "one, two", "ss_tag_frequency": tags})
    told = {"model": {"name": "A cat"}, "trainedWords": ["ohwx cat"], "description": "<p>For <b>cats</b></p>"}
    path.with_suffix(".civitai.info").write_text(json.dumps(told))
    path.with_suffix(".preview.png").write_bytes(b"\x89PNG")
    library = Library()
    library.refresh()
    a, b, c = library.entries
    assert (a.title, a.triggers, a.description) == ("A cat", ("ohwx cat",), "For cats")
    assert a.preview == str(path.with_suffix(".preview.png"))
    assert (b.title, b.triggers, c.triggers) == ("B", ("cat", "sitting"), ("one", "two"))
    path.with_suffix(".civitai.info").write_text("[" * 100_000)
    assert library.refresh().changed == 1
    assert library.entries[0].title == ""


def test_what_a_person_wrote_stays_when_the_file_goes(places: Path) -> None:
    path = write_sparse(places / "a.safetensors", FLUX)
    library = Library()
    library.refresh()
    library.write(library.entries[0], note="good at hands", tags=("people",))
    library.used(library.entries[0])
    path.unlink()
    library.refresh()
    own = library.own(library.entries[0])
    assert (own.note, own.tags) == ("good at hands", ("people",))
    assert own.used > 0


def test_the_same_file_twice_is_found(places: Path) -> None:
    for name in ("a", "b", "c"):
        write_sparse(places / f"{name}.safetensors", VAE, {"name": "c" if name == "c" else "a"})
    library = Library()
    library.refresh()
    assert [[entry.file_name for entry in group] for group in library.duplicates()] == [
        ["a.safetensors", "b.safetensors"]
    ]
    known = library.entries[0]
    assert len(known.sha256) == 64
    assert [entry.file_name for entry in library.find(known.auto_v2)] == ["a.safetensors", "b.safetensors"]


NAMES = [
    "style/cat.safetensors",
    "style\\cat.safetensors",
    "STYLE/Cat.SafeTensors",
    "cat.safetensors",
    "loras/style/cat.safetensors",
    "anywhere/else/cat.safetensors",
    "cat",
    "cat.ckpt",
    ' "cat.safetensors"',
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_from_a_shared_workflow_is_found(name: str, places: Path) -> None:
    wanted = write_sparse(places / "loras" / "style" / "cat.safetensors", kohya("double_blocks_0_img_attn_qkv"))
    write_sparse(places / "loras" / "dog.safetensors", FLUX)
    assert library_path(name) == wanted


def test_a_name_that_different_files_have_is_a_sentence(places: Path) -> None:
    for folder, layout in (("a", FLUX), ("b", VAE)):
        write_sparse(places / folder / "model.safetensors", layout)
    with pytest.raises(AmbiguousNameError, match=r"2 different models are called model: a/model.*name one with its"):
        library_path("model")
    assert library_path("b/model") == places / "b" / "model.safetensors"
    assert library_path("nothing") is None


def test_the_folders_of_other_programs_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comfy, web, invoke = tmp_path / "ComfyUI", tmp_path / "webui", tmp_path / "invoke"
    for folder in (
        comfy / "models" / "checkpoints",
        web / "models" / "Stable-diffusion",
        web / "embeddings",
        invoke / "models",
    ):
        folder.mkdir(parents=True)
    (invoke / "invokeai.yaml").touch()
    (comfy / "output").mkdir()
    (comfy / "extra_model_paths.yaml").write_text(
        f"shared:\n  base_path: {tmp_path}/disk\n  is_default: true\n  checkpoints: ckpt\n"
        "  loras: |\n    lora\n    more/lora\n"
    )
    monkeypatch.setenv("NODEFLOW_MODELS", os.pathsep.join(map(str, (comfy, web))))
    write_settings(LibrarySettings((str(invoke),)))
    assert read_settings().folders == (str(invoke),)
    assert [(str(root.path.relative_to(tmp_path)), root.source) for root in library_roots()] == [
        ("invoke/models", "InvokeAI"),
        ("ComfyUI/models", "ComfyUI"),
        ("disk/ckpt", "extra_model_paths.yaml"),
        ("disk/lora", "extra_model_paths.yaml"),
        ("disk/more/lora", "extra_model_paths.yaml"),
        ("webui/models", "Stable Diffusion web UI"),
        ("webui/embeddings", "Stable Diffusion web UI"),
    ]
    assert path_troubles() == []
    (comfy / "extra_model_paths.yaml").write_text("a:\n  b: [c: {")
    assert len(library_roots()) == 4
    (told,) = path_troubles()
    assert "extra_model_paths.yaml is no YAML at line 2" in told


def test_a_network_in_several_files_is_one_model(places: Path) -> None:
    folder = places / "text" / "qwen"
    for number in (1, 2):
        write_sparse(folder / f"model-0000{number}-of-00002.safetensors", qwen_3(2560))
    (folder / "config.json").write_text('{"model_type": "qwen3"}')
    write_sparse(places / "alone" / "model.safetensors", VAE)
    (places / "alone" / "config.json").write_text('{"_class_name": "AutoencoderKL"}')
    library = Library()
    library.refresh()
    assert {(entry.name, entry.found.kind) for entry in library.entries} == {
        ("text/qwen", "text encoder"),
        ("alone/model.safetensors", "vae"),
    }
    library.refresh_below([(Root(places, ""), folder)])
    assert len(library.entries) == 2


def test_the_hubs_cache_and_diffusers_folders_are_one_model_each(places: Path, tmp_path: Path) -> None:
    snapshot = tmp_path / "hf" / "hub" / "models--someone--tiny" / "snapshots" / ("0" * 40)
    for folder in (snapshot, places / "mine"):
        (folder / "unet").mkdir(parents=True)
        (folder / "model_index.json").write_text('{"_class_name": "FluxPipeline"}')
        write_sparse(folder / "unet" / "model.safetensors", FLUX)
    library = Library()
    library.refresh()
    assert {(entry.name, entry.found.kind, entry.found.family) for entry in library.entries} == {
        ("someone/tiny", "pipeline", "FLUX.1"),
        ("mine", "pipeline", "FLUX.1"),
    }
    assert library_path("mine") == places / "mine"
    assert library_path("someone/tiny") is None  # a hub id is another kind of name


def test_rules_that_changed_are_asked_again(places: Path) -> None:
    from nodeflow.library.folders import Root
    from nodeflow.library.rules import RuleBook
    from nodeflow.library.scan import scan

    write_sparse(places / "flux.safetensors", FLUX)
    index, roots = Index(), [Root(places, "test")]
    scan(index, roots, rules=RuleBook(version="old"))
    assert [entry.found.kind for entry in index.entries()] == ["unknown"]
    scan(index, roots)
    assert [entry.found.family for entry in index.entries()] == ["FLUX.1"]


def test_links_in_a_ring_come_to_an_end(places: Path) -> None:
    (places / "ring").symlink_to(places)
    write_sparse(places / "flux.safetensors", FLUX)
    library = Library()
    assert library.refresh().files == 1


def test_what_fits_a_parameter_is_told_by_its_nodes_its_kind_and_its_family(places: Path) -> None:
    write_sparse(places / "vae.safetensors", VAE)
    write_sparse(places / "flux.safetensors", FLUX)
    write_sparse(places / "lora.safetensors", kohya("double_blocks_0_img_attn_qkv", columns=3072))
    library = Library()
    library.refresh()
    vae, flux, lora = (library.find(f"{name}.safetensors")[0] for name in ("vae", "flux", "lora"))
    assert fit(vae, vae.found.node, vae.found.param) is Fit.FAMILY
    assert fit(vae, "any.node", "vae_2", ["FLUX.1"]) is Fit.KIND
    assert fit(lora, lora.found.node, "lora", ["FLUX.1"]) is Fit.FAMILY
    assert fit(flux, lora.found.node, "lora", ["FLUX.1"]) is Fit.OTHER


def test_only_the_folder_in_which_something_happened_is_looked_through(places: Path) -> None:
    write_sparse(places / "a" / "one.safetensors", VAE)
    write_sparse(places / "b" / "two.safetensors", VAE)
    (places / "pipe" / "unet").mkdir(parents=True)
    (places / "pipe" / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    library = Library()
    library.refresh()
    root = library_roots()[0]
    write_sparse(places / "a" / "deep" / "three.safetensors", VAE)
    write_sparse(places / "b" / "four.safetensors", VAE)
    write_sparse(places / "pipe" / "unet" / "diffusion_pytorch_model.safetensors", VAE)
    library.refresh_below([(root, places / "a"), (root, places / "pipe" / "unet")])
    names = [entry.name for entry in library.entries if not entry.gone]
    assert names == ["a/deep/three.safetensors", "a/one.safetensors", "b/two.safetensors", "pipe"]
    shutil.rmtree(places / "a" / "deep")
    library.refresh_below([(root, places / "a" / "deep")])
    assert [entry.name for entry in library.entries if entry.gone] == ["a/deep/three.safetensors"]
