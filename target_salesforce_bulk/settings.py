"""Every setting: declared once, typed once, documented once.

The field list of :class:`Settings` is the source of the JSON schema that ``--about`` prints and
that the SDK validates a configuration against. ``streams`` holds one :class:`StreamSettings` per
stream name or glob, and those fall back to the settings of the same name at the top.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What `meltano config test` sends a record to, whatever the loader.
CONNECTION_TEST_STREAM = "meltano_test_stream"

AuthMethod = Literal["access_token", "client_credentials", "refresh_token"]
UnmappedFields = Literal["warn", "ignore", "error"]
EmptyCells = Literal["clear", "ignore"]
TooLong = Literal["reject", "truncate"]
SaveResults = Literal["failed", "all"]
Deletes = Literal["ignore", "delete", "hard_delete"]


#: JSON types by Python type. Choices and paths are strings.
_JSON_TYPES: dict[Any, dict[str, Any]] = {
    bool: {"type": ["boolean", "null"]},
    int: {"type": ["integer", "null"]},
    # The SDK does not convert a number that comes from the environment.
    float: {"type": ["number", "string", "null"]},
    dict: {"type": ["object", "null"]},
    # The SDK needs to know the items to read an array from the environment.
    list: {"type": ["array", "null"], "items": {"type": "string"}},
}


def _setting(
    description: str,
    *,
    default: Any = None,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A field whose metadata is what the JSON schema says of it besides its type and default."""
    bounds = {"minimum": minimum, "maximum": maximum}
    schema: dict[str, Any] = {"description": description}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    schema |= {"secret": True, "writeOnly": True} if secret else {}
    return dataclasses.field(default=default, metadata=schema, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """What may be said of one stream, or of all streams that a glob names.

    What `Settings.for_stream` answers has a value from the top level wherever there is one, so
    those are typed as being there.
    """

    object: str | None = _setting(
        "Salesforce object that the stream is loaded into, such as Contact or Invoice__c. "
        "Default: the object of the stream's own name; for streams named schema-table, the last "
        "part counts too."
    )
    operation: Operation = _setting("What its jobs do. Default: the top-level operation.")
    external_id_field: str | None = _setting(
        "Field that says which record a row belongs to. Default for upsert: the field of the "
        "stream's one key property."
    )
    field_mapping: dict[str, Any] | None = _setting(
        "Property of the stream to field of the object; null or an empty text leaves a property "
        "out."
    )
    auto_map: bool = _setting("See the setting of the same name at the top.")
    unmapped_fields: UnmappedFields = _setting("See the setting of the same name at the top.")
    nulls: EmptyCells = _setting("See the setting of the same name at the top.")
    empty_strings: EmptyCells = _setting("See the setting of the same name at the top.")
    too_long: TooLong = _setting("See the setting of the same name at the top.")
    validate_rows: bool = _setting("See the setting of the same name at the top.")
    batch_size_rows: int | None = _setting(
        "See the setting of the same name at the top.", minimum=1
    )
    assignment_rule_id: str | None = _setting(
        "Id of the assignment rule that jobs on Lead or Case run."
    )
    deletes: Deletes = _setting("See the setting of the same name at the top.")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a user can set."""

    login_url: str = _setting(
        "Where to log in: https://login.salesforce.com, https://test.salesforce.com for a "
        "sandbox, or the org's My Domain address (which client credentials need).",
        default="https://login.salesforce.com",
    )
    auth_method: AuthMethod | None = _setting(
        "How to log in. Default: access_token, refresh_token or client_credentials, by what is "
        "given, in this order."
    )
    client_id: str | None = _setting("Consumer key of the connected or external client app.")
    client_secret: str | None = _setting("Consumer secret of the app.", secret=True)
    refresh_token: str | None = _setting("OAuth refresh token.", secret=True)
    access_token: str | None = _setting(
        "OAuth access token or session id; needs instance_url, and cannot be renewed.",
        secret=True,
    )
    instance_url: str | None = _setting(
        "Address of the org, such as https://acme.my.salesforce.com; for access_token only."
    )
    api_version: str = _setting("Version of the Salesforce API.", default="67.0")
    streams: dict[str, dict[str, Any]] = _setting(
        "Settings by stream name or glob. Of several entries that match, the most specific one "
        "that names a setting decides it.",
        default=None,
    )
    operation: Operation = _setting(
        "What jobs do, where a stream does not say.", default=Operation.UPSERT
    )
    auto_map: bool = _setting(
        "Map a property to the field of the same name, ignoring case and underscores.",
        default=True,
    )
    unmapped_fields: UnmappedFields = _setting(
        "What to do about a property that goes to no field: warn once, ignore, or stop (error).",
        default="warn",
    )
    nulls: EmptyCells = _setting(
        "What a null does to its field: clear it, or leave it alone (ignore).", default="clear"
    )
    empty_strings: EmptyCells = _setting(
        "What an empty text does to its field: clear it, or leave it alone (ignore).",
        default="clear",
    )
    too_long: TooLong = _setting(
        "What to do with a text longer than its field: reject the row, or truncate the text.",
        default="reject",
    )
    validate_rows: bool = _setting(
        "Check rows against the object before they are sent, so that a bad row costs nothing.",
        default=True,
    )
    deletes: Deletes = _setting(
        "What to do with a record that has _sdc_deleted_at: load it like any other (ignore), or "
        "delete or hard_delete what it names, by the key of its stream.",
        default="ignore",
    )
    max_job_bytes: int = _setting(
        "Size of a job's CSV in bytes at the most; Salesforce advises 100,000,000.",
        default=100_000_000,
        minimum=1_000,
        maximum=150_000_000,
    )
    batch_size_rows: int | None = _setting(
        "Rows of a job at the most. Default: as many as max_job_bytes holds.", minimum=1
    )
    max_batch_age_seconds: float = _setting(
        "Send a batch that is not full when it is this old.", default=900, minimum=1
    )
    max_spool_bytes: int = _setting(
        "Stop reading while batches on disk that wait for Salesforce take more bytes than this.",
        default=2_000_000_000,
        minimum=1_000,
    )
    max_concurrent_jobs: int = _setting(
        "Jobs under way at once; those of one object still run one after the other.",
        default=4,
        minimum=1,
        maximum=25,
    )
    compress_uploads: bool = _setting(
        "Compress uploads by gzip. Salesforce does not promise to take that for Bulk API 2.0; "
        "where it does not, they are sent again plain.",
        default=False,
    )
    poll_interval_seconds: float = _setting(
        "Time between two questions whether a job has ended, at the least.",
        default=2,
        minimum=0.001,
    )
    poll_max_interval_seconds: float = _setting(
        "Time between two questions at the most; how long in fact follows from the job's size and "
        "progress.",
        default=30,
        minimum=0.001,
    )
    job_timeout_seconds: float = _setting(
        "Stop waiting for a job that made no progress for this long; the next run asks again.",
        default=3600,
        minimum=1,
    )
    request_timeout_seconds: float = _setting(
        "Wait for one answer at the most.", default=120, minimum=0.1
    )
    request_attempts: int = _setting(
        "How often a request is sent that Salesforce is too busy for, or that a broken "
        "connection cut short.",
        default=6,
        minimum=1,
    )
    request_max_seconds: float = _setting(
        "Time for all attempts at one request together.", default=300, minimum=0
    )
    row_retries: int = _setting(
        "How often rows that failed for a passing reason are sent again within the run.",
        default=3,
        minimum=0,
        maximum=10,
    )
    row_retry_wait_seconds: float = _setting(
        "Time before rows are sent again; twice as long each time.", default=10, minimum=0
    )
    retryable_errors: list[str] | None = _setting(
        "More errors that pass by themselves in this org: codes, or regular expressions for the "
        "message."
    )
    canary_rows: int | None = _setting(
        "Send so many rows of each stream first, as a job of their own, and stop the stream if "
        "that job passes a threshold. Default: no such job.",
        minimum=1,
    )
    max_failed_percent: float = _setting(
        "Exit with 1 when more than this share of a stream's rows failed.",
        default=1.0,
        minimum=0,
        maximum=100,
    )
    max_failed_rows: int | None = _setting(
        "Exit with 1 when more than this many rows of a stream failed. Default: no limit.",
        minimum=0,
    )
    save_results: SaveResults = _setting(
        "What to keep of a job's results: failed rows, or all, with the Ids of the records.",
        default="failed",
    )
    state_ledger: bool = _setting(
        "Say in STATE which jobs have failed rows, so that another machine can retry them.",
        default=True,
    )
    retry_failed_on_start: bool = _setting(
        "Send stored rows that failed for a passing reason again before anything is read.",
        default=False,
    )
    state_dir: Path = _setting(
        "Folder for the journal, the batches and the failed rows; keep it from run to run.",
        default=Path(".target-salesforce-bulk"),
    )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read a configuration that has passed the JSON schema.

        Raises:
            SettingsError: settings that contradict each other, or text that is not a number.
        """
        settings = cls(**_typed_values(cls, config))
        least, most = settings.poll_interval_seconds, settings.poll_max_interval_seconds
        if most < least:
            raise SettingsError(
                f"poll_max_interval_seconds is less than poll_interval_seconds: {most:g} against "
                f"{least:g}. Raise the first or lower the second."
            )
        return settings

    def for_stream(self, stream: str) -> StreamSettings:
        """The settings of one stream: of its entries in `streams`, then the top level."""
        merged: dict[str, Any] = {
            each.name: getattr(self, each.name, None) for each in dataclasses.fields(StreamSettings)
        }
        for pattern in self._patterns:
            if fnmatch.fnmatchcase(stream, pattern):
                merged |= _typed_values(StreamSettings, self.streams[pattern])
        return StreamSettings(**merged)

    @cached_property
    def _patterns(self) -> list[str]:
        """The entries of `streams`, the least specific first: globs by their literal letters."""

        def specificity(pattern: str) -> tuple[bool, int, str]:
            literal = [letter for letter in pattern if letter not in "*?[]"]
            return len(literal) == len(pattern), len(literal), pattern

        return sorted(self.streams or {}, key=specificity)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON schema of a configuration, as the SDK and Meltano read it."""
        properties = _properties_schema(cls)
        properties["streams"]["additionalProperties"] = {
            "type": "object",
            "properties": _properties_schema(StreamSettings),
            "additionalProperties": False,
        }
        return {"type": "object", "properties": properties}


def _typed_values(cls: type, config: Mapping[str, Any]) -> dict[str, Any]:
    """The values in `config` that `cls` declares and that are not null, converted to its types."""
    return {
        declared.name: _typed(config[declared.name], base, declared)
        for declared, base in _declared(cls)
        if config.get(declared.name) is not None
    }


def _typed(value: Any, base: Any, declared: dataclasses.Field[Any]) -> Any:
    if base is float:
        return _number(value, declared)
    return base(value) if base in {int, Path, Operation} else value


def _number(value: Any, declared: dataclasses.Field[Any]) -> float:
    """Read a number, which the schema does not bound if it is text or NaN."""
    try:
        number = float(Decimal(value))
    except (ArithmeticError, ValueError, TypeError):
        number = math.nan
    bounds = declared.metadata
    inside = bounds.get("minimum", -math.inf) <= number <= bounds.get("maximum", math.inf)
    if inside and math.isfinite(number):
        return number
    words = {"minimum": "at least", "maximum": "at most"}
    allowed = [f"{word} {bounds[name]}" for name, word in words.items() if name in bounds]
    raise SettingsError(
        f"{declared.name} is {'not a number' if math.isnan(number) else number}. "
        f"It must be {', '.join(['a finite number', *allowed])}."
    )


def _declared(cls: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    """The settings of `cls`, each with its type, without the None that stands for "not set"."""
    hints = get_type_hints(cls)
    return [(each, _without_none(hints[each.name])) for each in dataclasses.fields(cls)]


def _without_none(hint: Any) -> Any:
    args = get_args(hint)
    return next(each for each in args if each is not NoneType) if NoneType in args else hint


def _properties_schema(cls: type) -> dict[str, Any]:
    return {declared.name: _property_schema(declared, base) for declared, base in _declared(cls)}


def _property_schema(declared: dataclasses.Field[Any], base: Any) -> dict[str, Any]:
    types = _JSON_TYPES.get(get_origin(base) or base, {"type": ["string", "null"]})
    schema = {**types, **declared.metadata}
    if choices := _choices(base):
        schema["enum"] = [*choices, None]
    if declared.default is not None:
        is_text = isinstance(declared.default, (Path, Operation))
        schema["default"] = str(declared.default) if is_text else declared.default
    return schema


def _choices(base: Any) -> list[str]:
    if base is Operation:
        return [str(each) for each in Operation]
    return list(get_args(base)) if get_origin(base) is Literal else []
