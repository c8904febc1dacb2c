"""Why a service cannot be reached: from the failure, the families that answer, and what the platform says of machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.model.exchange import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


def reach_sign(service: str, target: str, reason: Reason | None, details: Mapping[str, Any]) -> tuple[str, str] | None:
    """The id of the cause and a sentence, where the failure has a known one.

    :param details: what preflight knows beside: `families`, `machines`.
    """
    if reason is None:
        return None
    machines = details.get("machines") or []
    stopped = [machine for machine in machines if machine.get("state") in {"stopped", "suspended"}]
    if machines and len(stopped) == len(machines):
        named = ", ".join(f"{machine['id']} is {machine['state']}" for machine in stopped)
        return "machine-stopped", f"no machine of {service} runs on {target}: {named}"
    families = details.get("families") or {}
    if reason is Reason.REFUSED and families.get("IPv6") == "refused" and families.get("IPv4") == "open":
        return "ipv4-only", f"{service} refuses connections over IPv6 on {target}, and takes them over IPv4"
    return {
        Reason.NAME_NOT_FOUND: ("name-not-found", f"the name of {service} leads nowhere on {target}"),
        Reason.REFUSED: ("refused", f"nothing listens where {service} should be on {target}"),
        Reason.TIMED_OUT: ("timed-out", f"{service} did not answer in time on {target}"),
    }[reason]
