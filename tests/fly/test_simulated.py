"""The simulated fly behaves as flyctl does where programs rely on it: streams, exit codes, texts, shapes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.fly_json import decode_logs
from pytest_gaia_parity.lab import fly as simulated

if TYPE_CHECKING:
    from pathlib import Path

APP = "gaia-auth-dev"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    machine = simulated.new_machine("registry.fly.io/a:v1", "sha256:1", state="started")
    app = {"key": "k", "secrets": {}, "releases": [], "machines": [machine]}
    (tmp_path / "state.json").write_text(json.dumps({"apps": {APP: app}, "images": {}, "faults": []}))
    return tmp_path


def fly(folder: Path, *argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, simulated.STATE: str(folder)}
    program = [sys.executable, "-I", "-S", simulated.__file__, *argv]
    return subprocess.run(  # noqa: S603 - our own program
        program, input=stdin, text=True, capture_output=True, env=env, timeout=30, check=False
    )


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["secrets", "list", "--nope"], "Error: unknown flag: --nope"),
        (["nope"], 'Error: unknown command "nope" for "flyctl"'),
        (["secrets", "list"], "missing an app name"),
        (["secrets", "list", "-a", "x"], "failed to list app secrets:"),
        (["secrets", "import", "-a", "x"], 'Could not find App "x"'),
        (["secrets", "import", "-a", APP], "requires at least one SECRET=VALUE pair"),
        (["status", "-a", "x"], "failed to get app: "),
        (["deploy", "-a", "x"], "did you create the app or misspell it"),
        (["deploy", "-a", APP, "--image", "none"], 'could not find image "none"'),
    ],
)
def test_errors_go_to_stderr_with_exit_code_1(folder: Path, argv: list[str], says: str) -> None:
    done = fly(folder, *argv)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert says in done.stderr
    assert "Error" not in done.stdout


def test_a_malformed_line_is_echoed_as_the_real_one_does(folder: Path) -> None:
    assert "(oops is invalid)" in fly(folder, "secrets", "import", "-a", APP, stdin="oops\n").stderr


def test_a_lone_quote_panics(folder: Path) -> None:
    assert fly(folder, "secrets", "import", "-a", APP, stdin='A="\n').returncode == 3


def test_staged_values_reach_a_machine_only_when_it_is_updated(folder: Path) -> None:
    done = fly(folder, "secrets", "import", "--stage", "-a", APP, stdin="A=1\n")
    assert done.stdout.strip() == simulated.STAGED
    assert json.loads(fly(folder, "secrets", "list", "--json", "-a", APP).stdout)[0]["status"] == "Staged"
    fly(folder, "secrets", "deploy", "-a", APP)
    (row,) = json.loads(fly(folder, "secrets", "list", "--json", "-a", APP).stdout)
    assert (row["name"], row["status"], len(row["digest"])) == ("A", "Deployed", 16)


def test_an_unchanged_write_makes_a_release_all_the_same(folder: Path) -> None:
    for _ in range(2):
        fly(folder, "secrets", "import", "-a", APP, stdin="A=1\n")
    assert [one["Version"] for one in json.loads(fly(folder, "releases", "--json", "-a", APP).stdout)] == [2, 1]


def test_a_stopped_machine_is_updated_and_not_started(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    state["apps"][APP]["machines"][0]["state"] = "stopped"
    (folder / "state.json").write_text(json.dumps(state))
    assert fly(folder, "deploy", "-a", APP).returncode == 0
    (machine,) = json.loads(fly(folder, "status", "--json", "-a", APP).stdout)["Machines"]
    assert machine["state"] == "stopped"
    assert machine["image_ref"]["repository"] == APP


def test_json_is_written_as_go_writes_it(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    state["apps"][APP]["machines"][0]["output"] = "<a & b>"
    (folder / "state.json").write_text(json.dumps(state))
    text = fly(folder, "checks", "list", "--json", "-a", APP).stdout
    assert r"\u003ca \u0026 b\u003e" in text
    assert text.startswith("{\n    ")


def test_the_release_is_told_as_json_where_it_is_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert '"version"' not in fly(folder, "deploy", "-a", APP).stdout
    monkeypatch.setenv("FLY_EMIT_RELEASE_JSON", "1")
    assert json.loads(fly(folder, "deploy", "-a", APP).stdout.splitlines()[-1])["version"] == 2


def test_logs_are_lines_or_one_object_behind_the_other(folder: Path) -> None:
    state = json.loads((folder / "state.json").read_text())
    state["apps"][APP]["log"] = ["2026-01-02T03:04:05.123Z INFO GET /x", "2026-01-02T03:04:06.000Z ERROR 500"]
    (folder / "state.json").write_text(json.dumps(state))
    machine = state["apps"][APP]["machines"][0]
    plain = fly(folder, "logs", "-a", APP, "--no-tail").stdout.splitlines()
    assert plain[0] == f"2026-01-02T03:04:05.123Z app[{machine['id']}] {machine['region']} [info]INFO GET /x"
    found = decode_logs(fly(folder, "logs", "--no-tail", "--json", "--app", APP).stdout.encode(), said_by="fly logs")
    assert [(one.timestamp, one.message, one.instance) for one in found] == [
        ("2026-01-02T03:04:05.123Z", "INFO GET /x", machine["id"]),
        ("2026-01-02T03:04:06.000Z", "ERROR 500", machine["id"]),
    ]
    unknown = fly(folder, "logs", "-a", "x", "--no-tail")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert 'Could not find App "x"' in unknown.stderr
