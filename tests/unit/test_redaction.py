"""Secrets do not get through, whatever the text they come in."""

from __future__ import annotations

import logging

import pytest

from target_salesforce_bulk.cli.log import _WithoutSecrets
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.journal.failed_rows import RowError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.redaction import conceal, redacted
from target_salesforce_bulk.salesforce.answer import Answer

SESSION = "00D5g000001AbCdEAK!AQEAQ.x_y-z1234"


@pytest.mark.parametrize(
    "text",
    [
        SESSION,
        SESSION.replace("!", "%21"),
        SESSION.replace("!", "\\u0021"),
        SESSION[:20],
        "00D!short",
    ],
)
def test_what_looks_like_a_session_id_is_hidden(text: str) -> None:
    """Also an unknown one, and a truncated one."""
    assert redacted(f"token={text}, said the proxy") == "token=***, said the proxy"


@pytest.mark.parametrize(
    "secret",
    [
        f"5Aep861{'x_Y.4' * 16}",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nQ==\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIE that was cut",
    ],
)
def test_what_looks_like_another_credential_is_hidden(secret: str) -> None:
    """An unknown refresh token or private key."""
    assert redacted(f"sent {secret}") == "sent ***"


def test_the_id_of_an_org_is_no_secret() -> None:
    """It is needed to find out what went wrong."""
    assert redacted("org 00D5g000001AbCdEAK!") == "org 00D5g000001AbCdEAK!"


@pytest.mark.parametrize("written", ['pass+word/&"=', "pass%2Bword%2F%26%22%3D", 'pass+word/&\\"='])
def test_a_known_secret_is_hidden(written: str) -> None:
    """As it is, in a form, and in JSON."""
    conceal(' pass+word/&"=\n')

    assert redacted(f"<{written}>") == "<***>"


def test_a_secret_that_begins_like_another_is_hidden_as_a_whole() -> None:
    """In any order of registration."""
    conceal("secret-1")
    conceal("secret-123")

    assert redacted("secret-123 secret-1") == "*** ***"


def test_a_short_value_hides_nothing() -> None:
    """It would hide ordinary words."""
    conceal("job")

    assert redacted("a job") == "a job"


def test_a_secret_is_hidden_before_the_text_is_cut() -> None:
    """Otherwise half of it would be left."""
    conceal("a-known-secret")

    assert plain_text("x" * 195 + "a-known-secret") == "x" * 195 + "***"
    assert str(SettingsError("Look: a-known-secret.")) == "Look: ***."


def test_what_salesforce_repeats_is_hidden() -> None:
    """In errors of requests and of rows, before they are stored."""
    body = f'[{{"errorCode": "E", "message": "{"x" * 390} {SESSION}"}}]'
    answer = Answer(status=400, headers={}, body=body.encode())
    error = RowError.parse(f"SOME_CODE:sent with {SESSION}:Name --")

    assert answer.error == ("E", "x" * 390 + " ***")
    assert (error.message, error.raw) == ("sent with ***", "SOME_CODE:sent with ***:Name --")


def test_tracebacks_are_logged_without_secrets() -> None:
    """The log hides them in all that a record becomes."""
    conceal("a-known-secret")
    error = ValueError("a-known-secret")
    record = logging.LogRecord("x", 10, "x", 1, "%s", (SESSION,), (ValueError, error, None))
    shown = _WithoutSecrets(logging.Formatter()).format(record)

    assert shown.splitlines()[0] == "***"
    assert shown.splitlines()[-1] == "ValueError: ***"
