"""Every list has an end."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from wire import URL, make_client

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce import pages
from target_salesforce_bulk.salesforce.pages import records


def page(number: int, following: Any = None) -> Any:
    return 200, {"records": [{"n": number}], "nextRecordsUrl": following}


NEXT = "/services/data/v67.0/query/01g-2000"


def test_all_pages_are_read() -> None:
    """The parameters belong to the first one only."""
    client, wire = make_client(page(1, NEXT), page(2))

    assert list(records(client, "/query/", {"q": "SELECT"})) == [{"n": 1}, {"n": 2}]
    assert [each.url for each in wire.requests] == [
        f"{URL}/services/data/v67.0/query/?q=SELECT",
        f"{URL}{NEXT}",
    ]


def test_a_page_that_comes_again_ends_the_list() -> None:
    """It would be followed forever."""
    client, wire = make_client(*[page(1, NEXT)] * 9)

    with pytest.raises(ResponseError, match="the same page"):
        list(records(client, "/query/", {}))
    assert len(wire.requests) == 2


def test_the_number_of_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page may name a new one."""
    monkeypatch.setattr(pages, "MOST_PAGES", 5)
    numbers = count()
    client, wire = make_client(*[lambda: page(1, f"{NEXT}{next(numbers)}")] * 9)

    with pytest.raises(ResponseError, match="more than 5 pages"):
        list(records(client, "/query/", {}))
    assert len(wire.requests) == 5


@pytest.mark.parametrize("following", ["@evil.example/", "//evil.example/", ".evil.example", 7])
def test_a_next_page_stays_in_the_org(following: Any) -> None:
    """The token would be sent along."""
    client, wire = make_client(page(1, following))

    with pytest.raises(ResponseError, match="next page"):
        list(records(client, "/query/", {}))
    assert len(wire.requests) == 1


@pytest.mark.parametrize("body", [{}, {"records": None}, {"records": [1]}, [], 7])
def test_a_page_that_is_none(body: Any) -> None:
    """A `ResponseError`, not a traceback."""
    client, _ = make_client((200, body))

    with pytest.raises(ResponseError):
        list(records(client, "/query/", {}))
