"""A configuration becomes typed settings, or is refused."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from singer_sdk.configuration._dict_config import parse_environment_config

from target_salesforce_bulk.configuration.declared import properties_schema
from target_salesforce_bulk.configuration.names import refusal
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.job import Operation
from target_salesforce_bulk.settings import Settings, StreamSettings

#: What a stream gets when nobody sets anything.
STREAM_DEFAULTS = StreamSettings(
    operation=Operation.UPSERT,
    auto_map=True,
    unmapped_fields="warn",
    nulls="clear",
    empty_strings="clear",
    too_long="reject",
    validate_rows=True,
    deletes="ignore",
    max_delete_percent=10,
)
NUMBERS = [
    each.name
    for each in dataclasses.fields(Settings)
    if "number" in Settings.json_schema()["properties"][each.name]["type"]
]


def schema_of(name: str, *, of_stream: bool = False) -> dict[str, Any]:
    """The schema of one setting, without its description."""
    properties = Settings.json_schema()["properties"]
    if of_stream:
        properties = properties["streams"]["additionalProperties"]["properties"]
    return {key: value for key, value in properties[name].items() if key != "description"}


def refused(**config: Any) -> str:
    """The sentence that a configuration is refused with."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_config(config)
    return str(caught.value)


def test_an_empty_configuration_gives_the_defaults() -> None:
    """Every setting has its default, with the type that the code relies on."""
    settings = Settings.from_config({})

    assert settings == Settings()
    assert (settings.operation, settings.state_dir) == (
        Operation.UPSERT,
        Path(".target-salesforce-bulk"),
    )
    assert settings.for_stream("any") == STREAM_DEFAULTS


def test_null_means_not_set() -> None:
    """At the top and in a stream: Meltano passes null for a setting without a value."""
    names = [each.name for each in dataclasses.fields(Settings)]
    config: dict[str, Any] = dict.fromkeys(names)
    jsonschema.validate(config, Settings.json_schema())
    of_stream = {each.name: None for each in dataclasses.fields(StreamSettings)}
    streams = {"any": of_stream}
    jsonschema.validate({"streams": streams}, Settings.json_schema())

    assert Settings.from_config(config) == Settings()
    assert Settings.from_config({"streams": streams}).for_stream("any") == STREAM_DEFAULTS


def test_the_schema_accepts_the_defaults_it_names() -> None:
    """They are plain JSON values, and the same that an empty configuration gives."""
    schema = Settings.json_schema()
    defaults = {
        name: each["default"] for name, each in schema["properties"].items() if "default" in each
    }
    jsonschema.validate(defaults, schema)

    assert {type(each) for each in defaults.values()} == {str, int, float, bool}
    assert Settings.from_config(defaults) == Settings()


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("client_id", {"type": ["string", "null"]}),
        ("client_secret", {"type": ["string", "null"], "secret": True, "writeOnly": True}),
        ("auto_map", {"type": ["boolean", "null"], "default": True}),
        ("max_failed_rows", {"type": ["integer", "null"], "minimum": 0}),
        (
            "max_failed_percent",
            {"type": ["number", "string", "null"], "minimum": 0, "maximum": 100, "default": 1.0},
        ),
        (
            "too_long",
            {
                "type": ["string", "null"],
                "enum": ["reject", "truncate", None],
                "default": "reject",
            },
        ),
        (
            "operation",
            {
                "type": ["string", "null"],
                "enum": ["insert", "update", "upsert", "delete", "hardDelete", None],
                "default": "upsert",
            },
        ),
        ("retryable_errors", {"type": ["array", "null"], "items": {"type": "string"}}),
        ("state_dir", {"type": ["string", "null"], "default": ".target-salesforce-bulk"}),
    ],
)
def test_the_schema_of_each_kind_of_setting(name: str, schema: dict[str, Any]) -> None:
    """A list of types with null, and what else the SDK and Meltano read."""
    assert schema_of(name) == schema


def test_the_schema_of_streams() -> None:
    """An object of objects; a stream's settings have no defaults and no unknown names."""
    streams = schema_of("streams")
    of_stream = streams["additionalProperties"]["properties"]

    assert streams == {
        "type": ["object", "null"],
        "additionalProperties": {
            "type": "object",
            "properties": of_stream,
            "additionalProperties": False,
        },
    }
    assert list(of_stream) == [each.name for each in dataclasses.fields(StreamSettings)]
    assert schema_of("batch_size_rows", of_stream=True) == {
        "type": ["integer", "null"],
        "minimum": 1,
    }
    assert schema_of("field_mapping", of_stream=True) == {"type": ["object", "null"]}
    assert not any("default" in each for each in of_stream.values())


