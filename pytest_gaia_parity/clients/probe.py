"""Asks services for their health, all at once: resolve, connect, request; used by preflight."""

from __future__ import annotations

import email.utils
import json
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from pytest_gaia_parity.clients.explain import explain
from pytest_gaia_parity.clients.factory import Clients, WriteGuard
from pytest_gaia_parity.clients.families import PATIENCE, families
from pytest_gaia_parity.clients.tape import Recorder, Tape
from pytest_gaia_parity.errors import ParityError
from pytest_gaia_parity.model.exchange import Reason
from pytest_gaia_parity.model.recording import ServiceFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_gaia_parity.model.exchange import Exchange
    from pytest_gaia_parity.network.route import Network


class ProbeTarget(NamedTuple):
    """A service to probe."""

    url: str
    health: str = "/health"


def probe(
    *, target: str, services: Mapping[str, ProbeTarget], network: Network, timeout: float
) -> dict[str, ServiceFacts]:
    """Probe every service side by side; never raises, what failed stands in the facts.

    :param timeout: seconds that one service may take; all of them take no longer together.
    """
    recorder = Recorder()
    clients = Clients(
        target=target,
        urls={name: service.url for name, service in services.items()},
        network=network,
        recorder=recorder,
        run_id="preflight",
        timeout=timeout,
        guard=WriteGuard(target=target, read_only=True),
    )
    seen: dict[str, ServiceFacts] = {}

    def ask(name: str, client: httpx.Client) -> None:
        tape = Tape()
        recorder.use_here(tape)
        seen[name] = _probe(client, services[name], tape, timeout)

    # threads that nobody need wait for: a look-up of a name heeds no timeout
    threads = [threading.Thread(target=ask, args=(name, clients[name]), daemon=True) for name in services]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + timeout + PATIENCE
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.0))
    in_time = dict(seen)
    clients.close()
    return {name: in_time.get(name) or _late(service, timeout) for name, service in services.items()}


def _probe(client: httpx.Client, service: ProbeTarget, tape: Tape, timeout: float) -> ServiceFacts:
    failure, hint, stage = "", "", ""
    try:
        client.get(service.health)
    except httpx.TransportError as error:
        failure, hint = explain(error, timeout)
    except ParityError as error:
        failure, hint, stage = error.message, error.hint, "route"
    except Exception as error:  # noqa: BLE001 - what one service does to the client shall not hide the others
        failure, hint = f"{type(error).__name__}: {error}", "see the target's 'url' and the service's 'health'"
    details: dict[str, Any] = {"hint": hint} if hint else {}
    if stage:
        details["stage"] = stage
    exchange = tape.exchanges[0] if tape.exchanges else None
    return _facts(service, exchange, failure, details)


def _late(service: ProbeTarget, timeout: float) -> ServiceFacts:
    return ServiceFacts(
        url=service.url,
        failure=f"no answer within {timeout:g} s in all",
        details={
            "hint": "the name is looked up, or the answer trickles in, for longer than that: see the DNS server and "
            "the service's log",
            "reason": Reason.TIMED_OUT.value,
        },
    )


def _facts(service: ProbeTarget, exchange: Exchange | None, failure: str, details: dict[str, Any]) -> ServiceFacts:
    if exchange is None:
        return ServiceFacts(url=service.url, failure=failure, details=details)
    response = exchange.response
    body = _json(response.body.text) if response is not None else None
    if exchange.failure is not None and exchange.failure.reason is not None:
        details["reason"] = exchange.failure.reason.value
    if details.get("reason") == Reason.REFUSED and "stage" not in details:
        details["families"] = _families(service, exchange.connection.address)
        details["refused"] = urlsplit(f"//{exchange.connection.address}").hostname or ""
        failure = _told_by_family(failure, details["families"])
    return ServiceFacts(
        url=service.url,
        address=exchange.connection.address,
        family=exchange.connection.family,
        route=exchange.connection.route,
        version=_text(body, "version"),
        image=_text(body, "image"),
        health=None if response is None else response.status,
        health_body=body,
        clock_offset=None if response is None else _clock_offset(dict(response.headers)),
        resolve=exchange.connection.resolve,
        connect=exchange.timings.connect,
        failure=failure,
        details=details,
    )


def _families(service: ProbeTarget, address: str) -> dict[str, str]:
    url = urlsplit(service.url)
    parts = urlsplit(f"//{address}") if address else url
    port = parts.port or (443 if url.scheme == "https" else 80)
    return families(url.hostname or "", (parts.hostname or "") if address else "", port)


def _told_by_family(failure: str, seen: Mapping[str, str]) -> str:
    refused = [family for family, state in seen.items() if state == "refused"]
    answering = [family for family, state in seen.items() if state == "open"]
    if refused and answering:
        return f"connection refused over {refused[0]}, while {answering[0]} answers on the same port"
    return failure


def _text(body: Any, name: str) -> str:
    return str(body.get(name, "")) if isinstance(body, dict) else ""


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def _clock_offset(headers: dict[str, str]) -> float | None:
    """Seconds that the service's clock is ahead; its Date has whole seconds, so less than one means nothing."""
    date = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        ahead = email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return 0.0 if abs(ahead) <= 1 else round(ahead, 1)
