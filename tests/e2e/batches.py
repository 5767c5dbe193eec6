"""`make e2e`: the real tap-snowflake sends BATCH messages, and the org is as after RECORD messages.

The warehouse is the demo's; so is the virtual environment of the tap.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "demo"))

from run import warehouse  # noqa: E402 - found by the path above

from target_salesforce_bulk.emulator import Emulator  # noqa: E402

TAP = ROOT / ".meltano" / "extractors" / "tap-snowflake" / "venv" / "bin" / "tap-snowflake"
STREAMS = {
    "crm-accounts": {"object": "Account", "field_mapping": {"id": "External_Id__c"}},
    "crm-customer_profiles": {
        "object": "Contact",
        "field_mapping": {
            "id": "External_Id__c",
            "account_id": "Account.External_Id__c",
            "updated_at": "",
        },
    },
}
#: What differs between two orgs that hold the same.
OF_THE_ORG = {"Id", "AccountId", "CreatedDate", "LastModifiedDate", "SystemModstamp"}


def tap_config(port: int, *tables: str) -> dict[str, Any]:
    """The settings of the tap for the demo's warehouse."""
    return {
        "account": f"localhost:{port}/DEMO/CRM?account=fakesnow&protocol=http&application=e2e",
        "user": "demo",
        "password": "demo",
        "tables": list(tables),
    }


def target_config(org: Emulator, folder: Path, streams: dict[str, Any]) -> dict[str, Any]:
    """The settings of the target for an emulator."""
    return {
        "login_url": org.url,
        "client_id": org.client_id,
        "client_secret": org.client_secret,
        "poll_interval_seconds": 0.1,
        "state_dir": str(folder / "state"),
        "streams": streams,
    }


def tap_output(port: int, folder: Path, *, batches: bool) -> str:
    """What the tap sends."""
    config = tap_config(port, "crm.accounts", "crm.customer_profiles")
    if batches:
        config["batch_config"] = {
            "encoding": {"format": "arrow", "compression": "none"},
            "storage": {"root": folder.as_uri()},
        }
    path = folder / "tap.json"
    path.write_text(json.dumps(config))
    catalog = json.loads(tap("--config", path, "--discover"))
    for stream in catalog["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = True
    selected = folder / "catalog.json"
    selected.write_text(json.dumps(catalog))
    return tap("--config", path, "--catalog", selected)


def tap(*arguments: str | Path) -> str:
    """What the tap prints."""
    env = os.environ | {"SNOWFLAKE_SQLALCHEMY_LEGACY_URL_PARAMS": "1"}
    done = subprocess.run([TAP, *arguments], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return done.stdout


def load(config: Path, text: str) -> subprocess.CompletedProcess[str]:
    """Run the target on an input."""
    done = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", "--config", config],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return done


def loaded(text: str, folder: Path) -> tuple[dict[str, Any], str]:
    """The records of an org that the target has loaded an input into, and what it said."""
    with Emulator() as org:
        config = folder / "target.json"
        config.write_text(json.dumps(target_config(org, folder, STREAMS)))
        done = load(config, text)
        records = {
            f"{name} {row['External_Id__c']}": {
                field: value for field, value in row.items() if field not in OF_THE_ORG
            }
            for name in ("Account", "Contact")
            for row in org.rows(name)
        }
    return records, done.stderr


def main() -> int:
    """Load both ways, and compare."""
    with warehouse() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_record, _ = loaded(tap_output(port, folder, batches=False), folder)
        (folder / "batches").mkdir()
        text = tap_output(port, folder / "batches", batches=True)
        by_batch, said = loaded(text, folder / "batches")
    kinds = [json.loads(line)["type"] for line in text.splitlines()]
    print(said)
    print(f"{kinds.count('BATCH')} BATCH and {kinds.count('RECORD')} RECORD messages")
    different = [key for key in by_record if by_record[key] != by_batch.get(key)]
    for key in different[:5]:
        print(f"{key}: {by_record[key]} by RECORD, {by_batch.get(key)} by BATCH")
    same = bool(kinds.count("BATCH")) and by_batch == by_record
    print(f"{len(by_record)} records by RECORD, {len(by_batch)} by BATCH, {len(different)} differ")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
