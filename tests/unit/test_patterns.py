"""Users' regular expressions are fast, or are refused."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.patterns import check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        "BUSY",
        "record .* is locked by .*",
        r"\bCPU\b|row lock|Apex (CPU|heap)",
        r"(\d{1,3}\.){3}\d{1,3}",
        "(?i)try (it )?again",
        "(a|b){2}",
    ],
)
def test_what_is_allowed(pattern: str) -> None:
    """Expressions as people write them."""
    check_pattern(pattern, "retryable_errors")


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a*)*$",
        "(a|a)*b",
        "(a|aa)+$",
        "(.*a){20}",
        "((a{1,50}){1,50}){1,50}",
        ".*.*.*.*x",
        "(?=(a+)+b)c",
        "(?>(a+)+)b",
        "(x)(?(1)(a+)+|b)",
        r"(a*)(a*)\1\2=",
        r"(?:(?:\b){60000}){60000}x",
        r"(?:(?=(?:(?:){60000}){60000})x|y)",
    ],
)
def test_what_may_take_too_long(pattern: str) -> None:
    """A row's message could block the run for years."""
    with pytest.raises(SettingsError, match=r"^retryable_errors contains .* may take too long"):
        check_pattern(pattern, "retryable_errors")


@pytest.mark.parametrize(
    "pattern", ["[secret", "secret(", "*secret", r"\1", "(?P<secret", "a{9999999999}"]
)
def test_what_is_no_regular_expression(pattern: str) -> None:
    """It is refused by the name of its setting, without a part of it."""
    with pytest.raises(
        SettingsError, match=r"^retryable_errors contains an invalid regular expression"
    ) as caught:
        check_pattern(pattern, "retryable_errors")
    assert "secret" not in str(caught.value)
