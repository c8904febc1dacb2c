"""Four ways to judge the same records: this comparison, plain deepdiff, deepdiff without order, a mask of two samples."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from deepdiff import DeepDiff

from benchmarks.detection.world import World, header
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.compare.headers import IGNORED
from pytest_gaia_parity.model.comparison import Severity
from pytest_gaia_parity.model.path import render_path
from pytest_gaia_parity.model.recording import TestRecord
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    from collections.abc import Sequence

#: paths of what differs; empty where it judges: no difference
Judge = "Callable[[Sequence[World], World], list[str]]"


def ours(baselines: Sequence[World], candidate: World) -> list[str]:
    """This comparison, nothing configured."""
    comparer = Comparer(
        baseline=header("local"), candidate=header("dev"), rules=CompareRules(), today=dt.date(2026, 1, 1)
    )
    records = [
        TestRecord(test="t", run=n + 1, outcome="passed", exchanges=tuple(world.exchanges))
        for n, world in enumerate((*baselines, candidate))
    ]
    result = comparer.compare("t", records[:-1], records[-1:])
    return [one.path for one in result.differences if one.severity is Severity.ERROR]


def plain(baselines: Sequence[World], candidate: World) -> list[str]:
    """Deepdiff on the first baseline and the candidate."""
    return _deepdiff(baselines[0], candidate)


def unordered(baselines: Sequence[World], candidate: World) -> list[str]:
    """Deepdiff with ignore_order."""
    return _deepdiff(baselines[0], candidate, ignore_order=True)


def masked(baselines: Sequence[World], candidate: World) -> list[str]:
    """Deepdiff, without the places that differ between two baseline runs."""
    noise = set(_deepdiff(baselines[0], baselines[1]))
    return [path for path in _deepdiff(baselines[0], candidate) if path not in noise]


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
