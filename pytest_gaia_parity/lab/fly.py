"""The simulated `fly`: a program of its own that follows flyctl's commands, output, exit codes and quirks.

    GAIA_LAB_FLY=FOLDER python fly.py secrets list --json --app gaia-auth-dev

It imports nothing of the package, so that what is proved against it is not proved against itself, and it is one file, so
that it runs from anywhere. FOLDER holds `state.json`: the organisation, its apps, their machines, releases and secrets,
and the faults that are still to strike. A machine with a control socket is a real service, restarted by what is done here.
"""

# ruff: noqa: T201, C901, PLR0912 - it prints what flyctl prints; its parser is one loop, as flyctl's is

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets as randomness
import shlex
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

STATE = "GAIA_LAB_FLY"
ZERO_TIME = "0001-01-01T00:00:00Z"
NO_TOKEN = "no access token available. Please login with 'flyctl auth login'"
STAGED = "Secrets have been staged, but not set on VMs. Deploy or update machines in this app for the secrets to take effect."
#: seconds that a machine has to become healthy, whatever --wait-timeout says: nobody waits minutes for a simulation
PATIENCE = 5.0

Table = dict[str, Any]


class Failure(Exception):  # noqa: N818 - what flyctl prints after `Error: `
    """Ends the command with exit code 1."""


