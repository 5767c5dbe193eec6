"""Which addresses a login, and what it brings, may be sent to."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from target_salesforce_bulk.errors import AuthenticationError, SettingsError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

#: Domains of orgs: the public cloud, the US government's, and the Chinese one.
#: https://help.salesforce.com/articleView?id=000003652&type=1 (domains to allow)
#: https://github.com/forcedotcom/sfdx-core/blob/main/src/util/sfdcUrl.ts (isSalesforceDomain)
#: https://github.com/tprouvot/Salesforce-Inspector-reloaded (addon/background.js: .mil and .cn)
_SALESFORCE_DOMAINS = (
    "salesforce.com",
    "force.com",
    "cloudforce.com",
    "salesforce.mil",
    "force.mil",
    "cloudforce.mil",
    "crmforce.mil",
    "sfcrmproducts.cn",
    "sfcrmapps.cn",
)


#: Names of hosts, and IPv6 addresses without their brackets.
_HOST = re.compile(r"[a-z0-9._:-]+")


def check_address(url: str, setting: str) -> str:
    """An address that secrets may be sent to, without a slash at its end.

    Args:
        url: As the user wrote it.
        setting: Its name.

    Raises:
        SettingsError: it is none, is not encrypted, or holds a user name or password.
    """
    url = url.strip()
    problem = _problem(url)
    if problem:
        # The address itself is not repeated, as it may hold a password.
        raise SettingsError(f"{setting} {problem}. Use the form https://acme.my.salesforce.com.")
    return url.rstrip("/")


def check_instance_url(url: str, login_url: str) -> str:
    """The address of an org that a token reply names, which gets the token from now on.

    Args:
        url: As the reply says.
        login_url: Where the reply came from; checked before.

    Raises:
        AuthenticationError: it is not an address of Salesforce.
    """
    problem = _problem(url)
    if not problem and not _is_trusted(urlsplit(url), urlsplit(login_url)):
        problem = "is neither a Salesforce domain nor the host of login_url"
    if problem:
        raise AuthenticationError(
            f"The instance_url in the response of {login_url} {problem}, so nothing is sent "
            "there. Check login_url and the proxy (HTTPS_PROXY)."
        )
    return url.rstrip("/")


def _problem(url: str) -> str:
    """The problem with an address; empty if there is none."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "contains a character that is not allowed in a URL"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address"
    if parts.scheme not in {"https", "http"} or not host:
        return "is not an address that starts with https://"
    if "@" in parts.netloc:
        return "contains a user name or password"
    if not _HOST.fullmatch(host):
        return "contains a character that no host has"
    if parts.query or parts.fragment:
        return "contains a ? or #"
    if parts.scheme != "https" and not _is_loopback(host):
        return "is not encrypted: it must start with https://"
    return ""


def _is_trusted(instance: SplitResult, login: SplitResult) -> bool:
    host, login_host = instance.hostname or "", login.hostname or ""
    if host == login_host or (_is_loopback(host) and _is_loopback(login_host)):
        return True
    return any(host.endswith(f".{domain}") for domain in _SALESFORCE_DOMAINS)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
