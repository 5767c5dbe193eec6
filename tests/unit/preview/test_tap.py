"""A tap is run for its discovery and its first records, and ended in time."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk.errors import InputError
from target_salesforce_bulk.preview.tap import Tap, read_discovered

if TYPE_CHECKING:
    from collections.abc import Callable

#: Three streams: a long one, a short one, and one without an end. Each run is noted.
ENDLESS = """
import json, sys
streams = {"long": 1000, "short": 2, "endless": 10 ** 9}
entry = lambda name: {"tap_stream_id": name, "schema": {"properties": {"x": {}}}, "metadata": []}
if "--discover" in sys.argv:
    print(json.dumps({"streams": [entry(name) for name in streams]}))
    sys.exit()
catalog = json.load(open(sys.argv[-1]))["streams"]
selected = [e["tap_stream_id"] for e in catalog if e["metadata"][0]["metadata"]["selected"]]
open("runs", "a").write(",".join(selected) + chr(10))
for name in selected:
    print(json.dumps({"type": "SCHEMA", "stream": name, "schema": {"properties": {"x": {}}}}))
    for n in range(streams[name]):
        print(json.dumps({"type": "RECORD", "stream": name, "record": {"x": n}}))
"""


@pytest.fixture
def tap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tap]:
    """A tap that runs a Python source."""
    monkeypatch.chdir(tmp_path)

    def make(source: str, seconds: float = 60) -> Tap:
        (tmp_path / "tap.py").write_text(source)
        return Tap(f"{shlex.quote(sys.executable)} tap.py", seconds)

    return make


def discovered(tap: Tap) -> dict[str, Any]:
    return read_discovered(tap.discover(), tap.name)


def test_the_first_records(tap: Callable[..., Tap], tmp_path: Path) -> None:
    """A stream that goes on is cut off, and the tap is run again for those that come later."""
    mine = tap(ENDLESS)
    samples = mine.sample(discovered(mine), 3)

    assert samples.records == {
        "long": [{"x": 0}, {"x": 1}, {"x": 2}],
        "short": [{"x": 0}, {"x": 1}],
        "endless": [{"x": 0}, {"x": 1}, {"x": 2}],
    }
    assert (tmp_path / "runs").read_text() == "long,short,endless\nshort,endless\n"


def test_the_streams_that_are_selected(tap: Callable[..., Tap], tmp_path: Path) -> None:
    """If the catalog selects some, only these."""
    mine = tap(ENDLESS)
    catalog = discovered(mine)
    root = {"breadcrumb": [], "metadata": {"selected": True, "x": 1}}
    catalog["streams"][1]["metadata"] = [root]

    assert mine.sample(catalog, 3).records == {"short": [{"x": 0}, {"x": 1}]}


@pytest.mark.parametrize("ignores", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_a_tap_that_hangs(tap: Callable[..., Tap], tmp_path: Path, ignores: str) -> None:
    """It is ended, with what it has started, though it ignores SIGTERM."""
    source = f"import os, signal, time\n{ignores}\nos.fork()\n"
    source += "open(f'pid{os.getpid()}', 'w')\ntime.sleep(600)"
    with pytest.raises(InputError) as caught:
        tap(source, seconds=1).discover()

    assert "took longer than 1 seconds and was ended. Raise --tap-seconds" in str(caught.value)
    pids = [int(each.name[3:]) for each in tmp_path.glob("pid*")]
    assert len(pids) == 2
    assert not any(map(is_alive, pids))


def is_alive(pid: int) -> bool:
    """Whether a process still runs after some seconds; one that has ended may await its parent."""
    for _ in range(50):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return False
        if stat.rpartition(")")[2].split()[0] == "Z":
            return False
        time.sleep(0.1)
    return True


def test_a_tap_that_never_says_anything_new(tap: Callable[..., Tap]) -> None:
    """An endless stream that nobody asked for ends with the time."""
    source = 'while True: print(\'{"type": "STATE", "value": {}}\')'
    with pytest.raises(InputError) as caught:
        tap(source, seconds=1).sample({"streams": [{"stream": "a"}]}, 1)
    assert "took longer than 1 seconds" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(3)", "--discover failed with exit code 3. See its own messages above."),
        ("print('no')", "--discover printed no Singer catalog."),
        ("print('{}')", "--discover printed no Singer catalog."),
        ("print('{\"streams\": [1]}')", "--discover printed no Singer catalog."),
        ("", "--discover printed no Singer catalog."),
    ],
)
def test_a_tap_that_fails(tap: Callable[..., Tap], source: str, message: str) -> None:
    """One error says what it did."""
    with pytest.raises(InputError) as caught:
        discovered(tap(source))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(3)", "--catalog failed with exit code 3."),
        ("print('no')", ": this is not a Singer message."),
    ],
)
def test_a_sample_that_fails(tap: Callable[..., Tap], source: str, message: str) -> None:
    """The same for its records."""
    with pytest.raises(InputError) as caught:
        tap(source).sample({"streams": [{"stream": "a"}]}, 1)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("", "--tap is not a command line."),
        ('tap "x', "--tap is not a command line."),
        ("/nowhere/tap-x --config c", "tap-x cannot be run: No such file or directory."),
        ("tap\0x", "cannot be run: its command line is not valid."),
    ],
)
def test_what_cannot_be_run(command: str, message: str) -> None:
    """The error says what is wrong with --tap."""
    with pytest.raises(InputError) as caught:
        Tap(command, 1).discover()
    assert message in str(caught.value)


def test_no_shell_reads_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a shell would expand is passed as it is."""
    monkeypatch.chdir(tmp_path)
    source = "import json, sys; json.dump(sys.argv[1:], open('arguments', 'w'))"
    Tap(f"{sys.executable} -c {shlex.quote(source)} '$(touch x)' ';' '*'", 60).discover()

    assert json.loads((tmp_path / "arguments").read_text()) == [
        "$(touch x)",
        ";",
        "*",
        "--discover",
    ]
    assert [each.name for each in tmp_path.iterdir()] == ["arguments"]
