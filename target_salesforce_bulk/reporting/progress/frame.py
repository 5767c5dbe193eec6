"""How far a run is, drawn for a terminal. Imported only where there is one, as rich takes time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.reporting.progress.lines import calls, duration, rate

if TYPE_CHECKING:
    from typing import IO

    from rich.console import RenderableType

    from target_salesforce_bulk.reporting.progress.facts import JobProgress, Picture

#: Columns below which a job has no bar and no number of its own.
_NARROW = 80
_BAR_COLUMNS = 20
#: Columns of the share and the rate of a job.
_NUMBERS_COLUMNS = 20


class Frames:
    """Draws pictures for one terminal, as lines that fit into it.

    Args:
        file: The terminal.
        environ: `NO_COLOR`, `COLUMNS` and `LINES` are looked up in it.
    """

    def __init__(self, file: IO[str], environ: dict[str, str]) -> None:
        self._console = Console(file=file, force_terminal=True, highlight=False, _environ=environ)

    def draw(self, picture: Picture) -> list[str]:
        """The lines of a picture, without their ends; fewer than the terminal has."""
        console = self._console
        width, height = console.size
        with console.capture() as captured:
            # One column stays free: a terminal may wrap a line that fills it.
            console.print(_picture(picture, width), width=width - 1, no_wrap=True, crop=True)
        return captured.get().rstrip("\n").split("\n")[: max(1, height - 3)]


def _picture(picture: Picture, width: int) -> RenderableType:
    return Group(_totals(picture, width), _jobs(picture, width))


def _totals(picture: Picture, width: int) -> RenderableType:
    """The totals as phrases, as many to a line as fit."""
    failed = Text(f"{picture.failed:,} failed", "bold red" if picture.failed else "")
    phrases = [
        Text(f"{picture.read:,} read{rate(picture)}", "bold"),
        Text(f"{picture.loaded:,} loaded", "bold green"),
        failed,
        Text(f"batches settled: {picture.batches_settled:,}"),
        Text(calls(picture)),
        Text(duration(picture.seconds)),
    ]
    if picture.seconds_left is not None:
        phrases.append(Text(f"about {duration(picture.seconds_left)} left", "bold"))
    lines = [phrases[0]]
    for phrase in phrases[1:]:
        if lines[-1].cell_len + 3 + phrase.cell_len < width:
            lines[-1] = Text.assemble(lines[-1], "   ", phrase)
        else:
            lines.append(phrase)
    return Group(*lines)


def _jobs(picture: Picture, width: int) -> RenderableType:
    narrow = width < _NARROW
    table = Table.grid(padding=(0, 2, 0, 0))
    longest = width - _NUMBERS_COLUMNS if narrow else 40
    table.add_column(overflow="ellipsis", no_wrap=True, max_width=max(1, longest))
    for _ in range(2 if narrow else 5):
        table.add_column(no_wrap=True, justify="right")
    for job in picture.jobs:
        # As Text: the name of a stream is no markup.
        name = Text(plain_text(f"{job.stream} → {job.sobject}"))
        table.add_row(name, *(_narrow_cells(job) if narrow else _cells(job)))
    return table


def _narrow_cells(job: JobProgress) -> tuple[RenderableType, ...]:
    return Text(f"{_percent(job):.0f} %"), Text(_rate(job))


def _cells(job: JobProgress) -> tuple[RenderableType, ...]:
    return (
        Text(job.job_id),
        Text(job.state),
        ProgressBar(total=max(1, job.rows), completed=job.processed, width=_BAR_COLUMNS),
        Text(f"{job.processed:,}/{job.rows:,}"),
        Text(_rate(job)),
    )


def _percent(job: JobProgress) -> float:
    return 100.0 * job.processed / job.rows if job.rows else 0.0


def _rate(job: JobProgress) -> str:
    return f"{job.rate:,.0f}/s" if job.rate else ""
