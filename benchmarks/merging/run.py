"""What merging many shards takes: seconds and memory, and how both grow with the number of shards.

python benchmarks/merging/run.py [SHARDS] [COMPARISONS]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from pytest_gaia_parity.model.exchange import Body, Exchange, Request, Response, Timings
from pytest_gaia_parity.model.recording import Header, ServiceFacts, TestRecord
from pytest_gaia_parity.report.recording_writer import RecordingWriter

#: bytes of a body
SIZE = 500


def record(shard: int, number: int, run: int, *, is_other: bool) -> TestRecord:
    """One run of one test; one in a hundred mismatches."""
    text = msgspec.json.encode(
        {"id": number, "shard": shard, "text": "x" * SIZE, "odd": is_other and number % 100 == 0}
    ).decode()
    exchange = Exchange(
        service="api",
        request=Request(method="GET", url=f"http://api:8000/rows/{number}"),
        response=Response(
            status=200, headers=(("content-type", "application/json"),), body=Body(text=text, size=len(text))
        ),
        timings=Timings(started=1.0, total=0.01),
    )
    return TestRecord(
        test=f"parity_tests/test_{shard:04}.py::test_row[{number}]",
        run=run,
        outcome="passed",
        exchanges=(exchange,),
    )


def write(folder: Path, shards: int, comparisons: int) -> None:
    """Record both sides of every shard."""
    for target in ("local", "dev"):
        facts = {"api": ServiceFacts(url="http://api:8000")}
        for shard in range(shards):
            writer = RecordingWriter(folder / f"{target}-{shard:04}.jsonl")
            writer.open(
                Header(
                    target=target, runs=2 if target == "local" else 1, services=facts, shard=shard + 1, shards=shards
                )
            )
            for number in range(comparisons):
                for run in (1, 2) if target == "local" else (1,):
                    writer.write(record(shard, number, run, is_other=target == "dev"))
            writer.close()


#: what the process itself says of its memory when it ends
SCRIPT = """
import resource, sys
from pytest_gaia_parity.cli.main import main
code = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(code)
"""


def merged(folder: Path) -> tuple[float, float]:
    """Seconds and MB that merging a folder takes."""
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        "merge",
        str(folder),
        "--baseline",
        "local",
        "--reports",
        str(folder / "out"),
    ]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    seconds = time.perf_counter() - started
    if done.returncode != 1:
        raise SystemExit(done.stdout + done.stderr)
    *_, closing, memory = done.stdout.splitlines()
    print(f"  {closing}")
    return seconds, int(memory) / 1024


def main() -> None:
    """Merge a tenth of the shards, and all of them."""
    shards, comparisons = (int(one) for one in (*sys.argv[1:3], *("1000", "100")[len(sys.argv) - 1 :]))
    for count in (shards // 10, shards):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), count, comparisons)
            seconds, memory = merged(Path(name))
        print(f"{count} shards x {comparisons} comparisons: {seconds:.1f} s, {memory:.0f} MB")


if __name__ == "__main__":
    main()
