"""The target: which sink takes what, and how a run ends."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from target_salesforce_bulk import target as module
from target_salesforce_bulk.configuration.names import WITHOUT_EFFECT
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.settings import CONNECTION_TEST_STREAM, Settings
from target_salesforce_bulk.singer.batch_sources import BatchSources
from target_salesforce_bulk.singer.connection_test import ConnectionTestSink
from target_salesforce_bulk.singer.left_out import LeftOutSink
from target_salesforce_bulk.singer.sink import SalesforceSink
from target_salesforce_bulk.target import TargetSalesforceBulk, open_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}


class Run:
    """A run and its intake; notes what is asked of it."""

    def __init__(self) -> None:
        self.intake = self
        self.steps: list[str] = []
        self.error: Exception | None = None

    def stream_left_out(self, stream: str, _: str) -> None:
        self.steps.append(f"left out {stream}")

    def note_rows(self, stream: str) -> None:
        self.steps.append(f"rows of {stream}")

    @contextmanager
    def input_ends(self) -> Iterator[None]:
        self.steps.append("input ends")
        yield
        self.steps.append("input ended")

    def finish(self) -> None:
        self.steps.append("finish")
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        self.steps.append("stop")
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        self.steps.append("close")


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.fixture
def make(settings: dict[str, Any], run: Run) -> Callable[..., Any]:
    """Make a target whose run notes what is asked of it."""
    return lambda **more: TargetSalesforceBulk(config=settings | more, open_run=lambda *_: run)  # type: ignore[arg-type, return-value]


class Sink:
    """A sink that says when it is sealed."""

    def __init__(self, name: str, sealed: list[str]) -> None:
        self.name = name
        self._sealed = sealed

    def process_batch(self, _: Any) -> None:
        self._sealed.append(self.name)


def test_an_earlier_sink_of_a_stream_is_sealed(make: Any) -> None:
    """Each time that another one takes its place; those of other streams are left open."""
    target, sealed = make(), list[str]()
    for name, stream in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "a")):
        target.take_over(stream, Sink(name, sealed))

    assert sealed == ["1", "3"]


def test_the_properties_of_earlier_schemas(make: Any) -> None:
    """All of those that a stream had before, by stream."""
    target = make()
    given = [("a", "xy"), ("b", "z"), ("a", "yw"), ("a", "")]

    assert [target.earlier_properties(stream, [*names]) for stream, names in given] == [
        set(),
        set(),
        {"x", "y"},
        {"x", "y", "w"},
    ]


def test_the_seconds_until_a_batch_may_be_old_enough(make: Any) -> None:
    """Those of the sink that is next, or those that every batch has."""
    target = make(max_batch_age_seconds=50)
    without_sinks = target._seal_old()
    for name, seconds in (("a", 30.0), ("b", 7.0)):
        sink: Any = object.__new__(SalesforceSink)
        sink.seal_old = lambda seconds=seconds: seconds
        target.take_over(name, sink)
    target.take_over("c", Sink("left out", []))

    assert (without_sinks, target._seal_old()) == (50, 7)


@pytest.mark.parametrize(
    ("stream", "sink"),
    [
        ("Contact", SalesforceSink),
        ("Other", LeftOutSink),
        (CONNECTION_TEST_STREAM, ConnectionTestSink),
    ],
)
def test_which_sink_takes_a_stream(make: Any, stream: str, sink: type) -> None:
    """By what the settings list; the test of the connection needs no entry."""
    target = make(streams={"Contact": {}}, unlisted_streams="skip")

    assert target.get_sink_class(stream) is sink


def register(target: Any, stream: str) -> None:
    """What the SDK does when a SCHEMA comes."""
    target._tap_stream = stream
    target.mapper.register_raw_stream_schema(stream, SCHEMA, ["id"])


@pytest.mark.parametrize(
    ("stream_maps", "sink"),
    [
        ({}, SalesforceSink),
        ({"Contact": {"id": "id"}}, SalesforceSink),
        ({"Contact": None}, LeftOutSink),
        ({"Contact": "__NULL__"}, LeftOutSink),
    ],
)
def test_a_stream_that_a_map_removes(make: Any, stream_maps: dict[str, Any], sink: type) -> None:
    """Nothing of it is loaded, so its properties need no fields."""
    target = make(stream_maps=stream_maps)
    register(target, "Contact")

    assert target.get_sink_class("Contact") is sink


@pytest.mark.parametrize(
    ("config", "is_taken"),
    [
        ({}, True),
        ({"stream_maps": {"Contact": {"id": "id + 'x'"}}}, False),
        ({"stream_maps": {"Copy": {"__source__": "Contact"}}}, False),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, False),
    ],
)
def test_which_records_are_decoded_in_bulk(
    make: Any, config: dict[str, Any], *, is_taken: bool
) -> None:
    """Those that neither a stream map nor flattening changes."""
    target = make(**config)
    register(target, "Contact")
    sink = object.__new__(SalesforceSink)
    target.get_sink = lambda _: sink

    assert target.sink_of_decoded("Contact") is (sink if is_taken else None)


def test_a_stream_that_is_left_out_is_not_decoded(make: Any) -> None:
    """Nor is one that is not known."""
    target = make()
    register(target, "Contact")
    target.get_sink = lambda _: object.__new__(LeftOutSink)

    assert [target.sink_of_decoded(name) for name in ("Contact", "Other")] == [None, None]


def test_a_stream_with_a_copy_is_not_left_out(make: Any, run: Run) -> None:
    """If a stream map removes the original, its records still go to the copy."""
    target = make(stream_maps={"Contact": None, "Copy": {"__source__": "Contact"}})
    register(target, "Contact")
    classes = [target.get_sink_class(name) for name in ("Contact", "Copy")]
    sinks = {
        "Contact": LeftOutSink(target, "Contact", SCHEMA, ["id"]),
        "Copy": object.__new__(SalesforceSink),
    }
    target.get_sink = lambda stream: sinks[stream]

    assert classes == [LeftOutSink, SalesforceSink]
    assert target._leaves_out("Contact") is False


def test_the_files_of_a_removed_stream_are_not_read_after_another_schema(make: Any) -> None:
    """Which stream map applies depends on the stream, not on the last SCHEMA."""
    target = make(stream_maps={"Contact": None})
    for stream in ("Contact", "Other"):
        register(target, stream)
    target.get_sink = lambda stream: target.get_sink_class(stream)(target, stream, SCHEMA, ["id"])

    assert target._leaves_out("Contact") is True


def test_two_streams_of_the_tap_with_one_name(make: Any) -> None:
    """Both have the settings of that name, whatever their own names here."""
    alias = {"__alias__": "Contact"}
    target = make(
        stream_maps={"a": alias, "b": alias}, streams={"Contact": {}}, unlisted_streams="skip"
    )
    register(target, "b")
    name = target.aliases.name("Contact", "b")

    assert (name, target.get_sink_class(name)) == ("Contact (b)", SalesforceSink)


def test_bulk_records_of_streams_with_one_name_keep_apart(make: Any) -> None:
    """The sink is that of the stream of the tap, also after a SCHEMA of another one."""
    target = make()
    for stream in ("Contact", "Other"):
        register(target, stream)
    asked: list[str] = []
    target.get_sink = lambda _: asked.append(target._tap_stream)
    target.sink_of_decoded("Contact")

    assert asked == ["Contact"]


def test_the_reader_asks_the_target(make: Any) -> None:
    """For sinks, for old batches, for streams to leave out, and for allowed files."""
    target = make(batch_protocols=["gs"], batch_roots=["/exports"])
    reader = target.message_reader
    asked = (reader.find_sink, reader.seal_old, reader.leaves_out)

    assert asked == (target.sink_of_decoded, target._seal_old, target._leaves_out)
    assert reader.batch_sources() == BatchSources(["gs"], ["/exports"])


def test_sinks_are_drained_one_after_the_other(make: Any) -> None:
    """Batches are queued in the order of the input."""
    assert make().max_parallelism == 1


@pytest.mark.parametrize("name", ["settings", "client", "key_order", "run", "listing", "aliases"])
def test_sinks_share_what_the_target_has(make: Any, name: str) -> None:
    """Each is made once: what one sink notes there, another one finds."""
    target = make()

    assert getattr(target, name) is getattr(target, name)


def test_the_files_of_a_stream_that_is_left_out_are_not_read(make: Any, run: Run) -> None:
    """It is noted that rows came; a stream that is loaded, or not known, is read."""
    target = make(streams={"Contact": {}}, unlisted_streams="skip")
    for stream in ("Contact", "Other"):
        register(target, stream)
    sinks = {
        "Contact": object.__new__(SalesforceSink),
        "Other": LeftOutSink(target, "Other", SCHEMA, ["id"]),
    }
    target.get_sink = lambda stream: sinks[stream]
    found = {each: target._leaves_out(each) for each in ("Contact", "Other", "unknown")}

    assert found == {"Contact": False, "Other": True, "unknown": False}
    assert run.steps == ["left out Other", "rows of Other"]


def test_the_end_of_the_input(make: Any, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """The last batches are sealed within the end, then the run is finished and closed."""
    target = make(streams={"Contact": {}, "Lead": {}})
    target.listing.takes("Contact")
    target.drain_all = lambda *_, **__: run.steps.append("drain")
    target.process_endofpipe()

    assert run.steps == ["input ends", "drain", "input ended", "finish", "close"]
    assert caplog.messages[-1] == "Entries of streams that matched no stream of the input: Lead."


def test_stopping_before_a_run_is_open(settings: dict[str, Any]) -> None:
    """It opens none: that would take the state directory, and settle what was left."""
    opened: list[Any] = []
    target = TargetSalesforceBulk(config=settings, open_run=lambda *_: opened.append(1))  # type: ignore[arg-type, func-returns-value]
    target.stop()

    assert opened == []


def test_stopping_an_open_run(make: Any, run: Run) -> None:
    """It is closed, also if it cannot be stopped."""
    target = make()
    assert target.run is run
    target.stop()
    run.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        target.stop()

    assert run.steps == ["stop", "close", "stop", "close"]


def test_the_settings_and_the_client_of_a_run(settings: dict[str, Any]) -> None:
    """It is opened once, when it is first needed."""
    opened: list[Any] = []

    def begin(*given: Any) -> Any:
        opened.append(given)
        return SimpleNamespace(intake="intake")

    target = TargetSalesforceBulk(config=settings, open_run=begin)
    before = list(opened)
    intakes = [target.intake, target.intake]

    assert (before, opened) == ([], [(target.settings, target.client)])
    assert intakes == ["intake", "intake"]


@pytest.mark.parametrize("retries", [True, False])
def test_what_failed_before_is_sent_again_on_request(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, retries: bool
) -> None:
    """Only what may succeed the next time, in batches as large as the settings allow."""
    typed = Settings.from_config(
        settings | {"retry_failed_on_start": retries, "max_job_bytes": 4711}
    )
    sent: list[Any] = []
    monkeypatch.setattr(module.Run, "open", lambda *given: given)
    monkeypatch.setattr(module, "resend", lambda *given: sent.append(given))
    client: Any = "client"
    run: Any = open_run(typed, client)

    assert run == (typed, "client", None)
    transient = Selection(failure_class=FailureClass.TRANSIENT)
    assert sent == ([(run, transient, 4711)] if retries else [])


def test_the_capabilities_are_announced() -> None:
    """Those that `--about` lists; no validation, as rows are checked against their object."""
    assert {each.value for each in TargetSalesforceBulk.capabilities} == {
        "about",
        "batch",
        "schema-flattening",
        "stream-maps",
        "structured-logging",
    }


def test_settings_without_effect_are_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the SDK that mean nothing here; its others are."""
    monkeypatch.setattr(TargetSalesforceBulk, "config_jsonschema", Settings.json_schema())
    names = TargetSalesforceBulk.settings_schema().keys()

    assert names & {*WITHOUT_EFFECT} == set()
    assert {"stream_maps", "flattening_enabled", "login_url"} <= names


def test_flattening_needs_its_depth(make: Callable[..., Any]) -> None:
    """The SDK's own error ends like any other about settings."""
    with pytest.raises(SettingsError) as caught:
        make(flattening_enabled=True)

    assert caught.value.problems == ("flattening_max_depth is required when flattening is enabled",)
