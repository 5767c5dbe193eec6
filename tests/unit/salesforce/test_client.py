"""A client logs in once, and renews its session once and only if that may help."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from wire import URL, Wire, make_client

from target_salesforce_bulk.errors import (
    AuthenticationError,
    LimitExceededError,
    ResponseError,
    SettingsError,
)
from target_salesforce_bulk.login.access_token import AccessToken
from target_salesforce_bulk.salesforce.auth import Authenticator, Session
from target_salesforce_bulk.salesforce.client import Client, RetryPolicy
from target_salesforce_bulk.salesforce.limits import ApiUsage

if TYPE_CHECKING:
    import requests

    from target_salesforce_bulk.salesforce.transport import Transport

ORG, OTHER_ORG = "00D5g000004EmuLEAS", "00D000000000001EAA"
OTHER_URL = "https://other.my.salesforce.com"


def expired(message: str = "Session expired or invalid") -> Any:
    return 401, [{"errorCode": "INVALID_SESSION_ID", "message": message}]


@dataclass
class Numbered(Authenticator):
    """Logs in with the tokens 1, 2, 3 and so on."""

    refused: list[str | None] = field(default_factory=list)

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        self.refused.append(refused)
        return Session(access_token=str(len(self.refused)), instance_url=URL)


def test_a_refused_session_is_renewed_once() -> None:
    """The request is sent again with the new token, whether repeatable or not."""
    logins = Numbered()
    client, wire = make_client(expired(), (200, {}), authenticator=logins)

    client.request("POST", "/jobs/ingest", repeatable=False)

    sent = [each.headers["Authorization"] for each in wire.requests]
    assert (sent, logins.refused) == (["Bearer 1", "Bearer 2"], [None, "1"])
    assert client.traffic.refreshed == 1


def test_a_session_that_is_refused_again_is_an_error() -> None:
    """It is not renewed again."""
    client, wire = make_client(expired(), expired(), authenticator=Numbered())

    with pytest.raises(AuthenticationError, match="accepts the login but refuses the session"):
        client.request("GET", "/limits", repeatable=True)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    "message",
    [
        "This session is not valid for use with the REST API",
        "Connected app is not attached to Agent",
    ],
)
def test_a_session_that_renewal_cannot_cure_is_not_renewed(message: str) -> None:
    """Each renewal would count as a login, and rotate a refresh token."""
    logins = Numbered()
    client, wire = make_client(expired(message), authenticator=logins)

    with pytest.raises(AuthenticationError, match=message):
        client.request("GET", "/limits", repeatable=True)
    assert (len(wire.requests), logins.refused) == (1, [None])


def test_threads_share_one_renewal() -> None:
    """The second thread uses the session of the first."""
    logins, both = Numbered(), threading.Barrier(2)

    class Refusing(Wire):
        """Refuses the first token when both threads have sent it."""

        def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
            if request.headers["Authorization"] == "Bearer 1":
                both.wait(5)
                self.replies = [expired()]
            else:
                self.replies = [(200, {})]
            return super().send(request)

    client = Client(
        logins,
        api_version="67.0",
        policy=RetryPolicy(),
        timeout_seconds=1,
        adapter=Refusing,
    )
    threads = [threading.Thread(target=client.check_access) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert logins.refused == [None, "1"]
    assert client.traffic.refreshed == 1


def test_api_usage_is_followed() -> None:
    """The latest response counts."""
    client, _ = make_client((200, {}, {"Sforce-Limit-Info": "api-usage=25/100"}))

    client.check_access()

    assert client.api_usage is not None
    assert client.api_usage.percent == 25


def test_usage_that_no_response_has_told_is_asked_for_once() -> None:
    """Not every org tells; a response that refuses may."""
    silent, wire = make_client((200, {}))
    refusing, _ = make_client((403, [], {"Sforce-Limit-Info": "api-usage=25/100"}))
    told, unasked = make_client((200, {}, {"Sforce-Limit-Info": "api-usage=25/100"}))
    told.check_access()

    assert (silent.find_api_usage(), silent.find_api_usage()) == (None, None)
    assert len(wire.requests) == 1
    assert refusing.find_api_usage() == ApiUsage(25, 100)
    assert told.find_api_usage() == ApiUsage(25, 100)
    assert len(unasked.requests) == 1


def test_usage_is_not_known_while_the_org_refuses_everything() -> None:
    """The daily allowance is used up, which ends the run anyway."""
    client, _ = make_client((403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Total"}]))

    with pytest.raises(LimitExceededError):
        client.find_api_usage()


def test_requests_of_a_piece_of_work_are_counted() -> None:
    """Including retries, but not other work."""
    client, _ = make_client((200, {}), (503, ""), (200, {}), (200, {}))
    client.check_access()

    with client.tally() as tally:
        client.check_access()
    client.check_access()

    assert (tally.calls, client.traffic.requests) == (2, 4)


def test_a_version_that_the_org_has_not() -> None:
    """The newest version is named; versions compare as numbers."""
    client, _ = make_client((200, [{"version": "9.0"}, {"version": "60.0"}]))

    with pytest.raises(SettingsError, match=r"newest is 60\.0"):
        client.check_version()


@pytest.mark.parametrize("body", [{}, [], [{}], [{"version": "new"}], None])
def test_versions_that_cannot_be_understood(body: Any) -> None:
    """A `ResponseError`, not a traceback."""
    client, _ = make_client((200, body))

    with pytest.raises(ResponseError):
        client.check_version()


def test_the_name_of_an_object_cannot_leave_its_path() -> None:
    """It comes from a stream or a setting."""
    client, wire = make_client((200, {"name": "x", "fields": []}))

    client.describe("../../secrets?x=1")

    assert wire.requests[0].url == (
        f"{URL}/services/data/v67.0/sobjects/..%2F..%2Fsecrets%3Fx%3D1/describe"
    )


@dataclass
class Leading(Authenticator):
    """Logs in with one session after the other."""

    sessions: list[Session]

    def login(self, transport: Transport, *, refused: str | None) -> Session:
        return self.sessions.pop(0)


def session(org: str | None, url: str = URL) -> Session:
    return Session(access_token="token", instance_url=url, org_id=org)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (session(ORG), session(OTHER_ORG), f"is for org {OTHER_ORG}, not for {ORG}."),
        (session(ORG), session(None), f"is for org {URL}, not for {ORG}."),
        (session(None), session(None, OTHER_URL), f"is for org {OTHER_URL}, not for {URL}."),
    ],
    ids=["another", "untold", "another address"],
)
def test_a_renewal_that_leads_to_another_org_is_refused(
    first: Session, second: Session, message: str
) -> None:
    """Nothing is sent there, not even by the next request."""
    client, wire = make_client(
        expired(), expired(), authenticator=Leading([first, second, second]), attempts=1
    )

    for _ in range(2):
        with pytest.raises(AuthenticationError) as refused:
            client.request("POST", "/jobs/ingest", repeatable=False)
        assert str(refused.value) == (
            f"The session expired, and the new login {message} Run again."
        )
    assert {str(each.url) for each in wire.requests} == {f"{URL}/services/data/v67.0/jobs/ingest"}
    assert (len(wire.requests), client.traffic.refreshed) == (2, 0)


@pytest.mark.parametrize(
    ("first", "second"),
    [(session(ORG), session(ORG, OTHER_URL)), (session(None), session(None))],
    ids=["moved", "untold"],
)
def test_a_renewal_that_leads_to_the_same_org(first: Session, second: Session) -> None:
    """Also if the URL of the org has changed."""
    client, wire = make_client(expired(), (200, {}), authenticator=Leading([first, second]))

    client.check_access()

    assert [str(each.url) for each in wire.requests] == [
        f"{each.instance_url}/services/data/v67.0/query?q=SELECT+Id+FROM+Organization"
        for each in (first, second)
    ]


@pytest.mark.parametrize("token", ["!opaque", "eyJ0.eyJ1.sig", "00D!short"])
def test_an_org_that_the_token_does_not_tell_is_asked_for(token: str) -> None:
    """Once, by the record of `Organization`, which every user may read."""
    client, wire = make_client(
        (200, {"done": True, "records": [{"Id": ORG[:15]}]}), authenticator=AccessToken(token, URL)
    )

    assert (client.org_id, client.org_id) == (ORG, ORG)
    assert [(each.method, each.url) for each in wire.requests] == [
        ("GET", f"{URL}/services/data/v67.0/query?q=SELECT+Id+FROM+Organization")
    ]


def test_an_org_that_the_token_tells_is_not_asked_for() -> None:
    """That costs no request."""
    client, wire = make_client(authenticator=AccessToken(f"{ORG[:15]}!AQEA", URL))

    assert (client.org_id, wire.requests) == (ORG, [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"records": []},
        {"records": None},
        {"records": [None]},
        {"records": [{}]},
        {"records": [{"Id": "../x"}]},
        {"records": [{"Id": "0015g00000XyZaBAAV"}]},
    ],
)
def test_an_org_that_salesforce_does_not_tell(body: Any) -> None:
    """Nothing is loaded, as rows of two orgs could not be told apart."""
    client, _ = make_client((200, body), authenticator=AccessToken("opaque", URL))

    with pytest.raises(ResponseError, match="did not return the Id of the org"):
        client.org_id  # noqa: B018 - it is asked for here
