"""The emulator: an org and the server in front of it."""

from __future__ import annotations

import socket
import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from target_salesforce_bulk.emulator.http import job_answers
from target_salesforce_bulk.emulator.http.api import routes
from target_salesforce_bulk.emulator.http.doors import Doors
from target_salesforce_bulk.emulator.http.errors import on_http_exception
from target_salesforce_bulk.emulator.http.request_log import RequestLog
from target_salesforce_bulk.emulator.http.wire import BreakableProtocol, FaultyWire
from target_salesforce_bulk.emulator.org.org import Org

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from target_salesforce_bulk.emulator.http.request_log import RequestRecord
    from target_salesforce_bulk.emulator.org.faults import Fault


class Emulator:
    """A local Salesforce that listens on 127.0.0.1.

    ```
    with Emulator() as org:
        requests.get(f"{org.url}/services/data/")
    ```

    Args:
        port: Port on 127.0.0.1; 0 for any free one.
        data: SQLite file for the records; without one they are discarded on stop.
        objects: JSON file with additional objects, as describe documents or in their short form.

    Raises:
        OSError: the port is taken.
    """

    api_version = "67.0"

    def __init__(
        self, *, port: int = 0, data: Path | None = None, objects: Path | None = None
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
            self.org = Org(data=data, objects=objects)
        except BaseException:
            self._socket.close()
            raise
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._log = RequestLog()
        self._server = uvicorn.Server(self._server_config())
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    def _server_config(self) -> uvicorn.Config:
        app = Starlette(
            routes=routes(self.org, self._log, self.url),
            middleware=[
                Middleware(Doors),
                Middleware(FaultyWire, faults=self.org.faults, log=self._log),
            ],
            exception_handlers={HTTPException: on_http_exception},
        )
        return uvicorn.Config(
            app,
            http=BreakableProtocol,
            lifespan="off",
            log_config=None,
            log_level="critical",
            # Longer than any polling interval, so that the connection of a client that polls
            # does not end between two requests.
            timeout_keep_alive=60,
        )

    @property
    def access_token(self) -> str:
        """An access token; valid until `expire_tokens`."""
        return self.org.tokens.access_token

    @property
    def refresh_token(self) -> str:
        """A refresh token of the connected app."""
        return self.org.tokens.refresh_token

    @property
    def client_id(self) -> str:
        """Consumer key of the connected app."""
        return self.org.tokens.client_id

    @property
    def client_secret(self) -> str:
        """Consumer secret of the connected app."""
        return self.org.tokens.client_secret

    @property
    def control_token(self) -> str:
        """The token for the resources below `/_emulator/`."""
        return self.org.control_token

    def start(self) -> Self:
        """Start to accept connections."""
        self._socket.listen(128)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop the server and close the org."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()
        self.org.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The records of an object."""
        return list(self.org.records.rows(name))

    def count(self, name: str) -> int:
        """How many records an object has."""
        return self.org.records.count(name)

    def insert(self, name: str, rows: list[dict[str, Any]]) -> list[str]:
        """Insert records into an object without validation; their ids."""
        return self.org.insert(name, rows)

    def remove_field(self, name: str, field: str) -> None:
        """Delete a field of an object, as an administrator may at any time."""
        self.org.schema.remove_field(name, field)

    def inject(self, fault: Fault) -> None:
        """Inject a fault."""
        self.org.faults.add(fault)

    def configure(self, **settings: Any) -> None:
        """Change how the org behaves; see `Behaviour`."""
        self.org.behaviour.configure(settings)

    def expire_tokens(self) -> None:
        """Expire every access token issued so far."""
        self.org.tokens.expire()

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request to the API so far."""
        return self._log.all()

    def calls(self, method: str = "*", path: str = "*") -> int:
        """How many requests had this method and a path that matches the glob."""
        return sum(
            1
            for each in self.requests
            if method in {"*", each.method} and fnmatchcase(each.path, path)
        )

    def jobs(self) -> list[dict[str, Any]]:
        """Every job so far, as the API shows it."""
        return [job_answers.full(job) for job in self.org.jobs.all()]
