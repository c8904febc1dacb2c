from __future__ import annotations

import random
import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.errors import RecordingError, ReportError
from pytest_gaia_parity.model.exchange import Body, Exchange, Observation, Request, Response
from pytest_gaia_parity.model.recording import Header, TestRecord
from pytest_gaia_parity.report.files import partial_of
from pytest_gaia_parity.report.recording import read_recording
from pytest_gaia_parity.report.recording_writer import RecordingWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def record(test: str = "t.py::test_a", **extra: object) -> TestRecord:
    exchange = Exchange(
        service="auth",
        request=Request(method="GET", url="http://auth:8000/x"),
        response=Response(status=200, headers=(("A", "1"), ("a", "2")), body=Body(data=b"\xff\x00", size=2)),
    )
    return TestRecord(test=test, outcome="passed", exchanges=(exchange,), **extra)  # type: ignore[arg-type]


def written(path: Path, *records: TestRecord, interrupted: bool = False) -> Path:
    writer = RecordingWriter(path)
    writer.open(Header(target="dev"))
    for one in records:
        writer.write(one)
    return writer.close(interrupted=interrupted)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path / "dev.jsonl", record("a"), record("b", run=2)))
    assert recording.header == Header(target="dev")
    assert list(recording) == [record("a"), record("b", run=2)]
    assert list(recording) == list(recording.records()), "it can be read more than once"
    assert recording.is_whole


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_observation_survives(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    one = record(observations=(Observation(name="o", value=value),))
    (back,) = read_recording(written(tmp_path_factory.mktemp("r") / "r.jsonl", one))
    assert back == one


def test_a_lone_surrogate_is_kept_as_its_escape(tmp_path: Path) -> None:
    one = record(observations=(Observation(name="o", value={"a": ["\ud800x"]}),))
    (back,) = read_recording(written(tmp_path / "r.jsonl", one))
    assert back.observations[0].value == {"a": ["\\ud800x"]}
    assert back.exchanges == one.exchanges


def test_the_name_appears_only_when_the_recording_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "dev.jsonl"
    writer = RecordingWriter(path)
    writer.open(Header(target="dev"))
    writer.write(record())
    assert not path.exists()
    partial = path.with_name("dev.jsonl.partial")
    assert list(read_recording(partial, allow_cut=True)) == [record()], "each line is on disk at once"
    assert writer.close() == path
    assert writer.close() == path, "closing twice is harmless"
    assert not partial.exists()


def test_an_interrupted_recording_is_readable_and_says_so(tmp_path: Path) -> None:
    recording = read_recording(written(tmp_path / "dev.jsonl", record(), interrupted=True))
    assert list(recording) == [record()]
    assert not recording.is_whole


def test_nothing_is_written_to_a_recording_that_is_not_open(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not open"):
        RecordingWriter(tmp_path / "x.jsonl").write(record())


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match=r"x\.jsonl' cannot be written"):
        RecordingWriter(tmp_path / "file" / "x.jsonl").open(Header(target="dev"))


def cut(path: Path, *, lines: int = 0, characters: int = 0) -> None:
    text = path.read_bytes()
    text = b"".join(text.splitlines(keepends=True)[:-lines]) if lines else text
    path.write_bytes(text[: len(text) - characters])


@pytest.mark.parametrize(
    ("lines", "characters"), [pytest.param(1, 0, id="end missing"), pytest.param(1, 20, id="line broken")]
)
def test_a_recording_cut_off_is_refused_with_its_line(tmp_path: Path, lines: int, characters: int) -> None:
    path = written(tmp_path / "dev.jsonl", record("a"), record("b"))
    cut(path, lines=lines, characters=characters)
    with pytest.raises(RecordingError, match=r"dev\.jsonl' line 3: .*without its closing line") as caught:
        read_recording(path)
    assert "record it again" in caught.value.hint


def test_a_cut_recording_can_be_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    path = written(tmp_path / "dev.jsonl", record("a"), record("b"))
    cut(path, lines=1, characters=20)
    recording = read_recording(path, allow_cut=True)
    assert [one.test for one in recording] == ["a"]
    assert recording.end is None
    assert not recording.is_whole


def test_a_missing_line_is_found(tmp_path: Path) -> None:
    path = written(tmp_path / "dev.jsonl", record("a"), record("b"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], *lines[2:]]))
    with pytest.raises(RecordingError, match="promises 2 test lines, there are 1"):
        list(read_recording(path))


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "dev.jsonl", record("a"), record("b"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b'{"type":"test","tes\n', *lines[2:]]))
    with pytest.raises(RecordingError, match=r"line 2: not a line of a recording"):
        list(read_recording(path))


