"""What the installed plugin costs a plain pytest run, and what an active run costs before its first test: paired runs, medians.

python benchmarks/startup.py [PAIRS]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_OTHERS = ("-p", "no:hypothesispytest", "-p", "no:playwright", "-p", "no:base_url")
_CONFIG = """
[tool.gaia-parity]
parity-tests = ["."]
targets.local = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
targets.dev = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
"""
_TEST = """
import sys, time
def test_empty(): print("first", time.time(), file=sys.__stderr__)
"""
_PARITY = _TEST.replace("test_empty()", "test_empty(services)")


def seconds(folder: Path, *arguments: str) -> tuple[float, float]:
    """Wall time of one pytest run over one test that does nothing: until that test runs, and in all."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *_OTHERS, *arguments]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began, started = time.time(), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    first = float(done.stderr.partition("first ")[2].split()[0])
    return first - began, time.perf_counter() - started


def main() -> None:
    """Run all by turns, and print medians and median differences."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    runs: dict[str, list[tuple[float, float]]] = {"without": [], "inactive": [], "active": []}
    with tempfile.TemporaryDirectory() as name:
        plain, parity = Path(name) / "plain", Path(name) / "parity"
        for folder, text in ((plain, _TEST), (parity, _PARITY)):
            folder.mkdir()
            (folder / "test_empty.py").write_text(text)
        (parity / "pyproject.toml").write_text(_CONFIG)
        commands: dict[str, tuple[Path, list[str]]] = {
            "without": (plain, ["-p", "no:gaia-parity"]),
            "inactive": (plain, []),
            "active": (parity, ["--parity", "dev", "--no-preflight"]),
        }
        for number in range(pairs + 1):
            # forth and back: who comes after whom shall not count
            for kind in commands if number % 2 else reversed(commands):
                folder, arguments = commands[kind]
                runs[kind].append(seconds(folder, *arguments))
    print("| run | until the first test, ms | in all, ms | more than without, ms |\n| --- | --- | --- | --- |")
    base = runs["without"][1:]  # the first of each warmed the disk up
    for kind, taken in runs.items():
        first, whole = (1000 * statistics.median(one[place] for one in taken[1:]) for place in (0, 1))
        place = 0 if kind == "active" else 1
        more = 1000 * statistics.median(one[place] - other[place] for one, other in zip(taken[1:], base, strict=True))
        print(
            f"| {kind} | {first:.0f} | {whole:.0f} | {more:+.1f} {'until the first test' if place == 0 else 'in all'} |"
        )


if __name__ == "__main__":
    main()
