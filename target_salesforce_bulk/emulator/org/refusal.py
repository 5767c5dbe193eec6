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
