"""Two hosts, each a network namespace with a real sshd; where that cannot be, tests skip with the reason, but not in CI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.skipping import cannot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin"


def run(*command: str) -> None:
    """Run a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


@dataclass(frozen=True, slots=True)
class Host:
    """A machine that ssh reaches by *name*: a namespace, a cable to us, an address on each end."""

    name: str
    number: int

    @property
    def namespace(self) -> str:
        return f"parity-{os.getpid()}-{self.number}"

    @property
    def address(self) -> str:
        return f"192.0.2.{4 * self.number + 2}"

    @property
    def ours(self) -> str:
        """Our end of the cable: where the host finds what listens here."""
        return f"192.0.2.{4 * self.number + 1}"

    def up(self) -> None:
        near, far = f"pg{os.getpid()}-{self.number}"[-15:], "eth0"
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", self.namespace)
        run("ip", "address", "add", f"{self.ours}/30", "dev", near)
        run("ip", "link", "set", near, "up")
        for words in (("address", "add", f"{self.address}/30", "dev", far), ("link", "set", far, "up")):
            run("ip", "-n", self.namespace, *words)
        run("ip", "-n", self.namespace, "link", "set", "lo", "up")

    def down(self) -> None:
        """The cable goes with the namespace."""
        subprocess.run(["ip", "netns", "delete", self.namespace], capture_output=True, check=False)  # noqa: S603, S607


@dataclass(frozen=True, slots=True)
class Hosts:
    """Both, and the ssh configuration that knows them."""

    hosts: tuple[Host, ...]
    config: Path


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    """Two hosts that are up and answer."""
    path = f"{os.environ.get('PATH', '')}:{_SYSTEM}"
    if os.geteuid() != 0:
        cannot("network namespaces need root")
    missing = [name for name in ("ip", "ssh", "ssh-keygen", "sshd") if shutil.which(name, path=path) is None]
    if missing:
        cannot(f"not installed: {', '.join(missing)}; make packages installs what tests/scale/apt-packages.txt lists")
    if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:  # noqa: S607
        cannot("network namespaces are not allowed here, as in a container without --privileged")
    folder = tmp_path_factory.mktemp("ssh")
    made = tuple(Host(f"host{number}", number) for number in (1, 2))
    running = []
    try:
        for name in ("server", "client"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        os.makedirs("/run/sshd", exist_ok=True)  # noqa: PTH103 - where sshd insists on leaving its privileges
        sshd = shutil.which("sshd", path=path)
        assert sshd is not None
        for host in made:
            host.up()
            settings = folder / f"sshd-{host.name}"
            settings.write_text(
                f"ListenAddress {host.address}\nPort 22\nHostKey {folder}/server\nPidFile none\nUsePAM no\nStrictModes no\n"
                f"AuthorizedKeysFile {folder}/client.pub\nPermitRootLogin yes\nPasswordAuthentication no\nMaxStartups 50\n"
            )
            command = ["ip", "netns", "exec", host.namespace, sshd, "-D", "-e", "-f", str(settings)]
            running.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))  # noqa: S603 - fixed words
            _await(host.address, 22)
        (folder / "config").write_text(
            "".join(f"Host {host.name}\n  HostName {host.address}\n" for host in made)
            + f"Host *\n  User root\n  IdentityFile {folder}/client\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n"
            "  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n"
        )
        yield Hosts(made, folder / "config")
    finally:
        for process in running:
            process.terminate()
            process.wait()
        for host in made:
            host.down()


def _await(address: str, port: int) -> None:
    """Until something listens there: a refused connection is an answer, and costs no time."""
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((address, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
        else:
            return
