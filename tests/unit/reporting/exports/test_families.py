"""A run becomes samples."""

from __future__ import annotations

from exported_runs import failure, run_end

from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.reporting.exports.families import samples


def by_name(**changes: object) -> dict[tuple[str, ...], float]:
    """The samples, with the short name and the values of the labels as key."""
    prefix = "target_salesforce_bulk_"
    return {
        (name.removeprefix(prefix), *(text for _, text in labels)): value
        for (name, labels), value in samples(run_end(**changes)).items()
    }


def test_the_samples_of_a_run() -> None:
    """All of them."""
    load = ("people", "Contact", "upsert")

    assert by_name() == {
        ("runs_total", "succeeded"): 1,
        ("records_read_total", "people", "Contact"): 12,
        ("batches_total", *load): 1,
        ("jobs_total", *load): 1,
        ("rows_total", *load, "loaded"): 5,
        ("rows_total", *load, "failed"): 3,
        ("rows_total", *load, "refused"): 1,
        ("rows_total", *load, "unprocessed"): 2,
        ("rows_total", *load, "merged"): 1,
        ("errors_total", "people", "REQUIRED_FIELD_MISSING"): 3,
        ("api_calls_total",): 30,
        ("api_retries_total",): 2,
        ("api_wait_seconds_total",): 1.5,
        ("session_refreshes_total", "succeeded"): 2,
        ("session_refreshes_total", "failed"): 1,
        ("last_run_timestamp_seconds",): 1_000_000.5,
        ("last_success_timestamp_seconds",): 1_000_000.5,
        ("last_run_success",): 1,
        ("last_run_duration_seconds",): 12.5,
        ("org_api_requests_used",): 40,
        ("org_api_requests_allowed",): 100,
    }


def test_a_failed_run() -> None:
    """It is no success, and says nothing of the last one, nor of what the org did not say."""
    found = by_name(succeeded=False, usage=None)

    assert found["runs_total", "failed"] == 1
    assert found["last_run_success",] == 0
    names = {name for name, *_ in found}
    assert names.isdisjoint({"last_success_timestamp_seconds", "org_api_requests_used"})


def test_labels_are_plain() -> None:
    """Two names that become one are counted together; half a character breaks no encoding."""
    failures = (failure("A", 1, "x\ud800"), failure("A", 2, "x\\ud800"))
    streams = (StreamTally(stream="a\nb", sobject="Contact", read=1),)
    found = by_name(failures=failures, streams=streams)

    assert found["errors_total", "x\\ud800", "A"] == 3
    assert found["records_read_total", "a\\nb", "Contact"] == 1
