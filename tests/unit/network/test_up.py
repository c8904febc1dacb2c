from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.docker import Docker
from pytest_gaia_parity.adapters.docker_compose import find_compose
from pytest_gaia_parity.adapters.process import Command, Outcome, Runner
from pytest_gaia_parity.errors import EXIT_UNREACHABLE, EXIT_USAGE, ConfigError, UnreachableError
from pytest_gaia_parity.network.up import ComposeStack, find_file
from tests.docker_engine import Engine, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder, serving(Engine(Path(folder) / "d.sock")) as served:
        yield served


class Scripted(Runner):
    """Answers every command with an exit code, and keeps what was asked."""

    def __init__(self, code: int = 0, err: bytes = b"") -> None:
        super().__init__()
        self.asked: list[str] = []
        self._answer = (code, err)

    def __call__(self, command: Command) -> Outcome:
        self.asked.append(str(command))
        code, err = self._answer
        return Outcome(command=command, code=code, stdout=b"", stderr=err)


def program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def stack(engine: Engine, runner: Runner, root: Path) -> ComposeStack:
    programs = root / "programs"
    programs.mkdir()
    program(programs, "docker-compose")
    (root / "compose.yaml").touch()
    env = {"PATH": str(programs)}
    return ComposeStack(runner=runner, docker=Docker(engine.env), target="local", root=root, env=env, patience=0.0)


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"])
def test_the_compose_file_of_the_folder_or_the_nearest_above_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    for root in (tmp_path, inner):
        assert find_file(root, "", target="local", env={}) == (tmp_path.resolve(), "")


def test_a_configured_file_or_folder_wins(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").touch()
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/stack.yaml").touch()
    (tmp_path / "deploy/compose.yml").touch()
    assert find_file(tmp_path, "deploy/stack.yaml", target="local") == (tmp_path.resolve() / "deploy", "stack.yaml")
    assert find_file(tmp_path, "deploy", target="local") == (tmp_path.resolve() / "deploy", "")


@pytest.mark.parametrize("configured", ["", "deploy", "deploy/stack.yaml"])
def test_without_a_compose_file_it_is_said_where_one_was_sought(tmp_path: Path, configured: str) -> None:
    with pytest.raises(ConfigError, match="there is no Compose file") as seen:
        find_file(tmp_path, configured, target="local", env={})
    assert seen.value.exit_code == EXIT_USAGE
    assert str(tmp_path.resolve()) in seen.value.message


def test_composes_own_variable_is_left_to_compose(tmp_path: Path) -> None:
    assert find_file(tmp_path, "", target="local", env={"COMPOSE_FILE": "a.yml:b.yml"}) == (tmp_path.resolve(), "")


def test_the_plugin_comes_before_the_program(tmp_path: Path) -> None:
    env = {"PATH": str(tmp_path)}
    program(tmp_path, "docker")
    program(tmp_path, "docker-compose")
    assert find_compose(Scripted(), env) == ("docker", "compose")
    assert find_compose(Scripted(code=1), env) == ("docker-compose",)


@pytest.mark.parametrize(
    ("programs", "said"),
    [((), "there is no program 'docker' to bring the stack up with"), (("docker",), "Docker has no Compose")],
)
def test_without_compose_it_is_said_what_lacks(tmp_path: Path, programs: tuple[str, ...], said: str) -> None:
    for name in programs:
        program(tmp_path, name)
    with pytest.raises(UnreachableError, match=said) as seen:
        find_compose(Scripted(code=1), {"PATH": str(tmp_path)})
    assert seen.value.exit_code == EXIT_UNREACHABLE


def test_what_runs_is_not_made_anew_and_keeps_its_projects_name(engine: Engine, tmp_path: Path) -> None:
    engine.move(tmp_path)
    engine.rows = [engine.row("gateway")]
    engine.rows[0]["Labels"]["com.docker.compose.project"] = "of-another-name"
    runner = Scripted()
    made = stack(engine, runner, tmp_path)
    assert made.bring_up() == (["gateway"], [])
    assert runner.asked == ["docker-compose -p of-another-name up --detach --no-recreate"]
    made.take_down()
    assert len(runner.asked) == 1, "what ran before is not taken down"


def test_a_stack_of_which_nothing_runs_is_built(engine: Engine, tmp_path: Path) -> None:
    runner = Scripted()
    made = stack(engine, runner, tmp_path)
    made.bring_up()
    made.take_down()
    made.take_down()
    assert runner.asked == ["docker-compose up --detach --build", "docker-compose down"]


def test_two_projects_of_one_folder_are_listed(engine: Engine, tmp_path: Path) -> None:
    engine.move(tmp_path)
    engine.copy_project("other", str(tmp_path))
    runner = Scripted()
    with pytest.raises(ConfigError, match=r"2 Compose projects could be meant: gaia .*, other"):
        stack(engine, runner, tmp_path).bring_up()
    assert runner.asked == []


def test_what_compose_said_is_told_where_no_container_is_to_blame(engine: Engine, tmp_path: Path) -> None:
    runner = Scripted(code=17, err=b"#1 building\n\nfailed to solve: no such file\n")
    with pytest.raises(UnreachableError, match=r"exit 17\n    #1 building\n    failed to solve: no such file") as seen:
        stack(engine, runner, tmp_path).bring_up()
    assert seen.value.exit_code == EXIT_UNREACHABLE


def test_a_service_that_never_becomes_healthy_is_named(engine: Engine, tmp_path: Path) -> None:
    engine.move(tmp_path)
    engine.rows = [engine.row("gateway")]
    engine.rows[0]["Status"] = "Up 1 second (health: starting)"
    with pytest.raises(
        UnreachableError, match=r"service 'gateway' \(gaia_gateway_1\) does not come up: is not healthy"
    ):
        stack(engine, Scripted(), tmp_path).bring_up()


def test_a_service_that_has_done_its_work_is_well(engine: Engine, tmp_path: Path) -> None:
    engine.move(tmp_path)
    engine.rows = [engine.row("gateway"), engine.row("chat")]
    engine.rows[1]["Status"] = "Exited (0) 1 second ago"
    assert stack(engine, Scripted(), tmp_path).bring_up() == (["gateway"], [])
