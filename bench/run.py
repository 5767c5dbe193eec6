"""`make bench`: measure the target, and compare it with other tools on the same work.

Writes `bench/results.md`. Times depend on the machine and its load, so each is the best of several
alternating rounds, and the ratios are what counts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from contacts import SCHEMA, json_records, messages, records
from harness import TARGET, Table, org

HERE = Path(__file__).parent


def timed(command: list[Any], source: Path | None = None, **options: Any) -> dict[str, Any]:
    """Run a command; returns seconds, CPU seconds and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with (source or Path(os.devnull)).open("rb") as stdin:
        done = subprocess.run(
            command, stdin=stdin, capture_output=True, text=True, check=False, **options
        )
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{command}\n{done.stderr[-3000:]}")
    return {
        "seconds": seconds,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "stdout": done.stdout,
        "stderr": done.stderr,
    }


def write_inputs(folder: Path, sizes: set[int]) -> dict[int, Path]:
    """Write messages; returns the file for each number of records."""
    paths = {}
    for number in sorted(sizes):
        paths[number] = folder / f"{number}.singer"
        with paths[number].open("w", encoding="utf-8") as file:
            file.writelines(messages(number))
    return paths


def record_path(folder: Path, inputs: dict[int, Path], many: int, few: int, rounds: int) -> Table:
    """From stdin to a sealed CSV."""
    table = Table(
        "RECORD messages to a sealed CSV", "way", "records", "rows/s", "time to the floor's"
    )
    best: dict[str, dict[str, Any]] = {}
    with org(folder) as running:
        for number in range(rounds):
            ways = ["floor", "ours"] if number else ["floor", "ours", "sdk"]
            for way in ways:
                config = running.config(folder)
                rows = few if way == "sdk" else many
                command = [sys.executable, HERE / "paths.py", way, folder, config]
                found = json.loads(timed(command, inputs[rows])["stdout"].splitlines()[-1])
                assert found["rows"] == rows, found
                if way not in best or found["seconds"] < best[way]["seconds"]:
                    best[way] = found
                for path in folder.glob("*.csv"):
                    path.unlink()
    jsonl = target_jsonl(folder, inputs[few], few)
    each = {way: found["seconds"] / found["rows"] for way, found in best.items()}
    names = {
        "floor": "raw floor, nothing checked",
        "ours": "this target",
        "sdk": "the SDK's default path",
    }
    for way in ("floor", "ours", "sdk"):
        found = best[way]
        table.row(
            names[way],
            f"{found['rows']:,}",
            f"{1 / each[way]:,.0f}",
            f"{each[way] / each['floor']:.2f}",
        )
    if jsonl:
        table.row(
            "target-jsonl (its own format)",
            f"{few:,}",
            f"{few / jsonl:,.0f}",
            f"{jsonl / few / each['floor']:.2f}",
        )
    table.note(
        f"This target is {each['sdk'] / each['ours']:.1f} times as fast as the SDK's default path; "
        f"its process took {best['ours']['megabytes']:.0f} MB."
    )
    return table


def target_jsonl(folder: Path, source: Path, number: int) -> float:
    """Seconds of target-jsonl, startup included; 0 if it is not installed."""
    program = HERE.parent / ".bench" / "bin" / "target-jsonl"
    if not program.exists():
        return 0.0
    config = folder / "jsonl.json"
    config.write_text(json.dumps({"destination_path": str(folder)}))
    return float(timed([program, "--config", config], source)["seconds"])


def batch_files(folder: Path, number: int, rounds: int) -> Table:
    """BATCH messages compared with RECORD messages, in rows per second."""
    files = {kind: folder / f"batch.{kind}" for kind in ("jsonl.gz", "parquet", "arrow")}
    with gzip.open(files["jsonl.gz"], "wt", compresslevel=1, encoding="utf-8") as file:
        file.writelines(f"{each}\n" for each in json_records(number))
    data = pa.Table.from_pylist(list(records(number)))
    pq.write_table(data, files["parquet"])
    with pa.ipc.new_file(files["arrow"], data.schema) as writer:
        writer.write_table(data, max_chunksize=10_000)
    del data
    inputs = write_inputs(folder, {number})
    for kind, path in files.items():
        parts = kind.split(".")
        batch = {
            "type": "BATCH",
            "stream": "Contact",
            "encoding": {"format": parts[0], "compression": "gzip" if parts[1:] else "none"},
            "manifest": [path.as_uri()],
        }
        source = folder / f"{kind}.singer"
        source.write_text("".join(json.dumps(each) + "\n" for each in (SCHEMA, batch)))
    best: dict[str, float] = {}
    with org(folder) as running:
        for _ in range(rounds):
            for kind in ("RECORD", *files):
                source = inputs[number] if kind == "RECORD" else folder / f"{kind}.singer"
                config = running.config(folder)
                command = [sys.executable, HERE / "paths.py", "ours", folder, config]
                found = json.loads(timed(command, source)["stdout"].splitlines()[-1])
                assert found["rows"] == number, found
                best[kind] = min(best.get(kind, 1e9), found["seconds"])
    table = Table(
        "BATCH messages to a sealed CSV", "format", "records", "rows/s", "speed to RECORD's"
    )
    for kind, seconds in best.items():
        table.row(
            kind, f"{number:,}", f"{number / seconds:,.0f}", f"{best['RECORD'] / seconds:.2f}"
        )
    return table


