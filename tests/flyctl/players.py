"""Who plays a step: the simulated fly on its folder, or a real flyctl against the simulated API. Both tell the same of it."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.lab import fly as simulated
from tests.flyctl import script
from tests.flyctl.script import Trouble
from tests.flyctl.shapes import misfits, shape_of
from tests.flyctl.world import TOKEN, App, Fault, Lease, Machine, Release, Secret, World

if TYPE_CHECKING:
    from pathlib import Path

    from tests.flyctl.api import Server
    from tests.flyctl.script import Fact, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a step did."""

    exit_code: int
    stdout: str
    stderr: str
    secrets: dict[str, str]
    images: tuple[str, ...]
    releases: tuple[str, ...]

    @property
    def value(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)

    @property
    def error(self) -> str:
        """What stands behind `Error: `."""
        found = [line for line in self.stderr.splitlines() if line.startswith("Error: ")]
        return found[-1].removeprefix("Error: ") if found else ""


def deviations(fact: Fact, seen: Observation) -> list[str]:
    """Where a player does something else than the facts say."""
    found = [
        f"{name} is {value!r}, not {wanted!r}"
        for name, value, wanted in (
            ("exit code", seen.exit_code, fact.exit_code),
            ("secrets", seen.secrets, fact.secrets),
            ("images", seen.images, fact.images),
            ("releases", seen.releases, fact.releases),
        )
        if value != wanted
    ]
    found += [f"error is {seen.error!r}, without {part!r}" for part in fact.error.split("|") if part not in seen.error]
    if not fact.error and seen.error:
        found.append(f"error is {seen.error!r}, not none")
    if fact.says not in seen.stdout.splitlines() and fact.says:
        found.append(f"stdout has no line {fact.says!r}")
    return found if fact.shape is None else found + misfits(fact.shape, seen.value)


def differences(step: Step, one: Observation, other: Observation) -> list[str]:
    """Where the simulated fly (one) and the real one (other) part; the simulated may know fewer keys."""
    found = [
        f"{name}: {getattr(one, name)!r}, really {getattr(other, name)!r}"
        for name in ("exit_code", "secrets", "images", "releases")
        if getattr(one, name) != getattr(other, name)
    ]
    found += [
        f"error: {one.error!r}, really {other.error!r}"
        for part in step.fact.error.split("|")
        if (part in one.error) != (part in other.error)
    ]
    return found if step.fact.shape is None else found + misfits(shape_of(one.value), other.value)


def _observation(done: subprocess.CompletedProcess[str], app: App) -> Observation:
    return Observation(
        exit_code=done.returncode,
        stdout=done.stdout,
        stderr=done.stderr,
        secrets=app.statuses(),
        images=tuple(one.image for one in app.machines.values()),
        releases=tuple(one.status for one in app.releases),
    )


def play_simulated(step: Step, folder: Path) -> Observation:
    """Let the simulated fly do it."""
    state = _state_of(script.world())
    if step.trouble is Trouble.NO_TOKEN:
        state["token"] = False
    elif step.trouble is Trouble.OTHER_TOKEN:
        state["token"] = [script.NEW_APP]
    elif step.trouble is Trouble.TOO_MANY:
        state["faults"] = [{"kind": "http", "command": " ".join(step.argv[:2]), "status": 429}]
    elif step.trouble is Trouble.HELD_LEASE:
        state["faults"] = [{"kind": "lease", "command": "machine update"}]
    path = folder / "state.json"
    path.write_text(json.dumps(state), encoding="utf-8")
    program = [sys.executable, "-I", "-S", simulated.__file__]
    done = _run([*program, *step.argv], step, folder, {simulated.STATE: str(folder)}, timeout=30)
    return _observation(done, _app_of(json.loads(path.read_text(encoding="utf-8"))))


def play_real(flyctl: str, step: Step, server: Server, folder: Path) -> tuple[Observation, World]:
    """Let flyctl do it; returns the world as well, which knows what was asked for."""
    world = script.world()
    token = {Trouble.NO_TOKEN: "", Trouble.OTHER_TOKEN: "of another app"}.get(step.trouble, TOKEN)
    world.tokens["of another app"] = frozenset({script.NEW_APP})
    if step.trouble is Trouble.TOO_MANY:
        world.faults.append(Fault(path="/graphql", status=429, times=99))
    if step.trouble is Trouble.HELD_LEASE:
        until = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)
        for machine in world.apps[script.APP].machines.values():
            machine.lease = Lease(nonce="of another", owner="ada@tokens.fly.io", expires=until)
    server.show(world)
    env = dict.fromkeys(("FLY_API_BASE_URL", "FLY_FLAPS_BASE_URL", "FLY_UIEX_BASE_URL"), server.url)
    env |= dict.fromkeys(("FLY_METRICS_BASE_URL", "FLY_STATUSPAGE_UNRESOLVED_INCIDENTS_URL"), server.url)
    env |= {"FLY_CONFIG_DIR": str(folder), "HOME": str(folder), "FLY_NO_UPDATE_CHECK": "1", "FLY_SEND_METRICS": "0"}
    env |= {"FLY_NO_INCIDENTS_CHECK": "1", **({"FLY_ACCESS_TOKEN": token} if token else {})}
    # flyctl waits for a lease for a minute
    return _observation(_run([flyctl, *step.argv], step, folder, env, timeout=150), world.apps[script.APP]), world


def _run(
    command: list[str], step: Step, folder: Path, env: dict[str, str], *, timeout: float
) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FLY_")}
    return subprocess.run(  # noqa: S603 - a command of the script
        command, input=step.stdin, text=True, capture_output=True, cwd=folder,
        env={**clean, "NO_COLOR": "1", **env}, timeout=timeout, check=False,
    )  # fmt: skip


def _state_of(world: World) -> dict[str, Any]:
    """The world as the simulated fly keeps it."""
    apps = {}
    for app in world.apps.values():
        machines = [
            {
                **simulated.new_machine(one.image, one.digest, state=one.state),
                "id": one.id,
                "release": one.release,
                "secrets": one.secrets,
            }
            for one in app.machines.values()
        ]
        releases = [
            {
                "version": one.version,
                "status": one.status,
                "image": one.image,
                "created_at": one.created_at,
                "description": "Release",
            }
            for one in app.releases
        ]
        secrets = {
            name: {"value": one.value, "digest": one.digest, "updated_at": one.updated_at}
            for name, one in app.secrets.items()
        }
        apps[app.name] = {
            "key": f"key of {app.name}",
            "secrets": secrets,
            "releases": releases if machines else [],
            "machines": machines,
        }
    return {"apps": apps, "images": world.images, "faults": []}


def _app_of(state: dict[str, Any]) -> App:
    """The app of the script, read back from what the simulated fly keeps."""
    kept = state["apps"][script.APP]
    app = App(name=script.APP, number=1)
    for name, one in kept["secrets"].items():
        moment = one["updated_at"]
        app.secrets[name] = Secret(value=one["value"], digest=one["digest"], created_at=moment, updated_at=moment)
    for one in kept["machines"]:
        config = {"image": one["image"], "metadata": {"fly_release_version": str(one["release"])}}
        app.machines[one["id"]] = Machine(id=one["id"], config=config, digest=one["digest"], secrets=one["secrets"])
    for one in kept["releases"]:
        app.releases.append(
            Release(version=one["version"], image=one["image"], status=one["status"], created_at=one["created_at"])
        )
    return app