def main(argv: list[str]) -> int:
    """Run one command."""
    folder = os.environ.get(STATE, "")
    if not folder:
        print(f"Error: {STATE} names no folder", file=sys.stderr)
        return 1
    try:
        return _dispatch(argv, Path(folder))
    except Failure as failure:
        print(f"Error: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 127


def _dispatch(argv: list[str], folder: Path) -> int:
    words, command, flags = _parse(argv)
    name, run, needs_token = command
    world = World(folder)
    if needs_token and not world.state.get("token", True):
        raise Failure(NO_TOKEN)
    world.strike(name, flags.get("app", ""))
    run(world, words, flags)
    return 0


# ---- flags, as cobra reads them


def _parse(argv: list[str]) -> tuple[list[str], tuple[str, Any, bool], Table]:
    words: list[str] = []
    flags: Table = {}
    unknown = ""
    position = 0
    while position < len(argv):
        word = argv[position]
        position += 1
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, equals, value = word.lstrip("-").partition("=")
        name = {
            "a": "app",
            "c": "config",
            "i": "image",
            "j": "json",
            "y": "yes",
            "s": "short",
            "t": "access-token",
        }.get(name, name)
        if name in BOOLEAN:
            flags[name] = value != "false"
        elif name in VALUED:
            if not equals and position == len(argv):
                raise Failure(f"flag needs an argument: --{name}")
            flags[name] = value if equals else argv[position]
            position += 0 if equals else 1
        else:
            unknown = unknown or name
    for length in (2, 1):
        found = COMMANDS.get(" ".join(words[:length]))
        if found is not None:
            if unknown:
                raise Failure(f"unknown flag: --{unknown}")
            return words[length:], found, flags
    raise Failure(f'unknown command "{" ".join(words[:1])}" for "flyctl"')


BOOLEAN = frozenset(
    [
        "json",
        "stage",
        "detach",
        "dns-checks",
        "smoke-checks",
        "remote-only",
        "local-only",
        "ha",
        "yes",
        "now",
        "no-cache",
        "skip-release-command",
        "update-only",
        "no-public-ips",
        "watch-stdin",
        "no-tail",
        "quiet",
        "image-only",
        "all",
        "short",
        "verbose",
    ]
)
VALUED = frozenset(
    [
        "app",
        "config",
        "image",
        "image-label",
        "strategy",
        "wait-timeout",
        "release-command-timeout",
        "build-arg",
        "env",
        "label",
        "access-token",
        "bind-addr",
        "org",
        "timeout",
        "limit",
        "max-unavailable",
        "regions",
        "deploy-retries",
    ]
)


# ---- state


class World:
    """The organisation, kept in one file; changed by one process at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state: Table = json.loads((folder / "state.json").read_text(encoding="utf-8"))

    @contextlib.contextmanager
    def changing(self) -> Any:
        """Hold the lock, read anew, write at the end."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.state = json.loads((self.folder / "state.json").read_text(encoding="utf-8"))
            yield self.state
            partial = self.folder / "state.json.partial"
            partial.write_text(json.dumps(self.state, indent=1), encoding="utf-8")
            partial.replace(self.folder / "state.json")

    def app(self, flags: Table) -> Table:
        """The app that is meant, if the token reaches it."""
        name = self.name(flags)
        token = self.state.get("token", True)
        found: Table | None = self.state["apps"].get(name)
        if found is None or (isinstance(token, list) and name not in token):
            raise Failure(
                "failed to run query ($appName: String!) { appcompact:app(name: $appName) { id name } }: "
                f'Could not find App "{name}"'
            )
        return found

    @staticmethod
    def name(flags: Table) -> str:
        """The app's name, from the flag or the environment."""
        name = flags.get("app") or os.environ.get("FLY_APP", "")
        if not name:
            raise Failure(
                "the config for your app is missing an app name, add an app field to the fly.toml file or specify with the -a flag"
            )
        return str(name)

    def strike(self, command: str, app: str, *, moment: str = "before") -> None:
        """Let the next fault planted for this command and moment strike."""
        with self.changing() as state:
            for fault in state.get("faults", []):
                if (
                    fault.get("moment", "before") == moment
                    and fault.get("times", 1) > 0
                    and fault.get("command", command) == command
                    and fault.get("app", app) == app
                ):
                    if fault.get("spare", 0) > 0:
                        fault["spare"] -= 1
                        return
                    fault["times"] = fault.get("times", 1) - 1
                    break
            else:
                return
        _strike(fault, app)

    def log(self, entry: str) -> None:
        """Keep what was done, for tests: names, never values."""
        with (self.folder / "calls.log").open("a", encoding="utf-8") as stream:
            stream.write(entry + "\n")


def _strike(fault: Table, app: str) -> None:
    kind = fault["kind"]
    if kind == "http":
        raise Failure(
            f"failed to do it: server returned a non-200 status code: {fault['status']} (Request ID: 01LAB-ams)"
        )
    if kind == "error":
        raise Failure(fault["text"])
    if kind == "discharge":
        raise Failure(
            "update secrets: failed to update app secrets: failed to fetch discharge tokens: tp error (401): unauthorized"
        )
    if kind == "lease":
        raise Failure(
            f"failed to acquire lease: machine ID {app[:4]}0000000000 lease currently held by ada@tokens.fly.io, expires at {_now()}"
        )
    if kind == "hang":
        threading.Event().wait(fault.get("seconds", 600))
    if kind == "pretend":
        sys.exit(0)
    if kind == "garbage":
        print('{"surprise": true}')
        sys.exit(0)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _print(value: Any) -> None:
    """JSON as Go writes it: four spaces, HTML characters escaped."""
    text = json.dumps(value, indent=4, ensure_ascii=False)
    print(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


# ---- secrets


def secrets_list(world: World, _words: list[str], flags: Table) -> None:
    """`fly secrets list`, in the shape of the version that is simulated."""
    name = world.name(flags)
    if name not in world.state["apps"]:
        raise Failure(f"failed to list app secrets: app not found: {name} (Request ID: 01LAB-ams)")
    app = world.app(flags)
    rows = []
    for key, secret in app["secrets"].items():
        era = world.state.get("era", "new")
        if era == "old":
            rows.append({"Name": key, "Digest": secret["digest"], "CreatedAt": secret["updated_at"]})
        elif era == "middle":
            rows.append({"name": key, "digest": secret["digest"]})
        else:
            rows.append({"name": key, "digest": secret["digest"], "status": _secret_status(app, secret)})
    if flags.get("json"):
        _print(rows)
    else:
        print("NAME\tDIGEST\tSTATUS")
        for row in rows:
            print("\t".join(str(value) for value in row.values()))


def _secret_status(app: Table, secret: Table) -> str:
    created = {str(release["version"]): release["created_at"] for release in app["releases"]}
    covered = [
        secret["updated_at"] <= created.get(str(machine["release"]), "")
        for machine in app["machines"]
        if machine["state"] not in {"destroyed", "destroying"}
    ]
    return "Deployed" if covered and all(covered) else "Partial" if any(covered) else "Staged"


def secrets_import(world: World, _words: list[str], flags: Table) -> None:
    """`fly secrets import`: names and values on standard input."""
    world.app(flags)
    values = parse_secrets(sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))
    if not values:
        raise Failure("requires at least one SECRET=VALUE pair")
    _write_secrets(world, flags, dict(values), "import")


def secrets_set(world: World, words: list[str], flags: Table) -> None:
    """`fly secrets set NAME=VALUE…`; a value `-` is read from standard input and trimmed."""
    world.app(flags)
    values: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise Failure(f"could not parse secrets: '{word}': must be in the format NAME=VALUE")
        if value == "-":
            raw = sys.stdin.buffer.read()
            if len(raw) > 64 * 1024:
                raise Failure(f"error reading stdin for '{key}': Input exceeded max length of 65536 bytes")
            value = raw.decode("utf-8", "surrogateescape").strip()
        values[key] = value
    if not values:
        raise Failure("requires at least one SECRET=VALUE pair")
    _write_secrets(world, flags, values, "set")


def secrets_unset(world: World, words: list[str], flags: Table) -> None:
    """`fly secrets unset NAME…`; an unknown name is no error."""
    world.app(flags)
    _write_secrets(world, flags, dict.fromkeys(words), "unset")


def secrets_deploy(world: World, _words: list[str], flags: Table) -> None:
    """`fly secrets deploy`: a new release of the same image, with what is staged."""
    app = world.app(flags)
    if not app["machines"]:
        raise Failure("no machines available to deploy")
    _release(
        world, flags, image=app["machines"][0]["image"], digest=app["machines"][0]["digest"], reason="Secrets deployed"
    )


def _write_secrets(world: World, flags: Table, values: dict[str, str | None], verb: str) -> None:
    name = world.name(flags)
    for key in values:
        if not key.replace("_", "a").isalnum() or not key.isascii():
            raise Failure(f"update secrets: failed to update app secrets: invalid secret name: {key}")
    world.strike(f"secrets {verb}", name, moment="during")
    with world.changing() as state:
        app = state["apps"][name]
        for key, value in values.items():
            if value is None:
                app["secrets"].pop(key, None)
                continue
            app["secrets"][key] = {"value": value, "digest": digest_of(app, value), "updated_at": _now()}
    world.log(f"{verb} {name} {' '.join(sorted(values))}")
    world.strike(f"secrets {verb}", name, moment="after")
    if flags.get("stage"):
        print(STAGED)
    elif not world.state["apps"][name]["machines"]:
        print("Secrets are staged for the first deployment")
    else:
        secrets_deploy(world, [], flags)


def digest_of(app: Table, value: str) -> str:
    """What the server shows of a value: keyed, so that nobody leans on what it is made of."""
    return hmac.new(app["key"].encode(), value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:16]


def parse_secrets(text: str) -> dict[str, str]:
    """Read what `secrets import` is given, line by line."""
    found: dict[str, str] = {}
    block: tuple[str, list[str]] | None = None
    for raw in text.split("\n"):
        if len(raw.encode("utf-8", "surrogateescape")) >= 64 * 1024:
            break
        line = raw.removesuffix("\r")
        if block is not None:
            if line.endswith('"""'):
                found[block[0]] = "\n".join([*block[1], line[:-3]])
                block = None
            else:
                block[1].append(line)
            continue
        if line.startswith("#") or not line.strip():
            continue
        if "=" not in line:
            raise Failure(
                f"Failed to parse secrets from stdin: Secrets must be provided as NAME=VALUE pairs ({line} is invalid)"
            )
        key, value = line.split("=", 1)
        key, value = key.strip(), value.lstrip(" ")
        if "#" in value and value[: value.index("#")].count('"') % 2 == 0:
            value = value[: value.index("#")].rstrip(" ")
        if value.startswith('"""') and value.endswith('"""') and len(value) > 5:
            found[key] = value[3:-3]
        elif value.startswith('"""'):
            block = (key, [value[3:]])
        elif value[:1] in {'"', "'"} and value[:1] == value[-1:]:
            if len(value) == 1:
                print("panic: runtime error: slice bounds out of range [1:0]", file=sys.stderr)
                sys.exit(3)
            found[key] = value[1:-1]
        else:
            found[key] = value
    return found


# ---- deploy


def deploy(world: World, _words: list[str], flags: Table) -> None:
    """`fly deploy`: with --image a release of that image, else a pretended build of it."""
    name = world.name(flags)
    if name not in world.state["apps"]:
        raise Failure(
            f"the app name {name} could not be found, did you create the app or misspell it in the fly.toml file or via -a?"
        )
    world.app(flags)
    print("==> Verifying app config", file=sys.stderr)
    print("Validating fly.toml\n✓ Configuration is valid")
    print("--> Verified app config\n==> Building image", file=sys.stderr)
    image, digest = _image(world, flags, name)
    print(f"\nWatch your deployment at https://fly.io/apps/{name}/monitoring\n")
    version = _release(world, flags, image=image, digest=digest, reason="Release")
    world.strike("deploy", name, moment="settled")
    print(f"\nVisit your newly deployed app at https://{name}.fly.dev/")
    if os.environ.get("FLY_EMIT_RELEASE_JSON") in {"1", "true", "t", "ok"}:
        print(json.dumps({"id": f"rel_{version}", "version": version, "image_ref": image}))


def _image(world: World, flags: Table, name: str) -> tuple[str, str]:
    asked = flags.get("image")
    if asked:
        print(f"Searching for image '{asked}' remotely...", file=sys.stderr)
        for image, known in world.state["images"].items():
            repository = image.rpartition(":")[0]
            if asked in {image, f"{repository}@{known}", f"{image}@{known}"}:
                print("image found: img_lab", file=sys.stderr)
                return image, str(known)
        raise Failure(f'failed to fetch an image or build from source: could not find image "{asked}"')
    label = flags.get("image-label") or f"deployment-{randomness.token_hex(8)}"
    image = f"registry.fly.io/{name}:{label}"
    digest = f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"
    with world.changing() as state:
        state["images"][image] = digest
    print(f"image: {image}\nimage size: 169 MB", file=sys.stderr)
    return image, digest


def _release(world: World, flags: Table, *, image: str, digest: str, reason: str) -> int:
    name = world.name(flags)
    with world.changing() as state:
        app = state["apps"][name]
        version = max((release["version"] for release in app["releases"]), default=0) + 1
        app["releases"].insert(
            0, {"version": version, "status": "running", "image": image, "created_at": _now(), "description": reason}
        )
        if not app["machines"]:
            print("No machines in group app, launching a new machine")
            app["machines"].append(new_machine(image, digest, state="started"))
        machines = sorted(app["machines"], key=lambda machine: machine["id"])
    world.log(f"release {name} v{version} {image}")
    print(f"Updating existing machines in '{name}' with rolling strategy")
    status = "failed"
    try:
        for position, machine in enumerate(machines, start=1):
            number = f"[{position}/{len(machines)}] " if len(machines) > 1 else ""
            _update(world, flags, machine["id"], number, (version, image, digest))
        world.strike("deploy", name, moment="after")
        status = "complete"
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        with world.changing() as state:
            for release in state["apps"][name]["releases"]:
                if release["version"] == version:
                    release["status"] = status
    return version


def _update(world: World, flags: Table, machine_id: str, number: str, what: tuple[int, str, str]) -> None:
    version, image, digest = what
    name = world.name(flags)
    print(f"> {number}Updating {machine_id} [app]", flush=True)
    world.strike("machine update", name)
    with world.changing() as state:
        app = state["apps"][name]
        machine = next(one for one in app["machines"] if one["id"] == machine_id)
        machine.update(
            release=version,
            image=image,
            digest=digest,
            secrets={key: one["value"] for key, one in app["secrets"].items()},
        )
        runs = machine["state"] == "started"
        broken = app.get("broken-images", {}).get(image, "")
    if not runs:
        return  # a stopped machine is updated, not started, and nothing is waited for
    if app.get("control"):
        _restart(app, machine, version, image)
    print(f"> {number}Waiting for {machine_id} [app] to have state: started", flush=True)
    if broken == "crash":
        _set_machine(world, name, machine_id, state="stopped", check="critical", output="connect: connection refused")
        raise _failed(number, machine_id, f"smoke checks for {machine_id} failed: the app appears to be crashing")
    is_healthy, output = (
        _health(app, machine, _patience(world, flags)) if broken != "unhealthy" else (False, "HTTP 503")
    )
    _set_machine(world, name, machine_id, check="passing" if is_healthy else "critical", output=output)
    if flags.get("detach") or not app.get("checks", True):
        return
    print(f"> {number}Waiting for {machine_id} [app] to become healthy: {int(is_healthy)}/1", flush=True)
    if not is_healthy:
        raise _failed(
            number,
            machine_id,
            f"timeout reached waiting for health checks to pass for machine {machine_id}: failed to get VM {machine_id}",
        )
    print(f"✔ {number}Machine {machine_id} [app] update succeeded", flush=True)


def _patience(world: World, flags: Table) -> float:
    """Seconds that a machine has: `90`, `90s`, `5m`, but no more than anybody waits for a simulation."""
    given = str(flags.get("wait-timeout", "5m"))
    number, unit = (given[:-1], given[-1]) if given[-1] in "smh" else (given, "s")
    longest = float(world.state.get("patience", PATIENCE))
    return min(float(number) * {"s": 1, "m": 60, "h": 3600}[unit], longest)


def _failed(number: str, machine_id: str, text: str) -> Failure:
    print(f"✖ {number}Machine {machine_id} [app] update failed: {text}", flush=True)
    return Failure(text)


def _set_machine(world: World, name: str, machine_id: str, **changes: str) -> None:
    with world.changing() as state:
        for machine in state["apps"][name]["machines"]:
            if machine["id"] == machine_id:
                machine.update(changes)


def _restart(app: Table, machine: Table, version: int, image: str) -> None:
    """Tell the real service behind this machine to start anew with this image and these secrets."""
    control = app["control"]
    env = {
        **control["env"],
        **machine["secrets"],
        "GAIA_VERSION": control["versions"].get(image, image.rpartition(":")[2]),
    }
    for key, (given, meant) in control.get("meanings", {}).items():
        if env.get(key) == given:
            env[key] = meant
    env |= {"FLY_RELEASE_VERSION": str(version), "FLY_IMAGE_REF": image, "FLY_MACHINE_ID": machine["id"]}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(control["socket"])
        connection.sendall(json.dumps({"restart": control["service"], "env": env}).encode() + b"\n")
        answer = json.loads(connection.makefile("rb").readline())
    if not answer.get("ok"):
        raise Failure(f"machine {machine['id']}: {answer.get('error')}")


def _health(app: Table, machine: Table, patience: float) -> tuple[bool, str]:
    if app.get("health"):
        return _poll(app["health"], patience)
    lacking = [name for name in app.get("needs", []) if not machine["secrets"].get(name)]
    return (False, f"HTTP 503 missing: {', '.join(lacking)}") if lacking else (True, "HTTP GET /health: 200")


def _poll(url: str, patience: float) -> tuple[bool, str]:
    import urllib.error  # noqa: PLC0415 - half of the start-up time
    import urllib.request  # noqa: PLC0415 - likewise

    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - the lab's own address
                return True, f"HTTP GET {url}: {answer.status}"
        except urllib.error.HTTPError as error:
            said = f"HTTP GET {url}: {error.code}"
        except OSError as error:
            said = f"connect: {error}"
        if time.monotonic() > deadline:
            return False, said
        threading.Event().wait(0.2)


def new_machine(image: str, digest: str, *, state: str = "created", region: str = "ams") -> Table:
    """A machine of an app."""
    return {
        "id": randomness.token_hex(7), "state": state, "region": region, "image": image, "digest": digest, "release": 0,
        "secrets": {}, "check": "passing", "output": "HTTP GET /health: 200", "created_at": _now(),
    }  # fmt: skip


# ---- what is read


def _machine(app: Table, machine: Table) -> Table:
    registry, _, rest = machine["image"].partition("/")
    repository, _, tag = rest.partition(":")
    checks = (
        {"checks": {"health": {"type": "http", "port": 8000, "path": "/health"}}} if app.get("checks", True) else {}
    )
    return {
        "id": machine["id"],
        "name": f"lab-{machine['id'][:4]}",
        "state": machine["state"],
        "region": machine["region"],
        "image_ref": {
            "registry": registry,
            "repository": repository,
            "tag": tag,
            "digest": machine["digest"],
            "labels": None,
        },
        "instance_id": f"01LAB{machine['id'].upper()}",
        "private_ip": machine.get("address", "fdaa:0:18:a7b:1:2:3:2"),
        "created_at": machine["created_at"],
        "updated_at": machine["created_at"],
        "config": {
            "env": {"FLY_PROCESS_GROUP": "app"},
            "init": {},
            "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256},
            "restart": {"policy": "on-failure", "max_retries": 10},
            "metadata": {
                "fly_platform_version": "v2",
                "fly_process_group": "app",
                "fly_release_version": str(machine["release"]),
                "fly_flyctl_version": "0.4.87",
            },
            "image": machine["image"],
            **checks,
        },
        "events": [{"type": "start", "status": machine["state"], "source": "flyd", "timestamp": _stamp(machine)}],
        **({"checks": [_check(machine)]} if checks else {}),
        "host_status": "ok",
        "cordoned": False,
    }


def _stamp(machine: Table) -> int:
    return int(dt.datetime.fromisoformat(machine["created_at"]).timestamp() * 1000)


def _check(machine: Table) -> Table:
    return {"name": "health", "status": machine["check"], "output": machine["output"], "updated_at": _now()}


def status(world: World, _words: list[str], flags: Table) -> None:
    """`fly status --json`."""
    try:
        app = world.app(flags)
    except Failure as failure:
        raise Failure(f"failed to get app: {failure}") from None
    machines = sorted(app["machines"], key=lambda machine: machine["id"], reverse=True)
    name = world.name(flags)
    _print({
        "AppURL": f"https://{name}.fly.dev", "Deployed": bool(machines), "Hostname": f"{name}.fly.dev", "ID": name,
        "Machines": [_machine(app, machine) for machine in machines], "Name": name,
        "Organization": {"ID": "org_lab", "InternalNumericID": "18", "Name": "Gaia", "Slug": "gaia", "RawSlug": "gaia", "PaidPlan": True},
        "PlatformVersion": "machines", "Status": "deployed" if machines else "pending",
        "Version": max((release["version"] for release in app["releases"]), default=0),
    })  # fmt: skip


def machine_list(world: World, _words: list[str], flags: Table) -> None:
    """`fly machine list --json`."""
    app = _listed(world, flags, "failed to list VMs")
    _print([_machine(app, machine) for machine in app["machines"]])


def checks_list(world: World, _words: list[str], flags: Table) -> None:
    """`fly checks list --json`."""
    app = _listed(world, flags, "failed to list active VMs")
    _print({machine["id"]: [_check(machine)] if app.get("checks", True) else [] for machine in app["machines"]})


def logs(world: World, _words: list[str], flags: Table) -> None:
    """`fly logs --no-tail`: with `--json` one object behind the other, each over several lines."""
    name = world.name(flags)
    if name not in world.state["apps"]:
        raise Failure(f'failed to get app: Could not find App "{name}"')
    app = world.app(flags)
    for machine in app["machines"][:1]:
        for line in _written(app):
            moment, _, said = line.partition(" ")
            if flags.get("json"):
                row = {
                    "level": "info",
                    "instance": machine["id"],
                    "message": said,
                    "region": machine["region"],
                    "timestamp": moment,
                    "meta": {"instance": machine["id"], "region": machine["region"], "event": {"provider": "app"}, "http": {}, "error": {}, "url": {}},
                }  # fmt: skip
                _print(row)
            else:
                print(f"{moment} app[{machine['id']}] {machine['region']} [info]{said}")


def _written(app: Table) -> list[str]:
    """The log of the service behind an app, else what a test wrote there; each line begins with its moment."""
    if not app.get("control"):
        return list(app.get("log", []))
    path = Path(app["control"]["socket"]).with_name(f"{app['control']['service']}.log")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    # what goes on over several lines, as a traceback, has the moment of the line above it
    found: list[str] = []
    for line in lines:
        is_new = re.match(r"\d{4}-\d\d-\d\dT", line)
        found.append(line if is_new or not found else f"{found[-1].partition(' ')[0]} {line}")
    return found


def _listed(world: World, flags: Table, prefix: str) -> Table:
    name = world.name(flags)
    if name not in world.state["apps"]:
        raise Failure(f"{prefix}: app not found: {name} (Request ID: 01LAB-ams)")
    return world.app(flags)


def releases(world: World, _words: list[str], flags: Table) -> None:
    """`fly releases --json`, Go's field names."""
    rows = [
        {
            "ID": f"rel_{one['version']}", "Version": one["version"], "Stable": one["status"] == "complete",
            "InProgress": False, "Reason": "", "Description": one["description"], "Status": one["status"],
            "DeploymentStrategy": "", "Metadata": None,
            "User": {"ID": "u", "Name": "ada", "Email": "ada@example.com", "EnablePaidHobby": False},
            "EvaluationID": "", "CreatedAt": one["created_at"], "ImageRef": one["image"],
        }
        for one in world.app(flags)["releases"][:25]
    ]  # fmt: skip
    _print(rows or None)


def image_show(world: World, _words: list[str], flags: Table) -> None:
    """`fly image show --json`."""
    try:
        app = world.app(flags)
    except Failure as failure:
        raise Failure(f"get app: {failure}") from None
    rows = []
    for machine in app["machines"]:
        shown = _machine(app, machine)["image_ref"]
        rows.append({
            "Digest": shown["digest"], "Labels": "", "MachineID": machine["id"], "Registry": shown["registry"],
            "Repository": shown["repository"], "Tag": shown["tag"], "Version": "N/A",
        })  # fmt: skip
    _print(rows or None)


def apps_list(world: World, _words: list[str], _flags: Table) -> None:
    """`fly apps list --json`; a token of one app sees none."""
    if isinstance(world.state.get("token", True), list):
        _print([])
        return
    _print([
        {
            "ID": name, "Name": name, "Status": "deployed" if app["machines"] else "pending", "Deployed": bool(app["machines"]),
            "Hostname": f"{name}.fly.dev", "PlatformVersion": "machines", "Network": "", "CurrentRelease": None,
            "Organization": {"Name": "Gaia", "Slug": "gaia"},
        }
        for name, app in world.state["apps"].items()
    ])  # fmt: skip


def machine_exec(world: World, words: list[str], flags: Table) -> None:
    """`fly machine exec ID CMD --json`: exit code 0 whatever the command does."""
    app = _listed(world, flags, "failed to list VMs")
    machine = next((one for one in app["machines"] if one["id"] == words[0]), None)
    if machine is None:
        raise Failure(f"could not get machine {words[0]}: failed to get VM {words[0]}: machine not found")
    found = re.search(r"http://([\w.-]+)\.internal(?::\d+)?[^\s'\"]*", words[1])
    if words[1] in app.get("exec", {}):
        _print(app["exec"][words[1]])
    elif found is None:
        _print(_executed(words[1], machine["secrets"], float(flags.get("timeout", 30))))
    else:
        _print(_fetched(world, found[1]))


def _executed(command: str, secrets: Table, timeout: float) -> Table:
    """Run a command as the machine would: with its secrets, and no shell around it."""
    import subprocess  # noqa: PLC0415 - half of the start-up time

    argv = shlex.split(command)
    try:
        done = subprocess.run(  # noqa: S603 - whoever runs this program could run that one
            argv, env={"PATH": os.environ.get("PATH", ""), **secrets}, capture_output=True, timeout=timeout, check=False
        )
    except FileNotFoundError:
        return {"exit_code": 127, "stderr": f"sh: {argv[0]}: not found\n"}
    except subprocess.TimeoutExpired:
        raise Failure("could not exec command on machine: failed to exec on VM: deadline_exceeded") from None
    told = {"stdout": done.stdout.decode(errors="replace"), "stderr": done.stderr.decode(errors="replace")}
    return {"exit_code": done.returncode, **{name: text for name, text in told.items() if text}}


def _fetched(world: World, name: str) -> Table:
    """What curl says from inside a machine."""
    app = world.state["apps"].get(name)
    if app is None or not any(machine["state"] == "started" for machine in app["machines"]):
        return {"exit_code": 6, "stderr": f"curl: (6) Could not resolve host: {name}.internal\n"}
    if not app.get("health"):
        is_healthy = all(machine["check"] == "passing" for machine in app["machines"])
        return {"exit_code": 0} if is_healthy else {"exit_code": 22, "stderr": "curl: (22) error: 503\n"}
    is_healthy, said = _poll(app["health"], 0)
    return {"exit_code": 0} if is_healthy else {"exit_code": 22, "stderr": f"curl: (22) {said}\n"}


def version(world: World, _words: list[str], flags: Table) -> None:
    """`fly version`."""
    number = world.state.get("version", "0.4.87")
    if not flags.get("json"):
        print(f"flyctl v{number} linux/amd64 Commit: lab BuildDate: 2026-08-20T00:00:00Z")
        return
    print(json.dumps({
        "Name": "flyctl", "Version": number, "Commit": "lab", "BranchName": "", "BuildDate": "2026-08-20T00:00:00Z",
        "OS": "linux", "Architecture": "amd64", "Environment": "production",
    }))  # fmt: skip


def proxy(world: World, words: list[str], flags: Table) -> None:
    """`fly proxy LOCAL[:REMOTE] [HOST]`: says its line once it listens, and resolves for each connection anew."""
    local, _, remote = words[0].partition(":")
    host = words[1] if len(words) > 1 else f"{world.name(flags)}.internal"
    if _resolve(world, host) is None:
        raise Failure(f"{host}: host was not found in DNS")
    bind = flags.get("bind-addr", "127.0.0.1")
    try:
        listener = socket.create_server((bind, int(local)))
    except OSError:
        raise Failure(f"listen tcp {bind}:{local}: bind: address already in use") from None
    port = listener.getsockname()[1]
    world.log(f"proxy {host} {port} {os.getpid()}")
    print(f"Proxying localhost:{port} to remote [{host}]:{remote or local}", flush=True)
    if flags.get("watch-stdin"):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_forward, args=(connection, World(world.folder), host), daemon=True).start()


