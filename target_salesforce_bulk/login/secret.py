"""Secrets as they are pasted into settings, and as they are sent."""

from __future__ import annotations

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.redaction import conceal


def is_sendable(secret: str) -> bool:
    """Whether a secret can stand in a header: printable ASCII without blanks."""
    return secret.isascii() and secret.isprintable() and " " not in secret


def clean_secret(secret: str, setting: str) -> str:
    """A secret without the blanks around it that came with pasting or `echo`; hidden from now on.

    Args:
        secret: As it is set.
        setting: Its name, for the error; the secret itself is not repeated.

    Raises:
        SettingsError: it is empty, or holds a character that no secret of Salesforce has.
    """
    conceal(secret)
    stripped = secret.strip()
    if not stripped:
        raise SettingsError(f"{setting} is empty.")
    if not is_sendable(stripped):
        raise SettingsError(
            f"{setting} contains a space, a control character or a non-ASCII character, which is "
            "never part of such a value. Copy it again."
        )
    return stripped
