"""Names of columns and fields, split into words that can be compared."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Words = tuple[str, ...]

_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
#: Letters of a word that may be made of others; a longer one is no name that people write.
_COMPOUND = (6, 40)
_SHORT = 3
#: Letters of a name that are looked at; databases allow no more.
_LONGEST = 255
_TRANSLITERATED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "AE", "Ö": "OE", "Ü": "UE"}
    | {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l"}
)


def split(name: str) -> Words:
    """The words of a name in lower case, without accents.

    `AddressCity1`, `address__city_1` and `ADDRESS CITY 01` have the same ones.
    """
    composed = unicodedata.normalize("NFC", name[:_LONGEST])
    plain = unicodedata.normalize("NFKD", composed.translate(_TRANSLITERATED))
    ascii_only = "".join(each for each in plain if not unicodedata.combining(each))
    return tuple(each.lower().lstrip("0") or "0" for each in _WORD.findall(ascii_only))


def expand(words: Words, abbreviations: Mapping[str, str]) -> Words:
    """Words with abbreviations replaced by what they stand for."""
    return tuple(part for word in words for part in abbreviations.get(word, word).split())


def segment(word: str, known: Collection[str], at_the_end: Collection[str]) -> Words:
    """The known words that a word is written together from; the word itself if it is not.

    `companyname` is made of two words, `custfname` of two abbreviations.

    Args:
        word: In lower case.
        known: Words of three letters and more.
        at_the_end: Words of two letters, which may follow others.
    """
    if word in known or not _COMPOUND[0] <= len(word) <= _COMPOUND[1]:
        return (word,)
    found: list[Words | None] = [(), *[None] * len(word)]
    for end in range(2, len(word) + 1):
        for start in range(end - 1):
            before, part = found[start], word[start:end]
            fits = part in (known if len(part) > 2 else at_the_end)
            if fits and before is not None and (len(part) > 2 or before):
                longer = found[end]
                if longer is None or len(before) + 1 < len(longer):
                    found[end] = (*before, part)
    return found[-1] or (word,)


def loose(words: Words, little: Collection[str]) -> Words:
    """A name for comparison without regard to order, plural, and little words such as `of`."""
    telling = [each for each in words if each not in little] or words
    return tuple(sorted(map(_singular, telling)))


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    is_plural = len(word) > _SHORT and word.endswith("s") and not word.endswith(("ss", "us"))
    return word[:-1] if is_plural else word


def joined(words: Words) -> str:
    """Words without spaces: `first name` and `firstname` are the same."""
    return "".join(words)


def shorter(
    words: Words, prefixes: Collection[str], endings: Collection[str]
) -> Iterator[tuple[Words, int]]:
    """A name as it is, and without words that say nothing, with the number of those left out.

    Args:
        words: The name.
        prefixes: Words that may be left out at the front.
        endings: Words that may be left out at the end.
    """
    longest = next((n for n, word in enumerate(words) if word not in prefixes), len(words))
    for start in range(min(longest, len(words) - 1) + 1):
        rest = words[start:]
        yield rest, start
        dropped = start
        while len(rest) > 1 and rest[-1] in endings:
            rest, dropped = rest[:-1], dropped + 1
            yield rest, dropped


def contains(words: Words, phrases: Collection[str]) -> str | None:
    """The first of the phrases that stands in a name as whole words."""
    text = f" {' '.join(words)} "
    return next((each for each in phrases if f" {each} " in text), None)
