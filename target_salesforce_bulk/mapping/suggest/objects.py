"""Which object a table's rows are records of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from target_salesforce_bulk.mapping.suggest.names import Words
    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary
    from target_salesforce_bulk.salesforce.sobject import SObject

#: What a name is worth for each further word of it, and loses for each word after it, and if its
#: words are apart.
_LONGER, _FURTHER, _APART = 0.4, 0.1, 0.15

#: The fields without which hardly any record of an object is kept.
_TELLING = {
    "Contact": {"LastName", "FirstName", "Email"},
    "Lead": {"LastName", "Company", "Status"},
    "Account": {"Name", "AccountNumber"},
    "Opportunity": {"Name", "StageName", "CloseDate", "Amount"},
    "Case": {"Subject", "Status", "Priority"},
    "Event": {"Subject", "StartDateTime", "EndDateTime"},
    "OpportunityContactRole": {"OpportunityId", "ContactId", "Role"},
}


def told(sobject: str, fields: Collection[str]) -> float:
    """The share of an object's telling fields that a table has columns for; 0 to 1."""
    telling = _TELLING.get(sobject, {"Name"})
    return len(telling & {*fields}) / len(telling)


def name_score(table: Words, sobject: SObject, words: Vocabulary) -> float:
    """How well a table's name speaks of an object; 0 if not at all.

    The last word counts most: a table of `account_contacts` has contacts.
    """
    own = words.words(sobject.name.removesuffix("__c").rpartition("__")[2])
    phrases = [own, words.words(sobject.label), *words.objects.get(sobject.name, ())]
    return max((_score(_singular(table), _singular(each)) for each in phrases if each), default=0.0)


def _score(table: Words, phrase: Words) -> float:
    for end in range(len(table), len(phrase) - 1, -1):
        if table[end - len(phrase) : end] == phrase:
            return 1 + _LONGER * (len(phrase) - 1) - _FURTHER * min(len(table) - end, 5)
    if len(phrase) > 1 and {*phrase} <= {*table}:
        return 1 + _LONGER * (len(phrase) - 1) - _APART
    return 0.0


def _singular(words: Words) -> Words:
    return tuple(_singular_word(each) for each in words)


def _singular_word(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
