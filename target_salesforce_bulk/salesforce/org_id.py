"""Org Ids.

https://help.salesforce.com/s/articleView?id=000385215&type=1 (how to find them)
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ORG_ID = re.compile(r"(00D[A-Za-z0-9]{12})([A-Z0-5]{3})?", re.ASCII)
_CHECK_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def org_id(text: object) -> str | None:
    """The 18-character form of an org Id; None if the text is not an org Id.

    The last three characters encode which of the others are upper case, so two Ids also differ as
    names of folders on a case-insensitive file system.
    https://help.salesforce.com/s/articleView?id=000383751&type=1
    """
    match = _ORG_ID.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    short, given = match.groups()
    suffix = "".join(_check_letter(short[place : place + 5]) for place in (0, 5, 10))
    return short + suffix if given in {None, suffix} else None


def _check_letter(five: str) -> str:
    return _CHECK_LETTERS[sum(letter.isupper() << place for place, letter in enumerate(five))]


def org_of_token(access_token: str) -> str | None:
    """The Id of the org that an access token or session id is for; None if it does not show it.

    Salesforce's own CLI relies on tokens beginning with the org's Id.
    https://github.com/forcedotcom/sfdx-core/blob/main/src/util/sfdc.ts (accessTokenRegex)
    """
    org, mark, _ = access_token.partition("!")
    return org_id(org) if mark else None


def org_of_identity(url: object) -> str | None:
    """The org Id in the `id` of a token response: `https://login.salesforce.com/id/<org>/<user>`.

    https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_openid.htm
    """
    try:
        parts = urlsplit(url).path.split("/") if isinstance(url, str) else []
    except ValueError:
        return None
    return org_id(parts[-2]) if len(parts) > 2 and parts[-3] == "id" else None
