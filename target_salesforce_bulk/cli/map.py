"""`target-salesforce-bulk map`: suggest a mapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_salesforce_bulk.mapping.suggest.suggestion import FieldSuggestion, Suggestion

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("map")
def map_group() -> None:
    """Work with the mapping: suggest."""


@map_group.command()
@click.option("--catalog", type=_FILE, required=True, help="Singer catalog of the tap.")
@click.option(
    "--describes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder of describe documents, one JSON file for each object.",
)
@click.option(
    "--samples",
    type=_FILE,
    help='Values of columns: {"<stream>": {"<column>": [<value>, ...]}}.',
)
@click.option(
    "--object",
    "objects",
    multiple=True,
    metavar="STREAM=OBJECT",
    help="Object of a stream. May be given several times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def suggest(
    catalog: Path, describes: Path, samples: Path | None, objects: Sequence[str], *, as_json: bool
) -> None:
    """Suggest object, operation, key and fields for the streams of a catalog, without a login."""
    from target_salesforce_bulk.mapping.suggest.inputs import read_describes, read_samples
    from target_salesforce_bulk.mapping.suggest.suggestion import Suggester
    from target_salesforce_bulk.mapping.suggest.table import Table
    from target_salesforce_bulk.preview.catalog import read_catalog

    values = read_samples(samples)
    messages = read_catalog(catalog)
    tables = [Table.from_schema(each, values.get(each["stream"], {})) for each in messages]
    sobjects = read_describes(describes)
    fixed = _fixed(objects, [each.name for each in tables], [each.name for each in sobjects])
    suggester = Suggester(sobjects)
    found = {each.name: suggester.suggest(each, fixed.get(each.name)) for each in tables}
    if as_json:
        click.echo(json.dumps({name: each.as_json() for name, each in found.items()}, indent=2))
    else:
        print_lines(*(line for name, each in found.items() for line in _report(name, each)))


def _fixed(
    given: Sequence[str], streams: Sequence[str], sobjects: Sequence[str]
) -> Mapping[str, str]:
    pairs = [each.rpartition("=")[::2] for each in given]
    known = {each.lower(): each for each in sobjects}
    for stream, sobject in pairs:
        if stream not in streams:
            raise SettingsError(f"--object names the stream {stream}, which the catalog lacks.")
        if sobject.lower() not in known:
            raise SettingsError(f"--object names {sobject}, of which --describes has no document.")
    return {stream: known[sobject.lower()] for stream, sobject in pairs}


def _report(stream: str, found: Suggestion) -> list[str]:
    if found.object is None:
        return [f"{stream} → no object fits", ""]
    key = f"key {found.key}{_without_field(found)}" if found.key else "no key"
    width = max(map(len, found.fields), default=0)
    lines = [_line(name, each, width) for name, each in found.fields.items()]
    return [f"{stream} → {found.object}, {found.operation}, {key}", *lines, ""]


def _without_field(found: Suggestion) -> str:
    field = found.fields[found.key].field if found.key in found.fields else None
    return "" if field else " (needs an external ID field)"


def _line(name: str, found: FieldSuggestion, width: int) -> str:
    score = f"{found.score:4.0%}" if found.field else "    "
    return f"  {name:{width}}  → {found.field or '-':28}  {score}  {found.reason}"
