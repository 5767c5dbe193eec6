"""Whether a column's type and values can be loaded into a field, and what speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_salesforce_bulk.mapping.suggest.values import Profile
    from target_salesforce_bulk.salesforce.sobject import Field

_NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_SHAPED = {"email": "email", "phone": "phone", "url": "url"}
_PICKLISTS = frozenset({"picklist", "combobox", "multipicklist"})
#: What a text that is made of digits may be.
_DIGITS = ("code", "number", "sic", "zip", "phone", "fax", "duns", "year", "site", "key")


def fits(field: Field, profile: Profile) -> bool:
    """Whether values of a column can be values of a field, as far as can be told."""
    if field.type == "boolean" or profile.is_boolean:
        return field.type == "boolean" and (profile.is_boolean or not profile.samples)
    if field.type in {"date", "datetime"}:
        return not profile.is_number and (profile.is_date or not profile.samples)
    if field.type in _NUMBERS:
        return profile.is_number or not profile.contradicts("number")
    if profile.is_date:
        return False
    if field.type == "reference":
        return profile.id_prefix() is not None
    return _fits_text(field, profile)


def _fits_text(field: Field, profile: Profile) -> bool:
    if field.type in _SHAPED and profile.contradicts(_SHAPED[field.type]):
        return False
    if field.type in _PICKLISTS:
        return not (profile.is_number or profile.is_like("number"))
    if profile.is_number:
        name = field.name.lower()
        return field.type == "phone" or any(each in name for each in _DIGITS)
    if field.type == "string" and profile.is_like("number"):
        return any(each in field.name.lower() for each in _DIGITS)
    return not profile.is_like("email") or field.type == "email" or "Email" in field.name


def evidence(field: Field, profile: Profile) -> str | None:
    """What the values say for a field, in words; None if nothing."""
    shape = _SHAPED.get(field.type)
    if shape and profile.is_like(shape):
        return f"values look like {'an' if shape == 'email' else 'a'} {shape}"
    if field.type in {"date", "datetime"} and profile.is_date:
        return "values are dates"
    if field.picklist_values and profile.overlap(field.picklist_values) > 0:
        return "values are in the picklist"
    return None
