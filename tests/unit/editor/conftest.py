"""A stream, an object and its parent, and an editor of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from crm_objects import describe, field

from target_salesforce_bulk.editor.editor import Editor, Org
from target_salesforce_bulk.editor.stream import SampledStream
from target_salesforce_bulk.mapping.mapping_file import MappingFile
from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = {"externalId": True, "idLookup": True, "label": "External ID", "length": 40}


def sobject(name: str, *more: dict[str, Any], required: str = "") -> SObject:
    """An object in which one field is required."""
    document = describe(name, field("External_Id__c:string", **KEY), *more)
    for each in document["fields"]:
        each |= {"nillable": each["name"] != required, "relationshipName": _relationship(each)}
    return SObject.from_json(document)


def _relationship(each: dict[str, Any]) -> str | None:
    return each["name"].removesuffix("Id") if each["referenceTo"] else None


@pytest.fixture
def contact() -> SObject:
    return sobject(
        "Contact",
        field("Rank__c:int", digits=3),
        field("Level__c:string", updateable=False),
        required="LastName",
    )


@pytest.fixture
def objects(contact: SObject) -> Objects:
    return Objects(KnownObjects([contact, sobject("Account", required="Name")]))


def text(form: str | None = None) -> dict[str, Any]:
    """The schema of a text."""
    return {"type": ["null", "string"]} | ({"format": form} if form else {})


@pytest.fixture
def people() -> SampledStream:
    return SampledStream(
        name="people",
        properties={
            "id": text(),
            "surname": text(),
            "email": text(),
            "born": text("date"),
            "active": {"type": "boolean"},
            "company_id": text(),
            "amount": {"type": ["null", "number"]},
        },
        key_properties=("id",),
        records=(
            {"id": "1", "surname": "Quast", "email": "q@quast.example", "born": "1990-02-03"},
            {"id": "2", "surname": None, "email": "nothing", "active": True},
            {"id": "3", "surname": "Tarn", "email": "t@tarn.example", "born": "1980-10-11"},
        ),
    )


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    return tmp_path / "config.json"


@pytest.fixture
def editor(people: SampledStream, objects: Objects, config_file: Path) -> Callable[..., Editor]:
    """An editor of a file that has some streams."""

    def create(**streams: Any) -> Editor:
        config_file.write_text(json.dumps({"state_dir": "here", "streams": streams}))
        sobjects = {name: objects.sobject(name) for name in ("Account", "Contact")}
        org = Org(place="documents", sobjects=sobjects, objects=objects)
        return Editor([people], org, lambda: MappingFile.read(config_file))

    return create
