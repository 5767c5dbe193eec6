"""Reproducible contact-like records: ten properties, about 300 bytes per message.

`python bench/contacts.py N [SECONDS]` prints N records as Singer messages, spread over SECONDS.
"""

from __future__ import annotations

import json
import random
import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = {"type": ["string", "null"]}
PROPERTIES: dict[str, Any] = {
    "External_Id__c": {"type": ["string"]},
    "FirstName": TEXT,
    "LastName": TEXT,
    "Email": TEXT,
    "Phone": TEXT,
    "Title": TEXT,
    "Score__c": {"type": ["number", "null"]},
    "Opted_Out__c": {"type": ["boolean", "null"]},
    "Birthdate": TEXT | {"format": "date"},
    "Last_Seen__c": TEXT | {"format": "date-time"},
}
SCHEMA = {
    "type": "SCHEMA",
    "stream": "Contact",
    "schema": {"type": "object", "properties": PROPERTIES},
    "key_properties": ["External_Id__c"],
}
_FIRST = ["Ada", "Grace", "José", "Zoë", "Linus", "Ken", "Barbara", "Margaret", "Tim", "Vint"]
_LAST = ["Lovelace", "Hopper", "Núñez", "O'Brien", "Torvalds", "Liskov", "Hamilton", "Berners-Lee"]
_TITLE = ["VP, Sales", "Engineer", 'The "Boss"', "Head of Data", "Analyst"]
#: Variants of a record; only its key and its address are unique.
_DIFFERENT = 5000


def _rest(chance: random.Random) -> dict[str, Any]:
    def perhaps(value: Any) -> Any:
        return value if chance.random() > 0.05 else None

    seen = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(40_000_000))
    return {
        "FirstName": perhaps(chance.choice(_FIRST)),
        "LastName": chance.choice(_LAST),
        "Phone": perhaps(f"+1-555-{chance.randrange(10**7):07d}"),
        "Title": perhaps(chance.choice(_TITLE)),
        "Score__c": perhaps(Decimal(chance.randrange(100_000)) / 100),
        "Opted_Out__c": chance.random() > 0.5,
        "Birthdate": perhaps(date(1950, 1, 1) + timedelta(days=chance.randrange(20_000))),
        "Last_Seen__c": perhaps(seen),
    }


def _rests() -> list[dict[str, Any]]:
    chance = random.Random(7)
    return [_rest(chance) for _ in range(_DIFFERENT)]


def records(number: int) -> Iterator[dict[str, Any]]:
    """Records with Python values."""
    rests = _rests()
    for place in range(number):
        own = {"External_Id__c": f"EXT-{place:09d}", "Email": f"name.{place}@example.com"}
        yield own | rests[place % _DIFFERENT]


def json_records(number: int) -> Iterator[str]:
    """Records as JSON."""
    rests = []
    for each in _rests():
        values = {
            name: float(value)
            if isinstance(value, Decimal)
            else value.isoformat().replace("+00:00", "Z")
            if isinstance(value, date)
            else value
            for name, value in each.items()
        }
        rests.append(json.dumps(values, ensure_ascii=False, separators=(",", ":"))[1:])
    for place in range(number):
        own = f'"External_Id__c":"EXT-{place:09d}","Email":"name.{place}@example.com"'
        yield f"{{{own},{rests[place % _DIFFERENT]}"


def messages(number: int) -> Iterator[str]:
    """The output of a tap, with a STATE every 10,000 records."""
    yield json.dumps(SCHEMA) + "\n"
    for place, record in enumerate(json_records(number), 1):
        yield f'{{"type":"RECORD","stream":"Contact","record":{record}}}\n'
        if place % 10_000 == 0 or place == number:
            yield f'{{"type":"STATE","value":{{"bookmarks":{{"Contact":{{"at":{place}}}}}}}}}\n'


def main() -> None:
    """Print the messages."""
    number, seconds = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    started, portion = time.monotonic(), 1000
    lines: list[str] = []
    for place, line in enumerate(messages(number), 1):
        lines.append(line)
        if place % portion == 0:
            sys.stdout.write("".join(lines))
            lines.clear()
            ahead = started + seconds * place / number - time.monotonic()
            if ahead > 0:
                sys.stdout.flush()
                time.sleep(ahead)
    sys.stdout.write("".join(lines))


if __name__ == "__main__":
    main()
