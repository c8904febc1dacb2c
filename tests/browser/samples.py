"""Comparisons to look at: made from a seed, so that every page made of them is the same."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.model.comparison import Cause, Comparison, Difference, Kind, Log, Pair, Severity, Verdict
from pytest_gaia_parity.model.exchange import Body, Connection, Exchange, Request, Response, Timings
from pytest_gaia_parity.model.recording import ServiceFacts, TestRecord
from pytest_gaia_parity.model.results import SCHEMA, Results, Side
from pytest_gaia_parity.report.html import HtmlSink
from pytest_gaia_parity.report.sink import Evidence
from pytest_gaia_parity.report.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pytest_gaia_parity.report.sink import Form

SKEW = Cause(
    id="version-skew", says="dev runs 1.2.0 of asset, local 1.3.0", hint="gaia-parity deploy asset dev --image 1.3.0"
)
#: the comparison that the flight recorder has lines of
WITH_LOGS = 13
LOGS = (
    Log(
        pair=0, side="baseline", service="asset",
        lines=(
            "2026-11-23T10:00:00Z INFO GET /assets?page=2 traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "2026-11-23T10:00:00Z DEBUG 12 rows in 3.1 ms",
        ),
    ),
    Log(
        pair=0, side="candidate", service="asset",
        lines=("2026-11-23T10:00:01Z WARNING price list of 2026-10 is in use <b>",),
        says="no line has the trace id: these were written at the time",
    ),
)  # fmt: skip
_ROUTES = {False: ("127.0.0.1:8000", "IPv4", "published-port"), True: ("[fdaa::3]:8000", "IPv6", "fly-proxy")}


def side(name: str, *, candidate: bool) -> Side:
    """One side with what preflight saw of its services."""
    address, family, route = _ROUTES[candidate]
    facts = ServiceFacts(
        url="http://asset:8000",
        address=address,
        family=family,
        route=route,
        version="1.2.0" if candidate else "1.3.0",
        image="registry.example/gaia-asset:7f3a",
        health=200,
    )
    return Side(
        name=name, network="fly" if candidate else "docker", runs=1 if candidate else 2, services={"asset": facts}
    )


def listing(source: random.Random, size: int) -> dict[str, Any]:
    """A page of a listing of about *size* characters."""
    items: list[dict[str, Any]] = []
    length = 0
    while length < size:
        items.append(
            {
                "id": f"{source.getrandbits(48):012x}",
                "name": f"{source.choice(('oak', 'ash', 'elm', 'fir'))} {source.choice(('table', 'chair', 'lamp'))}",
                "price": round(source.random() * 100, 2),
                "description": "Made by hand in the workshop, oiled twice, delivered within ten days.",
            }
        )
        length += len(json.dumps(items[-1])) + 2
    return {"items": items, "total": source.randint(1, 999), "next": None}


def exchange(body: Any, *, candidate: bool, began: float, source: random.Random) -> Exchange:
    """A GET of a listing."""
    text = body if isinstance(body, str) else json.dumps(body)
    address, family, route = _ROUTES[candidate]
    return Exchange(
        service="asset",
        request=Request(method="GET", url="http://asset:8000/assets?page=2", headers=(("Accept", "application/json"),)),
        response=Response(
            status=200,
            reason="OK",
            headers=(("Content-Type", "application/json"), ("X-Region", "ams" if candidate else "local")),
            body=Body(text=text, size=len(text), wire_size=len(text)),
        ),
        connection=Connection(address=address, family=family, route=route),
        timings=Timings(
            started=began, connect=0.002, first_byte=0.01 + source.random() / 50, total=0.05 + source.random() / 20
        ),
        trace=f"00-{source.getrandbits(128):032x}-{source.getrandbits(64):016x}-01",
    )


def record(
    *exchanges: Exchange, began: float, duration: float, outcome: Any = "passed", message: str = ""
) -> TestRecord:
    """A test's run."""
    return TestRecord(test="", outcome=outcome, exchanges=exchanges, started=began, duration=duration, message=message)


