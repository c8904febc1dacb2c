"""Each side recorded where it lives, by a machine that reaches this side only; compared where neither is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.lab.faults import FAULTS
from tests.docker import stacks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.world import World

TESTS = ("parity_tests/test_health.py", "parity_tests/test_auth.py")


@pytest.fixture(scope="session")
def local(world: World) -> Path:
    """The baseline, recorded inside the Compose network."""
    return record(world, stacks.LOCAL, "local")


def record(world: World, network: str, target: str) -> Path:
    path = world.new_path(f"{target}.jsonl")
    ran = world.from_network(network, "--target", target, "--record", str(path), *TESTS)
    assert ran.code == 0, ran.output
    return path


def test_recordings_of_equal_stacks_are_on_par(world: World, local: Path) -> None:
    compared = world.compare(local, record(world, stacks.FLY, "dev"))
    assert compared.code == 0, compared.output
    assert compared.results["summary"]["match"] > 15


def test_recordings_tell_the_cause_as_a_live_run_does(world: World, local: Path) -> None:
    wrong = {"image": stacks.OTHER_IMAGE, "environment": {"LAB_QUIRKS": "older-version"}}
    with world.changed("fly-asset", **wrong):
        path = world.new_path("dev.jsonl")
        world.from_network(stacks.FLY, "--target", "dev", "--record", str(path), *TESTS)
    compared = world.compare(local, path)
    assert compared.code == 1, compared.output
    assert compared.causes == {FAULTS["version-skew"].cause}


@pytest.mark.parametrize(
    ("network", "said"),
    [
        pytest.param(stacks.LOCAL, "target 'dev': the system's resolver knows none of", id="in-compose"),
        pytest.param(stacks.FLY, "local could not be reached; nothing was judged", id="in-fly"),
    ],
)
def test_a_machine_that_reaches_one_side_only_says_so(world: World, network: str, said: str) -> None:
    ran = world.from_network(network, "--parity", "dev", *TESTS)
    assert ran.code == 69, ran.output
    assert said in ran.output
