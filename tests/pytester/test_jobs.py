"""--parity-jobs: bodies run at once, and everything else is as it would be without."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from tests.jobs import cookie_routes, outcomes
from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.servers import Project

#: all that a test leaves behind carries its number, and nothing carries another's
STRESS = """
import logging, sys, warnings
import pytest

log = logging.getLogger("app")

@pytest.fixture
def own(services, number):
    print(f"own-up-{number}.")
    services.api.get(f"/own/{number}")
    yield number
    print(f"own-down-{number}.")

@pytest.mark.parametrize("number", range(70))
def test_all(services, parity, own, number):
    for turn in range(3):
        print(f"out-{number}.")
        print(f"err-{number}.", file=sys.stderr)
        log.warning("log-%d.", number)
        log.debug("debug-%d.", number)
        warnings.warn(f"warn-{number}.")
        services.api.get(f"/echo/{number}/{turn}")
    parity.observe("number", number)
    sys.stdout.buffer.write(f"raw-{number}.".encode())
    assert number % 10 != 3, f"odd-{number}."
    if number % 10 == 4:
        pytest.skip(f"no-{number}.")
"""
CONFIG = """
[tool.gaia-parity]
concurrent-fixtures = ["own"]
"""


def echo(handler: BaseHTTPRequestHandler) -> Reply:
    """Answer with the path, after a while that differs by path, so that answers overtake each other."""
    threading.Event().wait(sum(map(ord, handler.path)) % 7 / 1000)
    return Reply({"path": handler.path})


def stress_routes() -> dict[str, Any]:
    paths = [f"/echo/{number}/{turn}" for number in range(70) for turn in range(3)]
    return dict.fromkeys([*paths, *(f"/own/{number}" for number in range(70))], echo)


def numbers(text: str, word: str) -> set[int]:
    return {int(number) for number in re.findall(rf"\b{word}-(\d+)\.", text)}


def number_of(name: str) -> int:
    return int(name.rstrip("]").rpartition("-")[2].rpartition("[")[2])


@pytest.mark.parametrize("more", [("-p", "no:xdist"), ("-n", "2")], ids=["plain", "n2"])
def test_nothing_of_a_test_lands_on_another(project: Callable[..., Project], more: tuple[str, ...]) -> None:
    made = project(stress_routes(), config=CONFIG)
    made.write(test_stress=STRESS)
    arguments = ("--parity-jobs=32", "--junitxml=junit.xml", "-o", "junit_logging=all", "-v", "-Wdefault", *more)
    result = made.run("--parity=dev", "-o", "log_level=DEBUG", *arguments)
    if "no:xdist" in more:
        result.stdout.fnmatch_lines(["*parity jobs: 207 ran with others, up to 32 at once*"])
    root = ET.parse(made.pytester.path / "junit.xml")  # noqa: S314 - our own file
    cases = [case for case in root.iter("testcase") if " = " not in case.attrib["name"]]
    assert len(cases) == 210
    for case in cases:
        number = number_of(case.attrib["name"])
        text = "".join(case.itertext())
        for word in ("out", "err", "log", "debug", "raw", "own-up", "own-down"):
            assert numbers(text, word) == {number}, (case.attrib["name"], word)
        assert (case.find("failure") is not None) == (number % 10 == 3)
        assert (case.find("skipped") is not None) == (number % 10 == 4)
    records = [line for target in ("local", "dev") for line in made.recording(target) if line["type"] == "test"]
    assert len(records) == 210
    for record in records:
        number = number_of(record["test"])
        urls = [one["request"]["url"].split("/", 3)[3] for one in record["exchanges"]]
        assert urls == [f"own/{number}", *(f"echo/{number}/{turn}" for turn in range(3))]
        assert [one["value"] for one in record["observations"]] == [number]
    assert numbers(result.stdout.str().partition("warnings summary")[2], "warn") == set(range(70))


MIXED = """
import pytest

def test_passes(services):
    assert services.api.get("/item").json()["name"] == "a"

def test_explains(services):
    print("seen")
    assert services.api.get("/item").json() == {"name": "b", "tags": [1, 2]}

@pytest.mark.xfail(reason="known")
def test_known(services):
    assert services.api.get("/item").status_code == 500

@pytest.mark.skip(reason="not now")
def test_skipped(services):
    services.api.get("/never")

def test_raises(services):
    services.api.get("/item")
    raise KeyError("gone")

@pytest.fixture
def broken(services):
    services.api.get("/item")
    raise OSError("no such thing")

def test_has_a_broken_fixture(broken):
    pass

@pytest.fixture
def late(services):
    yield 1
    raise OSError("on the way out")

def test_ends_badly(late):
    assert late == 1

class TestClass:
    def test_method(self, services):
        self.seen = services.api.get("/item")
        assert self.seen.status_code == 200

    def test_has_its_own_self(self, services):
        assert not hasattr(self, "seen")

