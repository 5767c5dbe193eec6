"""The page of a report in a real browser, wide and narrow, light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sample_reports import big, failed
from webdriver import AXE, BROWSER, DRIVER, browser

from target_salesforce_bulk.reporting.report.page import render

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    DRIVER is None or BROWSER is None, reason="needs Chromium and chromedriver"
)

#: A big page takes axe long, and has the elements of a small one.
_LOOKS = ((1440, "light", failed), (390, "dark", failed), (390, "light", big))

#: Everything that axe objects to, with the elements.
_VIOLATIONS = """
return axe.run().then(found => found.violations.map(
  each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]));
"""


def test_the_page_in_a_browser(tmp_path: Path) -> None:
    """Nobody is kept from reading it, it fits into the window, and it loads nothing."""
    wrong: list[object] = []
    with browser(tmp_path / "profile") as window:
        for width, scheme, make in _LOOKS:
            path = tmp_path / f"{make.__name__}.html"
            path.write_text(render(make()).replace("<details>", "<details open>"))
            window.look(width=width, scheme=scheme)
            window.open(path.as_uri())
            fits = window.run("return document.documentElement.scrollWidth <= innerWidth")
            loaded = window.run("return performance.getEntriesByType('resource').map(e => e.name)")
            if AXE.exists() and make is not big:
                window.run(AXE.read_text())
                wrong += [(width, scheme, *each) for each in window.run(_VIOLATIONS)]
            wrong += [] if (fits, loaded) == (True, []) else [(width, scheme, fits, loaded)]

    assert wrong == []
