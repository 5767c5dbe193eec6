"""The objects of an org, each described once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_salesforce_bulk.errors import NotFoundError

if TYPE_CHECKING:
    from target_salesforce_bulk.salesforce.client import Client
    from target_salesforce_bulk.salesforce.sobject import SObject


class Objects:
    """Describes objects on demand and caches the results; safe to call from any thread."""

    def __init__(self, client: Client) -> None:
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
