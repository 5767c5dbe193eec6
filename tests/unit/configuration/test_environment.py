"""Settings from variables: what they become, and which are named."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.configuration.environment import PREFIX, read_environment
from target_salesforce_bulk.target import TargetSalesforceBulk

PROPERTIES = TargetSalesforceBulk.settings_schema()


def read(**variables: str) -> dict[str, Any]:
    return read_environment(
        {f"{PREFIX}{name}": value for name, value in variables.items()}, PROPERTIES
    )


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("CLIENT_ID", "key", "key"),
        ("AUTO_MAP", "False", False),
        ("AUTO_MAP", "yes", True),
        ("AUTO_MAP", "maybe", "maybe"),
        ("BATCH_SIZE_ROWS", " 200 ", 200),
        ("BATCH_SIZE_ROWS", "1e6", "1e6"),
        ("BATCH_SIZE_ROWS", "", ""),
        ("MAX_FAILED_PERCENT", "2.5", "2.5"),
        ("RETRYABLE_ERRORS", '["A", "B,C"]', ["A", "B,C"]),
        ("RETRYABLE_ERRORS", "A, B", ["A", "B"]),
        ("RETRYABLE_ERRORS", '["A"', '["A"'),
        ("RETRYABLE_ERRORS", '{"A": 1}', '{"A": 1}'),
        ("RETRYABLE_ERRORS", "", ""),
        ("STREAMS", '{"users": {"object": "Contact"}}', {"users": {"object": "Contact"}}),
        ("STREAMS", "[]", "[]"),
        ("STREAMS", "{", "{"),
    ],
)
def test_text_becomes_what_the_setting_takes(name: str, text: str, value: Any) -> None:
    """Invalid text stays text, and is refused by the validation."""
    assert read(**{name: text}) == {name.lower(): value}


def test_a_misspelt_variable_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """With a suggestion, and without its value."""
    assert read(LOGIN_UR="hush") == {}
    assert caplog.messages == [
        "The environment variable TARGET_SALESFORCE_BULK_LOGIN_UR is of no setting, and has no "
        "effect. Did you mean TARGET_SALESFORCE_BULK_LOGIN_URL?"
    ]


def test_what_meltano_and_the_sdk_set_is_expected(caplog: pytest.LogCaptureFixture) -> None:
    """Meltano also sets a variable for each member of an object."""
    read(
        STREAMS='{"a.object": "Account"}',
        STREAMS_A_OBJECT="Account",
        _DIALECT="target_salesforce_bulk",
        LOGLEVEL="DEBUG",
    )

    assert caplog.messages == []


def test_a_member_alone_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """Without the object itself it has no effect."""
    assert read(STREAMS_A_OBJECT="Account") == {}
    assert len(caplog.messages) == 1
