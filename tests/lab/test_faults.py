"""Each fault of the lab: planted on the candidate, found, and named by its cause."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pytest_gaia_parity.lab.faults import FAULTS

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """What to run under a fault, and what must come out."""

    tests: str
    #: one of the differences: kind and path
    difference: tuple[str, str] | None = None
    exit_code: int = 1


CASES = {
    "wrong-value": Case("test_auth.py::test_login_grants_tokens", ("value-changed", "body.token_type")),
    "lost-field": Case("test_chat.py::test_messages_are_kept_in_order", ("removed", "body.messages[0].created_at")),
    "naive-time": Case("test_assets.py::test_life_of_an_asset", ("format-changed", "body.created_at")),
    "foreign-id": Case("test_assets.py::test_life_of_an_asset", ("identity-changed", "body.owner")),
    "wrong-order": Case("test_assets.py::test_list_comes_in_pages", ("order-changed", "body.items")),
    "missing-secret": Case("test_chat.py", ("status-changed", "status")),
    "database-down": Case("test_assets.py", ("status-changed", "status")),
    "nats-down": Case("test_chat.py", ("status-changed", "status")),
    "jwt-secret-differs": Case("test_assets.py", ("status-changed", "status")),
    "public-url": Case("test_flows.py", ("value-changed", "body.asset_url")),
    "version-skew": Case("test_assets.py", ("removed", "body.total")),
    "clock-skew": Case("test_assets.py", ("status-changed", "status")),
    "proxy-error-page": Case("test_chat.py", ("status-changed", "status")),
    "undecodable-compression": Case("test_http.py", ("encoding-changed", "body")),
    "ipv4-only": Case("test_health.py", exit_code=69),
    "name-not-found": Case("test_health.py", exit_code=69),
    "machine-stopped": Case("test_health.py", exit_code=69),
    "refused": Case("test_health.py", exit_code=69),
    "timeout": Case("test_health.py", exit_code=69),
}


class Ended(NamedTuple):
    """A run that has ended."""

    exit_code: int
    output: str
    results: dict[str, Any]


def run(reports: Path, tests: str, *faults: str) -> Ended:
    command = [sys.executable, "-m", "pytest", f"parity_tests/{tests}", "--parity=dev", f"--parity-reports={reports}"]
    command += ["-q", "-p", "no:cacheprovider", "--parity-confirm=0", *(f"--lab-fault={fault}" for fault in faults)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - as above
    file = reports / "parity-dev.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return Ended(ended.returncode, ended.stdout + ended.stderr, results)


def test_every_fault_has_a_case() -> None:
    assert set(CASES) == set(FAULTS)


@pytest.mark.parametrize("name", list(CASES))
def test_fault_is_found_and_its_cause_is_named(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    ended = run(tmp_path, case.tests, name)
    assert ended.exit_code == case.exit_code, ended.output
    if case.difference is not None:
        differences = [one for comparison in ended.results["comparisons"] for one in comparison.get("differences", ())]
        assert case.difference in {(one["kind"], one["path"]) for one in differences}
    if FAULTS[name].cause:
        assert causes_of(ended) == [FAULTS[name].cause]


def causes_of(ended: Ended) -> list[str]:
    causes = [cause["id"] for cause in ended.results.get("causes", ())]
    for comparison in ended.results["comparisons"]:
        causes += [cause["id"] for cause in comparison.get("causes", ())]
    return list(dict.fromkeys(causes))
