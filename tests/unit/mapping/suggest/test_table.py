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
