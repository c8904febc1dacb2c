"""Which lines of a log belong to an exchange."""

from __future__ import annotations

import msgspec

from pytest_gaia_parity.adapters.docker import _demultiplexed
from pytest_gaia_parity.adapters.fly_json import decode_logs
from pytest_gaia_parity.redact import Redactor
from pytest_gaia_parity.run.flight import LINES, WIDTH, choose
from tests.builders import exchange

TRACE = "0af7651916cd43dd8448eb211c80319c"
EXCHANGE = msgspec.structs.replace(exchange({}), trace=f"00-{TRACE}-b7ad6b7169203331-01")


def test_the_lines_of_a_trace_are_chosen_with_what_stands_between_and_behind() -> None:
    lines = [
        "GET /other traceparent=00-1-1-01",
        f"begin trace={TRACE}",
        "GET /another traceparent=00-2-2-01",
        "opening the database",
        f"GET /x failed trace={TRACE}",
        "Traceback (most recent call last):",
        '  File "app.py", line 1',
        "GET /later",
    ]
    assert choose(lines, EXCHANGE, str) == ((lines[1], *lines[3:7]), "")


def test_without_the_trace_id_all_lines_of_the_time_are_shown_and_that_is_said() -> None:
    assert choose(["a", "b"], EXCHANGE, str) == (("a", "b"), "no line has the trace id: these were written at the time")
    assert choose([], EXCHANGE, str) == ((), "nothing was logged")


def test_a_long_log_is_cut_at_its_beginning_and_that_is_said() -> None:
    chosen, says = choose([f"{n} {TRACE}" for n in range(100)], EXCHANGE, str)
    assert len(chosen) == LINES
    assert chosen[-1].startswith("99 ")
    assert says == f"the last {LINES} of 100 lines"


def test_docker_s_frames_are_taken_off() -> None:
    framed = b"\x01\x00\x00\x00\x00\x00\x00\x03one\x02\x00\x00\x00\x00\x00\x00\x04\ntwo"
    assert _demultiplexed(framed) == b"one\ntwo"
    assert _demultiplexed(b"from a terminal\n") == b"from a terminal\n"


def test_fly_s_objects_are_read_one_behind_the_other() -> None:
    one = b'{"level": "info", "instance": "e7", "message": "GET /x", "region": "ams", "timestamp": "2026-01-02T03:04:05.123456789Z", "meta": {}}'
    lines = decode_logs(one + b'\n{\n "message": "two"\n}\n', said_by="fly logs")
    assert [str(line) for line in lines] == ["2026-01-02T03:04:05.123456789Z ams e7 info GET /x", "two"]
    assert lines[0].moment == 1767323045.123456
    assert lines[1].moment == 0.0


def test_a_secret_that_spans_lines_or_the_width_is_masked() -> None:
    redactor = Redactor({"PEM": "-----BEGIN KEY-----\nMIIBVgIBADANBg", "KEY": "sk-live-1234567890"}, key=b"k")
    told, _ = choose(
        ["key is -----BEGIN KEY-----", "MIIBVgIBADANBg now", "x" * (WIDTH - 8) + "sk-live-1234567890"],
        EXCHANGE,
        redactor.text,
    )
    assert len(told) == 2
    assert told[0].startswith("key is [masked:")
    assert "sk-live" not in told[1]
    assert max(map(len, told)) == WIDTH


def test_a_secret_that_begins_before_the_lines_that_are_shown_is_masked() -> None:
    redactor = Redactor({"PEM": "-----BEGIN KEY-----\nMIIBVgIBADANBg"}, key=b"k")
    lines = ["first", "-----BEGIN KEY-----", "MIIBVgIBADANBg", *(f"{n}" for n in range(LINES - 1))]
    told, says = choose(lines, EXCHANGE, redactor.text)
    assert len(told) == LINES
    assert told[0].startswith("[masked:")
    assert "MIIBVgIBADANBg" not in "".join(told)
    assert says.endswith(f"the last {LINES} of {len(lines)} lines")
