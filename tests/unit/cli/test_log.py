"""No secret is written to the log."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk import _logging, plugin_base

from target_salesforce_bulk.cli import log
from target_salesforce_bulk.cli.log import hide_secrets
from target_salesforce_bulk.cli.singer_options import NAME
from target_salesforce_bulk.redaction import conceal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "correct-horse-battery"


class Output(logging.StreamHandler[io.StringIO]):
    """A handler that keeps what it writes."""

    def __init__(self, layout: str | None = None) -> None:
        super().__init__(io.StringIO())
        if layout is not None:
            self.setFormatter(logging.Formatter(layout))

    @property
    def text(self) -> str:
        return self.stream.getvalue()


@pytest.fixture
def outputs() -> Iterator[dict[str, Output]]:
    """Handlers of the root and of another logger, with a layout and without one."""
    found = {"": Output("%(levelname)s: %(message)s"), "test.secrets": Output()}
    handlers = [
        handler
        for each in (None, *logging.root.manager.loggerDict)
        for handler in logging.getLogger(each).handlers
    ]
    before = [(handler, handler.formatter) for handler in handlers]
    for name, handler in found.items():
        logging.getLogger(name or None).addHandler(handler)
    yield found
    for name, handler in found.items():
        logging.getLogger(name or None).removeHandler(handler)
    for each, formatter in before:
        each.setFormatter(formatter)


def test_every_handler_hides_secrets(outputs: dict[str, Output]) -> None:
    """In messages and their arguments; each keeps its own layout. What is no secret stays."""
    hide_secrets()
    conceal(SECRET)
    logging.getLogger("test.secrets").error("sent %s to %s", SECRET, "Salesforce")

    assert {name: output.text for name, output in outputs.items()} == {
        "": "ERROR: sent *** to Salesforce\n",
        "test.secrets": "sent *** to Salesforce\n",
    }


def test_an_exception_shows_no_secret(outputs: dict[str, Output]) -> None:
    """Its text is added by the formatter, after the message was made."""
    hide_secrets()
    conceal(SECRET)
    logging.getLogger("test.secrets").error("failed", exc_info=ValueError(SECRET))

    assert [SECRET in output.text for output in outputs.values()] == [False, False]
    assert [output.text.splitlines()[-1] for output in outputs.values()] == ["ValueError: ***"] * 2


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """The root logger as it is in a new process."""
    found = logging.getLogger()
    monkeypatch.setattr(found, "handlers", [])
    monkeypatch.setattr(found, "level", logging.WARNING)
    return found


def _as_the_sdk_does() -> None:
    _logging._setup_console_logging(log_level=plugin_base._plugin_log_level(plugin_name=NAME))


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({}, logging.INFO),
        ({"LOGLEVEL": "debug"}, logging.DEBUG),
        ({"LOGLEVEL": "debug", "TARGET_SALESFORCE_BULK_LOGLEVEL": "error"}, logging.ERROR),
        ({"LOGLEVEL": "debug", "TARGET_SALESFORCE_BULK_LOGLEVEL": ""}, logging.DEBUG),
    ],
)
def test_the_log_is_that_of_the_sdk(
    root: logging.Logger,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    level: int,
) -> None:
    """The same level, and the same line on stderr."""
    for name in ("LOGLEVEL", "TARGET_SALESFORCE_BULK_LOGLEVEL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    record = logging.LogRecord("some.name", logging.ERROR, "", 0, "so %s", ("what",), None)
    seen = []
    for set_up in (log._log_to_stderr, _as_the_sdk_does):
        root.handlers = []
        set_up()
        root.handle(record)
        seen.append((root.level, len(root.handlers), capsys.readouterr()))

    assert seen[0] == seen[1]
    assert (seen[0][0], seen[0][2].out, seen[0][2].err.count("so what")) == (level, "", 1)


def test_an_unknown_level(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may be meant for another program: it is named, and the level stays the usual one."""
    monkeypatch.setenv("LOGLEVEL", "chatty\n")
    log._log_to_stderr()

    assert root.level == logging.INFO
    assert capsys.readouterr().err.split("| ")[-1] == (
        "LOGLEVEL is 'chatty\\n', but expects one of DEBUG, INFO, WARNING, ERROR and CRITICAL.\n"
    )


def test_a_configuration_of_the_log(tmp_path: Path, config_file: str) -> None:
    """The SDK's formatters and those of others can be named; secrets are hidden in them, too."""
    formatter = {"()": "singer_sdk.logging.StructuredFormatter"}
    handler = {"class": "logging.StreamHandler", "formatter": "json"}
    path = tmp_path / "log.yaml"
    path.write_text(
        json.dumps(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"json": formatter},
                "handlers": {"stderr": handler},
                "root": {"level": "INFO", "handlers": ["stderr"]},
            }
        )
    )
    command = [sys.executable, "-m", "target_salesforce_bulk", "failed", "list"]
    done = subprocess.run(
        [*command, "--config", config_file],
        env={**os.environ, "SINGER_SDK_LOG_CONFIG": str(path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    line = json.loads(done.stderr.splitlines()[-1])

    assert (done.returncode, done.stdout) == (0, "No failed rows.\n")
    assert (line["level"], line["message"].partition(" in the ")[0]) == (
        "warning",
        "No run has left anything",
    )


@pytest.mark.usefixtures("root")
def test_an_error_that_nobody_caught(
    process_state: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is logged with its traceback, and without secrets."""
    log.set_up()
    conceal(SECRET)
    sys.excepthook(ValueError, ValueError(SECRET), None)
    lines = capsys.readouterr().err.splitlines()

    assert [lines[0].split(" | ")[1:], lines[-1].strip()] == [
        ["ERROR   ", "target-salesforce-bulk        ", "***"],
        "ValueError: ***",
    ]


POINT = {"type": "counter", "metric": "record_count", "value": 2}


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (
            {"stream": "a\x1b[31m", "status": "failed", "pid": 7},
            r"METRIC stream=a\x1b[31m status=failed",
        ),
        ({}, "METRIC"),
    ],
)
def test_the_tags_of_a_metric_are_in_its_message(tags: dict[str, Any], message: str) -> None:
    """The number of the process is no news; what else the line has stays."""
    line = {"level": "info", "message": "METRIC", "metric_info": POINT | {"tags": tags}}

    assert json.loads(log.with_tags(json.dumps(line))) == line | {"message": message}


@pytest.mark.parametrize("text", ["METRIC: {}", "{}", '{"metric_info": 1}', "[1]"])
def test_a_metric_in_another_format_stays(text: str) -> None:
    """Only the SDK's structured lines are known."""
    assert log.with_tags(text) == text


def test_an_error_of_a_thread_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As that of the program is: nothing else may be on stderr where a log is expected."""
    error = ValueError("odd")
    log._log_uncaught_of_thread(
        threading.ExceptHookArgs((ValueError, error, error.__traceback__, None))
    )

    (record,) = caplog.records
    assert (record.message, record.code) == ("odd", "TSB3010")  # type: ignore[attr-defined]
