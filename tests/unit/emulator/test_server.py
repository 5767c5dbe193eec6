"""The emulator: an org and the server in front of it, here without either's sockets."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.emulator import server as module
from target_salesforce_bulk.emulator.org.faults import Fault, FaultKind
from target_salesforce_bulk.emulator.org.job_request import JobRequest
from target_salesforce_bulk.emulator.server import Emulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

V = "/services/data/v67.0"


class Socket:
    """A socket that connects to nothing."""

    def __init__(self, steps: list[Any]) -> None:
        self.steps = steps

    def setsockopt(self, *_: int) -> None:
        """Does nothing."""

    def bind(self, address: Any) -> None:
        self.steps.append(address)
        if address[1] == 1:
            raise OSError(98, "Address already in use")

    def getsockname(self) -> Any:
        return ("127.0.0.1", 4711)

    def listen(self, _: int) -> None:
        self.steps.append("listen")

    def close(self) -> None:
        self.steps.append("close")


class Server:
    """Replaces uvicorn's server; serves nothing."""

    def __init__(self, config: Any) -> None:
        self.config = config
        self.should_exit = False

    def run(self, sockets: list[Socket]) -> None:
        sockets[0].steps.append("serve")


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is done to the socket."""
    steps: list[Any] = []
    names = dict.fromkeys(("AF_INET", "SOCK_STREAM", "SOL_SOCKET", "SO_REUSEADDR"), 0)
    sockets = SimpleNamespace(socket=lambda *_: Socket(steps), **names)
    monkeypatch.setattr(module, "socket", sockets)
    monkeypatch.setattr(module.uvicorn, "Server", Server)
    return steps


@pytest.fixture
def emulator(steps: list[Any]) -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def ask(emulator: Emulator) -> Callable[..., int]:
    """Send a request to the app as uvicorn does; the status of the answer, or 0 for none."""
    app: Any = emulator._server.config.app

    def run(method: str, path: str, **headers: str) -> int:
        given = {"host": "127.0.0.1", "authorization": f"Bearer {emulator.access_token}"} | headers
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "client": ("127.0.0.1", 7),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        found: list[int] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            if "status" in message:
                found.append(message["status"])

        asyncio.run(app(scope, receive, send))
        return found[0] if found else 0

    return run


def test_it_starts_and_stops_in_order(steps: list[Any]) -> None:
    """It listens on this machine only; its address is known before it starts."""
    emulator = Emulator(port=7)
    url = emulator.url
    with emulator as started:
        pass

    assert (started, url) == (emulator, "http://127.0.0.1:4711")
    assert steps == [("127.0.0.1", 7), "listen", "serve", "close"]
    assert emulator._server.should_exit


def test_it_stops_after_an_error(steps: list[Any]) -> None:
    """Which is not swallowed."""
    with pytest.raises(ZeroDivisionError), Emulator():
        raise ZeroDivisionError

    assert steps[-1] == "close"


def test_a_port_that_is_taken(steps: list[Any]) -> None:
    """The socket is closed, and no org is left behind."""
    with pytest.raises(OSError, match="already in use"):
        Emulator(port=1)

    assert steps == [("127.0.0.1", 1), "close"]


def test_an_org_that_cannot_be_made(steps: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The port is free again."""

    def fail(**_: Any) -> None:
        raise ValueError("no objects")

    monkeypatch.setattr(module, "Org", fail)
    with pytest.raises(ValueError, match="no objects"):
        Emulator()

    assert steps[-1] == "close"


@pytest.mark.parametrize(
    ("headers", "status", "recorded"),
    [
        ({}, 200, [("GET", f"{V}/limits", 200)]),
        ({"authorization": ""}, 401, [("GET", f"{V}/limits", 401)]),
        ({"host": "evil.example"}, 403, []),
        ({"origin": "https://evil.example"}, 403, []),
    ],
)
def test_the_layers_of_a_request(
    emulator: Emulator, ask: Any, headers: dict[str, str], status: int, recorded: list[Any]
) -> None:
    """What a web page sends is refused before it is recorded; all else is recorded as answered."""
    assert ask("GET", f"{V}/limits", **headers) == status
    assert [(each.method, each.path, each.status) for each in emulator.requests] == recorded


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/nowhere", "GET", 404), (f"{V}/limits", "PUT", 405)]
)
def test_what_the_server_does_not_answer(ask: Any, path: str, method: str, status: int) -> None:
    """An error of the client."""
    assert ask(method, path) == status


def test_a_fault_hits_a_request(emulator: Emulator, ask: Any) -> None:
    """The next one that matches it."""
    emulator.inject(Fault(kind=FaultKind.STATUS, status=503, path="*/limits"))

    assert [ask("GET", f"{V}/{name}") for name in ("sobjects", "limits", "limits")] == [
        200,
        503,
        200,
    ]


def test_requests_are_counted_by_method_and_path(emulator: Emulator, ask: Any) -> None:
    """A path is a glob that tells upper from lower case."""
    for method, name in (("GET", "limits"), ("GET", "sobjects"), ("PUT", "limits")):
        ask(method, f"{V}/{name}")

    assert {
        asked: emulator.calls(*asked)
        for asked in ((), ("GET",), ("PUT",), ("*", "*/limits"), ("GET", "*/limits"))
    } == {(): 3, ("GET",): 2, ("PUT",): 1, ("*", "*/limits"): 2, ("GET", "*/limits"): 1}
    assert emulator.calls("GET", "*/Limits") == 0


def test_the_org_behaves_as_it_is_told(emulator: Emulator, ask: Any) -> None:
    """Its allowance of requests, for one; a token that expired is not let in."""
    emulator.configure(daily_api_requests=1)
    allowed = [ask("GET", f"{V}/limits") for _ in range(2)]
    emulator.configure(daily_api_requests=100)
    emulator.expire_tokens()

    assert allowed == [200, 403]
    assert ask("GET", f"{V}/limits") == 401


def test_its_records_and_fields(emulator: Emulator) -> None:
    """They are the org's."""
    (made,) = emulator.insert("Contact", [{"LastName": "Ada", "Phone": "7"}])
    (row,) = emulator.rows("Contact")
    emulator.remove_field("Contact", "Phone")
    contact = emulator.org.schema.find("Contact")
    assert contact is not None

    assert (row["Id"], row["LastName"], emulator.count("Contact")) == (made, "Ada", 1)
    assert contact.field("Phone") is None


def test_its_jobs_are_shown_as_by_the_api(emulator: Emulator) -> None:
    """Oldest first."""
    for operation in ("insert", "update"):
        request = JobRequest(api_version="67.0", sobject="Contact", operation=operation)
        emulator.org.jobs.create(request)

    assert [(job["object"], job["operation"], job["state"]) for job in emulator.jobs()] == [
        ("Contact", "insert", "Open"),
        ("Contact", "update", "Open"),
    ]


def test_its_credentials(emulator: Emulator) -> None:
    """They are the org's, and each is another one."""
    tokens = emulator.org.tokens
    expected = [
        tokens.access_token,
        tokens.refresh_token,
        tokens.client_id,
        tokens.client_secret,
        emulator.org.control_token,
    ]

    assert expected == [
        emulator.access_token,
        emulator.refresh_token,
        emulator.client_id,
        emulator.client_secret,
        emulator.control_token,
    ]
    assert len(set(expected)) == 5
