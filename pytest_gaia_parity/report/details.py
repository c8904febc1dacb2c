"""A comparison as the page shows it: a row of the list, and what opens when it is chosen."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pytest_gaia_parity.model.comparison import Kind, Severity, Verdict
from pytest_gaia_parity.report.align import DIFFERS, SAME, align_json, align_lines
from pytest_gaia_parity.report.encode import encode_json
from pytest_gaia_parity.report.places import Places
from pytest_gaia_parity.report.plain import value_text
from pytest_gaia_parity.report.tally import can_be_ignored, endpoint_pattern, field_pattern
from pytest_gaia_parity.report.tree import parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.model.comparison import Comparison, Difference, Pair
    from pytest_gaia_parity.model.exchange import Body, Exchange, Headers
    from pytest_gaia_parity.model.recording import TestRecord
    from pytest_gaia_parity.report.align import Place, Row
    from pytest_gaia_parity.report.sink import Evidence

#: the order of the list: what fails first
ORDER: Final = (
    Verdict.MISMATCH,
    Verdict.MISSING,
    Verdict.BOTH_FAILED,
    Verdict.UNSTABLE,
    Verdict.MATCH,
    Verdict.SKIPPED,
)
#: fields and characters of a value that the list shows and searches
_FIELDS = 20
_VALUE = 120
#: bodies above this are shown as text without alignment
_ALIGNED = 2_000_000
#: bytes of a body that is no text which are shown
_BYTES = 2048


def errors_first(comparison: Comparison) -> Comparison:
    """The comparison with what fails before what passes, and a test's outcome, a consequence, after what led to it."""
    ordered = sorted(
        comparison.differences, key=lambda one: (one.severity is Severity.NOTE, one.kind is Kind.OUTCOME_CHANGED)
    )
    return msgspec.structs.replace(comparison, differences=tuple(ordered))


def index_row(comparison: Comparison, evidence: Evidence) -> list[Any]:
    """The row: test, verdict, endpoints, milliseconds of both sides, fields, number of errors, reason, new, starts."""
    fields: dict[tuple[str, Severity], list[Any]] = {}
    for one in comparison.differences:
        key = (field_pattern(one.path), one.severity)
        if key not in fields and len(fields) < _FIELDS:
            values = [_short(value_text(one.baseline)), _short(value_text(one.candidate))]
            fields[key] = [key[0], one.kind.value, *values, int(one.severity is Severity.NOTE)]
    errors = sum(one.severity is Severity.ERROR for one in comparison.differences)
    endpoints = sorted({endpoint_pattern(pair.label) for pair in comparison.exchanges})
    times = [_milliseconds(records[0].duration) if records else None for records in evidence]
    return [
        comparison.test,
        ORDER.index(comparison.verdict),
        endpoints,
        *times,
        list(fields.values()),
        errors,
        comparison.reason,
        int(comparison.new or any(one.new for one in comparison.differences)),
        [round(records[0].started, 2) if records else None for records in evidence],
    ]


def detail(comparison: Comparison, evidence: Evidence) -> dict[str, Any]:
    """What opens: differences, causes, both records, and each exchange side by side."""
    baseline = evidence.baseline[0] if evidence.baseline else None
    candidate = evidence.candidate[0] if evidence.candidate else None
    # where nothing differs one side's bodies tell all; the other's are in its recording
    is_full = bool(comparison.differences) or not comparison.verdict.passes
    return {
        "differences": [_difference(one) for one in comparison.differences],
        "causes": [{"id": one.id, "says": one.says, "hint": one.hint} for one in comparison.causes],
        "records": [_record(baseline), _record(candidate)],
        "observations": _observations(comparison, baseline, candidate),
        "exchanges": [
            _exchange(comparison, pair, number, (baseline, candidate), is_full=is_full)
            for number, pair in enumerate(comparison.exchanges)
        ],
    }


def _short(text: str) -> str:
    return text if len(text) <= _VALUE else text[: _VALUE - 1] + "…"


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "exchange": one.exchange,
        "path": one.path,
        "field": field_pattern(one.path),
        "kind": one.kind.value,
        "left": value_text(one.baseline),
        "right": value_text(one.candidate),
        "note": one.severity is Severity.NOTE,
        "fact": one.fact,
        "says": one.says,
        "count": one.count,
        "pair": one.pair,
        "new": one.new,
        "rule": can_be_ignored(one.kind),
    }


