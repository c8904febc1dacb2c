"""The signs of each cause: where the evidence shows it, and in which words it is told."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_gaia_parity.compare.codings import coding_of, is_accepted
from pytest_gaia_parity.compare.evidence import Sign
from pytest_gaia_parity.compare.reach import reach_sign
from pytest_gaia_parity.model.comparison import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.compare.evidence import Evidence
    from pytest_gaia_parity.model.exchange import Exchange

#: seconds that two clocks may differ before tokens and caches suffer
CLOCK_TOLERANCE = 5.0
_HEALTHY = re.compile(r"(?i)(ok|up|healthy|pass(ed|ing)?|ready|connected|disabled|skipped)")
_SIGNATURE = re.compile(r"(?i)signature")
_PROXY_PAGE = re.compile(r"(?i)<title>[^<]*(50[234]|bad gateway|service unavailable|gateway time-?out)")
_REFUSED_FOR_WHO = frozenset({401, 403})
_PROXY_STATUS = frozenset({502, 503, 504})
_URL = re.compile(r"https?://[^\s\"'<>]+")


def unreachable(cause: str) -> Callable[[Evidence], Iterator[Sign]]:
    """The signs of one of the causes for which a service cannot be reached."""

    def signs(evidence: Evidence) -> Iterator[Sign]:
        for both in evidence.differing:
            exchange = both.candidate
            if exchange is None or exchange.failure is None:
                continue
            details = evidence.facts(exchange.service).details
            found = reach_sign(exchange.service, evidence.candidate.target, exchange.failure.reason, details)
            if found is not None and found[0] == cause:
                yield Sign(found[1])

    return signs


def missing_secret(evidence: Evidence) -> Iterator[Sign]:
    """A service says which required names it lacks, and the baseline's does not lack them."""
    for name, facts in evidence.candidate.services.items():
        before = evidence.facts_before(name)
        lacking = [one for one in _missing(facts.details, facts.health_body)
                   if one not in _missing(before.details, before.health_body)]  # fmt: skip
        if lacking:
            yield Sign(f"{name} lacks {', '.join(lacking)} on {evidence.candidate.target}", name)


def check_failed(names: tuple[str, ...], what: str) -> Callable[[Evidence], Iterator[Sign]]:
    """The signs of a dependency that a health body tells to be down, and the baseline's does not."""

    def signs(evidence: Evidence) -> Iterator[Sign]:
        for service, facts in evidence.candidate.services.items():
            before = evidence.facts_before(service).health_body
            for name in names:
                state = _check(facts.health_body, name)
                if _is_bad(state) and not _is_bad(_check(before, name)):
                    told = state if isinstance(state, str) else json.dumps(state)
                    yield Sign(f"{service} cannot reach {what} on {evidence.candidate.target}: {told}", service)
                    break

    return signs


def jwt_secret_differs(evidence: Evidence) -> Iterator[Sign]:
    """A token is refused for its signature, where the baseline takes its own."""
    for both in evidence.differing:
        status, before = _status(both.candidate), _status(both.baseline)
        if both.candidate is None or status not in _REFUSED_FOR_WHO or before in _REFUSED_FOR_WHO:
            continue
        if _sent(both.candidate, "authorization") and _SIGNATURE.search(_refusal(both.candidate)):
            behind = " or ".join((both.candidate.service, *evidence.called(both.candidate.service)))
            yield Sign(f"{behind} refuses the signature of tokens that were issued on {evidence.candidate.target}")


def clock_skew(evidence: Evidence) -> Iterator[Sign]:
    """A service's clock is off, and the difference is about that service, or about who may do what."""
    for name, facts in evidence.candidate.services.items():
        off = (facts.clock_offset or 0) - (evidence.facts_before(name).clock_offset or 0)
        if abs(off) >= CLOCK_TOLERANCE:
            ahead = "ahead" if off > 0 else "behind"
            says = f"{name}'s clock is {abs(off):.0f} s {ahead} on {evidence.candidate.target}"
            # who checks a token sees the clock of who issued it
            refused = any(_status(both.candidate) in _REFUSED_FOR_WHO for both in evidence.differing)
            yield Sign(says, None if refused else name)


