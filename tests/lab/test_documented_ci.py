"""The workflows of docs/ci.md: their YAML is read, and their commands run in a fresh project, on the embedded stack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs" / "ci.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
#: what needs the world: packages, Docker
NOT_HERE = ("pip install", "docker compose")
PROJECT = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"
[tool.gaia-parity.targets.dev]
network = "fly"
app = "gaia-{service}-dev"
url = "http://{app}.internal:8000"
[tool.gaia-parity.services]
gateway = {}
auth = {}
asset = {}
chat = {}
"""
TEST = """
def test_version(services):
    assert services.gateway.get("/version").status_code in {200, 404}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "parity_tests").mkdir()
    (tmp_path / "parity_tests" / "test_version.py").write_text(TEST)
    return tmp_path


def jobs(block: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The commands of each job, once for each cell of its matrix, in the order in which jobs need each other."""
    parsed: dict[str, Any] = yaml.safe_load(block)
    if "jobs" in parsed:
        for job in parsed["jobs"].values():
            commands = [step["run"] for step in job["steps"] if "run" in step]
            for cell in job.get("strategy", {}).get("matrix", {}).get("include", [{}]):
                yield {}, [_filled(one, cell) for one in commands]
        return
    for name, job in parsed.items():
        if isinstance(job, dict) and not name.startswith("."):
            full = {**parsed.get(job.get("extends", ""), {}), **job}
            yield full.get("variables", {}), [*full.get("before_script", []), *full["script"]]


def _filled(command: str, cell: dict[str, str]) -> str:
    for name, value in cell.items():
        command = command.replace(f"${{{{ matrix.{name} }}}}", str(value))
    return command


def test_there_are_two_ways_for_each_of_two_systems() -> None:
    assert len(BLOCKS) == 4
    assert sum("jobs" in yaml.safe_load(block) for block in BLOCKS) == 2


@pytest.mark.parametrize(
    "block", BLOCKS, ids=["GitHub, one runner", "GitHub, two", "GitLab, one runner", "GitLab, two"]
)
def test_the_documented_commands_end_in_parity(folder: Path, block: str) -> None:
    bin_folder = Path(sys.executable).parent
    env = {**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "PYTEST_ADDOPTS": "--lab -p no:cacheprovider",
           "GAIA_PARITY_MASK_KEY": "any secret string"}  # fmt: skip
    ran = []
    for variables, commands in jobs(block):
        for command in commands:
            if command.startswith(NOT_HERE):
                continue
            done = subprocess.run(  # noqa: S603 - the documentation's own commands
                ["/bin/bash", "-ec", command],
                cwd=folder,
                env={**env, **variables},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            ran.append(command)
    assert any("parity" in command for command in ran)
    assert (folder / "reports" / "parity-dev.html").exists()
    assert "matched" in done.stdout
