"""Every leaf of every JSON answer changed in turn: what is found, what is missed, and what alarms without a change.

Run it with `python -m benchmarks.mutations`. A second set of services beside `benchmarks.detection`, made independently.
"""

from __future__ import annotations

import argparse
import copy
import datetime as dt
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks.mutations.resources import ALL
from benchmarks.mutations.world import World, body_of, header
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.mutations.resources import Resource

GONE = object()
#: elements of an array that are changed
_FIRST = 3


def recorded(resource: Resource, environment: str, run: int, seed: int) -> TestRecord:
    exchanges = tuple(resource(World(environment, run, seed)))
    return TestRecord(test=resource.__name__, run=run, outcome="passed", exchanges=exchanges)


def passes(baselines: list[TestRecord], candidates: list[TestRecord]) -> bool:
    comparer = Comparer(
        baseline=header("local"), candidate=header("dev"), rules=CompareRules(), today=dt.date(2026, 1, 1)
    )
    return comparer.compare(baselines[0].test, baselines, candidates).verdict.passes


def is_told_again(resource: Resource, seed: int) -> bool:
    """Whether a mismatch stands when both sides run twice more, as a live run does by default."""
    baselines = [recorded(resource, "local", run, seed) for run in range(1, 5)]
    return not passes(baselines, [recorded(resource, "dev", run, seed) for run in range(1, 4)])


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(tree, dict | list):
        for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree[:_FIRST]):
            yield from leaves(item, (*path, key))
    elif path:
        yield path, tree


def mutations(value: Any) -> Iterator[tuple[str, Any]]:
    yield "gone", GONE
    if value is not None:
        yield "null", None
    if isinstance(value, bool):
        yield "the other", not value
    elif isinstance(value, int | float):
        yield "as text", str(value)
    elif value:
        yield "empty", ""
        yield "cut off", value[:-1] or "x"
        yield "in an array", [value]
        yield "with a space", f"{value} "
        if value == value.lower() != value.upper():
            yield "in capitals", value.upper()


def changed(candidate: TestRecord, index: int, tree: Any, path: tuple[Any, ...], value: Any) -> TestRecord:
    whole = copy.deepcopy(tree)
    place = whole
    for key in path[:-1]:
        place = place[key]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    one = candidate.exchanges[index]
    assert one.response is not None
    response = msgspec.structs.replace(one.response, body=body_of(json.dumps(whole)))
    exchanges = [*candidate.exchanges]
    exchanges[index] = msgspec.structs.replace(one, response=response)
    return msgspec.structs.replace(candidate, exchanges=tuple(exchanges))


def mutants(candidate: TestRecord) -> Iterator[tuple[str, tuple[Any, ...], TestRecord]]:
    for index, one in enumerate(candidate.exchanges):
        try:
            tree = json.loads((one.response and one.response.body.text) or "")
        except ValueError:
            continue
        for path, value in leaves(tree):
            for name, other in mutations(value):
                yield name, path, changed(candidate, index, tree, path, other)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=2, help="mutated runs of each resource")
    parser.add_argument("--controls", type=int, default=20, help="runs of each resource without a change")
    parser.add_argument("--show", action="store_true", help="tell each miss and each alarm")
    options = parser.parse_args()
    count: Counter[str] = Counter()
    for resource in ALL:
        for seed in range(max(options.seeds, options.controls)):
            baselines = [recorded(resource, "local", run, seed) for run in (1, 2)]
            candidate = recorded(resource, "dev", 1, seed)
            if seed < options.controls:
                count["controls"] += 1
                count["alarms"] += (is_alarm := not passes(baselines, [candidate]))
                count["confirmed"] += (is_confirmed := is_alarm and is_told_again(resource, seed))
                if is_alarm and options.show:
                    print(f"ALARM {resource.__name__} {seed}{'' if is_confirmed else ', and none when it runs again'}")
            for name, path, mutant in mutants(candidate) if seed < options.seeds else ():
                count["mutants"] += 1
                count["missed"] += (is_missed := passes(baselines, [mutant]))
                if is_missed and options.show:
                    print(f"MISSED {resource.__name__} {path}: {name}")
    print(f"{len(ALL)} kinds of resource: {count['missed']} of {count['mutants']} mutants missed,")
    print(f"{count['confirmed']} alarms in {count['controls']} controls, {count['alarms']} before they ran again")


if __name__ == "__main__":
    main()
