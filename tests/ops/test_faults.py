"""What goes wrong around operations: nothing is lost, and what is said names what happened and what to do."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.process import Command, Runner
from pytest_gaia_parity.errors import CommandError, ParityError, RefusedError
from pytest_gaia_parity.ops.check import CheckStatus
from pytest_gaia_parity.ops.deploy import DeployOptions, deploy, rollback
from pytest_gaia_parity.ops.fingerprints import Fingerprints
from pytest_gaia_parity.ops.secrets import sync_secrets
from pytest_gaia_parity.ops.verify import verify
from tests.fly_world import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld

GATEWAY, AUTH = "gaia-gateway-dev", "gaia-auth-dev"
V1, V2 = "registry.fly.io/gaia:v1", "registry.fly.io/gaia:v2"
QUICK = DeployOptions(image=V2)
CRASHES = "smoke checks for x failed: the app appears to be crashing"


@pytest.fixture
def place(answering_place: Workplace) -> Workplace:
    return answering_place


def images(world: FlyWorld, app: str) -> list[str]:
    return [machine["image"] for machine in world.app(app)["machines"]]


def lose_app(world: FlyWorld) -> None:
    apps = world.state["apps"]
    del apps[AUTH]
    world.change(apps=apps)


# what is wrong before anything is changed


@pytest.mark.parametrize(
    ("break_it", "says", "hint"),
    [
        pytest.param(
            lambda w: w.change(version="0.3.1"), "flyctl 0.3.1 is too old", "fly version upgrade", id="too old"
        ),
        pytest.param(lambda w: w.change(token=False), "no access token", "fly auth login", id="no token"),
        pytest.param(lambda w: w.change(token=[GATEWAY]), "Could not find App", "fly apps list", id="no access"),
        pytest.param(lose_app, "app not found: gaia-auth-dev", "fly apps list", id="unknown app"),
        pytest.param(
            lambda w: w.plant("http", "machine list", status=503, times=9), "503", "run it again", id="503 that stays"
        ),
        pytest.param(
            lambda w: w.plant("http", "releases", status=429, times=9), "429", "run it again", id="429 that stays"
        ),
    ],
)
def test_a_deploy_that_cannot_begin_changes_nothing_and_says_why(
    break_it: Callable[[FlyWorld], None], says: str, hint: str, *, place: Workplace, world: FlyWorld
) -> None:
    break_it(world)
    with pytest.raises(ParityError) as caught:
        deploy(place, ["auth"], "dev", QUICK)
    assert says in caught.value.message
    assert hint in caught.value.hint
    assert world.calls() == []


def test_a_deploy_without_fly_says_where_to_get_it(place: Workplace, world: FlyWorld) -> None:
    place.fly._program = ("no-such-fly",)
    with pytest.raises(CommandError) as caught:
        deploy(place, ["auth"], "dev", QUICK)
    assert "install flyctl" in caught.value.hint
    assert world.calls() == []


# writes


def test_one_of_four_services_failing_leaves_three_done_and_a_rerun_does_the_fourth(
    project: Path, make_place: Callable[..., Workplace], world: FlyWorld, said: list[str]
) -> None:
    more = ("asset", "chat")
    (project / "pyproject.toml").write_text(
        CONFIG + "".join(f'\n[tool.gaia-parity.services.{name}]\nrequired = ["API_KEY"]\n' for name in more)
    )
    apps = world.state["apps"]
    world.change(apps=apps | {f"gaia-{name}-dev": {**apps[AUTH], "key": name, "secrets": {}} for name in more})
    world.plant("http", "secrets import", app="gaia-asset-dev", status=500, times=9)
    plan = sync_secrets(make_place(), "dev")
    assert list(plan.failures) == ["asset"]
    assert {name: result for name, result in plan.results.items() if result} == {
        "gateway": "done", "auth": "done", "chat": "done",
    }  # fmt: skip
    assert "failed for asset; run the same command again to complete it" in said
    world.change(faults=[])
    assert sync_secrets(make_place(), "dev").results == {
        "gateway": "settled", "auth": "settled", "asset": "done", "chat": "settled",
    }  # fmt: skip


def test_a_time_out_in_the_middle_of_a_deploy_is_told_and_the_next_completes_it(
    place: Workplace, world: FlyWorld
) -> None:
    world.plant("hang", "machine update", app=AUTH)
    with pytest.raises(CommandError, match=r"did not end within 3 s; and release v2 of 'gaia-auth-dev' is interrupted"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, timeout=3, proof=0.5))
    assert deploy(place, ["auth"], "dev", QUICK)[0].version == 3
    assert images(world, AUTH) == [V2, V2]


def test_a_killed_sync_leaves_nothing_half_known(
    place: Workplace, world: FlyWorld, project: Path, tmp_path: Path
) -> None:
    """Killed after the write and before it was written down: the next run writes again, and knows all."""
    world.plant("hang", "secrets import", app=GATEWAY, moment="after", seconds=60)
    process = Runner().start(cli(world, project, tmp_path, "sync-secrets", "dev", "--services", "gateway"))
    wait_for(lambda: any(call.startswith(f"import {GATEWAY}") for call in world.calls()))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stop()
    assert Fingerprints(tmp_path / "state").read(GATEWAY).pending
    log = [json.loads(line) for line in (tmp_path / "state" / "audit.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["begin"]
    assert sync_secrets(place, "dev", services=["gateway"]).results == {"gateway": "done"}
    assert sync_secrets(place, "dev", services=["gateway"]).is_settled


def test_two_commands_at_once_do_not_mix(world: FlyWorld, project: Path, tmp_path: Path) -> None:
    world.plant("hang", "secrets import", app=AUTH, seconds=2)
    first = Runner().start(cli(world, project, tmp_path, "sync-secrets", "dev"))
    wait_for(lambda: (tmp_path / "state" / "dev.lock").exists() and (tmp_path / "state" / "audit.jsonl").exists())
    second = Runner().run(cli(world, project, tmp_path, "sync-secrets", "dev"))
    assert second.code == 1
    assert f"'dev' is being changed by another run (process {first.pid}); nothing was changed" in second.err
    assert first.wait(30)
    assert first.outcome().code == 0, first.outcome().err
    assert world.machine_values(AUTH) == [world.values(AUTH)] * 2


# machines


def test_a_machine_that_crashes_after_the_deploy_is_found_by_verify(place: Workplace, world: FlyWorld) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    first, second = world.app(AUTH)["machines"]
    world.change_app(AUTH, machines=[first, {**second, "state": "failed"}])
    found = next(one for one in verify(place, "dev", services=["auth"]) if one.name == "machines")
    assert (found.status, found.says) == (CheckStatus.FAILED, f"{second['id']} is failed")


def test_a_machine_stopped_by_autostop_is_updated_and_no_failure_while_another_runs(
    place: Workplace, world: FlyWorld
) -> None:
    first, second = world.app(AUTH)["machines"]
    world.change_app(AUTH, machines=[first, {**second, "state": "stopped"}])
    assert deploy(place, ["auth"], "dev", QUICK)[0].version == 2
    assert images(world, AUTH) == [V2, V2]


def test_a_rolling_deploy_that_fails_half_way_leaves_two_images_and_says_so(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.plant("error", "machine update", app=AUTH, text=CRASHES, spare=1)
    with pytest.raises(CommandError, match="appears to be crashing"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2))
    assert sorted(images(world, AUTH)) == [V1, V2]
    new, old = sorted(world.app(AUTH)["machines"], key=lambda one: one["image"], reverse=True)
    (told,) = (line for line in said if line.startswith("warning: the machines of auth run different images now: "))
    assert f"gaia@sha256:2: {new['id']}" in told
    assert f"gaia@sha256:1: {old['id']}" in told
    assert said[-1] == "to go on: gaia-parity deploy auth dev"


def test_a_rolling_deploy_that_fails_half_way_comes_back_whole(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.plant("error", "machine update", app=AUTH, text=CRASHES, spare=1)
    with pytest.raises(CommandError, match="appears to be crashing"):
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, roll_back=True))
    assert "run different images now" in "\n".join(said)
    assert images(world, AUTH) == [V1, V1]


def test_a_good_image_that_fly_has_pruned_is_told_and_the_others_go_back(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.change(images={V2: "sha256:2"})
    state = world.app(AUTH)
    world.change_app(AUTH, machines=[{**one, "image": V2, "digest": "sha256:2"} for one in state["machines"]])
    world.change_app(GATEWAY, **{"broken-images": {V2: "unhealthy"}})
    with pytest.raises(CommandError):
        deploy(place, ["gateway", "auth"], "dev", DeployOptions(image=V2, roll_back=True))
    told = "\n".join(said)
    assert "✖ gateway could not be rolled back" in told
    assert "could not find image" in told
    assert "✔ auth: back to registry.fly.io/gaia@sha256:2" in told
    assert "1 of 2 services are not what they were before" in told


def test_a_pruned_image_ends_a_rollback_with_the_present_one_untouched(place: Workplace, world: FlyWorld) -> None:
    deploy(place, ["auth"], "dev", QUICK)
    world.change(images={V2: "sha256:2"})
    with pytest.raises(CommandError, match="could not find image") as caught:
        rollback(place, "auth", "dev", DeployOptions())
    assert "build again, or deploy another with --image" in caught.value.hint
    assert images(world, AUTH) == [V2, V2]


# interrupts


def test_ctrl_c_while_rolling_back_names_what_is_not_back(place: Workplace, world: FlyWorld, said: list[str]) -> None:
    world.change_app(GATEWAY, **{"broken-images": {V2: "unhealthy"}})
    main = threading.main_thread().ident
    assert main is not None
    say = place.say

    def heard(line: str) -> None:
        say(line)
        if line.startswith("● gateway: back to"):
            signal.pthread_kill(main, signal.SIGINT)

    object.__setattr__(place, "say", heard)
    with pytest.raises(KeyboardInterrupt):
        deploy(place, ["gateway", "auth"], "dev", DeployOptions(image=V2, roll_back=True))
    told = "\n".join(said)
    assert "rolling back was interrupted; not back to what was good:" in told
    for service in ("gateway", "auth"):
        assert f"  gaia-parity deploy {service} dev --no-sync --image registry.fly.io/gaia@sha256:1" in told


@pytest.mark.parametrize("moment", ["secrets list", "secrets import", "secrets deploy"])
def test_ctrl_c_at_every_step_of_a_sync_loses_nothing(
    moment: str, world: FlyWorld, project: Path, tmp_path: Path, make_place: Callable[..., Workplace]
) -> None:
    strikes = "after" if moment == "secrets import" else "before"
    world.plant("hang", moment, app=AUTH, moment=strikes, seconds=60)
    process = Runner().start(cli(world, project, tmp_path, "sync-secrets", "dev", "--services", "auth"))
    wait_for(lambda: world.state["faults"][0].get("times") == 0)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(30)
    outcome = process.outcome()
    assert outcome.code == 2, outcome.err
    assert "Traceback" not in outcome.err
    if moment != "secrets list":
        assert "interrupted; run the same command again to complete it" in outcome.out
    again = make_place()
    assert sync_secrets(again, "dev", services=["auth"]).is_good
    assert world.machine_values(AUTH) == [world.values(AUTH)] * 2
    assert sync_secrets(again, "dev", services=["auth"]).is_settled


# the audit log


def test_an_audit_log_that_fills_up_after_the_change_is_warned_about(
    make_place: Callable[..., Workplace], world: FlyWorld, project: Path, tmp_path: Path
) -> None:
    log, kept = tmp_path / "state" / "audit.jsonl", tmp_path / "kept.jsonl"
    # once secrets are imported, the log is where every write fails for want of room
    fills = f'case "$*" in *import*) mv {log} {kept}; ln -s /dev/full {log};; esac'
    outcome = Runner().run(cli(world, project, tmp_path, "sync-secrets", "dev", "--services", "auth", first=fills))
    assert outcome.code == 0
    assert world.values(AUTH)
    assert f"the change was made, but the audit log '{log}' cannot be written: No space left" in outcome.out
    assert [json.loads(line)["event"] for line in kept.read_text().splitlines()] == ["begin"]
    log.unlink()
    assert sync_secrets(make_place(), "dev", services=["auth"]).is_settled, "what was written is known"


def test_a_line_that_fly_itself_finds_malformed_and_echoes_is_masked(
    world: FlyWorld, project: Path, tmp_path: Path
) -> None:
    loses = f'case "$*" in *"secrets import"*) tr -d = | exec {" ".join(world.program)} "$@"; exit;; esac'
    outcome = Runner().run(cli(world, project, tmp_path, "sync-secrets", "dev", first=loses))
    shown = outcome.out + outcome.err + (tmp_path / "state" / "audit.jsonl").read_text()
    assert outcome.code == 1
    assert "must be provided as NAME=VALUE pairs (a line is invalid)" in shown, "what fly echoes is left out"
    assert not [secret for secret in ("hunter2", "s3cret#key") if secret in shown]
    assert world.values(GATEWAY) == {}


def test_a_deploy_whose_audit_log_cannot_be_written_changes_nothing(
    place: Workplace, world: FlyWorld, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "audit.jsonl").symlink_to("/dev/full")
    with pytest.raises(RefusedError, match="so nothing was changed") as caught:
        deploy(place, ["auth"], "dev", DeployOptions(image=V2, sync=False))
    assert "GAIA_PARITY_STATE" in caught.value.hint
    assert world.calls() == []


# the env file, as people write it

NATURAL = (
    ("export", "export NAME=value", "value"),
    ("hash", 'NAME="a#b" # a comment', "a#b"),
    ("hash without a blank", "NAME=a#b", "a#b"),
    ("single quotes", "NAME='it is $HOME #1'", "it is $HOME #1"),
    ("double quotes", 'NAME="say \\"hi\\""', 'say "hi"'),
    ("dollar", "NAME=pa$$word", "pa$word"),
    ("reference", "BASE=x\nNAME=${BASE}y", "xy"),
    ("not ASCII", "NAME=žluťoučký🐎", "žluťoučký🐎"),
    (
        "lines",
        "NAME='-----BEGIN KEY-----\nMIIE=\n#x\n-----END KEY-----\n'",
        "-----BEGIN KEY-----\nMIIE=\n#x\n-----END KEY-----\n",
    ),
    ("escaped lines", 'NAME="a\\nb"', "a\nb"),
    ("64 KiB", f"NAME={'x' * 65536}", "x" * 65536),
    ("blanks around", "NAME =  value  ", "value"),
)


@pytest.mark.parametrize("kind", ["plain", "BOM", "CRLF"])
def test_what_people_write_in_an_env_file_arrives_in_the_machine(
    kind: str, world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    names = [f"NAME_{index}" for index, _ in enumerate(NATURAL)]
    config = CONFIG.replace('required = ["DATABASE_URL"]', f"required = {json.dumps(names)}")
    (project / "pyproject.toml").write_text(config)
    text = "\n".join(line.replace("NAME", name) for name, (_, line, _) in zip(names, NATURAL, strict=True)) + "\n"
    if kind == "CRLF":
        text = text.replace("\n", "\r\n")
    content = (b"\xef\xbb\xbf" if kind == "BOM" else b"") + text.encode()
    (project / ".env").write_bytes(content)
    assert sync_secrets(make_place(), "dev", services=["auth"]).is_good
    wanted = {name: value for name, (_, _, value) in zip(names, NATURAL, strict=True)}
    assert world.machine_values(AUTH)[0] == wanted


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"DATABASE_URL=a\0b\nAPI_KEY=1\n", "NUL", id="NUL"),
        pytest.param(b"DATABASE_URL=caf\xe9\nAPI_KEY=1\n", "is not UTF-8: line 1", id="Latin-1"),
        pytest.param(f"DATABASE_URL={'x' * 70000}\nAPI_KEY=1\n".encode(), "cannot travel", id="over 64 KiB"),
        pytest.param(None, "lacks DATABASE_URL", id="missing"),
    ],
)
def test_an_env_file_that_cannot_be_used_changes_nothing(
    content: bytes | None, says: str, *, world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    if content is None:
        (project / ".env").unlink()
    else:
        (project / ".env").write_bytes(content)
    with pytest.raises(ParityError, match=says):
        sync_secrets(make_place(), "dev")
    assert world.calls() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_env_file_that_may_not_be_read_is_named(project: Path, make_place: Callable[..., Workplace]) -> None:
    (project / ".env").chmod(0)
    with pytest.raises(ParityError, match=r"\.env' cannot be read: Permission denied"):
        make_place()


def cli(world: FlyWorld, project: Path, tmp_path: Path, *argv: str, first: str = ":") -> Command:
    """Our command in a process of its own, with a `fly` on its PATH that runs a line of shell *first*."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "fly"
    if not program.exists():
        program.write_text(f'#!/bin/sh\n{first}\nexec {" ".join(world.program)} "$@"\n')
        program.chmod(0o755)
    env = {**world.env, "PATH": f"{folder}:{os.environ['PATH']}", "GAIA_PARITY_STATE": str(tmp_path / "state")}
    return Command(argv=(sys.executable, "-m", "pytest_gaia_parity", *argv), env=env, cwd=project, tethered=False)


def wait_for(happened: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if happened():
            return
        pause.wait(0.05)
    pytest.fail("it has not happened in 30 s")
