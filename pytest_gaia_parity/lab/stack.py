"""Both sides up on loopback, addresses out, everything down again."""

from __future__ import annotations

import contextlib
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self
from urllib.parse import urlsplit

import msgspec

from pytest_gaia_parity.errors import CommandError, ConfigError, UnreachableError, nearest
from pytest_gaia_parity.lab.faults import break_side
from pytest_gaia_parity.lab.plan import Door, Restart, Restarted, Served, ServicePlan, SidePlan
from pytest_gaia_parity.lab.settings import CALLED, REQUIRED, SERVICES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_gaia_parity.config.schema import Config

Routes = dict[tuple[str, int], tuple[str, int]]

VERSION = "1.4.0"
COMMIT = "9f2c1d7"
#: seconds that the two platforms' clocks are off; within what any two machines differ
CLOCKS = {"compose": 0.0, "fly": 0.35}
#: seconds that a process may take to end once its stdin is closed
PATIENCE = 5.0


class Stack:
    """The four services of the baseline and of each candidate, a process per side."""

    def __init__(
        self,
        config: Config,
        *,
        baseline: str = "local",
        candidates: Sequence[str] = ("dev",),
        faults: Sequence[str] = (),
    ) -> None:
        """Plan the stack; nothing runs yet.

        :raises ConfigError: there is no such fault, or the lab cannot stand for what is configured.
        """
        self.routes: dict[str, Routes] = {}
        #: target → the Unix socket that takes restarts of its services
        self.controls: dict[str, str] = {}
        secret = secrets.token_hex(32)
        self._plans = [_plan(config, baseline, platform="compose", secret=secret)]
        for candidate in candidates:
            self._plans.append(break_side(_plan(config, candidate, platform="fly", secret=secret), faults))
        self._processes: list[_Process] = []

    def start(self) -> None:
        """Start all sides, and return when they listen.

        :raises UnreachableError: a side does not start; nothing is left running.
        """
        if len(self._plans) > 1:
            _require_ipv6()
        try:
            self._processes = [_Process(plan) for plan in self._plans]
            for plan, process in zip(self._plans, self._processes, strict=True):
                served = process.served()
                self.controls[plan.target] = served.control
                self.routes[plan.target] = {
                    service.name: served.addresses[name]
                    for name, service in plan.services.items()
                    if name in served.addresses
                }
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take everything down; may be called more than once."""
        for process in self._processes:
            process.hang_up()
        for process in self._processes:
            process.wait()
        self._processes = []

    def machines(self, target: str) -> dict[str, list[dict[str, str]]]:
        """What Fly says of each service's machines, as `fly machine list --json` names it; of no app, nothing."""
        plan = next(plan for plan in self._plans if plan.target == target)
        return {
            name: [{"id": f"lab{number}", "state": "stopped" if one.stopped else "started", "region": "ams"}]
            for number, (name, one) in enumerate(plan.services.items())
            if one.env["LAB_PLATFORM"] == "fly" and (one.stopped or one.door is not Door.UNKNOWN)
        }

    def log(self, target: str, service: str) -> list[str]:
        """What a service wrote to its log so far; of a service that never ran, nothing."""
        path = Path(self.controls[target]).with_name(f"{service}.log")
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def environment(self, target: str, service: str) -> dict[str, str]:
        """What a service was started with."""
        plan = next(plan for plan in self._plans if plan.target == target)
        return dict(plan.services[service].env)

    def restart(self, target: str, service: str, env: Mapping[str, str]) -> None:
        """Start a service anew with another environment, as a deploy does.

        :raises CommandError: the side refuses.
        """
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(self.controls[target])
            asked = Restart(restart=service, env=dict(env))
            connection.sendall(msgspec.json.encode(asked) + b"\n")
            with connection.makefile("rb") as answers:
                answer = msgspec.json.decode(answers.readline(), type=Restarted)
        if not answer.ok:
            raise CommandError(f"the lab's side '{target}' did not restart '{service}': {answer.error}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Process:
    """The process of one side."""

    def __init__(self, plan: SidePlan) -> None:
        self._target = plan.target
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `wait`
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest_gaia_parity.lab.side"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(msgspec.json.encode(plan) + b"\n")
            self._stdin.flush()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        return self._process.stdin

    def served(self) -> Served:
        """Wait until it listens, and return where.

        :raises UnreachableError: it ended instead.
        """
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise UnreachableError(
                f"the lab's side '{self._target}' did not start: {last}",
                hint="pip install 'pytest-gaia-parity[lab]' brings what it needs",
            )
        return msgspec.json.decode(line, type=Served)

    def hang_up(self) -> None:
        """Close its stdin, by which it ends."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def wait(self) -> None:
        """Wait for its end, and make sure of it."""
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._errors.close()


def _plan(config: Config, target: str, *, platform: str, secret: str) -> SidePlan:
    unknown = [name for name in config.table.services if name not in SERVICES]
    if unknown:
        raise ConfigError(
            f"{config.file}: the lab has no service '{unknown[0]}'; {nearest(unknown[0], SERVICES)}",
            hint="run without --lab, or with the services that the lab has",
        )
    urls = {name: config.url(target, name) or f"http://{name}:8000" for name in SERVICES}
    names = {name: _name(config, target, url) for name, url in urls.items()}
    if len(set(names.values())) < len(names):
        raise ConfigError(
            f"{config.file}: 'tool.gaia-parity.targets.{target}' gives two services the same host and port",
            hint="give each service a host or a port of its own",
        )
    return SidePlan(
        target=target,
        address="::1" if platform == "fly" else "127.0.0.1",
        services={
            name: ServicePlan(env=_environment(name, urls, platform=platform, secret=secret), name=names[name])
            for name in SERVICES
        },
    )


def _name(config: Config, target: str, url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(
            f"{config.file}: 'tool.gaia-parity.targets.{target}': the lab cannot stand for {url}; valid: http URLs",
            hint="services speak plain http inside a private network; use such a target with --lab",
        )
    return parts.hostname, parts.port or 80


def _environment(service: str, urls: dict[str, str], *, platform: str, secret: str) -> dict[str, str]:
    """What the service is told, and not one variable more than it declares."""
    known = {
        "SUPABASE_URL": "https://gaia-lab.supabase.co",
        "SUPABASE_ANON_KEY": "anon-key-of-the-lab",
        "SUPABASE_JWT_SECRET": secret,
        "DATABASE_URL": "",  # the side's process has the folder
        "API_KEY": "api-key-of-the-lab",
        "OPENAI_API_KEY": "openai-key-of-the-lab",
        "ANTHROPIC_API_KEY": "anthropic-key-of-the-lab",
    }
    env = {name: known[name] for name in REQUIRED[service]}
    env |= {
        "SUPABASE_JWT_SECRET": secret,
        "NATS_URL": "nats://nats:4222",
        "GAIA_VERSION": VERSION,
        "GAIA_COMMIT": COMMIT,
        "LAB_PLATFORM": platform,
        "LAB_REGION": "ams" if platform == "fly" else "",
        "LAB_CLOCK_OFFSET": str(CLOCKS[platform]),
    }
    if service == "gateway":
        env |= {f"{name.upper()}_SERVICE_URL": urls[name] for name in CALLED}
    return env


def _require_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        raise UnreachableError(
            f"the lab needs the IPv6 loopback address ::1, as its candidate side is IPv6 only: {error.strerror}",
            hint="sysctl net.ipv6.conf.lo.disable_ipv6=0; in Docker: docker run --sysctl net.ipv6.conf.all.disable_ipv6=0",
        ) from None
