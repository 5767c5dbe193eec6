"""What the pages show of configuration is taken by the program."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
import yaml
from docs.pages import PAGES, ROOT, Block, blocks

from target_salesforce_bulk.emulator import Emulator
from target_salesforce_bulk.target import TargetSalesforceBulk

NAME = "target-salesforce-bulk"
SHOWN = [block for page in PAGES for block in blocks(page)]
#: A login, for what a page shows without one.
LOGIN = {"login_url": "https://acme.my.salesforce.com", "client_id": "a", "client_secret": "b"}


def of_language(*languages: str) -> Any:
    found = [each for each in SHOWN if each.language in languages]
    return pytest.mark.parametrize("block", found, ids=lambda block: block.place)


def take(config: dict[str, Any]) -> None:
    """Read a configuration as a run would."""
    assert TargetSalesforceBulk(config=config).settings is not None


def test_every_block_has_a_language() -> None:
    """Without one it would be shown in one colour, and tested by nothing."""
    known = {"sh", "text", "txt", "cron", "json", "yaml", "sql", "python", "dockerfile"}

    assert {each.place: each.language for each in SHOWN if each.language not in known} == {}


@of_language("json")
def test_json(block: Block, tmp_path: Any) -> None:
    """It is a configuration, objects of the emulator, or messages: the name of the file says so."""
    assert block.file is not None
    match block.file.rpartition(".")[2], json_lines(block.text):
        case "singer", [_, *_] as messages:
            assert {each["type"] for each in messages} <= {"SCHEMA", "RECORD", "STATE"}
        case "json", [{"objects": [_, *_]}]:
            path = tmp_path / "objects.json"
            path.write_text(block.text)
            with Emulator(objects=path):
                pass
        case "json", [dict() as config]:
            take(config)
        case _:
            pytest.fail(f"{block.place} is nothing that is known")


def json_lines(text: str) -> list[Any]:
    """The documents of a text: one, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


@of_language("yaml")
def test_yaml(block: Block) -> None:
    """The loader's configuration in a Meltano project is one of the target."""
    shown = yaml.safe_load(block.text)
    assert block.file in {"meltano.yml", "compose.yaml", "mapping_tests.yml"}
    if block.file == "mapping_tests.yml":  # its page has the command that runs it
        return
    if block.file == "compose.yaml":
        assert set(shown) <= {"services", "volumes"}
        return
    for loader in shown["plugins"].get("loaders", []):
        if loader["name"] == NAME:
            take(LOGIN | loader["config"])


@of_language("sql")
def test_sql(block: Block) -> None:
    """It names columns that the model of results has, beside those of a table with an id."""
    columns = yaml.safe_load((ROOT / "dbt" / "models" / "models.yml").read_text())["models"][0]
    model = (ROOT / "dbt" / "models" / f"{columns['name']}.sql").read_text()
    names = re.findall(r"(\w+),?$", model[model.rindex("select") : model.rindex("from")], re.M)
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE customers (id)")
        db.execute(f"CREATE TABLE {columns['name']} ({', '.join(dict.fromkeys(names[1:]))})")
        db.execute("INSERT INTO customers VALUES (1)")
        assert len(db.execute(block.text).fetchall()) == 1


def settings_named(text: str) -> set[str]:
    return {each.lower() for each in re.findall(r"TARGET_SALESFORCE_BULK_([A-Z][A-Z_]*)", text)}


def test_every_variable_is_of_a_setting() -> None:
    """Wherever it stands on a page."""
    named = set().union(*(settings_named(page.read_text(encoding="utf-8")) for page in PAGES))

    assert named - set(TargetSalesforceBulk.settings_schema()) == set()
