"""Whatever Salesforce's echo leaves out, no row is sent again that may have been loaded."""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from target_salesforce_bulk.emulator.org.values import java_double, long_id
from target_salesforce_bulk.journal.batch import Batch, BatchColumn, Counts, LoadPlan
from target_salesforce_bulk.journal.lifecycle import BatchState
from target_salesforce_bulk.loading.settling.error_table import ErrorTable
from target_salesforce_bulk.loading.settling.settlement import Settlement
from target_salesforce_bulk.salesforce.job import JobInfo, JobState, Operation, ResultKind

TYPES = {
    "Name__c": "string",
    "Score__c": "double",
    "Seen__c": "datetime",
    "Good__c": "boolean",
    "Owner__c": "reference",
}
PLAN = LoadPlan(
    stream="s",
    sobject="Contact",
    operation=Operation.INSERT,
    columns=tuple(BatchColumn(header=name, type=kind) for name, kind in TYPES.items()),
)
SHORT = "005000000000001"
# Few values, so that rows are often equal, or equal in all that an echo keeps.
ROW = st.tuples(
    st.sampled_from(["a", " a", "a\n", "A", 'b,\n"c"', ""]),
    st.sampled_from(["1.5", "1.50", "1.25", "1.3", "912260031", ""]),
    st.sampled_from([f"2024-03-11T09:00:00.{millis}Z" for millis in ("000", "123", "456")]),
    st.sampled_from(["true", "false"]),
    st.sampled_from([SHORT, long_id(SHORT), "005000000000002"]),
)
SUCCESSFUL, FAILED, UNPROCESSED = ResultKind
Rows = list[tuple[tuple[str, ...], ResultKind]]


def values(row: Any) -> tuple[Any, ...]:
    """What a row asks for, by which equal rows are interchangeable."""
    name, score, seen, good, owner = row
    return name, Decimal(score) if score else None, seen, good, owner[:15]


class Echo:
    """How an org repeats rows."""

    def __init__(self, *, trims: bool, rounds: bool, cuts: bool) -> None:
        self.trims, self.rounds, self.cuts = trims, rounds, cuts

    def of(self, row: Any) -> list[str]:
        """A row as it comes back; a second time nothing more is lost."""
        name, score, seen, good, owner = row
        if score and self.rounds:
            score = str(Decimal(score).quantize(Decimal("0.1"), ROUND_HALF_UP))
        return [
            name.strip() if self.trims else name,
            java_double(float(score)) if score else "",
            f"{seen[:20]}000Z" if self.cuts else seen,
            good.upper(),
            long_id(owner[:15]),
        ]


ECHOES = st.builds(Echo, trims=st.booleans(), rounds=st.booleans(), cuts=st.booleans())
LOSSLESS = Echo(trims=False, rounds=False, cuts=False)
OUTCOMES = st.lists(st.tuples(ROW, st.sampled_from(ResultKind)), min_size=1, max_size=8)


def settle(
    rows: Rows, named: list[tuple[list[str], ResultKind]]
) -> tuple[Counter[Any], Counter[Any], Counts]:
    """The rows that are failed or unprocessed, and those that are loaded, by their values."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        batch = Batch(
            id=1, run_id="r", plan=PLAN, state=BatchState.ENDED, folder=folder, rows=len(rows)
        )
        write(batch.csv, list(TYPES), [list(row) for row, _ in rows])
        files = {kind: folder / f"{kind}.csv" for kind in ResultKind}
        own = {SUCCESSFUL: ["003", "true"], FAILED: ["", "UNABLE_TO_LOCK_ROW:busy:--"]}
        for kind, path in files.items():
            head = ["sf__Id", "sf__Error"] if kind in own else []
            lines = [[*own.get(kind, []), *cells] for cells, each in named if each is kind]
            write(path, [*head, *TYPES], lines)
        outcomes = Counter(kind for _, kind in rows)
        job = JobInfo(
            id="750",
            object="Contact",
            operation=Operation.INSERT,
            state=JobState.FAILED,
            records_processed=outcomes[SUCCESSFUL] + outcomes[FAILED],
            records_failed=outcomes[FAILED],
        )
        settlement = Settlement(batch, ErrorTable(), job, files)
        kept = [(values(row.row.values()), row.error.code) for row in settlement.sent(loaded=False)]
        counts = settlement.counts()
    lost = Counter(each for each, code in kept if code != "UNCERTAIN")
    loaded = Counter(values(row) for row, _ in rows)
    loaded.subtract(each for each, _ in kept)
    return lost, +loaded, counts


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([header, *rows])


def truth(rows: Rows) -> tuple[Counter[Any], Counter[Any]]:
    """What became of rows: not loaded and loaded ones, by their values."""
    return (
        Counter(values(row) for row, kind in rows if kind is not SUCCESSFUL),
        Counter(values(row) for row, kind in rows if kind is SUCCESSFUL),
    )


def assert_no_row_is_mistaken(rows: Rows, named: list[tuple[list[str], ResultKind]]) -> None:
    """Each row is what it is or uncertain, and all of them are counted."""
    lost, loaded, counts = settle(rows, named)

    truly_lost, truly_loaded = truth(rows)
    assert lost <= truly_lost
    assert loaded <= truly_loaded
    assert counts.loaded + counts.not_loaded == len(rows)


@settings(max_examples=150, deadline=None)
@given(OUTCOMES, ECHOES, st.booleans(), st.randoms())
def test_no_row_is_taken_for_another(
    rows: Rows, echo: Echo, raw_failures: bool, random: Any
) -> None:
    """A failed row is found or uncertain, and a loaded one is loaded or uncertain."""
    named = [
        (list(row) if raw_failures and kind is not SUCCESSFUL else echo.of(row), kind)
        for row, kind in rows
    ]
    random.shuffle(named)

    assert_no_row_is_mistaken(rows, named)


@settings(max_examples=150, deadline=None)
@given(OUTCOMES, st.data())
def test_no_damaged_result_is_believed(rows: Rows, data: Any) -> None:
    """One result is dropped, comes twice, or takes the place of another in any file."""
    named = [(LOSSLESS.of(row), kind) for row, kind in rows]
    one, other = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
    kind = data.draw(st.sampled_from(ResultKind))
    match data.draw(st.sampled_from(["drop", "double", "replace"])):
        case "drop":
            del named[one]
        case "double":
            named.append((named[one][0], kind))
        case _:
            named[other] = (named[one][0], named[other][1])

    assert_no_row_is_mistaken(rows, named)


@settings(max_examples=100, deadline=None)
@given(OUTCOMES, st.randoms())
def test_an_echo_that_loses_nothing_leaves_nothing_uncertain(rows: Rows, random: Any) -> None:
    """However the values are written, and whatever the order."""
    named = [(LOSSLESS.of(row), kind) for row, kind in rows]
    random.shuffle(named)

    lost, loaded, _ = settle(rows, named)

    assert (lost, loaded) == truth(rows)
