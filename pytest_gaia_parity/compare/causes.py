"""The table of causes: id, what shows it, what it says, what to do next. Each is named from evidence, never guessed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.exchange import Exchange
    from pytest_gaia_parity.model.recording import Header, TestRecord


class Evidence(NamedTuple):
    """All that is known of a comparison."""

    comparison: Comparison
    baselines: tuple[TestRecord, ...]
    candidates: tuple[TestRecord, ...]
    baseline: Header
    candidate: Header

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What the candidate showed, in its first run."""
        return self.candidates[0].exchanges if self.candidates else ()


class KindOfCause(NamedTuple):
    """A row of the table; `shown_by` yields a sentence for each place where the evidence shows it."""

    id: str
    shown_by: Callable[[Evidence], Iterator[str]]
    hint: str


def _refused_over_ipv6(evidence: Evidence) -> Iterator[str]:
    for exchange in _failed(evidence):
        if exchange.failure and "refused" in exchange.failure.message.lower() and exchange.connection.family == "IPv6":
            yield f"{exchange.service} refuses connections over IPv6 at {exchange.connection.address}"


def _timed_out(evidence: Evidence) -> Iterator[str]:
    for exchange in _failed(evidence):
        if exchange.failure and exchange.failure.type.endswith("Timeout"):
            yield f"{exchange.service} did not answer in time"


def _database_down(evidence: Evidence) -> Iterator[str]:
    yield from _check_failed(evidence, ("database", "db", "postgres", "sqlite"), "the database")


def _nats_down(evidence: Evidence) -> Iterator[str]:
    yield from _check_failed(evidence, ("nats",), "NATS")


def _missing_secret(evidence: Evidence) -> Iterator[str]:
    for name, facts in evidence.candidate.services.items():
        missing = facts.details.get("missing_secrets") or _missing_in(facts.health_body)
        if missing:
            yield f"{name} lacks the secret {', '.join(missing)} on {evidence.candidate.target}"


def _undecodable(evidence: Evidence) -> Iterator[str]:
    for exchange in evidence.exchanges:
        if exchange.response is not None and exchange.response.body.decode_error:
            yield f"{exchange.service} sends a body that cannot be decoded: {exchange.response.body.decode_error}"


def _version_skew(evidence: Evidence) -> Iterator[str]:
    for name, facts in evidence.candidate.services.items():
        other = evidence.baseline.services.get(name)
        if other is not None and facts.version and other.version and facts.version != other.version:
            yield (
                f"{name} is version {other.version} on {evidence.baseline.target} and {facts.version} on "
                f"{evidence.candidate.target}"
            )


CAUSES: tuple[KindOfCause, ...] = (
    KindOfCause(
        "ipv4-only",
        _refused_over_ipv6,
        "bind the service to [::] in place of 0.0.0.0: Fly's private network is IPv6 only",
    ),
    KindOfCause("timed-out", _timed_out, "see the service's log, and whether something drops packets between"),
    KindOfCause("missing-secret", _missing_secret, "gaia-parity sync-secrets TARGET sends what is declared"),
    KindOfCause(
        "database-down",
        _database_down,
        "see DATABASE_URL on that side, and whether the database can be reached from there",
    ),
    KindOfCause("nats-down", _nats_down, "see NATS_URL on that side, and whether NATS can be reached from there"),
    KindOfCause(
        "undecodable-compression",
        _undecodable,
        "make the service honour Accept-Encoding, or install the codec: httpx[brotli,zstd]",
    ),
    KindOfCause("version-skew", _version_skew, "deploy the same version to both sides, then compare again"),
)


def _failed(evidence: Evidence) -> Iterator[Exchange]:
    seen: set[str] = set()
    for exchange in evidence.exchanges:
        if exchange.failure is not None and exchange.service not in seen:
            seen.add(exchange.service)
            yield exchange


def _check_failed(evidence: Evidence, names: tuple[str, ...], what: str) -> Iterator[str]:
    for service, facts in evidence.candidate.services.items():
        other = evidence.baseline.services.get(service)
        for name in names:
            mine, its = _check(facts.health_body, name), None if other is None else _check(other.health_body, name)
            if _is_bad(mine) and not _is_bad(its):
                yield f"{service} cannot reach {what} on {evidence.candidate.target}: {json.dumps(mine)}"
                break


def _check(body: Any, name: str) -> Any:
    checks = body.get("checks", body) if isinstance(body, dict) else {}
    return checks.get(name) if isinstance(checks, dict) else None


def _is_bad(state: Any) -> bool:
    if isinstance(state, dict):
        return any(_is_bad(state.get(key)) for key in ("status", "state", "ok", "healthy"))
    if isinstance(state, str):
        return re.fullmatch(r"(?i)(ok|up|healthy|pass(ed)?|ready|connected|disabled|skipped)", state) is None
    return state is False


def _missing_in(body: Any) -> list[str]:
    secrets = _check(body, "secrets")
    missing = secrets.get("missing") if isinstance(secrets, dict) else None
    return [str(name) for name in missing] if isinstance(missing, list) else []
