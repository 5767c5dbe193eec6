"""How far a run is, as a line of the log from time to time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from target_salesforce_bulk.log_codes import LogCode, log_facts
from target_salesforce_bulk.plain_text import counted

if TYPE_CHECKING:
    from target_salesforce_bulk.reporting.progress.facts import Picture

logger = logging.getLogger(__name__)

#: Seconds between two lines.
INTERVAL_SECONDS = 10.0


def sentence(picture: Picture) -> str:
    """How far a run is, in one line."""
    parts = [
        f"{counted(picture.read, 'row')} read{rate(picture)}",
        f"{picture.loaded:,} loaded",
        f"{picture.failed:,} failed",
        f"batches: {picture.batches_settled:,} settled, {len(picture.jobs)} with a job",
    ]
    if picture.jobs:
        processed = sum(each.processed for each in picture.jobs)
        rows = sum(each.rows for each in picture.jobs)
        parts.append(f"their jobs have processed {processed:,} of {counted(rows, 'row')}")
    parts.append(calls(picture))
    if picture.seconds_left is not None:
        parts.append(f"about {duration(picture.seconds_left)} left")
    return f"Progress after {duration(picture.seconds)}: {'; '.join(parts)}"


def rate(picture: Picture) -> str:
    """The rows read a second in brackets; nothing when none are read."""
    return f" ({picture.read_rate:,.0f}/s)" if picture.read_rate else ""


def calls(picture: Picture) -> str:
    """The API calls, and the org's share of the day if it is known."""
    text = counted(picture.api_calls, "API call")
    if picture.api_percent is None:
        return text
    return f"{text}, org at {picture.api_percent:.0f} % of its day"


def duration(seconds: float) -> str:
    """A time as `12 s`, `3:05 min` or `2:03:05 h`."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


class Lines:
    """Logs a picture if ten seconds have passed and something has changed."""

    #: Seconds between two calls of `show`.
    interval_seconds = INTERVAL_SECONDS

    def __init__(self) -> None:
        self._news: tuple[object, ...] | None = None

    def show(self, picture: Picture) -> None:
        """Log a picture, unless it tells what the one before did."""
        if picture.news != self._news:
            self._news = picture.news
            logger.info(
                "%s",
                sentence(picture),
                extra=log_facts(
                    LogCode.PROGRESS,
                    rows_read=picture.read,
                    rows_loaded=picture.loaded,
                    rows_failed=picture.failed,
                    batches_settled=picture.batches_settled,
                    jobs=len(picture.jobs),
                    api_calls=picture.api_calls,
                ),
            )

    def stop(self) -> None:
        """Leave nothing behind."""
