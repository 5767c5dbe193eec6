"""The commands of the pages work, and print what the pages show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
import yaml
from docs.pages import PAGES, ROOT, Block, blocks, name_of, prose
from docs.taps import people, warehouse
from docs.world import NAME, Reader, org, shows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MELTANO = ROOT / ".demo" / "meltano" / "bin"
START = ROOT / "docs" / "getting-started.md"
LOAD = f"{NAME} --config config.json < customers.singer > state.json"

#: Commands that are not run here, with the reason.
NOT_RUN = {
    f"{NAME} login --login-url https://acme--dev.sandbox.my.salesforce.com"
    " --client-id YOUR_CONSUMER_KEY": "waits for a person",
    "docker compose run --rm -T load < rows.singer > state.json": "needs Docker",
    "docker compose run --rm -T load failed list": "needs Docker",
    "meltano add --plugin-type extractor tap-postgres": "asks Meltano Hub",
    "meltano add --plugin-type extractor tap-bigquery --variant meltanolabs": "asks Meltano Hub",
    "meltano run tap-postgres target-salesforce-bulk": "needs a database",
    "sf org login web --alias dev": "opens a browser",
}

#: The exit codes of commands that do not always end with 0; their page says so.
EXIT_CODES = {
    ("docs/getting-started.md", f"{NAME} check --config config.json --input customers.singer"): [1],
    ("docs/getting-started.md", LOAD): [1, 0],
    ("docs/failed-rows.md", f"{NAME} failed list --config config.json"): [1],
    ("docs/resume.md", f"{NAME} jobs abort --config config.json 7505g0000000001AAA"): [1],
}


def commands(block: Block) -> list[str]:
    """The commands of a block, without comments; a backslash joins lines."""
    lines = block.text.replace("\\\n", " ").splitlines()
    plain = [re.sub(r"\s+# .*", "", line).strip() for line in lines]
    return [line for line in plain if line and not line.startswith("#")]


ALL = [(page, each) for page in PAGES for block in blocks(page, "sh") for each in commands(block)]
WITH_COMMANDS = list(dict.fromkeys(page for page, _ in ALL))
EVERY_COMMAND = {command for _, command in ALL}


def is_run(command: str) -> bool:
    return command not in NOT_RUN and not command.startswith("make ")


@pytest.fixture
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    """Someone who reads a page from its top, and has read the one on getting started."""
    with org() as credentials, ExitStack() as stack:
        reader = Reader(tmp_path / "project", credentials, MELTANO)
        stack.callback(reader.leave)
        prepare(request.getfixturevalue("page"), reader)
        yield reader


def prepare(page: Path, reader: Reader) -> None:
    """What a page takes for granted."""
    if page.name in {"README.md", "emulator.md", "getting-started.md"}:
        reader.use_environment()
    if page.name in {"README.md", "package.md"}:
        reader.add_tap("tap-anything", people("users"))
    if page.name == "README.md":
        reader.add_project(reader.add_tap("tap-snowflake", warehouse()))
    used = {
        "browser-login.md",
        "failed-rows.md",
        "mapping-suggestions.md",
        "recipes.md",
        "report.md",
        "resume.md",
    }
    if page.name in used:
        reader.add_tap("tap-anything", people("customers"))
        for block in blocks(START, "json"):
            reader.write(block)
    if page.name in {"failed-rows.md", "resume.md", "report.md"}:
        assert reader.run(LOAD).code == 1


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=name_of)
def test_the_commands_of_a_page(page: Path, reader: Reader) -> None:
    """In their order, in one folder: each ends as it should, and prints what the page shows."""
    if any(command.startswith("meltano ") for each, command in ALL if each == page):
        needs_meltano()
    expected = {command: list(EXIT_CODES.get(key, ())) for key, command in keys(page)}
    printed: list[str] = []
    wrong = []
    for block in blocks(page):
        if block.file and block.language in {"json", "yaml"}:
            reader.write(block)
        for command in filter(is_run, commands(block) if block.language == "sh" else ()):
            done = reader.run(command)
            printed.append(done.output)
            if done.code != (expected[command].pop(0) if expected[command] else 0):
                wrong.append(f"{block.place}: exit code {done.code} after {done.output[-3000:]}")
        if block.language == "text" and not any(shows(each, block.text) for each in printed):
            wrong.append(f"{block.place}: no command has printed this")

    assert not wrong, "\n".join(wrong)


def keys(page: Path) -> list[tuple[tuple[str, str], str]]:
    return [((name_of(each), command), command) for each, command in ALL if each == page]


def needs_meltano() -> None:
    if not (MELTANO / "meltano").exists():
        pytest.skip("make test installs Meltano; a test run by hand may do without")


def test_what_is_not_run_is_on_a_page() -> None:
    """An exception outlives no command."""
    known = {(name_of(page), command) for page, command in ALL}

    assert {*NOT_RUN} - EVERY_COMMAND == set()
    assert {*EXIT_CODES} - known == set()


def test_make_has_the_targets_that_are_named() -> None:
    """They are too long to run here; the workflow runs some, and people the others."""
    targets = set(re.findall(r"^([a-z]\w*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {each.split()[1] for each in EVERY_COMMAND if each.startswith("make ")}

    assert named
    assert named - targets == set()


def named() -> set[str]:
    """What the pages name of the program within a line; `list|show` are two commands."""
    found = {each for page in PAGES for each in re.findall(rf"`{NAME} ([^`]+)`", prose(page))}
    parts = [each.partition(" ") for each in found]
    return {f"{first} {each}".strip() for first, _, rest in parts for each in rest.split("|")}


@pytest.mark.parametrize("arguments", sorted(named()))
def test_the_options_that_text_names(arguments: str) -> None:
    """A command within a line is one of the program, and has these options."""
    words = arguments.split()
    depth = 2 if words[0] in {"failed", "jobs", "map"} else 1
    path = [] if words[0].startswith("--") else words[:depth]
    done = subprocess.run(
        [sys.executable, "-m", "target_salesforce_bulk", *path, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    options = {each.partition("=")[0] for each in words if each.startswith("--")}

    assert options - set(re.findall(r"--[\w-]+", done.stdout)) == set()


def test_the_entry_point_of_the_container(tmp_path: Path) -> None:
    """With settings from the environment alone, and the state directory that the image names."""
    page = ROOT / "docs" / "recipes.md"
    (image,) = blocks(page, "dockerfile")
    (services,) = [each for each in blocks(page, "yaml") if each.file == "compose.yaml"]
    entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", image.text, re.MULTILINE)[0])
    ((name, folder),) = re.findall(r"^ENV (\w+)=/state/(\w+)$", image.text, re.MULTILINE)
    given = yaml.safe_load(services.text)["services"]["load"]["environment"]
    with org() as credentials:
        login = {
            f"TARGET_SALESFORCE_BULK_{name.upper()}": credentials[key]
            for name, key in {"login_url": "url", "client_id": "client_id"}.items()
        } | {"TARGET_SALESFORCE_BULK_CLIENT_SECRET": credentials["client_secret"]}
        done = subprocess.run(
            [sys.executable, "-m", "target_salesforce_bulk", *entry[1:]],
            input="".join(f"{json.dumps(each)}\n" for each in people("customers")),
            cwd=tmp_path,
            env={**os.environ, **given, **login, name: str(tmp_path / folder)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert (entry[0], done.returncode) == (NAME, 0), done.stderr
    assert [each.name for each in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python(page: Path) -> None:
    """What a page shows of Python runs."""
    for block in blocks(page, "python"):
        subprocess.run([sys.executable, "-c", block.text], check=True, capture_output=True)
