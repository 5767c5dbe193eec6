"""What the page is answered, and what is written to the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import InputError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITTEN = {
    "object": "Contact",
    "field_mapping": {
        "id": "External_Id__c",
        "email": "",
        "surname": {"field": "LastName", "nulls": "ignore"},
        "source": {"field": "LeadSource", "value": "Web"},
    },
}


def shown(stream: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        name: (each["field"], each["state"]) for name, each in stream["draft"]["columns"].items()
    }


def accepted(draft: dict[str, Any]) -> dict[str, Any]:
    """The same draft with all suggestions accepted."""
    columns = {
        name: each | {"state": "accepted" if each["field"] else each["state"]}
        for name, each in draft["columns"].items()
    }
    return draft | {"columns": columns}


def test_a_new_stream(editor: Callable[..., Any]) -> None:
    """It has suggestions, none of which is decided; the key is suggested with the rest."""
    (found,) = editor().start()["streams"]

    draft = found["draft"]
    assert (draft["object"], draft["operation"]) == ("Contact", "upsert")
    assert (draft["key"], shown(found)["id"]) == (
        "External_Id__c",
        ("External_Id__c", "suggested"),
    )
    assert shown(found)["surname"] == ("LastName", "suggested")
    assert shown(found)["email"] == ("Email", "suggested")
    assert {state for _, state in shown(found).values()} == {"suggested", "open"}
    assert found["suggestion"]["columns"]["surname"]["score"] > 0.9


def test_a_stream_of_the_file(editor: Callable[..., Any]) -> None:
    """What it has is decided; only what it does not say is suggested."""
    (found,) = editor(people=WRITTEN).start()["streams"]

    assert {name: shown(found)[name] for name in ("id", "surname", "email")} == {
        "id": ("External_Id__c", "accepted"),
        "surname": ("LastName", "accepted"),
        "email": ("", "rejected"),
    }
    assert found["draft"]["key"] == "External_Id__c"
    assert found["draft"]["columns"]["surname"]["nulls"] == "ignore"
    assert list(found["draft"]["constants"]) == [
        {"name": "source", "field": "LeadSource", "value": "Web"}
    ]


def test_looking_changes_nothing(editor: Callable[..., Any], config_file: Path) -> None:
    """What nobody has decided is not written, and a stream of the file stays as it is."""
    made = editor(people=WRITTEN)
    before = config_file.read_text()
    drafts = {each["name"]: each["draft"] for each in made.start()["streams"]}

    assert made.changes({"drafts": drafts}) == {"diff": ""}
    assert made.save({"drafts": drafts}) == {"diff": ""}
    assert config_file.read_text() == before


def test_saving(editor: Callable[..., Any], config_file: Path) -> None:
    """What is accepted and what is rejected; the diff before says the same."""
    made = editor()
    draft = accepted(made.start()["streams"][0]["draft"])
    draft["columns"]["born"] |= {"field": "", "state": "rejected"}
    draft["columns"]["id"] |= {"field": "External_Id__c", "state": "accepted"}
    draft["key"] = "External_Id__c"
    draft["constants"] = [{"name": "source", "field": "LeadSource", "value": "Web"}]
    body = {"drafts": {"people": draft}}

    diff = made.changes(body)["diff"]

    assert made.save(body)["diff"] == diff != ""
    saved = json.loads(config_file.read_text())
    assert saved["state_dir"] == "here"
    entry = saved["streams"]["people"]
    assert {name: entry[name] for name in ("object", "operation", "external_id_field")} == {
        "object": "Contact",
        "operation": "upsert",
        "external_id_field": "External_Id__c",
    }
    mapping = entry["field_mapping"]
    assert {name: mapping[name] for name in ("id", "surname", "email", "born", "source")} == {
        "id": "External_Id__c",
        "surname": "LastName",
        "email": "Email",
        "born": "",
        "source": {"field": "LeadSource", "value": "Web"},
    }
    assert made.changes(body) == {"diff": ""}


def test_taking_back(editor: Callable[..., Any], config_file: Path) -> None:
    """A column that is open again and a constant that is removed leave the file."""
    made = editor(people=WRITTEN)
    draft = made.start()["streams"][0]["draft"]
    draft["columns"]["surname"] |= {"field": "", "state": "open"}
    draft["constants"] = []

    made.save({"drafts": {"people": draft}})

    mapping = json.loads(config_file.read_text())["streams"]["people"]["field_mapping"]
    assert mapping == {"id": "External_Id__c", "email": ""}


def test_a_file_that_has_changed(editor: Callable[..., Any], config_file: Path) -> None:
    """It is never overwritten."""
    made = editor()
    draft = accepted(made.start()["streams"][0]["draft"])
    config_file.write_text("{}")

    with pytest.raises(SettingsError, match="has changed"):
        made.save({"drafts": {"people": draft}})
    assert config_file.read_text() == "{}"


def test_another_object(editor: Callable[..., Any]) -> None:
    """It brings its fields and suggestions of its own."""
    found = editor().choose_object({"stream": "people", "object": "Account"})

    assert found["object"]["name"] == found["draft"]["object"] == "Account"
    assert "LastName" not in {each["field"] for each in found["draft"]["columns"].values()}


def test_a_review(editor: Callable[..., Any]) -> None:
    """The problems and the first rows of what the page shows now."""
    made = editor()
    draft = made.start()["streams"][0]["draft"] | {"key": None}

    found = made.review({"stream": "people", "draft": draft})

    assert found["problems"][0]["text"].startswith("upsert needs a key")
    assert len(found["preview"]["rows"]) == 3


@pytest.mark.parametrize(
    ("question", "body"),
    [
        ("review", {"stream": "others", "draft": {}}),
        ("review", []),
        ("choose_object", {"stream": "people", "object": "Nothing"}),
        ("choose_object", {"stream": "people", "object": 1}),
        ("changes", None),
        ("save", {"drafts": []}),
        ("save", {"drafts": {"others": {}}}),
    ],
)
def test_a_page_that_is_mistaken(editor: Callable[..., Any], question: str, body: Any) -> None:
    """What it does not know it is not answered."""
    with pytest.raises(InputError):
        getattr(editor(), question)(body)
