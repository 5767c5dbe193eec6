"""Every setting: declared once, typed once, documented once.

The field list of :class:`Settings` is the source of the JSON schema that ``--about`` prints and
that the SDK validates a configuration against. ``streams`` holds one :class:`StreamSettings` per
stream name or glob, and those fall back to the settings of the same name at the top.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
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


def _setting(
    description: str,
    *,
    default: Any = None,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    metadata = {
        "description": description,
        "secret": secret,
        "minimum": minimum,
        "maximum": maximum,
    }
    return dataclasses.field(default=default, metadata=metadata, repr=not secret)


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
        "Wait for a connection, and between two parts of an answer, at the most.",
        default=120,
        minimum=0.1,
    )
    request_attempts: int = _setting(
        "How often a request is sent that Salesforce is too busy for, or that a broken "
        "connection cut short.",
        default=6,
        minimum=1,
    )
    request_max_seconds: float = _setting(
        "Time for all attempts at one request together, and for one answer as a whole; a download "
        "gets more time by the bytes that it brings.",
        default=300,
        minimum=0,
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
        for name, values in (settings.streams or {}).items():
            StreamSettings(**_typed_values(StreamSettings, values, f"streams.{name}."))
        if settings.poll_max_interval_seconds < settings.poll_interval_seconds:
            raise SettingsError("poll_max_interval_seconds is less than poll_interval_seconds.")
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


def _typed_values(cls: type, config: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """The values of `config` that `cls` declares and that are not null, typed as it says."""
    hints = get_type_hints(cls)
    values = {}
    for each in dataclasses.fields(cls):
        value = config.get(each.name)
        if value is not None:
            values[each.name] = _typed(value, _base_type(hints[each.name]), each, where)
    return values


def _typed(value: Any, base: Any, declared: dataclasses.Field[Any], where: str) -> Any:
    if base is float:
        return _number(value, declared, where)
    if base in {int, Path, Operation}:
        return base(value)
    return value


def _number(value: Any, declared: dataclasses.Field[Any], where: str) -> float:
    try:
        number = float(Decimal(value))
    except (ArithmeticError, ValueError, TypeError):
        raise SettingsError(f"{where}{declared.name} is not a number.") from None
    minimum, maximum = declared.metadata["minimum"], declared.metadata["maximum"]
    # The schema cannot bound a number that came as text, as all do from the environment.
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        bounds = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise SettingsError(f"{where}{declared.name} is {value}; it must be {bounds}.")
    return number


def _base_type(hint: Any) -> Any:
    """The type of a setting without the None that stands for "not set"."""
    return (
        next((each for each in get_args(hint) if each is not type(None)), hint)
        if (type(None) in get_args(hint))
        else hint
    )


def _properties_schema(cls: type) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {
        each.name: _property_schema(each, _base_type(hints[each.name]))
        for each in dataclasses.fields(cls)
    }


def _property_schema(declared: dataclasses.Field[Any], base: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [*_json_types(base), "null"]}
    schema["description"] = declared.metadata["description"]
    if get_origin(base) is Literal:
        schema["enum"] = [*get_args(base), None]
    elif base is Operation:
        schema["enum"] = [*(str(each) for each in Operation), None]
    for bound in ("minimum", "maximum"):
        if declared.metadata[bound] is not None:
            schema[bound] = declared.metadata[bound]
    if declared.metadata["secret"]:
        schema |= {"secret": True, "writeOnly": True}
    if declared.default is not None:
        plain = str if isinstance(declared.default, (Path, Operation)) else lambda value: value
        schema["default"] = plain(declared.default)
    return schema


def _json_types(base: Any) -> list[str]:
    if base is bool:
        return ["boolean"]
    if base is int:
        return ["integer"]
    if base is float:
        return ["number", "string"]
    if get_origin(base) is dict:
        return ["object"]
    if get_origin(base) is list:
        return ["array"]
    return ["string"]
