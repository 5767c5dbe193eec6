"""The SDK's private names that we override are still where we expect them."""

from __future__ import annotations

import inspect

import pytest
from singer_sdk.plugin_base import PluginBase
from singer_sdk.sinks import BatchSink, Sink
from singer_sdk.target_base import Target

from target_salesforce_bulk.singer import sdk


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (Target, "_handle_termination", ["self", "signum", "frame"]),
        (Target, "_validate_config", ["self", "raise_errors"]),
        (Target, "_process_state_message", ["self", "message_dict"]),
        (Target, "_write_state_message", ["self", "state"]),
        (Target, "_process_activate_version_message", ["self", "message_dict"]),
        (Sink, "_singer_validate_message", ["self", "record"]),
        (Sink, "_remove_sdc_metadata_from_record", ["self", "record"]),
    ],
)
def test_an_overridden_method_is_there(owner: type, name: str, parameters: list[str]) -> None:
    """With the signature that our override has."""
    ours = {Target: sdk.SafeTarget, Sink: sdk.SafeSink}[owner]

    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters
    assert list(inspect.signature(getattr(ours, name)).parameters) == parameters


def test_the_age_limit_is_there() -> None:
    """Without our override, a job would be cut every five minutes."""
    assert Target._MAX_RECORD_AGE_IN_MINUTES == 5.0
    assert "_MAX_RECORD_AGE_IN_MINUTES" in inspect.getsource(Target)


def test_the_sdk_calls_what_we_override() -> None:
    """An override that nobody calls any more would guard nothing."""
    source = "".join(inspect.getsource(each) for each in (PluginBase, *Target.__mro__[1:-1]))
    source += inspect.getsource(Target)

    assert "self._handle_termination" in source
    assert "self._validate_config(" in source
    assert all(line in source for line in sdk._NO_NEWS)
    assert "self._process_activate_version_message" in source
    assert "_write_state_message(" in source
    assert "_singer_validate_message(" in source
    assert "_remove_sdc_metadata_from_record(" in source


def test_sealing_is_not_logged_as_processing(caplog: pytest.LogCaptureFixture) -> None:
    """The SDK times what a sink does at the end of the input; its override logs nothing."""
    assert "with sink.batch_processing_timer:" in inspect.getsource(Target)
    assert "self.get_batch_processing_timer()" in inspect.getsource(Sink)
    with caplog.at_level("INFO"), sdk.SafeSink.get_batch_processing_timer(None):  # type: ignore[arg-type]
        pass

    assert caplog.messages == []


def test_nothing_else_is_overridden_in_private() -> None:
    """Every private override stands in sdk.py."""
    from target_salesforce_bulk.singer.sink import SalesforceSink
    from target_salesforce_bulk.target import TargetSalesforceBulk

    for ours, theirs in ((TargetSalesforceBulk, Target), (SalesforceSink, BatchSink)):
        private = {name for name in vars(ours) if name.startswith("_") and name[1] != "_"}
        assert not {name for name in private if hasattr(theirs, name)} - {"_abc_impl"}
