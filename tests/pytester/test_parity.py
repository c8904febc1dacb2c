"""The main job: the same tests on two targets, compared, reported, gated."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Project

HEALTH = """
def test_health(services):
    assert services.api.get("/health").status_code == 200
"""
ITEM = """
def test_item(services):
    services.api.get("/item")
"""


def test_equal_sides_are_parity(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project()
    made.write(test_health=HEALTH)
    result = made.run("--parity=dev", *workers)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*parity local = dev: 1 matched*"])
    assert made.verdicts() == {"test_health": "match"}


def test_a_wrong_value_is_named_with_both_values(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project({"/item": {"price": 3, "name": "a"}}, dev={"/item": {"price": 4, "name": "a"}})
    made.write(test_item=ITEM, test_health=HEALTH)
    result = made.run("--parity=dev", *workers)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*body.price: 3 → 4*", "*parity local ≠ dev: 1 matched, 1 mismatched*"])
    (difference,) = next(one for one in made.results()["comparisons"] if one["verdict"] == "mismatch")["differences"]
    assert difference["exchange"] == "GET api /item"
    assert (difference["path"], difference["kind"]) == ("body.price", "value-changed")
    assert (difference["baseline"], difference["candidate"]) == (3, 4)


def test_the_sides_run_as_blocks_baseline_candidate_baseline(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=HEALTH + HEALTH.replace("test_health", "test_again"))
    result = made.run("--parity=dev", "-v")
    order = [line.split("[")[1].split("]")[0] for line in result.outlines if "::" in line and "PASSED" in line]
    assert order == ["local", "local", "dev", "dev", "local#2", "local#2"]


def test_repeat_is_configured(project: Callable[..., Project]) -> None:
    made = project(config="[tool.gaia-parity.compare]\nrepeat = 3\n")
    made.write(test_health=HEALTH)
    made.run("--parity=dev")
    assert [line.get("run", 1) for line in made.recording("local") if line["type"] == "test"] == [1, 2, 3]


def test_between_two_remote_targets(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_health=HEALTH)
    result = made.run("--parity=local", "--baseline=dev", "--parity-confirm=0")
    assert result.ret == 0
    assert made.results("parity-local")["baseline"]["name"] == "dev"


def test_one_target_only_compares_nothing(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_health=HEALTH)
    result = made.run("--target=dev")
    result.assert_outcomes(passed=1)
    assert result.ret == 0
    assert made.local.seen == []
    assert not (made.pytester.path / "reports").exists()


def test_without_options_a_parity_test_runs_on_the_baseline(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_health=HEALTH)
    result = made.run("parity_tests")
    result.assert_outcomes(passed=1)
    assert made.dev.seen == []
    assert [path for _, path, _, _ in made.local.seen] == ["/health"]


def test_plain_pytest_collects_the_projects_own_tests(project: Callable[..., Project]) -> None:
    made = project(config='[tool.pytest.ini_options]\ntestpaths = ["tests"]\n')
    made.write(test_health=HEALTH)
    made.pytester.makepyfile(**{"tests/test_unit": "def test_unit(): pass"})
    made.run().assert_outcomes(passed=1)
    made.run("--parity=dev").stdout.fnmatch_lines(["*parity local = dev: 1 matched*"])


def test_fixture_scopes_run_once_per_side(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    """A session-wide login is set up once on each side, and never again because a worker changes sides."""
    made = project({"/login": {"token": "t"}})
    made.write(
        conftest="""
import os, pytest

@pytest.fixture(scope="session")
def token(target, services, tmp_path_factory):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with open("logins.txt", "a") as file:
        file.write(f"{worker} {target.side.id}\\n")
    return services.api.post("/login").json()["token"]
