"""`target-salesforce-bulk map unit`: test a mapping without an org."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.options import config_option, read_settings, target_class
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.plain_text import counted
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_salesforce_bulk.preview.mapping_tests import MappingTest
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_YAML = (".yml", ".yaml")


@click.command()
@config_option
@click.option(
    "--plugin",
    default="target-salesforce-bulk",
    show_default=True,
    help="Loader of meltano.yml whose settings are tested.",
)
@click.option(
    "--describes",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of describe documents, for tests that name none.",
)
@click.argument("files", nargs=-1, type=_FILE)
def unit(config: Any, plugin: str, describes: Path | None, files: Sequence[Path]) -> None:
    """Run the tests of a mapping in FILES, or in mapping_tests.yml; no org is asked.

    --config also takes a meltano.yml. Exits with 1 if a test fails.
    """
    from target_salesforce_bulk.preview.mapping_tests import read_tests

    settings = _settings(config, plugin)
    failed = total = 0
    for path in files or (Path("mapping_tests.yml"),):
        for test in read_tests(path):
            folder = describes if test.describes is None else path.parent / test.describes
            problems = _problems(test, settings, folder)
            print_lines(*_lines(test, problems))
            failed += bool(problems)
            total += 1
    print_lines(f"{counted(total, 'test')}, {failed:,} failed.")
    sys.exit(1 if failed else 0)


def _settings(config: Any, plugin: str) -> Settings:
    sources = [each for each in config or () if each.lower().endswith(_YAML)]
    if not sources:
        return read_settings(config)
    if len(config) > 1:
        raise SettingsError("--config names a meltano.yml beside another source. Give only one.")
    from target_salesforce_bulk.mapping.mapping_file import MappingFile
    from target_salesforce_bulk.settings import StreamSettings

    file = MappingFile.read(Path(sources[0]), plugin)
    names = StreamSettings.__dataclass_fields__
    general = {name: each for name, each in file.config.items() if name in names}
    config = {**general, "streams": {**file.streams}}
    return target_class()(config=config).settings


def _problems(test: MappingTest, settings: Settings, folder: Path | None) -> list[str]:
    if not settings.streams or not settings.is_listed(test.stream):
        return [f"no entry of streams is for {test.stream}"]
    return test.problems(settings.for_stream(test.stream), _objects(folder))


def _objects(folder: Path | None) -> Objects | None:
    if folder is None:
        return None
    from target_salesforce_bulk.mapping.suggest.inputs import read_describes
    from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects

    return Objects(KnownObjects(read_describes(folder)))


def _lines(test: MappingTest, problems: Sequence[str]) -> list[str]:
    result = "FAIL" if problems else "ok"
    return [f"{result:4}  {test.place}  {test.name}", *(f"        {each}" for each in problems)]
