"""The page of `map edit` on the demo's tables: a local warehouse, and a local Salesforce.

Writes to a copy of the project in the folder `.demo`, so that nothing of the repository changes.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from run import CONFIG, TARGET, install, salesforce, settings, warehouse
from steps import DEMO, ROOT, RUN_LOG, say, shown

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = DEMO / "map"
#: Installed by `meltano install` for the project.
TAP = ROOT / ".meltano" / "extractors" / "tap-snowflake" / "venv" / "bin" / "tap-snowflake"
#: What the project says of the tap besides its tables; see meltano.yml.
CONNECTION = "localhost:{port}/DEMO/CRM?account=fakesnow&protocol=http&application=demo"
TABLES = ["crm.accounts", "crm.customer_profiles"]


def prepare(port: int) -> tuple[Path, str]:
    """Copy the project and write a configuration of the tap; its file and the tap's command."""
    PROJECT.mkdir(exist_ok=True)
    project = PROJECT / "meltano.yml"
    if not project.exists():
        shutil.copyfile(ROOT / "meltano.yml", project)
    config = PROJECT / "tap.json"
    config.write_text(
        json.dumps(
            {
                "account": CONNECTION.format(port=port),
                "user": "demo",
                "password": "demo",
                "tables": TABLES,
            }
        )
    )
    return project, shlex.join([str(TAP), "--config", str(config)])


def edit(project: Path, command: str, arguments: list[str]) -> int:
    """Open the page; ends when it is closed."""
    words = [
        *(TARGET, "map", "edit", "--config", CONFIG, "--write", project),
        *("--tap", command, "--sample", "200", *arguments),
    ]
    say("", f"Reading the tables, then the page opens; it writes to {shown(project)}", "")
    variables = {"SNOWFLAKE_SQLALCHEMY_LEGACY_URL_PARAMS": "1"}
    return subprocess.run(words, env=os.environ | variables, check=False).returncode


def demo(make: str, arguments: list[str]) -> int:
    """Run all steps; a step that fails exits."""
    RUN_LOG.unlink(missing_ok=True)
    install(make)
    say("", "Starting")
    with salesforce() as org, warehouse() as port:
        CONFIG.touch(mode=0o600)
        CONFIG.write_text(json.dumps(settings(org), indent=2))
        project, command = prepare(port)
        code = edit(project, command, arguments)
    if code == 0:
        say("", f"The page is closed. The mapping is in {shown(project)}.")
    return code


def main(make: str, *arguments: str) -> int:
    """Run the demo; what it has started is stopped even if it is interrupted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return demo(make, list(arguments))
    except KeyboardInterrupt:
        say("", "Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
