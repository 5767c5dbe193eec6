"""What a browser brings back, without a socket."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.callback import Callback, redirect_uri
from target_salesforce_bulk.redaction import redacted

HOST = "localhost:1717"
ANSWER = "/callback?code=the-code&state=mine"


def status(callback: Callback, target: str, host: str = HOST) -> tuple[int, bool]:
    """The status of the page, and whether the request is the answer."""
    page, answer = callback.judge(host, target, 1717)
    return page.status, answer is not None


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        (HOST, ANSWER, 200),
        ("127.0.0.1:1717", ANSWER, 200),
        ("LOCALHOST:1717", ANSWER, 200),
        (HOST, "/callback?error=access_denied&state=mine", 200),
        ("localhost", ANSWER, 400),
        ("localhost:1718", ANSWER, 400),
        ("evil.example:1717", ANSWER, 400),
        ("", ANSWER, 400),
        (HOST, "/", 404),
        (HOST, "/callback/?code=the-code&state=mine", 404),
        (HOST, "//callback?code=the-code&state=mine", 404),
        (HOST, "/callback", 400),
        (HOST, "/callback?code=the-code", 400),
        (HOST, "/callback?code=the-code&state=", 400),
        (HOST, "/callback?code=the-code&state=theirs", 400),
        (HOST, "/callback?code=the-code&state=m%C3%AFne", 400),
        (HOST, "/callback?code=a&code=b&state=mine", 400),
        (HOST, "/callback?code=a&state=mine&state=theirs", 400),
        (HOST, "/callback?code=a&error=b&state=mine", 400),
        (HOST, "/callback?state=mine", 400),
    ],
)
def test_which_request_is_the_answer(host: str, target: str, expected: int) -> None:
    """Only one to this host and path, with the state of this login, and one code or error."""
    assert status(Callback("mine"), target, host) == (expected, expected == 200)


def test_there_is_one_answer() -> None:
    """A second one changes nothing."""
    callback = Callback("mine")

    assert [status(callback, ANSWER) for _ in range(2)] == [(200, True), (410, False)]


def test_no_page_repeats_the_request() -> None:
    """It shows nothing that came from outside."""
    targets = [ANSWER, "/callback?error=marked&state=mine", "/marked", "/callback?state=marked"]
    pages = [Callback("mine").judge(HOST, target, 1717)[0] for target in targets]

    assert not [each.text for each in pages if "marked" in each.text or "the-code" in each.text]


def test_the_code_is_hidden_when_it_is_there() -> None:
    """From then on it is a secret."""
    callback = Callback("mine")
    callback.put({"code": "the-code", "state": "mine"})

    assert callback.code(0) == "the-code"
    assert redacted("a the-code b") == "a *** b"


def test_an_error_becomes_one_line() -> None:
    """With what to do."""
    callback = Callback("mine")
    callback.put({"error": "access_denied", "error_description": "no\nway\x1b[31m"})

    with pytest.raises(AuthenticationError) as caught:
        callback.code(0)
    assert str(caught.value) == (
        "Salesforce refused the login: access_denied, no way\N{REPLACEMENT CHARACTER}[31m. "
        "Log in again, and choose Allow."
    )


def test_no_answer() -> None:
    """The error says what the browser may show instead."""
    with pytest.raises(AuthenticationError, match=r"within 0 seconds.*redirect_uri_mismatch"):
        Callback("mine").code(0)


def test_the_callback_url() -> None:
    """As it is registered."""
    assert redirect_uri(1717) == "http://localhost:1717/callback"
