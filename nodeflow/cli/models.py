"""`nodeflow models`: which models there are on this computer, and what a file is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nodeflow.cli.status import refuse, show, tell

if TYPE_CHECKING:
    from nodeflow.library.entries import LibraryEntry
    from nodeflow.library.library import Library
    from nodeflow.library.recognised import Recognised

commands = typer.Typer(help="The models on this computer.", no_args_is_help=True, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@commands.command(name="list")
def list_(
    text: Annotated[list[str] | None, typer.Argument(metavar="[WORD]...", help="Only those with these words.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="Only of this kind, such as lora.")] = "",
    family: Annotated[str, typer.Option("--family", help="Only of this family, such as FLUX.1.")] = "",
    json: AsJson = False,
) -> None:
    """List the models that were found; look first where none ever were."""
    from nodeflow.library.folders import library_roots
    from nodeflow.library.scan import is_plugged

    library = _library()
    if not library.entries:
        library.refresh()
    for root in library_roots():
        if not is_plugged(library.index, root.path):
            tell(f"{_line(str(root.path))} is not there now; what is known of it is kept")
    found = library.search(" ".join(text or []), kind, family)
    if json:
        _write([_told(entry, entry.found) for entry in found])
        return
    for entry in found:
        gone = "  (gone)" if entry.gone else ""
        show(f"{_line(entry.name)}\n    {entry.found.what or 'not known'}{_size(entry.found)}{gone}")
    if not found:
        tell(_nothing(library))


@commands.command()
def scan(
    folder: Annotated[Path | None, typer.Argument(help="A folder to add to the library, then looked through.")] = None,
    json: AsJson = False,
) -> None:
    """Look through the folders for models, and say what is new."""
    from nodeflow.library.folders import library_roots, path_troubles

    if folder is not None:
        _add(folder)
    library = _library()
    found = library.refresh()
    for told in path_troubles():
        tell(told)
    if json:
        import msgspec

        _write({**msgspec.to_builtins(found), "folders": [str(root.path) for root in library_roots()]})
        return
    for root in library_roots():
        state = "  (not there now; what is known of it is kept)" if str(root.path) in found.unplugged else ""
        show(f"{_line(str(root.path))}  [{root.source}]{state}")
    print(
        f"{found.files} models: {found.new} new, {found.changed} changed, {found.gone} gone"
        f"{f', {found.back} back' if found.back else ''}"
    )


@commands.command()
def info(
    file: Annotated[str, typer.Argument(help="A file, a folder, or a name in the library.")],
    json: AsJson = False,
    hash: Annotated[bool, typer.Option("--hash", help="Compute its sha256 too, which reads all of it.")] = False,
) -> None:
    """Say what a model file is, which node takes it and what it lacks. Only its header is read."""
    from nodeflow.library.recognise import recognise

    try:
        path = _path(file)
        found = recognise(path)
        digest = _sha256(path) if hash else ""
    except OSError as error:
        refuse(f"{file} cannot be read: {error.strerror or error}")
    told = _told(None, found) | {"path": str(path)} | ({"sha256": digest, "autov2": digest[:10]} if digest else {})
    if json:
        _write(told)
        return
    show(f"{_line(path.name)} holds {found.what or 'nothing that is known here'}")
    for name in ("family", "precision", "node", "missing", "reason", "sha256"):
        value = told.get(name)
        if value:
            show(f"  {name:<10} {', '.join(value) if isinstance(value, tuple) else value}")
    print(f"  {'size':<10} {found.bytes:,} bytes")


def _sha256(path: Path) -> str:
    from nodeflow.library.library import file_sha256

    return file_sha256(path) if path.is_file() else ""


def _path(file: str) -> Path:
    from nodeflow.library.named import AmbiguousNameError, library_path
    from nodeflow.resources import locate

    path = locate(file, Path.cwd())
    if path is not None:
        return path
    try:
        path = library_path(file)
    except AmbiguousNameError as error:
        refuse(str(error))
    if path is None:
        refuse(f"{file}: there is no such file or folder, and the library has no model of that name")
    return path


def _told(entry: LibraryEntry | None, found: Recognised) -> dict[str, Any]:
    """Return what is told of a model, as plain data."""
    from nodeflow.library.rules import rule_book

    told: dict[str, Any] = {
        "kind": found.kind or "unknown",
        "family": found.family,
        "what": found.what,
        "precision": found.precision,
        "formats": found.formats,
        "bytes": found.bytes,
        "node": found.node,
        "title": rule_book().title(found.node) if found.node else "",
        "nodes": found.nodes,
        "parameter": found.param if found.node else "",
        "missing": found.missing,
        "reason": "" if found.node else found.reason or "no node takes it yet",
    }
    if entry is not None:
        told = {"name": entry.name, "path": entry.path, **told, "title_of_model": entry.title}
        told |= {"triggers": entry.triggers, "preview": entry.preview, "sha256": entry.sha256, "gone": entry.gone}
    return told


def _library() -> Library:
    from nodeflow.library.library import Library

    library = Library()
    if library.index.unkept:
        told = f"the library's index is not kept ({library.index.unkept}); set NODEFLOW_DATA to another folder"
        tell(told)
    if library.index.set_aside is not None:
        tell(f"the library's index was damaged, and lies now at {library.index.set_aside}")
    return library


def _add(folder: Path) -> None:
    """Keep a folder among those of the library."""
    import msgspec

    from nodeflow.library.folders import Root, library_roots, read_settings, write_settings

    place = folder.absolute()
    if not place.exists():
        refuse(f"{folder}: there is no such folder")
    if place.is_file() and place.suffix.lower() not in (".yaml", ".yml"):
        refuse(f"{folder} is a file; name the folder that it lies in")
    if Root(place, "") in [Root(root.path, "") for root in library_roots()]:
        return
    before = read_settings()
    try:
        write_settings(msgspec.structs.replace(before, folders=(*before.folders, str(place))))
    except OSError as error:
        refuse(f"the folder cannot be kept among the settings: {error.strerror or error}")


def _line(name: str) -> str:
    """A name in one line."""
    return " ".join(name.splitlines())


def _nothing(library: Library) -> str:
    if library.entries:
        return "no model is like that"
    return "there are no models; name a folder with: nodeflow models scan FOLDER"


def _size(found: Recognised) -> str:
    parts = [found.precision, f"{found.bytes / 1e9:.2f} GB" if found.bytes else ""]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def _write(data: Any) -> None:
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(data), indent=1).decode())
