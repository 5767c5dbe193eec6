"""Private keys as people have them in files and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from key_pairs import elliptic_pem, private_pem, public_pem, rsa_key

from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.login.private_key import load_key, read_key
from target_salesforce_bulk.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    "shape",
    [
        str,
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: f"\n  {pem}\n",
    ],
    ids=["as it is", "in one line", "with CRLF", "with blanks around it"],
)
def test_a_key_in_any_shape(shape: Callable[[str], str]) -> None:
    """It is the same key."""
    key = load_key(shape(private_pem()), None, "private_key")

    assert key.private_numbers() == rsa_key().private_numbers()


def test_an_encrypted_key() -> None:
    """It needs its passphrase."""
    key = load_key(private_pem(passphrase="open sesame"), "open sesame", "private_key")

    assert key.private_numbers() == rsa_key().private_numbers()


@pytest.mark.parametrize(
    ("text", "passphrase", "message"),
    [
        ("not a key", None, "private_key is not a private key in PEM form. It must begin"),
        (public_pem(), None, "private_key is not a private key in PEM form. It must begin"),
        (elliptic_pem(), None, "private_key is not an RSA key"),
        (private_pem(passphrase="right one"), None, "is encrypted. Set private_key_passphrase."),
        (private_pem(passphrase="right one"), "wrong one", "or private_key_passphrase is wrong"),
        (private_pem(), "needless", "is not encrypted. Remove private_key_passphrase."),
    ],
    ids=["text", "public", "elliptic", "no passphrase", "wrong passphrase", "needless passphrase"],
)
def test_what_is_no_key(text: str, passphrase: str | None, message: str) -> None:
    """The setting is named, and nothing of the key or the passphrase repeated."""
    with pytest.raises(SettingsError, match=message) as caught:
        load_key(text, passphrase, "private_key")

    assert text not in str(caught.value)
    assert passphrase is None or passphrase not in str(caught.value)


def test_a_key_is_hidden_line_by_line() -> None:
    """Also where a text repeats only a part of it."""
    load_key(private_pem(), None, "private_key")
    line = private_pem().splitlines()[5]

    assert redacted(f"see {line}.") == "see ***."


def test_a_passphrase_is_hidden() -> None:
    """Even if it is wrong."""
    with pytest.raises(SettingsError):
        load_key(private_pem(passphrase="right one"), "wrong one", "private_key")

    assert redacted("it is wrong one") == "it is ***"


def test_a_key_file(tmp_path: Path) -> None:
    """Its text is read as it is."""
    (tmp_path / "server.key").write_text(private_pem())

    assert read_key(tmp_path / "server.key") == private_pem()


def test_a_key_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The path and the reason are named."""
    with pytest.raises(SettingsError, match=r"private_key_path: .*/none cannot be read: No such"):
        read_key(tmp_path / "none")
    (tmp_path / "der").write_bytes(b"\x30\x82\xff")
    with pytest.raises(SettingsError, match=r"private_key_path: .*/der is not a PEM file"):
        read_key(tmp_path / "der")
