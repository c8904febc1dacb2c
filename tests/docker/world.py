"""The whole of it: an engine, its image, the three projects, and pytest run on the host and inside."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.lab.settings import SERVICES
from tests.docker import stacks
from tests.docker.image import root_tar

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.engine import Engine

#: seconds for services to come up
PATIENCE = 40


class Ran(NamedTuple):
    """A run of pytest or of our command."""

    code: int
    output: str
    folder: Path

    @property
    def results(self) -> dict[str, Any]:
        """What `reports/parity-dev.json` says."""
        found: dict[str, Any] = json.loads((self.folder / "parity-dev.json").read_text(encoding="utf-8"))
        return found

    @property
    def causes(self) -> set[str]:
        """The ids of the causes that were named, of tests and of the run."""
        results = self.results
        comparisons = [cause for one in results["comparisons"] for cause in one.get("causes", ())]
        return {cause["id"] for cause in [*results.get("causes", ()), *comparisons]}


class World:
    """Both sides up and healthy, with a project that tests them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.project = engine.folder / "project"
        self._runs = 0

    def start(self) -> None:
        """Bring everything up, and return when every service is healthy."""
        self._write_project()
        self.import_image(stacks.IMAGE)
        self._write("fly", stacks.fly())
        self._write("local", stacks.local())
        self._write("tester", stacks.tester(self.project))
        for name in ("fly", "local", "tester"):
            self.compose(name, "up", "-d")
        self.wait_until_healthy()

    def import_image(self, name: str, **labels: str) -> None:
        """Make an image out of nothing."""
        changes = [part for label in labels.items() for part in ("-c", "LABEL {}={}".format(*label))]
        version = name.rpartition(":")[2]
        variables = f"ENV PATH=/usr/sbin:/usr/bin GAIA_VERSION={version} GAIA_COMMIT=9f2c1d7"
        self.engine.docker("import", "-c", variables, *changes, "-", name, stdin=root_tar())

    def compose(self, name: str, *arguments: str, override: dict[str, Any] | None = None) -> None:
        """Run Compose on one of the projects, with services changed where told."""
        project = {"local": stacks.LOCAL, "fly": stacks.FLY, "tester": stacks.TESTER}[name]
        files = ["-f", str(self._path(name))]
        if override is not None:
            changed = {"version": "2.4", "services": override}
            self._write(f"{name}-changed", changed)
            files += ["-f", str(self._path(f"{name}-changed"))]
        self.engine.run("docker-compose", "-p", project, *files, *arguments, timeout=120)

    @contextmanager
    def changed(self, service: str, **settings: Any) -> Iterator[None]:
        """Run a service of the Fly side with other settings while the block runs, as a wrong deploy does."""
        up = ("up", "-d", "--no-deps", service)
        self.compose("fly", *up, override={service: settings})
        try:
            yield
        finally:
            self.compose("fly", *up)
            self.wait_until_healthy()

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Stop a service of the Fly side while the block runs."""
        container = self.container(service)
        self.engine.docker("stop", "-t", "1", container)
        try:
            yield
        finally:
            self.engine.docker("start", container)
            self.wait_until_healthy()

    def container(self, service: str) -> str:
        """The container of a Compose service; no two projects have a service of the same name."""
        found = self.engine.docker("ps", "-aq", "--filter", f"label=com.docker.compose.service={service}")
        assert len(found.split()) == 1, f"{service}: {found!r}"
        return found

    def wait_until_healthy(self) -> None:
        """Wait until every service of both sides says that it is well."""
        local = [self.address(name) for name in SERVICES]
        self.wait(200, [*local, *stacks.APPS.values()])

    def wait(self, status: int, addresses: list[str]) -> None:
        """Wait until the health of services at addresses has a status."""
        urls = [f"http://{f'[{one}]' if ':' in one else one}:8000/health" for one in addresses]
        argv = (sys.executable, "-S", "-m", "tests.docker.answering", str(PATIENCE), str(status), *urls)
        self.engine.run(*self.engine.inside, *argv, cwd=stacks.ROOT, timeout=PATIENCE + 20)

    def address(self, service: str) -> str:
        """The IPv4 address of a service of the local side."""
        networks = self.engine.inspect(self.container(service))["NetworkSettings"]["Networks"]
        return str(networks[stacks.LOCAL]["IPAddress"])

    def from_inside(self, *arguments: str, program: tuple[str, ...] = ("pytest",)) -> Ran:
        """Run pytest in the container that is in both networks."""
        folder = self._reports()
        argv = (sys.executable, "-m", *program, *arguments)
        if program == ("pytest",):
            argv += ("--parity-reports", str(folder), "-p", "no:cacheprovider")
        return _ran(self.engine.attempt("docker", "exec", self.container("tester"), *argv, timeout=120), folder)

    def from_host(self, *arguments: str) -> Ran:
        """Run pytest as a process of the engine's host, beside the containers."""
        folder = self._reports()
        argv = (*self.engine.inside, sys.executable, "-m", "pytest", *arguments, "-p", "no:cacheprovider")
        argv += ("--parity-reports", str(folder))
        return _ran(self.engine.attempt(*argv, cwd=self.project, timeout=120), folder)

    def _reports(self) -> Path:
        self._runs += 1
        return self.project / f"reports-{self._runs}"

    def _write_project(self) -> None:
        """Gaia's own tests, with the configuration that is in the repository."""
        shutil.copytree(stacks.ROOT / "parity_tests", self.project / "parity_tests")
        shutil.copy(stacks.ROOT / "conftest.py", self.project)
        text = (stacks.ROOT / "pyproject.toml").read_text(encoding="utf-8")
        start, end = text.index("[tool.gaia-parity]"), text.index("[tool.ruff]")
        (self.project / "pyproject.toml").write_text(text[start:end], encoding="utf-8")

    def _write(self, name: str, content: dict[str, Any]) -> None:
        self._path(name).write_text(json.dumps(content, indent=1), encoding="utf-8")

    def _path(self, name: str) -> Path:
        return self.engine.folder / f"{name}.json"


def _ran(done: subprocess.CompletedProcess[bytes], folder: Path) -> Ran:
    return Ran(done.returncode, (done.stdout + done.stderr).decode(errors="replace"), folder)
