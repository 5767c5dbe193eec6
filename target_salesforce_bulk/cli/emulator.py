"""`target-salesforce-bulk emulator`: a local Salesforce for tests and demos."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import click


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

    Prints its URL and credentials to stdout as one line of JSON.
    """
    try:
        from target_salesforce_bulk.emulator import Emulator
    except ImportError:
        raise click.ClickException(
            "The emulator needs its extra: pip install 'target-salesforce-bulk[emulator]'"
        ) from None
    stopped = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopped.set())
    try:
        org = Emulator(port=port, data=data, objects=objects)
    except ValueError as error:
        raise click.ClickException(f"{objects} cannot be used: {error}") from None
    except OSError as error:
        raise click.ClickException(f"Port {port} cannot be used: {error}") from None
    with org:
        click.echo(
            json.dumps(
                {
                    "url": org.url,
                    "access_token": org.access_token,
                    "client_id": org.client_id,
                    "client_secret": org.client_secret,
                    "refresh_token": org.refresh_token,
                    "api_version": org.api_version,
                }
            )
        )
        stopped.wait()
