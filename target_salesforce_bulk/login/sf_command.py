"""Runs the Salesforce CLI: without a shell, without input, and for a limited time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from typing import Any

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.salesforce.answer import printable

_MOST_SECONDS = 120.0
#: What the CLI calls an org that it has no login for, and the lack of a default one.
#: https://github.com/forcedotcom/sfdx-core/blob/main/src/org/authInfo.ts
_UNKNOWN_ORG = frozenset({"NamedOrgNotFoundError", "NamedOrgNotFound", "AuthInfoCreationError"})
_NO_DEFAULT = frozenset({"NoDefaultEnvError", "NoDefaultEnv", "NoDefaultOrgError"})


def run_sf(*arguments: str, most_seconds: float = _MOST_SECONDS) -> dict[str, Any]:
    """The `result` of a command of the CLI.

    Args:
        arguments: Such as `org` and `display`; JSON is asked for.
        most_seconds: How long it may take.

    Raises:
        AuthenticationError: it is not installed, takes too long, fails, or prints something else.
    """
    program = shutil.which("sf")
    if program is None:
        raise AuthenticationError(
            "The Salesforce CLI (sf) is not on the PATH. Install it, or choose another auth_method."
        )
    output = _output([program, *arguments, "--json"], " ".join(arguments[:3]), most_seconds)
    try:
        reply = json.loads(output)
    except (ValueError, RecursionError):
        reply = None
    if not isinstance(reply, dict):
        raise AuthenticationError(
            f"The Salesforce CLI (sf {arguments[0]} {arguments[1]}) printed no JSON. Run `sf "
            "version`, and update the CLI: sf update."
        )
    result = reply.get("result")
    if reply.get("status") or not isinstance(result, dict):
        raise AuthenticationError(_failure(reply))
    return result


def _output(command: list[str], shown: str, most_seconds: float) -> bytes:
    try:
        # A list of arguments without a shell; in a group of its own, as the program is a script
        # that starts another one.
        process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": "0"},
        )
    except OSError as error:
        raise AuthenticationError(
            f"The Salesforce CLI ({command[0]}) cannot be run: {error.strerror}. Install it again."
        ) from error
    with process:
        try:
            return process.communicate(timeout=most_seconds)[0]
        except subprocess.TimeoutExpired:
            raise AuthenticationError(
                f"The Salesforce CLI (sf {shown}) did not end within {most_seconds:g} seconds. Run "
                "it in a terminal to see why."
            ) from None
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _failure(reply: dict[str, Any]) -> str:
    name, message = printable(reply.get("name") or ""), printable(reply.get("message") or "")
    said = f"The Salesforce CLI says: {name}, {message}".rstrip(" .,") + "."
    if name in _NO_DEFAULT:
        return f"{said} Set sf_cli_target_org, or a default org: sf config set target-org NAME."
    if name in _UNKNOWN_ORG:
        return (
            f"{said} `sf org list` shows the orgs it is logged in to; correct sf_cli_target_org, "
            "or log in: sf org login web."
        )
    return f"{said} Log in again with `sf org login web`, or update the CLI: sf update."
