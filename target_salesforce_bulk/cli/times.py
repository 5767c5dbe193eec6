"""Times on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click


class _UtcTime(click.ParamType[str]):
    """A time by ISO 8601, in the form in which the journal stores times."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read it; without a zone it is UTC."""
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is not a time such as 2026-11-24 or 2026-11-24T08:30.", param, ctx
            )
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        try:
            return time.astimezone(UTC).isoformat(timespec="milliseconds")
        except OverflowError:
            self.fail(f"{value!r} is out of range.", param, ctx)


UTC_TIME = _UtcTime()
