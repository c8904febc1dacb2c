"""Why a service cannot be reached: from the failure, the families that answer, and what the platform says of machines."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.model.exchange import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: the addresses of Fly's private network, which has no IPv4 that could be asked
_SIX_PN = ipaddress.ip_network("fdaa::/16")


def reach_sign(service: str, target: str, reason: Reason | None, details: Mapping[str, Any]) -> tuple[str, str] | None:
    """The id of the cause and a sentence, where the failure has a known one.

    :param details: what preflight knows beside: `families`, `machines`, and `refused`, the address that refused.
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
    if reason is Reason.REFUSED and set(families) == {"IPv6"}:
        running = _running_at(details.get("refused", ""), machines)
        if running:
            return "ipv4-only", f"{service} is refused over 6PN on {target} while {running}"
    return {
        Reason.NAME_NOT_FOUND: ("name-not-found", f"the name of {service} leads nowhere on {target}"),
        Reason.REFUSED: ("refused", f"nothing listens where {service} should be on {target}"),
        Reason.TIMED_OUT: ("timed-out", f"{service} did not answer in time on {target}"),
    }[reason]


def _running_at(address: str, machines: Sequence[Mapping[str, Any]]) -> str:
    """In words, that the very machine of a private address is started and no check of it fails; empty where that is not known."""
    at = _six_pn(address)
    for machine in machines:
        if at is not None and _six_pn(machine.get("address", "")) == at:
            checks = set((machine.get("checks") or {}).values())
            if machine.get("state") != "started" or checks - {"passing"}:
                return ""
            return f"machine {machine['id']} is started" + (" and its checks pass" if checks else "")
    return ""


def _six_pn(text: str) -> ipaddress.IPv6Address | None:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    return address if address in _SIX_PN else None