def _record(record: TestRecord | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {
        "outcome": record.outcome,
        "phase": record.phase,
        "message": record.message,
        "ms": _milliseconds(record.duration),
    }


def _observations(comparison: Comparison, *records: TestRecord | None) -> list[Row]:
    left, right = ({one.name: one.value for one in record.observations} if record else {} for record in records)
    if not left and not right:
        return []
    places = Places((number, one) for number, one in enumerate(comparison.differences) if one.pair is None)
    # through the text form, so that numbers look as they do in bodies
    first, second = (parse_json(encode_json(side).decode()) for side in (left, right))
    return align_json(first, second, places, ("observations",))


def _exchange(
    comparison: Comparison,
    pair: Pair,
    number: int,
    records: tuple[TestRecord | None, TestRecord | None],
    *,
    is_full: bool,
) -> dict[str, Any]:
    left, right = _at(records[0], pair.baseline), _at(records[1], pair.candidate)
    shown: dict[str, Any] = {
        "label": pair.label,
        "sides": [_side(left, records[0], full=True), _side(right, records[1], full=is_full)],
    }
    logs = [one for one in comparison.logs if one.pair == number]
    if logs:
        of_side = {one.side: {"service": one.service, "lines": one.lines, "says": one.says} for one in logs}
        shown["logs"] = [of_side.get("baseline"), of_side.get("candidate")]
    if is_full and (left or right):
        own = ((index, one) for index, one in enumerate(comparison.differences) if one.pair == number)
        places = Places(own)
        shown["rows"] = {name: rows for name, rows in _all_rows(left, right, places) if rows}
    return shown


def _at(record: TestRecord | None, index: int | None) -> Exchange | None:
    if record is None or index is None or index >= len(record.exchanges):
        return None
    return record.exchanges[index]


def _side(exchange: Exchange | None, record: TestRecord | None, *, full: bool) -> dict[str, Any] | None:
    if exchange is None:
        return None
    began = record.started if record else 0.0
    request, response, times = exchange.request, exchange.response, exchange.timings
    side: dict[str, Any] = {"ms": [_milliseconds(one) for one in (times.connect, times.first_byte, times.total)]}
    if full:
        side |= {"address": exchange.connection.address, "family": exchange.connection.family}
        side |= {"route": exchange.connection.route, "reused": exchange.connection.reused, "trace": exchange.trace}
    # from the start of the test: the page has a waterfall, and a small number packs well
    if times.started and began:
        side["from"] = _milliseconds(times.started - began)
    if response is not None:
        side |= {"status": response.status, "reason": response.reason, "http": response.http_version}
        side |= {"size": response.body.size, "wire": response.body.wire_size, "partial": response.body.partial}
    if exchange.failure is not None:
        side["failure"] = f"{exchange.failure.type}: {exchange.failure.message}"
    if full:
        side["request"] = {"method": request.method, "url": request.url, **_message(request.headers, request.body)}
        side["response"] = None if response is None else _message(response.headers, response.body)
    return side


def _message(headers: Headers, body: Body) -> dict[str, Any]:
    message: dict[str, Any] = {"headers": headers}
    if body.text is not None:
        message["text"] = body.text
    elif body.data:
        message["base64"] = base64.b64encode(body.data[:_BYTES]).decode("ascii")
    if body.truncated or body.decode_error:
        message["truncated"] = body.truncated
        message["broken"] = body.decode_error
        message["digest"] = body.digest
    return message


def _all_rows(left: Exchange | None, right: Exchange | None, places: Places) -> Iterator[tuple[str, list[Row]]]:
    first, second = (side.response if side else None for side in (left, right))
    yield "body", _body_rows(first.body if first else None, second.body if second else None, places, ("body",))
    yield (
        "headers",
        _header_rows(first.headers if first else (), second.headers if second else (), places, ("headers",)),
    )
    one, other = (side.request if side else None for side in (left, right))
    root = ("request", "body")
    yield "request body", _body_rows(one.body if one else None, other.body if other else None, places, root)
    headers = one.headers if one else (), other.headers if other else ()
    yield "request headers", _header_rows(*headers, places, ("request", "headers"))


def _body_rows(left: Body | None, right: Body | None, places: Places, root: Place) -> list[Row]:
    first, second = _text(left), _text(right)
    if max(len(first), len(second)) > _ALIGNED:
        flag, number = places.find(root, root, below=True) if first != second else (SAME, -1)
        return [[flag or DIFFERS, 0, _too_large(left), _too_large(right), number]]
    try:
        return align_json(parse_json(first), parse_json(second), places, root)
    except (ValueError, RecursionError):
        return align_lines(first.splitlines(), second.splitlines(), places, root)


def _too_large(body: Body | None) -> str | None:
    return None if body is None else f"{body.size} bytes, too many to align; see raw"


def _text(body: Body | None) -> str:
    if body is None:
        return ""
    if body.text is not None:
        return body.text
    data = (body.data or b"")[:_BYTES]
    return "\n".join(f"{at:06x}  {data[at : at + 16].hex(' ')}" for at in range(0, len(data), 16))


def _header_rows(left: Headers, right: Headers, places: Places, root: Place) -> list[Row]:
    """Headers by name, the order of the baseline; equal ones first belong together with what they stand beside."""
    rows: list[Row] = []
    first, second = _by_name(left), _by_name(right)
    for key in dict.fromkeys((*first, *second)):
        one, other = first.get(key), second.get(key)
        if one == other:
            rows.append([SAME, 0, one])
        else:
            place = (*root, key[0])
            flag, number = places.find(place, place)
            rows.append([flag, 0, one, other, number])
    return rows


def _by_name(headers: Headers) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for name, value in headers:
        number = 0
        while (name.lower(), number) in found:
            number += 1
        found[name.lower(), number] = f"{name.lower()}: {value}"
    return found
