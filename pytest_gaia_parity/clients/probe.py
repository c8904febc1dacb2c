"""Asks services for their health, all at once: resolve, connect, request; used by preflight."""

from __future__ import annotations

import email.utils
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import httpx

from pytest_gaia_parity.clients.factory import Clients, WriteGuard
from pytest_gaia_parity.clients.families import families
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
    if not services:
        return {}
    with ThreadPoolExecutor(max_workers=min(64, len(services))) as pool:
        found = pool.map(lambda name: _probe(name, services[name], target, network, timeout), services)
        return dict(zip(services, found, strict=True))


def _probe(name: str, service: ProbeTarget, target: str, network: Network, timeout: float) -> ServiceFacts:
    recorder, tape = Recorder(), Tape()
    recorder.use(tape)
    clients = Clients(
        target=target,
        urls={name: service.url},
        network=network,
        recorder=recorder,
        run_id="preflight",
        timeout=timeout,
        guard=WriteGuard(target=target, read_only=True),
    )
    failure, hint = "", ""
    try:
        clients[name].get(service.health)
    except httpx.TimeoutException as error:
        failure = f"no answer within {timeout:g} s ({type(error).__name__})"
        hint = "the port accepts or drops connections and nothing answers: see the service's log"
    except httpx.HTTPError as error:
        failure, hint = _said(error)
    except ParityError as error:
        failure, hint = error.message, error.hint
    finally:
        clients.close()
    exchange = tape.exchanges[0] if tape.exchanges else None
    return _facts(service, exchange, failure, hint)


def _said(error: httpx.HTTPError) -> tuple[str, str]:
    text = str(error) or type(error).__name__
    if "refused" in text.lower():
        return f"connection refused: {text}", "start the service, or see whether it listens on this address and family"
    if "name or service not known" in text.lower() or "name resolution" in text.lower():
        return (
            f"the name is not known: {text}",
            "see the target's 'url', and whether its network can be reached from here",
        )
    return f"{type(error).__name__}: {text}", "see the service's log"


def _facts(service: ProbeTarget, exchange: Exchange | None, failure: str, hint: str) -> ServiceFacts:
    details: dict[str, Any] = {"hint": hint} if hint else {}
    if exchange is None:
        return ServiceFacts(url=service.url, failure=failure, details=details)
    response = exchange.response
    body = _json(response.body.text) if response is not None else None
    if exchange.failure is not None and exchange.failure.reason is not None:
        details["reason"] = exchange.failure.reason.value
    if details.get("reason") == Reason.REFUSED and exchange.connection.address:
        parts = urlsplit(f"//{exchange.connection.address}")
        name = urlsplit(service.url).hostname or ""
        details["families"] = families(name, parts.hostname or "", parts.port or 80)
    return ServiceFacts(
        url=service.url,
        address=exchange.connection.address,
        family=exchange.connection.family,
        route=exchange.connection.route,
        version=str(body.get("version", "")) if isinstance(body, dict) else "",
        health=None if response is None else response.status,
        health_body=body,
        clock_offset=None if response is None else _clock_offset(dict(response.headers)),
        resolve=exchange.connection.resolve,
        connect=exchange.timings.connect,
        failure=failure,
        details=details,
    )


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
