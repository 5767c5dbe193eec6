"""The objects of an org, each described once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from target_salesforce_bulk.errors import NotFoundError
from target_salesforce_bulk.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_salesforce_bulk.salesforce.sobject import SObject


class Describes(Protocol):
    """Describes objects; a client does."""

    def describe(self, name: str) -> SObject:
        """Describe an object.

        Raises:
            NotFoundError: the org has no such object, or this user may not see it.
        """

    def check_version(self) -> None:
        """Check the API version.

        Raises:
            SettingsError: the org does not support it.
        """


class KnownObjects:
    """Describes objects whose descriptions are at hand, without an org."""

    def __init__(self, sobjects: Iterable[SObject]) -> None:
        self._sobjects = {each.name.lower(): each for each in sobjects}

    def describe(self, name: str) -> SObject:
        """See `Describes`."""
        found = self._sobjects.get(name.lower())
        if found is None:
            detail = f"There is no description of the object {plain_text(name)}."
            raise NotFoundError(detail, status=404, code="NOTFOUND", detail=detail)
        return found

    def check_version(self) -> None:
        """No version is involved."""


class Objects:
    """Describes objects on demand and caches the results; safe to call from any thread."""

    def __init__(self, client: Describes) -> None:
        self._client = client
        self._sobjects: dict[str, SObject] = {}
        self._lock = threading.Lock()

    def sobject(self, name: str) -> SObject:
        """The description of an object, requested once.

        Raises:
            NotFoundError: the org has no such object, or this user may not see it.
        """
        key = name.lower()
        with self._lock:
            if key not in self._sobjects:
                self._sobjects[key] = self._client.describe(name)
            return self._sobjects[key]

    def find_sobject(self, names: list[str]) -> SObject | None:
        """The description of the first of these objects that the org has; None if it has none.

        Raises:
            SettingsError: the org does not support the API version.
        """
        for name in names:
            try:
                return self.sobject(name)
            except NotFoundError:
                continue
        self._client.check_version()  # with a wrong one, no object would be found
        return None
