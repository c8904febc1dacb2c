"""deploy, rollback, promote against the simulated fly: what is proved, what is told, what is put back."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.adapters.fly_errors import FlyError
from pytest_gaia_parity.errors import CommandError, ParityError, RefusedError
from pytest_gaia_parity.ops.deploy import DeployOptions, deploy, in_order_of_calls, journal_file, rollback
from pytest_gaia_parity.ops.promote import promote
from pytest_gaia_parity.ops.steps import read_journal
from tests.ops.answering import OneServer
from tests.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld
    from tests.servers import Server

GATEWAY, AUTH = "gaia-gateway-dev", "gaia-auth-dev"
V1, V2 = "registry.fly.io/gaia:v1", "registry.fly.io/gaia:v2"


@pytest.fixture
def place(answering_place: Workplace) -> Workplace:
    return answering_place


def images(world: FlyWorld, app: str) -> list[str]:
    return [machine["image"] for machine in world.app(app)["machines"]]


QUICK = DeployOptions(image=V2)


def test_a_deploy_brings_secrets_and_image_and_proves_them(place: Workplace, world: FlyWorld, said: list[str]) -> None:
    (release,) = deploy(place, ["auth"], "dev", QUICK)
    assert (release.version, release.image, release.answer) == (2, "registry.fly.io/gaia@sha256:2", "200 2")
    assert release.previous == "registry.fly.io/gaia@sha256:1"
    assert images(world, AUTH) == [V2, V2]
    assert world.machine_values(AUTH) == [world.values(AUTH)] * 2
    done = [
        line.partition(": ")[2].partition(":")[0].partition(" (")[0] for line in said if line.startswith("✔ auth: ")
    ]
    assert [step for step in done if not step.startswith("staged;")] == [
        "preflight", "secrets", "fly deploy", "complete release", "machines on it", "checks", "answers", "verify",
    ]  # fmt: skip


def test_without_an_image_the_services_own_folder_is_built(place: Workplace, world: FlyWorld) -> None:
    (release,) = deploy(place, ["auth"], "dev", DeployOptions())
    assert release.image.startswith("registry.fly.io/gaia-auth-dev@sha256:")
    assert images(world, AUTH)[0].startswith("registry.fly.io/gaia-auth-dev:deployment-")


def test_a_service_without_fly_toml_is_named(place: Workplace, project: Path, world: FlyWorld) -> None:
    (project / "auth" / "fly.toml").unlink()
    with pytest.raises(
        RefusedError, match=r"'auth' has no fly\.dev\.toml and no fly\.toml in 'auth', 'services/auth', '\.'"
    ):
        deploy(place, ["auth"], "dev", DeployOptions())
    assert world.calls() == []


def test_what_is_called_is_deployed_before_what_calls_it(place: Workplace) -> None:
    assert in_order_of_calls(place, ["gateway", "auth"]) == ("auth", "gateway")
    assert [one.service for one in deploy(place, ["gateway", "auth"], "dev", QUICK)] == ["auth", "gateway"]


@pytest.mark.parametrize("kind", ["unhealthy", "crash"])
def test_a_broken_image_fails_and_is_rolled_back_on_all_services(
    kind: str, place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.change_app(GATEWAY, **{"broken-images": {V2: kind}})
    with pytest.raises(FlyError, match=r"smoke checks|health checks"):
        deploy(place, ["gateway", "auth"], "dev", DeployOptions(image=V2, roll_back=True))
    assert images(world, AUTH) == [V1, V1]
    assert set(images(world, GATEWAY)) == {V1}
    assert "✔ auth: back to registry.fly.io/gaia@sha256:1" in "\n".join(said)


def test_without_rollback_a_half_done_deploy_stays_and_is_told(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.change_app(GATEWAY, **{"broken-images": {V2: "unhealthy"}})
    with pytest.raises(FlyError):
        deploy(place, ["gateway"], "dev", QUICK)
    assert sorted(images(world, GATEWAY)) == [V1, V2]
    assert said[-1] == "to go on: gaia-parity deploy gateway dev"
    assert said[-2].startswith("failed after: gateway: preflight, gateway: secrets")


def test_a_service_that_does_not_answer_fails_although_fly_is_content(
    make_place: Callable[..., Workplace], place: Workplace, serve: Callable[[Any], Server]
) -> None:
    assert place
    server = serve({"/health": Reply({}, status=503)})
    place = make_place(open_network=lambda *_: OneServer(server))
    with pytest.raises(CommandError, match=r"http://gaia-auth-dev\.internal:8000/health: answers 503"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, proof=0.2))


def test_a_fully_stopped_app_is_no_success(place: Workplace, world: FlyWorld) -> None:
    world.change_app(AUTH, machines=[{**machine, "state": "stopped"} for machine in world.app(AUTH)["machines"]])
    with pytest.raises(CommandError, match="the new release has never run"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, proof=0.2))


def test_a_failure_of_the_api_after_the_deploy_is_none_if_the_proof_holds(place: Workplace, world: FlyWorld) -> None:
    world.plant("http", "deploy", app=AUTH, status=504, moment="settled")
    (release,) = deploy(place, ["auth"], "dev", QUICK)
    assert release.version == 2


def test_a_pruned_image_is_named(place: Workplace, world: FlyWorld) -> None:
    with pytest.raises(FlyError, match="could not find image") as caught:
        deploy(place, ["auth"], "dev", DeployOptions(image="registry.fly.io/gaia:gone"))
    assert "gone from the registry" in caught.value.hint
    assert images(world, AUTH) == [V1, V1]


def test_a_held_lease_says_when_to_come_back(place: Workplace, world: FlyWorld) -> None:
    world.plant("lease", "machine update", app=AUTH)
    with pytest.raises(FlyError, match="lease currently held") as caught:
        deploy(place, ["auth"], "dev", QUICK)
    assert "13 s" in caught.value.hint
    assert deploy(place, ["auth"], "dev", QUICK)[0].version == 3


def test_a_rollback_returns_to_the_image_before(place: Workplace, world: FlyWorld) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    place.fly.deploy_secrets(AUTH)  # a release of the same image: the previous release is not the previous image
    release = rollback(place, "auth", "dev", DeployOptions())
    assert images(world, AUTH) == [V1, V1]
    assert release.image == "registry.fly.io/gaia@sha256:1"


def test_a_rollback_without_another_image_is_refused(place: Workplace) -> None:
    with pytest.raises(RefusedError, match="has no complete release with another image"):
        rollback(place, "auth", "dev", DeployOptions())


def write_results(project: Path, *, verdict: str = "match", started: str = "2099-01-01T00:00:00+00:00") -> None:
    folder = project / "reports"
    folder.mkdir(exist_ok=True)
    comparisons = [{"test": "parity_tests/test_auth.py::test_a", "verdict": verdict}]
    results = {"schema": 1, "candidate": {"name": "dev", "started": started}, "comparisons": comparisons, "summary": {}}
    (folder / "parity-dev.json").write_text(json.dumps(results))


YES = DeployOptions(yes=True)


def test_a_promotion_deploys_the_very_image(place: Workplace, world: FlyWorld, project: Path) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    write_results(project)
    release = promote(place, "auth", source="dev", target="staging", options=YES)
    assert (release.target, release.image) == ("staging", "registry.fly.io/gaia@sha256:2")
    assert images(world, "gaia-auth-staging") == [V2, V2]


@pytest.mark.parametrize(
    ("results", "says"),
    [
        (None, "has had no parity run"),
        ({"verdict": "mismatch"}, r"did not match: parity_tests/test_auth\.py::test_a"),
        ({"verdict": "skipped"}, "compared nothing of 'auth'"),
        ({"started": "2020-01-01T00:00:00+00:00"}, "older than its release v1"),
    ],
)
def test_a_promotion_needs_a_parity_run_that_vouches_for_it(
    results: dict[str, str] | None, says: str, *, place: Workplace, world: FlyWorld, project: Path
) -> None:
    if results is not None:
        write_results(project, **results)
    with pytest.raises(RefusedError, match=says):
        promote(place, "auth", source="dev", target="staging", options=YES)
    assert world.calls() == []


def test_a_forced_promotion_is_told_in_the_audit_log(place: Workplace, tmp_path: Path) -> None:
    promote(place, "auth", source="dev", target="staging", options=YES, force=True)
    log = [json.loads(line) for line in (tmp_path / "state" / "audit.jsonl").read_text().splitlines()]
    assert [line["forced"] for line in log if line["command"] == "promote"] == [True, True]


def test_a_protected_target_asks_for_consent(place: Workplace, project: Path) -> None:
    write_results(project)
    with pytest.raises(RefusedError, match="'staging' is protected"):
        promote(place, "auth", source="dev", target="staging", options=DeployOptions())


def interrupted_at(place: Workplace, moment: str) -> None:
    """Press Ctrl-C as soon as a line begins with *moment*."""
    main = threading.main_thread().ident
    assert main is not None
    say = place.say

    def heard(line: str) -> None:
        say(line)
        if line.startswith(moment):
            signal.pthread_kill(main, signal.SIGINT)

    object.__setattr__(place, "say", heard)


@pytest.mark.parametrize(
    "step",
    [
        "preflight",
        "secrets",
        "fly deploy",
        "complete release",
        "machines on it",
        "checks",
        "answers",
        "verify",
        "parity tests",
    ],
)
def test_ctrl_c_at_every_step_says_what_was_done_and_how_to_go_on(step: str, place: Workplace, said: list[str]) -> None:
    interrupted_at(place, f"● auth: {step}")
    with pytest.raises(KeyboardInterrupt):
        deploy(place, ["auth"], "dev", QUICK)
    assert said[-1] == "to go on: gaia-parity deploy auth dev"
    assert said[-2].startswith("interrupted after: ")
    journal = read_journal(journal_file(place, "dev"))
    assert journal is not None
    assert (journal.outcome, journal.steps[-1].status) == ("interrupted", "interrupted")


def test_ctrl_c_in_the_middle_of_fly_deploy_ends_fly_and_leaves_no_doubt(
    place: Workplace, world: FlyWorld, said: list[str], make_place: Callable[..., Workplace]
) -> None:
    world.plant("hang", "machine update", app=AUTH)
    main = threading.main_thread().ident
    assert main is not None

    def heard(line: str) -> None:
        if "Updating" in line and "1/2" in line:
            signal.pthread_kill(main, signal.SIGINT)

    watched = make_place(open_network=place.open_network, live=heard)
    with pytest.raises(KeyboardInterrupt):
        deploy(watched, ["auth"], "dev", QUICK)
    assert world.app(AUTH)["releases"][0]["status"] == "interrupted"
    assert "✖ auth: fly deploy" in "\n".join(said)
    world.change(faults=[])
    assert deploy(place, ["auth"], "dev", QUICK)[0].version == 3


def test_a_killed_deploy_is_told_by_the_next(place: Workplace, said: list[str]) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    file = journal_file(place, "dev")
    journal = json.loads(file.read_bytes())
    file.write_text(json.dumps({**journal, "outcome": "running", "pid": 2**22 + 1}))
    deploy(place, ["auth"], "dev", QUICK)
    assert any(line.startswith("note: an earlier run was cut off: 'gaia-parity deploy auth dev'") for line in said)


def test_failing_parity_tests_fail_the_deploy(place: Workplace, project: Path) -> None:
    (project / "parity_tests").mkdir()
    (project / "parity_tests" / "test_auth.py").write_text("def test_a():\n    assert 0\n")
    with pytest.raises(ParityError, match="the parity tests of 'auth' do not pass"):
        deploy(place, ["auth"], "dev", QUICK)


def test_a_rollback_removes_new_secrets_and_names_those_that_keep_their_new_value(
    place: Workplace, world: FlyWorld, said: list[str], project: Path, make_place: Callable[..., Workplace]
) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    before = world.values(AUTH)
    (project / ".env").write_text("DATABASE_URL='postgres://gaia:other@db/gaia'\nEXTRA_KEY='new-and-secret'\n")
    place = make_place(open_network=place.open_network)
    world.change(images={V1: "sha256:1", V2: "sha256:2", "registry.fly.io/gaia:v3": "sha256:3"})
    world.change_app(AUTH, **{"broken-images": {"registry.fly.io/gaia:v3": "unhealthy"}})
    with pytest.raises(FlyError):
        deploy(place, ["auth"], "dev", DeployOptions(image="registry.fly.io/gaia:v3", roll_back=True))
    assert images(world, AUTH) == [V2, V2]
    values = world.values(AUTH)
    assert (set(values), values["DATABASE_URL"] != before["DATABASE_URL"]) == ({"DATABASE_URL"}, True)
    assert world.machine_values(AUTH) == [values, values]
    told = "\n".join(said)
    assert "✔ auth: new secrets removed again: EXTRA_KEY" in told
    assert "auth: an image goes back, secrets do not: DATABASE_URL keep" in told
    assert "then: gaia-parity sync-secrets dev --services auth" in told
    assert "new-and-secret" not in told


def test_secrets_staged_by_a_deploy_that_never_began_are_taken_back(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.plant("error", "secrets import", app=AUTH, text="boom", moment="after")
    with pytest.raises(ParityError, match="boom"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, roll_back=True))
    assert world.calls() == [f"import {AUTH} DATABASE_URL", f"unset {AUTH} DATABASE_URL"], "nothing was deployed"
    assert world.values(AUTH) == {}
    assert "✔ auth: new secrets removed again: DATABASE_URL" in "\n".join(said)


def test_a_rollback_says_which_secrets_were_written_since(place: Workplace, said: list[str]) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    rollback(place, "auth", "dev", DeployOptions())
    assert "its secrets stay as they are; written from here after that release: DATABASE_URL" in "\n".join(said)


def test_an_image_is_deployed_with_the_apps_own_configuration(
    place: Workplace, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "fly.toml").write_text('app = "somebody-elses"\n')
    folders: list[Path] = []
    real = place.fly.deploy

    def seen(app: str, **given: Any) -> Any:
        folders.append(given["folder"])
        return real(app, **given)

    monkeypatch.setattr(place.fly, "deploy", seen)
    deploy(place, ["auth"], "dev", QUICK)
    (folder,) = folders
    assert not list(folder.glob("fly*.toml"))
