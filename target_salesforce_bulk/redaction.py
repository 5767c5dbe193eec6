"""Secrets, kept out of what is logged, printed and stored.

Known secrets are replaced, and so is anything that looks like a session id, a refresh token or a
private key: Salesforce and proxies repeat what they were sent in the text of an error.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable

_HIDDEN = "***"

#: A shorter value would hide ordinary words, and is no secret of Salesforce.
_SHORTEST = 8

#: The org's id, an exclamation mark, and the key; also as it stands in a form or in JSON.
#: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_oauth_and_connected_apps.htm
_SESSION_ID = r"00D[0-9A-Za-z]*(?:!|%21|\\u0021|&#33;)[0-9A-Za-z._%+/=-]+"
#: What refresh tokens of Salesforce begin with, and the texts of private keys.
_LONG_LIVED = r"\b5Aep[0-9A-Za-z._%]{40,}"
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:(?!-----END).)*+(?:-----END [A-Z ]*-----)?"
_SHAPES = (_SESSION_ID, _LONG_LIVED, _PRIVATE_KEY)


def _pattern_of(known: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(known, key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, longest_first), *_SHAPES]), re.DOTALL)


_lock = threading.Lock()
_known: set[str] = set()
_pattern = _pattern_of(())


def conceal(secret: str) -> None:
    """Hide a secret from now on, whatever the text it comes in; one too short is left alone."""
    global _pattern
    secret = secret.strip()
    if len(secret) < _SHORTEST or secret in _known:
        return
    with _lock:
        _known.update((secret, *_encoded(secret)))
        _pattern = _pattern_of(_known)


def _encoded(secret: str) -> tuple[str, ...]:
    """A secret as it stands in a form, in a URL and in JSON."""
    return quote_plus(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]


def redacted(text: str) -> str:
    """A text without secrets."""
    return _pattern.sub(_HIDDEN, text)
