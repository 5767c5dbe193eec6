"""What values must be like for a name of several meanings to have one of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_salesforce_bulk.mapping.suggest.values import Profile
    from target_salesforce_bulk.salesforce.sobject import Field

    #: Lists of values by name, in lower case.
    Known = Mapping[str, frozenset[str]]


#: Share of the values that must be what a name of several meanings needs.
_MOST, _SOME = 0.6, 0.4


def meets(demand: str, field: Field, profile: Profile, known: Known) -> bool:
    """Whether values are what a meaning demands; the empty demand is always met."""
    return not demand or DEMANDS[demand](field, profile, known)


def _job_titles(_: Field, profile: Profile, known: Known) -> bool:
    """Whether enough values have a word of a job title, and none is a role of a user."""
    if not profile.samples or profile.overlap(known["user_roles"]):
        return False
    titles = [each for each in profile.samples if _words(each) & known["job_titles"]]
    return len(titles) / len(profile.samples) >= _SOME


def _words(text: str) -> set[str]:
    return {*re.findall(r"\w+", text.lower())}


def _salutations(_: Field, profile: Profile, known: Known) -> bool:
    return profile.overlap(known["salutations"]) >= _MOST


def _no_salutations(field: Field, profile: Profile, known: Known) -> bool:
    return not _salutations(field, profile, known)


def _of_the_picklist(field: Field, profile: Profile, _: Known) -> bool:
    return profile.overlap(field.picklist_values) > 0


def _lead_status(_: Field, profile: Profile, known: Known) -> bool:
    return not profile.overlap(known["not_a_lead_status"])


def _region(_: Field, profile: Profile, known: Known) -> bool:
    return not profile.overlap(known["macro_regions"] | known["not_a_lead_status"])


def _states(_: Field, profile: Profile, known: Known) -> bool:
    return profile.overlap(known["states"]) >= _MOST


def _like_phones(_: Field, profile: Profile, __: Known) -> bool:
    return profile.is_like("phone")


def _phones(_: Field, profile: Profile, __: Known) -> bool:
    return not profile.contradicts("phone")


def _web_addresses(_: Field, profile: Profile, __: Known) -> bool:
    return not profile.contradicts("url") and not profile.is_like("endpoint")


DEMANDS: dict[str, Callable[[Field, Profile, Known], bool]] = {
    "job title": _job_titles,
    "salutation": _salutations,
    "no salutation": _no_salutations,
    "picklist": _of_the_picklist,
    "pipeline status": _lead_status,
    "region": _region,
    "state": _states,
    "like a phone": _like_phones,
    "phone": _phones,
    "web address": _web_addresses,
}
