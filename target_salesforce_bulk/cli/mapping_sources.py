"""What mappings are made from: the tables of a tap, samples of them, and the objects of an org."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from target_salesforce_bulk.cli.options import config_option, read_target
from target_salesforce_bulk.errors import InputError, SettingsError
from target_salesforce_bulk.plain_text import counted, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_salesforce_bulk.mapping.suggest.table import Table
    from target_salesforce_bulk.mapping.suggest.vocabulary import Vocabulary
    from target_salesforce_bulk.salesforce.objects import Objects
    from target_salesforce_bulk.salesforce.sobject import SObject

Record = dict[str, Any]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class SourceOptions:
    """What the options of `source_options` were given."""

    catalog: Path | None = None
    file_input: str | None = None
    tap: str | None = None
    sample: int | None = None
    tap_seconds: float = 300
    samples: Path | None = None
    describes: Path | None = None
    vocabulary: Path | None = None
    objects: tuple[str, ...] = ()
    config: Any = None

    def __post_init__(self) -> None:
        given = [self.catalog, self.file_input, self.tap]
        if sum(each is not None for each in given) != 1:
            raise click.UsageError("Give exactly one of --catalog, --input and --tap.")
        if self.sample is not None and self.catalog is not None:
            raise click.UsageError("--sample is for --input and --tap; a catalog has no records.")
        if self.samples is not None and self.catalog is None:
            raise click.UsageError("--samples is for --catalog; --input and --tap have records.")

    @cached_property
    def fixed(self) -> dict[str, str]:
        """The objects that are decided, by stream."""
        return dict(map(_pair, self.objects))


def _pair(text: str) -> tuple[str, str]:
    stream, equals, sobject = text.rpartition("=")
    if not (stream and equals and sobject):
        raise click.BadParameter(f"{text} is not STREAM=OBJECT.", param_hint="--object")
    return stream, sobject


def source_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `SourceOptions` holds."""
    for option in reversed(
        (
            config_option,
            click.option("--catalog", type=_FILE, help="Singer catalog of the tap."),
            click.option(
                "--input",
                "file_input",
                metavar="FILE",
                help="File of Singer messages, or - for stdin.",
            ),
            click.option("--tap", metavar="COMMAND", help="Command line of a tap to discover."),
            click.option(
                "--sample",
                type=click.IntRange(0, 100_000),
                help="Records to read of each stream: with --input 200 by default, with --tap "
                "none, as this runs the tap.",
            ),
            click.option(
                "--tap-seconds",
                type=click.FloatRange(1, 86_400),
                default=300,
                show_default=True,
                help="How long the tap may take.",
            ),
            click.option(
                "--samples",
                type=_FILE,
                help='Values of columns: {"<stream>": {"<column>": [<value>, ...]}}.',
            ),
            click.option(
                "--describes",
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                help="Folder of describe documents, one JSON file for each object. Default: ask "
                "the org.",
            ),
            click.option(
                "--vocabulary",
                type=_FILE,
                help="Words of your own, in the form of the package's vocabulary.toml.",
            ),
            click.option(
                "--object",
                "objects",
                multiple=True,
                metavar="STREAM=OBJECT",
                help="Object of a stream. May be given several times.",
            ),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class MappingSources:
    """What mappings are made from.

    Attributes:
        schemas: The SCHEMA message of each stream.
        records: The sample records of each stream; numbers with a fraction may be `Decimal`.
        sobjects: The objects that streams may go to, by name.
        objects: Describes these, and others on demand.
        remarks: What should be known about them, in sentences.
        unknown_object: Why an object may not be there, to end a sentence.
        words: What names of columns mean; None for the package's vocabulary alone.
    """

    schemas: tuple[Mapping[str, Any], ...]
    records: Mapping[str, Sequence[Record]]
    sobjects: Mapping[str, SObject]
    objects: Objects
    remarks: tuple[str, ...] = ()
    unknown_object: str = "which is not known."
    words: Vocabulary | None = None

    def describe(self, name: str) -> SObject:
        """An object, also one that is not among `sobjects`.

        Raises:
            NotFoundError: there is no such object.
        """
        return self.objects.sobject(name)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The streams as suggestions are made for them."""
        from target_salesforce_bulk.mapping.suggest.table import Table

        return tuple(
            Table.from_schema(each, _columns(self.records.get(each["stream"], ())))
            for each in self.schemas
        )


@dataclass(frozen=True, kw_only=True)
class _Streams:
    schemas: tuple[Mapping[str, Any], ...]
    records: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_sources(options: SourceOptions, named: Iterable[str] = ()) -> MappingSources:
    """Read the streams and the objects.

    Args:
        options: Where to read them.
        named: Objects that are wanted in any case, beside those that the options name.

    Raises:
        InputError: an input cannot be read.
        SettingsError: the org is asked, and its settings are incomplete.
        SalesforceError: the org is asked, and cannot be used.
    """
    words = _read_vocabulary(options.vocabulary)
    wanted = [*options.fixed.values(), *named]
    streams = _read_streams(options)
    if options.describes is not None:
        sources = _with_documents(streams, options.describes)
    else:
        sources = _with_org(streams, options.config, wanted)
    _check_fixed(options.fixed, sources)
    return replace(sources, words=words)


def _check_fixed(fixed: Mapping[str, str], sources: MappingSources) -> None:
    streams = [each["stream"] for each in sources.schemas]
    known = {each.lower() for each in sources.sobjects}
    for stream, sobject in fixed.items():
        if stream not in streams:
            raise SettingsError(f"--object names the stream {stream}, which the tap lacks.")
        if sobject.lower() not in known:
            raise SettingsError(f"--object names {sobject}, {sources.unknown_object}")


def _read_vocabulary(path: Path | None) -> Vocabulary | None:
    if path is None:
        return None
    from target_salesforce_bulk.mapping.suggest.own_vocabulary import read_own_vocabulary

    return read_own_vocabulary(path)


def _with_documents(streams: _Streams, folder: Path) -> MappingSources:
    from target_salesforce_bulk.mapping.suggest.inputs import read_describes
    from target_salesforce_bulk.salesforce.objects import KnownObjects, Objects

    sobjects = read_describes(folder)
    return MappingSources(
        schemas=streams.schemas,
        records=streams.records,
        sobjects={each.name: each for each in sobjects},
        objects=Objects(KnownObjects(sobjects)),
        remarks=streams.remarks,
        unknown_object="of which --describes has no document.",
    )


def _with_org(streams: _Streams, config: Any, named: Iterable[str]) -> MappingSources:
    from target_salesforce_bulk.mapping.object_choice import MOST_OBJECTS, choose_objects
    from target_salesforce_bulk.salesforce.object_list import list_objects
    from target_salesforce_bulk.salesforce.objects import Objects

    client = read_target(config).client
    objects = Objects(client)
    listed = list_objects(client)
    chosen = choose_objects(listed, [each["stream"] for each in streams.schemas], named)
    found = [objects.sobject(each) for each in chosen]
    remark = (
        f"Described {counted(len(found), 'object')} of the org's {len(listed):,} (at most "
        f"{MOST_OBJECTS}). For another one, give --object."
    )
    return MappingSources(
        schemas=streams.schemas,
        records=streams.records,
        sobjects={each.name: each for each in found},
        objects=objects,
        remarks=(*streams.remarks, remark),
        unknown_object="which the org does not have, or this user may not see.",
    )


def _read_streams(options: SourceOptions) -> _Streams:
    from target_salesforce_bulk.mapping.suggest.inputs import read_samples
    from target_salesforce_bulk.preview.catalog import read_catalog

    if options.file_input is not None:
        return _of_input(options.file_input, 200 if options.sample is None else options.sample)
    if options.tap is not None:
        return _of_tap(options.tap, options.tap_seconds, options.sample or 0)
    if options.catalog is None:
        raise AssertionError("SourceOptions has checked this.")
    values = read_samples(options.samples)
    return _Streams(
        schemas=tuple(read_catalog(options.catalog)),
        records={stream: _records(columns) for stream, columns in values.items()},
    )


def _of_input(path: str, most: int) -> _Streams:
    from target_salesforce_bulk.preview.singer_samples import read_samples_of

    if path == "-":
        samples, remark = read_samples_of(sys.stdin.buffer, "stdin", most)
    else:
        try:
            with Path(path).open("rb") as source:
                samples, remark = read_samples_of(source, path, most)
        except OSError as error:
            raise InputError(f"{plain_text(path)} cannot be read: {error.strerror}.") from None
    return _Streams(
        schemas=tuple(samples.schemas.values()),
        records=samples.records,
        remarks=(remark,) if remark else (),
    )


def _of_tap(command: str, seconds: float, most: int) -> _Streams:
    from target_salesforce_bulk.preview.catalog import parse_catalog
    from target_salesforce_bulk.preview.singer_samples import SingerSamples
    from target_salesforce_bulk.preview.tap import Tap, read_discovered

    tap = Tap(command, seconds)
    discovered = tap.discover()
    catalog = read_discovered(discovered, tap.name)
    schemas = {each["stream"]: each for each in parse_catalog(discovered, f"{tap.name} --discover")}
    samples = tap.sample(catalog, most) if most else SingerSamples(0)
    return _Streams(
        schemas=tuple(samples.schemas.get(name, each) for name, each in schemas.items()),
        records=samples.records,
    )


def _columns(records: Sequence[Record]) -> dict[str, list[Any]]:
    """The values of each column."""
    found: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            found.setdefault(name, []).append(value)
    return found


def _records(columns: Mapping[str, Sequence[Any]]) -> list[Record]:
    """Records with these values, one after another; they need not belong together."""
    rows = zip_longest(*columns.values(), fillvalue=_ABSENT)
    return [
        {name: each for name, each in zip(columns, row, strict=True) if each is not _ABSENT}
        for row in rows
    ]
