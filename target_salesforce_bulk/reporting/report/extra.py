"""The libraries of the extra `report`, imported when a page is made."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from target_salesforce_bulk.errors import SettingsError


def needed(name: str) -> Any:
    """A module of the extra.

    Raises:
        SettingsError: the extra is not installed.
    """
    finders = sys.meta_path[:]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The page of a report needs {error.name}: install target-salesforce-bulk[report]. "
            "`report list`, `report diff` and `history` work without it."
        ) from error
    finally:
        # pygal adds a finder that Python warns of at each import, for plugins that we do not use.
        sys.meta_path[:] = finders
