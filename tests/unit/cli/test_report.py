"""The `report` command."""

from __future__ import annotations

import stat
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner
from sample_batches import org_folder
from sample_reports import RUN, big, make_report, tiny

from target_salesforce_bulk.cli.report import report_group
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.reporting.report.files import write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("process_state")

LATER = "20261125T033524Z-0aaa"


@pytest.fixture
def run(config_file: str) -> Callable[..., Any]:
    """Invoke the group with words, and with the configuration after them."""

    def run(*words: str) -> Any:
        runner = CliRunner(catch_exceptions=False)
        return runner.invoke(report_group, [*words, "--config", config_file])

    return run


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """The folder with the reports of two runs."""
    folder = org_folder(tmp_path / "state")
    write_report(folder, big())
    return write_report(folder, make_report(5, run=LATER)).parent


@pytest.mark.parametrize(
    ("words", "name"), [((), LATER), (("latest",), LATER), ((RUN,), RUN), (("20261124",), RUN)]
)
def test_the_page_of_a_run(run: Any, reports: Path, words: tuple[str, ...], name: str) -> None:
    """Of the newest, or of the one that is named; private, next to the facts, and named."""
    lines = run(*words).stdout.splitlines()
    path = reports / f"{name}.html"

    assert lines[1:] == [str(path)]
    assert f"Run {name}," in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("reports")
def test_another_file(run: Any, tmp_path: Path) -> None:
    """With the answer as the first line; nothing is opened."""
    path = tmp_path / "page.html"
    done = run("latest", "--output", str(path))

    assert done.stdout.splitlines() == [
        "Nothing to load: no records were read in 5.0 s.",
        str(path),
    ]
    assert path.read_text().startswith("<!doctype html>")


def test_a_browser(run: Any, reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page is opened if that is asked for."""
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    run(RUN)
    run(RUN, "--open")

    assert opened == [(reports / f"{RUN}.html").as_uri()]


@pytest.mark.usefixtures("reports")
def test_the_extra_is_missing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names it; lists and comparisons work without it."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "pygal", None)
    with pytest.raises(SettingsError, match=r"install target-salesforce-bulk\[report\]"):
        run()

    assert [run("list").exit_code, run("diff", RUN).exit_code] == [0, 0]


@pytest.mark.usefixtures("reports")
def test_list(run: Any) -> None:
    """The newest first, as many as are asked for."""
    lines = run("list").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["run", LATER, RUN]
    assert run("list", "--number", "1").stdout.split().count(LATER) == 1
    assert RUN not in run("list", "--number", "1").stdout


def test_diff(run: Any, tmp_path: Path) -> None:
    """Each fact of both runs, with a mark where they differ."""
    folder = org_folder(tmp_path / "state")
    write_report(folder, tiny())
    write_report(folder, make_report(3.4, run=LATER))
    lines = run("diff", RUN, "latest").stdout.splitlines()

    assert lines[0].split() == ["what", RUN, LATER, "changed"]
    assert lines[1].split() == ["time", "Duration", "3.4", "s", "3.4", "s"]
    assert lines[-1].split() == ["cost", "API", "calls", "8", "0", "*"]


def test_no_run(run: Any, tmp_path: Path) -> None:
    """Neither a folder of an org nor a report in it."""
    with pytest.raises(SettingsError, match="No run has left anything"):
        run()
    org_folder(tmp_path / "state")
    with pytest.raises(SettingsError, match="no run has ended yet"):
        run()

    assert run("list").stdout == "No reports.\n"
