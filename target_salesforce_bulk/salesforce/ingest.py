"""The ingest resources of Bulk API 2.0.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm
"""

from __future__ import annotations

import json
import logging
import os
from typing import IO, TYPE_CHECKING, Any

import requests

from target_salesforce_bulk.errors import (
    AnswerLostError,
    ResponseError,
    UnreachableError,
)
from target_salesforce_bulk.salesforce.job import JobInfo, Operation

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.salesforce.job import ResultKind

logger = logging.getLogger(__name__)

_JSON = {"Content-Type": "application/json; charset=UTF-8"}
_CHUNK_BYTES = 1 << 18
_DOWNLOAD_ATTEMPTS = 5


class IngestApi:
    """Ingest jobs of one org; safe to call from any thread."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(
        self,
        sobject: str,
        operation: Operation,
        *,
        external_id_field: str | None = None,
        assignment_rule_id: str | None = None,
    ) -> JobInfo:
        """Make an open job.

        Raises:
            AnswerLostError: there may be a job now that nobody knows the id of; being open, it
                loads nothing.
        """
        request = create_request(sobject, operation, external_id_field, assignment_rule_id)
        return self._job("POST", "/jobs/ingest", request, repeatable=False)

    def upload(self, job_id: str, path: Path, *, compressed: bool = False) -> None:
        """Send a job's CSV, streamed from disk.

        A job takes one upload, and a second one ruins it, so none is ever repeated.

        Args:
            job_id: The job.
            path: The CSV.
            compressed: Whether the file is compressed by gzip, which Salesforce promises to take
                for Bulk API 1.0 and is silent about for 2.0.

        Raises:
            AnswerLostError: the job may hold the data, or a part of it.
        """
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        with path.open("rb") as file:
            response = self._client.request(
                "PUT",
                f"/jobs/ingest/{job_id}/batches",
                repeatable=False,
                body=lambda: _from_start(file),
                headers=headers,
            )
        if response.status_code != 201:
            # Salesforce answers 201; whoever answers something else has not kept the data.
            raise AnswerLostError(
                f"The upload of job {job_id} was answered with HTTP {response.status_code}, not "
                "with 201, so Salesforce may not have it."
            )

    def close(self, job_id: str) -> JobInfo:
        """Let Salesforce process a job's data: the point of no return.

        Raises:
            AnswerLostError: the job may be closed.
        """
        return self._job(
            "PATCH", f"/jobs/ingest/{job_id}", {"state": "UploadComplete"}, repeatable=False
        )

    def abort(self, job_id: str) -> JobInfo:
        """Give up a job; what was processed already stays."""
        return self._job("PATCH", f"/jobs/ingest/{job_id}", {"state": "Aborted"}, repeatable=True)

    def get(self, job_id: str) -> JobInfo:
        """Where a job stands.

        Raises:
            NotFoundError: it was deleted, or it is older than seven days.
        """
        return JobInfo.from_json(self._client.get_json(f"/jobs/ingest/{job_id}"))

    def download(self, job_id: str, kind: ResultKind, path: Path) -> None:
        """Save one of the result files of a job that has ended, streamed to disk.

        A file that is cut short is asked for again. Where Salesforce sends no body at all, the file
        is empty: there are no such rows.

        Raises:
            UnreachableError: it was cut short again and again.
        """
        draft = path.with_name(f"{path.name}.part")
        encoding = "gzip"
        for attempt in range(1, _DOWNLOAD_ATTEMPTS + 1):
            try:
                self._download_once(f"/jobs/ingest/{job_id}/{kind}/", draft, encoding)
            except requests.exceptions.ContentDecodingError as error:
                logger.warning("Job %s: %s is not compressed as it says: %s", job_id, kind, error)
                encoding = "identity"
            except requests.RequestException as error:
                logger.warning(
                    "Job %s: %s was cut short, attempt %s: %s", job_id, kind, attempt, error
                )
            else:
                draft.replace(path)
                return
        raise UnreachableError(
            f"{kind} of job {job_id} could not be read to the end in {_DOWNLOAD_ATTEMPTS} attempts."
        )

    def _download_once(self, path: str, draft: Path, encoding: str) -> None:
        response = self._client.request(
            "GET", path, repeatable=True, headers={"Accept-Encoding": encoding}, stream=True
        )
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with response, os.fdopen(descriptor, "wb") as file:
            for chunk in response.iter_content(_CHUNK_BYTES):
                file.write(chunk)
            _check_length(response)

    def _job(self, method: str, path: str, body: dict[str, Any], *, repeatable: bool) -> JobInfo:
        response = self._client.request(
            method,
            path,
            repeatable=repeatable,
            body=lambda: json.dumps(body),
            headers=_JSON,
        )
        return read_job(response)


def create_request(
    sobject: str,
    operation: Operation,
    external_id_field: str | None,
    assignment_rule_id: str | None,
) -> dict[str, Any]:
    """The body of a create request."""
    request: dict[str, Any] = {
        "object": sobject,
        "operation": str(operation),
        "contentType": "CSV",
        "columnDelimiter": "COMMA",
        "lineEnding": "LF",
    }
    if operation is Operation.UPSERT:
        request["externalIdFieldName"] = external_id_field
    if assignment_rule_id:
        request["assignmentRuleId"] = assignment_rule_id
    return request


def read_job(response: requests.Response) -> JobInfo:
    """The job in an answer.

    Raises:
        AnswerLostError: there is none in it, although Salesforce did what was asked.
    """
    try:
        body = response.json()
        return JobInfo.from_json(body)
    except (ValueError, ResponseError) as error:
        raise AnswerLostError(
            f"Salesforce answered HTTP {response.status_code}, but not with a job."
        ) from error


def _from_start(file: IO[bytes]) -> IO[bytes]:
    file.seek(0)
    return file


def _check_length(response: requests.Response) -> None:
    """A body shorter than announced was cut: `requests` itself does not mind.

    Both are counted as they are on the wire, before anything is decompressed.
    """
    announced = response.headers.get("Content-Length", "")
    received = response.raw.tell()
    if announced.isdigit() and received < int(announced):
        raise requests.ConnectionError(f"{received} of {announced} bytes came")
