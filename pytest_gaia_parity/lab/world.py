"""The Fly side of the running stack, as a folder that the simulated fly works on: apps, machines, secrets, releases.

A deploy there restarts the real service of the stack, by its control socket, with its new version and secrets.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.errors import UnreachableError
from pytest_gaia_parity.lab import fly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.lab.stack import Stack

Routes = dict[tuple[str, int], tuple[str, int]]

#: in the env file it stands for the database that each service of the stack has to itself
DATABASE = "sqlite:///the-database-of-the-lab"
#: what a service is told by its surroundings, not by secrets
_SURROUNDINGS = ("LAB_", "GAIA_", "NATS_URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What operating the embedded stack takes: a program in place of flyctl, an env file, a network."""

    folder: Path
    routes: Mapping[str, Routes]

    @property
    def program(self) -> tuple[str, ...]:
        """How the simulated fly is started."""
        return (sys.executable, "-I", "-S", fly.__file__)

    @property
    def env(self) -> dict[str, str]:
        """What it must be told."""
        return {fly.STATE: str(self.folder)}

    @property
    def env_file(self) -> Path:
        """The lab's own env file; a project's real secrets have no place in a simulation."""
        return self.folder / ".env"

    @property
    def state(self) -> Path:
        """What operations remember of the lab."""
        return self.folder / "operations"


def write_world(config: Config, stack: Stack, folder: Path) -> World:
    """Describe the running stack in *folder*."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    served = {name: one for name, one in config.table.targets.items() if one.network == "fly" and one.app}
    apps: dict[str, Any] = {}
    images: dict[str, str] = {}
    for target, settings in served.items():
        for service in config.table.services:
            name = settings.app.format(service=service)
            image, digest = _image(name), f"sha256:{name.encode().hex():0<64.64}"
            images[image] = digest
            apps[name] = _app(config, stack, image=image, digest=digest, where=(target, service))
    _put(folder / "state.json", json.dumps({"apps": apps, "images": images, "faults": []}))
    _put(folder / ".env", _env_text(config, stack))
    rows = {target: [[*key, *value] for key, value in table.items()] for target, table in stack.routes.items()}
    _put(folder / "stack.json", json.dumps({"routes": rows, "controls": stack.controls}))
    return World(folder=folder, routes=stack.routes)


def read_world(folder: Path) -> World:
    """Find the stack that another process runs.

    :raises UnreachableError: none runs.
    """
    try:
        told = json.loads((folder / "stack.json").read_text(encoding="utf-8"))
        is_running = all(Path(control).is_socket() for control in told["controls"].values())
    except FileNotFoundError:
        is_running = False
    if not is_running:
        raise UnreachableError("no embedded stack is running for this configuration", hint="gaia-parity lab")
    routes = {target: {(row[0], row[1]): (row[2], row[3]) for row in rows} for target, rows in told["routes"].items()}
    return World(folder=folder, routes=routes)


def _app(config: Config, stack: Stack, *, image: str, digest: str, where: tuple[str, str]) -> dict[str, Any]:
    target, service = where
    machine = {**fly.new_machine(image, digest, state="started"), "release": 1}
    release = {
        "version": 1, "status": "complete", "image": image, "created_at": machine["created_at"], "description": "Release",
    }  # fmt: skip
    app: dict[str, Any] = {
        "key": f"lab {target} {service}",
        "secrets": {},
        "machines": [machine],
        "releases": [release],
    }
    app["needs"] = list(config.service(service).required)
    if target not in stack.controls:
        return app
    env = stack.environment(target, service)
    secrets = _secrets_of(env)
    machine["secrets"] = secrets
    app["secrets"] = {
        name: {"value": value, "digest": fly.digest_of(app, value), "updated_at": machine["created_at"]}
        for name, value in secrets.items()
    }
    app["control"] = {
        "socket": stack.controls[target],
        "service": service,
        "env": {name: value for name, value in env.items() if name.startswith(_SURROUNDINGS)},
        "versions": _versions(config, stack, service),
        "meanings": {"DATABASE_URL": [DATABASE, ""]},
    }
    host, port = _host_and_port(config, target, service)
    if (address := stack.routes[target].get((host, port))) is not None:
        shown = f"[{address[0]}]" if ":" in address[0] else address[0]
        app["health"] = f"http://{shown}:{address[1]}{config.service(service).health}"
        app["listens"] = list(address)
        machine["address"] = address[0]
    return app


def _versions(config: Config, stack: Stack, service: str) -> dict[str, str]:
    """Image → version of a service, as each side began: what is promoted says on the other side what it said here."""
    return {
        _image(config.table.targets[target].app.format(service=service)): stack.environment(target, service).get(
            "GAIA_VERSION", ""
        )
        for target in stack.controls
        if config.table.targets[target].app
    }


def _image(app: str) -> str:
    return f"registry.fly.io/{app}:v1"


def _host_and_port(config: Config, target: str, service: str) -> tuple[str, int]:
    host, _, port = config.url(target, service).partition("//")[2].partition("/")[0].partition(":")
    return host, int(port or 80)


def _secrets_of(env: Mapping[str, str]) -> dict[str, str]:
    values = {name: value for name, value in env.items() if not name.startswith(_SURROUNDINGS)}
    return {**values, "DATABASE_URL": DATABASE} if values.get("DATABASE_URL") == "" else values


def _env_text(config: Config, stack: Stack) -> str:
    """Every declared secret as the stack was started with it; the baseline comes first, since it has no faults."""
    values: dict[str, str] = {}
    for target in stack.controls:
        for service in config.table.services:
            values = {**_secrets_of(stack.environment(target, service)), **values}
    declared = {name for one in config.table.services.values() for name in (*one.required, *one.optional)}
    return "".join(f"{name}='{values[name]}'\n" for name in sorted(declared & values.keys()))


def _put(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
