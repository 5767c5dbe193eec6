"""The last runs, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sample_reports import RUN, big, make_report, tiny

from target_salesforce_bulk.reporting.history import aligned, history, history_table, reported
from target_salesforce_bulk.reporting.report.files import write_report

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "20261123T033524Z-0aaa"


def noted(run: str, **changes: Any) -> dict[str, Any]:
    """What the journal has of a run."""
    facts = {
        "id": run,
        "started_at": "2026-11-24T03:35:24.123+00:00",
        "left_at": "2026-11-24T03:35:29.123+00:00",
        "seconds": 5.0,
        "loaded": 3,
        "not_loaded": 1,
        "jobs": 2,
    }
    return facts | changes


def test_a_run_with_its_report(tmp_path: Path) -> None:
    """The report has everything."""
    path = write_report(tmp_path, tiny())

    assert history([noted(RUN)], tmp_path) == [
        {
            "run": RUN, "started_at": "2026-11-24T03:35:24.000+00:00", "seconds": 3.4, "read": 1,
            "loaded": 1, "not_loaded": 0, "jobs": 1, "api_calls": 8, "verdict": "succeeded",
            "report": str(path),
        }
    ]  # fmt: skip


def test_a_run_without_a_report(tmp_path: Path) -> None:
    """The journal has what it noted; a run that was killed has no end, and none that is known."""
    runs = [noted(RUN, left_at=None, seconds=None), noted(OTHER)]
    damaged = tmp_path / "reports" / f"{OTHER}.json"
    damaged.parent.mkdir()
    damaged.write_text("{")

    assert [
        (each["loaded"], each["api_calls"], each["verdict"]) for each in history(runs, tmp_path)
    ] == [(3, None, "killed"), (3, None, None)]


def test_reports_alone(tmp_path: Path) -> None:
    """The newest first, as many as are asked for."""
    for run in (OTHER, RUN):
        write_report(tmp_path, make_report(run=run))

    assert [each["run"] for each in reported(tmp_path, 5)] == [RUN, OTHER]
    assert [each["run"] for each in reported(tmp_path, 1)] == [RUN]


def test_the_table(tmp_path: Path) -> None:
    """Texts to the left, numbers to the right; what is not known is a dash."""
    write_report(tmp_path, big())
    runs = [noted(RUN), noted(OTHER, left_at=None, seconds=None), noted("r3")]

    assert history_table(history(runs, tmp_path)) == [
        "run                    started                 took     read   loaded  failed  jobs  "
        "API calls  outcome",
        "20261124T033524Z-9b70  2026-11-24T03:35:24Z  32 min  854,130  852,471   1,659    60  "
        "    1,123  Succeeded",
        "20261123T033524Z-0aaa  2026-11-24T03:35:24Z       -        -        3       1     2  "
        "        -  Killed, or under way",
        "r3                     2026-11-24T03:35:24Z   5.0 s        -        3       1     2  "
        "        -  -",
    ]


def test_alignment() -> None:
    """By the longest cell of each column, without spaces at the end of a line."""
    assert aligned([("a", "b"), ("long", "1"), ("", "22")], texts={"a"}) == [
        "a      b",
        "long   1",
        "      22",
    ]