""",
        test_a="\n".join(
            f"def test_{n}(token, services): services.api.get('/health', headers={{'x-n': token}})" for n in range(6)
        ),
    )
    result = made.run("--parity=dev", *workers)
    assert result.ret == 0
    logins = (made.pytester.path / "logins.txt").read_text().split("\n")[:-1]
    assert len(logins) == len(set(logins))
    assert {line.split()[1] for line in logins} == {"local", "dev", "local#2"}
    if "2" not in workers:
        assert len(logins) == 3


def test_what_a_wide_fixture_sends_is_compared_apart(project: Callable[..., Project]) -> None:
    """Which test happens to set it up first is chance, so its exchanges belong to no test."""
    made = project({"/login": {"kind": "bearer"}}, dev={"/login": {"kind": "Bearer"}})
    made.write(
        conftest="""
import pytest

@pytest.fixture(scope="session")
def token(services):
    return services.api.post("/login").json()
""",
        test_a="def test_a(token, services): services.api.get('/health')",
    )
    result = made.run("--parity=dev")
    assert result.ret == 1
    assert made.verdicts() == {"test_a": "match", "token (session fixture)": "mismatch"}


def test_user_parametrisation_classes_and_methods(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project()
    made.write(
        test_a="""
import pytest

class TestHealth:
    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("text", ["a-b", "c::d", "[x]"])
    def test_many(self, services, number, text):
        services.api.get("/health", params={"number": number, "text": text})
"""
    )
    result = made.run("--parity=dev", *workers)
    assert result.ret == 0
    assert made.results()["summary"]["match"] == 6
    names = {one["test"] for one in made.results()["comparisons"]}
    assert "parity_tests/test_a.py::TestHealth::test_many[a-b-1]" in names


def test_equal_names_in_different_files_are_different_tests(project: Callable[..., Project]) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=ITEM.replace("test_item", "test_same"), test_b=HEALTH.replace("test_health", "test_same"))
    made.run("--parity=dev")
    verdicts = {one["test"]: one["verdict"] for one in made.results()["comparisons"]}
    assert verdicts == {"parity_tests/test_a.py::test_same": "mismatch", "parity_tests/test_b.py::test_same": "match"}


@pytest.mark.parametrize(
    ("body", "verdict", "code"),
    [
        pytest.param("services.api.get('/health')", "match", 0, id="passes"),
        pytest.param("pass", "match", 0, id="no-request"),
        pytest.param("assert target.is_baseline", "mismatch", 1, id="fails-on-one"),
        pytest.param("assert False, 'always'", "both-failed", 1, id="fails-on-both"),
        pytest.param("pytest.skip('never')", "skipped", 5, id="skips-on-both"),
        pytest.param("target.is_baseline or pytest.skip('not here')", "mismatch", 1, id="skips-on-one"),
        pytest.param("pytest.xfail('known')", "match", 0, id="xfails"),
        pytest.param("assert target.side.run == 1", "unstable", 1, id="baseline-disagrees"),
    ],
)
def test_outcomes_become_verdicts(project: Callable[..., Project], body: str, verdict: str, code: int) -> None:
    made = project()
    made.write(test_a=f"import pytest\ndef test_a(target, services): {body}")
    result = made.run("--parity=dev")
    assert made.verdicts() == {"test_a": verdict}
    assert result.ret == code


def test_a_fixture_that_fails_on_one_side_only_is_a_mismatch(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project()
    made.write(
        test_a="""
import pytest

@pytest.fixture
def broken(target):
    assert target.is_baseline, "no database here"

def test_a(broken, services): services.api.get("/health")
"""
    )
    assert made.run("--parity=dev", *workers).ret == 1
    (comparison,) = made.results()["comparisons"]
    assert comparison["verdict"] == "mismatch"
    assert comparison["differences"][0]["kind"] == "outcome-changed"


def test_a_worker_that_crashes_leaves_its_test_missing(project: Callable[..., Project]) -> None:
    made = project()
    made.write(
        test_a="""
import os

def test_crash(target, services):
    if not target.is_baseline:
        os._exit(1)

