"""The datasets of a run for OpenLineage: streams as inputs, objects of the org as outputs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    datasource_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openlineage.client.facet_v2 import DatasetFacet

    from target_salesforce_bulk.loading.events import StreamStarted
    from target_salesforce_bulk.mapping.field_map import Column
    from target_salesforce_bulk.reporting.exports.totals import RunEnd
    from target_salesforce_bulk.salesforce.sobject import Field


def input_datasets(
    streams: Iterable[StreamStarted], namespace: str, end: RunEnd
) -> list[InputDataset]:
    """The streams as the tap calls them, with their properties and the number of records."""
    read = {each.stream: each.read for each in end.streams}
    return [
        InputDataset(
            namespace=namespace,
            name=plain_text(each.tap_stream),
            facets={"schema": _schema((name, None) for name in _properties(each))},
            inputFacets={
                "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet(
                    rowCount=read.get(each.stream, 0)
                )
            },
        )
        for each in streams
    ]


def _properties(stream: StreamStarted) -> list[str]:
    """The properties of a stream, those that are not loaded last."""
    field_map = stream.resolved.field_map
    mapped = (".".join(column.path) for column in field_map.columns if column.path)
    unmapped = (each.property for each in field_map.unmapped)
    return [*dict.fromkeys(map(plain_text, (*mapped, *unmapped)))]


def output_datasets(
    streams: Sequence[StreamStarted], namespace: str, org: str, end: RunEnd
) -> list[OutputDataset]:
    """The objects, with the fields that are written, where their values come from, and rows.

    Args:
        streams: The streams.
        namespace: The namespace of their datasets.
        org: The host of the org.
        end: The run.
    """
    by_object: defaultdict[str, list[StreamStarted]] = defaultdict(list)
    for each in streams:
        by_object[each.resolved.sobject.name].append(each)
    return [
        OutputDataset(
            namespace=f"salesforce://{org}",
            name=name,
            facets=_facets(its_streams, namespace, org),
            outputFacets={
                "outputStatistics": (
                    output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                        rowCount=_loaded(name, end)
                    )
                )
            },
        )
        for name, its_streams in by_object.items()
    ]


def _loaded(sobject: str, end: RunEnd) -> int:
    return sum(
        totals.counts.loaded for load, totals in end.loads.items() if load.sobject == sobject
    )


def _facets(streams: Sequence[StreamStarted], namespace: str, org: str) -> dict[str, DatasetFacet]:
    fields = {field.name: field.type for each in streams for field in _fields(each)}
    return {
        "dataSource": datasource_dataset.DatasourceDatasetFacet(
            name=f"salesforce://{org}", uri=f"https://{org}"
        ),
        "schema": _schema(fields.items()),
        "columnLineage": _column_lineage(streams, namespace),
    }


def _fields(stream: StreamStarted) -> Iterator[Field]:
    yield from map(_written, stream.resolved.field_map.columns)


def _written(column: Column) -> Field:
    """The field that a column fills: the reference itself, where it looks its parent up."""
    return column.field if column.reference is None else column.reference


def _column_lineage(
    streams: Iterable[StreamStarted], namespace: str
) -> column_lineage_dataset.ColumnLineageDatasetFacet:
    """The property of each field; a constant has none."""
    sources: defaultdict[str, list[column_lineage_dataset.InputField]] = defaultdict(list)
    for each in streams:
        for column in each.resolved.field_map.columns:
            if column.path is not None:
                sources[_written(column).name].append(_source(each, column, namespace))
    return column_lineage_dataset.ColumnLineageDatasetFacet(
        fields={
            name: column_lineage_dataset.Fields(inputFields=inputs)
            for name, inputs in sources.items()
        }
    )


def _source(
    stream: StreamStarted, column: Column, namespace: str
) -> column_lineage_dataset.InputField:
    kind = "IDENTITY" if column.reference is None else "TRANSFORMATION"
    return column_lineage_dataset.InputField(
        namespace=namespace,
        name=plain_text(stream.tap_stream),
        field=plain_text(".".join(column.path or ())),
        transformations=[column_lineage_dataset.Transformation(type="DIRECT", subtype=kind)],
    )


def _schema(fields: Iterable[tuple[str, str | None]]) -> schema_dataset.SchemaDatasetFacet:
    return schema_dataset.SchemaDatasetFacet(
        fields=[
            schema_dataset.SchemaDatasetFacetFields(name=name, type=kind) for name, kind in fields
        ]
    )
