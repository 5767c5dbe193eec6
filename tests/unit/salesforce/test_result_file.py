"""Result files are complete UTF-8 text of a plausible size, or do not exist."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import StateDirectoryError
from target_salesforce_bulk.salesforce.exchange import ExchangeError, Trouble
from target_salesforce_bulk.salesforce.result_file import ResultFile, result_bound

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b'"sf__Id","sf__Created"\n'


def write(path: Path, *chunks: bytes, most_bytes: int = 1_000) -> None:
    with ResultFile(path, most_bytes) as file:
        file.restart()
        for chunk in chunks:
            file.write(chunk)
        file.finish()


def test_a_file_is_put_in_its_place_when_it_is_whole(tmp_path: Path) -> None:
    """Readable by its owner only; chunks may split characters."""
    path = tmp_path / "failed.csv"
    write(path, HEADER, b"\xc3", b"\xa9\n")

    assert path.read_bytes() == HEADER + b"\xc3\xa9\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["failed.csv"]


def test_a_new_attempt_begins_anew(tmp_path: Path) -> None:
    """The bytes of the previous attempt are gone."""
    path = tmp_path / "failed.csv"
    with ResultFile(path, 10) as file:
        for _ in range(3):
            file.restart()
            file.write(b"12345678")
        file.finish()

    assert path.read_bytes() == b"12345678"


@pytest.mark.parametrize(
    ("chunks", "trouble"),
    [
        ((b"\n <html>",), Trouble.UNUSABLE),
        ((HEADER, b"\xff\n"), Trouble.UNUSABLE),
        ((HEADER, b"\xc3"), Trouble.UNUSABLE),
        ((b"x" * 600, b"x" * 600), Trouble.TOO_LARGE),
    ],
)
def test_what_is_no_result_is_not_kept(
    tmp_path: Path, chunks: tuple[bytes, ...], trouble: Trouble
) -> None:
    """An older file stays as it was."""
    path = tmp_path / "failed.csv"
    path.write_text("older")

    with pytest.raises(ExchangeError) as caught:
        write(path, *chunks)
    assert (caught.value.trouble, path.read_text()) == (trouble, "older")


def test_a_file_that_cannot_be_written_is_not_salesforces_fault(tmp_path: Path) -> None:
    """The file is named."""
    path = tmp_path / "gone" / "failed.csv"

    with pytest.raises(StateDirectoryError, match=r"failed\.csv cannot be written: No such file"):
        write(path, HEADER)


def test_a_link_in_the_place_of_the_draft_is_not_followed(tmp_path: Path) -> None:
    """A link must not choose what is overwritten."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / "failed.csv.part").symlink_to(victim)
    write(tmp_path / "failed.csv", HEADER)

    assert victim.read_text() == "mine"
    assert (tmp_path / "failed.csv").read_bytes() == HEADER


def test_no_result_meets_the_bound() -> None:
    """There is room for a short row with a long error message, and for a small upload."""
    assert result_bound(8 * 1_000_000) > 1_000_000 * 1_600
    assert result_bound(10) > 64_000_000
