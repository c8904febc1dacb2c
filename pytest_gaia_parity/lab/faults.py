"""The named faults: what is broken on the candidate side, and which cause must be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError, nearest
from pytest_gaia_parity.lab.plan import Door, SidePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One production failure, reproduced."""

    name: str
    #: what is broken, for `--lab-fault list`
    says: str
    #: the id of the cause that must be named first; empty where values differ and nothing more can be said
    cause: str = ""
    break_: Callable[[SidePlan], SidePlan]


FAULTS = {
    fault.name: fault
    for fault in (
        Fault(
            name="wrong-value",
            says="auth writes the token type 'Bearer' where it was 'bearer'",
            break_=lambda plan: plan.with_quirk("auth", "wrong-value"),
        ),
        Fault(
            name="missing-secret",
            says="chat lacks SUPABASE_JWT_SECRET",
            cause="missing-secret",
            break_=lambda plan: plan.with_env("chat", SUPABASE_JWT_SECRET=None),
        ),
        Fault(
            name="ipv4-only",
            says="asset listens on 0.0.0.0, where the private network is IPv6",
            cause="refused-ipv6",
            break_=lambda plan: plan.with_door("asset", Door.IPV4_ONLY),
        ),
        Fault(
            name="database-down",
            says="asset cannot open its database",
            cause="database-down",
            break_=lambda plan: plan.with_env("asset", DATABASE_URL="sqlite:////nowhere/asset.db"),
        ),
    )
}


def break_side(plan: SidePlan, names: Iterable[str]) -> SidePlan:
    """Plant faults in a side.

    :raises ConfigError: there is no such fault; names the nearest.
    """
    for name in names:
        if name not in FAULTS:
            raise ConfigError(
                f"--lab-fault: '{name}' is no fault of the lab; {nearest(name, FAULTS)}",
                hint="--lab-fault list shows what each one breaks",
            )
        plan = FAULTS[name].break_(plan)
    return plan
