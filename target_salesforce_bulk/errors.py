"""Every error that this package raises on purpose.

* ``SalesforceBulkError``
    * ``SettingsError``: a setting is missing, contradicts another, or names nothing real
    * ``InputError``: what came in on stdin is not Singer
    * ``StateDirectoryError``: the state directory cannot be used
    * ``OutputError``: STATE cannot be written to stdout
    * ``MappingError``: a stream cannot be mapped to its object
    * ``LoadError``: the run went on to its end, but a person must look at it
    * ``SalesforceError``: Salesforce, or the way to it
        * ``AuthenticationError``: no valid session, and none to be had
        * ``UnreachableError``: no answer came, and the request had no effect or may be repeated
        * ``AnswerLostError``: the request may have taken effect, but its answer never arrived
        * ``ResponseError``: an answer that cannot be understood
        * ``RequestError``: Salesforce refused the request
            * ``NotFoundError``: the object, job or version does not exist
            * ``LimitExceededError``: an allowance of the org is used up
            * ``UnavailableError``: Salesforce is overloaded or down, and stayed so
        * ``JobError``: an ingest job that cannot be settled

The message says what happened, to what, and what to do; the facts are attributes as well.
"""

from __future__ import annotations

from target_salesforce_bulk.plain_text import plain_text

#: Characters of a message: it may name every column of a wide table.
_LONGEST = 20_000


class SalesforceBulkError(Exception):
    """Something went wrong that one line can explain.

    Names, URLs and foreign messages in it cannot break the line or reach a terminal as commands.
    """

    def __str__(self) -> str:
        return plain_text(super().__str__(), _LONGEST)


class SettingsError(SalesforceBulkError):
    """A setting is missing, contradicts another, or names nothing real."""


class InputError(SalesforceBulkError):
    """What came in on stdin is not Singer."""


class StateDirectoryError(SalesforceBulkError):
    """The state directory cannot be used."""


class OutputError(SalesforceBulkError):
    """STATE cannot be written to stdout."""


class MappingError(SalesforceBulkError):
    """A stream cannot be mapped to its Salesforce object."""

    def __init__(self, message: str, *, stream: str) -> None:
        super().__init__(message)
        #: The Singer stream that cannot be loaded.
        self.stream = stream


class LoadError(SalesforceBulkError):
    """The run went on to its end, but a person must look at it."""


class SalesforceError(SalesforceBulkError):
    """Salesforce, or the way to it."""


class AuthenticationError(SalesforceError):
    """There is no valid session, and none to be had with these settings."""


class UnreachableError(SalesforceError):
    """No answer came, and the request had no effect or may be repeated."""


class AnswerLostError(SalesforceError):
    """The request may have taken effect, but its answer never arrived."""


class ResponseError(SalesforceError):
    """An answer that cannot be understood."""


class RequestError(SalesforceError):
    """Salesforce refused the request."""

    def __init__(self, message: str, *, status: int, code: str, detail: str) -> None:
        super().__init__(message)
        #: HTTP status.
        self.status = status
        #: Salesforce's errorCode, upper case without underscores, or "" where none was sent.
        self.code = code
        #: Salesforce's own words.
        self.detail = detail


class NotFoundError(RequestError):
    """The object, job or API version does not exist, or this user may not see it."""


class LimitExceededError(RequestError):
    """An allowance of the org is used up."""


class UnavailableError(RequestError):
    """Salesforce is overloaded or down, and stayed so through every attempt."""


class JobError(SalesforceError):
    """An ingest job that cannot be settled."""

    def __init__(self, message: str, *, job_id: str, permanent: bool) -> None:
        super().__init__(message)
        #: Salesforce's id of the job.
        self.job_id = job_id
        #: Whether sending the same rows again would fail the same way.
        self.permanent = permanent
