from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gaia_parity.errors import RecordingError, ReportError
from pytest_gaia_parity.model.exchange import Body, Exchange, Observation, Request, Response
from pytest_gaia_parity.model.recording import Header, TestRecord
from pytest_gaia_parity.report.recording import RecordingWriter, read_recording

if TYPE_CHECKING:
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