def test_fine(services): services.api.get("/health")
"""
    )
    result = made.run("--parity=dev", "-n", "2")
    assert result.ret == 1
    assert made.verdicts() == {"test_crash": "missing", "test_fine": "match"}


def test_only_on_compares_nothing(project: Callable[..., Project]) -> None:
    made = project()
    made.write(
        test_a="""
import pytest

@pytest.mark.only_on("dev")
def test_there(target, services):
    assert target.name == "dev"
    services.api.get("/only")

def test_both(services): services.api.get("/health")
"""
    )
    result = made.run("--parity=dev")
    assert result.ret == 0
    assert made.verdicts() == {"test_both": "match"}
    assert "/only" not in [path for _, path, _, _ in made.local.seen]


def test_only_on_an_unknown_target_names_the_nearest(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a='import pytest\n@pytest.mark.only_on("dvv")\ndef test_a(target): pass')
    result = made.run("--parity=dev")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*only_on: 'dvv' is no target*nearest is 'dev'*"])


def test_a_mark_and_the_handle_say_how_to_compare(project: Callable[..., Project]) -> None:
    made = project(
        {"/item": {"region": "here", "sizes": [1, 2], "rate": 1.0}},
        dev={"/item": {"region": "there", "sizes": [2, 1], "rate": 1.001}},
    )
    made.write(
        test_a="""
import pytest

@pytest.mark.parity(ignore=["body.region"], unordered=["body.sizes"], tolerance=0.01)
def test_mark(services): services.api.get("/item")

def test_handle(services, parity):
    parity.ignore("body.rate")
    parity.shape("body.region")
    parity.unordered("body.sizes")
    services.api.get("/item")

def test_neither(services): services.api.get("/item")
"""
    )
    made.run("--parity=dev")
    assert made.verdicts() == {"test_mark": "match", "test_handle": "match", "test_neither": "mismatch"}


def test_an_observation_is_compared(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="def test_a(target, parity): parity.observe('rows', 3 if target.is_baseline else 4)")
    assert made.run("--parity=dev").ret == 1
    (difference,) = made.results()["comparisons"][0]["differences"]
    assert (difference["path"], difference["kind"]) == ("observations.rows", "observation-changed")


def test_maxfail_stops_at_a_mismatch(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a="\n".join(f"def test_{n:02}(services): services.api.get('/item')" for n in range(30)))
    result = made.run("--parity=dev", "-x", *workers)
    assert result.ret in {1, 2}
    results = made.results()
    assert 1 <= results["summary"]["mismatch"] < 30
    assert results["interrupted"] is True


def test_last_failed_reruns_all_sides_of_what_mismatched(
    project: Callable[..., Project], workers: tuple[str, ...]
) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=ITEM, test_b=HEALTH)
    assert made.run("--parity=dev", *workers).ret == 1
    result = made.run("--parity=dev", "--lf", *workers)
    assert made.verdicts() == {"test_item": "mismatch"}
    assert result.ret == 1


def test_select_by_keyword(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project()
    made.write(test_a=ITEM, test_b=HEALTH)
    assert made.run("--parity=dev", "-k", "health", *workers).ret == 0
    assert made.verdicts() == {"test_health": "match"}


def test_a_deselected_side_never_passes(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a=HEALTH)
    assert made.run("--parity=dev", "parity_tests/test_a.py::test_health[local]").ret == 1
    assert made.verdicts() == {"test_health": "missing"}


def test_nothing_compared_is_exit_5(project: Callable[..., Project]) -> None:
    made = project()
    made.write(test_a="def test_unrelated(): pass")
    assert made.run("--parity=dev").ret == 5


def test_junit_and_html_hold_the_verdicts(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=ITEM, test_b=HEALTH)
    made.run("--parity=dev", "--junitxml=junit.xml", "--html=report.html", *workers)
    cases = {case.get("name"): case for case in ET.parse(made.pytester.path / "junit.xml").getroot().iter("testcase")}  # noqa: S314 - our own file
    assert cases["test_health[local = dev]"].find("failure") is None
    failure = cases["test_item[local = dev]"].find("failure")
    assert failure is not None
    assert "body.a: 1 → 2" in (failure.text or "")
    html = (made.pytester.path / "report.html").read_text()
    assert "test_item[local = dev]" in html


def test_verbose_and_quiet_show_verdicts(project: Callable[..., Project]) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=ITEM, test_b=HEALTH)
    made.run("--parity=dev", "-v").stdout.fnmatch_lines(
        ["*test_item[[]local = dev] MISMATCH*", "*test_health[[]local = dev] MATCH*100%*"]
    )
    made.run("--parity=dev", "-q").stdout.fnmatch_lines(["*parity local ≠ dev: 1 matched, 1 mismatched*"])


@pytest.mark.parametrize("mode", ["loadgroup", "worksteal"])
def test_no_distribution_mode_is_special(project: Callable[..., Project], mode: str) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(
        test_a=f"import pytest\n@pytest.mark.xdist_group('one')\n{ITEM}\n@pytest.mark.xdist_group('two')\n{HEALTH}"
    )
    assert made.run("--parity=dev", "-n", "2", "--dist", mode).ret == 1
    assert made.verdicts() == {"test_item": "mismatch", "test_health": "match"}


COIN = """
import pathlib

