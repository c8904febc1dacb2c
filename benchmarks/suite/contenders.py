"""The same suite for each contender: a folder with its files, and the command that runs it there."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: tests, requests in each, and requests that are under way at once where a contender can do that
TESTS, REQUESTS, AT_ONCE = 500, 2, 64

_FLOOR = """
import asyncio, sys
async def lane(port, count):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(count):
        writer.write(b"GET /items/%d HTTP/1.1\\r\\nhost: service\\r\\n\\r\\n" % number)
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\\r\\n")[0])
        await reader.readexactly(length)
    writer.close()
async def main(total, lanes, ports):
    for port in ports:
        counts = [total // lanes + (number < total % lanes) for number in range(lanes)]
        await asyncio.gather(*(lane(port, count) for count in counts if count))
asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), [int(text) for text in sys.argv[3:]]))
"""

_PLAIN = """
import httpx, pytest
@pytest.fixture(scope="session", params={ports})
def service(request):
    with httpx.Client(base_url=f"http://127.0.0.1:{{request.param}}", trust_env=False) as client:
        yield client
@pytest.mark.parametrize("number", range({tests}))
def test_items(service, number):
    for request in range({requests}):
        response = service.get(f"/items/{{number}}/{{request}}")
        assert response.status_code == 200
        assert len(response.json()["items"]) == 10
"""

_PARITY = """
import pytest
@pytest.mark.parametrize("number", range({tests}))
def test_items(services, number):
    for request in range({requests}):
        response = services.items.get(f"/items/{{number}}/{{request}}")
        assert response.status_code == 200
        assert len(response.json()["items"]) == 10
"""

_CONFIG = """
[tool.gaia-parity]
baseline = "local"
parity-tests = ["."]
[tool.gaia-parity.targets.local]
network = "direct"
urls = {{ items = "http://127.0.0.1:{local}" }}
[tool.gaia-parity.targets.dev]
network = "direct"
urls = {{ items = "http://127.0.0.1:{dev}" }}
[tool.gaia-parity.services.items]
health = "/health"
"""

_TAVERN = """
test_name: items {number} of {port}
stages:
{stages}
---
"""
_STAGE = """  - name: request {request}
    request: {{url: "http://127.0.0.1:{port}/items/{number}/{request}", method: GET}}
    response: {{status_code: 200}}
"""


@dataclass(frozen=True)
class Contender:
    """One way to run the suite: its name, its command, requests it sends; why it cannot run here, if it cannot."""

    name: str
    command: tuple[str, ...]
    folder: Path
    passes: int = 2
    missing: str = ""


def write_suite(folder: Path, ports: tuple[int, int]) -> None:
    """Write every contender's files."""
    sizes = {"tests": TESTS, "requests": REQUESTS, "ports": list(ports)}
    (folder / "plain").mkdir()
    (folder / "parity").mkdir()
    (folder / "tavern").mkdir()
    (folder / "floor.py").write_text(_FLOOR)
    (folder / "plain" / "test_plain.py").write_text(_PLAIN.format(**sizes))
    (folder / "parity" / "test_parity.py").write_text(_PARITY.format(**sizes))
    (folder / "parity" / "pyproject.toml").write_text(_CONFIG.format(local=ports[0], dev=ports[1]))
    for port in ports:
        tests = "".join(
            _TAVERN.format(
                number=number,
                port=port,
                stages="".join(_STAGE.format(request=one, port=port, number=number) for one in range(REQUESTS)),
            )
            for number in range(TESTS)
        )
        (folder / "tavern" / f"test_{port}.tavern.yaml").write_text(tests.removesuffix("---\n"))


def contenders(folder: Path, ports: tuple[int, int], tavern_python: str) -> Iterator[Contender]:
    """All of them, the floor first."""
    python = sys.executable
    # plugins that the development environment has, and that cost each run half a second
    others = (part for name in ("hypothesispytest", "playwright", "base_url") for part in ("-p", f"no:{name}"))
    pytest = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *others)
    plain, parity, tavern = (folder / name for name in ("plain", "parity", "tavern"))
    floor = (python, str(folder / "floor.py"), str(TESTS * REQUESTS), str(AT_ONCE), *map(str, ports))
    bare, compared = (*pytest, "-p", "no:gaia-parity"), (*pytest, "--parity", "dev")
    yield Contender("floor: raw asyncio sockets", floor, folder)
    yield Contender("the same for three passes", (*floor, str(ports[0])), folder, 3)
    yield Contender(f"parity, {AT_ONCE} jobs", (*compared, "--parity-jobs", str(AT_ONCE)), parity, 3)
    # as many passes as the others make: what the second run of the baseline costs is seen
    once = (*compared, "--parity-jobs", str(AT_ONCE), "--parity-repeat", "1")
    yield Contender(f"parity, {AT_ONCE} jobs, the baseline once", once, parity)
    yield Contender("parity, one at a time", compared, parity, 3)
    yield Contender("parity -n 4", (*compared, "-n", "4"), parity, 3)
    yield Contender("pytest", bare, plain)
    yield Contender("pytest -n 8", (*bare, "-n", "8"), plain)
    # in an environment of its own: its last version does not load under pytest 9.2
    own = (tavern_python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "8")
    yield Contender(
        "tavern -n 8", own, tavern, missing="" if tavern_python else "--tavern PYTHON, with tavern and pytest-xdist"
    )
    newman = shutil.which("newman")
    yield Contender(
        "newman",
        (newman or "newman", "run", str(folder / "newman.json"), "--silent"),
        folder,
        missing="" if newman else "npm install --global newman",
    )
