"""Names that are a typing error apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Percent of equal letters from which two names are taken for the same.
_SIMILARITY = 94


def most_similar(name: str, known: Sequence[str]) -> str | None:
    """The known name that differs from a name by a typing error; digits must be equal.

    Raises:
        SettingsError: the extra is not installed.
    """
    try:
        from rapidfuzz import fuzz, process
    except ImportError:
        raise SettingsError(
            "To suggest a mapping, the extra map is needed: "
            "pip install 'target-salesforce-bulk[map]'."
        ) from None
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=_SIMILARITY)
    return found[0] if found and _digits(found[0]) == _digits(name) else None


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
