"""Random secrets in random places and encodings: none of them is in anything that is written."""

from __future__ import annotations

import base64
import datetime as dt
import json
import tempfile
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from pytest_gaia_parity.clients.tape import mask_facts, mask_record, masker_of
from pytest_gaia_parity.compare.engine import Comparer
from pytest_gaia_parity.model.exchange import Exchange, Failure, Request
from pytest_gaia_parity.model.recording import ServiceFacts
from pytest_gaia_parity.model.results import side_of_header
from pytest_gaia_parity.model.rules import CompareRules
from pytest_gaia_parity.ops.audit import Audit
from pytest_gaia_parity.redact import Redactor
from pytest_gaia_parity.report.gate import Gate
from pytest_gaia_parity.report.github import annotation_lines
from pytest_gaia_parity.report.recording_writer import RecordingWriter
from pytest_gaia_parity.report.sink import Evidence, make_sinks
from pytest_gaia_parity.report.terminal import summary_lines
from tests.builders import DEV, LOCAL, TEST, body, exchange, record
from tests.planting import ENCODINGS, SECRETS, SIMPLE, holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.model.recording import TestRecord

#: where a test shows a secret for what it is
TEACHERS: dict[str, Callable[[str], Exchange]] = {
    "bearer": lambda secret: _sent(headers=(("authorization", f"Bearer {secret}"),)),
    "api key": lambda secret: _sent(headers=(("X-Api-Key", secret),)),
    "basic": lambda secret: _sent(
        headers=(("authorization", "Basic " + base64.b64encode(f"ada:{secret}".encode()).decode()),)
    ),
    "cookie": lambda secret: _sent(headers=(("cookie", f"lang=en; sid={secret}"),)),
    "set-cookie": lambda secret: exchange({"ok": True}, headers=(("set-cookie", f"sid={secret}; Path=/"),)),
    "user information": lambda secret: _sent(url=f"http://ada:{secret}@api:8000/"),
    "query": lambda secret: _sent(url=f"http://api:8000/x?a=1&access_token={secret}&b=2"),
    "form": lambda secret: exchange({"ok": True}, method="POST", sent=f"user=ada&password={secret}&x=1"),
    "json": lambda secret: exchange({"user": {"clientSecret": secret, "n": 1}}),
    "json list": lambda secret: exchange({"tokens": ["a", secret]}),
    "json in json": lambda secret: exchange({"data": json.dumps({"refresh_token": secret})}),
    "event": lambda secret: exchange(
        f'data: {{"n": 1}}\n\ndata: {{"private_key": "{secret}"}}\n\n', media="text/event-stream"
    ),
    "xml": lambda secret: exchange(f"<a><passwd>{secret}</passwd></a>", media="application/xml"),
    "multipart": lambda secret: exchange(
        f'--x\r\nContent-Disposition: form-data; name="secret"\r\n\r\n{secret}\r\n--x--', media="multipart/form-data"
    ),
    "jwt": lambda secret: exchange({"access": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.{secret}"}),
}


def _sent(*, headers: tuple[tuple[str, str], ...] = (), url: str = "http://api:8000/x") -> Exchange:
    answered = exchange({"ok": True})
    return Exchange(service="api", request=Request(method="GET", url=url, headers=headers), response=answered.response)


#: where else it may turn up
ECHOES: dict[str, Callable[[str], Exchange]] = {
    "json": lambda text: exchange('{"says": "it is ' + text + ' today"}'),
    "text": lambda text: exchange(f"it is {text}, he said", media="text/plain"),
    "html": lambda text: exchange(f"<p title='x'>{text}</p>", media="text/html"),
    "header": lambda text: exchange({"ok": True}, headers=(("x-echo", f"a {text} b"),)),
    "path": lambda text: exchange({"ok": True}, path=f"/x/{text}/y"),
    "bytes": lambda text: exchange(b"\xff\xfe" + text.encode() + b"\xff", media="application/octet-stream"),
    "failure": lambda text: Exchange(
        service="api",
        request=Request(method="GET", url="http://api:8000/x"),
        failure=Failure(type="ConnectError", message=f"cannot send {text}"),
    ),
    "sent": lambda text: exchange({"ok": True}, method="POST", sent=f'{{"note": "{text}"}}'),
}


def written(baseline: TestRecord, candidate: TestRecord) -> Iterator[tuple[str, str]]:
    """Everything that a run writes of a mismatch."""
    comparer = Comparer(baseline=LOCAL, candidate=DEV, rules=CompareRules(), today=dt.date(2026, 1, 1))
    comparison = comparer.compare(TEST, [baseline, baseline], [candidate])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sinks = make_sinks(folder, "local", "dev", step_summary=folder / "summary.md")
        gate = Gate(baseline=side_of_header(LOCAL), candidate=side_of_header(DEV), sinks=sinks)
        gate.open()
        gate.take(comparison, Evidence([baseline], [candidate]))
        results, _ = gate.close()
        writer = RecordingWriter(folder / "dev.jsonl")
        writer.open(DEV)
        writer.write(candidate)
        writer.close(interrupted=False)
        assert not gate.broken
        for path in sorted(folder.iterdir()):
            yield path.name, path.read_text()
    yield "terminal", "\n".join(line.text for line in summary_lines(results, gate.tally, paths=[], width=200))
    yield "annotations", "\n".join(annotation_lines(results, gate.tally))


KEY = b"a key of the masks"


@settings(max_examples=60, deadline=None)
@given(SIMPLE, st.sampled_from(sorted(TEACHERS)), st.sampled_from(sorted(ECHOES)), st.sampled_from(sorted(ENCODINGS)))
def test_what_a_test_shows_to_be_a_secret_is_nowhere(secret: str, teacher: str, echo: str, encoding: str) -> None:
    unmasked = record(TEACHERS[teacher](secret), ECHOES[echo](ENCODINGS[encoding](secret)), observed={"row": secret})
    redactor = Redactor({}, key=KEY)
    masked = mask_record(unmasked, redactor)
    other = mask_record(record(exchange({"ok": False}), exchange({"ok": True})), redactor)
    for name, text in written(other, masked):
        assert not holds(text, secret), name
    printed = masker_of(unmasked.exchanges, redactor)(f"AssertionError: {ENCODINGS[encoding](secret)!r} is wrong")
    assert not holds(printed, secret)


@settings(max_examples=60, deadline=None)
@given(SECRETS, st.sampled_from(sorted(ECHOES)), st.sampled_from(sorted(ENCODINGS)))
def test_what_the_env_file_holds_is_nowhere(secret: str, echo: str, encoding: str) -> None:
    unmasked = record(ECHOES[echo](ENCODINGS[encoding](secret)), observed={"row": [secret]})
    redactor = Redactor({"X": secret}, key=KEY)
    masked = mask_record(unmasked, redactor)
    for name, text in written(mask_record(record(exchange({"ok": True})), redactor), masked):
        assert not holds(text, secret), name


@settings(max_examples=60, deadline=None)
@given(SECRETS, st.sampled_from(sorted(ENCODINGS)), st.booleans())
def test_what_the_env_file_holds_is_not_in_the_audit_log(secret: str, encoding: str, is_reason: bool) -> None:
    text = ENCODINGS[encoding](secret)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "audit.jsonl"
        audit = Audit(path, mask=Redactor({"X": secret}, key=KEY).text)
        with suppress(RuntimeError), audit.change("deploy", target="dev", image=f"registry/{text}") as closing:
            closing["detail"] = {"said": [text]}
            if is_reason:
                raise RuntimeError(f"fly said: {text}")
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [line["event"] for line in lines] == ["begin", "end"]
        assert lines[0]["command"] == "deploy"
        assert not holds(path.read_text(), secret)


@settings(max_examples=60, deadline=None)
@given(SIMPLE, st.lists(st.integers(1, 40), min_size=1, max_size=6), st.booleans())
def test_a_secret_split_over_the_pieces_of_a_stream_is_nowhere(secret: str, cuts: list[int], is_json: bool) -> None:
    places = sorted({0, *(cut for cut in cuts if cut < len(secret)), len(secret)})
    pieces = ["it is ", *(secret[a:b] for a, b in pairwise(places)), " today"]
    events = [json.dumps({"index": n, "delta": piece}) if is_json else piece for n, piece in enumerate(pieces)]
    text = "".join(f"data: {event}\n\n" for event in events)
    redactor = Redactor({"X": secret}, key=KEY)
    masked = mask_record(record(exchange(text, media="text/event-stream")), redactor).exchanges[0].response
    assert masked is not None
    found = masked.body.text or ""
    said = "".join(
        str(json.loads(line[6:])["delta"]) if is_json else line[6:]
        for line in found.split("\n")
        if line.startswith("data: ")
    )
    assert secret not in said
    assert redactor.text(secret) in said
    assert len(found.split("\n\n")) == len(text.split("\n\n"))


def _cut(text: str, *, media: str = "text/plain") -> Exchange:
    """An exchange whose body was cut off where *text* ends."""
    whole = exchange(text, media=media)
    assert whole.response is not None
    cut = structs.replace(whole.response.body, truncated=True, digest="0" * 64)
    return structs.replace(whole, response=structs.replace(whole.response, body=cut))


@settings(max_examples=200, deadline=None)
@given(SIMPLE, st.sampled_from(sorted(ENCODINGS)), st.floats(0, 1), st.booleans(), st.booleans())
def test_the_beginning_of_a_secret_where_a_body_was_cut_off_is_nowhere(
    secret: str, encoding: str, part: float, is_learnt: bool, is_data: bool
) -> None:
    encoded = ENCODINGS[encoding](secret)
    text = "it is " + encoded[: int(part * len(encoded))]
    redactor = Redactor({} if is_learnt else {"X": secret}, key=KEY)
    said = _cut(text) if not is_data else _cut("\xff" + text, media="application/octet-stream")
    masked = mask_record(record(*([TEACHERS["bearer"](secret)] if is_learnt else []), said), redactor)
    response = masked.exchanges[-1].response
    assert response is not None
    found = response.body.text or (response.body.data or b"").decode("latin-1")
    assert not holds(found, secret[:8])
    assert found.lstrip("\xff").startswith("it is"[: len(text)])


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 1, "user": {"password": "hunter2-and',
        '{"n": 1, \\"refresh_token\\": \\"hunter2-and',
        "n=1&client_secret=hunter2-and",
        "n: 1\nAuthorization: Bearer hunter2-and",
        "<a>1</a><passwd>hunter2-and",
    ],
)
def test_a_secret_that_a_cut_leaves_without_its_end_is_known_by_its_name(text: str) -> None:
    masked = mask_record(record(_cut(text)), Redactor({}, key=KEY)).exchanges[0].response
    assert masked is not None
    assert "hunter2" not in (masked.body.text or "")
    assert (masked.body.text or "").startswith(text[:4])


def test_a_body_that_was_cut_off_without_a_secret_is_the_very_same() -> None:
    unmasked = record(_cut('{"n": 1, "user": {"name": "ada'))
    assert mask_record(unmasked, Redactor({"X": "sk-1234567890"}, key=KEY)) == unmasked


@settings(max_examples=60, deadline=None)
@given(SIMPLE, SIMPLE, st.sampled_from(sorted(TEACHERS)))
def test_equal_secrets_show_equal_and_differing_ones_differ(one: str, other: str, teacher: str) -> None:
    redactor = Redactor({}, key=KEY)
    masked = [mask_record(record(TEACHERS[teacher](secret)), redactor) for secret in (one, one, other)]
    assert masked[0] == masked[1]
    assert (masked[0] == masked[2]) is (one == other)


def test_what_preflight_saw_is_masked_and_else_as_it_was() -> None:
    facts = ServiceFacts(
        url="http://api:8000", health=200, clock_offset=0.5, health_body={"db": "up", "api_key": "sk-1234567890"},
        details={"families": ["IPv4"], "missing_secrets": ["API_KEY"]},
    )  # fmt: skip
    redactor = Redactor({"X": "sk-1234567890"}, key=KEY)
    masked = mask_facts(facts, redactor)
    assert masked.health_body == {"db": "up", "api_key": redactor.text("sk-1234567890")} != facts.health_body
    assert structs.replace(masked, health_body=facts.health_body) == facts


def test_bodies_without_secrets_are_the_very_same() -> None:
    unmasked = record(exchange({"id": 7, "name": "oak"}), exchange(b"\xff\x00", media="image/png"))
    masked = mask_record(unmasked, Redactor({"X": "sk-1234567890"}, key=KEY))
    assert masked == unmasked
    assert body(None) == masked.exchanges[0].request.body
