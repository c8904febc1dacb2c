"""Ways to judge the same services: this comparison (confirmed as in a live run, or not), deepdiff with and without order, a mask of two samples."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from deepdiff import DeepDiff

from benchmarks.detection.world import World, header
from pytest_gaia_parity.clients.tape import mask_record
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.compare.headers import IGNORED
from pytest_gaia_parity.model.comparison import Severity
from pytest_gaia_parity.model.path import render_path
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.model.rules import CompareRules
from pytest_gaia_parity.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    #: makes one run of a side
    Runs = Callable[[int], World]
    #: paths of what differs; empty where it judges: no difference
    Judge = Callable[[Runs, Runs], list[str]]

#: runs that a live run makes of the baseline, and more of both sides for what mismatched: the defaults
REPEAT, CONFIRM = 2, 2
REDACTOR = Redactor({}, key=b"a key of the masks")


def first_sight(baseline: Runs, candidate: Runs) -> list[str]:
    """This comparison, nothing configured, nothing confirmed."""
    return judged([baseline(run) for run in range(REPEAT)], [candidate(0)])


def confirmed(baseline: Runs, candidate: Runs) -> list[str]:
    """This comparison as a live run judges: what mismatched runs again on both sides."""
    if not first_sight(baseline, candidate):
        return []
    return judged([baseline(run) for run in range(REPEAT + CONFIRM)], [candidate(run) for run in range(1 + CONFIRM)])


def judged(baselines: Sequence[World], candidates: Sequence[World]) -> list[str]:
    """What fails, by all runs that there are."""
    comparer = Comparer(
        baseline=header("local"), candidate=header("dev"), rules=CompareRules(), today=dt.date(2026, 1, 1)
    )
    result = comparer.compare("t", _records(baselines), _records(candidates))
    paths = [one.path for one in result.differences if one.severity is Severity.ERROR]
    return paths or ([] if result.verdict.passes else [result.reason])


def _records(worlds: Sequence[World]) -> list[TestRecord]:
    return [
        # what is compared was masked before it was written
        mask_record(TestRecord(test="t", run=number + 1, outcome="passed", exchanges=tuple(world.exchanges)), REDACTOR)
        for number, world in enumerate(worlds)
    ]


def plain(baseline: Runs, candidate: Runs) -> list[str]:
    """Deepdiff on the first baseline and the candidate."""
    return _deepdiff(baseline(0), candidate(0))


def unordered(baseline: Runs, candidate: Runs) -> list[str]:
    """Deepdiff with ignore_order."""
    return _deepdiff(baseline(0), candidate(0), ignore_order=True)


def masked(baseline: Runs, candidate: Runs) -> list[str]:
    """Deepdiff, without the places that differ between two baseline runs."""
    noise = set(_deepdiff(baseline(0), baseline(1)))
    return [path for path in _deepdiff(baseline(0), candidate(0)) if path not in noise]


def _deepdiff(first: World, other: World, **options: Any) -> list[str]:
    found = DeepDiff(_trees(first), _trees(other), view="tree", threshold_to_diff_deeper=0, **options)
    return [render_path(item.path(output_format="list")) for items in found.values() for item in items]


def _trees(world: World) -> list[Any]:
    return [_tree(exchange) for exchange in world.exchanges]


def _tree(exchange: Any) -> dict[str, Any]:
    headers: dict[str, str] = {}
    for name, value in exchange.response.headers:
        if name not in IGNORED:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    text = exchange.response.body.text or ""
    try:
        body = json.loads(text or "null")
    except ValueError:
        body = text
    return {"status": exchange.response.status, "headers": headers, "body": body}
