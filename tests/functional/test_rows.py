"""What reaches Salesforce of a row, for the cases in which other loaders go wrong."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import CONTACT, contact, record, schema, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_messages import Result

    from target_salesforce_bulk.emulator import Emulator

KEYED = {"Contact": {"external_id_field": "External_Id__c"}}


def names(org: Emulator) -> dict[str, str]:
    return {row["External_Id__c"]: row["LastName"] for row in org.rows("Contact")}


def codes(result: Result) -> dict[str, str]:
    return {row["External_Id__c"]: row["code"] for row in result.failed_rows()}


def old(*numbers: int) -> list[dict[str, Any]]:
    return [{"LastName": "Old", "External_Id__c": f"C-{n}"} for n in numbers]


def test_update_by_an_external_id_never_creates(org: Emulator, load: Callable[..., Result]) -> None:
    """The Ids are looked up; a row without a match, or with several, fails and says so."""
    org.insert("Contact", old(1, 2, 3, 3))
    rows = [contact(n) for n in (1, 2, 3, 4)]

    result = load([schema(), *rows], operation="update", streams=KEYED, max_failed_percent=100)

    assert result.code == 0, result.stderr
    assert sorted(row["LastName"] for row in org.rows("Contact")) == [
        "Number 1",
        "Number 2",
        "Old",
        "Old",
    ]
    assert codes(result) == {"C-3": "DUPLICATE_EXTERNAL_ID", "C-4": "NOT_FOUND"}
    assert [job["numberRecordsProcessed"] for job in org.jobs()] == [2]


@pytest.mark.parametrize("operation", ["delete", "hardDelete"])
def test_delete_by_an_external_id(
    org: Emulator, load: Callable[..., Result], operation: str
) -> None:
    """Only the key of a row counts, whatever other columns its table has."""
    org.insert("Contact", old(1, 2, 3))
    rows = [contact(n) for n in (1, 3, 4)]

    result = load(
        [schema(), *rows],
        streams={"Contact": KEYED["Contact"] | {"operation": operation}},
        allow_hard_delete=True,
        max_failed_percent=100,
    )

    assert (result.code, set(names(org))) == (0, {"C-2"}), result.stderr
    assert codes(result) == {"C-4": "NOT_FOUND"}
    assert "is not loaded" not in result.stderr


def test_many_keys_are_looked_up_by_one_query_job(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Above a few thousand keys, queries would cost more calls than reading all keys."""
    org.insert("Contact", old(*range(5000)))
    rows = [contact(n, External_Id__c=f"c-{n}") for n in range(1, 5001)]

    result = load([schema(), *rows], operation="update", streams=KEYED)

    assert result.code == 0, result.stderr
    assert codes(result) == {"c-5000": "NOT_FOUND"}
    assert (org.calls("POST", "*/jobs/query"), org.calls("GET", "*/query/")) == (1, 0)
    assert names(org)["C-4999"] == "Number 4999"


def test_keys_with_everything_in_them(org: Emulator, load: Callable[..., Result]) -> None:
    """Quotes, backslashes and other scripts survive the query."""
    keys = ["O'Brien", "back\\slash", '"quoted"', "表", "a,b", "100%", "under_score"]
    org.insert("Contact", [{"LastName": "Old", "External_Id__c": key} for key in keys])

    result = load(
        [schema(), *(contact(1, External_Id__c=key) for key in keys)],
        operation="update",
        streams=KEYED,
    )

    assert result.code == 0, result.stderr
    assert names(org) == dict.fromkeys(keys, "Number 1")


def test_records_that_the_source_deleted(org: Emulator, load: Callable[..., Result]) -> None:
    """In order with what is written: deleted after it was written, written after it was deleted."""
    org.insert("Contact", old(1, 2))
    gone = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    rows = [
        contact(1, **gone),
        contact(2, _sdc_deleted_at=None),
        contact(3),
        contact(3, **gone),
        contact(4, **gone),
        contact(1, LastName="Back again"),
    ]
    result = load([schema(), *rows], deletes="delete", max_failed_percent=100)

    assert result.code == 0, result.stderr
    assert names(org) == {"C-1": "Back again", "C-2": "Number 2"}
    assert codes(result) == {"C-4": "NOT_FOUND"}


