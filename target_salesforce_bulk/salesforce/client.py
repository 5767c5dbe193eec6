"""Requests to one org: authenticated, counted, and with this package's errors."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from target_salesforce_bulk.errors import (
    AuthenticationError,
    LimitExceededError,
    RequestError,
    ResponseError,
    SettingsError,
    UnavailableError,
)
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.salesforce.exchange import Request
from target_salesforce_bulk.salesforce.limits import OrgLimits
from target_salesforce_bulk.salesforce.meter import Meter
from target_salesforce_bulk.salesforce.org_id import org_id
from target_salesforce_bulk.salesforce.refusal import check_curable, refusal, still_refused
from target_salesforce_bulk.salesforce.sobject import SObject
from target_salesforce_bulk.salesforce.transport import RetryPolicy, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    import requests

    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.auth import Authenticator, Session
    from target_salesforce_bulk.salesforce.exchange import Sink
    from target_salesforce_bulk.salesforce.limits import ApiUsage
    from target_salesforce_bulk.salesforce.meter import Tally, Traffic

logger = logging.getLogger(__name__)

__all__ = ["Client", "RetryPolicy"]

#: Asks for a record that every user may read.
#: https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_organization.htm
_ORGANIZATION = {"q": "SELECT Id FROM Organization"}


class Client:
    """The connection to an org; safe to call from any thread.

    Args:
        authenticator: Logs in.
        api_version: Such as `67.0`.
        policy: How often and for how long requests are retried.
        timeout_seconds: Maximum wait for a connection, and between two bytes of a response.
        sleep: Sleeps for a number of seconds.
        clock: A monotonic clock, in seconds.
        adapter: Makes the adapter that requests are sent through, for tests without a network.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        *,
        api_version: str,
        policy: RetryPolicy,
        timeout_seconds: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        adapter: Callable[[], requests.adapters.BaseAdapter] | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._api_version = api_version
        self._policy = policy
        self._timeout = timeout_seconds
        self._clock = clock
        self._adapter = adapter
        #: Sleeps for a number of seconds.
        self.sleep = sleep
        self._here = threading.local()
        self._login_lock = threading.Lock()
        self._session: Session | None = None
        self._org_id: str | None = None
        self._meter = Meter()
        self._usage_lock = threading.Lock()
        self._asked_for_usage = False

    @property
    def traffic(self) -> Traffic:
        """What has been sent so far."""
        return self._meter.traffic

    @property
    def api_usage(self) -> ApiUsage | None:
        """How much of the org's daily allowance is used; None while no response has told."""
        return self._meter.usage

    def find_api_usage(self) -> ApiUsage | None:
        """How much of the allowance is used; if no response has told, one request asks, once.

        Raises:
            SalesforceError: Salesforce does not answer now.
        """
        with self._usage_lock:
            if self.api_usage is None and not self._asked_for_usage:
                self._asked_for_usage = True
                self._ask_for_usage()
        return self.api_usage

    def _ask_for_usage(self) -> None:
        try:
            self.check_access()
        except (LimitExceededError, UnavailableError):
            raise
        except RequestError as error:
            logger.info(
                "The API usage of the org is unknown: %s",
                error,
                extra=log_facts(LogCode.API_USAGE_UNKNOWN),
            )

    def tally(self) -> AbstractContextManager[Tally]:
        """Count the requests that this thread sends in the meantime."""
        return self._meter.tally()

    def _transport(self) -> Transport:
        """This thread's own, as sessions of `requests` are not guaranteed to be thread-safe."""
        if not hasattr(self._here, "transport"):
            self._here.transport = Transport(
                policy=self._policy,
                timeout_seconds=self._timeout,
                sleep=self.sleep,
                clock=self._clock,
                meter=self._meter,
                adapter=None if self._adapter is None else self._adapter(),
            )
        transport: Transport = self._here.transport
        return transport

    @property
    def instance_url(self) -> str:
        """The URL of the org; logs in if necessary."""
        return self._logged_in().instance_url

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of the session, as far as known; logs in if necessary."""
        return self._logged_in().scopes

    def log_in(self) -> None:
        """Log in now, if no request has done so.

        Raises:
            AuthenticationError: Salesforce refuses the login.
        """
        self._logged_in()

    @property
    def org_id(self) -> str:
        """The Id of the org, 18 characters; logs in if necessary.

        Raises:
            ResponseError: Salesforce does not return it.
        """
        if self._org_id is None:
            self._org_id = self._logged_in().org_id or self._asked_org_id()
        return self._org_id

    def _asked_org_id(self) -> str:
        answer = self.get_object("/query", _ORGANIZATION)
        records = answer.get("records")
        first = records[0] if isinstance(records, list) and records else None
        found = org_id(first.get("Id")) if isinstance(first, dict) else None
        if found is None:
            raise ResponseError("Salesforce did not return the Id of the org.")
        return found

    def check_access(self) -> None:
        """Log in and send a request that needs the login.

        Raises:
            AuthenticationError: Salesforce refuses the login or the session.
        """
        # Every user may read this one record, but not /limits.
        self.request("GET", "/query", params=_ORGANIZATION, repeatable=True)

    def limits(self) -> OrgLimits:
        """What is left of the org's allowances.

        Raises:
            RequestError: this user may not see them, which needs View Setup and Configuration.
        """
        return OrgLimits.from_json(self.get_object("/limits"))

    def check_version(self) -> None:
        """Check that the org supports the API version.

        Raises:
            SettingsError: it does not, so every other request would fail.
            ResponseError: the list of versions cannot be understood.
        """
        try:
            versions = [str(each["version"]) for each in self.get_json("/services/data/")]
            newest = max(versions, key=float)
        except (KeyError, TypeError, ValueError) as error:
            raise ResponseError(
                "Salesforce returned the list of its API versions in an unknown format."
            ) from error
        if self._api_version not in versions:
            raise SettingsError(
                f"api_version {self._api_version} does not exist in this org. Its newest is "
                f"{newest}."
            )

    def describe(self, name: str) -> SObject:
        """Describe an object as this user sees it.

        Raises:
            NotFoundError: the org has no such object, or this user may not see it.
        """
        return SObject.from_json(self.get_object(f"/sobjects/{quote(name, safe='')}/describe"))

    def get_json(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """GET a JSON document; tries again if the response is not JSON.

        Raises:
            ResponseError: no attempt returned JSON.
            SalesforceError: as for `request`.
        """
        return self.request("GET", path, repeatable=True, params=params, expects_json=True).json

    def get_object(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET a JSON object.

        Raises:
            ResponseError: the response is something else.
            SalesforceError: as for `request`.
        """
        return self.request("GET", path, repeatable=True, params=params, expects_json=True).object

    def request(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool,
        body: Callable[[], Any] | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        expects_json: bool = False,
    ) -> Answer:
        """Send a request to the API; logs in first if necessary.

        Args:
            method: HTTP method.
            path: Below `/services/data/vXX.X`, or from `/services/` on.
            repeatable: Whether the request may take effect twice.
            body: Makes a new body for each attempt.
            headers: In addition to the authorization.
            params: The query parameters.
            expects_json: Whether a response must be JSON.

        Raises:
            AuthenticationError: the session cannot be renewed.
            RequestError: Salesforce refused the request.
            UnreachableError: no response arrived.
            ResponseError: the response to a repeatable request cannot be understood.
            AnswerLostError: the request may have taken effect and must not be repeated.
        """

        def send(session: Session) -> Answer:
            return self._transport().send(
                Request(
                    method=method,
                    url=self._url(session, path),
                    repeatable=repeatable,
                    body=body,
                    headers={**(headers or {}), **_authorization(session)},
                    params=params or {},
                    expects_json=expects_json,
                )
            )

        return self._authorized(method, path, send)

    def download(self, path: str, sink: Sink) -> None:
        """GET a document into a sink, which starts again with each attempt.

        Raises:
            UnreachableError: every attempt was cut short.
            ResponseError: the body cannot be the requested document.
            SalesforceError: as for `request`.
        """

        def send(session: Session) -> Answer:
            request = Request(
                method="GET",
                url=self._url(session, path),
                repeatable=True,
                headers=_authorization(session),
            )
            return self._transport().download(request, sink)

        self._authorized("GET", path, send)

    def _authorized(self, method: str, path: str, send: Callable[[Session], Answer]) -> Answer:
        session = self._logged_in()
        answer = send(session)
        if answer.status == 401:
            # An unauthorized request changes nothing, so it may be sent again.
            check_curable(answer)
            answer = send(self._renewed(session))
        if answer.status == 401:
            raise still_refused(answer)
        if answer.status >= 300:
            raise refusal(method, path, answer)
        return answer

    def _url(self, session: Session, path: str) -> str:
        if not path.startswith("/services/"):
            path = f"/services/data/v{self._api_version}{path}"
        return session.instance_url + path

    def _logged_in(self) -> Session:
        with self._login_lock:
            if self._session is None:
                self._session = self._authenticator.login(self._transport(), refused=None)
                logger.info(
                    "Logged in to %s",
                    self._session.instance_url,
                    extra=log_facts(LogCode.LOGGED_IN, instance_url=self._session.instance_url),
                )
            return self._session

    def _renewed(self, refused: Session) -> Session:
        """Replace a refused session; one renewal serves all threads."""
        with self._login_lock:
            if self._session is refused or self._session is None:
                self._meter.refreshes()
                renewed = self._authenticator.login(self._transport(), refused=refused.access_token)
                _check_org(refused, renewed)
                self._session = renewed
                self._meter.refreshed()
                logger.info(
                    "The session expired and was renewed",
                    extra=log_facts(LogCode.SESSION_RENEWED),
                )
            return self._session


def _check_org(refused: Session, renewed: Session) -> None:
    """Refuse to continue in another org."""
    before, after = _org(refused), _org(renewed)
    if before != after:
        raise AuthenticationError(
            f"The session expired, and the new login is for org {after}, not for {before}. "
            "Run again."
        )


def _org(session: Session) -> str:
    """The Id of a session's org, or its URL if the login does not provide the Id."""
    return session.org_id or session.instance_url


def _authorization(session: Session) -> dict[str, str]:
    return {"Authorization": f"Bearer {session.access_token}"}
