"""Regular expressions of users: whether they can be used, and end in time.

Python's own engine tries every way in which a text may be divided among repetitions, so `(a+)+b`
takes years for forty letters. What is allowed here takes about a second at worst, as the text is
cut at `LONGEST_TEXT`.
"""

from __future__ import annotations

import math
import re
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

from target_salesforce_bulk.errors import SettingsError

#: Characters of a text that are looked at.
LONGEST_TEXT = 400
#: Ways to divide a text among the repetitions: enough for two without a bound.
_MOST_WAYS = (LONGEST_TEXT + 1) ** 2

#: Repetitions within each other, multiplied; even what matches nothing is repeated that often.
_MOST_REPEATS = 10_000

_REPEATS = (
    _constants.MAX_REPEAT,
    _constants.MIN_REPEAT,
    _constants.POSSESSIVE_REPEAT,
)


def check_pattern(pattern: str, setting: str) -> None:
    """Make sure that an expression can be used.

    Raises:
        SettingsError: it is none, or may take too long.
    """
    # The expression itself is not repeated, as a secret may have got into the wrong setting.
    try:
        re.compile(pattern, re.IGNORECASE)
        parsed = _parser.parse(pattern)
        slow = _ways(parsed) > _MOST_WAYS or _repeats(parsed) > _MOST_REPEATS
    except (re.error, OverflowError, RecursionError, ValueError):
        raise SettingsError(
            f"{setting} contains an invalid regular expression. Put a \\ before special "
            "characters that are meant literally."
        ) from None
    if slow:
        raise SettingsError(
            f"{setting} contains a regular expression that may take too long: it has nested "
            "repetitions, more than two unbounded ones, or a back reference. Remove some, or list "
            "several shorter expressions."
        )


def _ways(items: Any) -> float:
    """In how many ways the items of an expression may match one text, at most."""
    return math.prod(_ways_of(kind, value) for kind, value in items)


def _ways_of(kind: Any, value: Any) -> float:
    if kind in _REPEATS:
        return _ways_of_repeat(*value)
    if kind is _constants.BRANCH:
        return sum(_ways(each) for each in value[1])
    if kind is _constants.SUBPATTERN:
        return _ways(value[-1])
    if kind is _constants.ATOMIC_GROUP:
        return _ways(value)
    if kind in {_constants.ASSERT, _constants.ASSERT_NOT}:
        return _ways(value[1])
    if kind is _constants.GROUPREF_EXISTS:
        return sum(_ways(each) for each in value[1:] if each is not None)
    return math.inf if kind is _constants.GROUPREF else 1.0


def _ways_of_repeat(least: int, most: int, items: Any) -> float:
    inner = _ways(items)
    most = min(most, LONGEST_TEXT)
    if inner == 1:
        return float(most - min(least, most) + 1)
    return math.inf if most > 20 else sum(inner**times for times in range(least, most + 1))


def _repeats(items: Any) -> int:
    """How often the innermost items of an expression are repeated at least, at most."""
    return max((_repeats_of(kind, value) for kind, value in items), default=1)


def _repeats_of(kind: Any, value: Any) -> int:
    if kind in _REPEATS:
        least, _, items = value
        return max(int(least), 1) * _repeats(items)
    parts = value if isinstance(value, (tuple, list)) else (value,)
    nested = [each for part in parts for each in (part if isinstance(part, list) else (part,))]
    return max(
        (_repeats(each) for each in nested if isinstance(each, _parser.SubPattern)), default=1
    )
