"""A whole response has a time limit."""

from __future__ import annotations

import io
from typing import Any

import pytest

from target_salesforce_bulk.salesforce.deadline import Deadline, TimedReader


class Drip(io.RawIOBase):
    """Returns some bytes at a time, a number of seconds apart."""

    def __init__(self, number: int, *, each: int, seconds: float) -> None:
        self.now = 0.0
        self.given = 0
        self._number, self._each, self._seconds = number, each, seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.now += self._seconds
        size = min(self._each, len(buffer), self._number - self.given)
        buffer[:size] = b"x" * size
        self.given += size
        return size


def read(drip: Drip, **deadline: Any) -> bytes:
    timed = TimedReader(drip, Deadline(**deadline, clock=lambda: drip.now))
    return io.BufferedReader(timed).read()


def test_an_answer_that_drips_ends() -> None:
    """Although no single read takes long."""
    drip = Drip(1_000, each=1, seconds=1)

    with pytest.raises(TimeoutError, match="10 s"):
        read(drip, seconds=10)
    assert drip.given == 11


def test_an_answer_in_time_is_whole() -> None:
    """A second per read is no fault."""
    assert len(read(Drip(10, each=2, seconds=1), seconds=10)) == 10


def test_a_slow_but_steady_download_is_not_cut() -> None:
    """Received bytes extend the time."""
    drip = Drip(100_000, each=100, seconds=1)

    assert len(read(drip, seconds=10, bytes_per_second=100)) == 100_000


def test_a_download_that_drips_ends() -> None:
    """One byte extends it by next to nothing."""
    drip = Drip(1_000, each=1, seconds=1)

    with pytest.raises(TimeoutError):
        read(drip, seconds=10, bytes_per_second=100)
    assert drip.given == 11


def test_the_time_begins_when_the_answer_is_waited_for() -> None:
    """An upload may have taken long before."""
    now = [0.0]
    deadline = Deadline(10, clock=lambda: now[0])
    now[0] = 1_000
    deadline.start()

    deadline.check()
    now[0] = 1_011
    with pytest.raises(TimeoutError):
        deadline.check()


def test_closing_closes_the_socket() -> None:
    """Otherwise connections would leak."""
    drip = Drip(1, each=1, seconds=1)
    TimedReader(drip, Deadline(1)).close()

    assert drip.closed
