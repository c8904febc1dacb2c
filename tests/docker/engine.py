"""A private Docker engine that cannot outlive the tests, and touches nothing of the machine's own.

It runs in namespaces of its own for processes, mounts and network. Their first process dies with the process that started
it, even when that is killed, and takes engine, containers, bridges, rules and mounts along. All that can be left behind
is a folder of files and empty control groups; both carry their owner in their name, and the next run removes them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX = "gaia-parity-docker-"
#: seconds until the engine must answer
PATIENCE = 30.0


class EngineError(Exception):
    """The engine, or a command given to it, failed."""


class Owner(NamedTuple):
    """A process for good: its number may be given again, but not with the same start."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Owner | None:
        """The process with this number, None if there is none."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except OSError:
            return None
        # the name in parentheses may hold anything
        return cls(pid, int(stat.rpartition(")")[2].split()[19]))

    @property
    def name(self) -> str:
        """The name of what belongs to it."""
        return f"{PREFIX}{self.pid}-{self.started}"

    @classmethod
    def from_name(cls, name: str) -> Owner | None:
        """Read the owner out of a name."""
        pid, _, started = name.removeprefix(PREFIX).partition("-")
        return cls(int(pid), int(started)) if pid.isdigit() and started.isdigit() else None


class Engine:
    """dockerd in its own namespaces, driven by the `docker` command."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process

    @property
    def host(self) -> str:
        """For `DOCKER_HOST`."""
        return f"unix://{self.folder}/docker.sock"

    @property
    def inside(self) -> tuple[str, ...]:
        """Starts a program on the engine's host: in its network, as a process of this machine."""
        return ("nsenter", f"--net=/proc/{self._first_process()}/ns/net", "--")

    @classmethod
    def start(cls) -> Self:
        """Start an engine and wait until it answers.

        :raises EngineError: it does not.
        """
        remove_leftovers()
        owner = Owner.of(os.getpid())
        assert owner is not None
        folder = Path(tempfile.gettempdir()) / owner.name
        folder.mkdir(mode=0o700)
        (folder / "data").mkdir()
        argv = [
            *("setpriv", "--pdeathsig", "KILL"),
            *("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
            # files of containers vanish with the namespace too
            *("sh", "-c", f'mount -t tmpfs tmpfs {folder}/data && ip link set lo up && exec "$0" "$@"'),
            *("dockerd", "--host", f"unix://{folder}/docker.sock", "--pidfile", f"{folder}/docker.pid"),
            *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/run"),
            *("--cgroup-parent", f"/{owner.name}", "--userland-proxy=true", "--config-file", f"{folder}/daemon.json"),
        ]
        (folder / "daemon.json").write_text("{}", encoding="utf-8")
        with (folder / "dockerd.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own arguments
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
            )
        engine = cls(folder, process)
        try:
            engine._wait()
        except BaseException:
            engine.stop()
            raise
        return engine

    def stop(self) -> None:
        """End the engine with all that it runs, and remove its files."""
        # its namespaces end with their first process; there is nothing in them that is worth an orderly end
        with contextlib.suppress(IndexError, FileNotFoundError, ProcessLookupError):
            first = os.pidfd_open(self._first_process())
            signal.pidfd_send_signal(first, signal.SIGKILL)
            select.select([first], [], [], PATIENCE)  # it ends after all others in there
            os.close(first)
        self._process.kill()
        self._process.wait()
        _remove(self.folder)

    def docker(self, *arguments: str, stdin: bytes | None = None, timeout: float = 60) -> str:
        """Run `docker` and return what it writes.

        :raises EngineError: it failed; says what it said.
        """
        return self.run("docker", *arguments, stdin=stdin, timeout=timeout)

    def run(
        self,
        *argv: str,
        stdin: bytes | None = None,
        timeout: float = 60,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> str:
        """Run a program that finds this engine, and return what it writes.

        :raises EngineError: it failed; says what it said.
        """
        done = self.attempt(*argv, stdin=stdin, timeout=timeout, cwd=cwd, env=env)
        if done.returncode:
            said = (done.stderr + done.stdout).decode(errors="replace").strip()
            raise EngineError(f"{' '.join(argv)}: exit {done.returncode}\n{said}")
        return done.stdout.decode().strip()

    def attempt(
        self,
        *argv: str,
        stdin: bytes | None = None,
        timeout: float = 60,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a program that finds this engine, to whatever end."""
        return subprocess.run(  # noqa: S603 - the tests' own commands
            argv,
            input=b"" if stdin is None else stdin,
            capture_output=True,
            timeout=timeout,
            check=False,
            cwd=cwd,
            env=self.environment() | (env or {}),
        )

    def environment(self) -> dict[str, str]:
        """For a program that shall find this engine."""
        return _environment() | {"DOCKER_HOST": self.host}

    def which(self, name: str) -> str:
        """The path of a program that `run` would start.

        :raises EngineError: there is none.
        """
        found = shutil.which(name, path=_environment()["PATH"])
        if found is None:
            raise EngineError(f"there is no program '{name}'")
        return found

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Ask the engine again and again until something is so.

        :raises EngineError: it does not become so.
        """
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() >= deadline:
                raise EngineError("waited in vain")

    def inspect(self, name: str) -> dict[str, Any]:
        """What the engine knows of a container."""
        found: dict[str, Any] = json.loads(self.docker("inspect", name))[0]
        return found

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.attempt("docker", "info").returncode == 0:
                return
        log = (self.folder / "dockerd.log").read_text(encoding="utf-8", errors="replace")
        raise EngineError(f"dockerd does not answer:\n{log[-3000:]}")

    def _first_process(self) -> int:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="utf-8")
        return int(children.split()[0])


def remove_leftovers() -> list[str]:
    """Remove what engines of dead processes left behind; returns the names."""
    found = [path for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if _is_dead(path.name)]
    for path in found:
        _remove(path)
    return [path.name for path in found]


def _is_dead(name: str) -> bool:
    owner = Owner.from_name(name)
    return owner is not None and Owner.of(owner.pid) != owner


def _remove(folder: Path) -> None:
    for top in Path("/sys/fs/cgroup").glob(f"*/{folder.name}"):
        for group in sorted((path for path in top.rglob("*") if path.is_dir()), reverse=True):
            group.rmdir()
        top.rmdir()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _environment() -> dict[str, str]:
    """This process's, without what would lead to another engine or to another pytest's settings."""
    dropped = ("DOCKER_", "COMPOSE_", "PYTEST_", "COV_", "LAB_", "GAIA_")
    sbin = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)} | {"PATH": sbin}
