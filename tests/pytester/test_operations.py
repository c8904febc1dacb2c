"""The fixtures that operate a target, and --verify, on the embedded stack."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.lab

TESTS = """
import pytest

pytestmark = pytest.mark.only_on("dev")

def test_sync(secret_sync):
    assert secret_sync(["auth"]).is_good

def test_deploy(deploy, services):
    release = deploy("auth", image="", rollback=True)
    assert release.version > 1
    assert services.auth.get("/health").json()["version"].startswith("deployment-")

def test_verify(verify):
    assert [check for check in verify(["auth"]) if check.is_bad] == []
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with Gaia's configuration, and tests that operate it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text[text.index("[tool.gaia-parity]") : text.index("[tool.ruff]")]
    (pytester.path / "pyproject.toml").write_text(table, encoding="utf-8")
    folder = pytester.path / "parity_tests"
    folder.mkdir()
    (folder / "test_operations.py").write_text(TESTS, encoding="utf-8")
    return pytester


def test_fixtures_operate_the_target_with_consent(project: pytest.Pytester) -> None:
    result = project.runpytest("--parity=dev", "--lab", "--allow-deploy", "--parity-confirm=0", "-rA")
    result.assert_outcomes(passed=3)


def test_without_consent_the_tests_are_skipped_with_the_reason(project: pytest.Pytester) -> None:
    result = project.runpytest("--target=dev", "--lab", "-rs")
    result.stdout.fnmatch_lines(
        ["*secret_sync changes 'dev': add --allow-deploy, or --dry-run to see what it would do*"]
    )
    result.assert_outcomes(passed=1, skipped=2)


def test_a_dry_run_plans(project: pytest.Pytester) -> None:
    result = project.runpytest("--target=dev", "--lab", "--dry-run", "-rs")
    result.stdout.fnmatch_lines(["*dry run: auth of dev would be deployed, with * secrets to write*"])
    result.assert_outcomes(passed=2, skipped=1)


def test_checks_are_collected_as_items(project: pytest.Pytester) -> None:
    result = project.runpytest("--verify=dev", "--lab", "--junitxml=out.xml", "-v")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*collected 37 items", "verify dev::gateway health PASSED*", "verify dev::gateway calls auth PASSED*"]
    )
    names = {case.get("name") for case in ET.parse(project.path / "out.xml").iter("testcase")}  # noqa: S314 - our own
    assert {"gateway health", "asset database", "chat nats", "auth secrets", "gateway urls", "auth machines"} <= names


def test_a_failed_check_fails_its_item_with_the_hint(project: pytest.Pytester) -> None:
    result = project.runpytest("--verify=dev", "--lab-fault=missing-secret", "-k", "chat and not gateway")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*chat health*", "failed: answers 503: secrets: missing: SUPABASE_JWT_SECRET"])
    result.stdout.fnmatch_lines(["failed: missing: SUPABASE_JWT_SECRET", "hint: gaia-parity sync-secrets*"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--verify=dve"], "nearest is 'dev'"),
        (["--verify=dev", "--parity=dev"], "--verify and --parity exclude each other"),
    ],
)
def test_wrong_use_is_a_usage_error(project: pytest.Pytester, arguments: list[str], says: str) -> None:
    result = project.runpytest(*arguments)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*{says}*"])