def public_url(evidence: Evidence) -> Iterator[Sign]:
    """Where the baseline has the address of a service, the candidate has a public one."""
    for one in evidence.comparison.differences:
        if (
            one.severity is not Severity.ERROR
            or not isinstance(one.baseline, str)
            or not isinstance(one.candidate, str)
        ):
            continue
        hosts = {urlsplit(url).hostname or "" for url in _URL.findall(one.candidate)}
        public = sorted(host for host in hosts if _is_public(host))
        if public and re.match(r"\{[\w-]+\}", one.baseline):
            service = one.baseline.partition("}")[0].removeprefix("{")
            yield Sign(f"{service} is called by its public address {public[0]} on {evidence.candidate.target}")


def proxy_error_page(evidence: Evidence) -> Iterator[Sign]:
    """A page for people, with a proxy's status in its title, where the baseline has the service's answer."""
    for both in evidence.differing:
        exchange = both.candidate
        if exchange is None or exchange.response is None or exchange.response.status not in _PROXY_STATUS:
            continue
        page = exchange.response.body.text or ""
        before = "" if both.baseline is None or both.baseline.response is None else both.baseline.response.body.text
        if _PROXY_PAGE.search(page) and not _PROXY_PAGE.search(before or ""):
            says = f"a proxy answers {exchange.response.status} in the place of {exchange.service}"
            yield Sign(f"{says} on {evidence.candidate.target}")


def undecodable(evidence: Evidence) -> Iterator[Sign]:
    """A body whose coding cannot be undone, or that the client did not ask for, where the baseline's can and was."""
    for both in evidence.differing:
        error, before = _decode_error(both.candidate), _decode_error(both.baseline)
        if both.candidate is None or before:
            continue
        if error:
            yield Sign(f"{both.candidate.service} sends a body that cannot be decoded: {error}")
        elif not is_accepted(both.candidate) and (both.baseline is None or is_accepted(both.baseline)):
            coding = coding_of(both.candidate)
            yield Sign(f"{both.candidate.service} compresses with {coding}, which the request does not accept")


def version_skew(evidence: Evidence) -> Iterator[Sign]:
    """The two sides run different code. Images have names of their own on each platform: they are compared within one."""
    target, other = evidence.candidate.target, evidence.baseline.target
    is_one_platform = evidence.candidate.network == evidence.baseline.network
    for name, facts in evidence.candidate.services.items():
        before = evidence.facts_before(name)
        if facts.version and before.version and facts.version != before.version:
            yield Sign(f"{name} is version {before.version} on {other} and {facts.version} on {target}", name)
        elif is_one_platform and facts.image and before.image and facts.image != before.image:
            yield Sign(f"{name} is image {before.image} on {other} and {facts.image} on {target}", name)


def _missing(details: dict[str, Any], body: Any) -> list[str]:
    """The names that preflight knows to be missing, or that the health body tells: a list, or `missing: A, B`."""
    known = details.get("missing_secrets")
    if known:
        return [str(name) for name in known]
    told = _check(body, "secrets")
    missing = told.get("missing") if isinstance(told, dict) else None
    if isinstance(told, str) and told.lower().startswith("missing:"):
        return [name.strip() for name in told.partition(":")[2].split(",")]
    return [str(name) for name in missing] if isinstance(missing, list) else []


def _check(body: Any, name: str) -> Any:
    checks = body.get("checks", body) if isinstance(body, dict) else {}
    return checks.get(name) if isinstance(checks, dict) else None


def _is_bad(state: Any) -> bool:
    if isinstance(state, dict):
        return any(_is_bad(state.get(key)) for key in ("status", "state", "ok", "healthy"))
    if isinstance(state, str):
        return _HEALTHY.fullmatch(state) is None
    return state is False


def _status(exchange: Exchange | None) -> int | None:
    return None if exchange is None or exchange.response is None else exchange.response.status


def _sent(exchange: Exchange, name: str) -> str:
    return next((value for field, value in exchange.request.headers if field.lower() == name), "")


def _refusal(exchange: Exchange) -> str:
    """What a service says of why it refuses: the challenge, and the body."""
    if exchange.response is None:
        return ""
    challenge = [value for name, value in exchange.response.headers if name.lower() == "www-authenticate"]
    return " ".join((*challenge, exchange.response.body.text or ""))


def _decode_error(exchange: Exchange | None) -> str:
    return "" if exchange is None or exchange.response is None else exchange.response.body.decode_error


def _is_public(host: str) -> bool:
    """Whether a host is one of the internet: no name of a private network, no private address."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".internal", ".flycast", ".local", ".localhost", ".test"))
