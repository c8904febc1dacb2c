"""Bad input is answered with what happened, where, and what to do next."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

    from tests.servers import Project

HEALTH = "def test_health(services): services.api.get('/health')"
ITEM = "def test_item(services): services.api.get('/item')"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_no_configuration_at_all(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--parity=dev")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no configuration*pyproject.toml*", "*hint: gaia-parity init*"])


def test_toml_syntax_error(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml("[tool.gaia-parity\nbaseline = 'x'")
    pytester.makeini("[pytest]\n")  # pytest itself reads pyproject.toml first, unless it has a file of its own
    result = pytester.runpytest("--parity=dev", "-c", "tox.ini")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*pyproject.toml*line 1*"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--parity=dvv"], "*'dvv' is no target*nearest is 'dev'*"),
        (["--parity=local"], "*'local' is the baseline*"),
        (["--parity=dev", "--baseline=dev"], "*'dev' is the baseline*"),
        (["--parity=dev", "--baseline=locl"], "*--baseline: 'locl' is no target*nearest is 'local'*"),
        (["--target=dvv"], "*--target: 'dvv' is no target*nearest is 'dev'*"),
        (["--parity=dev", "--target=dev"], "*exclude each other*"),
        (["--parity=dev", "--record=x.jsonl"], "*--record is for one target*"),
        (["--baseline=dev"], "*--baseline is for --parity*"),
        (["--parity=dev", "--parity-repeat=0"], "*--parity-repeat: 0 is less than 1*"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(
    project: Callable[..., Project], arguments: list[str], says: str
) -> None:
    made = project()
    made.write(test_a=HEALTH)
    result = made.run(*arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines([says])


def test_an_unknown_service_in_a_test_names_the_nearest(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="def test_a(services): services.apii.get('/health')")
    result = made.run("--parity=dev")
    assert result.ret == 1
    assert made.verdicts() == {"test_a": "both-failed"}
    result.stdout.fnmatch_lines(["*'apii'*nearest is 'api'*"])


def test_an_unknown_keyword_of_the_mark_names_the_nearest(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a='import pytest\n@pytest.mark.parity(ignroe=["body"])\n' + HEALTH)
    result = made.run("--parity=dev")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no keyword 'ignroe'*nearest is 'ignore'*"])


def test_a_target_that_is_down_ends_the_run_with_a_table(project: Callable[..., Project], closed_port: int) -> None:
    made = project()
    made.configure(dev=f"http://127.0.0.1:{closed_port}")
    made.write(test_a=HEALTH)
    result = made.run("--parity=dev")
    assert result.ret == 69
    result.stdout.fnmatch_lines(
        ["*target*service*name*address*route*reason*", f"*dev*api*127.0.0.1:{closed_port}*refused*"]
    )
    result.stdout.no_fnmatch_line("*test_health*")


def test_a_target_that_hangs_is_named_after_one_timeout(project: Callable[..., Project], silent_port: int) -> None:
    made = project()
    made.configure(dev=f"http://127.0.0.1:{silent_port}")
    made.write(test_a=HEALTH)
    result = made.run("--parity=dev")
    assert result.ret == 69
    result.stdout.fnmatch_lines([f"*dev*api*127.0.0.1:{silent_port}*no answer within*"])


def test_a_request_that_times_out_is_recorded_and_named(project: Callable[..., Project], silent_port: int) -> None:
    made = project()
    text = (made.pytester.path / "pyproject.toml").read_text()
    text = "[tool.gaia-parity]\ntimeout = 0.3\n" + text.replace(made.dev.url, f"http://127.0.0.1:{silent_port}")
    (made.pytester.path / "pyproject.toml").write_text(text)
    made.write(test_a=HEALTH)
    assert made.run("--parity=dev", "--no-preflight").ret == 1
    assert made.verdicts() == {"test_health": "mismatch"}
    (record,) = [line for line in made.recording("dev") if line["type"] == "test"]
    assert record["exchanges"][0]["failure"]["type"] == "ReadTimeout"


def test_a_body_that_is_not_what_its_type_says(project: Callable[..., Project]) -> None:
    page = Reply(b"<html>hello</html>", headers=(("content-type", "application/json"),))
    made = project({"/item": {"a": 1}}, dev={"/item": page})
    made.write(test_a=ITEM)
    assert made.run("--parity=dev").ret == 1
    assert made.verdicts() == {"test_item": "mismatch"}


def test_an_invalid_encoding_is_a_finding(project: Callable[..., Project]) -> None:
    broken = Reply(b"this is not gzip", headers=(("content-type", "application/json"), ("content-encoding", "gzip")))
    made = project({"/item": {"a": 1}}, dev={"/item": broken})
    made.write(test_a="def test_item(services):\n    with services.api.stream('GET', '/item') as r: list(r.iter_raw())")
    assert made.run("--parity=dev").ret == 1
    kinds = {one["kind"] for one in made.results()["comparisons"][0]["differences"]}
    assert "encoding-changed" in kinds


def test_a_large_body_is_compared(project: Callable[..., Project]) -> None:
    """Ten megabytes, equal and with one value changed."""
    rows = [{"number": number, "text": "x" * 80} for number in range(100_000)]
    changed = [*rows[:-1], {**rows[-1], "text": "y" * 80}]
    made = project({"/same": rows, "/item": rows}, dev={"/item": changed})
    made.write(test_a=ITEM, test_b="def test_same(services): services.api.get('/same')")
    assert made.run("--parity=dev").ret == 1
    assert made.verdicts() == {"test_item": "mismatch", "test_same": "match"}
    (difference,) = made.results()["comparisons"][0]["differences"]
    assert difference["path"] == "body[99999].text"


def test_reports_folder_that_cannot_be_written(project: Callable[..., Project]) -> None:
    made = project()
    (made.pytester.path / "reports").write_text("a file stands in the way")
    made.write(test_a=HEALTH)
    result = made.run("--parity=dev")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*reports folder*cannot be written*"])
    assert made.local.seen == [] or all(path == "/health" for _, path, _, _ in made.local.seen)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda lines: [*lines[:-1], lines[-1][:20]], "closing line", id="cut-in-a-line"),
        pytest.param(lambda lines: lines[:-1], "closing line", id="cut-after-a-line"),
        pytest.param(
            lambda lines: [lines[0].replace('"schema":1', '"schema":99'), *lines[1:]], "schema 99 is newer", id="newer"
        ),
        pytest.param(lambda _: ["hello"], "is not a recording", id="something-else"),
        pytest.param(lambda _: [""], "empty", id="empty"),
    ],
)
def test_a_recording_that_cannot_be_used(
    project: Callable[..., Project], spoil: Callable[[list[str]], list[str]], says: str
) -> None:
    made = project()
    made.write(test_a=HEALTH)
    for target in ("local", "dev"):
        assert made.run(f"--target={target}", f"--record={target}.jsonl").ret == 0
    path = made.pytester.path / "dev.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert json.loads(lines[0])["schema"] == 1
    path.write_text("".join(spoil(lines)))
    result = made.pytester.run(sys.executable, "-m", "pytest_gaia_parity", "compare", "local.jsonl", "dev.jsonl")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*dev.jsonl*{says}*", "*hint:*"])


def test_recordings_of_different_tests(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=HEALTH)
    made.run("--target=local", "--record=local.jsonl")
    made.write(test_a="def test_other(services): services.api.get('/health')")
    made.run("--target=dev", "--record=dev.jsonl")
    result = made.pytester.run(sys.executable, "-m", "pytest_gaia_parity", "compare", "local.jsonl", "dev.jsonl")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*no test in common*"])


def test_recordings_that_overlap_tell_what_is_missing(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=HEALTH, test_b=ITEM)
    made.run("--target=local", "--record=local.jsonl")
    made.run("--target=dev", "--record=dev.jsonl", "-k", "health")
    result = made.pytester.run(sys.executable, "-m", "pytest_gaia_parity", "compare", "local.jsonl", "dev.jsonl")
    assert result.ret == 1
    assert made.verdicts() == {"test_health": "match", "test_item": "missing"}


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_ctrl_c_leaves_readable_files(project: Callable[..., Project], workers: list[str]) -> None:
    """Interrupted while a request is under way: what was done before is written down."""
    asked, release = threading.Event(), threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> dict[str, str]:
        asked.set()
        release.wait(20)
        return {}

    made = project(dev={"/slow": wait})
    made.write(test_a=HEALTH, test_b="def test_slow(services): services.api.get('/slow')")
    command = [sys.executable, "-m", "pytest", "--parity=dev", *workers]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        command, cwd=made.pytester.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert asked.wait(30)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        release.set()
        process.kill()
        process.wait()
    assert process.returncode == 2, output
    assert made.results()["interrupted"] is True
    last = made.recording("local")[-1]
    assert (last["type"], last["interrupted"]) == ("end", True)
    if not workers:  # with workers it is chance what was done by then
        assert any(line.get("test", "").endswith("::test_health") for line in made.recording("local"))
    assert not list((made.pytester.path / "reports").glob("*.partial"))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_report_that_cannot_take_its_name_is_an_internal_error(
    project: Callable[..., Project], workers: list[str]
) -> None:
    """Parity without its report is no success; the other files are written all the same."""
    made = project()
    made.write(test_a=HEALTH)
    (made.pytester.path / "reports" / "parity-dev.html").mkdir(parents=True)
    result = made.run("--parity=dev", *workers)
    assert result.ret == 3
    result.stdout.fnmatch_lines(["*parity-dev.html*cannot be written*"])
    assert made.verdicts() == {"test_health": "match"}
    assert made.recording("dev")[-1]["type"] == "end"
