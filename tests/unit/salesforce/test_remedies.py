"""Each error that people meet has a line of its own that says what to do."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.salesforce.remedies import remedy_for


@pytest.mark.parametrize(
    ("code", "message", "part"),
    [
        ("invalid_client", "invalid client credentials", "Compare client_id and client_secret"),
        ("invalid_client", "app must be installed into org", "Setup > Connected Apps OAuth Usage"),
        ("invalid_client_id", "client identifier invalid", "no app with this client_id"),
        ("inactive_user", "user is inactive", "Setup > Users"),
        ("inactive_org", "organization is inactive", "The org is locked"),
        ("OAUTH_APP_BLOCKED", "", "Unblock the app in Setup > Connected Apps OAuth Usage"),
        ("access_denied", "end-user denied authorization", "choose Allow"),
        ("invalid_scope", "", "scopes api and refresh_token in Setup >"),
        ("OAUTH_EC_APP_NOT_FOUND", "", "no app with this client_id"),
        ("app_not_found", "", "no app with this client_id"),
        ("INVALID_LOGIN", "Invalid username", "security_token in Setup > Users > Login History"),
        ("invalid_grant", "authentication failure", "Setup > OAuth and OpenID Connect Settings"),
        ("invalid_grant", "ip restricted", "Login IP Ranges"),
        ("invalid_app_access", "user is not admin approved", "Pre-authorize it"),
        ("redirect_uri_mismatch", "redirect_uri must match", "Callback URL in Setup >"),
        ("invalid_grant", "user hasn't approved this consumer", "set Permitted Users to"),
        ("invalid_grant", "expired certificate", "Upload a certificate that is valid in Setup >"),
        ("invalid_grant", "invalid assertion", "does not belong to the app's certificate"),
        ("invalid_grant", "audience is invalid", "https://test.salesforce.com for a sandbox"),
        ("invalid_grant", "expired access/refresh token", "authorize the app again"),
        ("unsupported_grant_type", "grant type not supported", "> Flow Enablement"),
        ("API_DISABLED_FOR_ORG", "API is not enabled", "Setup > Permission Sets > System"),
        ("INSUFFICIENT_ACCESS", "insufficient access rights", "Object Settings for the objects"),
    ],
)
def test_what_to_do(code: str, message: str, part: str) -> None:
    """By the code in any spelling, and a part of the message in any."""
    assert part in remedy_for(code, message)
    assert remedy_for(code.upper().replace("_", ""), message.upper()) == remedy_for(code, message)


@pytest.mark.parametrize(("code", "message"), [("", ""), ("NEW", "x"), ("invalid_grant", "x")])
def test_what_is_not_known(code: str, message: str) -> None:
    """There is no advice rather than a wrong one."""
    assert remedy_for(code, message) == ""
