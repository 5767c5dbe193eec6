"""Reading records: SOQL over REST for a few, a Bulk API 2.0 query job for many.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm
https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_query.htm
"""

from __future__ import annotations

import csv
import json
import threading
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_salesforce_bulk.salesforce.client import Client

_JSON = {"Content-Type": "application/json; charset=UTF-8"}
_POLL_SECONDS = (0.5, 1.0, 2.0, 5.0)


class QueryApi:
    """Queries of one org; safe to call from any thread.

    Args:
        client: The connection.
        leaving: Set when the program is to leave; waiting for a job then ends.
    """

    def __init__(self, client: Client, leaving: threading.Event | None = None) -> None:
        self._client = client
        self._leaving = leaving or threading.Event()

    def select(self, soql: str) -> Iterator[dict[str, Any]]:
        """The records that a query finds, page by page.

        Raises:
            RequestError: Salesforce refuses the query.
        """
        path, params = "/query/", {"q": soql}
        while path:
            page = self._client.get_json(path, params)
            yield from page["records"]
            path, params = page.get("nextRecordsUrl"), {}

    def bulk(self, soql: str) -> Iterator[list[str]]:
        """The rows that a query job finds, without the header.

        A query job reads; made twice, it does no harm, so a lost answer is asked for again.

        Raises:
            RequestError: Salesforce refuses the query.
            ResponseError: the job failed.
        """
        answer = self._client.request(
            "POST",
            "/jobs/query",
            repeatable=True,
            body=lambda: json.dumps({"operation": "query", "query": soql}),
            headers=_JSON,
        )
        job_id = answer.json()["id"]
        self._await_end(job_id)
        locator = ""
        while locator != "null":
            params = {"locator": locator} if locator else {}
            page = self._client.request(
                "GET", f"/jobs/query/{job_id}/results", repeatable=True, params=params
            )
            # Sent without a charset; it is UTF-8.
            rows = csv.reader(page.content.decode("utf-8").splitlines(keepends=True))
            next(rows, None)
            yield from rows
            locator = page.headers.get("Sforce-Locator", "null")

    def _await_end(self, job_id: str) -> None:
        attempt = 0
        while True:
            job = self._client.get_json(f"/jobs/query/{job_id}")
            if job["state"] == "JobComplete":
                return
            if job["state"] in {"Failed", "Aborted"} or self._leaving.wait(
                _POLL_SECONDS[min(attempt, len(_POLL_SECONDS) - 1)]
            ):
                raise ResponseError(
                    f"Query job {job_id} is {job['state']}: {job.get('errorMessage', '')}"
                )
            attempt += 1


def literal(value: str, field_type: str) -> str:
    """A value as SOQL writes it, by the describe type of its field.

    https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select_quotedstringescapes.htm
    """
    if field_type in {"int", "long", "double", "currency", "percent", "boolean"}:
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    for plain, code in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        escaped = escaped.replace(plain, code)
    return f"'{escaped}'"
