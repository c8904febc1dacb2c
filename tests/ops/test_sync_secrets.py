"""sync-secrets against the simulated fly: what arrives, what is written, what is told when something breaks."""

from __future__ import annotations

import json
import signal
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.adapters.process import Command, Runner
from pytest_gaia_parity.errors import CommandError, ConfigError, RefusedError
from pytest_gaia_parity.ops.plan import ChangeKind
from pytest_gaia_parity.ops.secrets import sync_secrets

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_gaia_parity.ops.workplace import Workplace
    from tests.fly_world import FlyWorld

GATEWAY, AUTH = "gaia-gateway-dev", "gaia-auth-dev"
SECRETS = ("hunter2", "s3cret#key")


def test_each_service_gets_what_it_declares_and_the_urls_of_what_it_calls(place: Workplace, world: FlyWorld) -> None:
    plan = sync_secrets(place, "dev")
    assert world.values(GATEWAY) == {
        "DATABASE_URL": "postgres://gaia:hunter2@db/gaia",
        "API_KEY": "s3cret#key",
        "AUTH_SERVICE_URL": "http://gaia-auth-dev.internal:8000",
    }
    assert world.values(AUTH) == {"DATABASE_URL": "postgres://gaia:hunter2@db/gaia"}
    assert world.machine_values(GATEWAY) == [world.values(GATEWAY)] * 2
    assert plan.results == {"gateway": "done", "auth": "done"}


def test_a_second_run_writes_nothing(place: Workplace, world: FlyWorld) -> None:
    sync_secrets(place, "dev")
    before = world.calls()
    plan = sync_secrets(place, "dev")
    assert plan.is_settled
    assert world.calls() == before
    assert plan.results == {"gateway": "settled", "auth": "settled"}


