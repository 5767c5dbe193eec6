"""Two rows compare by their values, and by what no echo leaves out."""

from __future__ import annotations

from sample_batches import make_plan

from target_salesforce_bulk.journal.batch import BatchColumn
from target_salesforce_bulk.loading.settling.row_forms import EchoFilter, RowForms
from target_salesforce_bulk.salesforce.job import Operation

COLUMNS = (
    BatchColumn(header="Name", type="string"),
    BatchColumn(header="Score", type="double"),
    BatchColumn(header="Good", type="boolean"),
)
INSERT = make_plan(operation=Operation.INSERT, key=None, columns=COLUMNS)


def test_values_compare_by_their_meaning() -> None:
    """Whatever their notation."""
    forms = RowForms(INSERT)

    assert forms.digests(["Ada", "1.50", "true"]) == forms.digests(["Ada", "1.5", "TRUE"])


def test_an_echo_may_lack_what_was_sent_of_a_number() -> None:
    """Such rows have one echo, and values of their own."""
    forms = RowForms(INSERT)
    one, other = (forms.digests(["Ada", score, "true"]) for score in ("1.24", "1.25"))

    assert (one[0] == other[0], one[1] == other[1]) == (True, False)
    assert forms.echo(["Ada", "1", "true"]) != forms.echo(["Grace", "1", "true"])


def test_a_key_alone_is_the_echo() -> None:
    """In the form in which keys compare."""
    forms = RowForms(make_plan())

    assert forms.echo(["K-1", "Ada"]) == forms.echo(["k-1", "Grace"])


def test_columns_in_another_order() -> None:
    """A result file may have its own; a column that it does not have is empty."""
    sent, result = RowForms(INSERT), RowForms(INSERT, [2, 1, None])

    assert result.digests(["x", "1.5", "Ada"]) == sent.digests(["Ada", "1.5", ""])


def test_a_filter_misses_no_echo() -> None:
    """It begins empty."""
    seen = EchoFilter()
    before = seen.empty
    seen.add("a")

    assert (before, seen.empty, "a" in seen) == (True, False, True)
