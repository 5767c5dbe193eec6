"""Queries fit their request line, and results end."""

from __future__ import annotations

import re
import threading
from csv import field_size_limit
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from wire import make_client

from target_salesforce_bulk.errors import ResponseError
from target_salesforce_bulk.salesforce.query import (
    MOST_REQUEST_LINE_BYTES,
    QueryApi,
    literal,
    queries_that_fit,
    request_line_bytes,
)

HEAD = "SELECT Id, Key__c FROM Contact WHERE Key__c IN ("
JOB = (200, {"id": "750000000000001AAA"})
COMPLETE = (200, {"state": "JobComplete"})


def csv(text: str | bytes, locator: str = "null") -> Any:
    return 200, text, {"Sforce-Locator": locator}


@pytest.mark.parametrize("key", ["CUST-{:05}", "\u6f22\u5b57\u6f22\u5b57{:05}", "a'b&c+%{:05}"])
def test_request_lines_have_a_limit_in_bytes(key: str) -> None:
    """Counted as encoded, where a letter may take nine bytes; no literal is left out."""
    literals = [literal(key.format(number), "string") for number in range(3_000)]
    queries = list(queries_that_fit(HEAD, literals))
    client, wire = make_client(*[(200, {"records": []})] * len(queries))
    for soql in queries:
        list(QueryApi(client).select(soql))

    lines = [f"GET {request.path_url} HTTP/1.1" for request in wire.requests]
    assert [len(line) for line in lines] == [request_line_bytes(soql) for soql in queries]
    assert max(map(len, lines)) <= MOST_REQUEST_LINE_BYTES
    assert min(map(len, lines[:-1])) > MOST_REQUEST_LINE_BYTES - 200
    sent = [parse_qs(urlsplit(str(request.url)).query)["q"][0] for request in wire.requests]
    assert ", ".join(soql.removeprefix(HEAD).removesuffix(")") for soql in sent) == ", ".join(
        literals
    )


def test_a_literal_that_is_too_long_is_asked_for_alone() -> None:
    """Salesforce may refuse it; the others are found."""
    long = literal("x" * MOST_REQUEST_LINE_BYTES, "string")

    assert list(queries_that_fit("IN (", ["'a'", long, "'b'"])) == [
        "IN ('a')",
        f"IN ({long})",
        "IN ('b')",
    ]


def test_nothing_to_ask_for_is_no_query() -> None:
    """An empty list is not valid SOQL."""
    assert list(queries_that_fit(HEAD, [])) == []


@pytest.mark.parametrize(
    ("value", "field_type", "written"),
    [
        ("O'Brien", "string", r"'O\'Brien'"),
        ("\\", "string", r"'\\'"),
        ("\\' OR Id != null --", "email", r"'\\\' OR Id != null --'"),
        ("a\n\r\tb", "string", r"'a\n\r\tb'"),
        ("100%_'", "string", r"'100%_\''"),
        ("') FROM User", "reference", r"'\') FROM User'"),
        ("", "string", "''"),
        ("-1.50", "double", "-1.50"),
        ("1e+30", "currency", "1e+30"),
        ("true", "boolean", "true"),
    ],
)
def test_a_value_is_one_literal(value: str, field_type: str, written: str) -> None:
    """Quotes, backslashes and line breaks do not end it; percent signs stay."""
    assert literal(value, field_type) == written


@pytest.mark.parametrize(
    "value", ["1) OR (Id != null", "1 OR 1=1", "'1'", "", "1\n", "null", "\u0661"]
)
@pytest.mark.parametrize("field_type", ["int", "double", "currency", "percent", "boolean"])
def test_what_is_no_number_gets_into_no_query(value: str, field_type: str) -> None:
    """Numbers have no quotes around them."""
    with pytest.raises(ResponseError):
        literal(value, field_type)


def test_literals_cannot_end_early() -> None:
    """A quote or a backslash in a key is part of the key."""
    assert literal("a'b\\c\n", "string") == "'a\\'b\\\\c\\n'"
    assert literal("7", "int") == "7"


def test_a_query_job_is_read_page_by_page() -> None:
    """Cells may contain line separators."""
    first = csv('"Id","K"\n"1","a\nb"\n"2","c\u2028d"\n', "abc")
    client, wire = make_client(JOB, COMPLETE, first, csv('"Id","K"\n"3",""\n'))

    assert list(QueryApi(client).bulk("SELECT")) == [
        ["1", "a\nb"],
        ["2", "c\u2028d"],
        ["3", ""],
    ]
    assert str(wire.requests[-1].url).endswith("?maxRecords=50000&locator=abc")


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([csv("Id\n1\n", "abc"), csv("Id\n1\n", "abc")], "the same page"),
        ([csv(b"Id\n\xff\n")], "not UTF-8"),
        ([csv("Id,K\n1\n")], "1 cells below a header of 2"),
    ],
)
def test_results_that_cannot_be_read(pages: list[Any], message: str) -> None:
    """A `ResponseError`, not a traceback or an endless loop."""
    client, _ = make_client(JOB, COMPLETE, *pages)

    with pytest.raises(ResponseError, match=message):
        list(QueryApi(client).bulk("SELECT"))


def test_a_cell_that_is_too_large_is_not_csv() -> None:
    """By the limit of this process."""
    limit = field_size_limit(100)
    try:
        client, _ = make_client(JOB, COMPLETE, csv("Id\n" + "x" * 200 + "\n"))
        with pytest.raises(ResponseError, match="not CSV: field larger"):
            list(QueryApi(client).bulk("SELECT"))
    finally:
        field_size_limit(limit)


@pytest.mark.parametrize("made", [{}, {"id": "../x"}, [], {"id": None}])
def test_a_query_job_without_an_id(made: Any) -> None:
    """Its id would become part of a path."""
    client, wire = make_client((200, made))

    with pytest.raises(ResponseError):
        list(QueryApi(client).bulk("SELECT"))
    assert len(wire.requests) == 1


class NoWait(threading.Event):
    """Time passes without waiting."""

    now = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0
        return False


def test_a_query_job_is_not_waited_for_forever() -> None:
    """An hour is more than any takes."""
    clock = NoWait()
    client, wire = make_client(JOB, *[(200, {"state": "InProgress"})] * 2_000)

    with pytest.raises(ResponseError, match="still InProgress after 3600 seconds"):
        list(QueryApi(client, clock, clock=lambda: clock.now).bulk("SELECT"))
    assert len(wire.requests) < 1_000


def test_a_query_job_that_failed_says_why() -> None:
    """In Salesforce's words."""
    client, _ = make_client(JOB, (200, {"state": "Failed", "errorMessage": "too\nlong"}))

    with pytest.raises(ResponseError, match=re.escape("is Failed: too long")):
        list(QueryApi(client).bulk("SELECT"))
