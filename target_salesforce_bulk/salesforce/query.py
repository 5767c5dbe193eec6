"""Reads records: by SOQL over REST if they are few, by a Bulk API 2.0 query job if many.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_query.htm
"""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.answer import printable
from target_salesforce_bulk.salesforce.job import is_job_id
from target_salesforce_bulk.salesforce.pages import Visited, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.client import Client

#: Literals that need no quotes in a query.
_BARE = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?|true|false", re.ASCII)
_JSON = {"Content-Type": "application/json; charset=UTF-8"}
_POLL_SECONDS = (0.5, 1.0, 2.0, 5.0)
#: Maximum wait for a query job; one that reads all keys of an object takes minutes.
_JOB_SECONDS = 3600.0
#: Rows per page of a query job, so that a page fits into memory.
_PAGE_ROWS = 50_000
#: Salesforce returns 414 or 431 if URL and headers take more than 16,384 bytes; a token may take
#: 2,000.
#: https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
MOST_REQUEST_LINE_BYTES = 12_000
_REQUEST_LINE_FRAME_BYTES = len("GET /services/data/v67.0/query/? HTTP/1.1")


class QueryApi:
    """Queries of one org; safe to call from any thread.

    Args:
        client: The connection.
        leaving: Set when the run is stopped; ends the wait for a job.
        clock: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        client: Client,
        leaving: threading.Event | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._leaving = leaving or threading.Event()
        self._clock = clock

    def select(self, soql: str) -> Iterator[dict[str, Any]]:
        """The records that a query finds, page by page.

        Raises:
            RequestError: Salesforce refuses the query.
            ResponseError: a page contains no records, or the pages never end.
        """
        return records(self._client, "/query/", {"q": soql})

    def count(self, sobject: str) -> int:
        """The number of records of an object that this user can see, by one query.

        https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_count.htm

        Raises:
            RequestError: Salesforce refuses the query.
            ResponseError: the response contains no number.
        """
        soql = f"SELECT COUNT() FROM {sobject}"  # noqa: S608 - the name comes from describe
        answer = self._client.get_object("/query/", {"q": soql})
        number = answer.get("totalSize")
        if type(number) is not int:
            raise ResponseError(f"Salesforce returned no number of {sobject} records.")
        return number

    def bulk(self, soql: str) -> Iterator[list[str]]:
        """The rows that a query job finds, without the header.

        A query job only reads, so the request is retried: a second job does no harm.

        Raises:
            RequestError: Salesforce refuses the query.
            ResponseError: the job failed or took too long, or its rows cannot be read.
        """
        answer = self._client.request(
            "POST",
            "/jobs/query",
            repeatable=True,
            body=lambda: json.dumps({"operation": "query", "query": soql}),
            headers=_JSON,
            expects_json=True,
        )
        job_id = answer.object.get("id")
        if not is_job_id(job_id):
            raise ResponseError("Salesforce created a query job without an id.")
        self._await_end(f"/jobs/query/{job_id}")
        yield from self._results(f"/jobs/query/{job_id}/results")

    def _results(self, path: str) -> Iterator[list[str]]:
        visited = Visited(path)
        locator = ""
        while locator != "null":
            visited.check(locator)
            params = {"maxRecords": str(_PAGE_ROWS)} | ({"locator": locator} if locator else {})
            page = self._client.request("GET", path, repeatable=True, params=params)
            yield from _rows(page, path)
            locator = page.headers.get("Sforce-Locator") or "null"

    def _await_end(self, path: str) -> None:
        started = self._clock()
        attempt = 0
        while True:
            job = self._client.get_object(path)
            state = printable(job.get("state"))
            if state == "JobComplete":
                return
            if state in {"Failed", "Aborted"}:
                raise ResponseError(f"{path} is {state}: {printable(job.get('errorMessage', ''))}")
            if self._clock() - started > _JOB_SECONDS:
                raise ResponseError(f"{path} is still {state} after {_JOB_SECONDS:.0f} seconds.")
            if self._leaving.wait(_POLL_SECONDS[min(attempt, len(_POLL_SECONDS) - 1)]):
                raise ResponseError(f"{path} was {state} when the run was stopped.")
            attempt += 1


def _rows(page: Answer, path: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(page.text, newline=""))
    try:
        header = next(reader, [])
        for row in reader:
            if len(row) != len(header):
                raise ResponseError(
                    f"{path} has a row of {len(row)} cells below a header of {len(header)}."
                )
            yield row
    except csv.Error as error:
        raise ResponseError(f"{path} is not CSV: {error}.") from error


def request_line_bytes(soql: str) -> int:
    """The length of a query's request line in bytes, with the query percent-encoded."""
    return _REQUEST_LINE_FRAME_BYTES + len(urlencode({"q": soql}))


def queries_that_fit(head: str, literals: Iterable[str], tail: str = ")") -> Iterator[str]:
    """Queries for all literals, each with as many as the request line has room for.

    Args:
        head: SOQL up to the first literal, such as ``SELECT Id FROM Account WHERE Name IN (``.
        literals: As `literal` writes them. One that is too long by itself gets its own query.
        tail: SOQL after the last literal.
    """
    room = MOST_REQUEST_LINE_BYTES - request_line_bytes(head + tail)
    chunk: list[str] = []
    size = 0
    for each in literals:
        bytes_more = len(urlencode({"": f"{each}, "})) - 1
        if chunk and size + bytes_more > room:
            yield head + ", ".join(chunk) + tail
            chunk, size = [], 0
        chunk.append(each)
        size += bytes_more
    if chunk:
        yield head + ", ".join(chunk) + tail


def literal(value: str, field_type: str) -> str:
    """A value as a SOQL literal, escaped so that it cannot end early.

    Percent signs and underscores are not escaped: only `LIKE` has wildcards, and no query of this
    package uses it.

    Args:
        value: The value as text.
        field_type: The describe type of its field.

    Raises:
        ResponseError: the field is numeric or boolean, but the value is not.

    https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
    """
    if field_type in {"int", "long", "double", "currency", "percent", "boolean"}:
        if not _BARE.fullmatch(value):
            raise ResponseError(f"{printable(value)} is not a value of type {field_type}.")
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    for plain, code in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(plain, code)
    return f"'{escaped}'"
