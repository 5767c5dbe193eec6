"""The Salesforce CLI as a program: what it is given, and what it may do wrong."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from target_salesforce_bulk.errors import AuthenticationError
from target_salesforce_bulk.login.sf_command import run_sf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make a program `sf` of a Python text; the folder that it runs in."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def make(source: str) -> Path:
        program = tmp_path / "sf"
        program.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{source}\n")
        program.chmod(0o700)
        return tmp_path

    return make


def failing(name: str, message: str) -> str:
    return f"print(json.dumps({ {'name': name, 'message': message, 'status': 1} })); sys.exit(1)"


def test_the_result(sf: Callable[[str], Path]) -> None:
    """Arguments arrive as they are, the input is empty, and warnings on stderr do not matter."""
    sf(
        "print('Warning: update', file=sys.stderr)\n"
        "result = {'arguments': sys.argv[1:], 'input': sys.stdin.read()}\n"
        "print(json.dumps({'status': 0, 'result': result}))"
    )

    assert run_sf("org", "display", "--target-org=a b; touch x") == {
        "arguments": ["org", "display", "--target-org=a b; touch x", "--json"],
        "input": "",
    }


def test_it_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is said, and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AuthenticationError, match=r"\(sf\) is not on the PATH. Install it, or"):
        run_sf("org", "display")


def test_it_cannot_be_run(sf: Callable[[str], Path]) -> None:
    """As when the program that it starts is gone."""
    (sf("") / "sf").write_text("#!/nowhere/node\n")

    with pytest.raises(AuthenticationError, match="cannot be run: No such file or directory"):
        run_sf("org", "display")


@pytest.mark.parametrize("source", ["", "print('Hello')", "print('[1]')", "print('[' * 100000)"])
def test_it_prints_no_json_object(sf: Callable[[str], Path], source: str) -> None:
    """Nothing of it is repeated."""
    sf(source)

    with pytest.raises(AuthenticationError, match=r"\(sf org display\) printed no JSON\. Run"):
        run_sf("org", "display")


@pytest.mark.parametrize(
    ("name", "message", "advice"),
    [
        ("NamedOrgNotFoundError", "No authorization information found for dev.", "`sf org list`"),
        ("NoDefaultEnvError", "No default environment found.", "Set sf_cli_target_org, or"),
        ("RefreshTokenAuthError", "expired access/refresh token", "Log in again with `sf org"),
    ],
)
def test_it_fails(sf: Callable[[str], Path], name: str, message: str, advice: str) -> None:
    """Its words are repeated, with what to do."""
    sf(failing(name, message))
    with pytest.raises(AuthenticationError) as caught:
        run_sf("org", "display")

    said = f"The Salesforce CLI says: {name}, {message.rstrip('.')}. {advice}"
    assert str(caught.value).startswith(said)


def test_words_that_would_break_the_line(sf: Callable[[str], Path]) -> None:
    """They are shown without their control characters."""
    sf(failing("Bad", "a\n\x1b[2Jb"))

    with pytest.raises(AuthenticationError, match="says: Bad, a \N{REPLACEMENT CHARACTER}\\[2Jb"):
        run_sf("org", "display")


def test_it_does_not_end(sf: Callable[[str], Path]) -> None:
    """It is killed, with what it has started, which would say something later."""
    fifo = sf("") / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    sf(f"end = os.open({str(fifo)!r}, os.O_WRONLY); os.fork(); time.sleep(20); os.write(end, b'x')")
    with pytest.raises(AuthenticationError, match="did not end within 1 seconds"):
        run_sf("org", "display", most_seconds=1)
    os.set_blocking(reader, True)

    assert os.read(reader, 10) == b""
    os.close(reader)
