"""A table is read from a SCHEMA message."""

from __future__ import annotations

from target_salesforce_bulk.mapping.suggest.table import Table


def test_from_schema() -> None:
    """Names are split with abbreviations replaced; columns without values have none."""
    message = {
        "stream": "crm-cust",
        "schema": {"properties": {"fst_nm": {"type": "string"}, "zip": {"type": "string"}}},
        "key_properties": ["zip"],
    }
    table = Table.from_schema(message, {"fst_nm": ["Ines", None]})

    assert (table.words, table.key_properties) == (("crm", "customer"), ("zip",))
    assert table.keys == {"firstname", "zip"}
    assert [each.profile.samples for each in table.columns] == [("Ines",), ()]


def test_common_prefixes() -> None:
    """A word that many columns start with says nothing about one of them."""
    properties = {each: {"type": "string"} for each in ("ca_zip", "ca_city", "ca_name", "id")}
    table = Table.from_schema({"stream": "t", "schema": {"properties": properties}}, {})

    assert table.common_prefixes == {table.columns[0].words[0]}
