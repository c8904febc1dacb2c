"""Node ids with and without a side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.run.sides import Plan, Side, expand_sides, join_node_id, split_node_id

SIDES = (Side(target="local"), Side(target="dev", is_baseline=False), Side(target="local", run=2))
PLAN = Plan(baseline="local", candidate="dev", sides=SIDES)
FUNCTION = "tests/test_a.py::TestX::test_y"


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"])), st.sampled_from(SIDES))
def test_the_side_comes_out_as_it_went_in(parameters: str, side: Side) -> None:
    test = f"{FUNCTION}[{parameters}]" if parameters else FUNCTION
    assert split_node_id(join_node_id(test, side.id), SIDES) == (test, side)


@pytest.mark.parametrize(
    "node_id", [FUNCTION, f"{FUNCTION}[locality]", f"{FUNCTION}[developer-1]", "a[local].py::test_x"]
)
def test_what_only_looks_like_a_side_is_none(node_id: str) -> None:
    assert split_node_id(node_id, SIDES) == (node_id, None)


@pytest.mark.parametrize("label", ["local", "dev", "local#2", "local = dev"])
@pytest.mark.parametrize("parameters", ["", "-3-x"])
def test_any_side_leads_to_all_sides(label: str, parameters: str) -> None:
    expected = [f"{FUNCTION}[{side.id}{parameters}]" for side in SIDES]
    assert expand_sides(PLAN, f"{FUNCTION}[{label}{parameters}]") == expected


def test_the_name_of_an_xdist_group_is_no_part_of_a_test() -> None:
    assert split_node_id(f"{FUNCTION}[dev-3]@database", SIDES) == (f"{FUNCTION}[3]", SIDES[1])
