"""Streams and objects become datasets, with the way of each column."""

from __future__ import annotations

from typing import Any

from exported_runs import run_end, started
from openlineage.client.serde import Serde

from target_salesforce_bulk.reporting.exports.datasets import input_datasets, output_datasets


def plain(dataset: Any) -> dict[str, Any]:
    """A dataset as it is sent, without the members that every facet has."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: without(each)
                for name, each in value.items()
                if name not in {"_producer", "_schemaURL"} and each != []
            }
        return [without(each) for each in value] if isinstance(value, list) else value

    found: dict[str, Any] = without(Serde.to_dict(dataset))
    return found


def test_a_stream_is_an_input() -> None:
    """By its name in the tap, with all of its properties."""
    (dataset,) = input_datasets([started(Key__c="id", LastName="name")], "prod", run_end())

    assert plain(dataset) == {
        "namespace": "prod",
        "name": "db-people",
        "facets": {
            "schema": {"fields": [{"name": name} for name in ("id", "name", "account.key", "age")]}
        },
        "inputFacets": {"inputStatistics": {"rowCount": 12}},
    }


def source(stream: str, field: str, kind: str = "IDENTITY") -> dict[str, Any]:
    return {
        "namespace": "prod",
        "name": stream,
        "field": field,
        "transformations": [{"type": "DIRECT", "subtype": kind}],
    }


def test_an_object_is_an_output() -> None:
    """It is one even if two streams go there; a constant comes from no property."""
    streams = [started(Key__c="id", LastName="name"), started("staff", LastName="surname")]
    (dataset,) = output_datasets(streams, "prod", "acme.invalid", run_end())

    assert plain(dataset) == {
        "namespace": "salesforce://acme.invalid",
        "name": "Contact",
        "facets": {
            "dataSource": {"name": "salesforce://acme.invalid", "uri": "https://acme.invalid"},
            "schema": {
                "fields": [
                    {"name": "Key__c", "type": "string"},
                    {"name": "LastName", "type": "string"},
                    {"name": "Email", "type": "email"},
                    {"name": "AccountId", "type": "reference"},
                ]
            },
            "columnLineage": {
                "fields": {
                    "Key__c": {"inputFields": [source("db-people", "id")]},
                    "LastName": {
                        "inputFields": [
                            source("db-people", "name"),
                            source("db-staff", "surname"),
                        ]
                    },
                    "AccountId": {
                        "inputFields": [
                            source("db-people", "account.key", "TRANSFORMATION"),
                            source("db-staff", "account.key", "TRANSFORMATION"),
                        ]
                    },
                }
            },
        },
        "outputFacets": {"outputStatistics": {"rowCount": 5}},
    }
