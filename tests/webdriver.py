"""A headless Chromium, driven by the W3C WebDriver protocol.

https://www.w3.org/TR/webdriver2/
"""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = shutil.which("chromedriver")
#: Under any of these names.
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
#: Finds what keeps people from using a page; `make test` fetches it where npm is.
#: https://github.com/dequelabs/axe-core
AXE = Path(__file__).parent.parent / ".axe" / "axe.min.js"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_SECONDS = 30.0

#: https://www.w3.org/TR/webdriver2/#keyboard-actions
KEYS = {
    "Control": "\ue009",
    "Shift": "\ue008",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "ArrowDown": "\ue015",
    "F8": "\ue038",
    "Tab": "\ue004",
}


class Browser:
    """One window.

    Args:
        url: Of the session.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def open(self, address: str) -> None:
        """Load a page."""
        self._send("POST", "/url", {"url": address})

    def click(self, text: str) -> None:
        """Click the button with a text."""
        found = {"using": "xpath", "value": f"//button[normalize-space()='{text}']"}
        element = self._send("POST", "/element", found)[_ELEMENT]
        self._send("POST", f"/element/{element}/click", {})

    def press(self, *keys: str) -> None:
        """Press keys together, such as Control and a letter, on whatever has the focus."""
        down = [{"type": "keyDown", "value": KEYS.get(each, each)} for each in keys]
        up = [{"type": "keyUp", "value": KEYS.get(each, each)} for each in reversed(keys)]
        self._send("POST", "/actions", {"actions": [_typist(down + up)]})

    def type(self, text: str) -> None:
        """Type a text, letter by letter."""
        for letter in text:
            self.press(letter)

    def script(self, code: str, *arguments: Any) -> Any:
        """What a script in the page returns."""
        return self._send("POST", "/execute/sync", {"script": code, "args": [*arguments]})

    def wait_until(self, code: str, *arguments: Any) -> Any:
        """What a script in the page returns once that is true."""
        end = time.monotonic() + _SECONDS
        while not (found := self.script(code, *arguments)):
            assert time.monotonic() < end, (code, self.text())
            time.sleep(0.05)
        return found

    def prefer(self, scheme: str) -> None:
        """Have the page shown to someone who prefers `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
        self._send("POST", "/goog/cdp/execute", command)

    def reload(self) -> None:
        """Load the page again."""
        self._send("POST", "/refresh", {})

    def text(self) -> str:
        """What the page shows."""
        element = self._send("POST", "/element", {"using": "css selector", "value": "body"})
        return str(self._send("GET", f"/element/{element[_ELEMENT]}/text"))

    def wait_for(self, text: str) -> str:
        """What the page shows once it contains a text."""
        end = time.monotonic() + _SECONDS
        while text not in (shown := self.text()):
            assert time.monotonic() < end, shown
            time.sleep(0.05)
        return shown

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; a promise that it returns is waited for."""
        body = {"script": script, "args": list(arguments)}
        return self._send("POST", "/execute/sync", body)

    def command(self, name: str, **parameters: Any) -> Any:
        """Send a command of the Chrome DevTools Protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def look(self, *, width: int, scheme: str) -> None:
        """Show pages in a width, and to someone who prefers light or dark."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, self._url + path, json=body, timeout=_SECONDS)
        value = answer.json()["value"]
        assert answer.ok, value
        return value


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A browser with a profile of its own.

    Args:
        folder: For the profile.
    """
    assert DRIVER is not None
    driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{_port(driver)}/session"
        arguments = ["--headless=new", "--no-sandbox", f"--user-data-dir={folder}"]
        chrome = {"binary": BROWSER, "args": [*arguments, "--window-size=800,500"]}
        wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": chrome}}}
        answer = requests.post(url, json=wanted, timeout=60).json()["value"]
        assert "sessionId" in answer, answer
        session = f"{url}/{answer['sessionId']}"
        try:
            yield Browser(session)
        finally:
            requests.delete(session, timeout=60)
    finally:
        driver.terminate()
        driver.communicate(timeout=60)


def _typist(actions: list[dict[str, str]]) -> dict[str, Any]:
    return {"type": "key", "id": "keyboard", "actions": actions}


def _port(driver: subprocess.Popen[str]) -> int:
    assert driver.stdout is not None
    for line in driver.stdout:
        if "started successfully on port" in line:
            return int(line.rstrip(".\n").rpartition(" ")[2])
    raise AssertionError("chromedriver did not start")
