"""The demo: a local warehouse, a local Salesforce, and `meltano run` between them.

Only the two ends are stand-ins: fakesnow for Snowflake, and this package's emulator for Salesforce.
All files of the demo are in the folder `.demo`.
"""

from __future__ import annotations

import csv
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DEMO = ROOT / ".demo"
TARGET = ROOT / ".venv" / "bin" / "target-salesforce-bulk"
MELTANO = DEMO / "meltano" / "bin" / "meltano"
WAREHOUSE = DEMO / "warehouse" / "bin"
PIPELINE = ("tap-snowflake", "target-salesforce-bulk")

NEXT_STEPS = """\
Next, with your own org:
  1. In Salesforce Setup, create an External Client App with the client credentials flow and a
     Run As user.
  2. Add the loader from this project's meltano.yml to your Meltano project, and set
       meltano config set target-salesforce-bulk login_url https://YOUR-DOMAIN.my.salesforce.com
       meltano config set target-salesforce-bulk client_id ...
       meltano config set target-salesforce-bulk client_secret ...
  3. Choose an external ID field for each stream (see README.md), and try a sandbox first:
       meltano run tap-snowflake target-salesforce-bulk
"""


def say(text: str = "") -> None:
    """Print and flush, to keep the order with the output of other programs."""
    print(text, flush=True)


def free_port() -> int:
    """Find a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(name: str, *command: str | Path, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a server, log its output to a file, and stop it with its children afterwards."""
    with (DEMO / f"{name}.log").open("w") as log:
        process = subprocess.Popen(
            command, text=True, stderr=log, start_new_session=True, **{"stdout": log, **options}
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def salesforce() -> Iterator[dict[str, str]]:
    """Run the emulator, which keeps its records between demos; yields its URL and credentials."""
    command = (TARGET, "emulator", "--port", "0", "--data", DEMO / "salesforce.sqlite3")
    with running("salesforce", *command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            sys.exit(f"The emulator did not start; see {DEMO / 'salesforce.log'}")
        yield json.loads(line)


@contextmanager
def warehouse() -> Iterator[int]:
    """Run fakesnow with the sample tables; yields its port."""
    port = free_port()
    with running("warehouse", WAREHOUSE / "fakesnow", "-s", "-p", str(port)) as process:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"The warehouse did not start; see {DEMO / 'warehouse.log'}")
                time.sleep(0.1)
        say("Sample tables in the warehouse:")
        subprocess.run([WAREHOUSE / "python", ROOT / "demo" / "seed.py", str(port)], check=True)
        yield port


def meltano(*arguments: str, env: dict[str, str], **options: Any) -> Any:
    """Run Meltano in this project."""
    return subprocess.run(
        [MELTANO, *arguments], cwd=ROOT, env={**os.environ, **env}, text=True, **options
    )


def get(org: dict[str, str], path: str, token: str = "access_token") -> Any:
    """Send a request to the emulator with one of its tokens."""
    request = urllib.request.Request(
        org["url"] + path, headers={"Authorization": f"Bearer {org[token]}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def query(org: dict[str, str], soql: str) -> list[dict[str, Any]]:
    """The records of a query."""
    path = f"/services/data/v{org['api_version']}/query?q={urllib.parse.quote(soql)}"
    records: list[dict[str, Any]] = get(org, path)["records"]
    return records


def show_records(org: dict[str, str], before: dict[str, int]) -> None:
    """Show the number of records, and some of them."""
    say("\nIn Salesforce now:")
    now = get(org, "/_emulator/counts", "control_token")
    for name in ("Account", "Contact"):
        count = now.get(name, 0)
        say(f"  {name:8} {count:4} records, {count - before.get(name, 0)} more than before")
    for soql in (
        "SELECT External_Id__c, Name, Industry, NumberOfEmployees FROM Account LIMIT 2",
        "SELECT External_Id__c, FirstName, LastName, Email, AccountId FROM Contact LIMIT 3",
    ):
        for found in query(org, soql):
            del found["attributes"]
            say("    " + ", ".join(f"{name}={value}" for name, value in found.items()))


def show_failed_rows() -> None:
    """Show the failed rows; two rows of the sample fail on purpose."""
    say("\nRows that failed:")
    for path in sorted(DEMO.glob("state/failed/*/*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                say(f"  {row['External_Id__c']}: {row['sf__Error']}")
        say(f"  They are stored in {path.relative_to(ROOT)}")


def main() -> int:
    """Run the demo."""
    DEMO.mkdir(exist_ok=True)
    with ExitStack() as stack:
        org = stack.enter_context(salesforce())
        port = stack.enter_context(warehouse())
        env = {
            "MELTANO_ENVIRONMENT": "demo",
            "DEMO_WAREHOUSE_PORT": str(port),
            "TARGET_SALESFORCE_BULK_LOGIN_URL": org["url"],
            "TARGET_SALESFORCE_BULK_CLIENT_ID": org["client_id"],
            "TARGET_SALESFORCE_BULK_CLIENT_SECRET": org["client_secret"],
            "TARGET_SALESFORCE_BULK_STATE_DIR": str(DEMO / "state"),
        }
        before = get(org, "/_emulator/counts", "control_token")
        say(f"\n$ meltano run {' '.join(PIPELINE)}")
        run = meltano("run", *PIPELINE, env=env)
        if run.returncode:
            return run.returncode
        show_records(org, before)
        show_failed_rows()
        state = meltano(
            "state", "get", f"demo:{'-to-'.join(PIPELINE)}", env=env, capture_output=True
        )
        say(f"\nMeltano's STATE, from which the next run continues:\n  {state.stdout.strip()}")
    say("\nRun `make demo` again: the rows are upserted, so nothing is loaded twice.\n")
    say(NEXT_STEPS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
