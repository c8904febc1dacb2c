"""--parity-jobs for tests that are coroutines: each runs in an event loop of its own, beside others."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.jobs import cookie_routes, outcomes
from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.servers import Project


def with_backend(scope: str) -> str:
    """The head of a file of coroutines."""
    return f"""
import asyncio, logging
import pytest

pytestmark = pytest.mark.anyio

@pytest.fixture(scope="{scope}")
def anyio_backend(): return "asyncio"
"""


#: the requests of a test are under way at once too
TESTS = """
@pytest.mark.parametrize("number", range(40))
async def test_all(async_services, parity, number):
    answers = await asyncio.gather(*(async_services.api.get(f"/echo/{number}/{turn}") for turn in range(3)))
    assert sorted(one.json()["path"] for one in answers) == [f"/echo/{number}/{turn}" for turn in range(3)]
    print(f"out-{number}.")
    logging.getLogger("app").warning("log-%d.", number)
    parity.observe("number", number)
    await asyncio.sleep(0)
    assert number % 10 != 3, f"odd-{number}."
    if number % 10 == 4:
        pytest.skip(f"no-{number}.")  # so that a skip is told of the right run
"""


def echo(handler: BaseHTTPRequestHandler) -> Reply:
    threading.Event().wait(sum(map(ord, handler.path)) % 5 / 1000)
    return Reply({"path": handler.path})


@pytest.mark.parametrize("scope", ["session", "module", "function"])
def test_coroutines_run_ahead_and_are_reported_as_ever(project: Callable[..., Project], scope: str) -> None:
    routes: dict[str, Any] = {f"/echo/{number}/{turn}": echo for number in range(40) for turn in range(3)}
    made = project(routes)
    made.write(test_a=with_backend(scope) + TESTS)
    plain = made.run("--parity=dev", "-v")
    together = made.run("--parity=dev", "-v", "--parity-jobs=16")
    together.stdout.fnmatch_lines(["*parity jobs: 11[78] ran with others, up to 16 at once*"])
    assert "in turn" not in together.stdout.str()
    assert outcomes(together) == outcomes(plain)
    assert together.ret == plain.ret == 1
    for target in ("local", "dev"):
        for record in made.recording(target):
            if record["type"] == "test":
                number = int(record["test"].rstrip("]").rpartition("[")[2])
                # in the order in which they were sent, however they ended
                paths = [one["request"]["url"].split("/", 3)[3] for one in record["exchanges"]]
                assert paths == [f"echo/{number}/{turn}" for turn in range(3)]
                assert [one["value"] for one in record["observations"]] == [number]


def test_coroutines_are_under_way_at_once(project: Callable[..., Project]) -> None:
    barrier = threading.Barrier(4, timeout=20)

    def meet(_: BaseHTTPRequestHandler) -> Reply:
        barrier.wait()
        return Reply({})

    made = project({"/meet": meet})
    made.write(
        test_a=with_backend("session")
        + """
async def test_first(async_services): await async_services.api.get("/health")
@pytest.mark.parametrize("number", range(4))
async def test_meet(async_services, number): await async_services.api.get("/meet")
"""
    )
    assert made.run("--parity=dev", "--parity-jobs=4").ret == 0


COOKIES = """
async def test_first(async_services): await async_services.api.get("/health")
async def test_sets(async_services):
    await async_services.api.get("/set")
    assert async_services.api.cookies["session"] == "s1"
    assert (await async_services.api.get("/show")).json() == "session=s1"
async def test_sees_none_of_another(async_services):
    await async_services.api.get("/when-set")
    assert (await async_services.api.get("/show")).json() == ""
"""


def test_cookies_are_a_coroutines_own(project: Callable[..., Project]) -> None:
    made = project(cookie_routes(), dev=cookie_routes())
    made.write(test_a=with_backend("session") + COOKIES)
    result = made.run("--parity=dev", "--parity-repeat=1", "--parity-jobs=4")
    assert result.ret == 0, result.stdout.str()


def test_a_plain_function_beside_coroutines_runs_ahead(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=with_backend("session") + "def test_a(services): pass\ndef test_b(services): pass\n")
    result = made.run("--parity=dev", "--parity-jobs=8", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*parity jobs: 3 ran with others, up to 8 at once*"])


def test_coroutines_that_nobody_runs_are_told_as_ever(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="def test_a(services): pass\nasync def test_b(services): pass\n")
    plain = made.run("--parity=dev", "-v")
    together = made.run("--parity=dev", "-v", "--parity-jobs=8")
    assert outcomes(together) == outcomes(plain)
    together.stdout.fnmatch_lines(["1 in turn: it is a coroutine that anyio does not run"])


FAILURES = """
async def test_first(async_services): pass
async def test_explains(async_services):
    answer = await async_services.api.get("/health")
    assert {"a": answer.status_code} == {"a": 1}
async def test_a_group(async_services):
    async with asyncio.TaskGroup() as group:
        group.create_task(async_services.api.get("http://127.0.0.1:1/"))
@pytest.mark.xfail(strict=True, reason="an expected failure is none, ahead as in its turn")
async def test_known(async_services):
    raise RuntimeError("known")
async def test_returns(async_services):
    asyncio.get_running_loop().create_task(asyncio.sleep(0)).cancel()
"""


def test_failures_of_coroutines_are_told_as_ever(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=with_backend("session") + FAILURES)
    plain = made.run("--parity=dev", "-v")
    together = made.run("--parity=dev", "-v", "--parity-jobs=8")
    assert outcomes(together) == outcomes(plain)
    assert any("ConnectError" in line for line in together.outlines)


def test_who_ends_the_run_within_a_group_of_tasks_ends_it(project: Callable[..., Project]) -> None:
    made = project()
    made.write(
        test_a=with_backend("session")
        + """
async def test_a(async_services): pass
async def test_ends(async_services):
    async def end(): pytest.exit("enough")
    async with asyncio.TaskGroup() as group:
        group.create_task(end())
"""
    )
    plain = made.run("--parity=dev", "-v")
    together = made.run("--parity=dev", "-v", "--parity-jobs=8")
    assert together.ret == plain.ret
    assert outcomes(together) == outcomes(plain)
    together.stdout.fnmatch_lines(["*Exit: enough*"])


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        (
            "@pytest.fixture\nasync def mine(): pass\nasync def test_it(async_services, mine): pass",
            "it uses the fixture 'mine'",
        ),
        (
            "@pytest.fixture(scope='module')\nasync def mine(): yield\nasync def test_it(async_services, mine): pass",
            "it uses the asynchronous fixture 'mine'",
        ),
        (
            "import hypothesis as h\n@h.given(h.strategies.none())\nasync def test_it(async_services, none): pass",
            "it is a coroutine that hypothesis runs",
        ),
    ],
    ids=["own", "wide", "hypothesis"],
)
def test_which_run_in_their_turn(project: Callable[..., Project], test: str, reason: str) -> None:
    made = project()
    first = "async def test_a(async_services): pass\nasync def test_b(async_services): pass\n"
    made.write(test_a=with_backend("session") + first + test)
    result = made.run("--parity=dev", "--parity-jobs=8", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"1 in turn: {reason}", "  parity_tests/test_a.py::test_it"])
