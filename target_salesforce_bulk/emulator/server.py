"""The emulator as a whole: an org, and the server in front of it."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from target_salesforce_bulk.emulator.http.api import Api, on_http_exception
from target_salesforce_bulk.emulator.http.control import Control
from target_salesforce_bulk.emulator.http.wire import BreakableProtocol, FaultyWire, RequestRecord
from target_salesforce_bulk.emulator.org.faults import Behaviour, Fault, FaultBox
from target_salesforce_bulk.emulator.org.jobs import Job, Processor
from target_salesforce_bulk.emulator.org.records import Records
from target_salesforce_bulk.emulator.org.schema import Schema
from target_salesforce_bulk.emulator.org.tokens import Tokens
from target_salesforce_bulk.emulator.org.values import long_id

if TYPE_CHECKING:
    from types import TracebackType

    from target_salesforce_bulk.emulator.org.soql import Query

#: Jobs that are processed at once; more wait.
_PROCESSORS = 4


class Org:
    """The state of one org: objects, records, jobs, tokens, and how it behaves."""

    def __init__(self, *, data: Path | None, objects: Path | None) -> None:
        self.url = ""
        self.api_calls = 0
        self.schema = Schema.load(objects)
        self.behaviour = Behaviour()
        self.faults = FaultBox()
        self.tokens = Tokens(self.behaviour)
        self.records = Records(self.schema, data)
        self.jobs: dict[str, Job] = {}
        self.query_jobs: dict[str, Query] = {}
        #: Queries with a page still to be read, and where that begins.
        self.cursors: dict[str, tuple[str, int]] = {}
        self.requests: list[RequestRecord] = []
        self._spool = Path(tempfile.mkdtemp(prefix="salesforce-emulator-"))
        self._processor = Processor(self.records, self.behaviour)
        self._pool = ThreadPoolExecutor(_PROCESSORS, "job")
        self._mutex = threading.Lock()

    def new_job(self, **facts: Any) -> Job:
        """Make an open job."""
        with self.records.mutex:
            number = self.records.next_number("IngestJob")
        job_id = long_id(f"7505g{number:010d}")
        job = Job(id=job_id, created_by=self.records.user_id, folder=self._spool, **facts)
        self.jobs[job_id[:15]] = job
        return job

    def process(self, job: Job) -> None:
        """Process a closed job, when its turn comes."""
        self._pool.submit(self._processor.process, job)

    def forget(self, job: Job) -> None:
        """Remove a job with its files."""
        del self.jobs[job.id[:15]]
        for path in self._spool.glob(f"{job.id}*"):
            path.unlink()

    def insert(self, name: str, rows: list[dict[str, Any]]) -> list[str]:
        """Put records into an object, without checks."""
        schema = self.schema.find(name)
        if schema is None:
            raise ValueError(f"The org has no object {name}.")
        with self.records.mutex:
            return [self.records.insert(schema, dict(row)) for row in rows]

    def note_request(self, method: str, path: str, status: int) -> None:
        """Remember a request."""
        with self._mutex:
            self.requests.append(RequestRecord(len(self.requests) + 1, method, path, status))

    def reset(self) -> None:
        """Forget records, jobs and requests."""
        self.records.reset()
        self.jobs.clear()
        self.requests.clear()

    def close(self) -> None:
        """Stop processing, and remove what is not to be kept."""
        self._processor.leave()
        self._pool.shutdown(cancel_futures=True)
        self.records.close()
        shutil.rmtree(self._spool, ignore_errors=True)


class Emulator:
    """A local Salesforce on a port of this machine.

    ```
    with Emulator() as org:
        requests.get(f"{org.url}/services/data/")
    ```

    Args:
        port: Port on 127.0.0.1; 0 for any that is free.
        data: SQLite file that keeps the records; without one they go with the emulator.
        objects: JSON file with more objects, as describe documents or in their short form.

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
        self.org.url = self.url
        app = Starlette(
            routes=[*Api(self.org).routes(), *Control(self.org).routes()],
            middleware=[Middleware(FaultyWire, org=self.org)],
            exception_handlers={HTTPException: on_http_exception},
        )
        config = uvicorn.Config(
            app,
            http=BreakableProtocol,
            lifespan="off",
            log_config=None,
            log_level="critical",
            timeout_keep_alive=60,  # who asks every few seconds should not run into its end
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )

    @property
    def access_token(self) -> str:
        """A token that is valid until tokens expire."""
        return self.org.tokens.access_token

    @property
    def refresh_token(self) -> str:
        """A refresh token of the app."""
        return self.org.tokens.refresh_token

    @property
    def client_id(self) -> str:
        """Consumer key of the one app."""
        return self.org.tokens.client_id

    @property
    def client_secret(self) -> str:
        """Consumer secret of the one app."""
        return self.org.tokens.client_secret

    def start(self) -> Self:
        """Accept connections from now on."""
        self._socket.listen(128)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Accept no more, and forget what is not kept in a file."""
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
        """Put records into an object, without checks; their ids."""
        return self.org.insert(name, rows)

    def remove_field(self, name: str, field: str) -> None:
        """Take a field off an object, as an administrator may at any time."""
        self.org.schema.remove_field(name, field)

    def inject(self, fault: Fault) -> None:
        """Let something go wrong from now on."""
        self.org.faults.add(fault)

    def configure(self, **settings: Any) -> None:
        """Change how the org behaves; see `Behaviour`."""
        self.org.behaviour.configure(settings)

    def expire_tokens(self) -> None:
        """Let every access token expire."""
        self.org.tokens.expire()

    @property
    def requests(self) -> list[RequestRecord]:
        """Every request to the API so far."""
        return list(self.org.requests)

    def calls(self, method: str = "*", path: str = "*") -> int:
        """How many requests with a method came to paths that match a glob."""
        return sum(
            1
            for each in self.requests
            if method in {"*", each.method} and fnmatchcase(each.path, path)
        )

    def jobs(self) -> list[dict[str, Any]]:
        """Every job so far, as the API tells of it."""
        return [job.full() for job in list(self.org.jobs.values())]
