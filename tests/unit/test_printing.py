"""Output for people goes through `print_lines` only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import target_salesforce_bulk
from target_salesforce_bulk.printing import log_lines, print_lines

ROOT = Path(target_salesforce_bulk.__file__).parent
#: What writes to stdout or stderr without making its text plain, and why it may.
EXCEPTIONS = {
    "printing.py: click.echo": "makes it plain",
    "cli/plain_logs.py: sys.stderr.write": "makes it plain",
    "results/message_writer.py: sys.stdout.write": "JSON, which is read by a program",
    "singer/state_output.py: sys.stdout.write": "JSON of ASCII only",
}
_PRINTERS = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}


@pytest.mark.parametrize("err", [False, True])
def test_lines_stay_lines(capsys: pytest.CaptureFixture[str], err: bool) -> None:
    """A line break in one is no line break."""
    print_lines("a\nb\x1b[2J", "", "c\x9b\u202e", err=err)

    printed = capsys.readouterr()
    assert (printed.err if err else printed.out) == "a\\nb\\x1b[2J\n\nc\\x9b\\u202e\n"


def test_lines_for_stderr_go_to_a_configured_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What reads the log can read nothing else; lines for stdout stay there."""
    caplog.set_level("INFO")
    log_lines(instead_of_stderr=True)
    try:
        print_lines("a\nb", "  c", err=True)
        print_lines("d")
    finally:
        log_lines(instead_of_stderr=False)

    assert [(each.message, each.code) for each in caplog.records] == [  # type: ignore[attr-defined]
        ("a\\nb", "TSB1003"),
        ("  c", "TSB1003"),
    ]
    assert capsys.readouterr() == ("d\n", "")


def prints(path: Path) -> set[str]:
    """The calls in a file that print something other than JSON, which escapes non-ASCII text."""
    return {
        f"{path.relative_to(ROOT).as_posix()}: {ast.unparse(node.func)}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in _PRINTERS
        and not ast.unparse(node.args[0]).startswith("json.dumps(")
    }


def test_nothing_is_printed_past_it() -> None:
    """Every other module prints by `print_lines`, by a logger, or JSON."""
    found = set().union(*map(prints, ROOT.rglob("*.py")))

    assert found == EXCEPTIONS.keys()
