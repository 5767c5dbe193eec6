"""The settings of the tap of results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from target_salesforce_bulk.configuration.declared import properties_schema, setting, typed_values

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class ResultsSettings:
    """Where the results are."""

    state_dir: Path = setting(
        "State directory of the target: the same value as the target's own state_dir. ~ and "
        "$VARIABLES are expanded. It must be writable: the tap keeps a file of its own in it.",
        default=Path(".target-salesforce-bulk"),
    )
    org: str | None = setting(
        "ID of the org whose results are read. Required if the state directory has several orgs."
    )

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ResultsSettings:
        """Read a configuration that has passed validation against the JSON schema.

        Raises:
            SettingsError: the path cannot be one.
        """
        return cls(**typed_values(cls, config))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """The JSON schema of a configuration."""
        return {"type": "object", "properties": properties_schema(cls)}