def end_to_end(folder: Path, source: Path, number: int) -> Table:
    """A load into the emulator, with the cost of each process."""
    table = Table(
        "Into the emulator, end to end",
        "program",
        "records",
        "seconds",
        "CPU seconds",
        "MB",
        "API calls",
    )
    with org(folder) as running:
        config = running.config(folder)
        before = running.cpu()
        command = ["/usr/bin/env", "python3", "-c", _MEASURE, *TARGET, "--config", config]
        found = timed(command, source)
        peak = json.loads(found["stdout"].splitlines()[-1])
        theirs = running.cpu() - before
        calls = len(running.get("/_emulator/requests"))
        loaded = running.get("/_emulator/counts")["Contact"]
        assert loaded == number, loaded
        table.row(
            "this target",
            f"{number:,}",
            f"{found['seconds']:.1f}",
            f"{peak['cpu']:.1f}",
            f"{peak['megabytes']:.0f}",
            f"{calls}",
        )
        table.row("the emulator", "", "", f"{theirs:.1f}", f"{running.megabytes():.0f}", "")
        table.note(f"This target took {peak['cpu'] / theirs:.2f} of the emulator's CPU time.")
    return table


#: Runs a command and prints its cost; discards its output.
_MEASURE = """
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}))
sys.exit(done.returncode)
"""


def against_simple(folder: Path, source: Path, number: int, rounds: int) -> Table:
    """A comparison with simple-salesforce's bulk2: same records, same emulator."""
    table = Table(
        f"{number:,} records against simple-salesforce bulk2",
        "program",
        "seconds",
        "CPU seconds",
        "MB",
        "API calls",
    )
    best: dict[str, Any] = {}
    for _ in range(rounds):
        for name in ("this target", "simple-salesforce"):
            with org(folder) as running:
                if name == "this target":
                    command = [*TARGET, "--config", running.config(folder)]
                else:
                    access = running.access
                    command = [
                        sys.executable,
                        HERE / "simple.py",
                        access["url"],
                        access["access_token"],
                    ]
                found = timed(["/usr/bin/env", "python3", "-c", _MEASURE, *command], source)
                found |= json.loads(found["stdout"].splitlines()[-1])
                found["calls"] = len(running.get("/_emulator/requests"))
                assert running.get("/_emulator/counts")["Contact"] == number
            if name not in best or found["seconds"] < best[name]["seconds"]:
                best[name] = found
    for name, found in best.items():
        table.row(
            name,
            f"{found['seconds']:.1f}",
            f"{found['cpu']:.1f}",
            f"{found['megabytes']:.0f}",
            f"{found['calls']}",
        )
    return table


def generation(folder: Path, source: Path, number: int, rounds: int) -> Table:
    """From the first message to a CSV."""
    table = Table(f"CSV of {number:,} records", "measured", "seconds")
    found = []
    with org(folder) as running:
        for _ in range(rounds):
            command = [sys.executable, HERE / "paths.py", "ours", folder, running.config(folder)]
            found.append(json.loads(timed(command, source)["stdout"].splitlines()[-1]))
    table.row(
        "from the first message to the sealed CSV, with login and describe",
        f"{min(each['reading'] for each in found):.2f}",
    )
    table.row("with the start of the program", f"{min(each['seconds'] for each in found):.2f}")
    return table


def start_up(folder: Path, rounds: int) -> Table:
    """What the program costs before it does anything."""
    table = Table("Start-up", "command", "CPU seconds")
    with org(folder) as running:
        config = str(running.config(folder))
        for name, arguments in (
            ("--version", ["--version"]),
            ("--help", ["--help"]),
            ("a run with an empty input", ["--config", config]),
        ):
            found = min(timed([*TARGET, *arguments])["cpu"] for _ in range(rounds))
            table.row(name, f"{found:.2f}")
    return table


