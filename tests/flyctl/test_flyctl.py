"""A real flyctl against the simulated API does what the facts say, and what the simulated fly does.

It is the one that the variable FLYCTL or PATH names; else Go builds it, where its module proxy gives the source.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.flyctl.players import deviations, differences, play_real, play_simulated
from tests.flyctl.script import SCRIPT, STAGED, Step

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flyctl.api import Server

MODULE = "github.com/superfly/flyctl@v0.4.87"


@pytest.fixture(scope="session")
def flyctl(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a real flyctl; skips, in CI too, where there is none: not everybody may fetch it."""
    named = os.environ.get("FLYCTL")
    if named:
        return named  # if it is not there, the tests are to fail
    found = shutil.which("flyctl")
    return found if found and _is_real(found) else _built(tmp_path_factory.mktemp("go"))


def _is_real(program: str) -> bool:
    """The simulated fly may go by that name on PATH."""
    done = subprocess.run([program, "version"], text=True, capture_output=True, timeout=30, check=False)  # noqa: S603 - read only
    return done.returncode == 0 and "Commit: lab" not in done.stdout


def _built(folder: Path) -> str:
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"no flyctl: name one by FLYCTL, or install Go, which builds {MODULE}")
    env = {**os.environ, "GOBIN": str(folder)}
    # whether the source can be had is known at once; building it takes minutes
    for command, seconds in ((["list", "-m", MODULE], 30), (["install", MODULE], 900)):
        try:
            done = subprocess.run(  # noqa: S603 - the Go command
                [go, *command], cwd=folder, env=env, text=True, capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"no flyctl: 'go {' '.join(command)}' took more than {seconds} s")
        if done.returncode:
            said = (done.stderr.strip() or "nothing").splitlines()[-1].strip()
            pytest.skip(f"no flyctl: 'go {' '.join(command)}' says: {said}")
    return str(folder / "flyctl")


#: makes the calls that the facts name for a staged import, in the place of flyctl
IMPORTER = """#!{python}
import json, os, sys, urllib.request
def call(base, path, body):
    headers = {{"authorization": "Bearer " + os.environ.get("FLY_ACCESS_TOKEN", "")}}
    request = urllib.request.Request(os.environ[base] + path, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))
app = sys.argv[sys.argv.index("-a") + 1]
query = "query ($appName: String!) {{ appcompact:app(name: $appName) {{ id }} }}"
told = call("FLY_API_BASE_URL", "/graphql", {{"query": query, "variables": {{"appName": app}}}})
if told.get("errors"):
    sys.exit("Error: failed to run query " + query + ": " + told["errors"][0]["message"])
values = dict(line.strip().split("=", 1) for line in sys.stdin)
call("FLY_FLAPS_BASE_URL", "/v1/apps/" + app + "/secrets", {{"values": values}})
print({staged!r})
"""


@pytest.mark.parametrize("name", ["import --stage", "import to no app"])
def test_a_program_that_makes_the_calls_of_flyctl_does_what_the_simulated_fly_does(
    name: str, fly_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Shows, where there is no flyctl, that a program is led to the API and what it does there is seen."""
    step = next(one for one in SCRIPT if one.name == name)
    folder = tmp_path_factory.mktemp("importer")
    program = folder / "importer"
    program.write_text(IMPORTER.format(python=sys.executable, staged=STAGED), encoding="utf-8")
    program.chmod(0o700)
    made, world = play_real(str(program), step, fly_server, folder)
    simulated = play_simulated(step, tmp_path_factory.mktemp("simulated"))
    assert deviations(step.fact, made) == [], made
    assert differences(step, simulated, made) == []
    assert len(world.calls) == (1 if step.fact.exit_code else 2)


@pytest.mark.parametrize("step", SCRIPT, ids=lambda step: step.name)
def test_flyctl_does_what_the_simulated_fly_does(
    flyctl: str, step: Step, fly_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    real, world = play_real(flyctl, step, fly_server, tmp_path_factory.mktemp("real"))
    simulated = play_simulated(step, tmp_path_factory.mktemp("simulated"))
    assert world.unserved == []
    assert deviations(step.fact, real) == [], real
    assert differences(step, simulated, real) == [], (simulated, real)