@pytest.mark.filterwarnings("error")
def test_warns(services):
    import warnings
    with pytest.raises(UserWarning):
        warnings.warn("an error here")
"""


@pytest.mark.parametrize("more", [(), ("-x",), ("--maxfail=2",), ("-s",), ("--tb=short", "-W", "error")], ids=" ".join)
def test_reports_are_those_of_a_run_without(project: Callable[..., Project], more: tuple[str, ...]) -> None:
    made = project(
        {"/item": {"name": "a", "tags": [1]}}, config='[tool.gaia-parity]\nconcurrent-fixtures = ["broken", "late"]\n'
    )
    made.write(test_mixed=MIXED)
    arguments = ("--parity=dev", "-v", "-p", "no:cacheprovider", "-p", "no:xdist", *more)
    one_by_one = made.run(*arguments)
    at_once = made.run(*arguments, "--parity-jobs=8")
    said = at_once.stdout.str().partition("parity jobs")[0]
    assert "ran with others" in at_once.stdout.str()
    assert outcomes(at_once) == outcomes(one_by_one)
    assert at_once.ret == one_by_one.ret
    assert said.count("seen") == one_by_one.stdout.str().count("seen")
    assert "/never" not in {path for _, path, _, _ in made.local.seen}


def together(count: int) -> Callable[[BaseHTTPRequestHandler], Reply]:
    """Answers only when so many requests are under way at once."""
    barrier = threading.Barrier(count)

    def answer(_: BaseHTTPRequestHandler) -> Reply:
        barrier.wait(timeout=20)
        return Reply({"ok": True})

    return answer


def test_bodies_are_under_way_at_once(project: Callable[..., Project]) -> None:
    made = project({"/slow": together(8)}, dev={"/slow": together(8)})
    made.write(
        test_slow="""
import pytest
def test_first(services):
    services.api.get("/health")
@pytest.mark.parametrize("number", range(8))
def test_slow(services, number):
    assert services.api.get("/slow").status_code == 200
"""
    )
    assert made.run("--parity=dev", "--parity-jobs=8").ret == 0


WRITES = """
import pytest
@pytest.mark.parametrize("number", range(12))
def test_write(services, number):
    services.api.get(f"/echo/{11 - number}/0")
    services.api.post("/log", json=[__name__, number])
"""


def test_tests_of_a_file_write_in_order(project: Callable[..., Project]) -> None:
    routes = {"/log": {}, **{f"/echo/{number}/0": echo for number in range(12)}}
    made = project(routes)
    made.write(test_a=WRITES, test_b=WRITES)
    assert made.run("--parity=dev", "--parity-jobs=16", "-p", "no:randomly").ret == 0
    written = [eval(body) for method, _, _, body in made.dev.seen if method == "POST"]  # noqa: S307 - what the test above sent
    for module in {name for name, _ in written}:
        assert [number for name, number in written if name == module] == list(range(12))


def test_a_read_only_target_is_written_to_in_turn(project: Callable[..., Project]) -> None:
    routes = {"/log": {}, **{f"/echo/{number}/0": echo for number in range(12)}}
    made = project(routes)
    text = (made.pytester.path / "pyproject.toml").read_text()
    (made.pytester.path / "pyproject.toml").write_text(
        text.replace(
            "[tool.gaia-parity.targets.dev]",
            '[tool.gaia-parity.targets.dev]\nread-only = true\nwrites = ["POST api /log"]',
        )
    )
    made.write(test_a=WRITES, test_b=WRITES)
    assert made.run("--parity=dev", "--parity-jobs=16").ret == 0
    written = [eval(body) for method, _, _, body in made.dev.seen if method == "POST"]  # noqa: S307 - likewise
    assert [number for _, number in written] == [*range(12), *range(12)]
    assert len({name for name, _ in written[:12]}) == 1


def test_an_independent_test_writes_whenever_it_likes(project: Callable[..., Project]) -> None:
    made = project({"/log": together(8)}, dev={"/log": together(8)})
    made.write(
        test_a="""
import pytest
def test_first(services):
    services.api.get("/health")
@pytest.mark.parity(independent=True)
@pytest.mark.parametrize("number", range(8))
def test_write(services, number):
    services.api.post("/log")
