"""The command beside pytest: its verbs, its help, its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.cli.main import VERBS, main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Project

TESTS = """
import pytest

@pytest.mark.parity(ignore=["body.region"])
def test_item(services): services.api.get("/item")

def test_more(services, parity):
    parity.observe("rows", 3)
    services.api.get("/more", params={"page": 2})

def test_health(services): services.api.get("/health")
"""


def test_compare_gives_what_the_live_run_gave(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Same verdicts, same files, same exit code, from the live run's own recordings: byte for byte."""
    made = project({"/item": {"a": 1, "region": "x"}, "/more": [1]}, dev={"/item": {"a": 2, "region": "y"}})
    made.write(test_a=TESTS)
    live = made.run("--parity=dev", "--parity-confirm=1")
    folder = made.pytester.path
    monkeypatch.chdir(folder)
    code = main(["compare", "reports/local.jsonl", "reports/dev.jsonl", "--reports", "again"])
    assert code == live.ret == 1
    assert (folder / "again/parity-dev.json").read_bytes() == (folder / "reports/parity-dev.json").read_bytes()
    assert "parity local ≠ dev: 2 matched, 1 mismatched" in capsys.readouterr().out


def test_two_single_runs_compare_like_a_live_run(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    for target in ("local", "dev"):
        assert made.run(f"--target={target}", f"--record={target}.jsonl").ret == 0
    assert main(["compare", "local.jsonl", "dev.jsonl"]) == 1
    assert made.verdicts() == {"test_item": "mismatch", "test_more": "match", "test_health": "match"}


def test_merge_joins_shards_in_any_order(project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    made = project({"/item": {"a": 1}}, dev={"/item": {"a": 2}})
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    for target in ("local", "dev"):
        for shard in ("item", "more", "health"):
            made.run(f"--target={target}", f"--record=shards/{target}-{shard}.jsonl", "-k", shard)
    assert main(["merge", "shards"]) == 1
    assert made.verdicts() == {"test_item": "mismatch", "test_more": "match", "test_health": "match"}
    first = (made.pytester.path / "reports/parity-dev.json").read_bytes()
    names = sorted(str(path) for path in (made.pytester.path / "shards").iterdir())
    assert main(["merge", *reversed(names)]) == 1
    assert (made.pytester.path / "reports/parity-dev.json").read_bytes() == first


def test_merge_says_which_shard_is_missing(project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    made = project()
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    made.run("--target=local", "--record=shards/local.jsonl")
    made.run("--target=dev", "--record=shards/dev.jsonl", "-k", "health")
    assert main(["merge", "shards"]) == 1
    assert made.verdicts()["test_item"] == "missing"


def test_a_shard_that_broke_off_fails_the_gate_and_the_others_are_compared(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project()
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    for shard in ("item", "more"):
        for target in ("local", "dev"):
            made.run(f"--target={target}", f"--record=shards/{target}-{shard}.jsonl", "-k", shard)
    assert main(["merge", "shards"]) == 0
    path = made.pytester.path / "shards/dev-more.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    assert main(["merge", "shards"]) == 1
    assert made.verdicts() == {"test_item": "match", "test_more": "match"}
    assert "note: 1 shard of dev broke off: shards/dev-more.jsonl" in capsys.readouterr().out


def test_shards_that_are_missing_or_repeated_are_said(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = project()
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    for number, shard in enumerate(("item", "more"), 1):
        monkeypatch.setenv("GAIA_PARITY_SHARD", f"{number}/3")
        for target in ("local", "dev"):
            made.run(f"--target={target}", f"--record=shards/{target}-{number}.jsonl", "-k", shard)
    copy = made.pytester.path / "shards/dev-again.jsonl"
    copy.write_bytes((made.pytester.path / "shards/dev-1.jsonl").read_bytes())
    assert main(["merge", "shards"]) == 1
    said = capsys.readouterr().out
    assert "note: of local 1 shard of 3 missing: 3" in said
    assert "count once: 'shards/dev-again.jsonl' has 1 test of 'shards/dev-1.jsonl'" in said or (
        "count once: 'shards/dev-1.jsonl' has 1 test of 'shards/dev-again.jsonl'" in said
    )
    assert "2 matched (interrupted)" in said
    assert made.verdicts() == {"test_item": "match", "test_more": "match"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GAIA_PARITY_SHARD": "2/4"}, [2, 4]),
        ({"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "5"}, [3, 5]),
        ({"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "2"}, [1, 2]),
        ({}, [None, None]),
    ],
)
def test_a_recording_says_which_shard_it_is(
    project: Callable[..., Project],
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    expected: list[int | None],
) -> None:
    made = project()
    made.write(test_a=TESTS)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made.run("--target=local", "--record=local.jsonl", "-k", "item")
    header = json.loads((made.pytester.path / "local.jsonl").read_text().splitlines()[0])
    assert [header.get("shard"), header.get("shards")] == expected


def test_a_shard_that_is_none_is_said(project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch) -> None:
    made = project()
    made.write(test_a=TESTS)
    monkeypatch.setenv("GAIA_PARITY_SHARD", "5/4")
    assert made.run("--target=local").ret == 4


def test_an_interrupted_recording_never_passes(
    project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project()
    made.write(test_a=TESTS)
    monkeypatch.chdir(made.pytester.path)
    made.run("--parity=dev")
    path = made.pytester.path / "reports/dev.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    assert main(["compare", "reports/local.jsonl", "reports/dev.jsonl"]) == 4
    assert main(["compare", "reports/local.jsonl", "reports/dev.jsonl", "--allow-incomplete"]) == 1


def test_init_writes_a_configuration_that_is_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pytest_gaia_parity.config.load import load_config  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert load_config(tmp_path).url("dev", "gateway") == "http://myapp-gateway-dev.internal:8000"
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(before) == 3
    assert main(["init"]) == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert capsys.readouterr().out.count("kept") == 3


def test_init_extends_a_pyproject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mine"\n')
    assert main(["init"]) == 0
    text = (tmp_path / "pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "mine"\n')
    assert "[tool.gaia-parity]" in text


def test_both_ways_to_call_it_are_one(pytester: pytest.Pytester) -> None:
    module = pytester.run(sys.executable, "-m", "pytest_gaia_parity", "--version")
    command = pytester.run(Path(sys.executable).with_name("gaia-parity"), "--version")
    assert module.ret == command.ret == 0
    assert module.outlines == command.outlines


def test_without_a_verb_the_help_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 4
    out = capsys.readouterr().out
    assert all(verb.replace("_", "-") in out for verb in VERBS)


def test_an_unknown_verb_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["compaer"])
    assert caught.value.code == 4
    assert "compare" in capsys.readouterr().err
