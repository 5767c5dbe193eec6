"""Someone who types the commands of a page into a shell, with an org and taps at hand."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docs.pages import Block

NAME = "target-salesforce-bulk"

#: What differs from one run to the next, and what stands for it in a comparison.
_VARYING = (
    # How the program and Meltano begin and end a line of a log.
    (r"^\S+ \S+ \| \w+ +\| \S+ +\| ", ""),
    (r"^\S+Z \[\w+ *\] ((meltano|target-salesforce-bulk) +)?", ""),
    (r" +cmd_type=.*$", ""),
    (r"\d{8}T\d{6}Z-[0-9a-f]{4}", "RUN"),
    (r"(?<=, )\d+(?= API calls)", "N"),
    (r"\d+ +\d+\.\d$", "N N"),
    (r"\d+(\.\d+)? seconds", "N seconds"),
    (r"[\d,]+(?= of [\d,]+ left)", "N"),
    (r"\d+ of 100,000 API requests in 24 hours; [\d,]+ are", "N"),
    (r"https?://(127\.0\.0\.1:\d+|acme[\w.-]*\.my\.salesforce\.com)", "ORG"),
    (r" +", " "),
)


def alike(text: str) -> list[str]:
    """The lines of an output, without what differs from one run to the next."""
    lines = text.splitlines()
    for pattern, instead in _VARYING:
        lines = [re.sub(pattern, instead, each) for each in lines]
    return [each.strip() for each in lines if each.strip()]


def shows(output: str, expected: str) -> bool:
    """Whether an output has the lines that a page shows, in their order; a log may come between."""
    lines = iter(alike(output))
    return all(wanted in lines for wanted in alike(expected))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def org() -> Iterator[dict[str, str]]:
    """A Salesforce as a process; yields its address and credentials."""
    command = [sys.executable, "-m", "target_salesforce_bulk", "emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@dataclass(frozen=True)
class Done:
    """The exit code of a command, and all that it has printed."""

    code: int
    output: str


class Reader:
    """Runs the commands of a page in one folder; what one exports, the next one has.

    Args:
        folder: Where the commands run.
        org: The address and credentials of the reader's org.
        meltano: The folder of the program `meltano`.
    """

    def __init__(self, folder: Path, org: dict[str, str], meltano: Path) -> None:
        self._folder = folder
        self._programs = folder.parent / "programs"
        self._exported = folder.parent / "exported"
        self._words = {
            "https://acme--dev.sandbox.my.salesforce.com": org["url"],
            "https://acme.my.salesforce.com": org["url"],
            "YOUR_CONSUMER_KEY": org["client_id"],
            "YOUR_CONSUMER_SECRET": org["client_secret"],
            f"/path/to/{NAME}": str(ROOT),
            "--port 8090": f"--port {free_port()}",
        }
        self._env = {
            **os.environ,
            "NO_COLOR": "1",
            "PATH": _path(self._programs, Path(sys.executable).parent, os.environ["PATH"]),
            "PYTHONPATH": str(ROOT),
        }
        self._servers: list[subprocess.Popen[str]] = []
        folder.mkdir()
        self._programs.mkdir()
        self._add_program("meltano", f'exec env -u PYTHONPATH {meltano}/meltano "$@"')

    def _add_program(self, name: str, body: str) -> Path:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o700)
        return path

    def use_environment(self) -> None:
        """Be in a virtual environment into which nothing has been installed yet.

        What the package needs is lent to it, so that no test waits for a registry.
        """
        folder = self._folder.parent / "environment"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        self._env |= {
            "PATH": _path(folder / "bin", self._env["PATH"]),
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PIP_NO_BUILD_ISOLATION": "0",  # pip takes it for the option's value, not for a switch
            "PIP_NO_INDEX": "1",
        }

    def add_tap(self, name: str, messages: list[dict[str, Any]]) -> Path:
        """Have a tap at hand that sends messages, whatever it is asked."""
        path = self._folder.parent / f"{name}.jsonl"
        path.write_text("".join(f"{json.dumps(each)}\n" for each in messages))
        return self._add_program(name, f"exec cat {path}")

    def add_project(self, tap: Path) -> None:
        """Have a Meltano project with a tap."""
        extractor = {"name": tap.name, "namespace": "tap", "executable": str(tap)}
        project = {
            "project_id": "5a1f3c9e-5f0e-4c53-9d1c-0f6d3a7b2e12",
            "send_anonymous_usage_stats": False,
            "default_environment": "dev",
            "environments": [{"name": "dev"}],
            "plugins": {"extractors": [extractor]},
        }
        (self._folder / "meltano.yml").write_text(yaml.safe_dump(project))

    def write(self, block: Block) -> None:
        """Write the file that a block shows; into a project file, what it adds."""
        assert block.file is not None
        path = self._folder / block.file
        text = self._said(block.text)
        path.write_text(merged(path, text) if path.name == "meltano.yml" else text)

    def _said(self, text: str) -> str:
        """A text of a page, with this reader's words for its examples."""
        for example, real in self._words.items():
            text = text.replace(example, real)
        return text

    def run(self, command: str) -> Done:
        """Run a command; one that serves goes on until the reader leaves."""
        if command.startswith(f"{NAME} emulator"):
            return self._serve(command)
        script = (
            f"test ! -e {self._exported} || . {self._exported}\n"
            f"{self._said(command)}\n"
            f"code=$?; export -p > {self._exported}; exit $code\n"
        )
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        return Done(done.returncode, f"$ {command}\n{done.stdout}")

    def _serve(self, command: str) -> Done:
        server = subprocess.Popen(
            shlex.split(self._said(command)),
            cwd=self._folder,
            env=self._env,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._servers.append(server)
        assert server.stdout is not None
        said = server.stdout.readline()
        found = json.loads(said)
        self._words["http://127.0.0.1:8090"] = found["url"]
        self._env["CONTROL_TOKEN"] = found["control_token"]
        return Done(0, said)

    def leave(self) -> None:
        """Stop what still runs."""
        for server in self._servers:
            with server:
                server.terminate()


def _path(*folders: Path | str) -> str:
    return os.pathsep.join(map(str, folders))


def merged(path: Path, text: str) -> str:
    """A project file with what a page adds to it."""
    before = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
    return yaml.safe_dump(_both(before, yaml.safe_load(text)), sort_keys=False)


def _both(before: Any, added: Any) -> Any:
    """Objects member by member, lists of plugins by name; anything else is replaced."""
    if isinstance(before, dict) and isinstance(added, dict):
        return before | {name: _both(before.get(name), each) for name, each in added.items()}
    if isinstance(before, list) and isinstance(added, list) and isinstance(added[0], dict):
        names = {each["name"]: each for each in before}
        names |= {each["name"]: _both(names.get(each["name"], {}), each) for each in added}
        return list(names.values())
    return added
