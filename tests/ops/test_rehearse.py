"""deploy, rollback and promote with --dry-run: the whole plan is shown, and nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.fly_errors import FlyError
from pytest_gaia_parity.errors import RefusedError
from pytest_gaia_parity.ops.deploy import DeployOptions, deploy, journal_file, rollback_options
from pytest_gaia_parity.ops.promote import promote_options
from pytest_gaia_parity.ops.rehearse import rehearse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld

HEALTH = "http://gaia-auth-dev.internal:8000/health"
V1, V2 = "registry.fly.io/gaia:v1", "registry.fly.io/gaia:v2"


@pytest.fixture(autouse=True)
def services(project: Path, world: FlyWorld) -> None:
    """A fly.toml and a parity test for each, and a first release."""
    (project / "parity_tests").mkdir()
    for service in ("gateway", "auth"):
        (project / service).mkdir()
        (project / service / "fly.toml").write_text("")
        (project / "parity_tests" / f"test_{service}.py").write_text("")
        release = {"version": 1, "status": "complete", "image": V1, "created_at": "2026-01-01T00:00:00Z"}
        world.change_app(f"gaia-{service}-dev", releases=[{**release, "description": ""}])


def test_a_dry_run_shows_everything_and_changes_nothing(place: Workplace, world: FlyWorld, tmp_path: Path) -> None:
    found = rehearse(place, ["gateway", "auth"], "dev", DeployOptions(roll_back=True))
    lines = found.lines()
    assert found.is_good
    assert lines[0] == "deploy to dev, a dry run: auth → gateway"
    auth = lines[lines.index("auth (gaia-auth-dev)") : lines.index("gateway (gaia-gateway-dev)")]
    assert auth == [
        "auth (gaia-auth-dev)",
        "  now: registry.fly.io/gaia@sha256:1, release v1 complete, machines: 2 started",
        "  secrets: 1 to write",
        "    + DATABASE_URL is added",
        "    · optional, not set: EXTRA_KEY",
        "  deploys: a build of 'auth' by 'fly.toml', on Fly's builders",
        f"  proves: a complete release newer than v1, every machine on it, their checks, an answer of {HEALTH}",
        "  verifies: health, database, secrets, urls, ipv6, machines, image, checks",
        "  parity tests: parity_tests/test_auth.py",
        "  on failure: back to registry.fly.io/gaia@sha256:1",
    ]
    assert lines[-1] == "deploy to dev: nothing stands in the way; nothing was changed"
    assert world.calls() == []
    assert not (tmp_path / "state" / "audit.jsonl").exists()


def test_everything_that_stands_in_the_way_is_told_at_once(
    project: Path, world: FlyWorld, make_place: Callable[..., Workplace]
) -> None:
    (project / "gateway" / "fly.toml").unlink()
    (project / ".env").write_text("API_KEY=x\n")
    apps = world.state["apps"]
    del apps["gaia-auth-dev"]
    world.change(apps=apps)
    found = rehearse(make_place(), ["gateway", "auth"], "dev", DeployOptions())
    told = "\n".join(found.lines())
    assert "gaia-auth-dev" in told
    for problem in ("app not found", "auth lacks DATABASE_URL", "gateway lacks DATABASE_URL", "'gateway' has no fly."):
        assert problem in told
    assert told.endswith("deploy to dev: 4 problems would end it; nothing was changed")


def test_a_protected_target_is_a_problem_of_its_own(place: Workplace) -> None:
    found = rehearse(place, ["auth"], "staging", DeployOptions(image=V2))
    assert found.problems == ("'staging' is protected: add --yes to change it",)


def test_a_missing_fly_ends_the_rehearsal_with_what_to_do(place: Workplace) -> None:
    place.fly._program = ("no-such-fly",)
    found = rehearse(place, ["auth"], "dev", DeployOptions())
    assert not found.is_good
    assert "install flyctl" in found.lines()[1]


def test_rollback_and_promotion_are_rehearsed_as_the_deploys_they_are(place: Workplace, world: FlyWorld) -> None:
    release = {"version": 2, "status": "complete", "image": V2, "created_at": "2026-01-02T00:00:00Z", "description": ""}
    app = world.app("gaia-auth-dev")
    machines = [{**machine, "image": V2, "digest": "sha256:2"} for machine in app["machines"]]
    world.change_app("gaia-auth-dev", releases=[release, *app["releases"]], machines=machines)
    back = rehearse(place, ["auth"], "dev", rollback_options(place, "auth", "dev", DeployOptions()))
    assert back.lines()[0] == "rollback to dev, a dry run: auth"
    assert f"  deploys: the image {V1}; nothing is built" in back.lines()
    assert "  secrets: stay as they are" in back.lines()
    with pytest.raises(RefusedError, match="has had no parity run"):
        promote_options(place, "auth", source="dev", target="staging", options=DeployOptions())
    forced = promote_options(place, "auth", source="dev", target="staging", options=DeployOptions(yes=True), force=True)
    promoted = rehearse(place, ["auth"], "staging", forced)
    assert "  deploys: the image registry.fly.io/gaia@sha256:2; nothing is built" in promoted.lines()
    assert world.calls() == []


def test_a_cut_off_run_is_told(place: Workplace, world: FlyWorld) -> None:
    world.plant("error", "deploy", text="boom")
    with pytest.raises(FlyError, match="boom"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V1))
    file = journal_file(place, "dev")
    file.write_text(json.dumps({**json.loads(file.read_bytes()), "outcome": "running", "pid": 2**22 + 1}))
    notes = rehearse(place, ["auth"], "dev", DeployOptions()).notes
    assert any("an earlier run was cut off" in note for note in notes)
