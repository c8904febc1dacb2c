"""What the installed but inactive plugin costs a plain pytest run: paired runs, medians.

python benchmarks/startup.py [PAIRS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAME = "pytest_gaia_parity.plugin"


def seconds(folder: Path, *arguments: str) -> float:
    """Wall time of one pytest run over one empty test."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own interpreter
    return time.perf_counter() - started


def main() -> None:
    """Run with and without the plugin by turns, and print the medians and the median difference."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_empty.py").write_text("def test_empty(): pass\n")
        seconds(folder)
        without, with_plugin = [], []
        for _ in range(pairs):
            without.append(seconds(folder, "-p", "no:gaia-parity"))
            with_plugin.append(seconds(folder))
    differences = [here - there for here, there in zip(with_plugin, without, strict=True)]
    print(f"without {statistics.median(without):.3f} s, with {statistics.median(with_plugin):.3f} s")
    print(f"median difference {1000 * statistics.median(differences):+.1f} ms in {pairs} pairs")


if __name__ == "__main__":
    main()
