"""status: a row per service and target, and what was left unfinished."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import UnreachableError
from pytest_gaia_parity.ops.deploy import journal_file
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.status import status, status_json, status_lines
from pytest_gaia_parity.ops.steps import Steps

if TYPE_CHECKING:
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