def pipelining(folder: Path, number: int) -> Table:
    """A slow tap, a slow Salesforce, and both at once."""
    table = Table(
        "Pipelining",
        "tap sends in",
        "Salesforce takes",
        "the run took",
        "beyond 1.15 times the longer",
    )
    for tap, salesforce in ((20, 1), (1, 20), (20, 20), (20, 10)):
        jobs = 10
        with org(folder, seconds_per_job=salesforce / jobs) as running:
            config = running.config(
                folder,
                batch_size_rows=number // jobs,
                poll_interval_seconds=0.1,
                poll_max_interval_seconds=1,
            )
            generate = subprocess.Popen(
                [sys.executable, HERE / "contacts.py", str(number), str(tap)],
                stdout=subprocess.PIPE,
            )
            started = time.perf_counter()
            subprocess.run(
                [*TARGET, "--config", config],
                stdin=generate.stdout,
                capture_output=True,
                check=True,
            )
            seconds = time.perf_counter() - started
            generate.wait()
            assert running.get("/_emulator/counts")["Contact"] == number
        table.row(
            f"{tap} s",
            f"{salesforce} s",
            f"{seconds:.1f} s",
            f"{seconds - 1.15 * max(tap, salesforce):.1f} s",
        )
    return table


def memory(folder: Path, number: int) -> Table:
    """Memory during a very large load, sampled every second."""
    table = Table(
        "Memory", "records", "seconds", "after a tenth, MB", "half, MB", "the end, MB", "peak, MB"
    )
    with org(folder) as running:
        generate = subprocess.Popen(
            [sys.executable, HERE / "contacts.py", str(number)], stdout=subprocess.PIPE
        )
        command = [sys.executable, HERE / "paths.py", "ours", folder, running.config(folder)]
        started = time.perf_counter()
        ours = subprocess.Popen(
            command,
            stdin=generate.stdout,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        sizes = []
        status = Path(f"/proc/{ours.pid}/status")
        while ours.poll() is None:
            line = next((x for x in status.read_text().splitlines() if x.startswith("VmRSS")), "")
            if line:
                sizes.append(int(line.split()[1]) / 1024)
            time.sleep(0.5)
        assert ours.stdout is not None
        found = json.loads(ours.stdout.read().splitlines()[-1])
        assert found["rows"] == number
        at = [sizes[len(sizes) // 10], sizes[len(sizes) // 2], sizes[-1]]
        table.row(
            f"{number:,}",
            f"{time.perf_counter() - started:.0f}",
            *(f"{size:.0f}" for size in at),
            f"{found['megabytes']:.0f}",
        )
    return table


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="records of the large loads")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each measurement")
    parser.add_argument("--memory-rows", type=int, default=10_000_000)
    parser.add_argument("--only", help="run only this measurement, by the name of its function")
    options = parser.parse_args()
    rows, rounds, hundred = options.rows, options.rounds, min(options.rows, 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = write_inputs(folder, {rows, hundred})
        takes = {
            "record_path": lambda: record_path(folder, inputs, rows, hundred, rounds),
            "batch_files": lambda: batch_files(folder, rows, rounds),
            "generation": lambda: generation(folder, inputs[hundred], hundred, rounds),
            "start_up": lambda: start_up(folder, rounds),
            "end_to_end": lambda: end_to_end(folder, inputs[rows], rows),
            "against_simple": lambda: against_simple(folder, inputs[hundred], hundred, rounds),
            "pipelining": lambda: pipelining(folder, 200_000),
            "memory": lambda: memory(folder, options.memory_rows),
        }
        tables = [take() for name, take in takes.items() if options.only in {None, name}]
    if options.only is None:
        write_results(tables)


def write_results(tables: list[Table]) -> None:
    """Write the tables to `results.md`, before those of `growth.py`."""
    path = HERE / "results.md"
    _, title, growth = path.read_text().partition("\n## Growth\n")
    head = [
        "# Benchmark results",
        "",
        f"Measured by `make bench` on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. Each time is the best of several alternating rounds. "
        "Times differ between machines; the ratios are similar.",
    ]
    lines = [*head, *(line for table in tables for line in ("", *table.lines))]
    path.write_text("\n".join(lines) + "\n" + title + growth)
    print(f"\nWritten to {path}")


if __name__ == "__main__":
    main()
