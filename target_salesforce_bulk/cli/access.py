"""`target-salesforce-bulk login`, `logout` and `whoami`."""

from __future__ import annotations

from typing import Any

import click

from target_salesforce_bulk.cli.options import config_option, read_settings
from target_salesforce_bulk.printing import print_lines


def _app_options(command: Any) -> Any:
    for option in (
        click.option("--client-id", help="Consumer key of the app. Default: the setting."),
        click.option("--login-url", help="Login server or My Domain URL. Default: the setting."),
    ):
        command = option(command)
    return command


@click.command()
@config_option
@_app_options
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=1717,
    show_default=True,
    help="Port on this machine that the browser returns to. The app must have the callback URL "
    "http://localhost:PORT/callback. 0 picks a free one.",
)
@click.option(
    "--no-browser", is_flag=True, help="Only print the address; open it on this machine yourself."
)
@click.option(
    "--wait-seconds",
    type=click.FloatRange(1, 3600),
    default=300,
    show_default=True,
    help="How long to wait for the browser.",
)
def login(
    config: Any,
    client_id: str | None,
    login_url: str | None,
    port: int,
    *,
    no_browser: bool,
    wait_seconds: float,
) -> None:
    """Log in with a browser, and store the refresh token for later runs.

    Prints the settings that make a run use it. A client_secret is read from the configuration
    only.
    """
    from target_salesforce_bulk.login.web_login import log_in, settings_to_set

    settings = read_settings(config, client_id=client_id, login_url=login_url)
    client = log_in(settings, port=port, seconds=wait_seconds, opens_browser=not no_browser)
    print_lines(
        f"Logged in to {client.instance_url}, org {client.org_id}. The refresh token is stored in "
        f"{settings.state_dir.absolute()}.",
        *settings_to_set(settings),
    )


@click.command()
@config_option
@_app_options
def logout(config: Any, client_id: str | None, login_url: str | None) -> None:
    """Revoke the refresh token that login stored, and delete it."""
    from target_salesforce_bulk.login.revocation import log_out
    from target_salesforce_bulk.login.web_login import stored_login

    settings = read_settings(config, client_id=client_id, login_url=login_url)
    ended = log_out(stored_login(settings))
    print_lines("Logged out." if ended else "No login is stored for this client_id and login_url.")


@click.command()
@config_option
def whoami(config: Any) -> None:
    """Log in, and show the user, the org and the scopes."""
    from target_salesforce_bulk.login.connect import connect
    from target_salesforce_bulk.login.method import login_method
    from target_salesforce_bulk.salesforce.session import find_session

    settings = read_settings(config)
    found = find_session(connect(settings)).labelled(
        method=login_method(settings), api_version=settings.api_version
    )
    print_lines(*(f"{name + ':':13}{value}" for name, value in found.items()))
