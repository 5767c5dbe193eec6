"""What the org raises when it refuses a request."""

from __future__ import annotations


class RefusalError(Exception):
    """A request that the org refuses, with Salesforce's error code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def not_found(cls) -> RefusalError:
        """The refusal of anything that does not exist."""
        return cls("NOT_FOUND", "The requested resource does not exist")

    @classmethod
    def daily_limit(cls) -> RefusalError:
        """The refusal of a request when the allowance of 24 hours is used up."""
        return cls("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    @classmethod
    def concurrent_limit(cls) -> RefusalError:
        """The refusal of a request while too many long ones run."""
        return cls("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.")


class OAuthError(Exception):
    """A token request that is refused, with OAuth's error code and description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
