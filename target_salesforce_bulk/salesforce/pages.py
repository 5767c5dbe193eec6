"""Lists that arrive page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.errors import ResponseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from target_salesforce_bulk.salesforce.client import Client

#: A page has up to 2,000 records of a query or 1,000 jobs, so no list comes near this number.
MOST_PAGES = 10_000


class Visited:
    """The pages of one list so far; detects a list that never ends.

    Args:
        what: The list, for messages.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._pages: set[str] = set()

    def check(self, page: str) -> None:
        """Add a page.

        Raises:
            ResponseError: the page was visited before, or there are too many.
        """
        if page in self._pages:
            raise ResponseError(f"Salesforce sent the same page of {self._what} twice.")
        if len(self._pages) >= MOST_PAGES:
            raise ResponseError(f"Salesforce sent more than {MOST_PAGES:,} pages of {self._what}.")
        self._pages.add(page)


def records(client: Client, path: str, params: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The records of all pages of a list.

    Args:
        client: The connection.
        path: The path of the first page.
        params: The query parameters of the first page.

    Raises:
        ResponseError: a page contains no records, or the pages never end.
    """
    visited = Visited(path)
    following: str | None = path
    while following is not None:
        visited.check(following)
        page = client.get_object(following, params)
        yield from _records(page, path)
        following, params = _next(page, path), {}


def _records(page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    found = page.get("records")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ResponseError(f"Salesforce sent a page of {path} without records.")
    return found


def _next(page: Mapping[str, Any], path: str) -> str | None:
    following = page.get("nextRecordsUrl")
    if not following:
        return None
    # It is appended to the org's URL, and the token is sent there.
    if not isinstance(following, str) or not following.startswith("/services/data/"):
        raise ResponseError(f"Salesforce sent a next page of {path} outside /services/data/.")
    return following
