"""Histories share the program's modules, which run on shims meanwhile."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from simulation.scene import Scene
from simulation.system import simulated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module", autouse=True)
def _simulated() -> Iterator[None]:
    with simulated():
        yield


@pytest.fixture
def scene(tmp_path: Path) -> Callable[..., Scene]:
    """Make a machine and an org; settings are those of the target."""
    numbers = count()
    return lambda **settings: Scene(tmp_path / f"state-{next(numbers)}", **settings)
