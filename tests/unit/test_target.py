"""Messages become rows of a run, by the streams that the settings name."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from recording_intake import RecordingIntake

from target_salesforce_bulk import target as module
from target_salesforce_bulk.errors import LoadError, MappingError
from target_salesforce_bulk.journal.failed_rows import FailureClass
from target_salesforce_bulk.journal.failure_store import Selection
from target_salesforce_bulk.settings import Settings
from target_salesforce_bulk.target import TargetSalesforceBulk, open_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PEOPLE = {"object": "Contact", "operation": "upsert", "external_id_field": "Key__c"}

pytestmark = pytest.mark.usefixtures("process_state")


class Recording(RecordingIntake):
    """Keeps the order in which a run is used, too."""

    def note_schema(self) -> None:
        """Ignore it."""

    def stream_left_out(self, stream: str, tap_stream: str) -> None:
        self.steps.append(f"leave out {stream}")

    def finish(self) -> None:
        self.steps.append("finish")

    def stop(self) -> None:
        self.steps.append("stop")

    def close(self) -> None:
        self.steps.append("close")

    def end(self) -> None:
        super().close()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Recording]:
    run = Recording(tmp_path / "journal")
    yield run
    run.end()


def make_target(settings: dict[str, Any], run: Recording, **more: Any) -> TargetSalesforceBulk:
    config = settings | {"streams": {"people": PEOPLE}} | more
    return TargetSalesforceBulk(config=config, open_run=cast("Any", lambda *_: run))


def schema(stream: str = "people", *more: str) -> dict[str, Any]:
    names = ("Key__c", "LastName", *more)
    properties = {name: {"type": ["string", "null"]} for name in names}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"properties": properties},
        "key_properties": ["Key__c"],
    }


def person(key: str, stream: str = "people", **more: str) -> dict[str, Any]:
    record = {"Key__c": key, "LastName": "Ada", **more}
    return {"type": "RECORD", "stream": stream, "record": record}


def listen(target: TargetSalesforceBulk, *messages: dict[str, Any]) -> None:
    target.listen(io.StringIO("".join(f"{json.dumps(each)}\n" for each in messages)))


def test_rows_are_handed_over_before_the_run_ends(settings: dict[str, Any], run: Recording) -> None:
    """Then the run is finished and closed."""
    listen(make_target(settings, run), schema(), person("a"), person("b"))

    assert run.steps == ["open upsert", "seal upsert", "finish", "close"]
    assert run.handed == [("upsert", [["a", "Ada"], ["b", "Ada"]])]


def test_a_new_schema_seals_what_came_before(settings: dict[str, Any], run: Recording) -> None:
    """So rows stay in the order of the input; the columns of a batch are those of one schema."""
    listen(
        make_target(settings, run),
        schema(),
        person("a"),
        schema("people", "Email"),
        person("b", Email="b@b.com"),
    )

    assert run.handed == [("upsert", [["a", "Ada"]]), ("upsert", [["b", "Ada", "b@b.com"]])]


def test_a_stream_that_is_skipped_is_left_out(
    settings: dict[str, Any], run: Recording, caplog: pytest.LogCaptureFixture
) -> None:
    """Its rows go nowhere, which is said once at the end."""
    target = make_target(settings, run, unlisted_streams="skip")

    listen(target, schema("users"), person("u", "users"), schema(), person("a"))

    assert (run.steps[0], run.handed) == ("leave out users", [("upsert", [["a", "Ada"]])])
    assert [
        each.getMessage()
        for each in caplog.records
        if (each.name, each.levelname) == (target.logger.name, "WARNING")
    ] == ["Left out, as streams has no entry for them and unlisted_streams is skip: users."]


def test_a_stream_that_no_entry_names_is_refused(settings: dict[str, Any], run: Recording) -> None:
    """The default: a table may happen to have the name of an object."""
    with pytest.raises(MappingError, match="Stream users has no entry in streams"):
        listen(make_target(settings, run), schema("users"))
    assert run.handed == []


def test_a_stream_that_a_map_removes_needs_no_entry(
    settings: dict[str, Any], run: Recording
) -> None:
    """Nothing of it is loaded."""
    target = make_target(settings, run, stream_maps={"users": None})

    listen(target, schema("users"), person("u", "users"), schema(), person("a"))

    assert (run.steps[0], run.handed) == ("leave out users", [("upsert", [["a", "Ada"]])])


@pytest.mark.parametrize(
    ("more", "decoded"),
    [
        ({}, True),
        ({"stream_maps": {"people": {"LastName": "LastName.upper()"}}}, False),
        ({"flattening_enabled": True, "flattening_max_depth": 1}, False),
    ],
)
def test_records_that_a_map_changes_are_not_taken_as_they_came(
    settings: dict[str, Any], run: Recording, more: dict[str, Any], *, decoded: bool
) -> None:
    """The fast way is for the others alone; either way the rows arrive."""
    target = make_target(settings, run, **more)
    listen(target, schema(), person("a"))

    assert (target.sink_of_decoded("people") is not None) is decoded
    name = "ADA" if "stream_maps" in more else "Ada"
    assert run.handed == [("upsert", [["a", name]])]


def test_properties_of_earlier_schemas(settings: dict[str, Any], run: Recording) -> None:
    """By stream; each call sees those of the calls before it."""
    target = make_target(settings, run)

    found = [
        target.earlier_properties(stream, names)
        for stream, names in (("a", ["x"]), ("a", ["y"]), ("b", ["z"]), ("a", []))
    ]
    assert found == [set(), {"x"}, set(), {"x", "y"}]


def test_a_target_that_opened_no_run_has_none_to_stop(
    settings: dict[str, Any], run: Recording
) -> None:
    """A wrong setting is found before."""
    make_target(settings, run).stop()

    assert run.steps == []


def test_a_run_is_closed_even_if_stopping_fails(settings: dict[str, Any], tmp_path: Path) -> None:
    """Else its lock would outlive it."""

    class Full(Recording):
        def stop(self) -> None:
            raise OSError(28, "No space left on device")

    run = Full(tmp_path / "journal")
    target = make_target(settings, run)
    assert target.intake is run
    with pytest.raises(OSError, match="No space left"):
        target.stop()
    run.end()

    assert run.steps == ["close"]


def test_a_run_that_needs_attention_is_not_closed_as_done(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """Whoever catches the error stops it."""

    class Failing(Recording):
        def finish(self) -> None:
            raise LoadError("3 rows failed.")

    run = Failing(tmp_path / "journal")
    with pytest.raises(LoadError):
        listen(make_target(settings, run), schema(), person("a"))
    run.end()

    assert run.steps == ["open upsert", "seal upsert"]


@pytest.mark.parametrize("retry", [False, True])
def test_failed_rows_are_sent_again_at_the_start_if_that_is_set(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, retry: bool
) -> None:
    """Those whose reason may have passed, and no others."""
    sent: list[Any] = []
    monkeypatch.setattr(module.Run, "open", lambda *_: "the run")
    monkeypatch.setattr(module, "resend", lambda *arguments: sent.append(arguments))
    typed = Settings.from_config(settings | {"retry_failed_on_start": retry})

    assert open_run(typed, cast("Any", None)) == "the run"
    transient = Selection(failure_class=FailureClass.TRANSIENT)
    assert sent == ([("the run", transient, typed.max_job_bytes)] if retry else [])


def test_settings_without_effect_are_not_offered() -> None:
    """Beside its own, a target has those of the SDK that mean something here."""
    names = set(TargetSalesforceBulk.settings_schema())

    assert names >= {"client_id", "streams", "stream_maps", "flattening_enabled"}
    assert names.isdisjoint({"load_method", "add_record_metadata", "batch_config"})
