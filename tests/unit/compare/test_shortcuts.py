"""What is the same as bytes is not the same where it means something else."""

from __future__ import annotations

import msgspec

from pytest_gaia_parity.model.exchange import Body
from tests.builders import compare, exchange, kinds, record


def test_the_baselines_address_in_a_header_of_the_candidate_is_found() -> None:
    leaking = exchange({}, headers={"location": "http://api:8000/next"})
    result = compare([record(leaking), record(leaking, run=2)], record(leaking))
    assert kinds(result) == [("headers.location", "header-changed")]


def test_the_baselines_address_in_a_request_of_the_candidate_is_found() -> None:
    leaking = exchange({}, path="/x?next=http://api:8000/next")
    result = compare([record(leaking), record(leaking, run=2)], record(leaking))
    assert [path for path, _ in kinds(result)] == ["request.query.next"]


def test_requests_whose_bodies_are_other_bytes_are_found() -> None:
    first, second = (
        msgspec.structs.replace(
            one := exchange({}, method="PUT"),
            request=msgspec.structs.replace(one.request, body=Body(data=data, size=2, wire_size=2)),
        )
        for data in (b"\xff\x00", b"\xff\x01")
    )
    result = compare([record(first), record(first, run=2)], record(second))
    assert kinds(result)
    assert all(path.startswith("request.body") for path, _ in kinds(result))
