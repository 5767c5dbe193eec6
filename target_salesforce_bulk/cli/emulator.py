"""`target-salesforce-bulk emulator`: a local Salesforce for tests and demos."""

from __future__ import annotations

import json
import signal
import sqlite3
import threading
from pathlib import Path

import click

from target_salesforce_bulk.plain_text import plain_text


@click.command()
@click.option(
    "--port", default=8090, show_default=True, help="Port on 127.0.0.1; 0 picks a free one."
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    help="SQLite file that keeps the records between runs.",
)
@click.option(
    "--objects",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON file with additional objects, as describe documents or in short form.",
)
def emulator(port: int, data: Path | None, objects: Path | None) -> None:
    """Run a local Salesforce until it is interrupted.

    Prints its URL and credentials to stdout as one line of JSON: those of a client of Salesforce,
    and the control token for its own resources below /_emulator/.
    """
    try:
        from target_salesforce_bulk.emulator import Emulator
    except ImportError:
        raise click.ClickException(
            "The emulator needs an extra: install this package as target-salesforce-bulk[emulator]."
        ) from None
    stopped = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopped.set())
    try:
        org = Emulator(port=port, data=data, objects=objects)
    except OSError as error:
        what = f"Port {port}" if error.filename is None else plain_text(error.filename)
        raise click.ClickException(f"{what} cannot be used: {error.strerror}") from None
    except (ValueError, sqlite3.Error) as error:
        files = " or ".join(plain_text(path) for path in (data, objects) if path is not None)
        raise click.ClickException(f"{files} cannot be used: {plain_text(error)}") from None
    with org:
        click.echo(
            json.dumps(
                {
                    "url": org.url,
                    "access_token": org.access_token,
                    "client_id": org.client_id,
                    "client_secret": org.client_secret,
                    "refresh_token": org.refresh_token,
                    "control_token": org.control_token,
                    "api_version": org.api_version,
                }
            )
        )
        stopped.wait()
