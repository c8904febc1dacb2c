"""pytest-xdist on two machines, reached by ssh: records, comparison and reports are complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.scale.conftest import Hosts
    from tests.servers import Project, Routes

TESTS = """
import pytest, socket
@pytest.mark.parametrize("number", range(30))
def test_item(services, parity, number):
    assert services.api.get(f"/item/{number}").json()["number"] == number
    assert len(services.api.get("/large").content) > 100_000
def test_one_differs(services):
    services.api.get("/price")
"""


def item(handler: BaseHTTPRequestHandler) -> Reply:
    return Reply({"number": int(handler.path.rpartition("/")[2])})


@pytest.fixture
def spread(project: Callable[..., Project], hosts: Hosts) -> Project:
    """A project whose services listen on our end of the cables."""
    routes: Routes = {f"/item/{number}": item for number in range(30)}
    routes["/large"] = {"rows": [f"row {number} of a large table" for number in range(8000)]}
    made = project({**routes, "/price": {"price": 3}}, dev={"/price": {"price": 4}}, address="0.0.0.0")  # noqa: S104 - the hosts are outside
    ours = hosts.hosts[0].ours
    made.configure(local=made.local.url.replace("0.0.0.0", ours), dev=made.dev.url.replace("0.0.0.0", ours))  # noqa: S104
    made.write(test_spread=TESTS)
    return made


def test_two_machines_over_ssh_are_one_run(spread: Project, hosts: Hosts) -> None:
    # a machine shares no file with us but the interpreter: it gets a folder of its own, to which xdist copies the tests
    machines = [
        f"2*ssh={host.name}//ssh_config={hosts.config}//python={sys.executable}//chdir={spread.pytester.mkdir(host.name)}"
        for host in hosts.hosts
    ]
    for host in hosts.hosts[1:]:
        subprocess.run(  # noqa: S603 - fixed words
            ["ip", "-n", host.namespace, "route", "add", "default", "via", host.ours],  # noqa: S607
            check=True,
        )
    arguments = [word for machine in machines for word in ("--tx", machine)]
    command = [sys.executable, "-m", "pytest", "--parity=dev", "--dist=load", *arguments, "--rsyncdir=parity_tests"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--rsyncdir=pyproject.toml", "-v"],
        cwd=spread.pytester.path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "parity local ≠ dev: 30 matched, 1 mismatched" in done.stdout
    workers = {line.partition("]")[0] for line in done.stdout.splitlines() if line.startswith("[gw")}
    assert workers == {"[gw0", "[gw1", "[gw2", "[gw3"}
    results = spread.results()
    (mismatch,) = [one for one in results["comparisons"] if one["verdict"] == "mismatch"]
    assert mismatch["differences"][0]["path"] == "body.price"
    for target, runs in (("local", 2), ("dev", 1)):
        lines = spread.recording(target)
        bodies = [line for line in lines if line["type"] == "body"]
        tests = [line for line in lines if line["type"] == "test"]
        # the large body once, however many tests on however many machines saw it
        assert len(bodies) == 1
        assert len(tests) >= 31 * runs
        assert all(len(line["exchanges"]) == 2 for line in tests if "test_item" in line["test"])
    assert not list(Path(spread.pytester.path).glob("host*/reports/*.jsonl")), "workers write no report"
    assert json.loads(Path(spread.pytester.path, "reports", "parity-dev.json").read_text())["summary"]["match"] == 30
