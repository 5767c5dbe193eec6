"""A run becomes counters."""

from __future__ import annotations

from typing import Any

from exported_runs import KEPT, SETTLED, run_end
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from target_salesforce_bulk.reporting.exports.counters import Counters


def test_the_counters_of_a_run() -> None:
    """With their units, labels and values."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    counters = Counters(provider.get_meter("t"))
    counters.observe(SETTLED)
    counters.observe(KEPT)
    counters.ended(run_end())
    load = ("people", "Contact", "upsert")

    assert collected(reader) == {
        "rows": (
            "{row}",
            {
                (*load, "loaded"): 5,
                (*load, "failed"): 3,
                (*load, "refused"): 1,
                (*load, "merged"): 1,
                (*load, "unprocessed"): 2,
            },
        ),
        "batches": ("{batch}", {load: 1}),
        "jobs": ("{job}", {load: 1}),
        "batch.duration": ("s", {load: 4.0}),
        "runs": ("{run}", {("succeeded",): 1}),
        "records_read": ("{record}", {("people", "Contact"): 12}),
        "errors": ("{row}", {("people", "REQUIRED_FIELD_MISSING"): 3}),
        "api_calls": ("{request}", {(): 30}),
        "api_retries": ("{request}", {(): 2}),
        "api_wait": ("s", {(): 1.5}),
        "session_refreshes": ("{refresh}", {("succeeded",): 2, ("failed",): 1}),
        "org_api_requests.used": ("{request}", {(): 40}),
        "org_api_requests.allowed": ("{request}", {(): 100}),
    }
    provider.shutdown()


def collected(reader: InMemoryMetricReader) -> dict[str, tuple[str, dict[tuple[Any, ...], float]]]:
    """Each metric by its short name: its unit, and its values by the values of their labels."""
    data = reader.get_metrics_data()
    assert data is not None
    metrics = data.resource_metrics[0].scope_metrics[0].metrics
    found: dict[str, tuple[str, dict[tuple[Any, ...], float]]] = {}
    for each in metrics:
        points: Any = each.data.data_points
        found[each.name.removeprefix("target_salesforce_bulk.")] = (
            each.unit or "",
            {
                tuple(point.attributes.values()): getattr(point, "value", None)
                if hasattr(point, "value")
                else point.sum
                for point in points
            },
        )
    return found
