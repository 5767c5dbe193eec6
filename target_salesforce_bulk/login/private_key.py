"""The private key that signs a login, from a setting or a file; hidden from what is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.redaction import conceal

if TYPE_CHECKING:
    from pathlib import Path

#: Far more than any key takes.
_MOST_BYTES = 1 << 16


def read_key(path: Path) -> str:
    """The text of a key file.

    Raises:
        SettingsError: it cannot be read, or is no text.
    """
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("ascii")
    except OSError as error:
        raise SettingsError(
            f"private_key_path: {path} cannot be read: {error.strerror}. Correct the path, or make "
            "the file readable for the user who runs this."
        ) from error
    except UnicodeDecodeError:
        raise SettingsError(
            f"private_key_path: {path} is not a PEM file. Convert the key to PEM."
        ) from None


def load_key(text: str, passphrase: str | None, setting: str) -> RSAPrivateKey:
    r"""An RSA key from its PEM text, also with `\n` for line breaks, as variables often have it.

    Args:
        text: The PEM text.
        passphrase: What it is encrypted with, if it is.
        setting: Where it comes from, for the error; nothing of the key is repeated.

    Raises:
        SettingsError: it is no such key, or the passphrase is missing, needless or wrong.
    """
    pem = text.strip().replace("\\n", "\n")
    for secret in (text, pem, *_body(pem), passphrase or ""):
        conceal(secret)
    try:
        key = load_pem_private_key(pem.encode(), passphrase.encode() if passphrase else None)
    except TypeError:  # of cryptography: one is there and the other is not
        raise SettingsError(_passphrase_problem(setting, passphrase)) from None
    except (ValueError, UnsupportedAlgorithm):
        wrong = ", or private_key_passphrase is wrong" if passphrase else ""
        raise SettingsError(
            f"{setting} is not a private key in PEM form{wrong}. It must begin with -----BEGIN "
            "and end with -----END ... KEY-----."
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise SettingsError(f"{setting} is not an RSA key, which Salesforce requires.")
    return key


def _body(pem: str) -> list[str]:
    """The lines that hold the key."""
    return [line for line in pem.splitlines() if not line.startswith("-----")]


def _passphrase_problem(setting: str, passphrase: str | None) -> str:
    if passphrase:
        return f"{setting} is not encrypted. Remove private_key_passphrase."
    return f"{setting} is encrypted. Set private_key_passphrase."
