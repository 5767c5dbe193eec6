"""`make simulate`: many histories; or one of them again, by its seed.

python tests/simulation/run.py --histories 100000
python tests/simulation/run.py --seed 4711 --trace
python tests/simulation/run.py --seed 4711 --shrink
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import SimpleQueue
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from simulation.draw import draw
from simulation.play import folder, kind_of, play, play_seed
from simulation.shrink import shrink
from simulation.system import simulated
from simulation.trace import Trace, describe

#: Failing seeds that are named for each kind of problem.
_EXAMPLES = 5
_CHUNK = 50


def play_chunk(seeds: range) -> list[tuple[int, list[str]]]:
    """Play the histories of some seeds; those that failed."""
    with simulated():
        played = [play_seed(seed) for seed in seeds]
    shutil.rmtree(folder(), ignore_errors=True)
    return [(seed, problems) for seed, problems in played if problems]


def _players() -> ProcessPoolExecutor:
    """One process for each core, pinned to it.

    Only one thread of a process runs at a time; to wake the next one on another core takes longer.
    """
    if not hasattr(os, "sched_setaffinity"):
        return ProcessPoolExecutor(os.cpu_count())
    cores: SimpleQueue[int] = SimpleQueue()
    for core in (available := os.sched_getaffinity(0)):
        cores.put(core)
    return ProcessPoolExecutor(len(available), initializer=_stay, initargs=(cores,))


def _stay(cores: SimpleQueue[int]) -> None:
    os.sched_setaffinity(0, {cores.get()})


def play_many(first: int, number: int) -> int:
    """Play histories on all cores; how many failed."""
    started, done = time.monotonic(), 0
    failed: dict[str, list[tuple[int, str]]] = {}
    kinds: Counter[str] = Counter()
    chunks = [
        range(start, min(start + _CHUNK, first + number))
        for start in range(first, first + number, _CHUNK)
    ]
    with _players() as pool:
        for seeds, problems in zip(chunks, pool.map(play_chunk, chunks), strict=True):
            done += len(seeds)
            for seed, found in problems:
                kinds[kind_of(found)] += 1
                failed.setdefault(kind_of(found), []).append((seed, found[0]))
            seconds = time.monotonic() - started
            line = f"{done:,}/{number:,} histories, {kinds.total():,} wrong, {seconds:,.0f} s"
            print(f"\r{line}", end="", flush=True)
    print()
    for kind, times in kinds.most_common():
        print(f"{times:,} x {kind}")
        for seed, problem in failed[kind][:_EXAMPLES]:
            print(f"    --seed {seed}: {problem[:120]}")
    return kinds.total()


def play_one(seed: int, *, trace: bool, smallest: bool) -> int:
    """Play one history again."""
    with simulated():
        plan = draw(seed)
        problems = play(plan)
        if smallest and problems:
            kind = kind_of(problems)
            plan = shrink(plan, lambda each: kind_of(play(each)) == kind)
        told = Trace(sys.__stdout__, everything=False) if trace or smallest else None  # type: ignore[arg-type]
        print(describe(plan))
        problems = play(plan, told)
    print("\n".join(problems) or "All is right.")
    return len(problems)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="play the history of this seed alone")
    parser.add_argument("--trace", action="store_true", help="tell what happens in it")
    parser.add_argument("--shrink", action="store_true", help="make it small first, then tell")
    given = parser.parse_args()
    if given.seed is None:
        return play_many(given.first, given.histories)
    return play_one(given.seed, trace=given.trace, smallest=given.shrink)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
