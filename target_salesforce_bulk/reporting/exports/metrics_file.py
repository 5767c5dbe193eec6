"""The metrics of the last run as a file for Prometheus, read by node_exporter's textfile collector.

Counters go on from the file that is there, so that they grow from run to run as Prometheus expects.
https://prometheus.io/docs/instrumenting/exposition_formats/
https://github.com/prometheus/node_exporter#textfile-collector
"""

from __future__ import annotations

import math
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from target_salesforce_bulk.reporting.exports.families import FAMILIES, samples
from target_salesforce_bulk.reporting.exports.receivers import OneWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric
    from prometheus_client.samples import Sample

    from target_salesforce_bulk.loading.events import Event
    from target_salesforce_bulk.reporting.exports.families import Samples
    from target_salesforce_bulk.reporting.exports.totals import RunEnd

#: A larger file is none of ours.
_MOST_BYTES = 16_000_000
#: Different values of a label; the others are counted as one.
_MOST_VALUES = 100
_OTHER = "other"
#: Everyone may read it, as the collector runs as another user; it has no values of rows.
_MODE = 0o644


class MetricsFile:
    """See `Export`.

    Args:
        path: The file.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.warning = OneWarning("metrics_file")
        self._path = path
        if problem := problem_of(path):
            raise OSError(problem)

    def opened(self, run_id: str, org_url: str) -> None:
        """See `Export.opened`."""

    def observe(self, event: Event) -> None:
        """See `Export.observe`."""

    def input_ended(self, records: int) -> None:
        """See `Export.input_ended`."""

    def ended(self, end: RunEnd) -> None:
        """Write the file.

        Raises:
            OSError: it cannot be written.
        """
        write(self._path, bounded(with_earlier(samples(end), read(self._path))))


def problem_of(path: Path) -> str:
    """Why a file cannot be written at a path; empty if it can."""
    if path.is_dir():
        return f"{path} is a folder; metrics_file must be a file in one"
    if not path.parent.is_dir():
        return f"the folder {path.parent} does not exist; make it, or correct metrics_file"
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"files in {path.parent} cannot be replaced by this user; make it writable"
    return ""


def read(path: Path) -> Samples:
    """What an earlier run wrote; nothing if that cannot be read."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
        found = [sample for family in families for sample in family.samples]
    except Exception:  # noqa: BLE001 - the parser raises whatever comes
        return {}
    return dict(entry for entry in map(_entry, found) if entry is not None)


def _entry(sample: Sample) -> tuple[tuple[str, tuple[tuple[str, str], ...]], float] | None:
    """A sample as it was counted; None if it is none of ours."""
    family = FAMILIES.get(sample.name)
    if family is None or {*family.labels} != {*sample.labels} or not math.isfinite(sample.value):
        return None
    return (sample.name, tuple((each, sample.labels[each]) for each in family.labels)), sample.value


def with_earlier(new: Samples, earlier: Samples) -> Samples:
    """The samples of a run, its counters added to those of earlier runs.

    A gauge that the run does not know keeps its value, such as the time of the last success.
    """
    merged = dict(new)
    for key, value in earlier.items():
        if FAMILIES[key[0]].is_counter:
            merged[key] = merged.get(key, 0.0) + value
        else:
            merged.setdefault(key, value)
    return merged


def bounded(found: Samples) -> Samples:
    """The samples with at most `_MOST_VALUES` values of a label in each family."""
    kept: dict[tuple[str, str], set[str]] = {}
    merged: Samples = {}
    for (name, labels), value in found.items():
        bound = tuple((label, _bound(kept, name, label, text)) for label, text in labels)
        merged[name, bound] = merged.get((name, bound), 0.0) + value
    return merged


def _bound(kept: dict[tuple[str, str], set[str]], name: str, label: str, text: str) -> str:
    values = kept.setdefault((name, label), set())
    if len(values) < _MOST_VALUES:
        values.add(text)
    return text if text in values else _OTHER


def write(path: Path, found: Samples) -> None:
    """Replace the file in one step.

    The draft's name does not end in `.prom`, so the collector does not read it.
    """
    content = rendered(found)
    descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(draft).unlink()
        raise


def rendered(found: Samples) -> bytes:
    """The samples in the text format."""
    return generate_latest(_Collector(found))


class _Collector(Collector):
    """The samples as the library wants them."""

    def __init__(self, found: Samples) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Each family that has samples."""
        for name, family in FAMILIES.items():
            make = CounterMetricFamily if family.is_counter else GaugeMetricFamily
            metric = make(name, family.help, labels=family.labels)
            for (own, labels), value in self._found.items():
                if own == name:
                    metric.add_metric([text for _, text in labels], value)
            if metric.samples:
                yield metric
