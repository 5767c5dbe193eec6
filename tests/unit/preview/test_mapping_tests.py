"""Tests of a mapping are read from YAML and run without an org."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from crm_objects import describe, field

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.preview.mapping_tests import read_tests
from target_salesforce_bulk.preview.sent_rows import stream_settings
from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from pathlib import Path

KEY = field("Key__c:string", externalId=True, idLookup=True)
OBJECTS = Objects(
    KnownObjects([SObject.from_json({**describe("Contact", KEY), "deletable": True})])
)
SETTINGS = stream_settings(
    "people",
    {
        "streams": {
            "people": {
                "object": "Contact",
                "deletes": "delete",
                "field_mapping": {"id": "Key__c", "mail": "Email", "born": "Birthdate"},
            }
        }
    },
)
HEAD = "unit_tests:\n  - name: one\n    stream: people\n    key_properties: [id]\n"


def problems(tmp_path: Path, given: str, expect: str, head: str = HEAD) -> list[str]:
    """What one test finds."""
    path = tmp_path / "tests.yml"
    path.write_text(f"{head}    given: {given}\n    expect: {expect}\n")
    (test,) = read_tests(path)
    return test.problems(SETTINGS, OBJECTS)


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("[{id: 1, mail: a@b.c}]", "[{Key__c: 1, Email: a@b.c}]"),
        ("[{id: 1.50, born: 2024-01-31}]", "[{Key__c: 1.50, Birthdate: 2024-01-31}]"),
        ("[{id: 1, mail: null}]", "[{Email: '#N/A', Birthdate: ''}]"),
        ("[{id: 1, mail: x}]", "[{refused: INVALID_EMAIL_ADDRESS}]"),
        ("[{id: 1, mail: x}]", "[{refused: {column: mail, field: Email}}]"),
        (
            "[{id: 1, _sdc_deleted_at: '2024-01-01T00:00:00Z'}, {id: 2}]",
            "[{operation: delete, Key__c: 1}, {operation: upsert, Key__c: 2}]",
        ),
        ("[]", "[]"),
    ],
)
def test_what_is_as_expected(tmp_path: Path, given: str, expect: str) -> None:
    """Cells are texts; those that are not named may be anything."""
    assert problems(tmp_path, given, expect) == []


@pytest.mark.parametrize(
    ("given", "expect", "found"),
    [
        ("[{id: 1}]", "[{Key__c: 2}]", ["row 1: Key__c: expected '2', got '1'"]),
        ("[{id: 1}]", "[]", ["expected 0 rows, but given 1 record"]),
        (
            "[{id: 1}]",
            "[{Keys__c: 1}]",
            ["no column Keys__c is sent; the columns are Key__c, Email, Birthdate"],
        ),
        (
            "[{id: 1}, {id: 2, mail: x}]",
            "[{Key__c: 1}, {Key__c: 2}]",
            [
                "row 2: refused in mail, not sent: "
                "INVALID_EMAIL_ADDRESS: Email: invalid email address: x"
            ],
        ),
        (
            "[{id: 1, mail: x}]",
            "[{refused: {code: STRING_TOO_LONG, column: mail}}]",
            ["row 1: code of the refusal: expected 'STRING_TOO_LONG', got 'INVALID_EMAIL_ADDRESS'"],
        ),
        (
            "[{id: 1}]",
            "[{refused: X}]",
            ["row 1: sent, not refused with X: {'Key__c': '1', 'Email': '', 'Birthdate': ''}"],
        ),
        ("[{id: 1}]", "[{operation: delete}]", ["row 1: operation: expected delete, got upsert"]),
    ],
)
def test_what_is_not(tmp_path: Path, given: str, expect: str, found: list[str]) -> None:
    """Each difference is a line."""
    assert problems(tmp_path, given, expect) == found


def test_a_mapping_that_cannot_be_loaded(tmp_path: Path) -> None:
    """The test fails with the error of a load."""
    head = HEAD.replace("    key_properties: [id]\n", "")

    assert problems(tmp_path, "[{id: 1}]", "[{Key__c: 1}]", head)[0].startswith(
        "Stream people: upsert needs a field that identifies the record of a row"
    )


def test_values_as_a_tap_sends_them(tmp_path: Path) -> None:
    """Digits of numbers stay, and dates are texts, in nested values too."""
    path = tmp_path / "tests.yml"
    path.write_text(
        f"{HEAD}    given: [{{a: 1.50, b: [2024-01-31, {{c: 2.0}}], d: yes}}]\n    expect: [{{}}]\n"
    )

    assert read_tests(path)[0].given == [
        {"a": Decimal("1.50"), "b": ["2024-01-31", {"c": Decimal("2.0")}], "d": "yes"}
    ]
    assert str(read_tests(path)[0].given[0]["a"]) == "1.50"


ROWS = "    given: []\n    expect: []\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", " has no tests, or other members beside them. Begin it with unit_tests:"),
        ("unit_tests: []\n", " has no tests"),
        ("unit_tests: [1]\n", ", line 1: the test is not a mapping."),
        (f"{HEAD}{ROWS}    extra: 1\n", ", line 2: extra is unknown (allowed: describes, expect"),
        (HEAD, ", line 2: the test has no given."),
        (f"{HEAD}    given: 1\n    expect: []\n", ", line 5: given is not a list of rows"),
        (f"{HEAD}    given: []\n    expect:\n    - 1\n", ", line 7: expect is not a list of rows"),
        (
            f"{HEAD}    given: []\n    expect:\n    - {{}}\n    - {{refused: {{a: 1}}}}\n",
            ", line 8: a refused row has nothing but refused",
        ),
        (
            f"{HEAD}    given: []\n    expect:\n    - {{refused: A, b: 1}}\n",
            ", line 7: a refused row has nothing but refused",
        ),
        (
            "unit_tests:\n  - {name: a, stream: b, key_properties: 1, given: [], expect: []}\n",
            ", line 2: key_properties is not a list.",
        ),
        (f"{HEAD}{ROWS}{HEAD[12:]}{ROWS}", ", line 7: another test is named one too."),
        ("a: [\n", " cannot be read, line 2:"),
    ],
)
def test_a_malformed_file(tmp_path: Path, text: str, message: str) -> None:
    """The error names the file, the line and what to do."""
    path = tmp_path / "tests.yml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_tests(path)
    assert str(caught.value).startswith(f"{path}{message}")


def test_no_file(tmp_path: Path) -> None:
    """One that is not there, or not UTF-8."""
    with pytest.raises(InputError) as caught:
        read_tests(tmp_path / "none.yml")
    assert "cannot be read: No such file" in str(caught.value)
    (tmp_path / "x.yml").write_bytes(b"\xff")
    with pytest.raises(InputError) as caught:
        read_tests(tmp_path / "x.yml")
    assert "is not UTF-8" in str(caught.value)
