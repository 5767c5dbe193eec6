"""Each field goes to one column at most."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from target_salesforce_bulk.mapping.suggest.assignment import assign


def test_an_alternative_is_taken() -> None:
    """The best pair is not taken if that costs more elsewhere."""
    scores = {"phone": {"Phone": 0.95, "OtherPhone": 0.9}, "tel": {"Phone": 0.9}}

    assert assign(scores) == {"phone": "OtherPhone", "tel": "Phone"}


def test_the_weaker_column_gets_none() -> None:
    """In whichever order they come."""
    assert assign({"a": {"F": 0.7}, "b": {"F": 0.9}, "c": {}}) == {"b": "F"}
    assert assign({"b": {"F": 0.9}, "a": {"F": 0.7}}) == {"b": "F"}


_SCORES = st.dictionaries(
    st.sampled_from("abcd"),
    st.dictionaries(st.sampled_from("WXYZ"), st.integers(1, 9).map(float), max_size=4),
    max_size=4,
)


@given(_SCORES)
def test_no_other_assignment_is_better(scores: dict[str, dict[str, float]]) -> None:
    """As trying all of them shows."""
    found = assign(scores)
    best = max(
        sum(scores[column].get(field, 0.0) for column, field in zip(scores, each, strict=False))
        for each in permutations("WXYZ")
    )

    assert len({*found.values()}) == len(found)
    assert sum(scores[column][field] for column, field in found.items()) == best
