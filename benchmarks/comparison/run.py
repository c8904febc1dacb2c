"""Speed of comparing, as ratios within one run: against parsing, against deepdiff.

Run it with `python -m benchmarks.comparison.run [--quick]`; needs orjson.
"""

from __future__ import annotations

import argparse
import copy
import datetime as dt
import json
import random
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import orjson
from deepdiff import DeepDiff

from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.exchange import Body, Exchange, Request, Response
from pytest_gaia_parity.model.recording import Header, TestRecord
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    from collections.abc import Callable


def tree(size: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """Records of about *size* bytes of JSON."""
    rng = random.Random(seed)
    return [
        {
            "id": number,
            "name": f"Item {number}",
            "price": rng.randint(1, 10_000) / 4,
            "tags": ["red", "green"],
            "owner": {"name": rng.choice(("Ada", "Grace")), "active": rng.random() < 0.5},
        }
        for number in range(size // 115)
    ]


def changed(rows: list[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    """A copy in which a share of the records has another price."""
    rng = random.Random(2)
    rows = copy.deepcopy(rows)
    for row in rng.sample(rows, max(1, int(len(rows) * share))):
        row["price"] += 1.25
    return rows


def record(text: str) -> TestRecord:
    """A test with one answer."""
    body = Body(text=text, size=len(text), wire_size=len(text))
    exchange = Exchange(
        service="shop",
        request=Request(method="GET", url="http://shop:8000/items"),
        response=Response(status=200, headers=(("content-type", "application/json"),), body=body),
    )
    return TestRecord(test="t", outcome="passed", exchanges=(exchange,))


def compared(first: str, second: str, candidate: str, *, unordered: bool = False) -> Any:
    """Learn from two samples and compare, decoding included."""
    side = Header(target="x", runs=2)
    rules = CompareRules(unordered=("body",) if unordered else ())
    comparer = Comparer(baseline=side, candidate=side, rules=rules, today=dt.date(2026, 1, 1))
    return comparer.compare("t", [record(first), record(second)], [record(candidate)])


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """The fastest of some calls."""
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begun)
    return best


def line(name: str, ratio: float, goal: str) -> None:
    print(f"{name:72} {ratio:>10.2f}   goal: {goal}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="without the slowest of deepdiff")
    options = parser.parse_args()
    big = json.dumps(tree(10_000_000))
    same = big[:-1] + "]"
    line(
        "10 MB, equal bytes: time / one orjson parse",
        seconds(lambda: compared(big, big, same)) / seconds(lambda: orjson.loads(big)),
        "≤ 1.5",
    )
    for size in (100_000, 1_000_000):
        rows = tree(size)
        other = changed(rows, 0.01)
        first, second = json.dumps(rows), json.dumps(other)
        ours = seconds(lambda: compared(first, first, second))  # noqa: B023 - called at once
        peer = seconds(lambda: DeepDiff(rows, other), 1)  # noqa: B023
        line(f"{size // 1000} KB, 1 % changed: plain deepdiff / this", peer / ours, "≥ 25")
        everything = json.dumps(changed(rows, 1.0))
        ours = seconds(lambda: compared(first, first, everything), 1)  # noqa: B023
        peer = seconds(lambda: DeepDiff(rows, json.loads(everything)), 1)  # noqa: B023
        line(f"{size // 1000} KB, everything changed: plain deepdiff / this", peer / ours, "≥ 1")
    rows = tree(1600 * 115)
    other = changed(rows, 0.1)
    random.Random(3).shuffle(other)
    first, second = json.dumps(rows), json.dumps(other)
    ours = seconds(lambda: compared(first, first, second, unordered=True))
    if not options.quick:
        peer = seconds(lambda: DeepDiff(rows, other, ignore_order=True), 1)
        line("1,600 records in any order, 10 % changed: deepdiff ignore_order / this", peer / ours, "≥ 200")
    rows = tree(10_000 * 115)
    other = changed(rows, 0.1)
    random.Random(3).shuffle(other)
    first, second = json.dumps(rows), json.dumps(other)
    parse = seconds(lambda: [json.loads(first), json.loads(first), json.loads(second)])
    ours = seconds(lambda: compared(first, first, second, unordered=True))
    line("10,000 records in any order, 10 % changed: this / parsing them", ours / parse, "< 10")
    tracemalloc.start()
    held = [json.loads(first), json.loads(first), json.loads(second)]
    trees, _ = tracemalloc.get_traced_memory()
    del held
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    compared(first, first, second, unordered=True)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    line("the same: peak of memory / the parsed trees", (peak - before) / trees, "≤ 4")


if __name__ == "__main__":
    main()