def _end_with_stdin() -> NoReturn:
    while os.read(0, 65536):  # not through sys.stdin: its lock would hold up the end of the program
        pass
    os._exit(0)


def _resolve(world: World, host: str) -> tuple[str, int] | None:
    """APP.internal, REGION.APP.internal, ID.vm.APP.internal, APP.flycast: an address while a machine is started."""
    labels = host.removesuffix(".internal").removesuffix(".flycast").split(".")
    app = world.state["apps"].get(labels[-1])
    if app is None:
        return None
    wanted = labels[0] if len(labels) > 1 and labels[0] != "global" else ""
    if not any(
        machine["state"] == "started" and wanted in {"", machine["id"], machine.get("region")}
        for machine in app["machines"]
    ):
        return None
    address = app.get("listens")
    return (address[0], address[1]) if address else None


def _forward(connection: socket.socket, world: World, host: str) -> None:
    with connection, contextlib.suppress(OSError):
        address = _resolve(world, host)
        if address is None:
            return  # nothing is said, the connection just ends
        with socket.create_connection(address, timeout=5) as remote:
            remote.settimeout(None)
            back = threading.Thread(target=_pump, args=(remote, connection), daemon=True)
            back.start()
            _pump(connection, remote)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


#: words → (name by which faults know it, function, whether it needs a token)
COMMANDS: dict[str, tuple[str, Any, bool]] = {
    "version": ("version", version, False),
    "secrets list": ("secrets list", secrets_list, True),
    "secrets ls": ("secrets list", secrets_list, True),
    "secrets import": ("secrets import", secrets_import, True),
    "secrets set": ("secrets set", secrets_set, True),
    "secrets unset": ("secrets unset", secrets_unset, True),
    "secrets deploy": ("secrets deploy", secrets_deploy, True),
    "deploy": ("deploy", deploy, True),
    "status": ("status", status, True),
    "machine list": ("machine list", machine_list, True),
    "machine exec": ("machine exec", machine_exec, True),
    "checks list": ("checks list", checks_list, True),
    "logs": ("logs", logs, True),
    "releases": ("releases", releases, True),
    "image show": ("image show", image_show, True),
    "apps list": ("apps list", apps_list, True),
    "proxy": ("proxy", proxy, True),
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
