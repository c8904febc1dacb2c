"""What mismatches cost at the end of a run: one test in ten differs, beside the same run without differences.

python benchmarks/report/bench_terminal.py [TESTS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_item(target, parity, number):
    parity.observe("odd", {differs} and number % 10 == 0 and target.name == "dev")
"""
CONFIG = """
[tool.gaia-parity]
parity-tests = ["."]
targets.local = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
targets.dev = { network = "direct", urls = { items = "http://127.0.0.1:9" } }
"""


def seconds(folder: Path, *, count: int, differs: bool) -> float:
    """Wall time of one run; nothing is confirmed, so that both run equally many tests."""
    (folder / "pyproject.toml").write_text(CONFIG)
    (folder / "test_items.py").write_text(TESTS.format(count=count, differs=differs))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--parity=dev",
        "--no-preflight",
        "--parity-confirm=0",
    ]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    if done.returncode != int(differs):
        raise SystemExit(done.stdout[-3000:] + done.stderr)
    return time.perf_counter() - started


def main() -> None:
    """Run both, and print the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        without = seconds(Path(name), count=count, differs=False)
        mismatched = seconds(Path(name), count=count, differs=True)
    print(
        f"{count} tests: {without:.1f} s; with {count // 10} mismatches {mismatched:.1f} s: {mismatched / without:.2f} times as long"
    )


if __name__ == "__main__":
    main()
