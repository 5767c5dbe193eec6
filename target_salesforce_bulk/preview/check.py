"""Checks everything that a run needs, without sending a row."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.errors import RequestError, SalesforceBulkError
from target_salesforce_bulk.mapping.resolve import ResolvedStream, resolve_stream
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.preview.dry_run import DryRun
from target_salesforce_bulk.printing import print_lines
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.settings import is_glob
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from target_salesforce_bulk.mapping.field_map import Column

#: create, upload, close, two polls, three result files.
_CALLS_PER_JOB = 8


class Preflight:
    """Checks a configuration and prints the findings to stdout.

    Args:
        target: The target; it is not opened.
    """

    def __init__(self, target: TargetSalesforceBulk) -> None:
        self._target = target
        self._calls_left = 0
        #: Problems that would fail a run.
        self.problems: list[str] = []

    def check_org(self) -> None:
        """Log in; show the org, the user and the remaining API limits.

        Raises:
            SalesforceError: the org cannot be used.
        """
        client = self._target.client
        client.check_version()
        limits = client.get_object("/limits")
        try:
            user = client.get_object("/services/oauth2/userinfo")
            who = f", user {user.get('preferred_username')}, org {user.get('organization_id')}"
        except RequestError:
            who = ""  # the app may lack the scope
        settings = self._target.settings
        print_lines(f"Logged in to {client.instance_url}{who}, API {settings.api_version}")
        for name, label in (
            ("DailyApiRequests", "API requests"),
            ("DailyBulkApiBatches", "Bulk API batches"),
        ):
            left, allowed = _allowance(limits, name)
            print_lines(f"{label}: {left:,} of {allowed:,} left for today")
        self._calls_left, _ = _allowance(limits, "DailyApiRequests")

    def check_streams(self) -> None:
        """Check the mapping of each stream in the settings."""
        settings = self._target.settings
        objects = Objects(self._target.client)
        for stream in settings.streams or {}:
            if is_glob(stream):
                print_lines(
                    "",
                    f"Stream {stream}: a glob; use --input to check the streams that it matches.",
                )
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
            print_lines("", "No streams are configured; use --input to check the streams of a tap.")

    def check_stream(
        self,
        stream: str,
        properties: dict[str, Any],
        key_candidates: list[str],
        options: Any,
        objects: Objects,
    ) -> None:
        """Check one stream; a property that maps to an external ID field counts as its key."""
        try:
            resolved = _first_that_works(stream, properties, key_candidates, options, objects)
        except SalesforceBulkError as error:
            self.add_problem(str(error))
        else:
            show_stream(stream, resolved)

    def add_problem(self, problem: str) -> None:
        """Record and show a problem."""
        self.problems.append(problem)
        print_lines("", f"Problem: {problem}")

    def check_input(self, file_input: IO[str]) -> None:
        """Read Singer messages as a run would, and show what it would load."""
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
        print_lines("")
        for stream, count in run.counts.items():
            calls += _CALLS_PER_JOB * count.jobs
            print_lines(
                f"Stream {stream}: {count.read:,} records, {count.rows:,} rows to be sent in "
                f"{count.jobs:,} jobs of {count.size:,} bytes, {count.merged:,} merged, "
                f"{count.refused:,} refused"
            )
            for (code, message), keys in count.reasons.items():
                shown = ", ".join(keys.sample)
                print_lines(f"  {keys.number:,} x {code}: {message}  [{shown}]")
            if count.refused:
                self.problems.append(f"{count.refused} rows of stream {stream} would be refused")
        share = f", {100 * calls / self._calls_left:.2f} % of the remaining limit" if calls else ""
        print_lines(f"About {calls:,} API requests{share}")


def _allowance(limits: dict[str, Any], name: str) -> tuple[int, int]:
    """What is left of an allowance, and the whole of it; zeros where Salesforce does not tell."""
    match limits.get(name):
        case {"Remaining": int(left), "Max": int(allowed)}:
            return left, allowed
    return 0, 0


def _first_that_works(
    stream: str,
    properties: dict[str, Any],
    candidates: list[str],
    options: Any,
    objects: Objects,
) -> ResolvedStream:
    """Without a schema the key is unknown: try none, then each property that may be it."""
    first: SalesforceBulkError | None = None
    for keys in [[], *([name] for name in candidates)]:
        try:
            return resolve_stream(stream, properties, keys, options, objects)
        except SalesforceBulkError as error:
            first = first or error
    raise first or AssertionError(stream)


def show_stream(stream: str, resolved: ResolvedStream) -> None:
    """Print the field map of a stream."""
    field_map, sobject = resolved.field_map, resolved.sobject
    key = f" by {field_map.key.header}" if field_map.key else ""
    print_lines("", f"Stream {stream} → {sobject.name}, {resolved.operation}{key}")
    rows = [
        (plain_text(_source(column)), column.header, _type(column)) for column in field_map.columns
    ]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)] if rows else [0, 0]
    for source, header, kind in rows:
        print_lines(f"  {source:{widths[0]}}  →  {header:{widths[1]}}  {kind}")
    for unmapped in field_map.unmapped:
        print_lines(f"  Warning: {unmapped.property} is not loaded: {unmapped.reason}")
    if resolved.operation is Operation.UPSERT:
        filled = {(column.reference or column.field).name for column in field_map.columns}
        missing = [f.name for f in sobject.fields if f.required_on_insert and f.name not in filled]
        if missing:
            print_lines(
                f"  Warning: new records need {', '.join(missing)}, but no property maps to them"
            )


def _source(column: Column) -> str:
    return repr(column.constant) if column.path is None else ".".join(column.path)


def _type(column: Column) -> str:
    field = column.field
    length = f"({field.length})" if field.length else ""
    reference = f", looks up {column.parent}" if column.parent else ""
    return f"{field.type}{length}{reference}"
