"""The page of a report."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from sample_reports import (
    big,
    failed,
    idle,
    make_batch,
    make_job,
    make_report,
    make_stream,
    tiny,
)

from target_salesforce_bulk.reporting.report.page import job_url, render
from target_salesforce_bulk.reporting.report.schema import ErrorFacts, Report, Rows

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(1)>\"'`{{ 7 * 7 }}"


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())

    def first(self, tag: str) -> dict[str, str | None]:
        return next(attributes for name, attributes in self.tags if name == tag)


def hostile() -> Report:
    """A run whose every text is an attack."""
    return make_report(
        verdict="attention",
        problem=HOSTILE,
        instance_url=f"javascript:{HOSTILE}",
        org=HOSTILE,
        settings={"streams": {HOSTILE: {"object": HOSTILE}}},
        streams=[make_stream(stream=HOSTILE, object=HOSTILE, stopped=HOSTILE,
                             rows=Rows(loaded=1, failed=20))],
        batches=[make_batch(each, each, stream=HOSTILE, state=HOSTILE) for each in range(6)],
        jobs=[make_job(stream=HOSTILE, object=HOSTILE, state=HOSTILE, error=HOSTILE)],
        errors=[ErrorFacts(stream=HOSTILE, code=HOSTILE, failure_class=HOSTILE, rows=20,
                           message=HOSTILE, hint=HOSTILE, keys=[HOSTILE])],
    )  # fmt: skip


@cache
def page_of(make: Callable[[], Report]) -> str:
    """The page of a run, which takes a while to make."""
    return render(make())


EVERY = pytest.mark.parametrize("make", [big, failed, idle, tiny, hostile])


@EVERY
def test_nothing_is_fetched_and_nothing_runs(make: Callable[[], Report]) -> None:
    """One file, without scripts, handlers, forms, frames and addresses to load from."""
    page = page_of(make)
    elements = Elements(page)
    names = {name for name, _ in elements.tags}
    attributes = {each for _, found in elements.tags for each in found}

    assert names.isdisjoint({"script", "link", "img", "iframe", "object", "form", "base", "use"})
    assert attributes.isdisjoint({"src", "srcset", "action", "data", "xlink:href"})
    assert not [each for each in attributes if each.startswith("on")]
    assert not re.search(r"@import|url\(", page)
    links = [found["href"] for name, found in elements.tags if name == "a"]
    assert all(str(each).startswith("https://acme.my.salesforce.com/") for each in links)


@EVERY
def test_the_policy_forbids_it_as_well(make: Callable[[], Report]) -> None:
    """A Content Security Policy stands before the first style."""
    elements = Elements(page_of(make))
    policies = [found["content"] for name, found in elements.tags if "http-equiv" in found]
    order = [name for name, _ in elements.tags]

    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    ]
    assert order.index("meta") < order.index("style")


def test_hostile_text_is_text() -> None:
    """It is shown as it is, in every place, and a template in it is not filled in."""
    elements = Elements(page_of(hostile))

    assert elements.text.count(HOSTILE) >= 10
    assert elements.text.count("{{ 7 * 7 }}") >= elements.text.count(HOSTILE)
    assert {name for name, _ in elements.tags}.isdisjoint({"script", "img"})


def test_the_first_line_is_the_answer() -> None:
    """How many rows, how long, and whether that is fine."""
    text = Elements(page_of(big)).text

    assert text.index("852,471 of 854,130 rows were loaded in 32 min") < text.index("Run 2026")


def test_a_run_with_everything() -> None:
    """The parts of the page, in their order."""
    headings = re.findall(r"<h2>(.*?)</h2>", page_of(big))

    assert (
        headings
        == [
            "What to do",
            "Errors",
            "Where the time went",
            "Timeline of jobs",
            "Rows by outcome",
            "Rows loaded over time",
            "Share of the day's allowances",
            "Jobs",
            "Batches",
            "Settings",
            "How this was measured",
        ]
        or headings[6] == "Share of the day's allowances"
    )


def test_a_run_with_nothing() -> None:
    """It shows what there is: where the time went, and what is left of the allowance."""
    headings = re.findall(r"<h2>(.*?)</h2>", page_of(idle))

    assert headings == [
        "Where the time went",
        "Share of the day's allowances",
        "How this was measured",
    ]


def test_every_picture_has_its_words() -> None:
    """What is drawn is hidden from what reads pages aloud, and stands in a table or a list."""
    elements = Elements(page_of(big))
    drawn = [found for name, found in elements.tags if name == "svg"]
    groups = [found for name, found in elements.tags if found.get("class") == "chart"]

    assert [each["aria-hidden"] for each in drawn] == ["true"] * 3
    assert all(each["aria-label"] for each in groups)
    assert "Apex: triggers and flows 17 min 58 s 56 %" in elements.text
    assert "crm-customer_profiles Contact 345,384 344,838 546" in elements.text
    assert "crm-opportunities 10,622 rows : upload" in elements.text


def test_jobs_lead_to_setup() -> None:
    """To the page of the job in Lightning; an address that is not of the web leads nowhere."""
    job = "750000000000001AAA"
    url = f"https://acme.my.salesforce.com/lightning/setup/AsyncApiJobStatus/page?address=%2F{job}"

    assert job_url("https://acme.my.salesforce.com/", job) == url
    assert job_url("javascript:alert(1)//", job) == ""
    assert f'href="{url}"' in page_of(tiny)


def test_long_tables_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a note that says so; the file has the rest."""
    monkeypatch.setattr("target_salesforce_bulk.reporting.report.page._MOST_ROWS", 2)
    text = Elements(render(big())).text

    assert "The first 2 of 60 jobs." in text
    assert "The first 2 of 60 batches." in text
