"""`make e2e`: a real Meltano passes its configuration to the loader and to each of its commands.

The only argument is the path of `meltano`. The plugin definition is the project's own; streams come
from `meltano.yml`, from an environment and by `inherit_from`, and secrets from `.env`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from target_salesforce_bulk.emulator import Emulator

ROOT = Path(__file__).parent.parent.parent
NAME = "target-salesforce-bulk"
STREAMS = {
    "contacts": {
        "object": "Contact",
        "field_mapping": {"id": "External_Id__c", "surname": {"field": "LastName"}},
    },
    "crm.accounts": {"object": "Account", "field_mapping": {"id": "External_Id__c"}},
}
MESSAGES = [
    {
        "type": "SCHEMA",
        "stream": "contacts",
        "schema": {"properties": {"id": {"type": "string"}, "surname": {"type": "string"}}},
        "key_properties": ["id"],
    },
    {"type": "RECORD", "stream": "contacts", "record": {"id": "1", "surname": "A"}},
    {"type": "RECORD", "stream": "contacts", "record": {"id": "2"}},
    {
        "type": "SCHEMA",
        "stream": "crm.accounts",
        "schema": {"properties": {"id": {"type": "string"}, "Name": {"type": "string"}}},
        "key_properties": ["id"],
    },
    {"type": "RECORD", "stream": "crm.accounts", "record": {"id": "1", "Name": "A"}},
]
#: Each command, and what it must print.
COMMANDS = [
    ("run tap-lines target-salesforce-bulk", "contacts → Contact"),
    ("invoke target-salesforce-bulk:check", "Stream crm.accounts → Account"),
    ("invoke target-salesforce-bulk:failed list", "contacts: 1 x REQUIRED_FIELD_MISSING"),
    ("invoke target-salesforce-bulk:jobs list", "crm.accounts → Account, upsert"),
    ("invoke sf-prod:check", "Stream crm.accounts → Account"),
]


def script(path: Path, body: str) -> str:
    """An executable shell script."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o700)
    return str(path)


def project(folder: Path) -> dict[str, Any]:
    """A `meltano.yml` with the project's own definition of the loader."""
    loader = yaml.safe_load((ROOT / "meltano.yml").read_text())["plugins"]["loaders"][0]
    del loader["pip_url"]
    command = f'PYTHONPATH={ROOT} exec {sys.executable} -m target_salesforce_bulk "$@"'
    loader["executable"] = script(folder / "target.sh", command)
    loader["config"] = {"streams": STREAMS, "max_failed_percent": 1}
    lines = "\n".join(json.dumps(each) for each in MESSAGES)
    (folder / "lines.jsonl").write_text(lines + "\n")
    tap = {
        "name": "tap-lines",
        "namespace": "tap_lines",
        "executable": script(folder / "tap.sh", f"cat {folder / 'lines.jsonl'}"),
    }
    of_dev = {"loaders": [{"name": NAME, "config": {"max_failed_percent": 60}}]}
    return {
        "default_environment": "dev",
        "send_anonymous_usage_stats": False,
        "project_id": "5a1f3c9e-5f0e-4c53-9d1c-0f6d3a7b2e12",
        "environments": [{"name": "dev", "config": {"plugins": of_dev}}],
        "plugins": {
            "extractors": [tap],
            "loaders": [loader, {"name": "sf-prod", "inherit_from": NAME}],
        },
    }


def dotenv(org: Emulator) -> str:
    """Secrets, and numbers as text."""
    values = {
        "LOGIN_URL": org.url,
        "CLIENT_ID": org.client_id,
        "CLIENT_SECRET": org.client_secret,
        "POLL_INTERVAL_SECONDS": "0.05",
        "POLL_MAX_INTERVAL_SECONDS": "0.2",
    }
    return "".join(f"TARGET_SALESFORCE_BULK_{name}={value}\n" for name, value in values.items())


def main(meltano: str) -> int:
    """Run each command, and look for what it must print."""
    failed = 0
    with Emulator() as org, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "meltano.yml").write_text(yaml.safe_dump(project(folder)))
        (folder / ".env").write_text(dotenv(org))
        for command, expected in COMMANDS:
            done = subprocess.run(
                [str(Path(meltano).absolute()), *command.split()],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "NO_COLOR": "1"},
            )
            output = done.stdout + done.stderr
            right = expected in output and org.client_secret not in output
            failed += not right
            print(f"{'ok' if right else 'FAILED'}  meltano {command}")
            if not right:
                print(output[-3000:])
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
