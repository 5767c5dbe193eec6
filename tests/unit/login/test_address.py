"""Secrets go to encrypted addresses of Salesforce, and nowhere else."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.errors import AuthenticationError, SettingsError
from target_salesforce_bulk.login.address import check_address, check_instance_url

LOGIN = "https://login.salesforce.com"


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("https://acme.my.salesforce.com/", "https://acme.my.salesforce.com"),
        (" https://acme.my.salesforce.com\n", "https://acme.my.salesforce.com"),
        ("https://acme.my.site.com/partners", "https://acme.my.site.com/partners"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_addresses_that_secrets_may_be_sent_to(url: str, checked: str) -> None:
    """Those with https, and this machine."""
    assert check_address(url, "login_url") == checked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "acme.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "ftp://acme.my.salesforce.com",
        "https://",
        "https://me:very-secret@acme.my.salesforce.com",
        "https://acme.my.salesforce.com@evil.example",
        "https://acme.my.salesforce.com?x=1",
        "https://acme.my.salesforce.com#x",
        "https://acme.my.salesforce.com:port",
        "https://evil.example\\.my.salesforce.com",
        "https://acme\n.my.salesforce.com",
        "https://acm\u00e9.my.salesforce.com",
        "https://[::1",
        "https://evil.example%2f.my.salesforce.com",
        "https://evil.example%00.my.salesforce.com",
        "https://evil.example;.my.salesforce.com",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    """The setting is named; the address is not repeated, as it may hold a password."""
    with pytest.raises(SettingsError, match=r"^login_url ") as caught:
        check_address(url, "login_url")
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "login_url"),
    [
        ("https://acme.my.salesforce.com/", LOGIN),
        ("https://acme.my.salesforce.mil", LOGIN),
        ("https://acme.cloudforce.com", LOGIN),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://acme.my.sfcrmproducts.cn", "https://acme.my.sfcrmproducts.cn"),
        ("https://crm.acme.example", "https://crm.acme.example/login"),
        ("http://127.0.0.1:9", "http://127.0.0.1:8"),
        ("http://127.0.0.1:9", "http://localhost:9"),
    ],
)
def test_orgs_that_a_login_may_name(url: str, login_url: str) -> None:
    """Salesforce's domains, and the host that was asked."""
    assert check_instance_url(url, login_url) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "login_url"),
    [
        ("https://evil.example", LOGIN),
        ("https://evilsalesforce.com", LOGIN),
        ("https://salesforce.com.evil.example", LOGIN),
        ("http://acme.my.salesforce.com", LOGIN),
        ("http://127.0.0.1:9", LOGIN),
        ("https://me@acme.my.salesforce.com", LOGIN),
        ("https://other.example", "https://crm.acme.example"),
        ("http://crm.acme.example", "https://crm.acme.example"),
    ],
)
def test_orgs_that_get_no_token(url: str, login_url: str) -> None:
    """A response from an impostor could name any URL."""
    with pytest.raises(AuthenticationError, match="nothing is sent there"):
        check_instance_url(url, login_url)
