"""A look at everything that a run needs, without sending a row."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from target_salesforce_bulk.errors import RequestError, SalesforceBulkError
from target_salesforce_bulk.mapping.resolve import ResolvedStream, resolve_stream
from target_salesforce_bulk.preview.dry_run import DryRun
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from target_salesforce_bulk.mapping.field_map import Column

#: create, upload, close, two polls, three result files.
_CALLS_PER_JOB = 8


class Preflight:
    """Checks a configuration, and prints what it finds to stdout.

    Args:
        target: The target, not opened.
    """

    def __init__(self, target: TargetSalesforceBulk) -> None:
        self._target = target
        self._calls_left = 0
        #: What would fail.
        self.problems: list[str] = []

    def check_org(self) -> None:
        """Log in, and show the org, the user and what is left of its allowances.

        Raises:
            SalesforceError: the org cannot be used.
        """
        client = self._target.client
        client.check_version()
        limits = client.get_json("/limits")
        try:
            user = client.get_json("/services/oauth2/userinfo")
            who = f", user {user.get('preferred_username')}, org {user.get('organization_id')}"
        except RequestError:
            who = ""  # the app may lack the scope that tells
        settings = self._target.settings
        click.echo(f"Logged in to {client.instance_url}{who}, API {settings.api_version}")
        for name, label in (
            ("DailyApiRequests", "API requests"),
            ("DailyBulkApiBatches", "Bulk API batches"),
        ):
            limit = limits.get(name, {"Remaining": 0, "Max": 0})
            click.echo(f"{label}: {limit['Remaining']:,} of {limit['Max']:,} left for today")
        self._calls_left = limits.get("DailyApiRequests", {}).get("Remaining", 0)

    def check_streams(self) -> None:
        """Check the mapping of each stream that the settings name."""
        settings = self._target.settings
        objects = Objects(self._target.client)
        for stream in settings.streams or {}:
            if any(letter in stream for letter in "*?["):
                click.echo(f"\nStream {stream}: a pattern; use --input to check what it matches.")
                continue
            options = settings.for_stream(stream)
            mapping = options.field_mapping or {}
            properties: dict[str, Any] = {
                name.split(".")[0]: {}
                for name, target in mapping.items()
                if not (isinstance(target, dict) and "value" in target)
            }
            self.check_stream(stream, properties, list(properties), options, objects)
        if not settings.streams:
            click.echo("\nNo streams are configured; use --input to check those of a tap.")

    def check_stream(
        self,
        stream: str,
        properties: dict[str, Any],
        key_candidates: list[str],
        options: Any,
        objects: Objects,
    ) -> None:
        """Check one stream; a key that goes to an external ID field is taken for its key."""
        try:
            resolved = _first_that_works(stream, properties, key_candidates, options, objects)
        except SalesforceBulkError as error:
            self.add_problem(str(error))
        else:
            show_stream(stream, resolved)

    def add_problem(self, problem: str) -> None:
        """Show something that would fail."""
        self.problems.append(problem)
        click.echo(f"\nProblem: {problem}")

    def check_input(self, file_input: IO[str]) -> None:
        """Read Singer messages as a run would, and show what would become of them."""
        with tempfile.TemporaryDirectory(prefix="target-salesforce-bulk-check-") as folder:
            run = DryRun(self._target.client, Path(folder))
            reader = TargetSalesforceBulk(config=dict(self._target.config), open_run=lambda *_: run)
            try:
                reader.listen(file_input)
            except SalesforceBulkError as error:
                self.add_problem(str(error))
            finally:
                run.close()
        for stream, resolved in run.resolved.items():
            show_stream(stream, resolved)
        self._show_counts(run)

    def _show_counts(self, run: DryRun) -> None:
        calls = 0
        click.echo()
        for stream, count in run.counts.items():
            calls += _CALLS_PER_JOB * count.jobs
            click.echo(
                f"Stream {stream}: {count.read:,} records, {count.rows:,} rows to be sent in "
                f"{count.jobs:,} jobs of {count.size:,} bytes, {count.merged:,} merged, "
                f"{count.refused:,} refused"
            )
            for (code, message), keys in count.reasons.items():
                shown = ", ".join(keys.sample)
                click.echo(f"  {keys.number:,} x {code}: {message}  [{shown}]")
            if count.refused:
                self.problems.append(f"{count.refused} rows of {stream} would be refused")
        share = f", {100 * calls / self._calls_left:.2f} % of what is left" if calls else ""
        click.echo(f"About {calls:,} API requests{share}")


def _first_that_works(
    stream: str,
    properties: dict[str, Any],
    candidates: list[str],
    options: Any,
    objects: Objects,
) -> ResolvedStream:
    """Without a schema nobody knows the key: one that goes to an external ID field will do."""
    first: SalesforceBulkError | None = None
    for keys in [[], *([name] for name in candidates)]:
        try:
            return resolve_stream(stream, properties, keys, options, objects)
        except SalesforceBulkError as error:
            first = first or error
    raise first or AssertionError(stream)


def show_stream(stream: str, resolved: ResolvedStream) -> None:
    """Print what becomes of a stream's properties."""
    field_map, sobject = resolved.field_map, resolved.sobject
    key = f" by {field_map.key.header}" if field_map.key else ""
    click.echo(f"\nStream {stream} → {sobject.name}, {resolved.operation}{key}")
    rows = [(_source(column), column.header, _type(column)) for column in field_map.columns]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)] if rows else [0, 0]
    for source, header, kind in rows:
        click.echo(f"  {source:{widths[0]}}  →  {header:{widths[1]}}  {kind}")
    for unmapped in field_map.unmapped:
        click.echo(f"  Warning: {unmapped.property} is not loaded: {unmapped.reason}")
    if resolved.operation is Operation.UPSERT:
        filled = {(column.reference or column.field).name for column in field_map.columns}
        missing = [f.name for f in sobject.fields if f.required_on_insert and f.name not in filled]
        if missing:
            click.echo(
                f"  Warning: new records need {', '.join(missing)}, which no property goes to"
            )


def _source(column: Column) -> str:
    return repr(column.constant) if column.path is None else ".".join(column.path)


def _type(column: Column) -> str:
    field = column.field
    length = f"({field.length})" if field.length else ""
    reference = f", looks up {column.parent}" if column.parent else ""
    return f"{field.type}{length}{reference}"
