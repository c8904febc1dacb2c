"""What holds of every comparison, whatever is compared."""

from __future__ import annotations

import copy
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_gaia_parity.model.comparison import Verdict
from tests.builders import compare, compare_bodies, exchange, kinds, record

if TYPE_CHECKING:
    from collections.abc import Iterator

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.sampled_from(["draft", "Anna", "a b", "", "Größe", "x.y", "ready", "none"])
scalars = st.none() | st.booleans() | st.integers(-9, 999) | st.floats(-9, 9, width=16) | words
names = st.sampled_from(["a", "b", "name", "state", "items", "x.y", ""])
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
forms = st.sampled_from([
    "a 1 b", "a 2 b", "12ms", "DRAFT", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00.5Z", "deadbeef", "cafe1234", "0042",
    "http://a/b?c=1", "http://a/b?c=2&d=3", "usr_9fK2LmQx81", "usr_8aB3cD4eF5", "0b0b6b4e-3f0c-4c1e-9d5a-6a3c1f7a2b11",
    0.123456, 2.25, 1714557600, 1714557600123,
])  # fmt: skip
MEDIA = (
    "application/json", "application/x-ndjson", "text/event-stream", "text/csv", "text/html", "application/xml",
    "text/plain", "text/plain; charset=latin-1", "text/plain; charset=none", "image/png", "", "multipart/mixed",
    "application/x-www-form-urlencoded", "application/problem+json", ";;;", "text/html; charset=utf-16",
)  # fmt: skip


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all scalars."""
    if isinstance(tree, dict):
        for name, item in tree.items():
            yield from leaves(item, (*path, name))
    elif isinstance(tree, list):
        for number, item in enumerate(tree):
            yield from leaves(item, (*path, number))
    else:
        yield path


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value at a place."""
    if not path:
        return value
    result = copy.copy(tree)
    result[path[0]] = replaced(tree[path[0]], path[1:], value)
    return result


@QUICK
@given(trees)
def test_equal_inputs_match(tree: Any) -> None:
    assert compare_bodies(tree, tree, tree).verdict is Verdict.MATCH
    assert compare_bodies(tree, tree).verdict is Verdict.MATCH


@QUICK
@given(trees.filter(lambda tree: any(leaves(tree))), st.data())
def test_any_other_constant_is_found_at_its_place(tree: Any, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(leaves(tree))))
    found = kinds(compare_bodies(tree, tree, replaced(tree, place, "something else")))
    assert found


@QUICK
@given(trees, trees)
def test_swapping_the_sides_mirrors_the_kinds(first: Any, other: Any) -> None:
    mirror = {"added": "removed", "removed": "added"}
    forth = compare_bodies(first, first, other)
    back = compare_bodies(other, other, first)
    assert forth.verdict is back.verdict
    mirrored = sorted(mirror.get(one.kind.value, one.kind.value) for one in back.differences)
    assert sorted(one.kind.value for one in forth.differences) == mirrored


@QUICK
@given(st.dictionaries(names, scalars), st.randoms())
def test_the_order_of_keys_is_nothing(tree: dict[str, Any], random: Any) -> None:
    items = list(tree.items())
    random.shuffle(items)
    assert compare_bodies(tree, tree, dict(items)).verdict is Verdict.MATCH


@QUICK
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.lists(st.uuids(version=4), min_size=18, max_size=18, unique=True),
)
def test_renaming_the_ids_of_a_side_changes_nothing(uses: list[int], ids: list[uuid.UUID]) -> None:
    def run(side: int) -> Any:
        return {"first": str(ids[side]), "all": [{"owner": str(ids[side + 3 * use])} for use in uses]}

    assert compare_bodies(run(0), run(1), run(2)).verdict is Verdict.MATCH


@QUICK
@given(st.lists(st.integers(0, 2), min_size=2, max_size=8), st.data())
def test_an_id_of_another_is_found(uses: list[int], data: st.DataObject) -> None:
    def run(side: int, using: list[int]) -> Any:
        known = [str(uuid.UUID(int=(side * 100 + number) << 64 | 4 << 76 | 2**63, version=4)) for number in range(3)]
        return {"known": known, "used": [known[use] for use in using]}

    place = data.draw(st.integers(0, len(uses) - 1))
    other = [*uses]
    other[place] = (other[place] + 1) % 3
    assert [kind for _, kind in kinds(compare_bodies(run(0, uses), run(1, uses), run(2, other)))] == [
        "identity-changed"
    ]


@settings(QUICK, max_examples=200)
@given(st.lists(trees | forms, min_size=1, max_size=4), st.data())
def test_what_passes_with_some_runs_passes_with_more(pool: list[Any], data: st.DataObject) -> None:
    samples = data.draw(st.lists(st.sampled_from(pool), min_size=3, max_size=6))
    value = {"v": data.draw(trees | forms | st.sampled_from(pool))}
    bodies = [{"v": sample} for sample in samples]
    verdicts = [compare_bodies(*bodies[:count], value).verdict for count in range(2, len(bodies) + 1)]
    passing = [verdict is Verdict.MATCH for verdict in verdicts]
    assert passing == sorted(passing)


@pytest.mark.parametrize(
    ("samples", "value"),
    [
        ([0, 0, 0.0, 0], 1.5),
        ([None, "a b", "a b"], "draft"),
        (["draft", "usr_9fK2LmQx81", "usr_9fK2LmQx81"], "deadbeefdeadbeef"),
        ([{"a": False}, {"b": None}, {"a": None, "name": None}], {"name": False}),
    ],
)
def test_one_more_run_makes_nothing_fail(samples: list[Any], value: Any) -> None:
    bodies = [{"v": sample} for sample in samples]
    assert compare_bodies(*bodies[:-1], {"v": value}).verdict is Verdict.MATCH
    assert compare_bodies(*bodies, {"v": value}).verdict is Verdict.MATCH


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(MEDIA),
    st.lists(st.binary(max_size=60) | st.text(max_size=40) | trees.map(json.dumps), min_size=3, max_size=3),
)
def test_ends_on_any_input(media: str, contents: list[bytes | str]) -> None:
    compare_bodies(*contents, media=media)
    assert compare_bodies(contents[0], contents[0], contents[0], media=media).verdict is Verdict.MATCH


@QUICK
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "set-cookie",
                    "etag",
                    "vary",
                    "location",
                    "cache-control",
                    "link",
                    "x-y",
                    "www-authenticate",
                    "content-type",
                ]
            ),
            st.text(max_size=30),
        ),
        max_size=5,
    )
)
def test_ends_on_any_headers(headers: list[tuple[str, str]]) -> None:
    one = record(exchange({}, headers=headers))
    assert compare([one, one], one).verdict is Verdict.MATCH
    compare([one, one], record(exchange({}, headers=headers[1:])))


def test_deep_nesting_ends() -> None:
    deep = "[" * 3_000 + "]" * 3_000
    assert compare_bodies(deep, deep, deep).verdict is Verdict.MATCH
    assert compare_bodies(deep, deep, deep[1:-1]).verdict is Verdict.MISMATCH
    tame = "[" * 300 + "]" * 300
    assert compare_bodies(tame, tame, tame[1:-1]).verdict is Verdict.MISMATCH
