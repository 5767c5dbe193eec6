"""The ingest resources of Bulk API 2.0.

https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm
"""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import (
    AnswerLostError,
    NotFoundError,
    ResponseError,
    StateDirectoryError,
)
from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.salesforce.job import JobInfo, Operation, check_job_id
from target_salesforce_bulk.salesforce.result_file import ResultFile, result_bound

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.salesforce.answer import Answer
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.salesforce.job import ResultKind

logger = logging.getLogger(__name__)

_JSON = {"Content-Type": "application/json; charset=UTF-8"}
#: A single 404 may come from a node that lags behind the others.
_NOT_FOUND_WAIT_SECONDS = 1.0


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
        """Create an open job.

        Raises:
            AnswerLostError: a job with an unknown id may exist; as it is open, it loads nothing.
        """
        request = create_request(sobject, operation, external_id_field, assignment_rule_id)
        return self._job("POST", "/jobs/ingest", request, repeatable=False)

    def upload(self, job_id: str, path: Path, *, compressed: bool = False) -> None:
        """Send a job's CSV, streamed from disk.

        A job accepts one upload, and a second one ruins it, so uploads are never retried.
        https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/upload_job_data.htm

        Args:
            job_id: The job.
            path: The CSV.
            compressed: Whether the file is compressed with gzip. Salesforce documents that for Bulk
                API 1.0, but not for 2.0.

        Raises:
            AnswerLostError: the job may hold all or part of the data.
            StateDirectoryError: the CSV cannot be read.
        """
        headers = {"Content-Type": "text/csv; charset=UTF-8"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        with _UploadFile(path) as file:
            answer = self._client.request(
                "PUT",
                f"{_path(job_id)}/batches",
                repeatable=False,
                body=file.from_start,
                headers=headers,
            )
        if answer.status != 201:
            # Salesforce returns 201; whatever returns something else has not stored the data.
            raise AnswerLostError(
                f"The upload of job {job_id} returned HTTP {answer.status} instead of 201, so "
                "Salesforce may not have the data."
            )

    def close(self, job_id: str) -> JobInfo:
        """Close a job, so that Salesforce processes its data: the point of no return.

        Raises:
            AnswerLostError: the job may be closed.
        """
        return self._job("PATCH", _path(job_id), {"state": "UploadComplete"}, repeatable=False)

    def abort(self, job_id: str) -> JobInfo:
        """Abort a job; rows already processed stay loaded."""
        return self._job("PATCH", _path(job_id), {"state": "Aborted"}, repeatable=True)

    def get(self, job_id: str) -> JobInfo:
        """The current state of a job; a single 404 is not trusted.

        Raises:
            NotFoundError: the job was deleted, or is older than seven days.
        """
        try:
            return self._get(job_id)
        except NotFoundError as error:
            if error.status != 404:
                raise
            logger.warning(
                "Job %s was not found; trying once more",
                job_id,
                extra=log_facts(LogCode.JOB_NOT_FOUND, job_id=job_id),
            )
        self._client.sleep(_NOT_FOUND_WAIT_SECONDS)
        return self._get(job_id)

    def _get(self, job_id: str) -> JobInfo:
        return JobInfo.from_json(self._client.get_object(_path(job_id)))

    def download(
        self, job_id: str, kind: ResultKind, path: Path, *, most_bytes: int = result_bound()
    ) -> None:
        """Save a result file of a job that has ended, streamed to disk.

        A file that is cut short is downloaded again. If Salesforce sends no body, the file is
        empty: there are no such rows.

        Args:
            job_id: The job.
            kind: Which file.
            path: Where to save it.
            most_bytes: A larger file is refused; see `result_bound`.

        Raises:
            UnreachableError: every attempt was cut short.
            ResponseError: the body is not a result of this job: too large, HTML, or not UTF-8.
            StateDirectoryError: the file cannot be written.
        """
        with ResultFile(path, most_bytes) as file:
            self._client.download(f"{_path(job_id)}/{kind}/", file)

    def _job(self, method: str, path: str, body: dict[str, Any], *, repeatable: bool) -> JobInfo:
        answer = self._client.request(
            method,
            path,
            repeatable=repeatable,
            body=lambda: json.dumps(body),
            headers=_JSON,
            expects_json=True,
        )
        return read_job(answer)


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


def read_job(answer: Answer) -> JobInfo:
    """The job in a response.

    Raises:
        AnswerLostError: the response contains no job, although the request took effect.
    """
    try:
        return JobInfo.from_json(answer.object)
    except ResponseError as error:
        raise AnswerLostError(f"Salesforce returned HTTP {answer.status}, but no job.") from error


def _path(job_id: str) -> str:
    return f"/jobs/ingest/{check_job_id(job_id)}"


class _UploadFile(io.FileIO):
    """A file whose read errors cannot be mistaken for errors of the network."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            super().__init__(path, "rb")
        except OSError as error:
            raise self._unreadable(error) from error

    def from_start(self) -> _UploadFile:
        """The file, rewound to its start."""
        self.seek(0)
        return self

    def read(self, size: int | None = -1, /) -> bytes:
        """Read bytes.

        Raises:
            StateDirectoryError: the file cannot be read.
        """
        try:
            return super().read(size) or b""
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> StateDirectoryError:
        return StateDirectoryError(
            f"{self._path} cannot be read: {error.strerror or error}. Check the disk."
        )
