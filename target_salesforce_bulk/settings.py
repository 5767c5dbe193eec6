"""Every setting: declared once, typed once, documented once.

The fields of :class:`Settings` are the source of the JSON schema that ``--about`` prints and the
SDK validates a configuration against. ``streams`` holds one :class:`StreamSettings` per stream name
or glob; whatever an entry leaves out falls back to the top-level setting of the same name.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from target_salesforce_bulk.configuration.declared import properties_schema, setting, typed_values
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.patterns import check_pattern
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

#: The stream that `meltano config test` sends its record to.
CONNECTION_TEST_STREAM = "meltano_test_stream"

AuthMethod = Literal[
    "access_token", "client_credentials", "jwt_bearer", "password", "refresh_token", "sf_cli"
]
UnmappedFields = Literal["warn", "ignore", "error"]
EmptyCells = Literal["clear", "ignore"]
TooLong = Literal["reject", "truncate"]
SaveResults = Literal["failed", "all"]
CsvFormulas = Literal["escape", "keep"]
Deletes = Literal["ignore", "delete", "hard_delete"]
UnlistedStreams = Literal["error", "skip", "load"]

#: Characters of a value that is shown.
_LONGEST_VALUE = 1_000

_GLOB = frozenset("*?[")

_OVERRIDE = "Overrides the top-level setting of the same name."


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """Settings of one stream, or of every stream that a glob matches.

    `Settings.for_stream` fills in the top-level values, so the type of a setting that has a
    default there does not include None.
    """

    object: str | None = setting(
        "Salesforce object to load the stream into, such as Contact or Invoice__c. Default: "
        "the object with the stream's name or, for a stream named schema-table, with the "
        "table's name."
    )
    operation: Operation = setting(_OVERRIDE)
    external_id_field: str | None = setting(
        "Field that identifies the record a row belongs to. Default for upsert: the field that "
        "the stream's single key property maps to."
    )
    field_mapping: dict[str, Any] | None = setting(
        "Salesforce field for each property. Map a property to null or an empty string to "
        "leave it out."
    )
    auto_map: bool = setting(_OVERRIDE)
    unmapped_fields: UnmappedFields = setting(_OVERRIDE)
    nulls: EmptyCells = setting(_OVERRIDE)
    empty_strings: EmptyCells = setting(_OVERRIDE)
    too_long: TooLong = setting(_OVERRIDE)
    validate_rows: bool = setting(_OVERRIDE)
    batch_size_rows: int | None = setting(_OVERRIDE, minimum=1)
    assignment_rule_id: str | None = setting(
        "ID of the assignment rule to apply to Leads or Cases."
    )
    deletes: Deletes = setting(_OVERRIDE)
    max_deletes: int | None = setting(_OVERRIDE, minimum=0)
    max_delete_percent: float = setting(_OVERRIDE, minimum=0, maximum=100)

    @property
    def accepted_deletes(self) -> frozenset[Operation]:
        """The operations that may delete records of the stream; the Recycle Bin is the milder."""
        if Operation.HARD_DELETE is self.operation or self.deletes == "hard_delete":
            return frozenset({Operation.DELETE, Operation.HARD_DELETE})
        if Operation.DELETE is self.operation or self.deletes == "delete":
            return frozenset({Operation.DELETE})
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a user can set."""

    login_url: str = setting(
        "Login server: https://login.salesforce.com, https://test.salesforce.com for a "
        "sandbox, or the org's My Domain URL (required for client credentials).",
        default="https://login.salesforce.com",
    )
    auth_method: AuthMethod | None = setting(
        "How to log in. Default: the method whose credentials are set. client_id and "
        "client_secret may be set beside those of another one."
    )
    client_id: str | None = setting("Consumer key of the connected app or external client app.")
    client_secret: str | None = setting("Consumer secret of the app.", secret=True)
    refresh_token: str | None = setting("OAuth refresh token.", secret=True)
    username: str | None = setting("Username of the user to log in as, by JWT or by password.")
    private_key: str | None = setting(
        "Private key (RSA, PEM) that belongs to the app's certificate, to log in by JWT.",
        secret=True,
    )
    private_key_path: Path | None = setting(
        "File with that key, instead of private_key. ~ and $VARIABLES are expanded."
    )
    private_key_passphrase: str | None = setting(
        "Passphrase of the key, if it is encrypted.", secret=True
    )
    password: str | None = setting(
        "Password of the user. Salesforce ends this login on 2027-02-20.", secret=True
    )
    security_token: str | None = setting(
        "Security token of the user, if the login by password needs one.", secret=True
    )
    sf_cli_target_org: str | None = setting(
        "Username or alias of an org that the Salesforce CLI is logged in to. Default with "
        "auth_method sf_cli: the CLI's default org."
    )
    access_token: str | None = setting(
        "OAuth access token or session ID. Requires instance_url; cannot be renewed.",
        secret=True,
    )
    instance_url: str | None = setting(
        "URL of the org, such as https://acme.my.salesforce.com. Only used with access_token."
    )
    api_version: str = setting(
        "Salesforce API version.", default="67.0", pattern=r"^[0-9]{2,3}\.0$"
    )
    streams: dict[str, dict[str, Any]] = setting(
        "Settings for individual streams, by stream name or glob. If several entries match a "
        "stream, the most specific one that contains a setting wins.",
        default=None,
    )
    unlisted_streams: UnlistedStreams = setting(
        "What to do with a stream without an entry in streams, unless streams is empty: stop "
        "(error), leave it out (skip), or load it into the object with its name (load).",
        default="error",
    )
    operation: Operation = setting(
        "Operation of the jobs, unless the stream has its own. delete and hardDelete are "
        "accepted only in an entry with the exact name of a stream.",
        default=Operation.UPSERT,
    )
    auto_map: bool = setting(
        "Map properties to fields of the same name, ignoring case and underscores.",
        default=True,
    )
    unmapped_fields: UnmappedFields = setting(
        "What to do with a property that maps to no field: warn once, ignore it, or stop (error).",
        default="warn",
    )
    nulls: EmptyCells = setting(
        "What a null does to its field: clear it, or leave it unchanged (ignore).", default="clear"
    )
    empty_strings: EmptyCells = setting(
        "What an empty string does to its field: clear it, or leave it unchanged (ignore).",
        default="clear",
    )
    too_long: TooLong = setting(
        "What to do with text that is longer than its field: reject the row, or truncate the text.",
        default="reject",
    )
    validate_rows: bool = setting(
        "Check each row against the object's fields first, and reject invalid rows without "
        "sending them.",
        default=True,
    )
    deletes: Deletes = setting(
        "What to do with a record that has _sdc_deleted_at: load it like any other (ignore), "
        "or delete the Salesforce record with the same key (delete, or hard_delete to bypass the "
        "Recycle Bin).",
        default="ignore",
    )
    allow_hard_delete: bool = setting(
        "Accept hardDelete and hard_delete, which bypass the Recycle Bin.", default=False
    )
    max_deletes: int | None = setting(
        "Stop a stream that would delete more than this many records in one run, before its "
        "first delete job where possible. Default: no limit.",
        minimum=0,
    )
    max_delete_percent: float = setting(
        "Stop a stream that would delete more than this percentage of the object's records, if "
        "there are at least 100. Set it to 100 for no limit.",
        default=10,
        minimum=0,
        maximum=100,
    )
    max_job_bytes: int = setting(
        "Maximum size of a job's CSV, in bytes. Salesforce recommends at most 100,000,000.",
        default=100_000_000,
        minimum=1_000,
        maximum=150_000_000,
    )
    batch_size_rows: int | None = setting(
        "Maximum number of rows per job. Default: as many as fit into max_job_bytes.", minimum=1
    )
    max_batch_age_seconds: float = setting(
        "Send a batch at this age, even if it is not full.", default=900, minimum=1
    )
    max_spool_bytes: int = setting(
        "Pause reading while the batches waiting on disk exceed this many bytes.",
        default=2_000_000_000,
        minimum=1_000,
    )
    max_concurrent_jobs: int = setting(
        "Maximum number of jobs in progress at once. Jobs on the same object always run one "
        "after another.",
        default=4,
        minimum=1,
        maximum=25,
    )
    compress_uploads: bool = setting(
        "Compress uploads with gzip. Salesforce does not document support for this in Bulk API "
        "2.0; an upload that is refused is sent again uncompressed.",
        default=False,
    )
    poll_interval_seconds: float = setting(
        "Minimum time between two status checks of a job.",
        default=2,
        minimum=0.001,
    )
    poll_max_interval_seconds: float = setting(
        "Maximum time between two status checks of a job. The actual interval depends on the "
        "job's size and progress.",
        default=30,
        minimum=0.001,
    )
    job_timeout_seconds: float = setting(
        "Stop waiting for a job that has made no progress for this long. The next run checks "
        "it again.",
        default=3600,
        minimum=1,
    )
    request_timeout_seconds: float = setting(
        "Maximum time to wait for a connection, and between two parts of a response.",
        default=120,
        minimum=0.1,
    )
    request_attempts: int = setting(
        "Maximum number of attempts at a request when Salesforce is busy or the connection fails.",
        default=6,
        minimum=1,
    )
    request_max_seconds: float = setting(
        "Maximum total time for all attempts at a request, and for one response as a whole; "
        "downloads get more time as bytes arrive.",
        default=300,
        minimum=0,
    )
    api_usage_limit_percent: float = setting(
        "Start no further job, and exit with code 1, once more than this percentage of the org's "
        "API requests of 24 hours is used, by all of its clients together. Jobs that were started "
        "are finished.",
        default=90,
        minimum=1,
        maximum=100,
    )
    row_retries: int = setting(
        "How often rows that failed with a transient error are sent again within a run.",
        default=3,
        minimum=0,
        maximum=10,
    )
    row_retry_wait_seconds: float = setting(
        "Time to wait before rows are first sent again. Doubles with each further retry.",
        default=10,
        minimum=0,
    )
    retryable_errors: list[str] | None = setting(
        "Additional errors to treat as transient: error codes, or regular expressions that "
        "match the message."
    )
    skip_repeated: bool = setting(
        "Leave out a row at the tap's bookmark if it was already loaded and is the last row of "
        "its record there. Incremental taps send the newest rows again in each run.",
        default=True,
    )
    canary_rows: int | None = setting(
        "First send this many rows of each stream as a separate job, and stop the stream if that "
        "job exceeds a failure threshold. Default: no canary job.",
        minimum=1,
    )
    max_failed_percent: float = setting(
        "Exit with code 1 if more than this percentage of a stream's rows fail.",
        default=1.0,
        minimum=0,
        maximum=100,
    )
    max_failed_rows: int | None = setting(
        "Exit with code 1 if more than this many rows of a stream fail. Default: no limit.",
        minimum=0,
    )
    save_results: SaveResults = setting(
        "Which job results to keep: those of failed rows only (failed), or of all rows, with "
        "record IDs (all).",
        default="failed",
    )
    csv_formulas: CsvFormulas = setting(
        "What to do with cells of CSVs of failed rows and results that a spreadsheet would run as "
        "formulas: prefix them with an apostrophe (escape), or write them unchanged (keep).",
        default="escape",
    )
    metrics_file: Path | None = setting(
        "File for the metrics of the runs, in Prometheus text format, such as "
        "/var/lib/node_exporter/salesforce.prom. ~ and $VARIABLES are expanded. It must end in "
        ".prom, as node_exporter's textfile collector reads no other files. Default: no file.",
        pattern=r"\.prom$",
        example="/var/lib/node_exporter/salesforce.prom",
    )
    state_ledger: bool = setting(
        "List the jobs with failed rows in STATE, so that another machine can retry the rows.",
        default=True,
    )
    batch_protocols: list[str] | None = setting(
        "Protocols, besides file and s3, that URLs in BATCH messages may use, such as gs or "
        "abfs. The fsspec package for each must be installed."
    )
    batch_roots: list[str] | None = setting(
        "Folders and URL prefixes that the files of BATCH messages must be in, such as "
        "/srv/exports or s3://bucket/exports. Default: anywhere."
    )
    retry_failed_on_start: bool = setting(
        "Before reading any input, resend stored rows that failed with a transient error.",
        default=False,
    )
    dry_run: bool = setting(
        "Read the whole input and say what would be loaded, refused and deleted, and what that "
        "costs. Nothing is sent, and no STATE is written.",
        default=False,
    )
    progress: bool = setting(
        "Show on stderr how far a run is: drawn on a terminal, otherwise as a line of the log "
        "every 10 seconds if something has changed.",
        default=True,
    )
    keep_days: int = setting(
        "Days for which the state directory keeps what finished runs left: their jobs in the "
        "journal, CSVs of failed rows, results and reports. Failed rows that were neither loaded "
        "nor discarded stay.",
        default=90,
        minimum=8,
        maximum=36500,
    )
    state_dir: Path = setting(
        "Directory for the journal, batches and failed rows, with a folder for each org. Keep it "
        "between runs. ~ and $VARIABLES are expanded. It must be new, empty or created by this "
        "program.",
        default=Path(".target-salesforce-bulk"),
    )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read a configuration that has passed validation against the JSON schema.

        Raises:
            SettingsError: a number is not finite or is out of range, a regular expression cannot
                be used, settings contradict each other, or records would be deleted where that is
                not accepted.
        """
        settings = cls(**typed_values(cls, config))
        for pattern in settings.retryable_errors or ():
            check_pattern(pattern, "retryable_errors")
        least, most = settings.poll_interval_seconds, settings.poll_max_interval_seconds
        if most < least:
            raise SettingsError(
                f"poll_max_interval_seconds ({most:g}) is less than poll_interval_seconds "
                f"({least:g}). Raise the first or lower the second."
            )
        settings._check_deletes()
        return settings

    def given(self) -> dict[str, Any]:
        """The settings that differ from their default, as JSON has them; no secrets."""
        return {
            each.name: _as_json(value)
            for each in dataclasses.fields(self)
            if not each.metadata.get("secret")
            and (value := getattr(self, each.name)) != each.default
        }

    def _check_deletes(self) -> None:
        """Refuse an operation that deletes, unless it is that of one stream by its exact name."""
        if self.operation.only_ids:
            raise SettingsError(
                f"operation is {self.operation} at the top level, which would delete the records "
                "of any stream. Set it in streams.<exact name of the stream>.operation instead."
            )
        self._check_hard_delete("deletes", self.deletes)
        for name, entry in (self.streams or {}).items():
            values = typed_values(StreamSettings, entry, f"streams.{name}.")
            operation = values.get("operation", self.operation)
            if operation.only_ids and is_glob(name):
                raise SettingsError(
                    f"streams.{name}.operation is {operation}, but {name} is a pattern, which may "
                    "match unintended streams. Name each stream that deletes records: "
                    "streams.<exact name of the stream>.operation."
                )
            self._check_hard_delete(f"streams.{name}.operation", operation)
            self._check_hard_delete(f"streams.{name}.deletes", values.get("deletes"))

    def _check_hard_delete(self, setting: str, value: str | None) -> None:
        if value in {Operation.HARD_DELETE, "hard_delete"} and not self.allow_hard_delete:
            raise SettingsError(
                f"{setting} is {value}, which bypasses the Recycle Bin. Set allow_hard_delete to "
                f"true to allow this, or {setting} to delete."
            )

    def check_sends(self) -> None:
        """Refuse what sends or changes something in Salesforce if `dry_run` is on.

        Raises:
            SettingsError: it is on.
        """
        if self.dry_run:
            raise SettingsError(
                "dry_run is true, so nothing is sent. Set it to false to load rows, to resend "
                "failed ones or to change jobs."
            )

    def for_stream(self, stream: str) -> StreamSettings:
        """The settings of one stream, from its entries in `streams` and the top level."""
        merged: dict[str, Any] = {
            each.name: getattr(self, each.name, None) for each in dataclasses.fields(StreamSettings)
        }
        for pattern in self._patterns_of(stream):
            merged |= typed_values(StreamSettings, self.streams[pattern])
        return StreamSettings(**merged)

    def entry_for(self, stream: str) -> dict[str, Any]:
        """What the entries of `streams` set for a stream, untyped; the most specific one wins."""
        merged: dict[str, Any] = {}
        for pattern in self._patterns_of(stream):
            merged |= self.streams[pattern]
        return merged

    def is_listed(self, stream: str) -> bool:
        """Whether a stream is to be loaded: `streams` names it, or is empty."""
        return not self.streams or bool(self._patterns_of(stream))

    def unmatched(self, streams: Collection[str]) -> list[str]:
        """The keys of `streams` that match none of these streams."""
        matched = {pattern for stream in streams for pattern in self._patterns_of(stream)}
        return [pattern for pattern in self.streams or {} if pattern not in matched]

    def _patterns_of(self, stream: str) -> list[str]:
        """The keys of `streams` that match a stream, its own name last, also where it is a glob."""
        globs = [each for each in self._patterns if fnmatch.fnmatchcase(stream, each)]
        own = [stream] if stream in self._patterns else []
        return [each for each in globs if each != stream] + own

    @cached_property
    def _patterns(self) -> list[str]:
        """The keys of `streams`, least specific first: globs by literal characters, then names."""

        def specificity(pattern: str) -> tuple[bool, int, str]:
            literal = [each for each in pattern if each not in "*?[]"]
            return len(literal) == len(pattern), len(literal), pattern

        return sorted(self.streams or {}, key=specificity)

    @property
    def login(self) -> str:
        """A name for what these settings log in with; empty where they hold no credentials.

        An access token does not count: it is another one each time.
        """
        parts = self._login_parts
        if not parts:
            return ""
        return hashlib.sha256(json.dumps([self.auth_method, *parts]).encode()).hexdigest()[:32]

    @property
    def _login_parts(self) -> list[str | None]:
        if self.access_token:
            return [self.instance_url]
        if self.sf_cli_target_org or self.auth_method == "sf_cli":
            return [self.sf_cli_target_org]
        if not self.client_id:
            return []
        user = [self.username] if self.username else []
        return [self.login_url, self.client_id, self.refresh_token, *user]

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON schema of a configuration, as the SDK and Meltano read it."""
        properties = properties_schema(cls)
        properties["streams"]["additionalProperties"] = {
            "type": "object",
            "properties": properties_schema(StreamSettings),
            "additionalProperties": False,
        }
        return {"type": "object", "properties": properties}


def is_glob(name: str) -> bool:
    """Whether a key of `streams` may match other streams than the one of its name."""
    return not _GLOB.isdisjoint(name)


def _as_json(value: Any) -> Any:
    """A value of a setting as JSON; text in it can be shown, and hides secrets."""
    if isinstance(value, dict):
        return {plain_text(name): _as_json(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_json(each) for each in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return plain_text(value, _LONGEST_VALUE)
