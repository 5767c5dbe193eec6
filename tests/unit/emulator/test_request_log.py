"""Which requests came to the API."""

from __future__ import annotations

from target_salesforce_bulk.emulator.http.request_log import RequestLog, RequestRecord


def test_requests_are_numbered_in_their_order() -> None:
    """From 1, each with what was asked and answered."""
    log = RequestLog()
    log.add("GET", "/a", 200)
    log.add("PUT", "/b", 0, "client=me")

    assert log.all() == [
        RequestRecord(1, "GET", "/a", 200),
        RequestRecord(2, "PUT", "/b", 0, "client=me"),
    ]


def test_what_was_read_does_not_change() -> None:
    """Neither by later requests, nor by what its reader does with it."""
    log = RequestLog()
    log.add("GET", "/a", 200)
    read = log.all()
    log.add("GET", "/b", 200)
    read.append(RequestRecord(9, "GET", "/c", 200))

    assert [record.path for record in log.all()] == ["/a", "/b"]
    assert [record.path for record in read] == ["/a", "/c"]


def test_requests_are_forgotten() -> None:
    """All of them; counting begins again."""
    log = RequestLog()
    log.add("GET", "/a", 200)
    log.clear()
    emptied = log.all()
    log.add("GET", "/b", 200)

    assert (emptied, log.all()) == ([], [RequestRecord(1, "GET", "/b", 200)])
