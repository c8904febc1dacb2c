from __future__ import annotations

import pytest

from pytest_gaia_parity.errors import ConfigError
from pytest_gaia_parity.lab.faults import FAULTS, break_side
from pytest_gaia_parity.lab.plan import ServicePlan, SidePlan


@pytest.fixture
def plan() -> SidePlan:
    names = ("gateway", "auth", "asset", "chat")
    env = {"SUPABASE_JWT_SECRET": "s", "DATABASE_URL": ""}
    return SidePlan(
        target="dev",
        address="::1",
        services={name: ServicePlan(env=env, name=(name, 8000)) for name in names},
    )


def test_unknown_fault_names_the_nearest(plan: SidePlan) -> None:
    with pytest.raises(ConfigError, match="nearest is 'missing-secret'"):
        break_side(plan, ["missing-secrets"])


@pytest.mark.parametrize("name", list(FAULTS))
def test_each_fault_changes_the_plan_and_says_what(plan: SidePlan, name: str) -> None:
    assert break_side(plan, [name]) != plan
    assert FAULTS[name].name == name
    assert FAULTS[name].says


def test_faults_add_up(plan: SidePlan) -> None:
    broken = break_side(plan, ["wrong-value", "missing-secret"])
    assert broken.services["auth"].env["LAB_QUIRKS"] == "wrong-value"
    assert "SUPABASE_JWT_SECRET" not in broken.services["chat"].env


def test_quirks_of_one_service_add_up(plan: SidePlan) -> None:
    assert plan.with_quirk("auth", "a").with_quirk("auth", "b").services["auth"].env["LAB_QUIRKS"] == "a,b"


def test_no_fault_leaves_the_plan_as_it_is(plan: SidePlan) -> None:
    assert break_side(plan, []) == plan
