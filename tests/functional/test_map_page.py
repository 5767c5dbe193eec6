"""The page of `map edit` in a real browser, from its first load to the saved file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from webdriver import BROWSER, DRIVER, browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from webdriver import Browser

pytestmark = pytest.mark.skipif(
    DRIVER is None or BROWSER is None, reason="needs Chromium and chromedriver"
)

AXE = Path(__file__).parent.parent.parent / ".axe" / "axe.min.js"
TEXT = {"type": ["null", "string"]}
COLUMNS = ("ref", "surname", "email", "mobile_no", "password_hash")
ROWS = (
    ("P-1", "Quast", "ines@quast.example", "+49 151 5550 123", "5f4dcc3b5aa765d61d8327deb882cf99"),
    ("P-2", "<b>Tarn</b>", "nothing", "+44 20 7946 0810", "6f4dcc3b5aa765d61d8327deb882cf99"),
    ("P-3", "Morrow", "m@tarn.example", "+44 20 7946 0811", "7f4dcc3b5aa765d61d8327deb882cf99"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "mapping.json"


@pytest.fixture
def process(start_command: Callable[..., Any], tmp_path: Path, file: Path) -> Any:
    """The program, with three rows of a stream; the emulator is the org."""
    schema = {"properties": dict.fromkeys(COLUMNS, TEXT)}
    messages = [
        {"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["ref"]},
        *(
            {"type": "RECORD", "stream": "people", "record": dict(zip(COLUMNS, row, strict=True))}
            for row in ROWS
        ),
    ]
    source = tmp_path / "people.singer"
    source.write_text("".join(f"{json.dumps(each)}\n" for each in messages))
    return start_command(
        *("map", "edit", "--input", str(source), "--object", "people=Contact"),
        *("--write", str(file), "--no-open"),
    )


@pytest.fixture
def page(process: Any, tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path / "profile") as window:
        address = process.stdout.readline().strip()
        assert address, process.stderr.read()
        window.open(address)
        window.wait_until("return document.querySelector('.row[data-index]') !== null")
        yield window


def field(page: Browser, column: str) -> str:
    """What the chooser of a column shows."""
    found = (
        "return document.querySelector(`[role=combobox][aria-label='Field for ${arguments[0]}']`)"
    )
    return str(page.script(f"{found}.value", column))


def alerts(page: Browser) -> list[str]:
    code = "return [...document.querySelectorAll('[role=alert]')].map(each => each.innerText)"
    return [" ".join(each.split()) for each in page.script(code)]


def test_by_keyboard_alone(page: Browser, process: Any, file: Path) -> None:
    """Accept, change, undo, and save; the program ends when the page is left."""
    rows = page.script(
        "return [...document.querySelectorAll('.row[data-index]')].map(each => each.ariaLabel)"
    )
    assert rows == list(COLUMNS)
    assert page.script("return location.href").endswith("/")
    assert field(page, "password_hash") == ""
    assert alerts(page) == [
        "Warning email 1 of 3 sample rows would be refused: invalid email address: nothing."
    ]
    page.press("F8")
    page.press("Control", "Enter")
    assert field(page, "mobile_no") == "MobilePhone"
    page.type("home phone")
    page.press("Enter")
    assert field(page, "mobile_no") == "HomePhone"
    page.press("Control", "z")
    assert field(page, "mobile_no") == "MobilePhone"
    page.press("Control", "Shift", "z")
    assert field(page, "mobile_no") == "HomePhone"
    page.press("Control", "s")
    page.wait_for("Saved to")

    entry = json.loads(file.read_text())["streams"]["people"]
    assert entry["object"] == "Contact"
    assert {name: entry["field_mapping"].get(name) for name in COLUMNS} == {
        "ref": None,
        "surname": None,
        "email": "Email",
        "mobile_no": "HomePhone",
        "password_hash": None,
    }
    page.open("about:blank")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert "token" not in err
    assert "quast" not in err


def test_by_the_buttons(page: Browser, file: Path) -> None:
    """All suggestions, the first rows, what would be written, and the warning before it is lost."""
    page.click("Preview")
    page.wait_for("1 would be refused")
    assert page.script("return document.querySelectorAll('td.refused').length") == 1
    assert page.script("return document.querySelector('td b')") is None  # a value is no HTML
    unload = (
        "const event = new Event('beforeunload', {cancelable: true});"
        "dispatchEvent(event); return event.defaultPrevented"
    )
    before = page.script(unload)
    page.click("Accept all")
    after = page.script(unload)
    page.click("Changes")
    page.wait_for('"surname": "LastName"')
    assert not file.exists()
    page.click("Save")
    page.wait_for("Saved to")

    assert (before, after, page.script(unload)) == (False, True, False)
    mapping = json.loads(file.read_text())["streams"]["people"]["field_mapping"]
    assert mapping["surname"] == "LastName"
    assert mapping["email"] == "Email"
    page.reload()
    page.wait_until("return document.querySelector('.row[data-index]') !== null")
    assert field(page, "surname") == "LastName"


@pytest.mark.skipif(not AXE.exists(), reason="needs axe-core, which make test fetches")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(page: Browser, scheme: str) -> None:
    """Axe finds no violation, neither in the list of fields nor in the panels."""
    page.prefer(scheme)
    page.script(AXE.read_text(encoding="utf-8"))
    found = {"first": violations(page)}
    page.press("F8")
    page.press("ArrowDown")
    found["list"] = violations(page)
    page.press("Escape")
    page.click("Accept all")
    page.click("Preview")
    found["preview"] = violations(page)
    page.click("Changes")
    page.wait_for('"surname": "LastName"')
    found["changes"] = violations(page)

    assert found == {"first": [], "list": [], "preview": [], "changes": []}


def violations(page: Browser) -> list[list[str]]:
    page.script("window.found = null; axe.run().then(result => { window.found = result })")
    page.wait_until("return window.found !== null")
    code = "each => [each.id, ...each.nodes.map(node => node.html.slice(0, 200))]"
    listed: list[list[str]] = page.script(f"return window.found.violations.map({code})")
    return listed
