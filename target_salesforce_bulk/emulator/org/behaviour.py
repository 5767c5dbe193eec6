"""How the org behaves, and which rows it refuses on purpose."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, fields
from typing import Any

from target_salesforce_bulk.emulator.org.users import User


@dataclass(kw_only=True)
class RowRule:
    """Rejects valid rows."""

    #: `sf__Error` as it appears in the failed results, such as
    #: `UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--`.
    error: str
    object: str = "*"
    #: Column whose cell must match `glob`; empty for any row.
    column: str = ""
    glob: str = "*"
    #: How many rows to reject; -1 for all.
    times: int = -1
    #: Reject each row only once, so that it passes when it is sent again.
    once_per_row: bool = False
    _hit: set[str] = field(default_factory=set, repr=False)

    def takes(self, sobject: str, row: dict[str, str], fingerprint: str) -> bool:
        """Whether the rule rejects a row; counts the row if it does."""
        if self.times == 0 or not self._matches(sobject, row):
            return False
        if self.once_per_row:
            if fingerprint in self._hit:
                return False
            self._hit.add(fingerprint)
        if self.times > 0:
            self.times -= 1
        return True

    def _matches(self, sobject: str, row: dict[str, str]) -> bool:
        if not fnmatch.fnmatchcase(sobject, self.object):
            return False
        return not self.column or fnmatch.fnmatchcase(row.get(self.column, ""), self.glob)


@dataclass(kw_only=True)
class LoginRule:
    """Refuses token requests, with an error of the token endpoint."""

    error: str
    description: str = ""
    #: Glob for the grant type.
    grant_type: str = "*"
    #: Glob for the username; token requests without one have an empty one.
    username: str = "*"
    #: How many requests to refuse; -1 for all.
    times: int = -1

    def takes(self, grant_type: str, username: str) -> bool:
        """Whether the rule refuses a request; counts the request if it does."""
        if self.times == 0 or not (
            fnmatch.fnmatchcase(grant_type, self.grant_type)
            and fnmatch.fnmatchcase(username, self.username)
        ):
            return False
        if self.times > 0:
            self.times -= 1
        return True


@dataclass(kw_only=True)
class Behaviour:
    """How the org behaves; every member may be changed while it runs."""

    #: Rows that a job processes per second; 0 for as fast as possible.
    rows_per_second: float = 0
    #: Minimum duration of each job.
    seconds_per_job: float = 0
    hard_delete_allowed: bool = True
    #: Whether the org says that it is a sandbox.
    sandbox: bool = True
    #: What the user answers to an app in the browser: `ask` them, `allow`, or an error of OAuth
    #: such as `access_denied`.
    consent: str = "ask"
    #: Glob for the callback URL that is registered for the app.
    callback_url: str = "http://localhost:*/callback"
    #: `accept` compressed uploads, `refuse` them with 415, or `ignore` the encoding and store the
    #: bytes as they are.
    compressed_uploads: str = "accept"
    #: API requests that are answered; further ones are refused.
    daily_api_requests: int = 100_000
    #: Requests that an access token is good for; 0 for any number.
    requests_per_session: int = 0
    #: Say in the header Sforce-Limit-Info how many requests are used.
    report_api_usage: bool = True
    #: Only shown; nothing is refused when they are used up.
    daily_bulk_batches: int = 15_000
    #: Whether the user may read /limits, which needs View Setup and Configuration.
    limits_visible: bool = True
    #: Issue a new refresh token on each refresh and revoke the old one, as Salesforce may.
    rotate_refresh_tokens: bool = False
    #: Fail jobs after this many rows and leave the rest unprocessed; 0 for never.
    stop_after_rows: int = 0
    #: How many jobs `stop_after_rows` applies to; -1 for all.
    stop_times: int = -1
    #: `errorMessage` of jobs that fail as a whole before their first row.
    fail_jobs_with: str = ""
    #: How many jobs `fail_jobs_with` applies to; -1 for all.
    fail_jobs_times: int = 0
    rules: list[RowRule] = field(default_factory=list)
    login_rules: list[LoginRule] = field(default_factory=list)
    #: Certificates or public keys of the app, in PEM form, that JWTs may be signed for.
    jwt_certificates: list[str] = field(default_factory=list)
    #: Users besides the administrator.
    users: list[User] = field(default_factory=list)

    def configure(self, settings: dict[str, Any]) -> None:
        """Change members by name; rules and users may be dictionaries.

        Raises:
            ValueError: a name is not a member.
            TypeError: a rule or user has an unknown member.
        """
        known = {each.name for each in fields(self)}
        for name, value in settings.items():
            if name not in known:
                raise ValueError(f"The emulator has no setting {name}.")
            if kind := _MEMBERS.get(name):
                value = [each if isinstance(each, kind) else kind(**each) for each in value]
            setattr(self, name, value)

    def job_failure(self) -> str:
        """The `errorMessage` with which to fail the next job; empty for none."""
        if not self.fail_jobs_with or self.fail_jobs_times == 0:
            return ""
        self.fail_jobs_times -= 1
        return self.fail_jobs_with

    def row_limit(self) -> int:
        """The number of rows after which to fail the next job; 0 for never."""
        if not self.stop_after_rows or self.stop_times == 0:
            return 0
        self.stop_times -= 1
        return self.stop_after_rows


#: What the lists of these names hold.
_MEMBERS: dict[str, Any] = {"rules": RowRule, "login_rules": LoginRule, "users": User}