def tick(name):
    # how often this target was asked before
    path = pathlib.Path(f"{name}.count")
    count = int(path.read_text()) if path.exists() else 0
    path.write_text(str(count + 1))
    return count
"""


def test_a_mismatch_is_confirmed_before_it_is_told(project: Callable[..., Project], workers: tuple[str, ...]) -> None:
    """A flag that the first baseline runs happen to agree on is learnt to vary, and no mismatch; a real one stays."""
    made = project()
    made.write(
        coin=COIN,
        test_a="""
from coin import tick

def test_coin(target, parity):
    parity.observe("flag", tick(target.name) >= 2 if target.is_baseline else True)

def test_real(target, parity):
    parity.observe("flag", not target.is_baseline)
""",
        conftest="import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))",
    )
    made.run("--parity=dev", "--parity-confirm=2", *workers)
    assert made.verdicts() == {"test_coin": "match", "test_real": "mismatch"}
    runs: dict[str, int] = {}
    for line in made.recording("local") + made.recording("dev"):
        if line["type"] == "test":
            runs[line["test"].rpartition("::")[2]] = runs.get(line["test"].rpartition("::")[2], 0) + 1
    assert runs == {"test_coin": 7, "test_real": 7}


def test_a_fixture_is_confirmed_like_a_test(project: Callable[..., Project]) -> None:
    answers = iter(["a", "a", "b", "c", "a", "d", "a", "e", "f", "g"])
    made = project({"/login": lambda _: {"word": next(answers)}}, dev={"/login": lambda _: {"word": "z"}})
    made.write(
        conftest="""
import pytest

@pytest.fixture(scope="session")
def token(services): return services.api.post("/login").json()
""",
        test_a="def test_a(token, services): services.api.get('/health')",
    )
    assert made.run("--parity=dev", "--parity-confirm=2").ret == 0
    assert made.verdicts() == {"test_a": "match", "token (session fixture)": "match"}


def test_confirmation_with_maxfail_stops_at_what_stands(project: Callable[..., Project]) -> None:
    made = project()
    made.write(
        coin=COIN,
        conftest="import sys, pathlib; sys.path.insert(0, str(pathlib.Path(__file__).parent))",
        test_a="""
from coin import tick

def test_coin(target, parity):
    parity.observe("flag", tick(target.name) >= 2 if target.is_baseline else True)

def test_real(target, parity):
    parity.observe("flag", not target.is_baseline)

def test_after(target, parity):
    parity.observe("flag", 1)
""",
    )
    made.run("--parity=dev", "--parity-confirm=2", "-x")
    assert made.verdicts() == {"test_coin": "match", "test_real": "mismatch"}
