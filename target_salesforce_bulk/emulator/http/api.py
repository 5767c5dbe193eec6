"""Which path answers what, and who is let in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from target_salesforce_bulk.emulator.http.authorize import Authorize
from target_salesforce_bulk.emulator.http.bodies import check_type
from target_salesforce_bulk.emulator.http.control import Control
from target_salesforce_bulk.emulator.http.errors import control_error_answer, error_answer
from target_salesforce_bulk.emulator.http.ingest import Ingest
from target_salesforce_bulk.emulator.http.oauth import OAuth, bearer_token
from target_salesforce_bulk.emulator.http.query import Queries
from target_salesforce_bulk.emulator.http.rest import VERSIONS, Rest
from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from target_salesforce_bulk.emulator.http.request_log import RequestLog
    from target_salesforce_bulk.emulator.org.org import Org

    Handler = Callable[[Request], Awaitable[Response]]

_DATA = "/services/data/v{version}"
_INGEST = f"{_DATA}/jobs/ingest"
_QUERY = f"{_DATA}/jobs/query"

#: Answers are compressed for clients that accept it.
_COMPRESSION = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=1)]


def routes(org: Org, log: RequestLog, url: str) -> list[Route]:
    """Everything that the server answers.

    Args:
        org: The org behind it.
        log: Where requests are recorded.
        url: The server's own address.
    """
    oauth, rest, queries, ingest = OAuth(org, url), Rest(org), Queries(org), Ingest(org)
    authorize, control = Authorize(org), Control(org, log)
    public: list[tuple[str, str, Handler]] = [
        ("POST", "/services/oauth2/token", oauth.issue_token),
        ("POST", "/services/oauth2/revoke", oauth.revoke_token),
        ("POST", "/services/oauth2/introspect", oauth.introspect_token),
        ("GET", "/services/oauth2/authorize", authorize.ask_user),
        ("GET", "/services/oauth2/authorize/answer", authorize.take_answer),
        ("GET", "/services/data", rest.list_versions),
    ]
    guarded: list[tuple[str, str, Handler]] = [
        ("GET", "/services/oauth2/userinfo", oauth.get_userinfo),
        ("GET", f"{_DATA}/limits", rest.get_limits),
        ("GET", f"{_DATA}/sobjects", rest.list_objects),
        ("GET", f"{_DATA}/sobjects/{{name}}/describe", rest.describe_object),
        ("GET", f"{_DATA}/query", queries.run_query),
        ("GET", f"{_DATA}/query/{{cursor}}", queries.get_next_page),
        ("POST", _QUERY, queries.create_job),
        ("GET", f"{_QUERY}/{{job}}", queries.get_job),
        ("GET", f"{_QUERY}/{{job}}/results", queries.get_results),
        ("POST", _INGEST, ingest.create_job),
        ("GET", _INGEST, ingest.list_jobs),
        ("GET", f"{_INGEST}/{{job}}", ingest.get_job),
        ("PATCH", f"{_INGEST}/{{job}}", ingest.update_job),
        ("DELETE", f"{_INGEST}/{{job}}", ingest.delete_job),
        ("PUT", f"{_INGEST}/{{job}}/batches", ingest.upload_data),
        ("GET", f"{_INGEST}/{{job}}/{{kind}}", ingest.get_results),
    ]
    own: list[tuple[str, str, Handler]] = [
        ("GET", "/_emulator/counts", control.count_records),
        ("GET", "/_emulator/rows/{name}", control.list_records),
        ("POST", "/_emulator/rows/{name}", control.insert_records),
        ("GET", "/_emulator/requests", control.list_requests),
        ("GET", "/_emulator/jobs", control.list_jobs),
        ("POST", "/_emulator/faults", control.add_fault),
        ("DELETE", "/_emulator/faults", control.clear_faults),
        ("POST", "/_emulator/settings", control.configure),
        ("POST", "/_emulator/expire-tokens", control.expire_tokens),
        ("POST", "/_emulator/reset", control.reset),
    ]
    salesforce = [
        *((method, path, _refusable(each)) for method, path, each in public),
        *((method, path, _guard(org, each)) for method, path, each in guarded),
    ]
    return [
        # Data Loader adds a trailing slash.
        *(
            Route(path + end, handler, methods=[method], middleware=_COMPRESSION)
            for method, path, handler in salesforce
            for end in ("", "/")
        ),
        *(
            Route(path, _guard_control(org, handler), methods=[method])
            for method, path, handler in own
        ),
    ]


def _refusable(handler: Handler) -> Handler:
    """Let everyone in, and report what is refused."""

    async def open_to_all(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusalError as refusal:
            return error_answer(refusal)

    return open_to_all


def _guard(org: Org, handler: Handler) -> Handler:
    """Let in only clients with a token, count the request, and report the count."""

    async def guarded(request: Request) -> Response:
        try:
            _admit(org, request)
            response = await handler(request)
        except RefusalError as refusal:
            response = error_answer(refusal)
        if org.behaviour.report_api_usage:
            used, allowed = org.api_calls, org.behaviour.daily_api_requests
            response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{allowed}"
        return response

    return guarded


def _guard_control(org: Org, handler: Handler) -> Handler:
    """Let in only who controls the emulator."""

    async def guarded(request: Request) -> Response:
        try:
            _admit_control(org, request)
            return await handler(request)
        except RefusalError as refusal:
            return control_error_answer(refusal)

    return guarded


def _admit_control(org: Org, request: Request) -> None:
    token = bearer_token(request.headers.get("Authorization", ""))
    if not secrets.compare_digest(token.encode(), org.control_token.encode()):
        raise RefusalError(
            "INVALID_SESSION_ID", "The emulator's own resources need its control token."
        )
    if request.method == "POST":
        check_type(request, "application/json")


def _admit(org: Org, request: Request) -> None:
    if not org.tokens.admit(bearer_token(request.headers.get("Authorization", ""))):
        raise RefusalError("INVALID_SESSION_ID", "Session expired or invalid")
    if request.path_params.get("version", VERSIONS[-1]) not in VERSIONS:
        raise RefusalError.not_found()
    org.count_api_call()
