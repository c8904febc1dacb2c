"""The commands, end to end on the embedded stack: the exit code, what is printed, and the effect on real services."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.process import Command, Process, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]


class Lab:
    """A running `gaia-parity lab`, and commands that operate it."""

    def __init__(self, folder: Path, env: dict[str, str], process: Process, env_file: Path) -> None:
        self._folder = folder
        self._env = env
        self._process = process
        self.env_file = env_file

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        outcome = Runner().run(_command(self._folder, self._env, *argv))
        return subprocess.CompletedProcess(argv, outcome.code, outcome.out, outcome.err)


def _command(folder: Path, env: dict[str, str], *argv: str) -> Command:
    return Command(argv=(sys.executable, "-m", "pytest_gaia_parity", *argv), env=env, cwd=folder, tethered=True)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("project")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    table = text[text.index("[tool.gaia-parity]") : text.index("[tool.ruff]")]
    (folder / "pyproject.toml").write_text(table, encoding="utf-8")
    env = {"GAIA_PARITY_STATE": str(tmp_path_factory.mktemp("state"))}
    with Runner().start(
        _command(folder, env, "lab", "--candidate", "dev", "--candidate", "staging", "--fault", "missing-secret")
    ) as process:
        found = process.wait_for_line(re.compile(r"with the env file (.+)$"), timeout=30)
        assert found is not None, process.stop().err
        yield Lab(folder, env, process, Path(found[1]))


def test_the_lab_is_operated_from_a_missing_secret_to_a_promotion(lab: Lab) -> None:
    checked = lab.run("verify", "dev", "--lab")
    assert checked.returncode == 1
    assert "missing: SUPABASE_JWT_SECRET" in checked.stdout

    planned = lab.run("sync-secrets", "dev", "--lab", "--dry-run", "--services", "chat")
    assert (planned.returncode, "+ SUPABASE_JWT_SECRET is added" in planned.stdout) == (0, True)
    assert lab.run("sync-secrets", "dev", "--lab").returncode == 0
    healed = lab.run("verify", "dev", "--lab", "--json")
    assert healed.returncode == 0
    assert {one["status"] for one in json.loads(healed.stdout)["checks"]} == {"ok"}
    assert "nothing to write" in lab.run("sync-secrets", "dev", "--lab").stdout

    deployed = lab.run("deploy", "auth,gateway", "dev", "--lab")
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    told = json.loads(lab.run("status", "dev", "--lab", "--json").stdout)
    versions = {(one["target"], one["service"]): one["version"] for one in told["services"]}
    assert versions["dev", "gateway"].startswith("deployment-")
    assert versions["local", "gateway"] == versions["dev", "chat"]

    assert "protected" in lab.run("promote", "gateway", "dev", "staging", "--lab").stderr
    refused = lab.run("promote", "gateway", "dev", "staging", "--lab", "--yes")
    assert (refused.returncode, "has had no parity run" in refused.stderr) == (1, True)
    assert lab.run("sync-secrets", "staging", "--lab", "--yes").returncode == 0
    promoted = lab.run("promote", "gateway", "dev", "staging", "--lab", "--yes", "--force")
    assert promoted.returncode == 0, promoted.stdout + promoted.stderr
    told = json.loads(lab.run("status", "staging", "--lab", "--json").stdout)
    answers = {(one["target"], one["service"]): one["version"] for one in told["services"]}
    assert answers["staging", "gateway"] == versions["dev", "gateway"]
    images = {
        target: next(one["image"] for one in json.loads(lab.run("status", target, "--lab", "--json").stdout)["services"]
                     if (one["target"], one["service"]) == (target, "gateway"))
        for target in ("dev", "staging")
    }  # fmt: skip
    assert images["staging"] == images["dev"]
    assert images["dev"]

    back = lab.run("rollback", "gateway", "dev", "--lab")
    assert back.returncode == 0, back.stdout + back.stderr
    told = json.loads(lab.run("status", "dev", "--lab", "--json").stdout)
    versions = {(one["target"], one["service"]): one["version"] for one in told["services"]}
    assert versions["dev", "gateway"] == versions["local", "gateway"]


def test_a_target_that_the_lab_does_not_serve_is_refused_before_anything_is_changed(lab: Lab) -> None:
    refused = lab.run("promote", "gateway", "dev", "production", "--lab", "--yes", "--force")
    assert refused.returncode == 1
    assert "the embedded stack serves dev, local, staging, and not 'production'; nothing was changed" in refused.stderr
    assert "gaia-parity lab --candidate dev --candidate production" in refused.stderr


def test_a_target_is_not_promoted_to_itself(lab: Lab) -> None:
    refused = lab.run("promote", "gateway", "dev", "dev", "--lab", "--force")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "'gateway' is not promoted: 'dev' runs that very image" in refused.stderr


def test_a_wrong_secret_makes_the_deploy_fail_and_an_image_cannot_heal_it(lab: Lab) -> None:
    before = lab.env_file.read_text(encoding="utf-8")
    state = lab.env_file.with_name("state.json")
    state.write_text(json.dumps({**json.loads(state.read_text(encoding="utf-8")), "patience": 0.5}), encoding="utf-8")
    broken = re.sub(r"DATABASE_URL='.*'", "DATABASE_URL='sqlite:////nowhere/x.db'", before)
    lab.env_file.write_text(broken, encoding="utf-8")
    failed = lab.run("deploy", "asset", "dev", "--lab", "--rollback")
    assert failed.returncode == 1
    assert "timeout reached waiting for health checks" in failed.stderr
    assert "an image goes back, secrets do not" in failed.stdout
    lab.env_file.write_text(before, encoding="utf-8")
    state.write_text(json.dumps({**json.loads(state.read_text(encoding="utf-8")), "patience": 20}), encoding="utf-8")
    assert lab.run("deploy", "asset", "dev", "--lab").returncode == 0


def test_a_detached_deploy_is_followed_by_status(lab: Lab) -> None:
    begun = lab.run("deploy", "chat", "dev", "--lab", "--detach")
    assert begun.returncode == 0
    log = Path(str(re.search(r"its output: (.+)", begun.stdout)[1]))  # type: ignore[index] # it is told
    assert "gaia-parity status dev --watch" in begun.stdout
    assert lab.run("status", "dev", "--lab", "--watch", "--interval", "0.2", "--services", "chat").returncode == 0
    assert "chat of dev: release v" in log.read_text(encoding="utf-8")


def test_without_a_running_lab_that_is_said(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    outcome = Runner().run(_command(tmp_path, {"GAIA_PARITY_STATE": str(tmp_path / "s")}, "verify", "dev", "--lab"))
    assert outcome.code == 69
    assert "no embedded stack is running" in outcome.err


def test_wrong_words_are_usage_errors(lab: Lab) -> None:
    wrong = lab.run("deploy", "gatway", "dev", "--lab")
    assert (wrong.returncode, "nearest is 'gateway'" in wrong.stderr) == (4, True)
    assert lab.run("sync-secrets", "dve", "--lab").returncode == 4
    assert "'local' has network 'docker'" in lab.run("sync-secrets", "local", "--lab").stderr
