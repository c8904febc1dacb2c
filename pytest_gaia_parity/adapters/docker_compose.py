"""The `docker compose` command: the plugin, or the program `docker-compose` of either version."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.process import Command, Outcome, Runner
from pytest_gaia_parity.errors import CommandError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_gaia_parity.adapters.process import Mask

#: seconds that images may take to be built or fetched, and that containers may take to end
UP, DOWN = 1800.0, 120.0
#: lines of what a program said that are worth showing
TAIL = 12


def find_compose(runner: Runner, env: Mapping[str, str]) -> tuple[str, ...]:
    """How Compose is started here.

    :raises UnreachableError: it is not installed.
    """
    path = env.get("PATH")
    has_docker = shutil.which("docker", path=path) is not None
    if has_docker and runner(Command(argv=("docker", "compose", "version"), env=env, timeout=DOWN)).is_good:
        return ("docker", "compose")
    if shutil.which("docker-compose", path=path) is not None:
        return ("docker-compose",)
    raise UnreachableError(
        "Docker has no Compose: neither `docker compose` nor `docker-compose` can be run"
        if has_docker
        else "there is no program 'docker' to bring the stack up with",
        hint="install the plugin: https://docs.docker.com/compose/install/, or bring the stack up by other means and "
        "leave --up out",
    )


class Compose:
    """One Compose project.

    :param file: its Compose file, None for what Compose itself finds in the folder.
    :param project: its name, empty for the one that Compose gives it.
    """

    def __init__(  # noqa: PLR0913 - what the command needs, by keyword
        self,
        runner: Runner,
        *,
        program: Sequence[str],
        folder: Path,
        env: Mapping[str, str],
        file: Path | None = None,
        project: str = "",
        mask: Mask = str,
    ) -> None:
        self._runner = runner
        self._argv = (*program, *(("-f", str(file)) if file else ()), *(("-p", project) if project else ()))
        self._folder = folder
        self._env = env
        self._mask = mask

    def up(self, *, beside: bool) -> None:
        """Bring up what does not run.

        :param beside: some of it runs, and is left as it is; else images are built, so that what is tested is the code.
        :raises CommandError: it failed; says what Compose said.
        """
        self._checked("up", "--detach", *(("--no-recreate",) if beside else ("--build",)), timeout=UP)

    def down(self) -> None:
        """Remove the project's containers and networks; volumes hold data, and stay.

        :raises CommandError: it failed; says what Compose said.
        """
        self._checked("down", timeout=DOWN)

    def logs(self, service: str) -> str:
        """The last lines that a service wrote, empty where they cannot be had."""
        outcome = self._run("logs", "--no-color", "--tail", str(TAIL), service, timeout=DOWN)
        # v2 writes to stderr what the service wrote there, v1 all to stdout
        return self._tail(outcome.out + outcome.err) if outcome.is_good else ""

    def _checked(self, *arguments: str, timeout: float) -> None:
        outcome = self._run(*arguments, timeout=timeout)
        if not outcome.is_good:
            said = self._tail(outcome.err) or self._tail(outcome.out)
            how = f"did not end within {timeout:g} s" if outcome.ended == "timeout" else f"exit {outcome.code}"
            raise CommandError(f"{self._mask(str(outcome.command))} in {self._folder}: {how}\n{said}")

    def _run(self, *arguments: str, timeout: float) -> Outcome:
        argv = (*self._argv, *arguments)
        return self._runner(Command(argv=argv, cwd=self._folder, env=self._env, timeout=timeout))

    def _tail(self, text: str) -> str:
        lines = [line.rstrip() for line in self._mask(text).splitlines() if line.strip()]
        return "\n".join(f"    {line}" for line in lines[-TAIL:])
