"""Secrets are stripped, or refused by the name of their setting."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.secret import clean_secret


@pytest.mark.parametrize("text", ["00D!abc.x", " 00D!abc.x", "00D!abc.x\n", "\t00D!abc.x\r\n"])
def test_blanks_around_a_secret_are_left_out(text: str) -> None:
    """Files and pasted text often add them."""
    assert clean_secret(text, "access_token") == "00D!abc.x"


@pytest.mark.parametrize(
    "text", ["00D!\nabc", "00D!\x00abc", "00D! abc", "00D!\u00e9", "\u200babc"]
)
def test_a_secret_that_cannot_be_sent_is_refused(text: str) -> None:
    """By the name of its setting, without a part of it."""
    with pytest.raises(SettingsError, match=r"^access_token contains") as caught:
        clean_secret(text, "access_token")
    assert "abc" not in str(caught.value)


def test_a_blank_secret_is_empty() -> None:
    """And no request is made with it."""
    with pytest.raises(SettingsError, match="client_secret is empty"):
        clean_secret(" \n", "client_secret")
