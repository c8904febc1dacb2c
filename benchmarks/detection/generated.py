# ruff: noqa: ARG005 - a table of small functions
"""Random services: random trees of varying and constant places, random mutations of one place; what is missed or wrongly told.

Run it with `python -m benchmarks.detection.generated [--examples 400] [--show]`.
"""

from __future__ import annotations

import argparse
import base64
import copy
import json
import string
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.detection.judges import CONFIRM, judged
from benchmarks.detection.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

LOWER = string.ascii_lowercase + string.digits
WORDS = ("red", "green", "blue", "cyan", "teal", "pink", "gold")

VARYING: dict[str, Callable[[World], Any]] = {
    "uuid": lambda w: w.uuid(),
    "ulid": lambda w: w.ulid(),
    "object id": lambda w: w.object_id(),
    "digest": lambda w: w.hex(64),
    "short hex": lambda w: w.hex(12),
    "token": lambda w: w.token(32),
    "prefixed": lambda w: f"usr_{w.token(14)}",
    "lower token": lambda w: w.token(20, LOWER),
    "time": lambda w: w.iso(),
    "time in ms": lambda w: w.iso(digits=3),
    "time in s": lambda w: w.iso(digits=0, zone="+00:00"),
    "epoch": lambda w: int(w.tick()),
    "epoch in ms": lambda w: int(w.tick() * 1000),
    "epoch decimal": lambda w: w.tick(),
    "expiry": lambda w: w.iso(digits=0, ahead=3600),
    "jwt": lambda w: w.jwt(sub="ada", jti=w.uuid()),
    "url": lambda w: f"{w.url}/things/{w.uuid()}?v=1",
    "path": lambda w: f"/things/{w.number(100, 99999)}",
    "cursor": lambda w: base64.b64encode(json.dumps({"after": w.number(1, 9999), "sort": "up"}).encode()).decode(),
    "counter": lambda w: w.number(1, 100_000),
    "price": lambda w: round(w.rng.uniform(1, 99), 2),
    "score": lambda w: w.rng.random(),
    "percent": lambda w: f"{w.number(1, 99)}%",
    "duration": lambda w: f"{w.number(1, 999)}ms",
    "e-mail": lambda w: f"user-{w.number(1, 10**6)}@example.org",
    "message": lambda w: f"Processed {w.number(2, 99)} items for {w.random_name()} in {w.number(10, 999)} ms",
    "order number": lambda w: f"ORD-2026-{w.number(0, 99_999):05}",
    "http date": lambda w: w.http_date(),
    "address": lambda w: f"10.0.{w.number(0, 255)}.{w.number(0, 255)}",
    "etag": lambda w: f'W/"{w.hex(16)}"',
    "shuffled": lambda w: w.rng.sample(WORDS, len(WORDS)),
    "growing": lambda w: [
        {"id": w.uuid(), "n": w.number(1, 10**6), "kind": "leaf"} for _ in range(2 + 2 * w.run + (w.side == "dev"))
    ],
    "own uuid": lambda w: w.uuid(own=True),
    "trace": lambda w: f"00-{w.hex(32)}-{w.hex(16)}-01",
    "file": lambda w: f"report-{w.token(10, LOWER)}.pdf",
}
CONSTANT: dict[str, Any] = {
    "word": "active", "text": "The quick brown fox", "whole": 42, "decimal": 2.5, "yes": True, "nothing": None, "empty": [], "list": ["a", "b", "c"],
    "rows": [{"name": "a", "n": 1}, {"name": "b", "n": 2}, {"name": "c", "n": 3}], "fixed time": "2024-05-01T10:00:00Z", "fixed url": "https://example.org/a?b=1",
    "version": "1.4.2", "zero": 0, "blank": "", "big": 2**70, "digest": "9f86d081884c7d659a2feaa0c55ad015", "nested": {"x": {"y": [1, [2, 3]]}},
}  # fmt: skip
LEAVES = st.sampled_from([*VARYING, *(f"={name}" for name in CONSTANT)])
SCHEMAS = st.dictionaries(
    st.sampled_from(["id", "name", "at", "state", "data", "meta", "ref", "kind", "x", "user_id"]),
    st.recursive(LEAVES, lambda inner: st.dictionaries(st.sampled_from(["a", "b", "c", "id"]), inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3), max_leaves=5),
    min_size=1, max_size=6,
)  # fmt: skip


