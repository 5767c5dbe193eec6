"""`target-salesforce-bulk map edit`: a page in the browser on which to make a mapping."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.mapping_sources import SourceOptions, read_sources, source_options
from target_salesforce_bulk.cli.options import read_settings
from target_salesforce_bulk.errors import SettingsError
from target_salesforce_bulk.plain_text import plain_text
from target_salesforce_bulk.printing import print_lines

if TYPE_CHECKING:
    from target_salesforce_bulk.editor.editor import Editor

_PROJECT, _CONFIG = Path("meltano.yml"), Path("config.json")


@click.command("edit")
@source_options
@click.option(
    "--write",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="meltano.yml or config.json to write to. Default: the meltano.yml of this folder, or else "
    "its config.json.",
)
@click.option(
    "--plugin",
    default="target-salesforce-bulk",
    show_default=True,
    help="Loader of meltano.yml whose settings are written.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port on 127.0.0.1. Default: any free one.",
)
@click.option("--no-open", is_flag=True, help="Only print the address; open it yourself.")
def edit(
    path: Path | None,
    plugin: str,
    port: int,
    *,
    no_open: bool,
    **given: Any,
) -> None:
    """Map the columns of a tap in the browser, and send nothing.

    Suggestions are filled in, problems and the first rows are shown as you go, and what you accept
    is written to --write when you save. Ends when the page is closed.
    """
    options = SourceOptions(**given)
    path = path or (_PROJECT if _PROJECT.exists() else _CONFIG)
    try:
        from target_salesforce_bulk.editor.server import serve
    except ImportError:
        raise SettingsError(
            "To open the page, the extra map is needed: pip install 'target-salesforce-bulk[map]'."
        ) from None
    editor = _editor(options, path, plugin)
    serve(editor, port=port, opens_browser=not no_open)


def _editor(options: SourceOptions, path: Path, plugin: str) -> Editor:
    from target_salesforce_bulk.editor.editor import Editor, Org
    from target_salesforce_bulk.editor.stream import SampledStream
    from target_salesforce_bulk.mapping.mapping_file import MappingFile

    file = MappingFile.read(path, plugin)
    written = [str(each["object"]) for each in file.streams.values() if each.get("object")]
    sources = read_sources(options, written)
    if sources.remarks:
        print_lines(*sources.remarks, err=True)
    streams = [
        SampledStream(
            name=each["stream"],
            properties=each["schema"].get("properties", {}),
            key_properties=tuple(each.get("key_properties") or ()),
            records=tuple(sources.records.get(each["stream"], ())),
        )
        for each in sources.schemas
    ]
    org = Org(
        place=_place(options),
        sobjects=sources.sobjects,
        objects=sources.objects,
        words=sources.words,
    )
    return Editor(streams, org, lambda: MappingFile.read(path, plugin), options.fixed)


def _place(options: SourceOptions) -> str:
    """Where the objects come from: a folder, or the host that the settings log in at."""
    if options.describes is not None:
        return plain_text(options.describes)
    settings = read_settings(options.config)
    url = settings.instance_url if settings.access_token else settings.login_url
    return plain_text((url or settings.login_url).partition("//")[2].rstrip("/"))
