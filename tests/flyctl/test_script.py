"""The simulated fly does what the facts about flyctl say, step by step, and prints what our decoders take."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.adapters import fly_json
from tests.flyctl.players import deviations, differences, play_simulated
from tests.flyctl.script import SCRIPT, Step
from tests.flyctl.shapes import misfits

if TYPE_CHECKING:
    from pathlib import Path

DECODED = {
    "apps list": list[fly_json.App],
    "status": fly_json.AppStatus,
    "releases": list[fly_json.Release],
    "image show": list[fly_json.ImageDetails],
    "machine list": list[fly_json.Machine],
    "checks list": dict[str, list[fly_json.MachineCheck]],
}
STEPS = {step.name: step for step in SCRIPT}


def decode(step: Step, output: bytes) -> Any:
    """Decode it as the adapter does."""
    words = " ".join(word for word in step.argv[:2] if not word.startswith("-"))
    if words == "secrets list":
        return fly_json.decode_secrets(output, said_by=words)
    return fly_json.decode(output, DECODED[words], said_by=words)


@pytest.mark.parametrize("step", SCRIPT, ids=lambda step: step.name)
def test_the_simulated_fly_does_what_the_facts_say(step: Step, tmp_path: Path) -> None:
    seen = play_simulated(step, tmp_path)
    assert deviations(step.fact, seen) == [], seen
    if step.fact.shape is not None:
        decode(step, seen.stdout.encode())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"exit_code": 0}, "exit code is 0, not 1"),
        ({"stderr": "Error: it rains"}, "error is 'it rains', without"),
        ({"images": ("a", "b")}, "images is ('a', 'b')"),
        ({"secrets": {}}, "secrets is {}"),
        ({"releases": ()}, "releases is ()"),
    ],
)
def test_a_deviation_is_seen(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    step = STEPS["a malformed line"]
    seen = play_simulated(step, tmp_path)
    changed = dataclasses.replace(seen, **change)
    assert any(one.startswith(says) for one in deviations(step.fact, changed))
    assert differences(step, seen, seen) == []
    assert differences(step, seen, changed)


def test_a_key_that_really_is_not_there_is_a_difference(tmp_path: Path) -> None:
    step = STEPS["secrets list"]
    seen = play_simulated(step, tmp_path)
    older = dataclasses.replace(seen, stdout='[{"name": "OLD", "digest": "x"}]')
    assert differences(step, seen, older) == ["$[0].status is missing"]
    assert deviations(step.fact, older) == ["$[0].status is missing"]


@pytest.mark.parametrize(
    ("shape", "value", "says"),
    [
        ({"a": "str"}, {"a": "x"}, []),
        ({"a": "str"}, {"a": 1}, ["$.a is int, not str"]),
        ({"a": "int"}, {"a": True}, ["$.a is bool, not int"]),
        ({"a": "str|null"}, {"a": None}, []),
        ({"a": "str"}, {}, ["$.a is missing"]),
        ({"a?": "str"}, {}, []),
        ({"a?": "str"}, {"a": ""}, ["$.a is empty, which leaves it out"]),
        ({"a": "str"}, {"a": "x", "b": 1}, ["$.b is not known"]),
        ({"a": "str", "...": "any"}, {"a": "x", "b": 1}, []),
        ({"*": ["int"]}, {"x": [1, "2"]}, ["$.x[1] is str, not int"]),
        (["str"], {}, ["$ is no array but {}"]),
        ({"a": "str"}, [], ["$ is no object but []"]),
    ],
)
def test_a_shape_says_where_a_value_does_not_fit(shape: Any, value: Any, says: list[str]) -> None:
    assert misfits(shape, value) == says
