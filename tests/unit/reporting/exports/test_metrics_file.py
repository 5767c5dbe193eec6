"""The file of metrics is what Prometheus reads, and goes on from run to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from exported_runs import run_end
from prometheus_client.parser import text_string_to_metric_families

from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.reporting.exports import metrics_file
from target_salesforce_bulk.reporting.exports.families import samples
from target_salesforce_bulk.reporting.exports.metrics_file import MetricsFile, problem_of

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "target_salesforce_bulk_"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "salesforce.prom"


def end(path: Path, **changes: Any) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """End a run; what a collector reads then."""
    MetricsFile(path).ended(run_end(**changes))
    return parsed(path)


def parsed(path: Path) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(path.read_text(encoding="utf-8"))
        for sample in family.samples
    }


def value(found: dict[Any, float], name: str, **labels: str) -> float | None:
    return found.get((PREFIX + name, frozenset(labels.items())))


def test_the_file_has_every_sample(path: Path) -> None:
    """And nothing else."""
    expected = {
        (name, frozenset(labels)): number for (name, labels), number in samples(run_end()).items()
    }

    assert end(path) == expected


def test_counters_go_on_and_gauges_do_not(path: Path) -> None:
    """The time of the last success outlives a failed run."""
    end(path)
    found = end(path, succeeded=False, ended_at=2_000_000.0)

    assert value(found, "api_calls_total") == 60
    assert value(found, "runs_total", result="succeeded") == 1
    assert value(found, "runs_total", result="failed") == 1
    assert value(found, "last_run_success") == 0
    assert value(found, "last_run_timestamp_seconds") == 2_000_000.0
    assert value(found, "last_success_timestamp_seconds") == 1_000_000.5


@pytest.mark.parametrize(
    "text",
    [
        "not metrics {",
        "\x00\xff",
        "target_salesforce_bulk_api_calls_total NaN",
        'target_salesforce_bulk_api_calls_total{other="label"} 5',
        "another_metric 1",
    ],
)
def test_what_is_not_ours_does_not_count(path: Path, text: str) -> None:
    """The counters begin anew."""
    path.write_bytes(text.encode("latin-1"))

    assert end(path) == end(path.with_name("fresh.prom"))


def test_a_huge_file_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is replaced."""
    end(path)
    monkeypatch.setattr(metrics_file, "_MOST_BYTES", 10)

    assert value(end(path), "api_calls_total") == 30


def test_hostile_names_stay_in_their_label(path: Path) -> None:
    """Quotes, backslashes and line breaks are escaped."""
    name = 'a"} 1\nx{b="\\'
    found = end(path, streams=(StreamTally(stream=name, sobject="Contact", read=1),))

    label = name.replace("\n", "\\n")
    assert value(found, "records_read_total", stream=label, object="Contact") == 1


def test_the_number_of_labels_is_bounded(path: Path) -> None:
    """Over all runs; what is too much is counted as one."""
    streams = [StreamTally(stream=f"s{place}", sobject="Contact", read=1) for place in range(90)]
    others = [StreamTally(stream=f"t{place}", sobject="Contact", read=1) for place in range(90)]
    end(path, streams=tuple(streams))
    found = end(path, streams=tuple(others))
    read = {labels: number for (name, labels), number in found.items() if "records_read" in name}

    assert len(read) == 101
    assert sum(read.values()) == 180
    assert value(found, "records_read_total", stream="other", object="Contact") == 80


def test_everyone_may_read_it(path: Path) -> None:
    """The collector runs as another user; no draft is left behind."""
    end(path)

    assert path.stat().st_mode & 0o777 == 0o644
    assert [*path.parent.iterdir()] == [path]


def test_a_file_that_cannot_be_replaced(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one stays, and no draft."""
    end(path)
    before = path.read_bytes()

    def fail(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(metrics_file.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        MetricsFile(path).ended(run_end())

    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("file.prom", ""),
        ("folder.prom", "is a folder; metrics_file must be a file in one"),
        ("missing/file.prom", "does not exist; make it, or correct metrics_file"),
    ],
)
def test_a_bad_path_is_found_at_the_start(tmp_path: Path, name: str, problem: str) -> None:
    """Before the run."""
    (tmp_path / "folder.prom").mkdir()
    path = tmp_path / name

    assert problem in problem_of(path)
    if problem:
        with pytest.raises(OSError, match=problem):
            MetricsFile(path)
