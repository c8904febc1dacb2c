"""A real engine with both sides up, once for all tests; where that cannot be, tests skip with the reason, but not in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.docker.engine import Engine
from tests.docker.world import World
from tests.skipping import cannot

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAMS = (
    *("dockerd", "docker", "docker-compose", "ip", "ip6tables", "unshare", "nsenter", "setpriv"),
    *("dnsmasq", "nginx", "nats-server"),
)
_FILES = ("/usr/lib/postgresql", "/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the engine; on one worker, since bringing it up takes longest."""
    for item in items:
        if "tests/docker/" in item.path.as_posix():
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.xdist_group("docker"))


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A private Docker engine in a network of its own."""
    if os.geteuid() != 0:
        cannot("a Docker engine of one's own needs root")
    path = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    missing = [name for name in _PROGRAMS if shutil.which(name, path=path) is None]
    missing += [name for name in _FILES if not os.path.exists(name)]  # noqa: PTH110 - a table of names
    if missing:
        cannot(f"not installed: {', '.join(missing)}; make packages installs what tests/docker/apt-packages.txt lists")
    namespaces = ("unshare", "--net", "--mount", "--pid", "--fork", "true")
    if subprocess.run(namespaces, capture_output=True, check=False).returncode:  # noqa: S603 - the words above
        cannot("namespaces of one's own are not allowed here, as in a container without --privileged")
    running = Engine.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def world(engine: Engine) -> World:
    """Gaia on both sides, healthy, with a project that tests it."""
    made = World(engine)
    made.start()
    return made
