"""`target-salesforce-bulk map`: suggest a mapping, write it to a file, and test it."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.mapping_sources import SourceOptions, read_sources, source_options
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.mapping.suggest.suggestion import FieldSuggestion, Suggestion


@click.group("map")
def map_group() -> None:
    """Work with the mapping: suggest it, edit it in the browser, and test it."""


@map_group.command()
@source_options
@click.option(
    "--write",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="meltano.yml or config.json to write the suggestions to. What is set there already stays.",
)
@click.option("--diff", is_flag=True, help="Show what --write would change, and write nothing.")
@click.option(
    "--min-score",
    type=click.FloatRange(0, 1),
    default=0.7,
    show_default=True,
    help="Score from which --write writes the field of a column.",
)
@click.option(
    "--plugin",
    default="target-salesforce-bulk",
    show_default=True,
    help="Loader of meltano.yml whose settings are written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def suggest(
    path: Path | None,
    min_score: float,
    plugin: str,
    *,
    diff: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Suggest object, operation, key and fields for the streams of a tap, and send nothing.

    The streams come from --catalog, --input or --tap, the objects from the org or --describes.
    """
    from target_salesforce_bulk.cli.map_writing import WrittenStreams, write
    from target_salesforce_bulk.mapping.mapping_file import MappingFile
    from target_salesforce_bulk.mapping.proposal import propose

    options = SourceOptions(**given)
    if diff and path is None:
        raise click.UsageError("--diff shows what --write FILE would change. Give both.")
    file = None if path is None else MappingFile.read(path, plugin)
    written = WrittenStreams(file)
    sources = read_sources(options, written.objects)
    fixed = written.decided(options.fixed, sources)
    proposals = {
        each.name: propose(
            each,
            sources.sobjects,
            written.of(each.name),
            fixed.get(each.name),
            min_score,
            completes_key=file is not None,
            words=sources.words,
        )
        for each in sources.tables
    }
    if sources.remarks:
        print_lines(*sources.remarks, err=True)
    if not diff:
        _print({name: each.suggestion for name, each in proposals.items()}, as_json=as_json)
    if file is not None:
        write(file, sources, proposals, only_diff=diff, say=partial(print_lines, err=as_json))


def _print(found: Mapping[str, Suggestion], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({name: each.as_json() for name, each in found.items()}, indent=2))
    else:
        print_lines(*(line for name, each in found.items() for line in _report(name, each)))


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
