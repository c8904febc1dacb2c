"""Which items of two sequences correspond."""

from __future__ import annotations

import random
from difflib import SequenceMatcher
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.compare.sequence import matching

items = st.lists(st.integers(0, 6), max_size=40)


@given(items, items)
def test_pairs_are_equal_and_rise_on_both_sides(first: list[int], other: list[int]) -> None:
    pairs = matching(first, other)
    assert all(first[one] == other[its] for one, its in pairs)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(pairs))


@given(items, st.data())
def test_what_was_only_taken_out_is_all_that_is_left(first: list[int], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(first), max_size=len(first)))
    other = [item for item, is_kept in zip(range(len(first)), kept, strict=True) if is_kept]
    assert [one for one, _ in matching(list(range(len(first))), other)] == other


@pytest.mark.parametrize("count", [300, 3000])
@pytest.mark.parametrize("kinds", [3, 50, 10**9])
def test_long_sequences_lose_nothing_against_comparing_all_with_all(count: int, kinds: int) -> None:
    draw = random.Random(count + kinds)  # noqa: S311 - a test
    first = [draw.randrange(kinds) for _ in range(count)]
    other = [item for item in first if draw.random() > 0.1]
    other.insert(count // 2, -1)
    pairs = matching(first, other)
    assert len(pairs) >= 0.97 * (len(other) - 1)
    if count == 300:
        blocks = SequenceMatcher(None, first, other, autojunk=False).get_matching_blocks()
        assert len(pairs) >= sum(block.size for block in blocks)


def test_nothing_in_common_has_no_pairs() -> None:
    assert matching(range(500), range(1000, 1500)) == []
