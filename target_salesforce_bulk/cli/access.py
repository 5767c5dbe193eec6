"""`target-salesforce-bulk login`, `logout` and `whoami`."""

from __future__ import annotations

import re
from typing import Any

import click

from target_salesforce_bulk.cli.options import config_option, read_settings
from target_salesforce_bulk.printing import print_lines

# https://help.salesforce.com/s/articleView?id=xcloud.domain_name_url_formats.htm
_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z]+)?")


def _check_instance(_: Any, __: Any, value: str | None) -> str | None:
    if value is not None and not _INSTANCE.fullmatch(value):
        raise click.BadParameter("it is what stands before .my.salesforce.com in the org's URL")
    return value


def _address(login_url: str | None, instance: str | None) -> str | None:
    if login_url is not None and instance is not None:
        raise click.UsageError("--login-url and --instance are both given. Leave one out.")
    return login_url if instance is None else f"https://{instance}.my.salesforce.com"


def _app_options(command: Any) -> Any:
    for option in (
        click.option("--client-id", help="Consumer key of the app. Default: the setting."),
        click.option("--login-url", help="Login server or My Domain URL. Default: the setting."),
        click.option(
            "--instance",
            callback=_check_instance,
            help="My Domain name, such as acme or acme--dev.sandbox, instead of --login-url.",
        ),
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
    "--keyring", "in_keyring", is_flag=True, help="Store the token in the system keyring."
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
    instance: str | None,
    port: int,
    *,
    no_browser: bool,
    in_keyring: bool,
    wait_seconds: float,
) -> None:
    """Log in with a browser, and store the refresh token for later runs.

    Prints the settings that make a run use it. A client_secret is read from the configuration
    only.
    """
    from target_salesforce_bulk.login.web_login import log_in, settings_to_set

    address = _address(login_url, instance)
    settings = read_settings(config, client_id=client_id, login_url=address)
    client = log_in(
        settings,
        port=port,
        seconds=wait_seconds,
        opens_browser=not no_browser,
        in_keyring=in_keyring,
    )
    place = settings.state_dir.absolute()
    where = f"the system keyring, and named in {place}" if in_keyring else str(place)
    print_lines(
        f"Logged in to {client.instance_url}, org {client.org_id}. The refresh token is stored in "
        f"{where}.",
        *settings_to_set(settings),
    )


@click.command()
@config_option
@_app_options
def logout(config: Any, client_id: str | None, login_url: str | None, instance: str | None) -> None:
    """Revoke the refresh token that login stored, and delete it."""
    from target_salesforce_bulk.login.revocation import log_out
    from target_salesforce_bulk.login.web_login import stored_login

    address = _address(login_url, instance)
    settings = read_settings(config, client_id=client_id, login_url=address)
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
