"""STATE goes to stdout, one line each."""

from __future__ import annotations

import errno
import io
import sys
from typing import Any

import pytest

from target_salesforce_bulk.errors import OutputError
from target_salesforce_bulk.singer.state_output import StateOutput


class Marks:
    """A ledger that adds one member."""

    def put_in(self, state: dict[str, Any], number: int | None) -> dict[str, Any]:
        return state | {"failed": 1, "number": number}


def write(monkeypatch: pytest.MonkeyPatch, stdout: Any) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    StateOutput(Marks()).write({"at": 1}, 7)  # type: ignore[arg-type]


def test_a_state_is_one_write_of_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the ledger in it, and flushed at once."""
    calls: list[tuple[str, ...]] = []

    class Recorder:
        def write(self, text: str) -> None:
            calls.append(("write", text))

        def flush(self) -> None:
            calls.append(("flush",))

    write(monkeypatch, Recorder())

    assert calls == [("write", '{"at":1,"failed":1,"number":7}\n'), ("flush",)]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            BrokenPipeError(errno.EPIPE, "Broken pipe"),
            "The reader of stdout has closed the pipe, so STATE cannot be written. "
            "Nothing is lost: the next run continues from the last STATE that was read.",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "STATE cannot be written to stdout: No space left on device. "
            "Nothing is lost: the next run continues from the last STATE that was read.",
        ),
    ],
)
def test_a_stdout_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, error: OSError, sentence: str
) -> None:
    """An error that says so, and that nothing is lost."""

    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise error

    with pytest.raises(OutputError) as raised:
        write(monkeypatch, Broken())

    assert str(raised.value) == sentence
