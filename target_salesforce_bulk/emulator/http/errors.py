"""Error answers, in the forms that Salesforce gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from target_salesforce_bulk.emulator.org.refusal import RefusalError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from target_salesforce_bulk.emulator.org.refusal import OAuthError

#: The status of each error code; 400 for any other.
_STATUSES = {
    "INVALID_SESSION_ID": 401,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "INSUFFICIENT_ACCESS": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "EXCEEDED_MAX_SIZE_REQUEST": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
}


def error_answer(refusal: RefusalError) -> Response:
    """An error of the REST API: an array with one object."""
    return JSONResponse(
        [{"message": refusal.message, "errorCode": refusal.code}],
        status_code=_STATUSES.get(refusal.code, 400),
        media_type="application/json;charset=UTF-8",
    )


def control_error_answer(refusal: RefusalError) -> Response:
    """An error of the emulator's own resources: one object."""
    return JSONResponse({"error": refusal.message}, status_code=_STATUSES.get(refusal.code, 400))


def oauth_error_answer(error: OAuthError, status: int = 400) -> Response:
    """An error of the token endpoint: one object."""
    return JSONResponse(
        {"error": error.error, "error_description": error.description}, status_code=status
    )


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer requests to paths and methods that do not exist."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return error_answer(RefusalError("METHOD_NOT_ALLOWED", "HTTP Method not allowed"))
    return error_answer(RefusalError.not_found())
