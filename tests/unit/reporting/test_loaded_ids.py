"""The file of record Ids of a batch."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from sample_batches import make_batch, make_plan

from target_salesforce_bulk.reporting.file_names import file_name
from target_salesforce_bulk.reporting.loaded_ids import LoadedIds
from target_salesforce_bulk.salesforce.job import Operation

if TYPE_CHECKING:
    from pathlib import Path

    from target_salesforce_bulk.journal.batch import LoadPlan

ID = "003000000000001"


def kept(tmp_path: Path, plan: LoadPlan, sent: str, successful: str) -> str:
    """What is written for a batch with these rows and these successful results.

    The number of records that were created is noted, and that is checked.
    """
    noted: dict[int, int] = {}
    batch = make_batch(tmp_path, plan=plan)
    batch.csv.write_text(sent)
    results = tmp_path / "successful.csv"
    results.write_text(successful)
    LoadedIds(tmp_path, "r1", noted.__setitem__).keep(batch, results)
    assert noted == {batch.id: successful.count('"true"')}
    (path,) = (tmp_path / "results" / "r1").iterdir()
    assert path.name == f"{file_name(plan.stream)}-1.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


def test_an_upsert(tmp_path: Path) -> None:
    """Id, whether it was created, and the key: whatever the order and case of the columns."""
    written = kept(
        tmp_path,
        make_plan(stream="peo/ple"),
        "",
        f'"LASTNAME","KEY__C","sf__Created","sf__Id"\n"Ada","K-1","true","{ID}"\n',
    )

    assert written == f'"sf__Id","sf__Created","Key__c"\n"{ID}","true","K-1"\n'


def test_an_insert(tmp_path: Path) -> None:
    """It has no key, so all columns are kept."""
    plan = make_plan(stream="peo/ple", operation=Operation.INSERT, key=None)
    written = kept(
        tmp_path,
        plan,
        "",
        f'"sf__Id","sf__Created","Key__c","LastName"\n"{ID}","true","K-1","Ada"\n',
    )

    assert written == (f'"sf__Id","sf__Created","Key__c","LastName"\n"{ID}","true","K-1","Ada"\n')


def test_ids_that_were_looked_up(tmp_path: Path) -> None:
    """The key was not sent, so it comes from the batch, whether Ids have 15 or 18 characters."""
    plan = make_plan(stream="peo/ple", operation=Operation.UPDATE, lookup=True).with_ids()
    written = kept(
        tmp_path,
        plan,
        f'"Id","Key__c","LastName"\n"{ID}","K-1","Ada"\n',
        f'"sf__Id","sf__Created","Id","LastName"\n"{ID}AAA","false","{ID}AAA","Ada"\n',
    )

    assert written == f'"sf__Id","sf__Created","Key__c"\n"{ID}AAA","false","K-1"\n'
