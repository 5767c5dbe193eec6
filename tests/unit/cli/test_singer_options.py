"""What is declared in place of the SDK is what the SDK declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from target_salesforce_bulk.cli.app import program
from target_salesforce_bulk.cli.singer_options import NAME
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click


def declared(options: Sequence[click.Parameter]) -> list[dict[str, Any]]:
    """All that click knows of options, except what it calls."""
    return [
        {**each.to_info_dict(), "is_eager": each.is_eager, "expose_value": each.expose_value}
        for each in options
    ]


def test_the_options_are_those_of_the_sdk() -> None:
    """In their order, with their types, defaults and help; after them comes one of ours."""
    theirs = TargetSalesforceBulk.get_singer_command()

    *sdk, own = program.params
    assert (declared(sdk), own.name) == (declared(theirs.params), "progress")
    assert program.name == theirs.name == TargetSalesforceBulk.name == NAME


@pytest.mark.usefixtures("process_state")
def test_the_version_is_printed_as_the_sdk_prints_it() -> None:
    """With that of the SDK."""
    ours, theirs = (
        CliRunner().invoke(each, ["--version"])
        for each in (program, TargetSalesforceBulk.get_singer_command())
    )

    assert (ours.exit_code, ours.output) == (0, theirs.output)
    assert ours.output.startswith(f"{NAME} v")