def rendered(schema: Any, world: World) -> Any:
    """One answer of such a service."""
    if isinstance(schema, dict):
        return {name: rendered(part, world) for name, part in schema.items()}
    if isinstance(schema, list):
        return [rendered(part, world) for part in schema]
    return copy.deepcopy(CONSTANT[schema[1:]]) if schema.startswith("=") else VARYING[schema](world)


def places(schema: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    """The leaves of a schema."""
    items = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else None
    if items is None:
        return [(path, schema)]
    return [place for name, part in items for place in places(part, (*path, name))]


MUTATIONS: dict[str, Callable[[Any], Any]] = {
    "null": lambda v: None,
    "as text": lambda v: json.dumps(v) if not isinstance(v, str) else 7,
    "empty": lambda v: [] if isinstance(v, list) else "" if isinstance(v, str) else {},
    "other": lambda v: "unexpected value!" if v != "unexpected value!" else 1,
    "halved": lambda v: v[: len(v) // 2] if isinstance(v, str) and len(v) >= 8 else None,
    "element lost": lambda v: v[1:] if isinstance(v, list) and v else None,
    "times 1000": lambda v: v * 1000 if isinstance(v, int) and not isinstance(v, bool) and 10**9 < v < 10**13 else None,
    "zone lost": lambda v: v[:-1] if isinstance(v, str) and v[:2] == "20" and v.endswith("Z") else None,
    "capitals": lambda v: v.upper() if isinstance(v, str) and len(v) > 11 and v.upper() != v else None,
    "extra": lambda v: {**v, "debug": True} if isinstance(v, dict) else None,
    "twice": lambda v: [*v, v[0]] if isinstance(v, list) and v else None,
}
#: what two samples cannot tell, with the reason
UNTELLABLE = {
    ("growing", "element lost"): "a list of any length may be shorter",
    ("counter", "times 1000"): "the range of a number is no fact",
}


def mutated(tree: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> tuple[Any, bool]:
    """The tree with one place changed, and whether that changed anything."""
    tree = copy.deepcopy(tree)
    place = tree
    for part in path[:-1]:
        place = place[part]
    before = place[path[-1]]
    place[path[-1]] = change(before)
    return tree, place[path[-1]] != before or type(place[path[-1]]) is not type(before)


def runs(schema: Any, number: int, *, more: int = 0) -> list[tuple[World, Any]]:
    """Two runs of the baseline and one of the candidate, the candidate's last: the worlds, and what they answer.

    :param more: further runs of each side.
    """
    worlds = [World("local", run, number) for run in range(2 + more)]
    worlds += [World("dev", run, number) for run in range(1 + more)]
    for world in worlds:
        world.tick()
    return [(world, rendered(schema, world)) for world in worlds]


def found_in(answers: list[tuple[World, Any]]) -> list[str]:
    """What this comparison finds."""
    for world, tree in answers:
        world.exchanges.clear()
        world.call("GET", "/thing", tree)
    sides = [[world for world, _ in answers if world.side == side] for side in ("local", "dev")]
    return judged(*sides)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=400)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    count = {"controls": 0, "alarms": 0, "faults": 0, "missed": 0, "loose": 0}
    told: dict[str, int] = {}

    @seed(1)
    @settings(
        max_examples=options.examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(SCHEMAS, st.integers(0, 10**5), st.data())
    def trial(schema: dict[str, Any], number: int, data: st.DataObject) -> None:
        answers = runs(schema, number)
        found = found_in(answers) and found_in(runs(schema, number, more=CONFIRM))
        count["controls"] += 1
        count["alarms"] += bool(found)
        if found:
            told_of = [kind for path, kind in places(schema) if any(str(path[-1]) in one for one in found)]
            told[f"ALARM {told_of}"] = told.get(f"ALARM {told_of}", 0) + 1
            return
        path, kind = data.draw(st.sampled_from(places(schema)))
        name = data.draw(st.sampled_from(list(MUTATIONS)))
        tree, is_changed = mutated(answers[2][1], path, MUTATIONS[name])
        if not is_changed or (kind, name) in UNTELLABLE:
            return
        world = answers[2][0]
        found = found_in([*answers[:2], (world, tree)])
        count["faults"] += 1
        count["missed"] += not found
        count["loose"] += len(found) > 2
        if not found:
            told[f"MISSED {kind}: {name}"] = told.get(f"MISSED {kind}: {name}", 0) + 1

    trial()
    if options.show:
        for name, times in sorted(told.items()):
            print(f"  {name} ({times})")
    print(", ".join(f"{name} {value}" for name, value in count.items()))


if __name__ == "__main__":
    main()
