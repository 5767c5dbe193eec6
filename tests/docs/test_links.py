"""Links lead somewhere."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from docs.pages import PAGES, ROOT, anchors, links, name_of

if TYPE_CHECKING:
    from pathlib import Path


def is_broken(page: Path, link: str) -> bool:
    """Whether a link leads to no file of the repository, or to no heading of its page."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_resolves(page: Path) -> None:
    """To a file of the repository and, if it names a heading, to that."""
    assert [each for each in links(page) if is_broken(page, each)] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    """By links alone."""
    reached: set[Path] = set()
    new = {ROOT / "README.md"}
    while new:
        reached |= new
        paths = {page.parent / link.partition("#")[0] for page in new for link in links(page)}
        new = {each.resolve() for each in paths if each.suffix == ".md"} - reached

    assert {name_of(each) for each in PAGES} - {name_of(each) for each in reached} == set()


def test_the_page_for_a_package_index_has_no_links_into_the_repository() -> None:
    """They lead nowhere there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert links(ROOT / project["readme"]) == []
