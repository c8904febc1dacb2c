"""Exchanges and records with defaults: a test states only what matters to it."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.exchange import Body, Exchange, Observation, Request, Response
from pytest_gaia_parity.model.recording import Header, ServiceFacts, TestRecord
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_gaia_parity.model.comparison import Comparison
    from pytest_gaia_parity.model.exchange import Headers
    from pytest_gaia_parity.model.recording import Outcome

TEST = "parity_tests/test_x.py::test_x"
LOCAL = Header(target="local", runs=2, services={"api": ServiceFacts(url="http://api:8000")})
DEV = Header(target="dev", services={"api": ServiceFacts(url="http://gaia-api-dev.internal:8000")})


def body(content: str | bytes | None) -> Body:
    """A body as a client records it: text where it is UTF-8."""
    if not content:
        return Body()
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    try:
        return Body(text=data.decode(), size=len(data), wire_size=len(data))
    except UnicodeDecodeError:
        return Body(data=data, size=len(data), wire_size=len(data))


def exchange(
    content: Any = None,
    *,
    media: str = "application/json",
    status: int = 200,
    headers: Iterable[tuple[str, str]] | Mapping[str, str] = (),
    method: str = "GET",
    path: str = "/x",
    sent: str | None = None,
    service: str = "api",
) -> Exchange:
    """One exchange; *content* is text or bytes as it is, or a tree that is sent as JSON."""
    if not isinstance(content, str | bytes) and (content is not None or media == "application/json"):
        content = json.dumps(content, ensure_ascii=False)
    more: Headers = tuple(headers.items() if hasattr(headers, "items") else headers)
    typed: Headers = (("content-type", media),) if media else ()
    return Exchange(
        service=service,
        request=Request(
            method=method,
            url=f"http://{service}:8000{path}",
            headers=(("content-type", "application/json"),) if sent is not None else (),
            body=body(sent),
        ),
        response=Response(status=status, headers=(*typed, *more), body=body(content)),
    )


def record(
    *exchanges: Exchange,
    run: int = 1,
    outcome: Outcome = "passed",
    observed: Mapping[str, Any] | None = None,
    rules: CompareRules | None = None,
) -> TestRecord:
    """One run of one test."""
    return TestRecord(
        test=TEST,
        run=run,
        outcome=outcome,
        exchanges=exchanges,
        observations=tuple(Observation(name=name, value=value) for name, value in (observed or {}).items()),
        rules=rules or CompareRules(),
    )


def compare(
    baselines: Sequence[TestRecord], candidate: TestRecord | Sequence[TestRecord], rules: CompareRules | None = None
) -> Comparison:
    """Compare the runs of one test."""
    comparer = Comparer(baseline=LOCAL, candidate=DEV, rules=rules or CompareRules(), today=dt.date(2026, 1, 1))
    candidates = [candidate] if isinstance(candidate, TestRecord) else list(candidate)
    return comparer.compare(TEST, list(baselines), candidates)


def compare_bodies(*samples: Any, media: str = "application/json", rules: CompareRules | None = None) -> Comparison:
    """Compare bodies: the last is the candidate's, all before it are the baseline's."""
    records = [record(exchange(sample, media=media), run=number + 1) for number, sample in enumerate(samples)]
    return compare(records[:-1], records[-1], rules)


def kinds(comparison: Comparison) -> list[tuple[str, str]]:
    """Path and kind of each difference that fails."""
    return [(one.path, one.kind.value) for one in comparison.differences if one.severity.value == "error"]
