"""Fixtures of the command line's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    import click


@pytest.fixture
def invoke(config_file: str) -> Callable[..., Any]:
    """Invoke a command of a group with the configuration."""

    def run(group: click.Group, name: str, *arguments: str) -> Any:
        runner = CliRunner(catch_exceptions=False)
        return runner.invoke(group, [name, "--config", config_file, *arguments])

    return run
