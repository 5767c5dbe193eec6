"""The demo: a local warehouse, a local Salesforce, and `meltano run` between them.

Only the two ends are stand-ins: fakesnow for Snowflake, and this package's emulator for Salesforce.
All files of the demo are in the folder `.demo`. It needs only the standard library.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from steps import DEMO, LOG, ROOT, RUN_LOG, Step, say, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGET = ROOT / ".venv" / "bin" / "target-salesforce-bulk"
MELTANO = DEMO / "meltano" / "bin" / "meltano"
WAREHOUSE = DEMO / "warehouse" / "bin"
CONFIG = DEMO / "config.json"
PIPELINE = ("tap-snowflake", "target-salesforce-bulk")
STATE_ID = f"demo:{'-to-'.join(PIPELINE)}"

#: What the Makefile installs, and the word for it in the name of its log.
ENVIRONMENTS = {
    "target": ".venv/.ready",
    "warehouse": ".demo/warehouse/.ready",
    "meltano": ".demo/meltano/.ready",
}

#: What is shown of the records.
SAMPLES = (
    "SELECT External_Id__c, Name, Industry FROM Account LIMIT 1",
    "SELECT External_Id__c, FirstName, LastName, AccountId FROM Contact LIMIT 1",
)


def install(make: str) -> None:
    """Install everything, side by side."""
    say(
        "Installing the target, a warehouse and Meltano; the first time takes 2 to 3 minutes",
        f"  logs: {shown(LOG)}/install-*.log",
    )
    with ExitStack() as stack:
        begun = []
        for name, stamp in ENVIRONMENTS.items():
            log = LOG / f"install-{name}.log"
            log.unlink(missing_ok=True)
            step = Step(f"The installation of the {name}", log)
            begun.append((step, stack.enter_context(step.running(make, stamp))))
        for step, process in begun:
            step.finish(process)


@contextmanager
def salesforce() -> Iterator[dict[str, str]]:
    """Run the emulator, which keeps its records between demos; yields its URL and credentials."""
    step = Step("The local Salesforce")
    command = (TARGET, "emulator", "--port", "0", "--data", DEMO / "salesforce.sqlite3")
    with step.running(*command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            step.failed("did not start")
        org = json.loads(line)
        say(f"  a local Salesforce, {org['url']}: the emulator of this package")
        yield org


def free_port() -> int:
    """Find a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether a server accepts connections."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def warehouse() -> Iterator[int]:
    """Run fakesnow with the sample tables; yields its port."""
    port = free_port()
    step = Step("The local warehouse")
    with step.running(WAREHOUSE / "fakesnow", "-s", "-p", str(port)) as process:
        deadline = time.monotonic() + 60
        while not listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                step.failed("did not start")
            time.sleep(0.1)
        say(f"  a local warehouse, localhost:{port}: fakesnow, with sample tables")
        seed = (WAREHOUSE / "python", ROOT / "demo" / "seed.py", str(port))
        say(Step("Filling the warehouse").run(*seed, stdout=subprocess.PIPE).rstrip())
        yield port


def get(org: dict[str, str], path: str, token: str = "access_token") -> Any:
    """Send a request to the emulator with one of its tokens."""
    request = urllib.request.Request(
        org["url"] + path, headers={"Authorization": f"Bearer {org[token]}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def counts(org: dict[str, str]) -> dict[str, int]:
    """The number of records of each object."""
    found: dict[str, int] = get(org, "/_emulator/counts", "control_token")
    return found


def query(org: dict[str, str], soql: str) -> list[dict[str, Any]]:
    """The records of a query."""
    path = f"/services/data/v{org['api_version']}/query?q={urllib.parse.quote(soql)}"
    records: list[dict[str, Any]] = get(org, path)["records"]
    return records


def settings(org: dict[str, str]) -> dict[str, str]:
    """The settings of the target for the emulator."""
    return {
        "login_url": org["url"],
        "client_id": org["client_id"],
        "client_secret": org["client_secret"],
        "state_dir": str(DEMO / "state"),
    }


def load(given: dict[str, str], port: int) -> None:
    """Run Meltano, which runs the tap and the target."""
    say("", f"Running (about 15 seconds)\n  $ {shown(MELTANO)} run {' '.join(PIPELINE)}")
    variables = {f"TARGET_SALESFORCE_BULK_{name.upper()}": each for name, each in given.items()}
    Step("`meltano run`").run(
        MELTANO,
        "run",
        *PIPELINE,
        env=os.environ | variables | {"DEMO_WAREHOUSE_PORT": str(port), "NO_COLOR": "1"},
    )


def show_records(org: dict[str, str], before: dict[str, int]) -> None:
    """Show the number of records, and one of each object."""
    say("", "Loaded: in Salesforce there are now")
    now, added = counts(org), 0
    for name, soql in zip(("Account", "Contact"), SAMPLES, strict=True):
        new = now.get(name, 0) - before.get(name, 0)
        added += new
        say(f"  {now.get(name, 0):3} records of {name}, {new} of them new, such as")
        for found in query(org, soql):
            del found["attributes"]
            say("      " + ", ".join(f"{field}={value}" for field, value in found.items()))
    if not added:
        say("  Nothing was loaded twice: rows that came again only updated their records.")


def show_failed_rows() -> None:
    """Show the failed rows; two rows of the sample fail on purpose."""
    command = (TARGET, "--config", CONFIG, "failed", "list")
    found = Step("`failed list`").run(*command, codes=(0, 1), stdout=subprocess.PIPE)
    say("", "Failed, why, and what to do (two rows of the sample fail on purpose)")
    say(*(f"  {line}" for line in found.splitlines()))
    for path in sorted(DEMO.glob("state/*/failed/*/*.csv")):
        say(f"  as CSV: {shown(path)}")


def show_state() -> None:
    """Show the bookmarks of the STATE that Meltano keeps."""
    step = Step("`meltano state get`")
    found = step.run(MELTANO, "state", "get", STATE_ID, stdout=subprocess.PIPE)
    say("", "STATE that Meltano keeps; the next run continues from it")
    for name, bookmark in json.loads(found)["singer_state"]["bookmarks"].items():
        text = json.dumps(bookmark)
        say(f"  {name}: {text if len(text) < 100 else text[:97] + '...'}")


def show_report() -> None:
    """Make the page of the run, and name it; nothing is opened."""
    command = (TARGET, "--config", CONFIG, "report")
    *_, path = Step("`report`").run(*command, stdout=subprocess.PIPE).splitlines()
    say("", f"The report of the run, to open in a browser: {shown(ROOT / path)}")


def show_next() -> None:
    """Show where the log is, and what to try next."""
    target = f"{shown(TARGET)} --config {shown(CONFIG)}"
    say(
        "",
        f"Everything that the programs printed: {shown(RUN_LOG)}",
        "",
        "Try next",
        f"  {target} failed show CUST-00321",
        f"  {target} jobs list",
        "  make demo     # again: nothing is loaded twice",
        'With your own org: "Use it" in README.md',
    )


def demo(make: str) -> None:
    """Run all steps; a step that fails exits."""
    RUN_LOG.unlink(missing_ok=True)
    install(make)
    say("", "Starting")
    with salesforce() as org, warehouse() as port:
        before, given = counts(org), settings(org)
        CONFIG.touch(mode=0o600)
        CONFIG.write_text(json.dumps(given, indent=2))
        load(given, port)
        show_records(org, before)
    show_failed_rows()
    show_state()
    show_next()
    show_report()


def main(make: str) -> int:
    """Run the demo; what it has started is stopped even if it is interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo(make)
    except KeyboardInterrupt:
        say("", "Interrupted.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