def comparison(number: int, source: random.Random, *, size: int) -> tuple[Comparison, Evidence]:
    """One comparison; every tenth is a mismatch, a few are something else."""
    began = 1_700_000_000.0 + number
    baseline = listing(source, size)
    candidate = json.loads(json.dumps(baseline))
    for item in candidate["items"]:
        item["id"] = f"{source.getrandbits(48):012x}"
    verdict, reason = Verdict.MATCH, ""
    differences: tuple[Difference, ...] = ()
    if number % 10 == 3:
        verdict, differences = Verdict.MISMATCH, spoil(baseline, candidate)
    elif number % 97 == 5:
        verdict, reason = Verdict.BOTH_FAILED, "both sides failed alike: AssertionError: assert 500 == 200"
    elif number % 97 == 7:
        verdict, reason = Verdict.UNSTABLE, "the baseline answered 200 and 503"
    elif number % 50 == 9:
        verdict, reason = Verdict.SKIPPED, "needs NATS"
    sides = [
        [record(exchange(body, candidate=is_candidate, began=began + 0.01, source=source), began=began, duration=0.2 + source.random() / 4)]
        for body, is_candidate in ((baseline, False), (candidate, True))
    ]  # fmt: skip
    result = Comparison(
        test=f"parity_tests/test_assets_{number % 20}.py::test_listing[page-{number}]",
        verdict=verdict,
        reason=reason,
        differences=differences,
        causes=(SKEW,) if differences else (),
        exchanges=(Pair(label="GET asset /assets", baseline=0, candidate=0),),
        logs=LOGS if number == WITH_LOGS else (),
    )
    return result, Evidence(*sides)


def spoil(baseline: dict[str, Any], candidate: dict[str, Any]) -> tuple[Difference, ...]:
    """Make the candidate differ in four places, one of them a note."""
    first = candidate["items"][0]
    first["price"] += 1
    candidate["total"] = str(candidate["total"])
    first["name"] = first["name"].title()
    here = {"exchange": "GET asset /assets", "pair": 0}
    was = baseline["items"][0]
    return (
        Difference(
            path="body.items[0].price", kind=Kind.VALUE_CHANGED, baseline=was["price"], candidate=first["price"],
            fact="constant in 2 of 2 baseline runs", **here,  # type: ignore[arg-type]
        ),
        Difference(path="body.total", kind=Kind.TYPE_CHANGED, baseline=baseline["total"], candidate=candidate["total"], **here),  # type: ignore[arg-type]
        Difference(path="body.items[0].name", kind=Kind.VALUE_CHANGED, baseline=was["name"], candidate=first["name"], **here),  # type: ignore[arg-type]
        Difference(
            path="headers.x-region", kind=Kind.HEADER_CHANGED, baseline="local", candidate="ams", severity=Severity.NOTE, **here,  # type: ignore[arg-type]
        ),
    )  # fmt: skip


def comparisons(count: int, *, size: int = 2000) -> Iterator[tuple[Comparison, Evidence]]:
    """As many comparisons, one after the other."""
    source = random.Random(1)  # noqa: S311 - samples, no secrets
    return (comparison(number, source, size=size) for number in range(count))


def write_page(
    path: Path, given: Iterable[tuple[Comparison, Evidence]], *, form: Form = "auto", **extra: Any
) -> Results:
    """Write the page of these comparisons."""
    sink, tally = HtmlSink(path, form=form), Tally()
    baseline, candidate = side("local", candidate=False), side("dev", candidate=True)
    sink.open(baseline, candidate)
    for one, evidence in given:
        sink.write(one, evidence)
        tally.add(one)
    results = Results(schema=SCHEMA, baseline=baseline, candidate=candidate, summary=tally.summary, **extra)
    sink.close(results)
    return results
