"""Checks everything that a run needs, without sending a row."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from target_salesforce_bulk.errors import (
    LimitExceededError,
    NoKeyError,
    RequestError,
    SalesforceBulkError,
    UnavailableError,
)
from target_salesforce_bulk.loading.guards.deletes import DeleteGuard
from target_salesforce_bulk.mapping.resolve import ResolvedStream, resolve_stream
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.preview.cost import Cost
from target_salesforce_bulk.preview.dry_run import DryRun
from target_salesforce_bulk.preview.report import count_lines, mapping_lines
from target_salesforce_bulk.printing import print_lines
from target_salesforce_bulk.run import delete_limits
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.salesforce.limits import Allowance, OrgLimits
from target_salesforce_bulk.salesforce.objects import Objects
from target_salesforce_bulk.salesforce.query import QueryApi
from target_salesforce_bulk.salesforce.session import find_session
from target_salesforce_bulk.salesforce.single_record import has_permission
from target_salesforce_bulk.settings import is_glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.settings import Settings, StreamSettings
    from target_salesforce_bulk.singer.listing import Listing


class Reader(Protocol):
    """Reads Singer messages, and passes their rows to a dry run."""

    @property
    def listing(self) -> Listing:
        """Which streams of the input are loaded."""

    def listen(self, file_input: IO[str]) -> None:
        """Read an input to its end."""

    def process_lines(self, file_input: IO[str]) -> Any:
        """Read some lines, which may not be all."""


class Preflight:
    """Checks a configuration, and says what it finds.

    Args:
        settings: The settings.
        client: The connection to the org.
        say: Prints lines.
    """

    def __init__(
        self, settings: Settings, client: Client, say: Callable[..., None] = print_lines
    ) -> None:
        self._settings = settings
        self._client = client
        self._say = say
        self._left = OrgLimits()
        #: Problems that would fail a run.
        self.problems: list[str] = []

    def check_org(self, login: str = "") -> None:
        """Log in; show the org, the user and the remaining API limits.

        Args:
            login: The method that logs in, to be shown as well.

        Raises:
            SalesforceError: the org cannot be used.
        """
        client = self._client
        client.check_version()
        self._left = self._limits()
        session = find_session(client)
        user = session.user and f", user {session.user}"
        kind = session.kind and f"{session.kind} "
        by = login and f", by {login}"
        self._say(
            f"Logged in to {session.url}{user}, {kind}org {session.org_id}{by}, API "
            f"{self._settings.api_version}"
        )
        self._say(_allowance_line("API requests", self._left.api_requests))
        self._say(_allowance_line("Bulk API batches", self._left.bulk_batches))

    def _limits(self) -> OrgLimits:
        """What is left for today; as far as responses tell it if this user may not see more."""
        try:
            limits = self._client.limits()
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError:
            self._client.check_access()  # the reason may be that the user may use no API at all
            limits = OrgLimits()
        usage = self._client.api_usage
        if limits.api_requests is None and usage is not None:
            return replace(limits, api_requests=Allowance(usage.left, usage.allowed))
        return limits

    def check_metrics_file(self) -> None:
        """Check that a run could write its metrics."""
        from target_salesforce_bulk.reporting.exports.metrics_file import problem_of  # takes long

        path = self._settings.metrics_file
        if path is not None and (problem := problem_of(path)):
            self.add_problem(f"metrics_file: {problem}")

    def check_streams(self) -> None:
        """Check the mapping of each stream in the settings, as far as they tell it."""
        objects = Objects(self._client)
        for stream in self._settings.streams or {}:
            if is_glob(stream):
                self._say(
                    "",
                    f"Stream {stream}: a pattern; --catalog or --input checks the streams that it "
                    "matches.",
                )
            else:
                self._check_stream(stream, self._settings.for_stream(stream), objects)
        if not self._settings.streams:
            self._say(
                "", "No streams are configured; --catalog or --input checks the streams of a tap."
            )

    def _check_stream(self, stream: str, options: StreamSettings, objects: Objects) -> None:
        properties: dict[str, Any] = {
            name.split(".")[0]: {}
            for name, target in (options.field_mapping or {}).items()
            if not (isinstance(target, dict) and "value" in target)
        }
        try:
            resolved = _first_that_works(stream, properties, options, objects)
        except NoKeyError as error:
            if options.auto_map:
                self._say(
                    "",
                    f"Stream {stream}: which field is its key depends on the key property of the "
                    "stream; --catalog or --input checks it.",
                )
                if options.deletes == "hard_delete":
                    self._check_hard_delete(stream)
            else:
                self.add_problem(str(error))
        except SalesforceBulkError as error:
            self.add_problem(str(error))
        else:
            self._say("", *mapping_lines(stream, resolved, complete=not options.auto_map))
            if _hard_deletes(resolved):
                self._check_hard_delete(stream)

    def _check_hard_delete(self, stream: str) -> None:
        """Check the permission that describe does not show."""
        if self._may_hard_delete is False:
            self.add_problem(
                f"Stream {stream}: hardDelete needs the permission Bulk API Hard Delete, which "
                "this user lacks. Grant it in Setup > Permission Sets, under System Permissions."
            )
        elif self._may_hard_delete is None:
            self._say("  Whether this user has the permission Bulk API Hard Delete is unknown.")

    @cached_property
    def _may_hard_delete(self) -> bool | None:
        return has_permission(self._client, "BulkApiHardDelete")

    def add_problem(self, problem: str) -> None:
        """Record and show a problem."""
        self.problems.append(problem)
        self._say("", f"Problem: {problem}")

    def check_catalog(
        self, schemas: Iterable[dict[str, Any]], make_reader: Callable[[DryRun], Reader]
    ) -> None:
        """Check the streams of a catalog.

        Args:
            schemas: The SCHEMA message of each stream.
            make_reader: Makes what reads messages.
        """
        with self.dry_run() as run:
            reader = make_reader(run)
            for message in schemas:
                try:
                    reader.process_lines(io.StringIO(json.dumps(message) + "\n"))
                except SalesforceBulkError as error:
                    self.add_problem(str(error))
            self._show_mappings(run)
            for remark in reader.listing.remarks():
                self._say("", remark)

    def check_input(self, file_input: IO[str], make_reader: Callable[[DryRun], Reader]) -> None:
        """Read Singer messages as a run would, and show what it would load.

        Args:
            file_input: The messages.
            make_reader: Makes what reads them.
        """
        with self.dry_run() as run:
            try:
                make_reader(run).listen(file_input)
            except SalesforceBulkError as error:
                self.add_problem(str(error))
            self.show(run)
        for stream, count in run.counts.items():
            if count.refused:
                self.problems.append(
                    f"{counted(count.refused, 'row')} of stream {stream} would be refused"
                )

    @contextmanager
    def dry_run(self) -> Iterator[DryRun]:
        """A dry run with a temporary folder of its own."""
        with tempfile.TemporaryDirectory(prefix="target-salesforce-bulk-check-") as folder:
            guard = DeleteGuard(
                limits=partial(delete_limits, self._settings),
                count=QueryApi(self._client).count,
                hold_seconds=0,
            )
            run = DryRun(self._client, Path(folder), guard)
            try:
                yield run
            finally:
                run.close()

    def show(self, run: DryRun) -> None:
        """Show what a dry run has counted, and record which streams would be stopped."""
        self._show_mappings(run)
        cost = Cost.of(run.counts.values())
        self._say("", *count_lines(run.counts), *cost.lines(self._left))
        for problem in cost.problems(self._left, self._settings.api_usage_limit_percent):
            self.add_problem(problem)
        for count in run.counts.values():
            if count.stopped:
                self.add_problem(count.stopped)

    def _show_mappings(self, run: DryRun) -> None:
        for stream, resolved in run.resolved.items():
            self._say("", *mapping_lines(stream, resolved))
            if _hard_deletes(resolved):
                self._check_hard_delete(stream)


def _hard_deletes(resolved: ResolvedStream) -> bool:
    deletes = resolved.deletes and resolved.deletes.operation
    return Operation.HARD_DELETE in {resolved.operation, deletes}


def _allowance_line(label: str, allowance: Allowance | None) -> str:
    if allowance is None:
        return (
            f"{label}: what is left for today is unknown; to see it, the user needs the permission "
            "View Setup and Configuration"
        )
    return f"{label}: {allowance.left:,} of {allowance.allowed:,} left for today"


def _first_that_works(
    stream: str, properties: dict[str, Any], options: StreamSettings, objects: Objects
) -> ResolvedStream:
    """Without a schema the key is unknown: try none, then each property that may be it."""
    first: SalesforceBulkError | None = None
    for keys in [[], *([name] for name in properties)]:
        try:
            return resolve_stream(
                stream, properties, keys, options, objects, complete=not options.auto_map
            )
        except SalesforceBulkError as error:
            first = first or error
    raise first or AssertionError(stream)
