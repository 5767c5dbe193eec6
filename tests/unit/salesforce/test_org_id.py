"""Which org a login is for."""

from __future__ import annotations

import pytest

from target_salesforce_bulk.salesforce.org_id import org_id, org_of_identity, org_of_token

ORG = "00D5g000004EmuLEAS"


@pytest.mark.parametrize("text", [ORG, ORG[:15]])
def test_an_id(text: str) -> None:
    """Both forms of one id are the same org."""
    assert org_id(text) == ORG


def test_ids_that_differ_in_case_alone() -> None:
    """They are two orgs, also on a case-insensitive disk."""
    upper, lower = org_id("00DA00000000001"), org_id("00Da00000000001")

    assert (upper, lower) == ("00DA00000000001EAA".replace("EAA", "MAA"), "00Da00000000001EAA")


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        7,
        "00D",
        ORG[:16],
        f"{ORG}\n",
        "0015g000004EmuLEAS",
        "00D5g000004EmuLEAT",
        "00D/../x",
    ],
)
def test_what_is_none(text: object) -> None:
    """Nothing else becomes the name of a folder; a wrong check letter is a typo."""
    assert org_id(text) is None


@pytest.mark.parametrize(
    ("token", "found"),
    [(f"{ORG[:15]}!AQEA", ORG), (ORG[:15], None), ("eyJ0.eyJ1.sig", None), ("!x", None)],
)
def test_the_org_of_a_token(token: str, found: str | None) -> None:
    """It comes before the exclamation mark; a JWT does not contain it."""
    assert org_of_token(token) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        (f"https://login.salesforce.com/id/{ORG}/0055g00000000001AA", ORG),
        (f"https://acme.my.salesforce.com/id/{ORG[:15]}/005", ORG),
        (f"https://acme.my.salesforce.com/{ORG}/005", None),
        ("https://acme.my.salesforce.com/id/..", None),
        ("https://[", None),
        (None, None),
    ],
)
def test_the_org_of_an_identity(url: object, found: str | None) -> None:
    """From the `id` of a token response."""
    assert org_of_identity(url) == found
