"""Another coding of the same body is a note, one that the client did not ask for an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_gaia_parity.model.comparison import Severity, Verdict
from tests.builders import compare, exchange, record

if TYPE_CHECKING:
    from pytest_gaia_parity.model.recording import TestRecord


def coded(coding: str, *, accepts: str | None, etag: str = '"1"') -> TestRecord:
    headers = [("etag", etag)] + ([("content-encoding", coding)] if coding else [])
    made = exchange({"a": 1}, headers=headers)
    asked = () if accepts is None else (("Accept-Encoding", accepts),)
    return record(msgspec.structs.replace(made, request=msgspec.structs.replace(made.request, headers=asked)))


@pytest.mark.parametrize("accepts", ["br", "gzip, br;q=0.5", "*", "BR"])
def test_another_coding_that_was_asked_for_is_a_note(accepts: str) -> None:
    found = compare([coded("", accepts=accepts)], coded("br", accepts=accepts))
    assert [(one.path, one.severity) for one in found.differences] == [("headers.content-encoding", Severity.NOTE)]
    assert found.verdict is Verdict.MATCH


@pytest.mark.parametrize("accepts", ["gzip", "identity", "br;q=0", "gzip, *;q=0", "br ; q=0.0", "", None])
def test_a_coding_that_was_not_asked_for_is_an_error(accepts: str | None) -> None:
    found = compare([coded("", accepts=accepts)], coded("br", accepts=accepts))
    assert [(one.path, one.severity) for one in found.differences] == [("headers.content-encoding", Severity.ERROR)]


def test_an_etag_may_turn_weak_with_the_coding() -> None:
    weak = coded("br", accepts="br", etag='W/"1"')
    assert compare([coded("", accepts="br")], weak).verdict is Verdict.MATCH


@pytest.mark.parametrize("etag", ['W/"1"', '"2"'])
def test_an_etag_may_not_change_by_itself(etag: str) -> None:
    found = compare([coded("", accepts="br")], coded("", accepts="br", etag=etag))
    assert found.verdict is Verdict.MISMATCH


def test_an_etag_may_not_turn_into_another_with_the_coding() -> None:
    assert compare([coded("", accepts="br")], coded("br", accepts="br", etag='W/"2"')).verdict is Verdict.MISMATCH


def test_a_coding_that_was_not_asked_for_is_told_as_the_cause() -> None:
    (cause,) = compare([coded("", accepts="gzip")], coded("br", accepts="gzip")).causes
    assert cause.id == "undecodable-compression"
    assert cause.says == "api compresses with br, which the request does not accept"


def test_a_coding_that_was_asked_for_is_no_cause() -> None:
    weak = coded("br", accepts="br", etag='"2"')
    assert compare([coded("", accepts="br")], weak).causes == ()
