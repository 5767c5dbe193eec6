"""A run becomes events of its beginning and its end."""

from __future__ import annotations

from typing import Any

import pytest
from exported_runs import SETTLED, run_end, started
from openlineage.client.event_v2 import RunState
from openlineage.client.serde import Serde

from target_salesforce_bulk.errors import LoadError
from target_salesforce_bulk.reporting.exports.lineage import LineageEvents

PARENT = "01a21437-2d40-7b6b-9b1f-3b8fb46ce565"


def test_the_events_of_a_run() -> None:
    """One run, one job; the datasets come with the end."""
    events = LineageEvents({"OPENLINEAGE_NAMESPACE": "prod"})
    start = events.start(1_000_000.0)
    events.opened("r1", "https://user@acme.invalid/")
    events.observe(SETTLED)
    events.observe(started(Key__c="key"))
    events.observe(started(Key__c="id"))
    end = events.end(run_end())

    assert (start.eventType, end.eventType) == (RunState.START, RunState.COMPLETE)
    assert start.eventTime == "1970-01-12T13:46:40+00:00"
    assert start.run.runId == end.run.runId
    assert {(each.job.namespace, each.job.name) for each in (start, end)} == {
        ("prod", "target-salesforce-bulk")
    }
    assert (start.inputs, start.outputs) == ([], [])
    ((given,), (taken,)) = (end.inputs, end.outputs)
    assert (given.namespace, given.name) == ("prod", "db-people")
    assert (taken.namespace, taken.name) == ("salesforce://acme.invalid", "Contact")
    assert Serde.to_dict(given)["facets"]["schema"]["fields"][0]["name"] == "id"


@pytest.mark.parametrize(
    ("error", "message"),
    [(LoadError("1 row\nfailed."), "1 row\\nfailed"), (None, "The run was stopped.")],
)
def test_a_run_that_fails(error: Exception | None, message: str) -> None:
    """It says why."""
    end = LineageEvents({}).end(run_end(succeeded=False, error=error))
    facet: Any = (end.run.facets or {})["errorMessage"]

    assert (end.eventType, facet.message) == (RunState.FAIL, message)


def test_the_parent_of_a_run() -> None:
    """A job's name may contain slashes."""
    parent = f"airflow/dag/task/{PARENT}"
    event = LineageEvents({"OPENLINEAGE_PARENT_ID": parent}).start(0)
    facet = Serde.to_dict((event.run.facets or {})["parent"])

    assert (facet["run"]["runId"], facet["job"]["namespace"], facet["job"]["name"]) == (
        PARENT,
        "airflow",
        "dag/task",
    )


@pytest.mark.parametrize("text", ["airflow", "airflow/task", "airflow/task/7"])
def test_a_parent_of_another_form(text: str) -> None:
    """The error names the variable."""
    with pytest.raises(ValueError, match=r"^OPENLINEAGE_PARENT_ID is not of the form"):
        LineageEvents({"OPENLINEAGE_PARENT_ID": text})
