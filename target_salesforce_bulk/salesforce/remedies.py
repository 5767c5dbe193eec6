"""What to do about an error of Salesforce, by its code and a part of its message.

The token endpoint's codes and messages are in
https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_flow_errors.htm.
None of these errors goes away by itself, so the request is not repeated.
"""

from __future__ import annotations

from typing import NamedTuple

_MY_DOMAIN = "The address is in Setup under My Domain."
_APP_SETTINGS = "Setup > External Client App Manager > the app > Settings > OAuth Settings"
_APP_POLICIES = "Setup > External Client App Manager > the app > Policies > OAuth Policies"
_CONSUMER_KEY = f"{_APP_SETTINGS} > Consumer Key and Secret"
_INSTALL = (
    "The org blocks apps that an administrator has not installed. Install the app in Setup > "
    "Connected Apps OAuth Usage, or use an External Client App of this org."
)
_WRONG_ORG = (
    "This org has no app with this client_id. Check login_url, and compare client_id with "
    f"{_CONSUMER_KEY}. A new app takes some minutes to work."
)
_PRE_AUTHORIZE = (
    "The user may not use the app. Pre-authorize it: in "
    f"{_APP_POLICIES}, set Permitted Users to admin approved users, and select a permission set "
    "or profile of the user."
)
_IP = (
    "The login comes from an address that is not allowed. Add it in Setup > Profiles > the user's "
    f"profile > Login IP Ranges, or relax IP Relaxation in {_APP_POLICIES}."
)
_USER_LOGIN = (
    "Check username, password and security_token in Setup > Users > Login History. Many orgs "
    "block this login in Setup > OAuth and OpenID Connect Settings; logins by client credentials "
    "or JWT are not affected."
)


class Remedy(NamedTuple):
    """One line of the table."""

    #: In upper case without underscores; empty for any.
    code: str
    #: A part of the message in lower case; empty for any.
    part: str
    text: str


#: The first that fits counts.
_TABLE = (
    Remedy("", "ip restricted", _IP),
    Remedy(
        "",
        "expired certificate",
        f"Upload a certificate that is valid in {_APP_SETTINGS}, and set the private key that "
        "belongs to it.",
    ),
    Remedy("", "certificate expired", f"Upload a certificate that is valid in {_APP_SETTINGS}."),
    Remedy("INVALIDCLIENTID", "", _WRONG_ORG),
    Remedy("INVALIDCLIENT", "installed", _INSTALL),
    Remedy(
        "INVALIDCLIENT", "", f"Compare client_id and client_secret with those in {_CONSUMER_KEY}."
    ),
    Remedy("INACTIVEUSER", "", "Activate the user in Setup > Users, or log in as another one."),
    Remedy(
        "INACTIVEORG",
        "",
        "The org is locked, closed or being moved. Check it in a browser, and login_url.",
    ),
    Remedy("OAUTHAPPBLOCKED", "", "Unblock the app in Setup > Connected Apps OAuth Usage."),
    Remedy("OAUTHECAPPNOTFOUND", "", _WRONG_ORG),
    Remedy("APPNOTFOUND", "", _WRONG_ORG),
    Remedy("INVALIDAPPACCESS", "", _PRE_AUTHORIZE),
    Remedy("INVALIDLOGIN", "", _USER_LOGIN),
    Remedy(
        "REDIRECTURIMISMATCH",
        "",
        f"Add the address that the login used to Callback URL in {_APP_SETTINGS}, with its port.",
    ),
    Remedy("ACCESSDENIED", "", "Log in again, and choose Allow."),
    Remedy("INVALIDSCOPE", "", f"Add the scopes api and refresh_token in {_APP_SETTINGS}."),
    Remedy("INVALIDGRANT", "approved this consumer", _PRE_AUTHORIZE),
    Remedy("INVALIDGRANT", "admin approved", _PRE_AUTHORIZE),
    Remedy("INVALIDGRANT", "authentication failure", _USER_LOGIN),
    Remedy(
        "INVALIDGRANT",
        "not supported on this domain",
        "Client credentials need the org's My Domain address as login_url, such as "
        f"https://acme.my.salesforce.com. {_MY_DOMAIN}",
    ),
    Remedy(
        "INVALIDGRANT",
        "no client credentials user",
        f"Name a Run As user in {_APP_POLICIES} > Client Credentials Flow.",
    ),
    Remedy(
        "INVALIDGRANT",
        "expired access/refresh token",
        "The refresh token was revoked, has expired or was replaced; authorize the app again.",
    ),
    Remedy(
        "INVALIDGRANT",
        "audience",
        "Set login_url to https://login.salesforce.com, or to https://test.salesforce.com for a "
        "sandbox.",
    ),
    Remedy(
        "INVALIDGRANT",
        "assertion",
        "The private key does not belong to the app's certificate, or this machine's clock is "
        f"wrong. The certificate is in {_APP_SETTINGS}.",
    ),
    Remedy(
        "INVALIDGRANT",
        "expired authorization code",
        "This machine's clock may be wrong: a JWT is valid for three minutes.",
    ),
    Remedy("INVALIDGRANT", "inactive", "Activate the user, or log in as another one."),
    Remedy(
        "UNSUPPORTEDGRANTTYPE",
        "",
        f"Enable this flow in {_APP_SETTINGS} > Flow Enablement, or choose another auth_method.",
    ),
    Remedy(
        "APIDISABLEDFORORG",
        "",
        "The org's edition includes no API, or the user lacks API Enabled. Ask Salesforce for the "
        "first; the second is in Setup > Permission Sets > System Permissions.",
    ),
    Remedy("APICURRENTLYDISABLED", "", "Salesforce has disabled the API for now; try again later."),
    Remedy(
        "FEATURENOTENABLED",
        "",
        "hardDelete needs the permission Bulk API Hard Delete on the user's profile.",
    ),
    Remedy(
        "INSUFFICIENTACCESS",
        "",
        "Give the user the permission in Setup > Permission Sets: System Permissions > API "
        "Enabled, and Object Settings for the objects that are loaded.",
    ),
    Remedy("INVALIDENTITY", "", "Bulk API 2.0 does not support this object."),
)


def remedy_for(code: str, message: str) -> str:
    """What to do about an error; empty if it is not known.

    Args:
        code: Salesforce's, in any spelling.
        message: Salesforce's own words.
    """
    code, message = code.upper().replace("_", ""), message.lower()
    fits = (each.text for each in _TABLE if each.code in {"", code} and each.part in message)
    return next(fits, "")
