"""`--up` with a real engine and real Compose: up before the tests, and down to what ran before."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.docker import stacks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.engine import Engine
    from tests.docker.world import World

_CONFIG = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"
[tool.gaia-parity.services.auth]
[tool.gaia-parity.services.chat]
"""
_TESTS = """
def test_health(services):
    assert services.auth.get("/health").status_code == 200
    assert services.chat.get("/health").status_code == 200
"""
_INTERRUPTED = """
def test_health(services):
    assert services.auth.get("/health").status_code == 200
    raise KeyboardInterrupt
"""


class Place(NamedTuple):
    """A folder with a Compose file, a configuration and a test."""

    engine: Engine
    folder: Path

    def write(self, **changed: dict[str, Any]) -> None:
        """Write the Compose file, with settings of services added."""
        services = {name: stacks.small(name) | changed.get(name, {}) for name in ("auth", "chat")}
        text = json.dumps({"version": "2.4", "services": services})
        (self.folder / "docker-compose.yml").write_text(text, encoding="utf-8")

    def compose(self, *arguments: str) -> str:
        return self.engine.run("docker-compose", *arguments, cwd=self.folder, timeout=120)

    def running(self) -> dict[str, str]:
        """Services that run, and the ids of their containers."""
        form = '{{.Label "com.docker.compose.service"}} {{.ID}}'
        shown = self.engine.docker(
            "ps", "--filter", f"label=com.docker.compose.project={self.folder.name}", "--format", form
        )
        return dict(line.split() for line in shown.splitlines())

    def left(self) -> str:
        """Every container and network of the project, running or not."""
        one = f"label=com.docker.compose.project={self.folder.name}"
        return self.engine.docker("ps", "-aq", "--filter", one) + self.engine.docker(
            "network", "ls", "-q", "--filter", one
        )

    def argv(self, *arguments: str) -> tuple[str, ...]:
        pytest_ = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--target", "local", "--up", *arguments)
        return (*self.engine.inside, *pytest_)

    def run(self, *arguments: str, path: str | None = None) -> tuple[int, str]:
        env = {"PYTHONPATH": str(stacks.ROOT)} | ({"PATH": path} if path else {})
        done = self.engine.attempt(*self.argv(*arguments), cwd=self.folder, timeout=120, env=env)
        return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


@pytest.fixture
def place(world: World, request: pytest.FixtureRequest) -> Iterator[Place]:
    folder = world.engine.folder / f"up{abs(hash(request.node.name)) % 10**8}"
    (folder / "parity_tests").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_CONFIG, encoding="utf-8")
    (folder / "parity_tests/test_it.py").write_text(_TESTS, encoding="utf-8")
    made = Place(world.engine, folder)
    made.write()
    yield made
    made.compose("down", "--timeout", "0")


def test_a_stack_that_is_down_is_brought_up_and_removed_again(place: Place) -> None:
    code, output = place.run()
    assert code == 0, output
    assert "up: auth, chat" in output
    assert place.left() == ""


def test_what_ran_before_stays_as_it_was(place: Place) -> None:
    place.compose("up", "-d", "auth")
    before = place.running()
    code, output = place.run()
    assert code == 0, output
    assert "up: chat; auth ran before and will stay" in output
    assert place.running() == before


def test_a_container_that_was_stopped_is_stopped_again(place: Place) -> None:
    place.compose("up", "-d")
    place.compose("stop", "chat")
    before = set(place.left().split())
    code, output = place.run()
    assert code == 0, output
    assert set(place.running()) == {"auth"}
    assert set(place.left().split()) == before


def test_an_interrupted_run_takes_down_what_it_brought_up(place: Place) -> None:
    (place.folder / "parity_tests/test_it.py").write_text(_INTERRUPTED, encoding="utf-8")
    code, output = place.run()
    assert code == 2, output
    assert place.left() == ""


def test_an_interrupt_while_it_comes_up_takes_it_down_too(place: Place) -> None:
    never = {"test": ["CMD", "false"], "interval": "1s", "retries": 1000}
    place.write(chat={"healthcheck": never})
    started = subprocess.Popen(  # noqa: S603 - the words of `argv`
        place.argv(),
        cwd=place.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=place.engine.environment() | {"PYTHONPATH": str(stacks.ROOT)},
    )
    place.engine.wait_for(lambda: set(place.running()) == {"auth", "chat"})
    started.send_signal(signal.SIGINT)
    output, _ = started.communicate(timeout=60)
    assert started.returncode == 2, output.decode()
    assert place.left() == ""


def test_an_unhealthy_service_is_named_with_what_it_wrote(place: Place) -> None:
    check = {"test": ["CMD", "false"], "interval": "1s", "retries": 1}
    place.write(chat={"healthcheck": check, "command": ["sh", "-c", "echo the model is missing; sleep 60"]})
    code, output = place.run()
    assert code == 69, output
    assert "service 'chat'" in output
    assert "is unhealthy; it wrote last:" in output
    assert "the model is missing" in output
    assert place.left() == ""


def test_a_service_that_ends_is_named_with_its_exit_code_and_words(place: Place) -> None:
    place.write(chat={"command": ["sh", "-c", "echo no such model >&2; exit 3"]})
    code, output = place.run()
    assert code == 69, output
    assert "service 'chat'" in output
    assert "Exited (3)" in output
    assert "no such model" in output
    assert place.left() == ""


def test_a_build_that_fails_is_told_in_its_own_words(place: Place) -> None:
    (place.folder / "Dockerfile").write_text("FROM scratch\nCOPY nothing-of-the-kind /\n", encoding="utf-8")
    place.write(chat={"build": ".", "image": "gaia/built:1"})
    code, output = place.run()
    assert code == 69, output
    assert "nothing-of-the-kind" in output
    assert place.left() == ""


def test_a_folder_without_a_compose_file_is_a_usage_error(place: Place) -> None:
    (place.folder / "docker-compose.yml").rename(place.folder / "elsewhere.yml")
    code, output = place.run()
    assert code == 4, output
    assert "there is no Compose file in" in output
    (place.folder / "elsewhere.yml").rename(place.folder / "docker-compose.yml")


def test_the_configured_compose_file_is_used(place: Place) -> None:
    (place.folder / "docker-compose.yml").rename(place.folder / "stack.yml")
    config = _CONFIG.replace('network = "docker"', 'network = "docker"\ncompose = "stack.yml"')
    (place.folder / "pyproject.toml").write_text(config, encoding="utf-8")
    code, output = place.run()
    assert code == 0, output
    assert place.left() == ""
    (place.folder / "stack.yml").rename(place.folder / "docker-compose.yml")


def test_without_compose_it_is_said_how_to_get_it(place: Place) -> None:
    programs = place.folder / "programs"
    programs.mkdir()
    (programs / "nsenter").symlink_to(place.engine.which("nsenter"))
    # a plugin may be installed where every `docker` finds it
    docker = programs / "docker"
    docker.write_text(f'#!/bin/sh\n[ "$1" != compose ] && exec {place.engine.which("docker")} "$@"\nexit 1\n')
    docker.chmod(0o755)
    code, output = place.run(path=str(programs))
    assert code == 69, output
    assert "Docker has no Compose" in output
