"""Fixtures of the loading tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from loading_world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The parts that load, before an org in memory."""
    world = World(tmp_path)
    yield world
    world.loader.stop()
    world.journal.close()
