"""Requests to one org: logged in, counted, and with errors in our own words."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from target_salesforce_bulk.errors import (
    AuthenticationError,
    LimitExceededError,
    NotFoundError,
    RequestError,
    ResponseError,
    SettingsError,
    UnavailableError,
)
from target_salesforce_bulk.salesforce.limits import ApiUsage
from target_salesforce_bulk.salesforce.sobject import SObject
from target_salesforce_bulk.salesforce.transport import RetryPolicy, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from target_salesforce_bulk.salesforce.auth import Authenticator, Session

logger = logging.getLogger(__name__)

__all__ = ["Client", "RetryPolicy", "Tally"]

#: What to do, by errorCode without underscores.
_REMEDIES = {
    "APIDISABLEDFORORG": "The edition of this org has no API; ask Salesforce to enable it.",
    "APICURRENTLYDISABLED": "Salesforce has switched the API off for a while; try again later.",
    "FEATURENOTENABLED": (
        "hardDelete needs the permission Bulk API Hard Delete on the user's profile."
    ),
    "INSUFFICIENTACCESS": "Give the user the permission.",
    "INVALIDENTITY": "Bulk API 2.0 does not load this object.",
}


class Tally:
    """How many requests one piece of work took."""

    def __init__(self) -> None:
        self.calls = 0


class Client:
    """The connection to an org; safe to call from any thread.

    Args:
        authenticator: How to log in.
        api_version: Such as `67.0`.
        policy: How patiently requests are repeated.
        timeout_seconds: Longest wait for one answer.
        sleep: Waits so many seconds.
        adapter: Makes what requests are sent through, for tests without a network.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        api_version: str,
        policy: RetryPolicy,
        timeout_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        adapter: Callable[[], requests.adapters.BaseAdapter] | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._api_version = api_version
        self._policy = policy
        self._timeout = timeout_seconds
        self._sleep = sleep
        self._adapter = adapter
        self._here = threading.local()
        self._login_lock = threading.Lock()
        self._session: Session | None = None
        self._count_lock = threading.Lock()
        #: Requests sent so far, logins and repetitions included.
        self.calls = 0
        #: How often a session that Salesforce refused was renewed.
        self.token_refreshes = 0
        #: As the newest answer told it.
        self.api_usage: ApiUsage | None = None

    @contextmanager
    def tally(self) -> Iterator[Tally]:
        """Count the requests that this thread sends meanwhile."""
        outer = getattr(self._here, "tally", None)
        self._here.tally = Tally()
        try:
            yield self._here.tally
        finally:
            self._here.tally = outer

    def _count(self) -> None:
        with self._count_lock:
            self.calls += 1
        tally = getattr(self._here, "tally", None)
        if tally is not None:
            tally.calls += 1

    def _transport(self) -> Transport:
        """This thread's own, as `requests` does not promise to share a session between threads."""
        if not hasattr(self._here, "transport"):
            self._here.transport = Transport(
                policy=self._policy,
                timeout_seconds=self._timeout,
                sleep=self._sleep,
                on_sent=self._count,
                adapter=None if self._adapter is None else self._adapter(),
            )
        transport: Transport = self._here.transport
        return transport

    @property
    def instance_url(self) -> str:
        """Address of the org; logs in to know it."""
        return self._logged_in().instance_url

    def check_access(self) -> None:
        """Log in, and ask for something that needs it.

        Raises:
            AuthenticationError: Salesforce says no.
        """
        self.request("GET", "/limits", repeatable=True)

    def check_version(self) -> None:
        """Make sure that the org has the API version.

        Raises:
            SettingsError: it has not, so that nothing can be found.
        """
        versions = [each["version"] for each in self.get_json("/services/data/")]
        if self._api_version not in versions:
            raise SettingsError(
                f"api_version {self._api_version} does not exist in this org. Its newest is "
                f"{max(versions, key=float)}."
            )

    def describe(self, name: str) -> SObject:
        """What an object is like for this user.

        Raises:
            NotFoundError: the org has no such object, or this user may not see it.
        """
        return SObject.from_json(self.get_json(f"/sobjects/{quote(name, safe='')}/describe"))

    def get_json(self, path: str, params: dict[str, str] | None = None) -> Any:
        """GET a JSON document; a broken one is asked for again.

        Raises:
            ResponseError: it is not JSON, again and again.
            SalesforceError: as for `request`.
        """
        for attempt in range(1, self._policy.attempts + 1):
            response = self.request("GET", path, repeatable=True, params=params)
            try:
                return response.json()
            except ValueError:
                logger.warning("GET %s: the answer is not JSON, attempt %s", path, attempt)
        raise ResponseError(f"Salesforce answers GET {path} with something that is not JSON.")

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        body: Callable[[], Any] | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send a request to the API, logging in first where that is needed.

        Args:
            method: HTTP method.
            path: Below `/services/data/vXX.X`, or from `/services/` on.
            repeatable: Whether the request may take effect twice.
            body: Makes the body anew for each attempt.
            headers: Beside the authorization.
            options: As `requests` takes them.

        Raises:
            AuthenticationError: the session cannot be renewed.
            RequestError: Salesforce refused the request.
            UnreachableError: no answer came.
            AnswerLostError: the request may have taken effect, and must not be repeated.
        """
        session = self._logged_in()
        response = self._send(session, method, path, repeatable, body, headers, options)
        if response.status_code == 401:
            # Whoever is not let in has changed nothing, so any request may be sent again.
            session = self._renewed(session, response)
            response = self._send(session, method, path, repeatable, body, headers, options)
        self.api_usage = (
            ApiUsage.from_header(response.headers.get("Sforce-Limit-Info")) or self.api_usage
        )
        if response.status_code == 401:
            raise AuthenticationError(
                f"Salesforce accepts the login but refuses the session: {_error(response)[1]}. "
                "Check the app's OAuth scopes (api), its IP rules and the user's permissions."
            )
        if response.status_code >= 300:
            raise _refusal(method, path, response)
        return response

    def _send(
        self,
        session: Session,
        method: str,
        path: str,
        repeatable: bool,
        body: Callable[[], Any] | None,
        headers: dict[str, str] | None,
        options: dict[str, Any],
    ) -> requests.Response:
        if not path.startswith("/services/"):
            path = f"/services/data/v{self._api_version}{path}"
        return self._transport().send(
            method,
            session.instance_url + path,
            repeatable=repeatable,
            body=body,
            headers={**(headers or {}), "Authorization": f"Bearer {session.access_token}"},
            **options,
        )

    def _logged_in(self) -> Session:
        with self._login_lock:
            if self._session is None:
                self._session = self._authenticator.login(self._transport(), refused=None)
                logger.info("Logged in to %s", self._session.instance_url)
            return self._session

    def _renewed(self, refused: Session, response: requests.Response) -> Session:
        """A session in the place of one that was refused; one renewal serves all threads."""
        code, detail = _error(response)
        if code and code != "INVALIDSESSIONID":
            raise AuthenticationError(f"Salesforce refuses the session: {detail}.")
        with self._login_lock:
            if self._session is refused or self._session is None:
                self._session = self._authenticator.login(
                    self._transport(), refused=refused.access_token
                )
                self.token_refreshes += 1
                logger.info("The session had expired and was renewed")
            return self._session


def _error(response: requests.Response) -> tuple[str, str]:
    """Code (upper case, no underscores) and message of an error answer, whatever its form."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict):
        code = str(body.get("errorCode") or body.get("error") or "")
        message = str(body.get("message") or body.get("error_description") or "")
        return code.upper().replace("_", ""), " ".join(message.split())[:400]
    return "", f"HTTP {response.status_code} without a reason"


def _refusal(method: str, path: str, response: requests.Response) -> RequestError:
    status = response.status_code
    code, detail = _error(response)
    kind: type[RequestError] = RequestError
    remedy = _REMEDIES.get(code, "")
    if status in {404, 410}:
        kind = NotFoundError
        if status == 410:
            remedy = "Salesforce has retired this api_version; set a newer one."
    elif code in {"REQUESTLIMITEXCEEDED", "EXCEEDEDQUOTA", "LIMITEXCEEDED"}:
        kind = LimitExceededError
        remedy = "The org's allowance for 24 hours is used up; run again when it has room."
    elif status >= 500 or status in {420, 429}:
        kind = UnavailableError
        remedy = "Salesforce stayed unavailable through every attempt; run again later."
    sentence = f"Salesforce refused {method} {path}: {code or f'HTTP {status}'}, {detail}."
    return kind(f"{sentence} {remedy}".rstrip(), status=status, code=code, detail=detail)
