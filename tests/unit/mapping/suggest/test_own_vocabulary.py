"""Words of one's own, in addition to those of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crm_objects import describes

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.mapping.suggest.own_vocabulary import read_own_vocabulary
from target_salesforce_bulk.mapping.suggest.suggestion import Suggester
from target_salesforce_bulk.mapping.suggest.table import Table
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
[abbreviations]
zzn = "last name"

[objects]
Account = ["zorgpunt"]

[concepts.email]
phrases = ["zorgpost"]

[concepts.shoe]
fields = ["Contact.Department"]
phrases = ["zorgteam"]

[addresses.zorg]
fields = ["Other"]
phrases = ["zorgplek"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_words_of_ones_own(tmp_path: Path) -> None:
    """They are understood besides those of the package, in every table of the file."""
    sobjects = [SObject.from_json(each) for each in describes().values()]
    names = ["zzn", "zorgpost", "zorgteam", "zorgplek_city", "surname", "mobile"]
    properties = {each: {"type": ["null", "string"]} for each in names}
    table = Table.from_schema({"stream": "people", "schema": {"properties": properties}}, {})
    found = Suggester(sobjects, read_own_vocabulary(written(tmp_path, OWN))).suggest(table)

    assert {name: each.field for name, each in found.fields.items()} == {
        "zzn": "LastName",
        "zorgpost": "Email",
        "zorgteam": "Department",
        "zorgplek_city": "OtherCity",
        "surname": None,
        "mobile": "MobilePhone",
    }


def test_the_object(tmp_path: Path) -> None:
    """A table's name may be a word of one's own."""
    sobjects = [SObject.from_json(each) for each in describes().values()]
    table = Table.from_schema({"stream": "zorgpunten.zorgpunt", "schema": {}}, {})
    words = read_own_vocabulary(written(tmp_path, OWN))

    assert Suggester(sobjects).suggest(table).object is None
    assert Suggester(sobjects, words).suggest(table).object == "Account"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[words\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1"),
        ("[wrods]", ": wrods is not known. Known are: abbreviations, words, objects"),
        ("[words]\nwraps = []", ": words.wraps is not known. Known are: wrappers"),
        ("words = 1", ": words is not a table."),
        ("[abbreviations]\nfst = 1", ": abbreviations.fst is not a text."),
        ("[objects]\nLead = 'x'", ": objects.Lead is not a list of texts."),
        ("[concepts.email]\nphrases = [1]", ": concepts.email.phrases is not a list of texts."),
        ("[concepts.email]\nphrase = ['x']", ": concepts.email.phrase is not known."),
        ("[concepts.shoe]\nphrases = ['x']", ": concepts.shoe is new and lacks fields."),
        ("[concepts.email]\nvalues = 'odd'", ": concepts.email.values is 'odd', which is not"),
        ("[concepts.email.together]\nx = 1", ": concepts.email.together.x is not a list of"),
    ],
)
def test_entries_of_another_form(tmp_path: Path, text: str, message: str) -> None:
    """The file and the entry are named."""
    path = written(tmp_path, text)
    with pytest.raises(InputError) as raised:
        read_own_vocabulary(path)

    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)


def test_no_file(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(InputError, match=r"none\.toml cannot be read: No such file"):
        read_own_vocabulary(tmp_path / "none.toml")


def test_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are told."""
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="is not UTF-8"):
        read_own_vocabulary(path)
