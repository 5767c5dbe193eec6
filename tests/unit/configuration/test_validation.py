"""A wrong configuration: each fault is named, no value is."""

from __future__ import annotations

from typing import Any

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.target import TargetSalesforceBulk

ABOUT = "`target-salesforce-bulk --about` lists all settings."
DEFAULT = "Correct it, or remove it to get the default."
SECRET = "hush-hush-hush"

pytestmark = pytest.mark.usefixtures("process_state")


def refused(config: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        TargetSalesforceBulk(config=config)
    assert SECRET not in repr(caught.value)
    return caught.value.problems


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"client_secret": [SECRET]}, f"client_secret must be text. {DEFAULT}"),
        ({"client_secret": {"a": SECRET}}, f"client_secret must be text. {DEFAULT}"),
        ({"client_secret": 1234567890123456789}, f"client_secret must be text. {DEFAULT}"),
        (
            {"auth_method": SECRET},
            "auth_method must be one of access_token, client_credentials, jwt_bearer, password, "
            "refresh_token, sf_cli. " + DEFAULT,
        ),
        ({"streams": SECRET}, f"streams must be an object. {DEFAULT}"),
        ({"streams": {"users": SECRET}}, f"streams.users must be an object. {DEFAULT}"),
        (
            {"streams": {"users": {"batch_size_rows": SECRET}}},
            f"streams.users.batch_size_rows must be an integer, at least 1. {DEFAULT}",
        ),
        ({"max_failed_rows": SECRET}, f"max_failed_rows must be an integer, at least 0. {DEFAULT}"),
        ({"auto_map": "maybe"}, f"auto_map must be true or false. {DEFAULT}"),
        ({"api_version": SECRET}, f"api_version must be text such as 67.0. {DEFAULT}"),
        ({"retryable_errors": {"a": 1}}, f"retryable_errors must be a list of texts. {DEFAULT}"),
        ({"retryable_errors": [7]}, f"retryable_errors.0 must be text. {DEFAULT}"),
        (
            {"stream_maps": {"users": 7}},
            f"stream_maps.users has a value that it does not take. Correct or remove it. {ABOUT}",
        ),
        ({"login_ur": SECRET}, f"login_ur is not a setting. Did you mean login_url? {ABOUT}"),
        (
            {"batch_rows": 5},
            "batch_rows is not a setting. Did you mean batch_roots or batch_size_rows? " + ABOUT,
        ),
        ({"zzz": SECRET}, f"zzz is not a setting. {ABOUT}"),
        (
            {"streams": {"users": {"objct": SECRET}}},
            f"streams.users.objct is not a setting. Did you mean object? {ABOUT}",
        ),
    ],
)
def test_a_fault_is_one_sentence(config: dict[str, Any], sentence: str) -> None:
    """The path of the setting, what it takes, and what to do."""
    assert refused(config) == (sentence,)


def test_all_faults_are_named() -> None:
    """Not one after the other, run by run."""
    assert len(refused({"auto_map": 7, "x": 1, "streams": {"a": {"nulls": 1, "x": 1}}})) == 4


def test_what_other_targets_take_may_stand_there() -> None:
    """Projects share settings of the SDK that mean nothing here."""
    target = TargetSalesforceBulk(config={"load_method": "upsert", "add_record_metadata": True})

    assert target.settings.operation == "upsert"
