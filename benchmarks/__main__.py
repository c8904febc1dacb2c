"""Runs the benchmarks one after the other and writes what they print into docs/performance.md.

python -m benchmarks [--only WORD …] [--print]
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"


class Benchmark(NamedTuple):
    """A command, and what its table shows."""

    title: str
    says: str
    command: tuple[str, ...]


ALL = (
    Benchmark("A whole suite", "500 tests of two requests, as multiples of what raw sockets take; `--parity-jobs` is what makes the difference.",
              ("-m", "benchmarks.suite", "--rounds", "3")),
    Benchmark("Per test", "Parity tests that observe 2 KB, beside three times as many plain pytest items.",
              ("benchmarks/items.py", "--rounds", "1", "--observe", "1000", "10000")),
    Benchmark("Growth", "Empty parity tests, beside three times as many plain pytest items.",
              ("benchmarks/items.py", "--rounds", "1", "1000", "10000", "100000")),
    Benchmark("Masking", "What masking costs, as a share of a run.", ("benchmarks/redaction/run.py",)),
    Benchmark("Merging", "Seconds and memory of a tenth of the shards, and of all.", ("benchmarks/merging/run.py", "100", "100")),
    Benchmark("Per request", "What recording and routing add, and preflight.", ("-m", "benchmarks.recording.requests")),
    Benchmark("Memory", "One process; records and large bodies wait on disk.", ("benchmarks/memory.py",)),
    Benchmark("Start", "One test that does nothing.", ("benchmarks/startup.py", "10")),
    Benchmark("Comparison", "Two JSON bodies, beside deepdiff on the same trees.", ("-m", "benchmarks.comparison.run")),
)  # fmt: skip


def main() -> None:
    """Run all, and replace the sections of those that ran."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="benchmarks whose titles hold one of these words")
    parser.add_argument("--print", action="store_true", help="write nothing")
    given = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for one in ALL:
        if given.only and not any(word.lower() in one.title.lower() for word in given.only):
            continue
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, *one.command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        print(f"## {one.title} ({time.perf_counter() - started:.0f} s)\n\n{done.stdout}", flush=True)
        page = with_section(page, one, done.stdout.strip())
    if not given.print:
        PAGE.write_text(page, encoding="utf-8")


def with_section(page: str, one: Benchmark, output: str) -> str:
    """The page with this benchmark's section made anew, or added."""
    shown = output if output.lstrip().startswith("|") or "\n|" in output else f"```text\n{output}\n```"
    where = f"Python {platform.python_version()}, {platform.system()}"
    text = f"## {one.title}\n\n{one.says}\n\n{shown}\n\n`python {' '.join(one.command)}`, {where}\n"
    marker = f"## {one.title}\n"
    before, found, after = page.partition(marker)
    if not found:
        return f"{page.rstrip()}\n\n{text}"
    _, following, rest = after.partition("\n## ")
    return f"{before}{text}{following}{rest}"


if __name__ == "__main__":
    main()
