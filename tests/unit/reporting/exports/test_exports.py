"""Exports learn what a run does, and cannot harm it."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from exported_runs import SETTLED, failure

from target_salesforce_bulk.loading.tally import StreamTally
from target_salesforce_bulk.reporting.exports.exports import Exports
from target_salesforce_bulk.reporting.exports.receivers import OneWarning
from target_salesforce_bulk.salesforce.meter import Traffic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_salesforce_bulk.reporting.exports.totals import RunEnd


class Recorder:
    """Remembers what it is told; fails or waits where a test wants it."""

    def __init__(self, **acts: Callable[[], Any]) -> None:
        self.warning = OneWarning("Recorder")
        self.told: list[Any] = []
        self._acts = acts

    def _note(self, name: str, *what: Any) -> None:
        self._acts.get(name, lambda: None)()
        self.told.append((name, *what))

    def opened(self, run_id: str, org_url: str) -> None:
        self._note("opened", run_id, org_url)

    def observe(self, event: Any) -> None:
        self._note("observe", event)

    def input_ended(self, records: int) -> None:
        self._note("input_ended", records)

    def ended(self, end: RunEnd) -> None:
        self._note("ended", end)


def fail() -> None:
    raise ValueError("broken\n")


STREAM = StreamTally(stream="people", sobject="Contact", read=3)


def test_an_export_learns_everything() -> None:
    """In the order in which it happens."""
    recorder = Recorder()
    exports = Exports([recorder])
    exports.opened("r1", "https://acme.invalid")
    exports.observe(SETTLED)
    exports.input_ended([STREAM, STREAM])
    group = failure("A", 1)
    exports.end(
        succeeded=True, streams=[STREAM], failures=lambda: [group], traffic=Traffic(requests=5)
    )
    *others, (last, end) = recorder.told

    assert others == [
        ("opened", "r1", "https://acme.invalid"),
        ("observe", SETTLED),
        ("input_ended", 6),
    ]
    assert last == "ended"
    assert (end.streams, end.failures, end.traffic.requests) == ((STREAM,), (group,), 5)
    assert [totals.counts for totals in end.loads.values()] == [SETTLED.counts]


def test_an_export_that_fails_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """With one warning; the others go on."""
    broken, sound = Recorder(observe=fail), Recorder()
    exports = Exports([broken, sound])
    exports.observe(SETTLED)
    exports.observe(SETTLED)
    exports.end(succeeded=True)

    assert broken.told == []
    assert [name for name, *_ in sound.told] == ["observe", "observe", "ended"]
    assert caplog.messages == [
        "Recorder: broken\\n. Nothing more of this run goes there. The load is not affected."
    ]


def test_an_export_that_does_not_come_to_its_end(caplog: pytest.LogCaptureFixture) -> None:
    """It is left behind; the others have theirs."""
    forever = threading.Event()
    slow, sound = Recorder(ended=forever.wait), Recorder()
    Exports([slow, sound], patience_seconds=0.05).end(succeeded=True)
    told = [*slow.told]
    forever.set()

    assert told == []
    assert len(sound.told) == 1
    assert caplog.messages == [
        "Recorder: gave up after 0.05 seconds, and what was not delivered by then is lost. The "
        "load is not affected."
    ]


def test_errors_that_cannot_be_looked_up(caplog: pytest.LogCaptureFixture) -> None:
    """The rest is exported."""
    recorder = Recorder()
    Exports([recorder]).end(succeeded=True, failures=fail)  # type: ignore[arg-type]

    assert recorder.told[0][1].failures == ()
    assert caplog.messages == ["The errors of the run are missing in its metrics: broken\\n"]


def test_a_run_that_cannot_start_has_ended() -> None:
    """With its error, which goes on."""
    recorder = Recorder()
    with pytest.raises(ZeroDivisionError) as raised, Exports([recorder]).starting():
        raise ZeroDivisionError
    ((_, end),) = recorder.told

    assert (end.succeeded, end.error) == (False, raised.value)


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that asks for both."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    monkeypatch.setenv("OPENLINEAGE_URL", "http://localhost:5000")
    return monkeypatch


def test_a_missing_extra_is_named(
    environ: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With how to install it; the run goes on without."""
    for module in ("otlp", "lineage"):
        environ.setitem(sys.modules, f"target_salesforce_bulk.reporting.exports.{module}", None)
    Exports.begin(None)

    assert [text.partition(" It needs")[2] for text in caplog.messages] == [
        f" the extra: pip install 'target-salesforce-bulk[{extra}]'. The load is not affected."
        for extra in ("opentelemetry", "openlineage")
    ]


def test_a_bad_path_is_warned_of_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The run goes on without."""
    Exports.begin(tmp_path / "missing" / "file.prom")

    (text,) = caplog.messages
    assert text.startswith("metrics_file: the folder ")
    assert text.endswith(
        "does not exist; make it, or correct metrics_file. Nothing of this run goes there. The "
        "load is not affected."
    )


def test_what_nobody_asks_for_is_not_imported() -> None:
    """Without variables and setting, none of the libraries costs time or memory."""
    code = (
        "import sys, target_salesforce_bulk.run\n"
        "from target_salesforce_bulk.reporting.exports.exports import Exports\n"
        "Exports.begin(None).end(succeeded=True)\n"
        "print({'opentelemetry', 'openlineage', 'prometheus_client'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
