"""The report files of an org: `reports/<run>.json`, whose name begins with the time of the run."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec

from target_salesforce_bulk.errors import SettingsError, StateDirectoryError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.private_files import UsingFiles, make_subfolder, rewrite
from target_salesforce_bulk.reporting.report.schema import VERSION, Report

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "reports"
LATEST = "latest"

#: `20261124T033524Z-9b70`; anything else in the folder is not ours.
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}\.json")


def write_report(org_folder: Path, report: Report) -> Path:
    """Write the file of a run, for its owner only, whole or not at all.

    Raises:
        StateDirectoryError: it cannot be written.
    """
    with UsingFiles(org_folder):
        path = make_subfolder(org_folder, FOLDER) / f"{report.run}.json"
        with rewrite(path) as file:
            file.write(msgspec.json.encode(report))
    return path


def report_files(org_folder: Path) -> list[Path]:
    """The report files of an org, the oldest first."""
    with UsingFiles(org_folder):
        folder = org_folder / FOLDER
        found = (
            [each for each in folder.iterdir() if _NAME.fullmatch(each.name)]
            if (folder.is_dir())
            else []
        )
        # Two runs may begin in one second.
        return sorted(found, key=lambda each: (each.name[:16], each.stat().st_mtime_ns))


def find_report(org_folder: Path, run: str) -> Path:
    """The report file of a run.

    Args:
        org_folder: The folder of the org.
        run: Its ID, the beginning of one that no other run shares, or `latest`.

    Raises:
        SettingsError: there is none, or there are several.
    """
    files = report_files(org_folder)
    if not files:
        raise SettingsError(f"There is no report in {org_folder / FOLDER}: no run has ended yet.")
    if run == LATEST:
        return files[-1]
    fits = [each for each in files if each.stem.startswith(run)]
    if len(fits) != 1:
        what = f"{len(fits)} reports begin with" if fits else "No report is of run"
        raise SettingsError(
            f"{what} {plain_text(run)}. `target-salesforce-bulk report list` shows them all."
        )
    return fits[0]


def read_report(path: Path) -> Report:
    """Read a report file.

    Raises:
        StateDirectoryError: it is not one, or a later version of this program wrote it.
    """
    with UsingFiles(path.parent):
        text = path.read_bytes()
    try:
        return msgspec.json.decode(text, type=Report)
    except msgspec.DecodeError as error:
        version = _version(text)
        if isinstance(version, int) and version > VERSION:
            why = f"a later version of this program wrote it (format {version})"
        else:
            why = f"it is no report: {plain_text(error)}"
        raise StateDirectoryError(f"{path} cannot be read: {why}.") from None


def _version(text: bytes) -> object:
    try:
        return json.loads(text).get("version")
    except (ValueError, AttributeError):
        return None
