"""Every ready-made workflow has its image, on the start page, on the page that lists them and in the README."""

from benchmarks.workflow_pictures import page, with_gallery
from nodeflow.app.start_page.bundled_workflows import shelves
from nodeflow.resources import folder


def test_every_workflow_has_its_picture() -> None:
    assert [ready.name for shelf in shelves() for ready in shelf.workflows if not ready.picture.is_file()] == []


def test_the_pages_are_those_that_the_script_writes() -> None:
    assets = folder("assets")
    readme = (assets.parent / "README.md").read_text(encoding="utf-8")
    assert readme.count("<img src=") == sum(len(shelf.workflows) for shelf in shelves())
    assert with_gallery(readme) == readme
    assert page() == (assets / "workflows" / "README.md").read_text(encoding="utf-8")
