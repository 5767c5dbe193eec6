"""One line about the properties of a stream that are not loaded, however many there are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from target_salesforce_bulk.plain_text import counted, plain_text

if TYPE_CHECKING:
    from target_salesforce_bulk.mapping.field_map import FieldMap

#: How many properties and reasons a line names.
_MOST = 10


def not_loaded(field_map: FieldMap) -> str:
    """The properties that go to no field, by reason; safe to print."""
    by_reason: defaultdict[str, list[str]] = defaultdict(list)
    for each in field_map.unmapped:
        by_reason[each.reason].append(each.property)
    left, parts = _MOST, []
    for reason, properties in by_reason.items():
        if left > 0:
            shown, left = properties[:left], left - len(properties)
            parts.append(f"{plain_text(', '.join(shown))}: {plain_text(reason)}")
    number = len(field_map.unmapped)
    are = "property is" if number == 1 else "properties are"
    more = f" And {counted(number - _MOST, 'other')}; check names all." if number > _MOST else ""
    return f"{number:,} {are} not loaded. {'; '.join(parts)}.{more}"
