"""What a browser brings back from Salesforce, judged without a socket."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from http import HTTPStatus
from queue import Empty, SimpleQueue
from urllib.parse import parse_qsl

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.redaction import conceal
from target_salesforce_bulk.salesforce.answer import printable
from target_salesforce_bulk.salesforce.remedies import remedy_for

#: The path of the callback URL.
PATH = "/callback"


@dataclass(frozen=True)
class Page:
    """What the browser is shown."""

    status: HTTPStatus
    text: str


_ANSWERED = Page(HTTPStatus.OK, "Return to the terminal: it says whether the login has succeeded.")
_OTHER_HOST = Page(HTTPStatus.BAD_REQUEST, "This is not the address of the login.")
_OTHER_PATH = Page(HTTPStatus.NOT_FOUND, "There is nothing here.")
_OTHER_LOGIN = Page(HTTPStatus.BAD_REQUEST, "This answer does not belong to the login that waits.")
_TOO_LATE = Page(HTTPStatus.GONE, "The login was answered already.")


class Callback:
    """Takes the one answer that belongs to a login; anything else changes nothing.

    Args:
        state: What the answer must repeat.
    """

    def __init__(self, state: str) -> None:
        self._state = state
        self._mutex = threading.Lock()
        self._answered = False
        self._answers: SimpleQueue[dict[str, str]] = SimpleQueue()

    def judge(self, host: str, target: str, port: int) -> tuple[Page, dict[str, str] | None]:
        """The page for a request, and its parameters if it is the answer.

        Args:
            host: The request's `Host`, which shows a page whose name was made to lead here.
            target: Its path and query.
            port: Where it came in.
        """
        if host.lower() not in {f"localhost:{port}", f"127.0.0.1:{port}"}:
            return _OTHER_HOST, None
        path, _, query = target.partition("?")
        if path != PATH:
            return _OTHER_PATH, None
        pairs = parse_qsl(query)
        found = dict(pairs)
        if len(found) != len(pairs) or not self._is_mine(found):
            return _OTHER_LOGIN, None
        with self._mutex:
            if self._answered:
                return _TOO_LATE, None
            self._answered = True
        return _ANSWERED, found

    def _is_mine(self, found: dict[str, str]) -> bool:
        state = found.get("state", "")
        if not secrets.compare_digest(state.encode(), self._state.encode()):
            return False
        return bool(found.get("code")) != bool(found.get("error"))

    def put(self, answer: dict[str, str]) -> None:
        """Hand over the answer, when its page has been sent."""
        self._answers.put(answer)

    def code(self, seconds: float) -> str:
        """Wait for the code.

        Raises:
            AuthenticationError: Salesforce sends an error instead, or nothing in time.
        """
        try:
            answer = self._answers.get(timeout=seconds)
        except Empty:
            raise AuthenticationError(
                f"No answer came from the browser within {seconds:g} seconds. If it shows "
                f"redirect_uri_mismatch: {remedy_for('redirect_uri_mismatch', '')}"
            ) from None
        if "code" not in answer:
            raise _refusal(answer)
        conceal(answer["code"])
        return answer["code"]


def _refusal(answer: dict[str, str]) -> AuthenticationError:
    error = printable(answer["error"])
    description = printable(answer.get("error_description", "without a description"))
    remedy = remedy_for(error, description) or "Check the app, the user and login_url."
    return AuthenticationError(f"Salesforce refused the login: {error}, {description}. {remedy}")


def redirect_uri(port: int) -> str:
    """The callback URL to register for the app."""
    return f"http://localhost:{port}{PATH}"
