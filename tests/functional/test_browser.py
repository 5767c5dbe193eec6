"""A login in a real browser, from the page that asks the user to the listener's answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from webdriver import BROWSER, DRIVER, browser

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_salesforce_bulk.emulator import Emulator

pytestmark = pytest.mark.skipif(
    DRIVER is None or BROWSER is None, reason="needs Chromium and chromedriver"
)


@pytest.mark.parametrize(
    ("button", "code", "line"), [("Allow", 0, "Logged in to"), ("Deny", 1, "access_denied")]
)
def test_a_person_answers(
    org: Emulator,
    config: dict[str, Any],
    start_command: Callable[..., Any],
    tmp_path: Path,
    button: str,
    code: int,
    line: str,
) -> None:
    """The window leads back to the terminal, which says how it went."""
    config["request_attempts"] = 1
    process = start_command("login", "--no-browser", "--port", "0")
    assert "Open this address" in process.stdout.readline()
    with browser(tmp_path / "profile") as window:
        window.open(process.stdout.readline().strip())
        window.wait_for("An app asks for access")
        window.click(button)
        page = window.wait_for("Return to the terminal")
    out, err = process.communicate(timeout=60)

    assert process.returncode == code, err
    assert line in out + err
    logins = Path(config["state_dir"]) / "logins"
    assert len(list(logins.glob("*.json"))) == (code == 0)
    assert page.strip().endswith("it says whether the login has succeeded.")
