"""A latency-bound suite on both sides: how many times the floor each runner takes.

python -m benchmarks.suite [--rounds N] [--only WORD …] [--tavern PYTHON]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.suite.contenders import REQUESTS, TESTS, Contender, contenders, write_suite
from benchmarks.suite.newman import write_collection

if TYPE_CHECKING:
    from collections.abc import Iterator

#: seconds to each side
NEAR, FAR = 0.001, 0.030


@contextmanager
def serving(*delays: float) -> Iterator[list[int]]:
    """The services, in a process of their own."""
    command = [sys.executable, str(Path(__file__).with_name("server.py")), *map(str, delays)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - our own interpreter
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


def seconds(contender: Contender) -> float:
    """Wall time of one run, start to end; it must have passed."""
    started = time.perf_counter()
    # without bytecode on disk pytest would rewrite every plugin's assertions at each start
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(  # noqa: S603 - our own commands
        contender.command, cwd=contender.folder, env=env, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{contender.name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return taken


def main() -> None:
    """Run all by turns, so that what they compete with hits all, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], help="contenders whose names hold one of these words")
    parser.add_argument(
        "--tavern", default="", metavar="PYTHON", help="the interpreter of an environment that has tavern"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, serving(NEAR, FAR) as (near, far):
        folder = Path(name)
        write_suite(folder, (near, far))
        write_collection(folder / "newman.json", (near, far))
        chosen = [
            one
            for one in contenders(folder, (near, far), given.tavern)
            if one.name.startswith("floor") or not given.only or any(word in one.name for word in given.only)
        ]
        able = [one for one in chosen if not one.missing]
        taken: dict[str, list[float]] = {one.name: [] for one in able}
        for one in able[:3]:  # what is compiled once shall not count
            seconds(one)
        for _ in range(given.rounds):
            for one in able:
                taken[one.name].append(seconds(one))
    floor = statistics.median(taken[able[0].name])
    print(
        f"{TESTS} tests x {REQUESTS} requests, {1000 * NEAR:.0f} and {1000 * FAR:.0f} ms away; median of {given.rounds}\n"
    )
    print("| runner | passes | x floor | s |\n| --- | --- | --- | --- |")
    for one in able:
        median = statistics.median(taken[one.name])
        print(f"| {one.name} | {one.passes} | {median / floor:.1f} | {median:.2f} |")
    for one in chosen:
        if one.missing:
            print(f"| {one.name} | not here: {one.missing} | | |")


if __name__ == "__main__":
    main()
