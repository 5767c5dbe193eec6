"""What is discarded after an error, and what is left alone."""

from __future__ import annotations

import io
import logging
import os
import pty
import signal
import socket
import subprocess
import tty
from typing import IO, TYPE_CHECKING

import pytest

from target_salesforce_bulk.cli.unread_input import discard, discarded_on_error
from target_salesforce_bulk.errors import Terminated

if TYPE_CHECKING:
    from pathlib import Path

ENDLESS = ["yes"]


def _closed() -> IO[str]:
    file = io.StringIO()
    file.close()
    return file


def test_a_socket_is_read_to_its_end() -> None:
    """Nothing is left to read; Meltano gives a socket, not a pipe."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"x" * 100_000)
        theirs.shutdown(socket.SHUT_WR)
        discard(ours.fileno())

        assert ours.recv(1) == b""


def test_the_end_of_the_input_is_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    """An error at the end of the input comes without a line about discarding."""
    caplog.set_level(logging.INFO)
    reader, writer = os.pipe()
    os.close(writer)
    discard(reader)
    os.close(reader)

    assert caplog.messages == []


@pytest.mark.parametrize(
    "limits", [{"max_seconds": 0.2}, {"max_bytes": 1_000_000}], ids=["time", "bytes"]
)
def test_a_tap_that_never_ends(limits: dict[str, int]) -> None:
    """Either bound ends the reading while the tap still writes."""
    with subprocess.Popen(ENDLESS, stdout=subprocess.PIPE) as tap:
        assert tap.stdout is not None
        discard(tap.stdout.fileno(), **{"max_seconds": 1e6, "max_bytes": 10**15} | limits)

        assert tap.poll() is None
        tap.kill()


def test_a_silent_tap() -> None:
    """The time is over although nothing came."""
    reader, writer = os.pipe()
    discard(reader, max_seconds=0.2)
    os.write(writer, b"x")

    assert os.read(reader, 1) == b"x"
    os.close(reader)
    os.close(writer)


def test_a_file_is_left_alone(tmp_path: Path) -> None:
    """Its position stays."""
    path = tmp_path / "input.singer"
    path.write_text("line\n")
    with path.open() as file:
        discard(file.fileno())

        assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 0


def test_a_terminal_is_left_alone() -> None:
    """What was typed is still there."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.write(ours, b"line")
    discard(theirs)

    assert os.read(theirs, 4) == b"line"
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("source", [None, io.StringIO(), _closed()], ids=["none", "text", "closed"])
def test_input_that_cannot_be_read(source: IO[str] | None) -> None:
    """The error that was raised is not replaced by another one."""
    with pytest.raises(ZeroDivisionError), discarded_on_error(source):
        raise ZeroDivisionError


def test_a_signal_discards_nothing() -> None:
    """Asked to exit, the program reads no more."""
    reader, writer = os.pipe()
    os.write(writer, b"rest")
    with open(reader) as source:  # noqa: PTH123
        with pytest.raises(Terminated), discarded_on_error(source):
            raise Terminated(signal.SIGTERM)

        assert os.read(reader, 4) == b"rest"
    os.close(writer)
