"""Chooses the objects of an org that streams may be loaded into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_salesforce_bulk.mapping.suggest.objects import name_score
from target_salesforce_bulk.mapping.suggest.vocabulary import vocabulary
from target_salesforce_bulk.salesforce.sobject import SObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_salesforce_bulk.salesforce.object_list import ListedObject

#: How many objects are described at most: each costs a request.
MOST_OBJECTS = 30

#: The objects of sales and service that people load, in every org that has them.
_STANDARD = (
    *("Account", "Contact", "Lead", "Opportunity", "Case", "Campaign", "CampaignMember"),
    *("Event", "Task", "OpportunityContactRole", "OpportunityLineItem", "Product2"),
)


def choose_objects(
    listed: Iterable[ListedObject], streams: Sequence[str], named: Iterable[str] = ()
) -> list[str]:
    """The names of the objects that matter for some streams, at most `MOST_OBJECTS`.

    Args:
        listed: All objects of the org.
        streams: The names of the streams.
        named: Objects that are wanted in any case, however they are spelt; others are left out
            if the org does not have them.

    Returns:
        Those that are named, the usual ones, and those whose name or label a stream's name
        contains, the most similar first.
    """
    by_name = {each.name.lower(): each for each in listed}
    wanted = [each for each in named if each.lower() in by_name]
    usual = [each for each in _STANDARD if each.lower() in by_name]
    writable = [each for each in by_name.values() if each.writable]
    scores = {each.name: _similarity(each, streams) for each in writable}
    similar = sorted((each for each in scores if scores[each]), key=lambda each: -scores[each])
    chosen = dict.fromkeys(by_name[each.lower()].name for each in [*wanted, *usual, *similar])
    return [*chosen][:MOST_OBJECTS]


def _similarity(listed: ListedObject, streams: Sequence[str]) -> float:
    words = vocabulary()
    sobject = SObject(name=listed.name, label=listed.label)
    return max((name_score(words.words(each), sobject, words) for each in streams), default=0.0)
