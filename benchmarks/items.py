"""What a parity test costs beside a plain pytest item: time and peak memory, by the number of tests.

python benchmarks/items.py [--rounds N] [--observe] [COUNT …]

Each count is compared with three times as many plain items that are parametrised in the same way: a session fixture with three parameters.
With --observe each test also observes 2 KB, and each plain item makes the same value.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_VALUE = """
def value(number):
    return [{"id": f"{number:08x}-{row}", "name": f"row {row} of the table", "size": row * 1000} for row in range(30)]
"""
_PLAIN = """
import pytest
@pytest.fixture(scope="session", params=["local", "dev", "local#2"])
def target(request):
    return request.param
@pytest.fixture
def seen():
    return []
@pytest.mark.parametrize("number", range({count}))
def test_item(target, seen, number):
    {plain}
"""
_PARITY = """
import pytest
@pytest.mark.parametrize("number", range({count}))
def test_item(target, parity, number):
    {parity}
"""
_CONFIG = """
[tool.gaia-parity]
parity-tests = ["."]
targets.local = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
targets.dev = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
"""
_OTHERS = ("-p", "no:hypothesispytest", "-p", "no:playwright", "-p", "no:base_url", "-p", "no:cacheprovider")


def run(folder: Path, *arguments: str) -> tuple[float, int]:
    """Wall seconds and peak memory in MB of one pytest run that passes."""
    command = [sys.executable, "-m", "pytest", "-q", *_OTHERS, *arguments]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss // 1024


def main() -> None:
    """Run both by turns for each count, and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--observe", action="store_true")
    given = parser.parse_args()
    bodies = ("seen.append(value(number))", 'parity.observe("rows", value(number))') if given.observe else ("pass",) * 2
    print("| tests | plain s | parity s | ratio | plain MB | parity MB |\n| --- | --- | --- | --- | --- | --- |")
    for count in given.counts:
        plain, parity = [], []
        with tempfile.TemporaryDirectory() as name:
            for kind, text in (("plain", _PLAIN), ("parity", _PARITY)):
                folder = Path(name) / kind
                folder.mkdir()
                source = text.format(count=count, plain=bodies[0], parity=bodies[1])
                (folder / "test_items.py").write_text(_VALUE + source)
                (folder / "pyproject.toml").write_text(_CONFIG)
            for _ in range(given.rounds):
                plain.append(run(Path(name) / "plain", "-p", "no:gaia-parity"))
                parity.append(run(Path(name) / "parity", "--parity", "dev", "--no-preflight"))
        seconds, megabytes = (
            [statistics.median(one[place] for one in runs) for runs in (plain, parity)] for place in (0, 1)
        )
        ratio = seconds[1] / seconds[0]
        print(f"| {count:,} | {seconds[0]:.1f} | {seconds[1]:.1f} | {ratio:.2f} | {megabytes[0]} | {megabytes[1]} |")


if __name__ == "__main__":
    main()
