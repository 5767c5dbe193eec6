"""The errors that this package raises.

* ``SalesforceBulkError``
    * ``SettingsError``: a setting is missing, contradicts another, or names something unknown
    * ``InputError``: the input is not valid Singer
    * ``StateDirectoryError``: the state directory cannot be used
    * ``OutputError``: STATE cannot be written to stdout
    * ``MappingError``: a stream cannot be mapped to its object
        * ``NoKeyError``: nothing tells which field is the key of an upsert
    * ``ApiUsageError``: too much of the org's daily API requests is used to start another job
    * ``LoadError``: the run finished, but needs attention
    * ``SalesforceError``: Salesforce, or the connection to it
        * ``AuthenticationError``: there is no valid session, and logging in fails
        * ``UnreachableError``: no response; the request had no effect or may be repeated
        * ``AnswerLostError``: no response; the request may have taken effect
        * ``ResponseError``: a response that cannot be understood
        * ``RequestError``: Salesforce refused the request
            * ``NotFoundError``: the object, job or version does not exist
            * ``LimitExceededError``: a limit of the org is used up
            * ``UnavailableError``: Salesforce stayed overloaded or down
        * ``JobError``: an ingest job that cannot be settled

A message says what happened, to what, and what to do. The facts are attributes, too.
``Terminated`` is not among them: it says that a signal came, not that something is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Characters of a message: it may name every column of a wide table.
_LONGEST = 20_000


class SalesforceBulkError(Exception):
    """An error that one line can explain.

    Names, URLs and foreign messages in it cannot break the line or reach a terminal as commands.
    """

    def __str__(self) -> str:
        return plain_text(super().__str__(), _LONGEST)


class SettingsError(SalesforceBulkError):
    """Settings are missing, contradict each other, or name something unknown."""

    def __init__(self, *problems: str) -> None:
        super().__init__(" ".join(problems))
        #: A sentence or two for each thing that is wrong.
        self.problems = tuple(plain_text(each, _LONGEST) for each in problems)


class InputError(SalesforceBulkError):
    """The input is not valid Singer."""


class StateDirectoryError(SalesforceBulkError):
    """The state directory cannot be used."""


class OutputError(SalesforceBulkError):
    """STATE cannot be written to stdout."""


class MappingError(SalesforceBulkError):
    """A stream cannot be mapped to its Salesforce object."""

    def __init__(self, message: str, *, stream: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        #: The Singer stream that cannot be loaded.
        self.stream = stream
        #: What is wrong with its columns, one by one.
        self.problems = tuple(plain_text(each, _LONGEST) for each in problems)


class NoKeyError(MappingError):
    """Nothing tells which field is the key of a stream's upsert."""


class ApiUsageError(SalesforceBulkError):
    """Too much of the org's daily API requests is used to start another job."""


class LoadError(SalesforceBulkError):
    """The run finished, but needs attention."""


class SalesforceError(SalesforceBulkError):
    """Salesforce, or the connection to it."""


class AuthenticationError(SalesforceError):
    """There is no valid session, and logging in with these settings fails."""


class UnreachableError(SalesforceError):
    """No response arrived; the request had no effect or may be repeated."""


class AnswerLostError(SalesforceError):
    """No response arrived; the request may have taken effect."""


class ResponseError(SalesforceError):
    """A response that cannot be understood."""


class RequestError(SalesforceError):
    """Salesforce refused the request."""

    def __init__(self, message: str, *, status: int, code: str, detail: str) -> None:
        super().__init__(message)
        #: HTTP status.
        self.status = status
        #: Salesforce's errorCode in upper case without underscores; "" if there was none.
        self.code = code
        #: Salesforce's own message.
        self.detail = detail


class NotFoundError(RequestError):
    """The object, job or API version does not exist, or this user may not see it."""


class LimitExceededError(RequestError):
    """A limit of the org is used up."""


class UnavailableError(RequestError):
    """Salesforce stayed overloaded or down through every attempt."""


class JobError(SalesforceError):
    """An ingest job that cannot be settled."""

    def __init__(self, message: str, *, job_id: str, permanent: bool) -> None:
        super().__init__(message)
        #: The job's Salesforce id.
        self.job_id = job_id
        #: Whether sending the same rows again would fail the same way.
        self.permanent = permanent


class Terminated(BaseException):
    """A signal asked the process to exit.

    Not an Exception, so that no handler of ordinary errors catches it.
    """

    def __init__(self, signum: int, remark: str = "The next run continues.") -> None:
        super().__init__(signum, remark)
        #: What that means for the user.
        self.remark = remark
        #: The signal's number.
        self.signum = signum
