"""status: a row per service and target, and what was left unfinished."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, ClassVar

from pytest_gaia_parity.errors import UnreachableError
from pytest_gaia_parity.ops.deploy import journal_file
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.status import status, status_json, status_lines
from pytest_gaia_parity.ops.steps import Steps

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld

AUTH = "gaia-auth-dev"


def test_rows_tell_what_runs_and_what_is_missing(place: Workplace, world: FlyWorld) -> None:
    machines = world.app(AUTH)["machines"]
    machines[1] |= {"state": "stopped", "region": "fra"}
    world.change_app(AUTH, machines=machines)
    found = status(place, "dev", services=["auth"])
    local, row = found.services
    assert (local.target, local.machines, local.missing) == ("local", {}, ())
    assert (row.app, row.machines, row.checks) == (AUTH, {"started ams": 1, "stopped fra": 1}, "1/1 passing")
    assert (row.image, row.release, row.missing) == ("registry.fly.io/gaia@sha256:1", "none", ("DATABASE_URL",))
    assert "dev/auth lacks secrets: DATABASE_URL" in status_lines(found)
    sync_secrets(place, "dev")
    assert status(place, "dev", services=["auth"]).services[1].release == "v1 complete"


def test_one_unknown_app_leaves_the_others(place: Workplace, world: FlyWorld) -> None:
    apps = world.state["apps"]
    del apps[AUTH]
    world.change(apps=apps)
    rows = {(row.target, row.service): row for row in status(place, "dev").services}
    assert "app not found" in rows["dev", "auth"].problem
    assert rows["dev", "gateway"].problem == ""


class DockerSocket(BaseHTTPRequestHandler):
    """Docker's API on a Unix socket, as far as it is asked."""

    rows: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        other = {"SecurityOptions": ["name=rootless"], "NetworkSettings": {"Networks": {}}}
        content = json.dumps(self.rows if self.path.startswith("/containers/json") else other).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self) -> str:
        return "docker"

    def log_message(self, *arguments: object) -> None: ...


def test_compose_services_stand_in_the_same_table(
    place: Workplace, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = "com.docker.compose."
    labels = {f"{label}project": "gaia", f"{label}service": "auth", f"{label}project.working_dir": str(project)}
    row = {"Id": "1", "Names": ["/gaia-auth-1"], "Image": "gaia-auth", "ImageID": "sha256:1", "Labels": labels}
    DockerSocket.rows = [{**row, "State": "running", "Status": "Up 8 minutes (healthy)"}]
    path = str(tmp_path / "docker.sock")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    with socketserver.ThreadingUnixStreamServer(path, DockerSocket) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        row_of_auth = status(place, "dev", services=["auth"]).services[0]
        server.shutdown()
    assert (row_of_auth.machines, row_of_auth.image, row_of_auth.checks) == ({"running": 1}, "gaia-auth", "1/1 passing")


def test_json_has_every_field(place: Workplace) -> None:
    told = json.loads(status_json(status(place, "dev", services=["auth"])))
    assert (told["schema"], told["target"], told["services"][1]["app"]) == (1, "dev", AUTH)


def test_a_deploy_under_way_and_one_that_was_cut_off_are_told_apart(place: Workplace) -> None:
    file = journal_file(place, "dev")
    steps = Steps(command="gaia-parity deploy auth dev", target="dev", services=["auth"], file=file, say=lambda _: None)
    with steps.all(), steps.step("auth: fly deploy"):
        found = status(place, "dev")
        assert "auth: fly deploy: running" in found.under_way
        assert found.cut_off == ""
        journal = json.loads(file.read_bytes())
        assert journal["pid"] == os.getpid()
        file.write_text(json.dumps({**journal, "pid": 2**22 + 1}))
        found = status(place, "dev")
        assert found.under_way == ""
        assert "cut off: 'gaia-parity deploy auth dev'" in "\n".join(status_lines(found))
    assert status(place, "dev").under_way == ""


def test_a_network_that_is_not_there_is_told_in_the_row(place: Workplace) -> None:
    class Broken:
        def open(self) -> None:
            raise UnreachableError("WireGuard is down")

        def close(self) -> None: ...

    object.__setattr__(place, "open_network", lambda *_: Broken())
    assert status(place, "dev", services=["auth"]).services[1].health == "WireGuard is down"
