"""The SDK's standard target tests, with what arrived looked up in the org."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import SuiteConfig, get_target_test_class, target_test_streams
from singer_sdk.testing.runners import TargetTestRunner
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty
from singer_sdk.testing.templates import TargetFileTestTemplate

from target_salesforce_bulk.emulator import Emulator
from target_salesforce_bulk.target import TargetSalesforceBulk

if TYPE_CHECKING:
    from collections.abc import Iterator


class RecordWithoutKey(TargetFileTestTemplate):
    """In the place of TargetRecordMissingKeyProperty.

    The SDK ends the run over a record without its key; here the row fails and the run goes on.
    """

    name = "record_missing_key_property"

    def validate(self) -> None:
        """The row is a failed one, and nothing was made of it."""
        assert self.resource.org.count("test_record_missing_key_property__c") == 0
        failed = list(self.resource.state.glob("*/failed/*/*.csv"))
        assert "MISSING_ARGUMENT" in failed[0].read_text()


#: A NUL cannot be sent, so the row with one fails; as JSON inside a text, it is escaped and can.
WITH_NUL = {"test_strings"}


def validate_by_count(test: Any) -> None:
    """As many records as there are different keys, or rows where there is no key."""
    for stream, (_, key, rows) in STREAMS[test.singer_filepath.name].items():
        names = {json.dumps(row.get(key)) if key else number for number, row in enumerate(rows)}
        refused = 1 if stream in WITH_NUL else 0
        assert test.resource.org.count(object_name(stream)) == len(names) - refused, stream


def _with_validation(test: type[Any]) -> type[Any]:
    checked = {"invalid_schema", "record_before_schema", "cli_prints"}
    if test is TargetRecordMissingKeyProperty:
        return RecordWithoutKey
    return (
        test
        if test.name in checked
        else type(test.__name__, (test,), {"validate": validate_by_count})
    )


def object_name(stream: str) -> str:
    return "".join(each if each.isalnum() else "_" for each in stream) + "__c"


Stream = tuple[dict[str, Any], str | None, list[dict[str, Any]]]


def read_streams(path: Any) -> dict[str, Stream]:
    """Properties, key and rows of the streams of a file."""
    streams: dict[str, Stream] = {}
    for line in path.read_text().splitlines():
        message = json.loads(line)
        stream = message.get("stream")
        if message["type"] == "SCHEMA":
            properties, _, rows = streams.get(stream, ({}, None, []))
            keys = message.get("key_properties") or message["schema"].get("key_properties") or []
            key = keys[0] if len(keys) == 1 and message.get("key_properties") else None
            streams[stream] = (properties | message["schema"].get("properties", {}), key, rows)
        elif message["type"] == "RECORD" and stream in streams:
            streams[stream][2].append(message["record"])
    return streams


FILES = resources.files(target_test_streams)
STREAMS = {
    path.name: read_streams(path) for path in FILES.iterdir() if path.name.endswith(".singer")
}


def custom_object(stream: str, properties: dict[str, Any], key: str | None) -> dict[str, Any]:
    """An object with a text field for each property, and an external ID for the key."""
    text = {"type": "textarea", "createable": True, "updateable": True, "nillable": True}
    fields = [text | {"name": name} for name in properties if name.lower() != "id" and name != key]
    external = {"type": "string", "length": 80, "externalId": True, "unique": True}
    return {
        "name": object_name(stream),
        "fields": [*fields, text | external | {"name": "Key__c"}],
    }


def settings_of(stream: str, key: str | None) -> dict[str, Any]:
    if key is None:
        return {"object": object_name(stream), "operation": "insert"}
    return {"object": object_name(stream), "field_mapping": {key: "Key__c"}}


class Resource:
    """The org and the state directory of a test."""

    def __init__(self, org: Emulator, state: Path) -> None:
        self.org = org
        self.state = state


@contextmanager
def org_for_all_streams() -> Iterator[tuple[Resource, dict[str, Any]]]:
    """An org with an object for each stream, and the configuration to load it."""
    streams = {name: each for file in STREAMS.values() for name, each in file.items()}
    with TemporaryDirectory() as folder:
        objects = Path(folder) / "objects.json"
        made = [custom_object(name, props, key) for name, (props, key, _) in streams.items()]
        objects.write_text(json.dumps({"objects": made}))
        state = Path(folder) / "state"
        with Emulator(objects=objects) as org:
            yield (
                Resource(org, state),
                {
                    "login_url": org.url,
                    "client_id": org.client_id,
                    "client_secret": org.client_secret,
                    "state_dir": str(state),
                    "poll_interval_seconds": 0.02,
                    "unmapped_fields": "ignore",
                    "max_failed_percent": 100,
                    "streams": {
                        name: settings_of(name, key) for name, (_, key, _) in streams.items()
                    },
                },
            )


Standard = get_target_test_class(
    TargetSalesforceBulk,
    include_target_tests=False,
    custom_suites=[
        SingerTestSuite(
            kind="target", tests=[_with_validation(each) for each in target_tests.tests]
        )
    ],
    suite_config=SuiteConfig(),
)


class TestStandardTarget(Standard):  # type: ignore[misc, valid-type]
    """Each test has an org of its own."""

    @pytest.fixture
    def ready(self) -> Iterator[tuple[Resource, dict[str, Any]]]:
        """An org and its configuration."""
        with org_for_all_streams() as ready:
            yield ready

    @pytest.fixture
    def resource(self, ready: tuple[Resource, dict[str, Any]]) -> Resource:
        """What a test looks into."""
        return ready[0]

    @pytest.fixture
    def runner(self, ready: tuple[Resource, dict[str, Any]]) -> TargetTestRunner:
        """Runs the target over a file."""
        return TargetTestRunner(target_class=TargetSalesforceBulk, config=ready[1])