def test_one_changed_value_restarts_one_service(
    place: Workplace, world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    sync_secrets(place, "dev")
    before = len(world.calls())
    with (project / ".env").open("a") as file:
        file.write("API_KEY=other\n")
    plan = sync_secrets(make_place(), "dev")
    assert plan.services[0].names(ChangeKind.CHANGE) == ("API_KEY",)
    assert world.values(GATEWAY)["API_KEY"] == "other"
    assert [call.split()[:2] for call in world.calls()[before:]] == [["import", GATEWAY], ["release", GATEWAY]]


def test_a_dry_run_shows_the_plan_and_changes_nothing(place: Workplace, world: FlyWorld, said: list[str]) -> None:
    plan = sync_secrets(place, "dev", dry_run=True)
    assert plan.writes == 4
    assert world.calls() == []
    assert "  + API_KEY is added" in said
    assert "secrets of dev: 4 to write, in 2 services" in said


def test_staging_restarts_nothing_and_the_next_run_deploys(place: Workplace, world: FlyWorld) -> None:
    plan = sync_secrets(place, "dev", stage=True)
    assert plan.results == {"gateway": "staged", "auth": "staged"}
    assert world.machine_values(GATEWAY) == [{}, {}]
    again = sync_secrets(place, "dev")
    assert again.writes == 0
    assert again.results == {"gateway": "done", "auth": "done"}
    assert world.machine_values(AUTH) == [world.values(AUTH)] * 2


@pytest.mark.parametrize("era", ["old", "middle"])
def test_older_versions_of_fly_do_not_tell_what_is_staged(place: Workplace, world: FlyWorld, era: str) -> None:
    world.change(era=era)
    sync_secrets(place, "dev", stage=True)
    assert sync_secrets(place, "dev").results == {"gateway": "done", "auth": "done"}
    assert sync_secrets(place, "dev").is_settled


def test_a_change_by_others_is_seen_and_undone(place: Workplace, world: FlyWorld) -> None:
    sync_secrets(place, "dev")
    secrets = world.app(AUTH)["secrets"]
    secrets["DATABASE_URL"] = {**secrets["DATABASE_URL"], "value": "theirs", "digest": "0" * 16}
    world.change_app(AUTH, secrets=secrets)
    plan = sync_secrets(place, "dev")
    assert plan.services[1].names(ChangeKind.DRIFT) == ("DATABASE_URL",)
    assert world.values(AUTH)["DATABASE_URL"] == "postgres://gaia:hunter2@db/gaia"


def test_extra_names_are_shown_and_removed_only_when_asked(place: Workplace, world: FlyWorld, said: list[str]) -> None:
    sync_secrets(place, "dev")
    secrets = world.app(AUTH)["secrets"]
    world.change_app(AUTH, secrets={**secrets, "OLD": {"value": "x", "digest": "1" * 16, "updated_at": ""}})
    assert sync_secrets(place, "dev").services[1].names(ChangeKind.EXTRA) == ("OLD",)
    assert "OLD" in world.values(AUTH)
    said.clear()
    sync_secrets(place, "dev", prune=True)
    assert "OLD" not in world.values(AUTH)
    assert "  - OLD is declared by no one, is removed" in said
    assert not any("staged before" in line for line in said)
    assert "secrets of dev: 1 to remove, in 2 services" in said
    assert "✔ auth: done, and every machine restarted" in said


def test_without_the_fingerprints_everything_is_written_once_more(
    place: Workplace, make_place: Callable[..., Workplace], tmp_path: Path
) -> None:
    sync_secrets(place, "dev")
    elsewhere = make_place(state=tmp_path / "elsewhere")
    plan = sync_secrets(elsewhere, "dev")
    assert set(plan.services[1].names(ChangeKind.UNKNOWN)) == {"DATABASE_URL"}
    assert sync_secrets(elsewhere, "dev").is_settled


def test_nothing_is_written_if_any_service_lacks_a_required_name(
    world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    (project / ".env").write_text("DATABASE_URL=x\nAPI_KEY=\n")
    with pytest.raises(RefusedError, match="gateway lacks API_KEY"):
        sync_secrets(make_place(), "dev")
    assert world.calls() == []


def test_optional_names_are_told(place: Workplace, said: list[str]) -> None:
    sync_secrets(place, "dev", dry_run=True)
    assert "  · optional, not set: EXTRA_KEY" in said


def test_a_missing_env_file_is_named(project: Path, make_place: Callable[..., Workplace]) -> None:
    (project / ".env").unlink()
    with pytest.raises(RefusedError, match="gateway lacks DATABASE_URL, API_KEY") as caught:
        sync_secrets(make_place(), "dev")
    assert "create" in caught.value.hint


def test_a_public_url_between_services_is_refused(
    world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    config = project / "pyproject.toml"
    config.write_text(config.read_text().replace("http://{app}.internal:8000", "http://{app}.fly.dev"))
    with pytest.raises(RefusedError, match=r"public URL http://gaia-auth-dev\.fly\.dev"):
        sync_secrets(make_place(), "dev")
    assert world.calls() == []


def test_only_the_named_services_are_synced(place: Workplace, world: FlyWorld) -> None:
    sync_secrets(place, "dev", services=["auth"])
    assert world.values(GATEWAY) == {}
    assert world.values(AUTH)


def test_an_unknown_service_is_named_with_the_nearest(place: Workplace) -> None:
    with pytest.raises(ConfigError, match="nearest is 'auth'"):
        sync_secrets(place, "dev", services=["auht"])


def test_a_target_that_is_not_on_fly_is_refused(place: Workplace) -> None:
    with pytest.raises(ConfigError, match="'local' has network 'docker'"):
        sync_secrets(place, "local")


def test_a_protected_target_asks_for_consent(place: Workplace, world: FlyWorld) -> None:
    with pytest.raises(RefusedError, match="'staging' is protected"):
        sync_secrets(place, "staging")
    assert world.calls() == []
    assert sync_secrets(place, "staging", yes=True).is_good


VALUES = {
    "HASH": "a#b",
    "QUOTES_AND_HASH": ' "quoted" # not a comment',
    "LONE_QUOTE": '"',
    "BLANK": "single quoted",
    "LINES": "-----BEGIN KEY-----\nabc=\n#x\n-----END KEY-----\n",
    "DOLLARS": "pa$$wo$rd${x}",
    "NOT_ASCII": "žluťoučký 🐎",
    "LARGE": "x" * 65536,
    "BACKSLASHES": "a\\nb\\",
    "BLOCK_END": 'ends with """',
}


def test_values_arrive_byte_for_byte(world: FlyWorld, project: Path, make_place: Callable[..., Workplace]) -> None:
    config = project / "pyproject.toml"
    names = json.dumps(["DATABASE_URL", *VALUES])
    config.write_text(config.read_text().replace('required = ["DATABASE_URL"]', f"required = {names}"))
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in VALUES.items()}
    lines = "".join(f"{name}='{value}'\n" for name, value in quoted.items())
    (project / ".env").write_text(f"{lines}DATABASE_URL=after\nAPI_KEY=1\n", encoding="utf-8")
    sync_secrets(make_place(), "dev", services=["auth"])
    assert world.values(AUTH) == {**VALUES, "DATABASE_URL": "after"}
    assert world.machine_values(AUTH)[0] == world.values(AUTH)


def test_a_value_that_cannot_travel_is_refused_by_name(
    world: FlyWorld, project: Path, make_place: Callable[..., Workplace]
) -> None:
    (project / ".env").write_text(f"DATABASE_URL='{'x' * 70000}'\nAPI_KEY=1\n")
    with pytest.raises(RefusedError, match="'DATABASE_URL' cannot travel: it has 70,000 bytes"):
        sync_secrets(make_place(), "dev")
    assert world.calls() == []


def test_no_secret_is_shown_or_kept(
    place: Workplace, tmp_path: Path, said: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    sync_secrets(place, "dev")
    kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert {path.name for path in kept} >= {"key", "audit.jsonl", f"{AUTH}.json"}
    for path in kept:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    captured = capfd.readouterr()
    shown = "\n".join([*said, captured.out, captured.err, *(path.read_text("latin-1") for path in kept)])
    assert not [secret for secret in SECRETS if secret in shown]


def test_what_fly_echoes_is_masked(place: Workplace, world: FlyWorld, said: list[str]) -> None:
    text = "Failed to parse secrets from stdin: Secrets must be provided as NAME=VALUE pairs (s3cret#key is invalid)"
    world.plant("error", "secrets import", app=GATEWAY, text=text)
    plan = sync_secrets(place, "dev")
    shown = "\n".join([*said, str(plan)])
    assert "NAME=VALUE pairs" in plan.failures["gateway"]
    assert "s3cret#key" not in shown


def test_every_change_is_in_the_audit_log(place: Workplace, tmp_path: Path) -> None:
    sync_secrets(place, "dev", services=["auth"])
    lines = [json.loads(line) for line in (tmp_path / "state" / "audit.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["begin", "end"]
    end = lines[1]
    assert (end["command"], end["target"], end["app"], end["names"], end["outcome"]) == (
        "sync-secrets", "dev", AUTH, ["DATABASE_URL"], "done",
    )  # fmt: skip
    assert end["who"]
    assert end["host"]


def test_a_full_disk_under_the_audit_log_changes_nothing(place: Workplace, world: FlyWorld, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "audit.jsonl").symlink_to("/dev/full")
    plan = sync_secrets(place, "dev")
    assert all(
        "cannot be written (No space left on device), so nothing was changed" in one for one in plan.failures.values()
    )
    assert world.calls() == []


def test_one_failing_service_leaves_the_others_and_a_rerun_completes(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.plant("discharge", "secrets import", app=GATEWAY)
    plan = sync_secrets(place, "dev")
    assert list(plan.failures) == ["gateway"]
    assert "fly tokens create" in plan.failures["gateway"]
    assert plan.results["auth"] == "done"
    assert "failed for gateway; run the same command again to complete it" in said
    again = sync_secrets(place, "dev")
    assert again.results == {"gateway": "done", "auth": "settled"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_is_transient_is_tried_again(place: Workplace, world: FlyWorld, status: int) -> None:
    world.plant("http", "secrets list", status=status, times=2)
    world.plant("http", "secrets import", status=status, times=2)
    assert sync_secrets(place, "dev").is_good


def test_trouble_that_stays_is_told(place: Workplace, world: FlyWorld) -> None:
    world.plant("http", "secrets list", app=AUTH, status=503, times=99)
    plan = sync_secrets(place, "dev")
    assert "503" in plan.failures["auth"]
    assert plan.results["gateway"] == "done"


def test_a_failed_restart_is_completed_by_the_next_run(place: Workplace, world: FlyWorld) -> None:
    world.plant("lease", "machine update", app=GATEWAY)
    plan = sync_secrets(place, "dev")
    assert "lease currently held" in plan.failures["gateway"]
    again = sync_secrets(place, "dev")
    assert again.writes == 0
    assert again.results["gateway"] == "done"
    assert world.machine_values(GATEWAY) == [world.values(GATEWAY)] * 2


def test_a_restart_that_only_seems_to_succeed_is_found_out(place: Workplace, world: FlyWorld) -> None:
    world.plant("pretend", "secrets deploy", app=AUTH)
    plan = sync_secrets(place, "dev")
    assert "have not reached every machine: DATABASE_URL" in plan.failures["auth"]
    assert sync_secrets(place, "dev").results["auth"] == "done"


def test_an_env_file_that_is_kept_in_git_or_open_to_others_is_warned_about(
    project: Path, make_place: Callable[..., Workplace], said: list[str]
) -> None:
    for argv in (("git", "init", "-q"), ("git", "add", ".env")):
        assert Runner().run(Command(argv=argv, cwd=project)).is_good
    (project / ".env").chmod(0o644)
    sync_secrets(make_place(), "dev", dry_run=True)
    assert "note: '.env' is kept in git, with every secret: git rm --cached .env" in said
    assert any("can be read by other users" in line for line in said)


def test_problems_of_the_env_file_are_told_by_line_and_without_a_value(
    project: Path, make_place: Callable[..., Workplace], said: list[str]
) -> None:
    with (project / ".env").open("a") as file:
        file.write("API_KEY=hunter2x\nhunter2x nonsense\n")
    sync_secrets(make_place(), "dev", dry_run=True)
    assert "note: '.env' line 3: 'API_KEY' stands already on line 2; the last one counts" in said
    assert not any("hunter2x" in line for line in said)


def test_a_time_out_after_the_write_loses_nothing(place: Workplace, world: FlyWorld) -> None:
    place.fly._write = 5.0
    world.plant("hang", "secrets import", app=GATEWAY, moment="after")
    plan = sync_secrets(place, "dev")
    assert "did not end within 5 s" in plan.failures["gateway"]
    again = sync_secrets(place, "dev")
    assert set(again.services[0].names(ChangeKind.UNKNOWN)) == {"API_KEY", "AUTH_SERVICE_URL", "DATABASE_URL"}
    assert again.results["gateway"] == "done"
    assert sync_secrets(place, "dev").is_settled


def test_ctrl_c_ends_what_hangs_tells_what_is_done_and_a_rerun_completes(
    place: Workplace, world: FlyWorld, said: list[str]
) -> None:
    world.plant("hang", "secrets import", app=GATEWAY)
    main = threading.main_thread().ident
    assert main is not None
    timer = threading.Thread(target=_press_once, args=(main, world), daemon=True)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        sync_secrets(place, "dev")
    assert "interrupted; run the same command again to complete it" in said
    assert "✔ auth: done, and every machine restarted" in said
    again = sync_secrets(place, "dev")
    assert again.results == {"gateway": "done", "auth": "settled"}


def _press_once(main: int, world: FlyWorld) -> None:
    """Press Ctrl-C once auth is done and gateway hangs."""
    pause = threading.Event()
    while not any(call.startswith("release gaia-auth-dev") for call in world.calls()):
        pause.wait(0.02)
    while world.app(AUTH)["releases"][0]["status"] != "complete":
        pause.wait(0.02)
    pause.wait(0.3)
    signal.pthread_kill(main, signal.SIGINT)


def test_an_unknown_app_is_named(place: Workplace, world: FlyWorld) -> None:
    apps = world.state["apps"]
    del apps[AUTH]
    world.change(apps=apps)
    plan = sync_secrets(place, "dev")
    assert "app not found: gaia-auth-dev" in plan.failures["auth"]
    assert "no access" in plan.failures["auth"]


def test_a_token_without_access_is_told_apart_from_none(place: Workplace, world: FlyWorld) -> None:
    world.change(token=[GATEWAY])
    plan = sync_secrets(place, "dev")
    assert "Could not find App" in plan.failures["auth"]
    world.change(token=False)
    plan = sync_secrets(place, "dev")
    assert "fly auth login" in plan.failures["gateway"]


def test_an_old_fly_is_refused(place: Workplace, world: FlyWorld) -> None:
    world.change(version="0.3.100")
    with pytest.raises(CommandError, match=r"flyctl 0\.3\.100 is too old"):
        sync_secrets(place, "dev")


def test_no_fly_is_named(place: Workplace) -> None:
    place.fly._program = ("no-such-fly",)
    with pytest.raises(CommandError, match="there is no program 'no-such-fly'") as caught:
        sync_secrets(place, "dev")
    assert "install flyctl" in caught.value.hint


def test_an_unknown_shape_names_the_command(place: Workplace, world: FlyWorld) -> None:
    world.plant("garbage", "secrets list", app=AUTH)
    assert (
        "'fly secrets list --json --app gaia-auth-dev' answered in a shape"
        in sync_secrets(place, "dev").failures["auth"]
    )


def test_an_app_that_was_never_deployed_keeps_them_for_its_first_deployment(place: Workplace, world: FlyWorld) -> None:
    world.change_app(AUTH, machines=[])
    assert sync_secrets(place, "dev").results["auth"] == "first"


def test_two_at_once_do_not_mix(place: Workplace, world: FlyWorld) -> None:
    with place.fingerprints.locked("dev"), pytest.raises(RefusedError, match="is being changed by another run"):
        sync_secrets(place, "dev")
    assert world.calls() == []
    assert sync_secrets(place, "dev").is_good
