"""Each fault of the lab: planted on the candidate, found, and named by its cause, and by no other."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_gaia_parity.lab.faults import FAULTS

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """What to run under a fault, and one of the differences that must come out: kind and path."""

    test: str
    difference: tuple[str, str]


STATUS = ("status-changed", "status")
CASES = {
    "wrong-value": Case("test_auth.py::test_login_grants_tokens", ("value-changed", "body.token_type")),
    "lost-field": Case("test_chat.py::test_messages_are_kept_in_order", ("removed", "body.messages[0].created_at")),
    "naive-time": Case("test_assets.py::test_life_of_an_asset", ("format-changed", "body.created_at")),
    "foreign-id": Case("test_assets.py::test_life_of_an_asset", ("identity-changed", "body.owner")),
    "wrong-order": Case("test_assets.py::test_list_comes_in_pages", ("order-changed", "body.items")),
    "missing-secret": Case("test_chat.py::test_conversation_is_where_location_says", STATUS),
    "database-down": Case("test_assets.py::test_unknown_asset_is_not_found", STATUS),
    "nats-down": Case("test_chat.py::test_messages_are_kept_in_order", STATUS),
    "jwt-secret-differs": Case("test_assets.py::test_unknown_asset_is_not_found", STATUS),
    "public-url": Case("test_flows.py::test_scene_is_an_asset_and_a_conversation", ("value-changed", "body.asset_url")),
    "version-skew": Case("test_assets.py::test_collection_that_is_empty_has_no_next_page", ("removed", "body.total")),
    "clock-skew": Case("test_assets.py::test_unknown_asset_is_not_found", STATUS),
    "proxy-error-page": Case("test_chat.py::test_models_are_listed", STATUS),
    "undecodable-compression": Case(
        "test_http.py::test_catalogue_comes_compressed_in_whatever_both_speak", ("encoding-changed", "body")
    ),
}
UNREACHABLE = ("ipv4-only", "name-not-found", "machine-stopped", "refused", "timeout")


@pytest.fixture
def gaia(pytester: pytest.Pytester) -> pytest.Pytester:
    """Gaia's project, in a folder of the test's own."""
    for name in ("pyproject.toml", "conftest.py"):
        shutil.copy(ROOT / name, pytester.path / name)
    shutil.copytree(ROOT / "parity_tests", pytester.path / "parity_tests")
    return pytester


def run(gaia: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return gaia.runpytest("--parity=dev", "--parity-confirm=0", "-p", "no:xdist", *arguments)


def results(gaia: pytest.Pytester) -> dict[str, Any]:
    text = (gaia.path / "reports" / "parity-dev.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_every_fault_is_tested() -> None:
    assert {*CASES, *UNREACHABLE} == set(FAULTS)


@pytest.mark.parametrize("name", list(CASES))
def test_a_fault_is_found_and_its_cause_alone_is_named(gaia: pytest.Pytester, name: str) -> None:
    case = CASES[name]
    assert run(gaia, f"parity_tests/{case.test}", f"--lab-fault={name}").ret == 1
    comparisons = results(gaia)["comparisons"]
    differences = [one for comparison in comparisons for one in comparison.get("differences", ())]
    assert case.difference in {(one["kind"], one["path"]) for one in differences}
    causes = {cause["id"] for comparison in comparisons for cause in comparison.get("causes", ())}
    assert causes == ({FAULTS[name].cause} if FAULTS[name].cause else set())


@pytest.mark.parametrize("name", UNREACHABLE)
def test_a_service_that_cannot_be_reached_ends_the_run_with_its_cause(gaia: pytest.Pytester, name: str) -> None:
    result = run(gaia, "parity_tests/test_health.py", f"--lab-fault={name}")
    assert result.ret == 69
    causes = re.findall(r"^    cause: .* \(([\w-]+)\)$", result.stdout.str(), flags=re.MULTILINE)
    assert causes == [FAULTS[name].cause]
    assert not (gaia.path / "reports" / "parity-dev.json").exists()


def test_without_a_fault_there_is_parity(gaia: pytest.Pytester) -> None:
    result = run(gaia, "parity_tests", "--lab")
    assert result.ret == 0
    summary = results(gaia)["summary"]
    assert summary["match"] > 80
    assert sum(summary.values()) == summary["match"]


def test_code_and_environment_that_both_differ_are_to_be_compared_one_at_a_time(gaia: pytest.Pytester) -> None:
    tests = "parity_tests/test_assets.py::test_collection_that_is_empty_has_no_next_page"
    assert run(gaia, tests, "--lab-fault=version-skew", "--lab-fault=jwt-secret-differs").ret == 1
    causes = {cause["id"] for comparison in results(gaia)["comparisons"] for cause in comparison.get("causes", ())}
    assert causes == {"jwt-secret-differs", "version-and-environment"}


def test_a_cause_is_not_claimed_for_another_services_difference(gaia: pytest.Pytester) -> None:
    """Asset is an older version, but it is auth that answers something else."""
    tests = "parity_tests/test_auth.py::test_login_grants_tokens"
    assert run(gaia, tests, "--lab-fault=version-skew", "--lab-fault=wrong-value").ret == 1
    assert [one.get("causes", []) for one in results(gaia)["comparisons"]] == [[]]


LOGIN = "parity_tests/test_auth.py::test_login_grants_tokens"


def logs(gaia: pytest.Pytester) -> list[dict[str, Any]]:
    return [log for comparison in results(gaia)["comparisons"] for log in comparison.get("logs", ())]


def test_a_mismatch_has_what_both_services_logged_of_that_very_exchange(gaia: pytest.Pytester) -> None:
    result = run(gaia, LOGIN, "--lab-fault=wrong-value")
    assert [(log["side"], log["service"]) for log in logs(gaia)] == [("baseline", "auth"), ("candidate", "auth")]
    recorded = (gaia.path / "reports" / "dev.jsonl").read_text(encoding="utf-8")
    for log in logs(gaia):
        assert len(log["lines"]) == 1
        assert " auth POST /login 200 in " in log["lines"][0]
    assert logs(gaia)[1]["lines"][0].partition("traceparent=")[2].partition(" ")[0] in recorded
    result.stdout.fnmatch_lines("*what the services logged of it is in the report*")


def test_the_flight_recorder_can_be_turned_off(gaia: pytest.Pytester) -> None:
    file = gaia.path / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[tool.gaia-parity]\n", "[tool.gaia-parity]\nflight-recorder = false\n"))
    assert run(gaia, LOGIN, "--lab-fault=wrong-value").ret == 1
    assert logs(gaia) == []


def test_what_matches_has_no_logs(gaia: pytest.Pytester) -> None:
    assert run(gaia, LOGIN, "--lab").ret == 0
    assert logs(gaia) == []
