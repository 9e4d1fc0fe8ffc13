"""``nodeflow cache``: the results that are kept on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from nodeflow.cli.status import refuse, show

if TYPE_CHECKING:
    from nodeflow.engine.cache.disk_store import DiskStore

commands = typer.Typer(help="Results that are kept on disk.", no_args_is_help=True, rich_markup_mode=None)


def _disk() -> DiskStore:
    from nodeflow.engine.cache.disk_store import DiskStore

    disk = DiskStore.of_user()
    if disk is None:
        from nodeflow.resources import cache_folder

        refuse(f"the cache folder {cache_folder()} cannot be used; set NODEFLOW_CACHE to another one")
    if disk.held:
        refuse(f"another program holds the index of {disk.folder}; end it, or wait until it is done")
    return disk


@commands.command()
def info() -> None:
    """Say where results are kept, and how many."""
    found = _disk().info()
    show(f"{found.folder}\n{found.results} results, {found.bytes / 1e6:.1f} MB of {found.budget / 1e6:.0f} MB")


@commands.command()
def clear() -> None:
    """Forget every result."""
    from nodeflow.engine.cache.disk_store import DiskStore, empty
    from nodeflow.resources import cache_folder

    folder = cache_folder() / "results"
    try:
        empty(folder)  # on a full disk nothing can be opened before something is gone
        disk = DiskStore.of_user()
        if disk is not None:
            disk.clear()
    except OSError as error:
        refuse(f"cannot empty {folder}: {error.strerror or error}")
    show(f"{folder} is empty")


@commands.command()
def verify() -> None:
    """Read every result; what is damaged goes."""
    whole, damaged = _disk().verify()
    print(f"{whole} results are whole, {damaged} were not and are gone")
