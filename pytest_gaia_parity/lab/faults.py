"""The named faults: what is broken on the candidate side, and which cause must be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError, nearest
from pytest_gaia_parity.lab.plan import Door, SidePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: a name that leads to asset over the internet
PUBLIC = "gaia-asset-dev.fly.dev"


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
            name="lost-field",
            says="chat's messages no longer tell when they were written",
            break_=lambda plan: plan.with_quirk("chat", "lost-field"),
        ),
        Fault(
            name="naive-time",
            says="asset's times have lost their zone",
            break_=lambda plan: plan.with_quirk("asset", "naive-time"),
        ),
        Fault(
            name="foreign-id",
            says="asset says that somebody else owns what one has just made",
            break_=lambda plan: plan.with_quirk("asset", "foreign-id"),
        ),
        Fault(
            name="wrong-order",
            says="asset lists the newest first",
            break_=lambda plan: plan.with_quirk("asset", "wrong-order"),
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
            cause="ipv4-only",
            break_=lambda plan: plan.with_door("asset", Door.IPV4_ONLY),
        ),
        Fault(
            name="database-down",
            says="asset cannot open its database",
            cause="database-down",
            break_=lambda plan: plan.with_env("asset", DATABASE_URL="sqlite:////nowhere/asset.db"),
        ),
        Fault(
            name="nats-down",
            says="nothing answers where gateway and chat look for NATS",
            cause="nats-down",
            break_=lambda plan: plan.without_nats(),
        ),
        Fault(
            name="jwt-secret-differs",
            says="asset has another SUPABASE_JWT_SECRET than auth, so it refuses every token",
            cause="jwt-secret-differs",
            break_=lambda plan: plan.with_env("asset", SUPABASE_JWT_SECRET="f" * 64),
        ),
        Fault(
            name="name-not-found",
            says="chat's name leads nowhere: the app does not exist",
            cause="name-not-found",
            break_=lambda plan: plan.with_door("chat", Door.UNKNOWN),
        ),
        Fault(
            name="machine-stopped",
            says="chat's only machine is stopped, so its name leads nowhere",
            cause="machine-stopped",
            break_=lambda plan: plan.with_stopped("chat"),
        ),
        Fault(
            name="refused",
            says="nothing listens on chat's port, over IPv4 neither",
            cause="refused",
            break_=lambda plan: plan.with_door("chat", Door.CLOSED),
        ),
        Fault(
            name="timeout",
            says="asset accepts connections and never answers",
            cause="timed-out",
            break_=lambda plan: plan.with_door("asset", Door.SILENT),
        ),
        Fault(
            name="public-url",
            says="the gateway calls asset by its public URL, out to the internet and back in",
            cause="public-url",
            break_=lambda plan: plan.with_env("gateway", ASSET_SERVICE_URL=f"http://{PUBLIC}").with_alias(
                f"{PUBLIC}:80", "asset"
            ),
        ),
        Fault(
            name="version-skew",
            says="asset is an older version, which does not count what it lists",
            cause="version-skew",
            break_=lambda plan: plan.with_env("asset", GAIA_VERSION="1.3.2", GAIA_COMMIT="3b1e0aa").with_quirk(
                "asset", "older-version"
            ),
        ),
        Fault(
            name="clock-skew",
            says="auth's clock is ten minutes ahead, so its tokens are not valid yet",
            cause="clock-skew",
            break_=lambda plan: plan.with_env("auth", LAB_CLOCK_OFFSET="600"),
        ),
        Fault(
            name="proxy-error-page",
            says="the platform's proxy answers for chat with its own 502 page",
            cause="proxy-error-page",
            break_=lambda plan: plan.with_quirk("chat", "proxy-error-page"),
        ),
        Fault(
            name="undecodable-compression",
            says="asset's bodies come in a coding that the client did not ask for and cannot undo",
            cause="undecodable-compression",
            break_=lambda plan: plan.with_quirk("asset", "undecodable-compression"),
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
