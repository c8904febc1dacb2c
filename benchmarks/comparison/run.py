"""What comparing costs, as ratios within one run: against one parse of the same bytes and against deepdiff.

Run it with `python -m benchmarks.comparison.run`.
"""

from __future__ import annotations

import copy
import datetime as dt
import json
import random
import time
import tracemalloc
from functools import partial
from typing import TYPE_CHECKING, Any

from deepdiff import DeepDiff

from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.exchange import Body, Exchange, Request, Response
from pytest_gaia_parity.model.recording import Header, TestRecord
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    from collections.abc import Callable


def records(count: int, seed: int = 7) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        {"id": number, "sku": f"SKU-{number:06d}", "name": draw.choice(("Rock", "Tree", "Sea")), "price": number % 97 + 0.5,
         "tags": ["a", "b", draw.choice("xyz")], "active": number % 3 == 0}
        for number in range(count)
    ]  # fmt: skip


def changed(rows: list[dict[str, Any]], share: float) -> list[dict[str, Any]]:
    draw = random.Random(11)
    result = copy.deepcopy(rows)
    for row in draw.sample(result, max(1, int(len(rows) * share))):
        row["price"] = -1.25
    return result


def record(text: str, run: int = 1) -> TestRecord:
    body = Body(text=text, size=len(text), wire_size=len(text))
    response = Response(status=200, headers=(("content-type", "application/json"),), body=body)
    exchange = Exchange(service="api", request=Request(method="GET", url="http://api:8000/x"), response=response)
    return TestRecord(test="t", run=run, outcome="passed", exchanges=(exchange,))


def ours(first: str, second: str, candidate: str) -> Callable[[], object]:
    baselines, other = [record(first), record(second, 2)], [record(candidate)]
    return lambda: Comparer(
        baseline=Header(target="local", runs=2), candidate=Header(target="dev"), rules=CompareRules(), today=dt.date(2026, 1, 1)
    ).compare("t", baselines, other)  # fmt: skip


def seconds(work: Callable[[], object], times: int = 3) -> float:
    best = float("inf")
    for _ in range(times):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return best


def peak(work: Callable[[], object]) -> int:
    tracemalloc.start()
    kept = work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    del kept
    return most


def tell(name: str, ratio: float, goal: str) -> None:
    print(f"{name:68}{ratio:>12.3f}   {goal}")


def main() -> None:
    big = json.dumps(records(75_000))
    parse = seconds(lambda: json.loads(big))
    print(f"{'':68}{'ratio':>12}   goal")
    tell(
        f"equal bytes of {len(big) // 1_000_000} MB / one parse of them",
        seconds(ours(big, big, big)) / parse,
        "below 1.5",
    )
    for size, name in ((800, "100 KB"), (8000, "1 MB")):
        rows = records(size)
        other = changed(rows, 0.01)
        plain = seconds(partial(DeepDiff, rows, other), 1)
        text = json.dumps(rows)
        tell(f"deepdiff / {name}, 1 % changed", plain / seconds(ours(text, text, json.dumps(other))), "above 25")
    rows = records(1600)
    other = changed(rows, 0.1)
    random.Random(3).shuffle(other)
    mixed = random.Random(5).sample(rows, len(rows))
    plain = seconds(lambda: DeepDiff(rows, other, ignore_order=True), 1)
    work = ours(json.dumps(rows), json.dumps(mixed), json.dumps(other))
    tell("deepdiff ignore_order / 1,600 records in any order, 10 % changed", plain / seconds(work), "above 200")
    many = records(10_000)
    other = changed(many, 0.1)
    random.Random(3).shuffle(other)
    texts = [json.dumps(one) for one in (many, random.Random(5).sample(many, len(many)), other)]
    parse = seconds(lambda: [json.loads(text) for text in texts])
    tell("10,000 records in any order / parsing them", seconds(ours(*texts)) / parse, "below 10")
    rows = records(800)
    other = [{**row, "name": "other", "price": "none", "tags": []} for row in rows]
    plain = seconds(lambda: DeepDiff(rows, other), 1)
    text = json.dumps(rows)
    tell("everything changed: ours / deepdiff", seconds(ours(text, text, json.dumps(other))) / plain, "below 1")
    text, after = json.dumps(many), json.dumps(changed(many, 0.01))
    trees = peak(lambda: [json.loads(one) for one in (text, text, after)])
    tell("memory at its peak / the parsed trees", peak(ours(text, text, after)) / trees, "below 4")


if __name__ == "__main__":
    main()