def test_deleted_records_are_loaded_unless_asked(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The default deletes nothing, and neither does ACTIVATE_VERSION."""
    version = {"type": "ACTIVATE_VERSION", "stream": "Contact", "version": 2}
    org.insert("Contact", old(9))
    result = load([schema(), contact(1, _sdc_deleted_at="2026-01-01T00:00:00Z"), version])

    assert (result.code, set(names(org))) == (0, {"C-1", "C-9"})
    assert result.stderr.count("ACTIVATE_VERSION") == 1
    assert "Contact: loaded 1 record with _sdc_deleted_at like any other" in result.stderr


def test_no_mistaken_mark_deletes_a_record(org: Emulator, load: Callable[..., Result]) -> None:
    """A tap that sends an empty text for null must not empty the org."""
    marks: list[Any] = ["", False, 0, "null", [], {}]
    org.insert("Contact", old(*range(6)))
    rows = [contact(n, _sdc_deleted_at=mark) for n, mark in enumerate(marks)]

    result = load([schema(), *rows], deletes="delete", max_failed_percent=100)

    assert (result.code, org.count("Contact")) == (0, 6), result.stderr
    assert codes(result) == {f"C-{n}": "INVALID_FIELD" for n in range(6)}


def test_an_update_by_another_key_with_a_property_id(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """The source's own id is no column: the job would have two of that name."""
    org.insert("Contact", old(1))
    row = contact(1, id="source-1")

    result = load([schema(properties=CONTACT | {"id": {}}), row], operation="update", streams=KEYED)

    assert (result.code, names(org)) == (0, {"C-1": "Number 1"}), result.stderr
    why = "id: records are identified by External_Id__c, not by Id."
    assert f"1 property is not loaded. {why}" in result.stderr


def test_a_multi_select_without_members_clears_the_field(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """As null does; a null among the members is none of them."""
    mine = [
        {"External_Id__c": f"C-{n}", "LastName": "x", "Interests__c": "Books"} for n in range(3)
    ]
    org.insert("Contact", mine)
    rows = [
        contact(0, Interests__c=[]),
        contact(1, Interests__c=["", ""]),
        contact(2, Interests__c=["Music", None]),
    ]
    result = load([schema(properties=CONTACT | {"Interests__c": {}}), *rows])

    assert result.code == 0, result.stderr
    assert [row["Interests__c"] for row in org.rows("Contact")] == [None, None, "Music"]


def test_an_assignment_rule(org: Emulator, load: Callable[..., Result]) -> None:
    """Given to the job; refused where it is not real, or not for the object."""
    rule = org.insert("AssignmentRule", [{"Name": "Standard", "SobjectType": "Lead"}])[0]
    lead = {"External_Id__c": {}, "LastName": {}, "Company": {}}
    messages = [
        schema("Lead", lead),
        record("Lead", External_Id__c="L", LastName="Hopper", Company="Navy"),
    ]

    def run(stream: str, rule_id: str, *lines: dict[str, Any]) -> Result:
        return load(lines, streams={stream: {"assignment_rule_id": rule_id}})

    good = run("Lead", rule, *messages)
    unreal = run("Lead", "01Q000000000000AAA", *messages)
    misplaced = run("Contact", rule, schema(), contact(1))

    assert (good.code, org.jobs()[0]["assignmentRuleId"]) == (0, rule)
    assert (unreal.code, misplaced.code) == (1, 1)
    assert "Invalid assignment rule" in unreal.last_line
    assert "assignment_rule_id is for Lead and Case" in misplaced.last_line


def test_record_types_by_their_developer_name(org: Emulator, load: Callable[..., Result]) -> None:
    """Through the same mechanism as any parent."""
    kind = org.insert("RecordType", [{"Name": "Partner", "DeveloperName": "Partner"}])[0]
    result = load(
        [schema(properties=CONTACT | {"kind": {}}), contact(1, kind="Partner")],
        streams={"Contact": {"field_mapping": {"kind": "RecordType.DeveloperName"}}},
    )

    assert result.code == 0, result.stderr
    assert [row["RecordTypeId"] for row in org.rows("Contact")] == [kind]


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ("Owner.Email", "can point to several objects.*User:Owner.Email"),
        ("Account:Account.External_Id__c", "without Account:"),
        ("Accont.External_Id__c", "no relationship Accont .did you mean Account"),
    ],
)
def test_parent_columns_that_are_spelled_wrong(
    load: Callable[..., Result], column: str, advice: str
) -> None:
    """The right form is shown."""
    result = load(
        [schema("Case", {"External_Id__c": {}, "parent": {}})],
        streams={"Case": {"field_mapping": {"parent": column}}},
    )
    other = load(
        [schema(properties=CONTACT | {"parent": {}})],
        streams={"Contact": {"field_mapping": {"parent": column}}},
    )

    assert result.code == 1
    assert re.search(advice, result.last_line + other.last_line)


def test_long_forms_constants_and_paths(org: Emulator, load: Callable[..., Result]) -> None:
    """Each says of one field what the settings say of all."""
    org.insert("Contact", [{"External_Id__c": "C-1", "LastName": "x", "Email": "kept@x.example"}])
    mapping = {
        "Email": {"field": "Email", "nulls": "ignore"},
        "FirstName": {"field": "FirstName", "too_long": "truncate"},
        "source": {"field": "LeadSource", "value": "Web"},
        "address.city": "MailingCity",
    }
    properties = CONTACT | {"address": {"type": "object"}}
    row = contact(1, Email=None, FirstName="x" * 50, address={"city": "Bern", "zip": "3000"})

    result = load(
        [schema(properties=properties), row], streams={"Contact": {"field_mapping": mapping}}
    )

    assert result.code == 0, result.stderr
    stored = org.rows("Contact")[0]
    assert [stored[name] for name in ("Email", "FirstName", "LeadSource", "MailingCity")] == [
        "kept@x.example",
        "x" * 40,
        "Web",
        "Bern",
    ]


