"""The Machines API of the simulated Fly: apps, secrets, machines, leases."""

from __future__ import annotations

import datetime as dt
import secrets as randomness
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.flyctl.world import ORGANIZATION, ApiError, App, Lease, Machine, World, now

if TYPE_CHECKING:
    from starlette.requests import Request

NONCE = "fly-machine-lease-nonce"


def machine_shown(machine: Machine) -> dict[str, Any]:
    """A machine as the API tells of it."""
    registry, _, rest = machine.image.partition("/")
    repository, _, tag = rest.partition(":")
    configured = machine.config.get("checks", {})
    passing = {"status": "passing", "output": "HTTP GET /health: 200", "updated_at": machine.updated_at}
    stamp = int(dt.datetime.fromisoformat(machine.updated_at).timestamp() * 1000)
    return {
        "id": machine.id,
        "name": f"lab-{machine.id[:4]}",
        "state": machine.state,
        "region": "ams",
        "image_ref": {
            "registry": registry,
            "repository": repository,
            "tag": tag,
            "digest": machine.digest,
            "labels": None,
        },
        "instance_id": f"01LAB{machine.id.upper()}{machine.updates}",
        "version": f"01LAB{machine.id.upper()}{machine.updates}",
        "private_ip": "fdaa:0:18:a7b:1:2:3:2",
        "created_at": machine.created_at,
        "updated_at": machine.updated_at,
        "config": machine.config,
        "events": [{"type": "start", "status": machine.state, "request": {}, "source": "flyd", "timestamp": stamp}],
        **({"checks": [{"name": name, **passing} for name in configured]} if configured else {}),
        "host_status": "ok",
        "cordoned": False,
    }


class MachinesApi:
    """The endpoints under /v1."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def routes(self) -> list[Route]:
        app, machine = "/v1/apps/{app}", "/v1/apps/{app}/machines/{machine}"
        return [
            Route(app, self.show),
            Route(f"{app}/secrets", self.secrets, methods=["GET", "POST"]),
            Route(f"{app}/ip_assignments", self.addresses),
            Route(f"{app}/volumes", self.volumes),
            Route(f"{app}/machines", self.machines),
            Route(machine, self.machine, methods=["GET", "POST"]),
            Route(f"{machine}/wait", self.wait),
            Route(f"{machine}/ps", self.processes),
            Route(f"{machine}/lease", self.lease, methods=["GET", "POST", "DELETE"]),
        ]

    def _app(self, request: Request) -> App:
        name = request.path_params["app"]
        app = self._world.reached(request.state.token, name)
        if app is None:
            # an app that exists and is out of the token's reach is refused in other words than one that does not
            raise ApiError(401, "unauthorized") if name in self._world.apps else ApiError(404, f"app not found: {name}")
        return app

    def _machine(self, request: Request) -> Machine:
        found = self._app(request).machines.get(request.path_params["machine"])
        if found is None:
            raise ApiError(404, "machine not found")
        return found

    async def show(self, request: Request) -> JSONResponse:
        app = self._app(request)
        return JSONResponse({
            "id": app.name, "name": app.name, "internal_numeric_id": app.number, "network": "default",
            "status": app.status, "machine_count": len(app.machines), "volume_count": 0,
            "organization": {"name": ORGANIZATION["name"], "slug": ORGANIZATION["slug"]},
            "cname_target": "", "app_role": "",
        })  # fmt: skip

    async def secrets(self, request: Request) -> JSONResponse:
        app = self._app(request)
        if request.method == "POST":
            app.write((await request.json())["values"])
        rows = [
            {"name": name, "digest": one.digest, "created_at": one.created_at, "updated_at": one.updated_at}
            for name, one in app.secrets.items()
        ]
        version = {"version": app.secrets_version} if request.method == "POST" else {}
        return JSONResponse({"secrets": rows, **version})

    async def addresses(self, request: Request) -> JSONResponse:
        self._app(request)
        one = {"ip": "fdaa:0:18:0:1::2", "region": "global", "service_name": "", "shared": False, "egress": False}
        network = {"name": "", "org_slug": ORGANIZATION["slug"]}
        return JSONResponse({"ips": [{**one, "created_at": now(), "network": network}]})

    async def volumes(self, request: Request) -> JSONResponse:
        self._app(request)
        return JSONResponse([])

    async def machines(self, request: Request) -> JSONResponse:
        return JSONResponse([machine_shown(one) for one in self._app(request).machines.values()])

    async def machine(self, request: Request) -> JSONResponse:
        machine = self._machine(request)
        if request.method == "POST":
            self._check_lease(machine, request.headers.get(NONCE, ""))
            self._update(self._app(request), machine, await request.json())
        return JSONResponse(machine_shown(machine))

    def _update(self, app: App, machine: Machine, asked: dict[str, Any]) -> None:
        digest = self._world.digest(asked["config"]["image"])
        if digest is None:
            raise ApiError(404, f'could not find image "{asked["config"]["image"]}"')
        machine.config, machine.digest = asked["config"], digest
        machine.secrets = {name: one.value for name, one in app.secrets.items()}
        machine.state = machine.state if asked.get("skip_launch") else "started"
        machine.updates += 1
        machine.updated_at = now()

    @staticmethod
    def _check_lease(machine: Machine, nonce: str) -> None:
        lease = machine.lease
        if lease is not None and lease.is_held and lease.nonce != nonce:
            said = f"machine ID {machine.id} lease currently held by {lease.owner}, expires at {lease.expires:%Y-%m-%dT%H:%M:%SZ}"
            raise ApiError(409, said)

    async def wait(self, request: Request) -> JSONResponse:
        machine, wanted = self._machine(request), request.query_params.get("state", "started")
        if machine.state != wanted:  # states change at once here, so waiting would change nothing
            said = f"deadline_exceeded: machine failed to reach desired state, {wanted}, currently {machine.state}"
            raise ApiError(408, said)
        return JSONResponse({"ok": True})

    async def processes(self, request: Request) -> JSONResponse:
        self._machine(request)
        listens = [{"proto": "tcp6", "address": "[::]:8000"}]
        row = {"pid": 300, "stime": 1, "rtime": 1, "command": "serve", "directory": "/", "cpu": 0, "rss": 1}
        return JSONResponse([{**row, "listen_sockets": listens}])

    async def lease(self, request: Request) -> JSONResponse:
        machine, nonce = self._machine(request), request.headers.get(NONCE, "")
        if request.method == "GET":
            if machine.lease is None or not machine.lease.is_held:
                raise ApiError(404, "lease not found")
        else:
            self._check_lease(machine, nonce)
            if request.method == "DELETE":
                machine.lease = None
                return JSONResponse({"ok": True})
            seconds = int(request.query_params.get("ttl", "13"))
            until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
            machine.lease = Lease(nonce=nonce or randomness.token_hex(6), owner="ada@tokens.fly.io", expires=until)
        lease = machine.lease
        told = {"nonce": lease.nonce, "expires_at": int(lease.expires.timestamp()), "owner": lease.owner}
        return JSONResponse({"status": "success", "data": told})