def test_two_recordings_in_one_file_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "dev.jsonl", record("a"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[0], *lines[1:]]))
    with pytest.raises(RecordingError, match="line 2: a second header"):
        list(read_recording(path))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "line 1: the file is empty", id="empty"),
        pytest.param(b'{"type":"header","schema":99,"later":1}\n', "schema 99 is newer than 1", id="newer"),
        pytest.param(b"# notes\n", "is not a recording: its first line is not JSON", id="text"),
        pytest.param(b'{"a":1}\n', "is not a recording: its first line is not JSON with a schema", id="other JSON"),
        pytest.param(b'{"schema":1,"comparisons":[]}\n', "is not a recording", id="a results file"),
        pytest.param(b'{"schema":1,"type":"end","records":1}\n', "its first line is no header", id="no header"),
        pytest.param(b"\x1f\x8b\x00\xff", "is not a recording", id="binary"),
    ],
)
def test_what_is_no_recording_is_said_with_the_file(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=says) as caught:
        read_recording(path)
    assert "odd.jsonl" in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_said_and_a_leftover_named(tmp_path: Path) -> None:
    path = tmp_path / "dev.jsonl"
    with pytest.raises(RecordingError, match=r"dev\.jsonl' cannot be read: No such file"):
        read_recording(path)
    writer = RecordingWriter(path)
    writer.open(Header(target="dev"))
    with pytest.raises(RecordingError, match=r"its run left .*dev\.jsonl\.partial"):
        read_recording(path)
    writer.close()


def test_the_results_schema_version_of_the_future_names_the_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    path.write_bytes(b'{"type":"header","schema":2,"target":"dev"}\n')
    with pytest.raises(RecordingError) as caught:
        read_recording(path)
    assert caught.value.hint == "pip install --upgrade pytest-gaia-parity"


def with_body(text: str, **extra: object) -> TestRecord:
    one = record(**extra)  # type: ignore[arg-type]
    exchange = one.exchanges[0]
    assert exchange.response is not None
    body = Body(text=text, size=len(text.encode("utf-8", "surrogatepass")))
    response = msgspec.structs.replace(exchange.response, body=body)
    return msgspec.structs.replace(one, exchanges=(msgspec.structs.replace(exchange, response=response),))


@given(
    st.lists(
        st.text(max_size=20).map(lambda text: text * 400) | st.binary(max_size=9000) | st.just("x" * 9000), max_size=6
    )
)
def test_large_bodies_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, contents: list[str | bytes]
) -> None:
    bodies = [
        Body(text=one, size=len(one.encode())) if isinstance(one, str) else Body(data=one, size=len(one))
        for one in contents
    ]
    exchanges = tuple(
        Exchange(service="a", request=Request(method="POST", url="http://a/", body=body), response=Response(status=200))
        for body in bodies
    )
    one = TestRecord(test="t", outcome="passed", exchanges=exchanges)
    path = tmp_path_factory.mktemp("r") / "r.jsonl"
    writer = RecordingWriter(path)
    writer.open(Header(target="dev"))
    load = writer.write(one)
    assert load() == one
    writer.close()
    assert load() == one, "also when the file has got its name"
    writer.forget()
    assert list(read_recording(path)) == [one]


def test_a_large_body_is_stored_once_and_compressed(tmp_path: Path) -> None:
    text = "asset " * 5000
    path = written(tmp_path / "r.jsonl", *(with_body(text, run=run) for run in range(1, 21)))
    assert path.stat().st_size < len(text)
    assert [one.exchanges[0].response.body.text for one in read_recording(path)] == [text] * 20  # type: ignore[union-attr]


def test_the_same_bytes_as_text_and_as_data_stay_what_they_were(tmp_path: Path) -> None:
    content = "x" * 9000
    bodies = (Body(text=content, size=9000), Body(data=content.encode(), size=9000))
    exchanges = tuple(
        Exchange(service="a", request=Request(method="POST", url="http://a/", body=body), response=Response(status=200))
        for body in bodies
    )
    (back,) = read_recording(written(tmp_path / "r.jsonl", TestRecord(test="t", outcome="passed", exchanges=exchanges)))
    assert tuple(one.request.body for one in back.exchanges) == bodies


def test_a_reference_to_a_body_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "r.jsonl", with_body("x" * 9000))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"type":"body"' not in line))
    with pytest.raises(RecordingError, match="line 2: the line of the body"):
        list(read_recording(path))


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let no file of this process grow past so many bytes: a full disk, for one process.

    Over before the test is: pytest writes a dot for it, maybe to a file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 10, 5000])
def test_a_full_disk_leaves_a_recording_that_can_be_read(tmp_path: Path, room: int) -> None:
    path = tmp_path / "dev.jsonl"
    writer = RecordingWriter(path)
    writer.open(Header(target="dev"))
    for run in range(1, 6):
        writer.write(record(run=run))
    with limited(partial_of(path).stat().st_size + room):
        with pytest.raises(ReportError, match="File too large"):
            writer.write(with_body(random.Random(7).randbytes(9000).hex()))  # noqa: S311 - what does not compress
        writer.close()
    recording = read_recording(path)
    assert not recording.is_whole
    assert recording.end is not None
    assert "File too large" in recording.end.reason
    kept = [one.run for one in recording]
    assert kept == [1, 2, 3, 4, 5][: len(kept)]
    assert len(kept) == 5 if room == 5000 else len(kept) >= 1
