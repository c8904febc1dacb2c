"""Each cause: where it is the reason, and where something looks like it and is not."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from pytest_gaia_parity.compare.causes import CAUSES, cause_of_failure
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.exchange import Body, Connection, Exchange, Failure, Reason, Request, Response
from pytest_gaia_parity.model.recording import Header, ServiceFacts, TestRecord
from pytest_gaia_parity.model.rules import CompareRules

OK = {"status": "ok", "checks": {"database": "ok", "nats": "ok", "secrets": "ok"}}
TOKEN = (("authorization", "Bearer abc"),)
PAGE = "<html><head><title>502 Bad Gateway</title></head></html>"


def facts(
    checks: dict[str, Any] | None = None, *, clock: float = 0.0, version: str = "1.4.0", **more: Any
) -> ServiceFacts:
    body = {**OK, "checks": {**OK["checks"], **(checks or {})}}  # type: ignore[dict-item] # a table of texts
    return ServiceFacts(url="http://asset:8000", version=version, health_body=body, clock_offset=clock, **more)


def answer(status: int = 200, body: Any = None, *, service: str = "asset", media_type: str = "application/json",
           sent: tuple[tuple[str, str], ...] = (), decode_error: str = "") -> Exchange:  # fmt: skip
    text = body if isinstance(body, str) else json.dumps(body if body is not None else {"a": 1})
    return Exchange(
        service=service,
        request=Request(method="GET", url=f"http://{service}:8000/x", headers=sent),
        response=Response(
            status=status,
            headers=(("content-type", media_type),),
            body=Body(text=text, size=len(text), wire_size=len(text), decode_error=decode_error),
        ),
    )


def failed(type_: str, message: str = "", *, service: str = "asset") -> Exchange:
    return Exchange(
        service=service,
        request=Request(method="GET", url=f"http://{service}:8000/x"),
        failure=Failure(type=type_, message=message),
        connection=Connection(address="[::1]:8000", family="IPv6"),
    )


def causes(
    before: Exchange,
    after: Exchange,
    *,
    services: dict[str, ServiceFacts] | None = None,
    others: dict[str, ServiceFacts] | None = None,
) -> list[str]:
    """The ids of the causes that are named for one exchange; *services* is the candidate's side, *others* the baseline's."""
    known = services or {}
    comparer = Comparer(
        baseline=Header(target="local", network="docker", services=others or {name: facts() for name in known}, runs=2),
        candidate=Header(target="dev", network="fly", services=known),
        rules=CompareRules(),
        today=dt.date(2026, 11, 23),
    )
    runs = [TestRecord(test="t", run=run, outcome="passed", exchanges=(before,)) for run in (1, 2)]
    comparison = comparer.compare("t", runs, [TestRecord(test="t", outcome="passed", exchanges=(after,))])
    assert not comparison.verdict.passes
    return [cause.id for cause in comparison.causes]


REFUSED = ("ConnectError", "[Errno 111] Connection refused")
AT = "fdaa:0:1::11"
RUNNING = {"id": "m1", "state": "started", "address": "fdaa:0:1:0::11", "checks": {"health": "passing"}}
FAILING = {**RUNNING, "checks": {"health": "passing", "port": "critical"}}
STARTING = {**RUNNING, "state": "starting"}
STARTED, STOPPED = {"id": "m1", "state": "started"}, {"id": "m1", "state": "stopped"}


@pytest.mark.parametrize(
    ("failure", "details", "cause"),
    [
        (REFUSED, {"families": {"IPv6": "refused", "IPv4": "open"}}, "ipv4-only"),
        (REFUSED, {"families": {"IPv6": "refused", "IPv4": "refused"}}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT, "machines": [RUNNING]}, "ipv4-only"),
        (
            REFUSED,
            {"families": {"IPv6": "refused"}, "refused": AT, "machines": [{**RUNNING, "checks": {}}]},
            "ipv4-only",
        ),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT, "machines": [STOPPED, RUNNING]}, "ipv4-only"),
        # it looks alike: nothing listens at all, the machine is not that one, its state is not known, another network
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT, "machines": [FAILING]}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT, "machines": [STARTING]}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": "fdaa:0:1::12", "machines": [RUNNING]}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT}, "refused"),
        (REFUSED, {"families": {"IPv6": "refused"}, "refused": AT, "machines": [STARTED]}, "refused"),
        (
            REFUSED,
            {"families": {"IPv6": "refused"}, "refused": "::1", "machines": [{**RUNNING, "address": "::1"}]},
            "refused",
        ),
        (
            REFUSED,
            {"families": {"IPv6": "refused", "IPv4": "refused"}, "refused": AT, "machines": [RUNNING]},
            "refused",
        ),
        (
            REFUSED,
            {"families": {"IPv6": "refused"}, "refused": AT, "machines": [{**RUNNING, **STOPPED}]},
            "machine-stopped",
        ),
        (REFUSED, {}, "refused"),
        (REFUSED, {"machines": [STARTED]}, "refused"),
        (REFUSED, {"machines": [STOPPED]}, "machine-stopped"),
        (REFUSED, {"machines": [STOPPED, {"id": "m2", "state": "suspended"}]}, "machine-stopped"),
        (REFUSED, {"machines": [STOPPED, {"id": "m2", "state": "started"}]}, "refused"),
        (("NameNotFoundError", "asset:8000"), {}, "name-not-found"),
        (("NameNotFoundError", "asset:8000"), {"machines": [STOPPED]}, "machine-stopped"),
        (("ConnectError", "[Errno -2] Name or service not known"), {}, "name-not-found"),
        (("ConnectError", "[Errno -3] Temporary failure in name resolution"), {}, "name-not-found"),
        (("ConnectTimeout", "timed out"), {}, "timed-out"),
        (("ReadTimeout", ""), {"machines": [STARTED]}, "timed-out"),
    ],
)
def test_what_cannot_be_reached_has_one_cause(failure: tuple[str, str], details: dict[str, Any], cause: str) -> None:
    assert causes(answer(), failed(*failure), services={"asset": facts(details=details)}) == [cause]


@pytest.mark.parametrize("failure", [("ReadError", "connection reset"), ("RemoteProtocolError", "disconnected")])
def test_a_connection_that_broke_is_none_of_these(failure: tuple[str, str]) -> None:
    assert causes(answer(), failed(*failure), services={"asset": facts()}) == []


def test_preflight_names_the_same_causes() -> None:
    seen = facts(details={"families": {"IPv6": "refused", "IPv4": "open"}})
    cause = cause_of_failure("asset", "dev", Reason.REFUSED, seen)
    assert cause is not None
    assert cause.id == "ipv4-only"
    assert "[::]" in cause.hint
    assert cause_of_failure("asset", "dev", None, seen) is None


def test_a_refusal_over_fly_s_private_network_tells_what_shows_the_cause() -> None:
    details = {"families": {"IPv6": "refused"}, "refused": AT, "machines": [RUNNING]}
    cause = cause_of_failure("asset", "dev", Reason.REFUSED, facts(details=details))
    assert cause is not None
    assert cause.says == "asset is refused over 6PN on dev while machine m1 is started and its checks pass"


@pytest.mark.parametrize("told", ["missing: API_KEY, OPENAI_API_KEY", {"missing": ["API_KEY", "OPENAI_API_KEY"]}])
def test_missing_secrets_are_read_from_the_health_body(told: Any) -> None:
    assert causes(answer(), answer(503), services={"asset": facts({"secrets": told})}) == ["missing-secret"]


def test_missing_secrets_that_preflight_knows_are_named() -> None:
    seen = facts(details={"missing_secrets": ["API_KEY"]})
    assert causes(answer(), answer(503), services={"asset": seen}) == ["missing-secret"]


def test_a_secret_that_both_sides_lack_explains_nothing() -> None:
    seen = facts({"secrets": "missing: MESHY_API_KEY"})
    assert causes(answer(), answer(503), services={"asset": seen}, others={"asset": seen}) == []


@pytest.mark.parametrize(("check", "cause"), [("database", "database-down"), ("nats", "nats-down")])
@pytest.mark.parametrize("state", ["down: connection refused", False, {"status": "error"}])
def test_a_dependency_that_is_down_on_the_candidate_alone_is_the_cause(check: str, cause: str, state: Any) -> None:
    seen = {"asset": facts({check: state})}
    assert causes(answer(), answer(503), services=seen) == [cause]
    assert causes(answer(), answer(503), services=seen, others=seen) == []


def test_a_dependency_of_another_service_is_not_the_cause() -> None:
    seen = {"asset": facts(), "chat": facts({"database": "down"})}
    assert causes(answer(), answer(503), services=seen) == []


def test_a_dependency_of_a_service_that_is_called_is_the_cause() -> None:
    seen = {"gateway": facts(details={"calls": ["asset"]}), "asset": facts({"database": "down"})}
    after = answer(503, service="gateway")
    assert causes(answer(service="gateway"), after, services=seen) == ["database-down"]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (answer(sent=TOKEN), answer(401, {"detail": "Signature verification failed"}, sent=TOKEN), True),
        (answer(sent=TOKEN), answer(401, {"error": {"code": "token_expired"}}, sent=TOKEN), False),
        (answer(sent=TOKEN), answer(500, {"detail": "signature"}, sent=TOKEN), False),
        (answer(), answer(401, {"detail": "a signature is required"}), False),
        (answer(401, {"a": 1}, sent=TOKEN), answer(401, {"detail": "bad signature"}, sent=TOKEN), False),
    ],
    ids=["signature", "expired", "broken", "no-token", "refused-on-both"],
)
def test_another_jwt_secret_is_told_by_the_signature_alone(before: Exchange, after: Exchange, found: bool) -> None:
    named = causes(before, after, services={"asset": facts()})
    assert named == (["jwt-secret-differs"] if found else [])


def test_a_clock_that_is_off_explains_refused_tokens_everywhere() -> None:
    seen = {"asset": facts(), "auth": facts(clock=600)}
    assert causes(answer(), answer(401, sent=TOKEN), services=seen) == ["clock-skew"]
    assert causes(answer(), answer(500), services=seen) == []


def test_a_clock_that_is_off_on_both_sides_or_hardly_explains_nothing() -> None:
    late = {"asset": facts(clock=-600)}
    assert causes(answer(), answer(401), services=late) == ["clock-skew"]
    assert causes(answer(), answer(401), services=late, others=late) == []
    assert causes(answer(), answer(401), services={"asset": facts(clock=2)}) == []


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("https://gaia-asset-dev.fly.dev/a", True),
        ("http://93.184.216.34/a", True),
        ("http://gaia-asset-staging.internal:8000/a", False),
        ("http://10.1.2.3:8000/a", False),
        ("nothing", False),
    ],
)
def test_a_public_url_in_the_place_of_a_private_one_is_the_cause(link: str, found: bool) -> None:
    before = answer(body={"link": "http://asset:8000/a"}, service="gateway")
    after = answer(body={"link": link}, service="gateway")
    seen = {"asset": facts(), "gateway": ServiceFacts(url="http://gateway:8000")}
    assert causes(before, after, services=seen) == (["public-url"] if found else [])


def test_a_public_url_that_the_baseline_has_as_well_is_not() -> None:
    before, after = (answer(body={"link": f"https://cdn.example.com/{path}"}) for path in "ab")
    assert causes(before, after, services={"asset": facts()}) == []


@pytest.mark.parametrize(
    ("status", "body", "media_type", "found"),
    [
        (502, PAGE, "text/html", True),
        (504, PAGE.replace("502 Bad Gateway", "Gateway Time-out"), "text/html", True),
        (502, {"error": "asset: connection refused"}, "application/json", False),
        (500, PAGE.replace("502 Bad Gateway", "Internal Server Error"), "text/html", False),
        (502, "<html><title>Gaia is being watered</title></html>", "text/html", False),
    ],
)
def test_a_proxys_page_is_told_from_the_services_own_error(
    status: int, body: Any, media_type: str, found: bool
) -> None:
    named = causes(answer(), answer(status, body, media_type=media_type), services={"asset": facts()})
    assert named == (["proxy-error-page"] if found else [])


def test_a_body_that_cannot_be_decoded_on_the_candidate_alone_is_the_cause() -> None:
    broken = answer(body="x", decode_error="the coding 'dcz' is not known")
    assert causes(answer(), broken, services={"asset": facts()}) == ["undecodable-compression"]
    assert causes(broken, answer(500, "x"), services={"asset": facts()}) == []


def test_versions_that_differ_are_the_cause_for_that_service_alone() -> None:
    before, after = answer(), answer(body={"a": 2})
    assert causes(before, after, services={"asset": facts(version="1.3.2")}) == ["version-skew"]
    assert causes(before, after, services={"asset": facts(), "chat": facts(version="1.3.2")}) == []
    assert causes(before, after, services={"asset": facts(version="")}) == []


def test_images_are_compared_within_one_platform_only() -> None:
    """Docker and Fly name the same image differently."""
    other = {"asset": facts(image="gaia-asset sha256:1")}
    seen = {"asset": facts(image="registry.fly.io/gaia-asset-dev:1")}
    assert causes(answer(), answer(500), services=seen, others=other) == []


def test_versions_and_environment_that_both_differ_are_one_cause() -> None:
    seen = {"asset": facts({"database": "down"}, version="1.3.2")}
    assert causes(answer(), answer(503), services=seen) == ["database-down", "version-and-environment"]


def test_every_cause_says_what_shows_it_and_what_to_do_next() -> None:
    assert len({kind.id for kind in CAUSES}) == len(CAUSES)
    assert all(kind.shows and kind.hint for kind in CAUSES)
