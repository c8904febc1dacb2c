"""verify: what is found wrong with a deployment, on the embedded stack and on apps played by the simulated fly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.lab.stack import Stack
from pytest_gaia_parity.lab.world import World, write_world
from pytest_gaia_parity.network.lab import LabNetwork
from pytest_gaia_parity.ops.check import Check, CheckStatus, check_json, check_junit, check_lines, exit_code_of
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.verify import planned_checks, verify
from pytest_gaia_parity.ops.workplace import Workplace, open_workplace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fly_world import FlyWorld

ROOT = Path(__file__).parents[2]


def at(checks: list[Check], service: str, name: str) -> Check:
    return next(one for one in checks if (one.service, one.name) == (service, name))


def bad(checks: list[Check]) -> set[tuple[str, str]]:
    return {(one.service, one.name) for one in checks if one.is_bad}


def lab_place(stack: Stack, folder: Path) -> tuple[Workplace, World]:
    config = load_config(ROOT)
    world = write_world(config, stack, folder)
    place = open_workplace(
        config,
        say=lambda _: None,
        program=world.program,
        env=world.env,
        state=world.state,
        env_file=world.env_file,
        open_network=lambda _, target: LabNetwork(world.routes.get(target, {})),
    )
    return place, world


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(load_config(ROOT), baseline="local", candidates=["dev"]) as stack:
        yield stack


@pytest.mark.lab
def test_a_sound_deployment_passes_every_check(stack: Stack, tmp_path: Path) -> None:
    place, _ = lab_place(stack, tmp_path)
    checks = verify(place, "dev")
    assert bad(checks) == set()
    assert {one.status for one in checks} == {CheckStatus.OK}
    assert [(one.service, one.name) for one in checks] == planned_checks(place, "dev")
    assert exit_code_of(checks) == 0


@pytest.mark.lab
def test_the_local_side_is_checked_too(stack: Stack, tmp_path: Path) -> None:
    checks = verify(lab_place(stack, tmp_path)[0], "local")
    assert bad(checks) == set()
    assert at(checks, "gateway", "calls auth").status is CheckStatus.SKIPPED


@pytest.mark.lab
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("missing-secret", {("chat", "health"), ("chat", "secrets")}),
        ("database-down", {("asset", "health"), ("asset", "database")}),
        ("ipv4-only", {("asset", "health"), ("asset", "database"), ("asset", "ipv6")}),
    ],
)
def test_faults_of_the_lab_are_found(fault: str, expected: set[tuple[str, str]], tmp_path: Path) -> None:
    with Stack(load_config(ROOT), baseline="local", candidates=["dev"], faults=[fault]) as broken:
        checks = verify(lab_place(broken, tmp_path)[0], "dev")
    found = {one for one in bad(checks) if not one[1].startswith("calls")}
    assert found == expected
    calls = {one for one in bad(checks) if one[1].startswith("calls")}
    assert calls <= {("gateway", f"calls {service}") for service, _ in expected}
    assert calls


@pytest.mark.lab
def test_syncing_secrets_restarts_the_real_service_and_heals_it(tmp_path: Path) -> None:
    with Stack(load_config(ROOT), baseline="local", candidates=["dev"], faults=["missing-secret"]) as broken:
        place, _ = lab_place(broken, tmp_path)
        plan = sync_secrets(place, "dev", services=["chat"])
        assert plan.is_good
        assert bad(verify(place, "dev")) == set()


def test_what_cannot_be_reached_is_told_apart_from_what_is_wrong(place: Workplace) -> None:
    checks = verify(place, "dev", services=["auth"])
    assert at(checks, "auth", "health").status is CheckStatus.UNREACHABLE
    assert at(checks, "auth", "machines").status is CheckStatus.OK


def test_missing_and_staged_secrets_are_named(place: Workplace) -> None:
    assert "missing: DATABASE_URL" in at(verify(place, "dev"), "auth", "secrets").says
    sync_secrets(place, "dev", stage=True)
    assert "staged, not deployed: DATABASE_URL" in at(verify(place, "dev"), "auth", "secrets").says
    sync_secrets(place, "dev")
    assert at(verify(place, "dev"), "auth", "secrets").status is CheckStatus.OK


def test_stopped_machines_and_mixed_images_are_named(place: Workplace, world: FlyWorld) -> None:
    machines = world.app("gaia-auth-dev")["machines"]
    machines[0] |= {"image": "registry.fly.io/gaia:v2", "digest": "sha256:2"}
    machines = [{**machine, "state": "stopped"} for machine in machines]
    world.change_app("gaia-auth-dev", machines=machines)
    checks = verify(place, "dev", services=["auth"])
    assert "2 stopped" in at(checks, "auth", "machines").says
    assert "machines differ: registry.fly.io/gaia@sha256:2" in at(checks, "auth", "image").says


def test_failing_checks_of_the_platform_are_named(place: Workplace, world: FlyWorld) -> None:
    machines = world.app("gaia-auth-dev")["machines"]
    machines[0] |= {"check": "critical", "output": "connect: connection refused"}
    world.change_app("gaia-auth-dev", machines=machines)
    says = at(verify(place, "dev", services=["auth"]), "auth", "checks").says
    assert f"health on {machines[0]['id']}: connect: connection refused" in says


def test_a_call_that_fails_inside_is_told(place: Workplace, world: FlyWorld) -> None:
    machines = [{**machine, "state": "stopped"} for machine in world.app("gaia-auth-dev")["machines"]]
    world.change_app("gaia-auth-dev", machines=machines)
    check = at(verify(place, "dev"), "gateway", "calls auth")
    assert check.status is CheckStatus.FAILED
    assert "Could not resolve host: gaia-auth-dev.internal" in check.says


def test_a_public_url_between_services_fails(project: Path, make_place: Callable[..., Workplace]) -> None:
    config = project / "pyproject.toml"
    config.write_text(config.read_text().replace("http://{app}.internal:8000", "https://{app}.fly.dev"))
    check = at(verify(make_place(), "dev"), "gateway", "urls")
    assert "https://gaia-auth-dev.fly.dev" in check.says


CHECKS = [
    Check(service="auth", name="health", status=CheckStatus.OK, says="200"),
    Check(service="auth", name="nats", status=CheckStatus.FAILED, says="down", hint="start it"),
    Check(service="chat", name="calls auth", status=CheckStatus.SKIPPED, says="no machine"),
]


def test_the_table_has_hints_and_a_closing_line() -> None:
    assert check_lines("dev", CHECKS) == [
        "✔ auth  health      ok       200",
        "✖ auth  nats        failed   down",
        "    hint: start it",
        "· chat  calls auth  skipped  no machine",
        "verify dev: 1 ok, 1 failed, 1 skipped",
    ]


def test_json_and_junit_say_the_same() -> None:
    told = json.loads(check_json("dev", CHECKS))
    assert [one["status"] for one in told["checks"]] == ["ok", "failed", "skipped"]
    suite = ET.fromstring(check_junit("dev", CHECKS))  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")


@pytest.mark.parametrize(
    ("statuses", "code"),
    [(["ok", "skipped"], 0), (["ok", "failed", "unreachable"], 1), (["ok", "unreachable"], 69), ([], 0)],
)
def test_exit_codes(statuses: list[str], code: int) -> None:
    assert exit_code_of([Check(service="a", name="b", status=CheckStatus(status)) for status in statuses]) == code
