"""Fly's private names: by the system's resolver inside Fly and over WireGuard, by a DNS server, else by `fly proxy`."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.errors import ParityError, UnreachableError
from pytest_gaia_parity.network.guard import GuardedNetwork, is_public
from pytest_gaia_parity.network.instances import Instances
from pytest_gaia_parity.network.name_server import machine_ids
from pytest_gaia_parity.network.proxies import Place, Proxies
from pytest_gaia_parity.network.shared import SharedProxies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_gaia_parity.adapters.fly import Fly
    from pytest_gaia_parity.adapters.fly_json import LogLine
    from pytest_gaia_parity.network.route import Network, Route

#: seconds for the system's resolver to know any of the names; a tunnel that is down keeps it waiting for ten
PATIENCE = 2.0
#: seconds that Fly's API may take to tell of machines, asked only where something failed
TELL = 10.0
_PRIVATE = (".internal", ".flycast")


class FlyNetwork:
    """Finds the way once, when it is opened, and keeps to it."""

    def __init__(  # noqa: PLR0913 - by keyword
        self,
        *,
        target: str,
        places: Sequence[Place],
        name_server: Network | None = None,
        dns: str = "",
        fly: Fly | None = None,
        shared: Sequence[tuple[str, int, int]] = (),
        env: Mapping[str, str] = os.environ,
    ) -> None:
        """Prepare; nothing is asked yet.

        :param places: what services listen on.
        :param name_server: where a DNS server is configured, the network that asks it.
        :param dns: the address of that server.
        :param fly: flyctl, None where it is not installed.
        :param shared: proxies that another process of this machine keeps: host, port, port of loopback.
        """
        self._target = target
        self._places = places
        self._fly = fly
        self._dns = dns
        self._shared = shared
        self._env = env
        self._plain: Network = GuardedNetwork(via="fly-dns", target=target)
        self._way: Network = name_server or self._plain
        self._is_chosen = name_server is not None
        #: app → when its log was read, and what it said
        self._logged: dict[str, tuple[float, tuple[LogLine, ...]]] = {}

    def open(self) -> None:
        """Choose the way, and start what it needs.

        :raises UnreachableError: there is none.
        """
        if self._shared:
            own = None if self._fly is None else Proxies(fly=self._fly, target=self._target, places=())
            self._way = SharedProxies(self._shared, target=self._target, own=own)
            return
        names = [place.host for place in self._places if place.host.endswith(_PRIVATE)]
        if not (self._is_chosen or not names or self._env.get("FLY_MACHINE_ID") or _is_any_known(names)):
            if self._fly is None:
                raise UnreachableError(
                    f"target '{self._target}': the system's resolver knows none of {', '.join(names)}, and flyctl is not "
                    "installed",
                    hint="bring WireGuard up, run inside Fly, give the target 'dns', or install flyctl: "
                    "https://fly.io/docs/flyctl/install/",
                )
            private = [place for place in self._places if place.host in names]
            self._way = Proxies(fly=self._fly, target=self._target, places=private)
        self._way.open()

    def share(self) -> tuple[tuple[str, int, int], ...]:
        """The proxies that other processes of this machine can use; none where names are resolved."""
        return tuple(self._way.share()) if isinstance(self._way, Proxies) else ()

    def route(self, host: str, port: int) -> Route:
        """Where a name is; one that is not private is the guard's business.

        :raises UnreachableError: it has no address.
        :raises RefusedError: its address is public.
        """
        return (self._way if host.endswith(_PRIVATE) else self._plain).route(host, port)

    def failed(self, host: str, port: int) -> None:
        """Look up anew."""
        self._way.failed(host, port)
        self._plain.failed(host, port)

    def about(self, host: str, *, failed: bool = False) -> Mapping[str, Any]:
        """The machines of an app whose service could not be reached; costs a second, so of the others nothing."""
        if self._fly is None or not failed or not host.endswith(_PRIVATE):
            return {}
        app = Place(host, 0).app
        try:
            machines = self._fly.machines(app, timeout=TELL)
        except ParityError as error:
            if getattr(error, "failure", "") == "no-app":
                return {"fly": error.message, "reason": f"fly knows no app '{app}'", "hint": error.hint}
            return {"fly": error.message}
        rows: list[dict[str, Any]] = [
            {
                "id": one.id,
                "state": one.state,
                "region": one.region,
                "address": one.private_ip,
                "checks": {check.name: check.status for check in one.checks or ()},
            }
            for one in machines
        ]
        if any(row["state"] == "started" for row in rows):
            return {"machines": rows}
        states = ", ".join(sorted({row["state"] for row in rows}))
        return {
            "machines": rows,
            "reason": f"no machine of the app runs ({states})" if rows else "the app has no machines",
            "hint": f"fly machine start {rows[0]['id']} -a {app}; .internal never starts one"
            if rows
            else f"deploy it: fly deploy -a {app}",
        }

    def logs(self, host: str, *, since: float, until: float) -> list[str]:
        """What the machines of an app wrote between two moments, as far back as Fly tells.

        :raises UnreachableError: flyctl is not there, or does not tell.
        """
        if self._fly is None or not host.endswith(_PRIVATE):
            raise UnreachableError("flyctl is not installed", hint="https://fly.io/docs/flyctl/install/")
        app = Place(host, 0).app
        asked, lines = self._logged.get(app, (0.0, ()))
        if asked < until:
            # Fly keeps a log back for a moment
            asked, lines = time.time(), self._fly.logs(app, timeout=TELL)
            self._logged[app] = (asked, lines)
        return [str(line) for line in lines if since <= line.moment <= until]

    def instances(self, host: str) -> Instances:
        """The machines of an app by their private names: as `fly` tells them, else as the DNS server does."""
        app = Place(host, 0).app
        if self._fly is None:
            ids = machine_ids(app, server=self._dns, target=self._target)
            return Instances(tuple(f"{one}.vm.{app}.internal" for one in sorted(ids)))
        machines = sorted(self._fly.machines(app, timeout=TELL), key=lambda one: one.id)
        return Instances(
            tuple(f"{one.id}.vm.{app}.internal" for one in machines if one.state == "started"),
            tuple(f"machine {one.id} of {app} is {one.state}" for one in machines if one.state != "started"),
        )

    def close(self) -> None:
        """End what was started."""
        self._way.close()


def _is_any_known(names: Sequence[str]) -> bool:
    """Whether the system's resolver knows any of the names; asked all at once, by threads that nobody waits for."""
    answered = threading.Semaphore(0)
    known: list[str] = []

    def ask(name: str) -> None:
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            # some providers answer every unknown name with a public address of their own
            known.extend(str(entry[4][0]) for entry in found if not is_public(str(entry[4][0])))
        except OSError:
            pass
        answered.release()

    for name in dict.fromkeys(names):
        threading.Thread(target=ask, args=(name,), daemon=True).start()
    for _ in dict.fromkeys(names):
        if known or not answered.acquire(timeout=PATIENCE):
            break
    return bool(known)
