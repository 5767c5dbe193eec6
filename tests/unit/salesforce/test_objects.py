"""Objects are described once, whichever thread asks."""

from __future__ import annotations

import threading

import pytest
from wire import make_client

from target_salesforce_bulk.errors import NotFoundError, SettingsError
from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects
from target_salesforce_bulk.salesforce.sobject import SObject

ACCOUNT = (200, {"name": "Account", "fields": []})
NONE = (404, [{"errorCode": "NOT_FOUND", "message": "no"}])
VERSIONS = (200, [{"version": "66.0"}, {"version": "67.0"}])


def test_an_object_is_described_once() -> None:
    """Whatever the case of its name."""
    client, wire = make_client(ACCOUNT)
    objects = Objects(client)

    assert objects.sobject("Account") is objects.sobject("ACCOUNT")
    assert len(wire.requests) == 1


def test_threads_share_one_description() -> None:
    """The second thread waits for the result of the first."""
    both = threading.Barrier(2)
    client, wire = make_client(ACCOUNT)
    objects = Objects(client)
    found = []

    def ask() -> None:
        both.wait(5)
        found.append(objects.sobject("Account"))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert (len(found), len(wire.requests)) == (2, 1)
    assert found[0] is found[1]


def test_the_first_object_that_exists_is_found() -> None:
    """Names are tried in order."""
    client, _ = make_client(NONE, ACCOUNT)

    found = Objects(client).find_sobject(["crm-Account", "Account"])

    assert found is not None
    assert found.name == "Account"


def test_no_object_is_found() -> None:
    """The version exists, so the object does not."""
    client, _ = make_client(NONE, VERSIONS)

    assert Objects(client).find_sobject(["Nothing"]) is None


def test_a_wrong_version_is_told_from_a_missing_object() -> None:
    """With a version that the org does not have, no object would be found."""
    client, _ = make_client(NONE, (200, [{"version": "60.0"}]))

    with pytest.raises(SettingsError, match=r"api_version 67\.0.*newest is 60\.0"):
        Objects(client).find_sobject(["Account"])


def test_a_missing_object_is_not_remembered() -> None:
    """It is requested again: an administrator may have created it."""
    client, wire = make_client(NONE, ACCOUNT)
    objects = Objects(client)
    with pytest.raises(NotFoundError):
        objects.sobject("Account")

    assert objects.sobject("Account").name == "Account"
    assert len(wire.requests) == 2


def test_known_objects() -> None:
    """They are found ignoring case, without an org; others do not exist."""
    known = Objects(KnownObjects([SObject(name="Lead")]))

    assert known.find_sobject(["Case", "lead"]) == SObject(name="Lead")
    assert known.find_sobject(["Case"]) is None
