"""What the taps of the pages send."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


def _stream(name: str, rows: list[dict[str, Any]]) -> list[Message]:
    properties = {each: {"type": ["string", "integer", "null"]} for each in rows[0]}
    schema = {"type": "object", "properties": properties}
    return [
        {"type": "SCHEMA", "stream": name, "schema": schema, "key_properties": ["id"]},
        *({"type": "RECORD", "stream": name, "record": row} for row in rows),
    ]


def people(stream: str) -> list[Message]:
    """Three rows with nothing wrong."""
    rows = [{"id": f"P-{n}", "name": f"N{n}", "last_name": f"N{n}"} for n in range(3)]
    return [*_stream(stream, rows), {"type": "STATE", "value": {"bookmarks": {stream: {}}}}]


def warehouse() -> list[Message]:
    """The two tables of the demo: a profile has no last name, and another a wrong address."""
    accounts = [{"id": f"ACC-{n:04}", "name": f"Company {n}"} for n in range(1, 41)]
    profiles = [
        {
            "id": f"CUST-{n:05}",
            "account_id": f"ACC-{n % 40 + 1:04}",
            "last_name": None if n == 123 else "Lovelace",
            "email": "not an address" if n == 321 else f"ada.{n}@example.com",
            "updated_at": "2026-01-01T08:00:00Z",
        }
        for n in range(1, 401)
    ]
    state = {"type": "STATE", "value": {"bookmarks": {}}}
    return [
        *_stream("crm-accounts", accounts),
        *_stream("crm-customer_profiles", profiles),
        state,
    ]
