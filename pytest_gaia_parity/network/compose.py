"""Which of the Compose projects on a machine is meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError, UnreachableError, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pytest_gaia_parity.adapters.docker import Container

#: what Compose looks for, in its order
FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


def choose_project(
    containers: Sequence[Container], *, root: Path, configured: str, target: str, hosts: Collection[str]
) -> str:
    """The project by its configured name, else by the folder of its Compose file, else the only one with the services.

    :param root: the folder of the configuration.
    :param hosts: the names that will be asked for.
    :raises UnreachableError: none is there.
    :raises ConfigError: more than one could be meant.
    """
    folders = {one.project: Path(one.folder).resolve() for one in containers}
    if configured:
        if configured in folders:
            return configured
        raise UnreachableError(
            f"target '{target}': Compose project '{configured}' is not up; {nearest(configured, folders)}",
            hint=f"docker compose -p {configured} up -d, or correct tool.gaia-parity.targets.{target}.project",
        )
    root = root.resolve()
    here = _of_folder(folders, root) or [name for name, folder in folders.items() if root in folder.parents]
    if not here and not any((root / name).exists() for name in FILES):
        # the stack is kept elsewhere: only what it serves tells it
        here = sorted({one.project for one in containers if one.service in hosts or one.name in hosts})
    if len(here) == 1:
        return here[0]
    listed = ", ".join(f"{name} ({folders[name]})" for name in sorted(here or folders))
    if here:
        raise ConfigError(
            f"target '{target}': {len(here)} Compose projects could be meant: {listed}",
            hint=f"set tool.gaia-parity.targets.{target}.project to one of these",
        )
    raise UnreachableError(
        f"target '{target}': no Compose project of {root} is up" + (f"; there are: {listed}" if listed else ""),
        hint=f"docker compose up -d, or name another in tool.gaia-parity.targets.{target}.project",
    )


def _of_folder(folders: dict[str, Path], root: Path) -> list[str]:
    """The projects of the configuration's folder, else of the nearest folder above it."""
    for folder in (root, *root.parents[:-1]):
        if found := [name for name, place in folders.items() if place == folder]:
            return found
    return []
