"""A small org without a server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from target_salesforce_bulk.emulator.http.api import routes
from target_salesforce_bulk.emulator.http.request_log import RequestLog
from target_salesforce_bulk.emulator.org.behaviour import Behaviour
from target_salesforce_bulk.emulator.org.job import Job
from target_salesforce_bulk.emulator.org.org import Org
from target_salesforce_bulk.emulator.org.records import Records
from target_salesforce_bulk.emulator.org.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WRITABLE = {"createable": True, "updateable": True, "nillable": True}
KEY = {"name": "Key__c", "type": "string", "externalId": True, "unique": True, **WRITABLE}
NAME = {"name": "Name", "type": "string", "label": "Name", "length": 10, **WRITABLE}

OBJECTS: list[dict[str, Any]] = [
    {
        "name": "Account",
        "keyPrefix": "001",
        "fields": [
            NAME | {"nillable": False},
            KEY,
            {"name": "Group__c", "type": "string", "externalId": True, **WRITABLE},
            {"name": "Size__c", "type": "double", **WRITABLE},
            {"name": "Active__c", "type": "boolean", **WRITABLE},
            {"name": "Serial__c", "type": "string"},
            {"name": "Origin__c", "type": "string", **WRITABLE, "updateable": False},
            {
                "name": "ParentId",
                "type": "reference",
                "referenceTo": ["Account"],
                "relationshipName": "Parent",
                **WRITABLE,
            },
            {
                "name": "OwnerId",
                "type": "reference",
                "referenceTo": ["User", "Team"],
                "relationshipName": "Owner",
                **WRITABLE,
            },
        ],
    },
    {"name": "Team", "keyPrefix": "00G", "fields": [NAME, KEY]},
    {
        "name": "User",
        "keyPrefix": "005",
        "fields": [NAME | {"name": "Username", "length": 80, "unique": True, "idLookup": True}],
    },
]


@pytest.fixture
def schema() -> Schema:
    return Schema(OBJECTS)


@pytest.fixture
def records(schema: Schema) -> Iterator[Records]:
    found = Records(schema, None)
    yield found
    found.close()


@pytest.fixture
def insert(records: Records) -> Callable[..., str]:
    """Insert an account without validation; its id."""

    def run(**values: Any) -> str:
        schema = records.schema.find("Account")
        assert schema is not None
        return records.insert(schema, values)

    return run


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def new_job(schema: Schema, tmp_path: Path) -> Callable[..., Job]:
    """Make a job with an upload, if it is given one."""

    def run(upload: str | bytes | None = None, **facts: Any) -> Job:
        job = Job(
            **{
                "id": "7505g0000000001AAA",
                "schema": schema.find("Account"),
                "operation": "insert",
                "external_id": None,
                "api_version": "67.0",
                "created_by": "005000000000001AAA",
                "folder": tmp_path,
            }
            | facts
        )
        if upload is not None:
            job.data.write_bytes(upload if isinstance(upload, bytes) else upload.encode())
            job.uploads = 1
        return job

    return run


@pytest.fixture
def org() -> Iterator[Org]:
    """The default org; it hides the fixture that starts a server."""
    found = Org()
    yield found
    found.close()


@pytest.fixture
def log() -> RequestLog:
    return RequestLog()


@dataclass(frozen=True)
class Answer:
    """What came back for a request."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def call(org: Org, log: RequestLog) -> Callable[..., Answer]:
    """Send a request to the org without a server: as JSON, and with the token that is needed."""
    app = Starlette(routes=routes(org, log, "http://org"))

    def run(
        method: str,
        path: str,
        *,
        token: str | None = None,
        query: str = "",
        body: bytes = b"{}",
        **headers: str,
    ) -> Answer:
        needed = org.control_token if path.startswith("/_emulator/") else org.tokens.access_token
        bearer = needed if token is None else token
        sent: list[dict[str, Any]] = []
        given = {
            "authorization": f"Bearer {bearer}",
            "content-type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            sent.append(message)

        asyncio.run(app(scope, receive, send))
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        text = b"".join(message.get("body", b"") for message in sent[1:]).decode()
        return Answer(sent[0]["status"], answered, text)

    return run
