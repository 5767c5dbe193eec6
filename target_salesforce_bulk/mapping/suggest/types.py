"""Whether a column's type and values can be loaded into a field, and what speaks for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING


if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_salesforce_bulk.mapping.suggest.values import Profile
    from target_salesforce_bulk.salesforce.sobject import Field

_NUMBERS = frozenset({"int", "double", "currency", "percent", "long"})
_SHAPED = {"email": "email", "phone": "phone", "url": "url"}
_PICKLISTS = frozenset({"picklist", "combobox", "multipicklist"})
#: Share of the values that must be what a name of several meanings needs.
_MOST, _SOME = 0.6, 0.4
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


def meets(
    demand: str, field: Field, profile: Profile, known: Mapping[str, frozenset[str]]
) -> bool:
    """Whether values are what a word of several meanings needs to have this one."""
    values = {each.lower() for each in profile.samples}
    if demand == "job title":
        return _are_job_titles(profile, known)
    if demand == "salutation":
        return profile.overlap(known["salutations"]) >= _MOST
    if demand == "no salutation":
        return not meets("salutation", field, profile, known)
    if demand == "picklist":
        return profile.overlap(field.picklist_values) > 0
    if demand == "pipeline status":
        return not values & known["not_a_lead_status"]
    if demand == "region":
        return not values & (known["macro_regions"] | known["not_a_lead_status"])
    if demand == "state":
        return profile.overlap(known["states"]) >= _MOST
    if demand == "like a phone":
        return profile.is_like("phone")
    if demand == "phone":
        return not profile.contradicts("phone")
    if demand == "web address":
        return not profile.contradicts("url") and not profile.is_like("endpoint")
    return True


def _are_job_titles(profile: Profile, known: Mapping[str, frozenset[str]]) -> bool:
    """Whether most values have a word of a job title and are no roles of a user."""
    if profile.overlap(known["user_roles"]):
        return False
    titles = [each for each in profile.samples if _words(each) & known["job_titles"]]
    return bool(titles) and len(titles) / len(profile.samples) >= _SOME


def _words(text: str) -> set[str]:
    return {*re.findall(r"\w+", text.lower())}
