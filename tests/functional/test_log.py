"""What a user reads: few lines a job, each complete, and nothing that Meltano could not parse."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

#: What Meltano needs to take a line for one of the structured log.
_NEEDED = {"level", "pid", "logger_name", "ts", "thread_name", "app_name", "message"}


@pytest.fixture
def structured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The log configuration that Meltano 4 writes for a plugin with structured logging."""
    formatter = {"()": "singer_sdk.logging.StructuredFormatter"}
    handler = {"class": "logging.StreamHandler", "formatter": "json", "level": "INFO"}
    path = tmp_path / "singer_sdk_logging.json"
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"json": formatter},
                "handlers": {"console": handler},
                "root": {"handlers": ["console"], "level": "INFO"},
            }
        )
    )
    monkeypatch.setenv("SINGER_SDK_LOG_CONFIG", str(path))


@pytest.fixture
def lines(structured: None, org: Emulator, load: Callable[..., Result]) -> list[dict[str, Any]]:
    """The log of a run with three jobs that take a while and one row that fails."""
    org.configure(seconds_per_job=0.3)
    rows = [contact(n) for n in range(60)]
    result = load([schema(), *rows, contact(61, LastName=None)], batch_size_rows=25)
    assert result.code == 1, result.stderr
    return [json.loads(line) for line in result.stderr.splitlines()]


def test_a_run_under_meltano(lines: list[dict[str, Any]]) -> None:
    """Every line is JSON that Meltano parses; ours have a code, and a job has at most six lines.

    The summary is among them, one error ends them, and a metric names its stream in its message.
    """
    counts = [each for each in lines if each.get("metric_info", {}).get("metric") == "record_count"]
    summary = [each["message"] for each in lines if each["extra"].get("code") == "TSB1003"]
    jobs = Counter(line["extra"]["job_id"] for line in lines if "job_id" in line["extra"])
    own = [each for each in lines if each["logger_name"].startswith("target_salesforce_bulk")]
    of_jobs = [each for each in own if each["extra"]["code"].startswith("TSB12")]

    assert [each for each in lines if not each.keys() >= _NEEDED] == []
    assert [each for each in own if "code" not in each["extra"]] == []
    assert (len(jobs), max(jobs.values())) == (3, 5)
    assert [each for each in of_jobs if " of stream Contact " not in each["message"]] == []
    assert [each["message"] for each in lines if "Skipping parse" in each["message"]] == []
    assert Counter(each["message"] for each in own).most_common(1)[0][1] == 1
    assert [each["extra"].get("code") for each in lines][-3:] == ["TSB1003", "TSB1004", "TSB3007"]
    assert summary[1].startswith("stream             read  loaded  failed")
    assert summary[2].startswith("Contact → Contact    61      60       1")
    assert [(each["message"], each["metric_info"]["value"]) for each in counts] == [
        ("METRIC stream=Contact", 61)
    ]


def test_a_stream_that_stops_has_one_error(org: Emulator, load: Callable[..., Result]) -> None:
    """When it stops is a warning; what becomes of its rows is the error at the end."""
    bad = [contact(n, LastName=None) for n in range(40)]
    result = load([schema(), *bad], canary_rows=10, batch_size_rows=10)
    levels = [line.split("|")[1].strip() for line in result.stderr.splitlines() if " | " in line]

    assert (levels.count("ERROR"), levels[-1]) == (1, "ERROR"), result.stderr
    assert result.stderr.count("| Stream Contact stopped: ") == 1
