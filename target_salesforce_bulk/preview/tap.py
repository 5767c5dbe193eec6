"""Runs a tap: its discovery, and its first records."""

from __future__ import annotations

import json
import os
import select
import shlex
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.preview.singer_samples import SingerSamples, add_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_GRACE_SECONDS = 3.0
_BLOCK = 1 << 16
_MOST_BYTES = 200_000_000
_LONGEST_LINE = 32_000_000


class Tap:
    """A tap that is run without a shell; what it writes to stderr goes to ours.

    Args:
        command: Its command line, such as `tap-snowflake --config tap.json`.
        seconds: How long it may take, all of its runs together.

    Raises:
        InputError: the command line has an open quote, or is empty.
    """

    def __init__(self, command: str, seconds: float) -> None:
        try:
            self._command = shlex.split(command)
        except ValueError:
            self._command = []
        if not self._command:
            raise InputError(
                "--tap is not a command line. Write it as in a shell: "
                '--tap "tap-snowflake --config tap.json".'
            )
        self._seconds = seconds
        self._until = time.monotonic() + seconds
        self.name = plain_text(Path(self._command[0]).name)

    def discover(self) -> bytes:
        """What its `--discover` prints.

        Raises:
            InputError: it cannot be run, fails, prints too much or takes too long.
        """
        printed = bytearray()
        with self._running("--discover") as process:
            for block in process.blocks():
                printed += block
                if len(printed) > _MOST_BYTES:
                    raise InputError(
                        f"{self.name} --discover prints more than a catalog. Check it."
                    )
        return bytes(printed)

    def sample(self, catalog: dict[str, Any], most: int) -> SingerSamples:
        """The first records of each stream of a catalog.

        If a stream goes on after so many records, the tap is ended, and run again for the streams
        that have not come yet.

        Args:
            catalog: Its catalog.
            most: Number of records to keep of each stream.

        Raises:
            InputError: it cannot be run, fails, prints no Singer messages or takes too long.
        """
        samples = SingerSamples(most)
        left, seen = _selected(catalog), {""}
        while left and seen:
            seen = left & self._read(_with_selection(catalog, left), samples)
            left -= seen
        return samples

    def _read(self, catalog: dict[str, Any], samples: SingerSamples) -> set[str]:
        """Run it; the streams that came before it was ended, none if it ended itself."""
        seen: set[str] = set()
        with tempfile.TemporaryDirectory(prefix="target-salesforce-bulk-tap-") as folder:
            path = Path(folder) / "catalog.json"
            path.write_text(json.dumps(catalog))
            with self._running("--catalog", str(path)) as process:
                for line in process.lines():
                    full = {each for each in seen if samples.is_full(each)}
                    stream = add_line(samples, line, f"The output of {self.name}")
                    if stream in full:
                        process.end()
                        return seen
                    seen |= {stream} if stream else set()
        return set()

    @contextmanager
    def _running(self, *arguments: str) -> Iterator[_Process]:
        """The tap, which is ended with this context; it must have succeeded by then."""
        try:
            process = _Process([*self._command, *arguments], self._until)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "its command line is not valid"
            raise InputError(
                f"{self.name} cannot be run: {reason}. Check --tap, and that the tap is installed."
            ) from None
        try:
            yield process
            code = process.exit_code()
        except TimeoutError:
            raise InputError(
                f"{self.name} took longer than {self._seconds:g} seconds and was ended. Raise "
                "--tap-seconds, or give --catalog or --input."
            ) from None
        finally:
            process.end()
        if code:
            raise InputError(
                f"{self.name} {arguments[0]} failed with exit code {code}. See its own messages "
                "above."
            )


class _Process:
    """A running tap.

    Raises:
        OSError: it cannot be run.
    """

    def __init__(self, command: Sequence[str], until: float) -> None:
        self._until = until
        self._is_ended = False
        # A session of its own, so that the programs that the tap starts end with it.
        self._process = subprocess.Popen(  # noqa: S603 - the user's own command, without a shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
        )

    def blocks(self) -> Iterator[bytes]:
        """Its output.

        Raises:
            TimeoutError: it takes too long.
        """
        source = self._stdout.fileno()
        while True:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([source], [], [], left)[0]:
                raise TimeoutError
            if not (block := os.read(source, _BLOCK)):
                return
            yield block

    def lines(self) -> Iterator[bytes]:
        """The lines of its output.

        Raises:
            TimeoutError: it takes too long.
        """
        rest = b""
        for block in self.blocks():
            *lines, rest = (rest + block).split(b"\n")
            yield from lines
            if len(rest) > _LONGEST_LINE:
                break
        yield rest

    def exit_code(self) -> int:
        """The exit code; 0 if it was ended from here.

        Raises:
            TimeoutError: it takes too long.
        """
        if self._is_ended:
            return 0
        try:
            return self._process.wait(max(0.0, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def end(self) -> None:
        """End it, and what it has started; safe to call twice."""
        if self._is_ended:
            return
        self._is_ended = True
        self._signal(signal.SIGTERM)
        self._stdout.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE_SECONDS)
        self._signal(signal.SIGKILL)
        self._process.wait()

    @property
    def _stdout(self) -> IO[bytes]:
        if self._process.stdout is None:
            raise AssertionError("The output is a pipe.")
        return self._process.stdout

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _selected(catalog: dict[str, Any]) -> set[str]:
    """The streams that the catalog selects; all of them if it says nothing about any."""
    chosen = {_name(each): _root(each).get("selected") for each in catalog["streams"]}
    if all(each is None for each in chosen.values()):
        return set(chosen)
    return {name for name, each in chosen.items() if each}


def _name(entry: dict[str, Any]) -> str:
    return str(entry.get("stream") or entry.get("tap_stream_id"))


def _root(entry: dict[str, Any]) -> dict[str, Any]:
    for each in entry.get("metadata") or ():
        if each.get("breadcrumb") == []:
            found: dict[str, Any] = each.get("metadata") or {}
            return found
    return {}


def _with_selection(catalog: dict[str, Any], streams: set[str]) -> dict[str, Any]:
    return {
        **catalog,
        "streams": [_entry(each, selected=_name(each) in streams) for each in catalog["streams"]],
    }


def _entry(entry: dict[str, Any], *, selected: bool) -> dict[str, Any]:
    others = [each for each in entry.get("metadata") or () if each.get("breadcrumb") != []]
    root = {"breadcrumb": [], "metadata": {**_root(entry), "selected": selected}}
    return {**entry, "selected": selected, "metadata": [root, *others]}


def read_discovered(printed: bytes, name: str) -> dict[str, Any]:
    """The catalog that a tap has printed.

    Raises:
        InputError: it is none.
    """
    try:
        found: dict[str, Any] = json.loads(printed)
        is_catalog = all(isinstance(each, dict) for each in found["streams"])
    except (ValueError, TypeError, KeyError, RecursionError):
        is_catalog = False
    if not is_catalog:
        raise InputError(
            f"{name} --discover printed no Singer catalog. Run it by hand to see what it prints."
        )
    return found
