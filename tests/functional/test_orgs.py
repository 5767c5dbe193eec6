"""One state directory and several orgs: nothing of one reaches another."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from singer_messages import contact, record, schema, state

from target_salesforce_bulk.emulator import Emulator
from target_salesforce_bulk.emulator.org.tokens import ORG_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_messages import Result

PROD_ID = "00D5g000004ProdEAC"
ROWS = [contact(n) for n in range(20)]
LEDGER = "target-salesforce-bulk"


@pytest.fixture
def prod() -> Iterator[Emulator]:
    """A second org."""
    with Emulator(org_id=PROD_ID) as emulator:
        yield emulator


def login(org: Emulator) -> dict[str, Any]:
    """The settings that lead to an org."""
    return {
        "login_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
    }


def write(process: subprocess.Popen[str], messages: list[dict[str, Any]]) -> None:
    assert process.stdin is not None
    process.stdin.write("".join(f"{json.dumps(each)}\n" for each in messages))
    process.stdin.flush()


def wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(20):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("It never came to that.")


def test_an_insert_that_another_org_interrupted(
    org: Emulator, prod: Emulator, start: Any, load: Callable[..., Result], act: Any
) -> None:
    """Each org gets every row once: what one has dealt with is nothing to the other."""
    settings = {"operation": "insert", "batch_size_rows": 10}
    with start(**settings) as dev:
        write(dev, [schema(key=None), *ROWS[:11]])
        wait_for(lambda: '"settled"' in act("jobs", "list", "--json", **settings).stdout)
        dev.kill()

    first = load([schema(key=None), *ROWS], **settings, **login(prod))
    second = load([schema(key=None), *ROWS], **settings)

    assert (first.code, second.code) == (0, 0), first.stderr + second.stderr
    assert (org.count("Contact"), prod.count("Contact")) == (20, 20)


def test_a_failed_row_of_another_org(
    org: Emulator, prod: Emulator, load: Callable[..., Result], act: Any
) -> None:
    """It is sent again where it failed, and nowhere else."""
    lock = {"error": "UNABLE_TO_LOCK_ROW:busy:--", "column": "External_Id__c", "glob": "C-1"}
    org.configure(rules=[lock])
    load([schema(), contact(1)], row_retries=0, max_failed_percent=100)
    org.configure(rules=[])

    by_hand = act("failed", "retry", "--json", **login(prod))
    on_start = load([], retry_failed_on_start=True, **login(prod))
    at_home = act("failed", "retry", "--json")

    assert json.loads(by_hand.stdout)["sent"] == 0
    assert on_start.code == 0, on_start.stderr
    assert json.loads(at_home.stdout)["loaded"] == 1
    assert (org.count("Contact"), prod.count("Contact")) == (1, 0)


def test_the_state_of_another_org(
    org: Emulator, prod: Emulator, load: Callable[..., Result]
) -> None:
    """Its number says nothing here, so a row like one that was loaded is not left out; it is said.

    By a lower number, the newest rows of this org would seem to come again.
    """
    names = schema(properties={"LastName": {"type": "string"}}, key=None)
    settings = {"operation": "insert", "max_failed_percent": 100}
    refused = record(LastName=None)
    dev = load([state(), names, record(LastName="A"), refused, state(Contact=1)], **settings)
    rows = [(record(LastName=name), state(Contact=n)) for n, name in enumerate("ABC", 1)]
    load([state(), names, *(each for row in rows for each in row)], **settings, **login(prod))

    again = load(
        [
            {"type": "STATE", "value": dev.states[-1]},
            names,
            record(LastName="C"),
            state(Contact=4),
        ],
        **settings,
        **login(prod),
    )

    assert dev.states[-1]["bookmarks"][LEDGER]["org"] == ORG_ID
    assert again.code == 0, again.stderr
    assert again.stderr.count(f"The STATE was written for org {ORG_ID}, but this run loads") == 1
    assert sorted(row["LastName"] for row in prod.rows("Contact")) == ["A", "B", "C", "C"]
    ledger = again.states[-1]["bookmarks"][LEDGER]
    assert (ledger["org"], ledger.get("failed_jobs")) == (PROD_ID, None)


def test_each_org_has_a_folder_and_commands_find_it(
    prod: Emulator, load: Callable[..., Result], act: Any
) -> None:
    """By the last login of the settings, or by --org, without a request."""
    bad = contact(2, Email="nobody")
    result = load([schema(), bad], max_failed_percent=100)
    load([schema(), contact(1), bad, contact(3, Email="nobody")], max_failed_percent=100)
    load([schema(), bad], max_failed_percent=100, **login(prod))
    asked = len(prod.requests)

    folders = {path.name for path in result.state_dir.iterdir()}
    numbers = [
        json.loads(act("failed", "list", "--json", *arguments, **settings).stdout)[0]["rows"]
        for arguments, settings in (
            ((), {}),
            ((), login(prod)),
            (("--org", PROD_ID[:15]), {}),
        )
    ]

    assert folders == {ORG_ID, PROD_ID, "logins", ".gitignore", "target-salesforce-bulk"}
    assert numbers == [2, 1, 1]
    assert len(prod.requests) == asked


def test_it_is_not_clear_which_org_is_meant(
    org: Emulator, prod: Emulator, load: Callable[..., Result], act: Any
) -> None:
    """Reading shows the only one there is; removing, and several, need a name."""
    stranger = {"client_id": "another app"}
    bad = [schema(), contact(2, Email="nobody")]
    load(bad, max_failed_percent=100)
    only = act("failed", "list", "--json", **stranger)
    discard = act("failed", "discard", "--all", **stranger)
    load(bad, max_failed_percent=100, **login(prod))
    several = act("failed", "list", **stranger)
    wrong = act("failed", "list", "--org", "00D000000000001")

    assert json.loads(only.stdout)[0]["rows"] == 1
    assert "an org that these settings have not logged in to" in discard.stderr
    assert f"2 orgs: {ORG_ID} ({org.url}), {PROD_ID} ({prod.url}). Select one" in several.stderr
    assert "has no data of org 00D000000000001EAA" in wrong.stderr
    codes = [each.returncode for each in (only, discard, several, wrong)]
    assert codes == [1, 1, 1, 1]
    assert json.loads(act("failed", "list", "--json").stdout)[0]["rows"] == 1


def test_a_directory_of_an_earlier_version(
    org: Emulator, load: Callable[..., Result], act: Any
) -> None:
    """Its rows are of no org until somebody says so, by the command that the error names."""
    settings = {"operation": "insert", "max_failed_percent": 100}
    first = load([schema(key=None), contact(1, Email="nobody")], **settings)
    org_dir = first.org_dir
    for path in [*org_dir.iterdir()]:
        shutil.move(path, first.state_dir / path.name)
    for name in ("target-salesforce-bulk", ".gitignore"):
        (first.state_dir / name).unlink()
    org_dir.rmdir()

    refused = load([schema(key=None), contact(2)], **settings)
    listed = act("failed", "list")
    move = refused.last_line.partition(" run: ")[2]
    subprocess.run(move, shell=True, check=True)
    after = load([schema(key=None), contact(2)], **settings)

    assert (refused.code, listed.returncode, after.code) == (1, 1, 0), after.stderr
    assert "an earlier version, which did not note its org" in refused.last_line
    assert "The next run prints the command that moves it" in listed.stderr
    assert json.loads(act("failed", "list", "--json").stdout)[0]["rows"] == 1
    assert org.count("Contact") == 1


@pytest.mark.parametrize("method", ["client_credentials", "access_token", "refresh_token"])
def test_to_know_the_org_costs_no_request(
    org: Emulator, load: Callable[..., Result], method: str
) -> None:
    """An idle run makes no job, and logs in and describes its object at most."""
    extra = {
        "client_credentials": {},
        "access_token": {"access_token": org.access_token, "instance_url": org.url},
        "refresh_token": {"refresh_token": org.refresh_token},
    }[method]
    rows = [state(), schema(), contact(1), state(Contact=1)]
    load(rows, auth_method=method, **extra)
    before = len(org.requests)

    idle = load([state(Contact=1), schema(), state(Contact=1)], auth_method=method, **extra)

    assert idle.code == 0, idle.stderr
    assert len(org.requests) - before <= 2