def test_every_kind_of_setting_can_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `--config=ENV` reads it: text becomes the type of the setting."""
    environment = {
        "CLIENT_ID": "key",
        "AUTO_MAP": "false",
        "MAX_CONCURRENT_JOBS": "2",
        "MAX_FAILED_PERCENT": "2.5",
        "OPERATION": "insert",
        "RETRYABLE_ERRORS": '["BUSY"]',
        "STATE_DIR": "state",
        "STREAMS": '{"users": {"object": "Contact"}}',
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"SETTINGS_TEST_{name}", value)
    config = parse_environment_config(Settings.json_schema(), "SETTINGS_TEST_")
    jsonschema.validate(config, Settings.json_schema())

    assert Settings.from_config(config) == Settings(
        client_id="key",
        auto_map=False,
        max_concurrent_jobs=2,
        max_failed_percent=2.5,
        operation=Operation.INSERT,
        retryable_errors=["BUSY"],
        state_dir=Path("state"),
        streams={"users": {"object": "Contact"}},
    )


def test_a_stream_falls_back_to_the_top_level() -> None:
    """Setting by setting; an object or a mapping is the stream's alone."""
    settings = Settings.from_config(
        {
            "operation": "insert",
            "too_long": "truncate",
            "batch_size_rows": 10,
            "streams": {"users": {"object": "Contact", "operation": "delete"}},
        }
    )
    top = dataclasses.replace(
        STREAM_DEFAULTS, operation=Operation.INSERT, too_long="truncate", batch_size_rows=10
    )

    assert settings.for_stream("other") == top
    assert settings.for_stream("users") == dataclasses.replace(
        top, object="Contact", operation=Operation.DELETE
    )


@pytest.mark.parametrize(
    ("patterns", "wins"),
    [
        (["*", "crm-*"], "crm-*"),
        (["crm-*", "crm-u*"], "crm-u*"),
        (["crm-user?", "crm-*"], "crm-user?"),
        (["crm-*s", "crm-users"], "crm-users"),
        (["crm-users", "*crm-users*"], "crm-users"),
        (["crm-users", "CRM-users"], "crm-users"),
        (["sales-*", "*"], "*"),
        (["*crm*", "crm-[u]sers"], "crm-[u]sers"),
    ],
)
@pytest.mark.parametrize("turn", [1, -1])
def test_the_most_specific_entry_wins(patterns: list[str], wins: str, turn: int) -> None:
    """In any order; an exact name wins over any glob."""
    streams = {pattern: {"object": pattern} for pattern in patterns[::turn]}
    settings = Settings.from_config({"streams": streams})

    assert settings.for_stream("crm-users").object == wins


@pytest.mark.parametrize("name", ["data[1]", "a*b", "what?", "[", "[!x]", "*"])
@pytest.mark.parametrize("turn", [1, -1])
def test_a_name_always_matches_itself(name: str, turn: int) -> None:
    """Before it is tried as a glob, and before any glob."""
    entries = [name, "data*", "*", "data?1?", "what?", "[[]"]
    streams = {entry: {"object": f"<{entry}>"} for entry in entries[::turn]}

    assert Settings.from_config({"streams": streams}).for_stream(name).object == f"<{name}>"


def test_a_less_specific_entry_still_decides_what_the_other_leaves_open() -> None:
    """Entries are merged setting by setting, and null leaves a setting open."""
    streams = {
        "crm-users": {"object": "Contact", "nulls": None},
        "crm-*": {"object": "Lead", "nulls": "ignore"},
    }
    options = Settings.from_config({"streams": streams}).for_stream("crm-users")

    assert (options.object, options.nulls) == ("Contact", "ignore")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "value", ["nan", "-NaN", "sNaN", math.nan, "inf", "-Infinity", "1e999", math.inf]
)
def test_what_is_not_finite(name: str, value: Any) -> None:
    """Nothing exceeds NaN, and no setting means "for ever"."""
    assert refused(**{name: value}).startswith(f"{name} must be a finite number, at least ")


@pytest.mark.parametrize("value", ["soon", "", "1,5", "0x10", "5\n6"])
def test_text_that_is_no_number(value: str) -> None:
    """The setting is named, the text is not repeated."""
    assert refused(request_max_seconds=value) == (
        "request_max_seconds must be a finite number, at least 0. "
        "Correct it, or remove it to get the default."
    )


@pytest.mark.parametrize("value", ["-0.5", -0.5, "100.01", 100.01, "1e3"])
def test_a_number_out_of_bounds(value: Any) -> None:
    """The schema does not bound a number that comes as text, so it is bounded here."""
    assert refused(max_failed_percent=value) == (
        "max_failed_percent must be a finite number, at least 0, at most 100. "
        "Correct it, or remove it to get the default."
    )


@pytest.mark.parametrize(("value", "number"), [("0", 0.0), ("100", 100.0), (" 2.5 ", 2.5)])
def test_the_bounds_themselves_are_allowed(value: str, number: float) -> None:
    """As numbers, not as the text they came as."""
    assert Settings.from_config({"max_failed_percent": value}).max_failed_percent == number


def test_poll_intervals_that_contradict_each_other() -> None:
    """Also one that is set against the default of the other."""
    assert refused(poll_interval_seconds=60) == (
        "poll_max_interval_seconds (30) is less than poll_interval_seconds (60). Raise the first "
        "or lower the second."
    )
    assert Settings.from_config({"poll_interval_seconds": 30}).poll_interval_seconds == 30


