"""Each line of the log that tells something has a code, and a code keeps its meaning."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import target_salesforce_bulk
from target_salesforce_bulk.log_codes import RETIRED, LogCode, log_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(target_salesforce_bulk.__file__).parent
_CALLS = re.compile(r"(self\.|target\.)?logger\.(info|warning|error|exception|critical|log)")


def sources() -> Iterator[tuple[str, ast.Module]]:
    """The modules of the package but the emulator, which has a log of its own."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith("emulator/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def calls_without_code(tree: ast.Module) -> list[int]:
    """The lines of the calls of loggers whose `extra` has no code."""
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _CALLS.fullmatch(ast.unparse(node.func))
    ]
    extras = {
        call.lineno: [each.value for each in call.keywords if each.arg == "extra"] for call in calls
    }
    return [
        line
        for line, found in extras.items()
        if not (found and ast.unparse(found[0]).startswith("log_facts("))
    ]


def test_every_line_has_a_code() -> None:
    """Whatever tells an event, a warning or an error; only level DEBUG needs none."""
    assert [(name, lines) for name, tree in sources() if (lines := calls_without_code(tree))] == []


def test_a_line_without_code_is_found() -> None:
    """The test above can fail."""
    tree = ast.parse('logger.info("a")\nlogger.debug("b")\nself.logger.error("c", extra={})')

    assert calls_without_code(tree) == [1, 3]


def test_every_code_has_a_line() -> None:
    """A code that no line has belongs to the retired ones."""
    used = {
        node.attr
        for name, tree in sources()
        if name != "log_codes.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "LogCode"
    }

    assert used == {each.name for each in LogCode}


def test_codes_are_well_formed_and_given_once() -> None:
    """TSB, the digit of the kind, and three more; a retired one is not given again."""
    codes = [each.code for each in LogCode]

    assert [each for each in codes if not re.fullmatch(r"TSB[123]\d{3}", each)] == []
    assert [each for each, times in Counter([*codes, *RETIRED]).items() if times > 1] == []


def test_codes_keep_their_meaning() -> None:
    """What a release has given out stands here for good: a retired line leaves its code behind."""
    now = {each.code: each.action for each in LogCode}

    assert {code: now.get(code, action) for code, action in ISSUED.items()} == ISSUED
    assert ISSUED.keys() == now.keys() | RETIRED


def test_the_facts_of_a_line() -> None:
    """Its code, the name of its event, and what else is given."""
    assert log_facts(LogCode.JOB_CLOSED, job_id="750") == {
        "code": "TSB1203",
        "action": "job_closed",
        "job_id": "750",
    }


ISSUED = {
    "TSB1001": "input_discarded",
    "TSB1002": "progress",
    "TSB1003": "summary",
    "TSB1004": "report_written",
    "TSB1101": "logged_in",
    "TSB1102": "session_renewed",
    "TSB1103": "connection_tested",
    "TSB1104": "api_usage_unknown",
    "TSB1201": "job_created",
    "TSB1202": "job_uploaded",
    "TSB1203": "job_closed",
    "TSB1204": "job_progress",
    "TSB1205": "job_ended",
    "TSB1206": "job_settled",
    "TSB1207": "job_without_results",
    "TSB1208": "job_already_gone",
    "TSB1209": "job_checked_again",
    "TSB1301": "keys_looked_up",
    "TSB1302": "newer_rows_found",
    "TSB1303": "rows_recognised",
    "TSB1304": "version_ignored",
    "TSB2001": "log_level_unknown",
    "TSB2002": "variable_unknown",
    "TSB2003": "state_directory_empty",
    "TSB2004": "dry_run",
    "TSB2005": "report_not_written",
    "TSB2006": "export_failed",
    "TSB2007": "export_off",
    "TSB2008": "export_incomplete",
    "TSB2101": "request_retried",
    "TSB2102": "password_login_ends",
    "TSB2103": "refresh_token_replaced",
    "TSB2104": "keyring_refused",
    "TSB2105": "keyring_keeps_token",
    "TSB2201": "job_not_created",
    "TSB2202": "job_replaced",
    "TSB2203": "job_closed_after_all",
    "TSB2204": "job_still_open",
    "TSB2205": "results_read_again",
    "TSB2206": "results_unreadable",
    "TSB2207": "job_not_found",
    "TSB2208": "compression_stopped",
    "TSB2209": "job_refused_before",
    "TSB2301": "properties_not_loaded",
    "TSB2302": "deleted_records_loaded",
    "TSB2303": "entry_unused",
    "TSB2304": "tap_broke_off",
    "TSB2305": "ids_not_kept",
    "TSB2306": "stream_stopped",
    "TSB2401": "state_of_other_org",
    "TSB2402": "bookmark_unknown",
    "TSB3000": "failed",
    "TSB3001": "settings_wrong",
    "TSB3002": "input_wrong",
    "TSB3003": "state_directory_unusable",
    "TSB3004": "output_failed",
    "TSB3005": "mapping_wrong",
    "TSB3006": "api_usage_too_high",
    "TSB3007": "run_needs_attention",
    "TSB3008": "stopped_by_signal",
    "TSB3009": "file_failed",
    "TSB3010": "program_failed",
    "TSB3101": "login_failed",
    "TSB3102": "unreachable",
    "TSB3103": "answer_lost",
    "TSB3104": "answer_unreadable",
    "TSB3105": "request_refused",
    "TSB3106": "not_found",
    "TSB3107": "limit_exceeded",
    "TSB3108": "unavailable",
    "TSB3201": "job_failed",
    "TSB3202": "job_gone",
    "TSB3203": "job_mismatch",
}