"""
    )
    assert made.run("--parity=dev", "--parity-jobs=8").ret == 0


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("def test_it(services, tmp_path): pass", "it uses the fixture 'tmp_path'"),
        ("def test_it(services, request): pass", "it uses 'request'"),
        ("@pytest.mark.parity(serial=True)\ndef test_it(services): pass", "it is marked 'parity(serial=True)'"),
        ("@pytest.mark.skipif(False, reason='')\ndef test_it(services): pass", "it is marked 'skipif'"),
        (
            "import unittest\n@pytest.fixture\ndef mine(): pass\ndef test_it(services, mine): pass",
            "it uses the fixture 'mine'",
        ),
    ],
    ids=["tmp_path", "request", "serial", "skipif", "undeclared"],
)
def test_what_runs_in_its_turn_says_why(project: Callable[..., Project], test: str, reason: str) -> None:
    made = project()
    made.write(test_a=f"import pytest\ndef test_a(services): pass\ndef test_b(services): pass\n{test}\n")
    result = made.run("--parity=dev", "--parity-jobs=8", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"1 in turn: {reason}", "  parity_tests/test_a.py::test_it"])


def test_a_conftest_that_hooks_into_tests_keeps_them_in_turn(project: Callable[..., Project]) -> None:
    made = project()
    (made.pytester.path / "conftest.py").write_text("def pytest_runtest_setup(item): pass\n")
    made.write(test_a="def test_a(services): pass\ndef test_b(services): pass\n")
    result = made.run("--parity=dev", "--parity-jobs=8", "-v")
    result.stdout.fnmatch_lines(["2 in turn: conftest.py implements pytest_runtest_setup"])


def test_a_request_of_a_thread_of_its_own_is_refused_not_lost(project: Callable[..., Project]) -> None:
    made = project()
    made.write(
        test_a="""
from concurrent.futures import ThreadPoolExecutor
def test_a(services): pass
def test_b(services):
    with ThreadPoolExecutor() as pool:
        assert pool.submit(services.api.get, "/health").result().status_code == 200
"""
    )
    assert made.run("--parity=dev").ret == 0
    result = made.run("--parity=dev", "--parity-jobs=8")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["*a request was sent by a thread of its own while many tests run at once*", "*serial=True*"]
    )


COOKIES = """
def test_first(services):
    services.api.get("/health")
def test_sets(services):
    services.api.get("/set")
    assert services.api.cookies["session"] == "s1"
    assert services.api.get("/show").json() == "session=s1"
def test_sees_none_of_another(services):
    services.api.get("/when-set")
    assert services.api.get("/show").json() == ""
def test_takes_others(services):
    services.api.cookies = {"mine": "1"}
    assert services.api.get("/show").json() == "mine=1"
"""


def test_cookies_are_a_tests_own_until_its_turn_has_come(project: Callable[..., Project]) -> None:
    made = project(cookie_routes(), dev=cookie_routes())
    made.write(test_cookies=COOKIES)
    result = made.run("--parity=dev", "--parity-jobs=8")
    assert result.ret == 0, result.stdout.str()


def test_durations_are_those_of_the_bodies(project: Callable[..., Project]) -> None:
    def slow(_: BaseHTTPRequestHandler) -> Reply:
        threading.Event().wait(0.3)
        return Reply({})

    made = project({"/slow": slow})
    made.write(test_a="def test_a(services): pass\ndef test_b(services):\n    services.api.get('/slow')\n")
    result = made.run("--parity=dev", "--parity-jobs=8", "--durations=3", "--durations-min=0.2")
    result.stdout.fnmatch_lines(["0.3*s call*test_b*", "0.3*s call*test_b*", "0.3*s call*test_b*"])


def test_a_time_limit_fails_the_test_that_hangs_and_no_other(project: Callable[..., Project]) -> None:
    release = threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> Reply:
        release.wait(20)
        return Reply({})

    made = project({"/hang": hang})
    made.write(
        test_a="""
import pytest
def test_first(services): pass
@pytest.mark.timeout(0.5)
def test_hangs(services):
    services.api.get("/hang")
def test_other(services):
    services.api.get("/health")
"""
    )
    try:
        result = made.run("--target=dev", "--parity-jobs=8", "-rA", "-o", "markers=timeout: seconds")
    finally:
        release.set()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*Timeout (>0.5s)*", "FAILED *test_hangs*"])


def test_interrupting_ends_the_run_though_a_body_hangs(project: Callable[..., Project]) -> None:
    arrived, release = threading.Event(), threading.Event()

    def hang(_: BaseHTTPRequestHandler) -> Reply:
        arrived.set()
        release.wait(60)
        return Reply({})

    made = project({"/hang": hang}, config="[tool.gaia-parity]\ntimeout = 120\n")
    made.write(test_a="def test_first(services): pass\ndef test_hangs(services):\n    services.api.get('/hang')\n")
    command = [sys.executable, "-m", "pytest", "--target=local", "--parity-jobs=8", "--record=run.jsonl"]
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command, cwd=made.pytester.path, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert arrived.wait(30)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=30)
        finally:
            release.set()
            process.kill()
    assert process.returncode == 2
    assert "KeyboardInterrupt" in said
    assert (made.pytester.path / "run.jsonl").read_text().splitlines()[-1].startswith('{"type":"end"')


def test_another_way_to_hand_out_tests_turns_it_off(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="def test_a(services): pass\ndef test_b(services): pass\n")
    result = made.run("--parity=dev", "--parity-jobs=8", "-n2", "--dist=worksteal", "-v")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*ran with others*")