@pytest.mark.parametrize("operation", ["delete", "hardDelete"])
def test_no_operation_deletes_at_the_top_level(operation: str) -> None:
    """Nor for a pattern, which may match unexpected streams."""
    listed = {"Contact": {"operation": "upsert"}}
    at_the_top = refused(operation=operation, streams=listed, allow_hard_delete=True)
    by_a_pattern = refused(streams={"crm-*": {"operation": operation}}, allow_hard_delete=True)

    assert at_the_top == (
        f"operation is {operation} at the top level, which would delete the records of any "
        "stream. Set it in streams.<exact name of the stream>.operation instead."
    )
    assert by_a_pattern == (
        f"streams.crm-*.operation is {operation}, but crm-* is a pattern, which may match "
        "unintended streams. Name each stream that deletes records: streams.<exact name of the "
        "stream>.operation."
    )


@pytest.mark.parametrize(
    ("setting", "value", "config"),
    [
        ("streams.a.operation", "hardDelete", {"streams": {"a": {"operation": "hardDelete"}}}),
        ("streams.*.deletes", "hard_delete", {"streams": {"*": {"deletes": "hard_delete"}}}),
        ("deletes", "hard_delete", {"deletes": "hard_delete"}),
    ],
)
def test_a_hard_delete_needs_a_setting_of_its_own(
    setting: str, value: str, config: dict[str, Any]
) -> None:
    """It is named, and so is what else to set."""
    assert refused(**config, allow_hard_delete=False) == (
        f"{setting} is {value}, which bypasses the Recycle Bin. Set allow_hard_delete to true to "
        f"allow this, or {setting} to delete."
    )
    Settings.from_config(config | {"allow_hard_delete": True})


def test_a_number_of_a_stream_out_of_bounds() -> None:
    """It is named by its stream, before anything is read."""
    assert refused(streams={"users": {"max_delete_percent": "nan"}}) == (
        "streams.users.max_delete_percent must be a finite number, at least 0, at most 100. "
        "Correct it, or remove it to get the default."
    )


@pytest.mark.parametrize(
    ("entries", "listed", "unmatched"),
    [
        ([], {"users", "Users", "crm-users"}, []),
        (["users"], {"users"}, []),
        (["crm-*", "users"], {"users", "crm-users"}, []),
        (["*"], {"users", "Users", "crm-users"}, []),
        (["users", "us*", "orders"], {"users"}, ["orders"]),
    ],
)
def test_which_streams_are_listed(
    entries: list[str], listed: set[str], unmatched: list[str]
) -> None:
    """Those that an entry matches, be it a pattern; all of them where there is no entry."""
    settings = Settings.from_config({"streams": {entry: {} for entry in entries}})
    streams = {"users", "Users", "crm-users"}

    assert {each for each in streams if settings.is_listed(each)} == listed
    assert settings.unmatched(streams) == unmatched


def test_no_secret_is_shown() -> None:
    """Neither in what the settings look like in a log, nor in what refuses them."""
    secrets = {
        name: f"hush-{name}"
        for name, each in Settings.json_schema()["properties"].items()
        if each.get("secret")
    }
    shown = repr(Settings.from_config(secrets))
    error = refused(**secrets, poll_interval_seconds=60)

    assert list(secrets) == [
        "client_secret",
        "refresh_token",
        "private_key",
        "private_key_passphrase",
        "password",
        "security_token",
        "access_token",
    ]
    assert "login_url=" in shown
    assert "hush-" not in shown + error


def test_what_the_entries_of_a_stream_set() -> None:
    """As it is written, without the top level."""
    entries = {"crm-*": {"object": "Lead", "nulls": "ignore"}, "crm-a": {"object": "Contact"}}
    settings = Settings(streams=entries, operation=Operation.INSERT)

    assert settings.entry_for("crm-a") == {"object": "Contact", "nulls": "ignore"}
    assert settings.entry_for("other") == {}


def test_what_was_given() -> None:
    """What differs from the defaults, as JSON has it; without secrets, also within other texts."""
    conceal("a-secret-value")
    given = Settings.from_config(
        {
            "client_secret": "a-secret-value",
            "login_url": "https://a-secret-value.invalid",
            "operation": "insert",
            "nulls": "clear",
            "max_failed_rows": "5",
            "batch_roots": ["/srv\x1b"],
            "state_dir": "/var/state",
            "streams": {"people": {"object": "Contact", "field_mapping": {"a\ud800": None}}},
        }
    ).given()

    assert given == {
        "login_url": "https://***.invalid",
        "streams": {"people": {"object": "Contact", "field_mapping": {"a\\ud800": None}}},
        "operation": "insert",
        "max_failed_rows": 5,
        "batch_roots": ["/srv\\x1b"],
        "state_dir": "/var/state",
    }


def test_every_form_has_an_example() -> None:
    """What is refused for its form is told by a value that is not."""
    forms = {
        name: declared
        for each in (Settings, StreamSettings)
        for name, declared in properties_schema(each).items()
        if "pattern" in declared
    }

    assert {"api_version", "metrics_file"} <= set(forms)
    for name, declared in forms.items():
        example = refusal(name, declared).partition(" such as ")[2].partition(". Correct")[0]
        assert re.search(declared["pattern"], example), name
