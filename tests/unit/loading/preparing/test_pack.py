"""An upload is compressed without a loss."""

from __future__ import annotations

import gzip
import stat
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.loading.preparing.pack import pack

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b'"Key__c"\n' + b'"a"\n' * 1000


def test_a_packed_file_is_smaller_and_private(tmp_path: Path) -> None:
    """What an earlier attempt left there is replaced."""
    plain, packed = tmp_path / "rows.csv", tmp_path / "rows.csv.gz"
    plain.write_bytes(CONTENT)
    for _ in range(2):
        pack(plain, packed)

    assert gzip.decompress(packed.read_bytes()) == CONTENT
    assert packed.stat().st_size < len(CONTENT) / 10
    assert stat.S_IMODE(packed.stat().st_mode) == 0o600


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    """Its target may belong to another user."""
    plain, packed, target = (tmp_path / name for name in ("a", "b", "c"))
    plain.write_bytes(CONTENT)
    packed.symlink_to(target)

    with pytest.raises(OSError, match="symbolic"):
        pack(plain, packed)
    assert not target.exists()
