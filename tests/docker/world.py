"""The whole of it: an engine, its image, the three projects, and pytest run on the host and inside."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.lab.settings import SERVICES
from tests.docker import stacks
from tests.docker.image import host_mounts, root_tar

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tests.docker.engine import Engine

#: a client that does not speak Brotli
_GZIP_ONLY = """
def test_a_client_that_speaks_gzip_only(gateway):
    response = gateway.get("/status", headers={"Accept-Encoding": "gzip"})
    assert response.status_code == 200
"""

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
        self.import_image(stacks.OTHER_IMAGE)
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

    @contextmanager
    def cut_off(self, service: str) -> Iterator[None]:
        """Drop every packet to a service of the Fly side while the block runs."""
        rule = ("INPUT", "-p", "tcp", "--dport", "8000", "-j", "DROP")
        container = self.container(service)
        self.engine.docker("exec", container, "ip6tables-nft", "-A", *rule)
        try:
            yield
        finally:
            self.engine.docker("exec", container, "ip6tables-nft", "-D", *rule)

    @contextmanager
    def configured(self, text: str, other: str) -> Iterator[None]:
        """Have another text in the project's configuration while the block runs."""
        path = self.project / "pyproject.toml"
        before = path.read_text(encoding="utf-8")
        assert text in before
        path.write_text(before.replace(text, other), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")

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

    def from_inside(self, *arguments: str) -> Ran:
        """Run pytest in the container that is in both networks."""
        folder = self._reports()
        argv = ("docker", "exec", self.container("tester"), *_pytest(folder, *arguments))
        return _ran(self.engine.attempt(*argv, timeout=120), folder)

    def from_network(self, network: str, *arguments: str) -> Ran:
        """Run pytest in a container of its own, which is in one network only, as a CI runner may be."""
        folder = self._reports()
        volumes = [
            part for path in (*host_mounts(stacks.ROOT), f"{self.project}:{self.project}") for part in ("-v", path)
        ]
        options = ("--rm", "--network", network, "--dns", stacks.DNS_IPV4, "--dns-option", "timeout:1")
        here = ("-w", str(self.project), "-e", f"LD_LIBRARY_PATH={sys.base_prefix}/lib")
        argv = ("docker", "run", *options, *volumes, *here, stacks.IMAGE, *_pytest(folder, *arguments))
        return _ran(self.engine.attempt(*argv, timeout=120), folder)

    def compare(self, baseline: Path, candidate: Path) -> Ran:
        """Run `gaia-parity compare` where neither network is."""
        folder = self._reports()
        argv = (sys.executable, "-m", "pytest_gaia_parity", "compare", str(baseline), str(candidate))
        return _ran(self.engine.attempt(*argv, "--reports", str(folder), cwd=self.engine.folder), folder)

    def from_host(self, *arguments: str, resolver: str = stacks.DNS) -> Ran:
        """Run pytest as a process of the engine's host, beside the containers.

        :param resolver: the DNS server that the system asks; by default 6PN's, as with WireGuard up.
        """
        folder = self._reports()
        path = self.engine.folder / "resolv.conf"
        path.write_text(f"nameserver {resolver}\n", encoding="utf-8")
        with_resolver = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        argv = (*self.engine.inside, "unshare", "--mount", "sh", "-c", with_resolver, str(path))
        command = (*argv, *_pytest(folder, *arguments))
        return _ran(self.engine.attempt(*command, cwd=self.project, timeout=120), folder)

    def new_path(self, name: str) -> Path:
        """A path that containers may write to, and nothing has been written to."""
        self._runs += 1
        return self.project / f"{self._runs}-{name}"

    def _reports(self) -> Path:
        return self.new_path("reports")

    def _write_project(self) -> None:
        """Gaia's own tests, with the configuration that is in the repository."""
        shutil.copytree(stacks.ROOT / "parity_tests", self.project / "parity_tests")
        shutil.copy(stacks.ROOT / "conftest.py", self.project)
        (self.project / "parity_tests/test_gzip_only.py").write_text(_GZIP_ONLY, encoding="utf-8")
        text = (stacks.ROOT / "pyproject.toml").read_text(encoding="utf-8")
        start, end = text.index("[tool.gaia-parity]"), text.index("[tool.ruff]")
        text = text[start:end].replace('network = "docker"\n', f'network = "docker"\nproject = "{stacks.LOCAL}"\n')
        (self.project / "pyproject.toml").write_text(text, encoding="utf-8")

    def _write(self, name: str, content: dict[str, Any]) -> None:
        self._path(name).write_text(json.dumps(content, indent=1), encoding="utf-8")

    def _path(self, name: str) -> Path:
        return self.engine.folder / f"{name}.json"


def _pytest(folder: Path, *arguments: str) -> tuple[str, ...]:
    quiet = ("-p", "no:cacheprovider", "--parity-reports", str(folder))
    return (sys.executable, "-m", "pytest", *arguments, *quiet)


def _ran(done: subprocess.CompletedProcess[bytes], folder: Path) -> Ran:
    return Ran(done.returncode, (done.stdout + done.stderr).decode(errors="replace"), folder)