def test_the_most_specific_entry_of_streams_wins(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """An exact name before a glob, a longer glob before a shorter; by setting, not as a whole."""
    streams = {
        "*": {"object": "Contact", "nulls": "ignore", "too_long": "truncate"},
        "crm_*": {"nulls": "clear"},
        "crm_people": {"too_long": "reject"},
    }
    org.insert("Contact", old(1, 2))
    org.insert("Contact", [{"External_Id__c": "C-3", "LastName": "x", "Email": "a@x.example"}])
    result = load(
        [
            schema("crm_people"),
            {**contact(3, Email=None), "stream": "crm_people"},
            {**contact(1, FirstName="x" * 50), "stream": "crm_people"},
            schema("people"),
            {**contact(2, FirstName="y" * 50), "stream": "people"},
        ],
        streams=streams,
        max_failed_percent=100,
    )

    stored = {row["External_Id__c"]: row for row in org.rows("Contact")}
    assert result.code == 0, result.stderr
    assert codes(result) == {"C-1": "STRING_TOO_LONG"}
    assert stored["C-2"]["FirstName"] == "y" * 40
    assert stored["C-3"]["Email"] is None


def test_a_property_that_is_gone_from_the_schema(
    org: Emulator, load: Callable[..., Result]
) -> None:
    """Its field is left alone from then on, and one line says so."""
    narrow = {name: CONTACT[name] for name in ("External_Id__c", "LastName")}
    messages = [schema(), contact(1), contact(2), schema(properties=narrow)]
    messages += [record(External_Id__c="C-1", LastName="New")]

    result = load(messages, streams={"Contact": {"field_mapping": {"FirstName": "FirstName"}}})

    assert result.code == 0, result.stderr
    assert result.stderr.count("the stream no longer has it") == 1
    assert {row["FirstName"] for row in org.rows("Contact")} == {"Ada"}


def test_a_property_that_changes_its_type(org: Emulator, load: Callable[..., Result]) -> None:
    """The field's type decides, not the schema's."""
    text = CONTACT | {"Score__c": {"type": "string"}}
    number = CONTACT | {"Score__c": {"type": "number"}}
    messages = [schema(properties=text), contact(1, Score__c="1.5")]
    messages += [schema(properties=number), contact(2, Score__c=2.5)]

    result = load(messages)

    assert result.code == 0, result.stderr
    assert [row["Score__c"] for row in org.rows("Contact")] == [1.5, 2.5]


def test_a_field_that_is_removed_in_salesforce_meanwhile(
    org: Emulator, load: Callable[..., Result], start: Callable[..., Any]
) -> None:
    """The job fails as a whole and names it; the rows come again."""
    messages = [
        schema(properties=CONTACT | {"Title": {}}),
        contact(1, Title="Dr."),
        state(Contact=1),
    ]
    org.configure(seconds_per_job=0)
    process = start()
    for message in messages:
        process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()
    while not org.calls("GET", "*/describe"):
        pass
    org.remove_field("Contact", "Title")
    stdout, stderr = process.communicate(timeout=30)
    again = load(messages)

    assert (process.returncode, stdout) == (1, "")
    assert "Field name not found : Title" in stderr
    assert (again.code, names(org)) == (0, {"C-1": "Number 1"})
    assert "Contact has no field of that name" in again.stderr


def test_bad_values_fail_their_rows_only(org: Emulator, load: Callable[..., Result]) -> None:
    """One malformed record never ends the run."""
    properties = CONTACT | {"Score__c": {"type": "number"}, "Birthdate": {"format": "date"}}
    rows = [
        contact(1),
        contact(2, Score__c="many"),
        contact(3, Birthdate="2024-02-30"),
        contact(4, Birthdate=12),
        contact(5, LastName={"nested": True}),
        contact(6, External_Id__c=None),
        '{"type": "RECORD", "stream": "Contact", "record": {"External_Id__c": "C-7", '
        '"LastName": "\\ud800"}}',
        contact(8, LastName="#N/A"),
        contact(9, LastName="nul\u0000"),
        contact(10, Score__c="NaN"),
        contact(11, Score__c=10**40),
    ]
    result = load([schema(properties=properties), *rows, state(Contact=1)], max_failed_percent=100)

    assert result.code == 0, result.stderr
    (written,) = result.states
    assert written["bookmarks"]["Contact"] == 1
    assert set(names(org)) == {"C-1", "C-5"}
    assert codes(result) == {
        "C-2": "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "C-3": "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "C-4": "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "": "MISSING_ARGUMENT",
        "C-7": "INVALID_FIELD",
        "C-8": "INVALID_FIELD",
        "C-9": "INVALID_FIELD",
        "C-10": "INVALID_TYPE_ON_FIELD_IN_RECORD",
        "C-11": "NUMBER_OUTSIDE_VALID_RANGE",
    }
    assert not org.calls("PUT", "*") > 1
