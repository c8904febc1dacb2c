"""Brings a Compose stack up, waits until its containers are well, and takes down no more than it brought up."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.docker_compose import Compose, find_compose
from pytest_gaia_parity.errors import CommandError, ConfigError, UnreachableError
from pytest_gaia_parity.network.compose import FILES, choose_project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_gaia_parity.adapters.docker import Container, Docker
    from pytest_gaia_parity.adapters.process import Mask, Runner

#: seconds from the start of the containers until they are healthy
PATIENCE = 120.0
#: seconds between two looks at them
PAUSE = 0.2
_ENDED = frozenset({"exited", "dead"})


def find_file(root: Path, configured: str, *, target: str, env: Mapping[str, str] = os.environ) -> tuple[Path, str]:
    """The folder of a target's Compose file, and the file's name, empty where Compose finds it by itself.

    :param configured: a file or a folder relative to *root*, the folder of the configuration.
    :raises ConfigError: there is none.
    """
    key = f"tool.gaia-parity.targets.{target}.compose"
    if configured:
        place = (root / configured).resolve()
        if place.is_file():
            return place.parent, place.name
        if any((place / name).is_file() for name in FILES):
            return place, ""
        raise ConfigError(f"'{key}': there is no Compose file {place}", hint="correct the path")
    if env.get("COMPOSE_FILE"):
        return root.resolve(), ""
    for folder in (root.resolve(), *root.resolve().parents):
        if any((folder / name).is_file() for name in FILES):
            return folder, ""
    raise ConfigError(
        f"--up: there is no Compose file in {root.resolve()} or above", hint=f'set {key} = "path/to/compose.yaml"'
    )


class ComposeStack:
    """One Compose project, from what ran of it before to that again."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        *,
        runner: Runner,
        docker: Docker,
        target: str,
        root: Path,
        configured: str = "",
        project: str = "",
        env: Mapping[str, str] = os.environ,
        mask: Mask = str,
        patience: float = PATIENCE,
    ) -> None:
        """Find the Compose file; nothing is asked or started yet.

        :param configured: the configured Compose file, empty where it is to be found.
        :param project: the configured project, likewise.
        :raises ConfigError: there is no Compose file.
        """
        self.folder, self._file = find_file(root, configured, target=target, env=env)
        self._runner = runner
        self._docker = docker
        self._target = target
        self._project = project
        self._env = env
        self._mask = mask
        self._patience = patience
        self._before: dict[str, Container] = {}
        self._compose: Compose | None = None
        #: ids of the containers after `up`, None before it came to an end
        self._after: set[str] | None = None

    def bring_up(self) -> tuple[list[str], list[str]]:
        """Start what does not run; returns the services that ran before, and those that were brought up.

        `take_down` is due from here on, also where this raises.

        :raises UnreachableError: there is no engine or no Compose, or a service does not come up.
        :raises ConfigError: more than one project could be meant.
        """
        found = self._containers()
        if found and not self._project:
            self._project = choose_project(found, root=self.folder, configured="", target=self._target, hosts=())
            found = self._containers()
        program = find_compose(self._runner, self._env)
        self._before = {one.id: one for one in found}
        self._compose = Compose(
            self._runner,
            program=program,
            folder=self.folder,
            # the program shall ask the very engine that we ask; version 1 knows nothing of contexts
            env={"DOCKER_HOST": str(self._docker.endpoint)} if self._docker.endpoint.is_local else {},
            file=self.folder / self._file if self._file else None,
            project=self._project,
            mask=self._mask,
        )
        try:
            self._compose.up(beside=any(one.is_running for one in found))
            self._await()
        except CommandError as error:
            raise self._failed(error, self._compose) from None
        finally:
            now = self._containers()
            self._after = {one.id for one in now}
        ran = {one.service for one in found if one.is_running}
        return sorted(ran), sorted({one.service for one in now if one.is_running} - ran)

    def require_none_lost(self) -> list[Container]:
        """The stack's containers: none has ended badly, none is unhealthy.

        :raises UnreachableError: one has, or is; says what it wrote.
        """
        found = self._containers()
        for one in found:
            if _is_lost(one):
                raise self._unwell(one, one.status if one.state in _ENDED else "is unhealthy")
        return found

    def take_down(self) -> None:
        """Have only that run which ran before; may be called more than once.

        :raises ParityError: Docker does not do it.
        """
        compose, self._compose = self._compose, None
        if compose is None:
            return
        mine = [one for one in self._containers() if not self._ran(one)]
        others = [one for one in mine if self._after is not None and one.id not in self._after]
        if not self._before and not others:
            compose.down()
            return
        for one in mine:
            if one in others:
                continue
            if one.id in self._before:
                self._docker.stop(one)
            else:
                self._docker.remove(one)

    def _ran(self, container: Container) -> bool:
        before = self._before.get(container.id)
        return before is not None and before.is_running

    def _containers(self) -> list[Container]:
        return [
            one
            for one in self._docker.containers()
            if (one.project == self._project if self._project else Path(one.folder).resolve() == self.folder)
        ]

    def _await(self) -> None:
        """Wait until every container is healthy, or runs where no check is defined; one that ended well has done its work."""
        deadline = time.monotonic() + self._patience
        while True:
            waiting = [one for one in self.require_none_lost() if not _is_well(one)]
            if not waiting:
                return
            if time.monotonic() >= deadline:
                raise self._unwell(waiting[0], f"is not healthy after {self._patience:g} s: {waiting[0].status}")
            time.sleep(PAUSE)  # the engine tells of health only when asked

    def _failed(self, error: CommandError, compose: Compose) -> UnreachableError:
        """Why `up` failed: the container that is to blame, where one is, else what Compose said."""
        lost = next((one for one in self._containers() if _is_lost(one) and not self._ran(one)), None)
        if lost is not None:
            return self._unwell(lost, lost.status if lost.state in _ENDED else "is unhealthy", compose)
        return UnreachableError(
            f"target '{self._target}': {error.message}",
            hint=f"run it by hand in {self.folder}; what had been started was taken down again",
        )

    def _unwell(self, container: Container, says: str, compose: Compose | None = None) -> UnreachableError:
        compose = compose or self._compose
        log = "" if compose is None else compose.logs(container.service)
        written = f"; it wrote last:\n{log}" if log else "; it wrote nothing"
        return UnreachableError(
            f"target '{self._target}': service '{container.service}' ({container.name}) does not come up: {says}{written}",
            hint=f"correct the service, or its healthcheck; the stack is that of {self.folder}",
        )


def _is_lost(container: Container) -> bool:
    ended_badly = container.state in _ENDED and "(0)" not in container.status
    return ended_badly or container.health == "unhealthy"


def _is_well(container: Container) -> bool:
    return container.state in _ENDED or (container.is_running and container.health in {"", "healthy"})
