"""The sides of a run: which target runs, how often, and how node ids name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from pytest_gaia_parity.config.check import require_target
from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.run.given import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One run of one target; the parameter of the fixture `target`."""

    target: str
    run: int = 1
    is_baseline: bool = True
    #: which instance of the services is compared, empty where all are meant; part of the test's name, not of the side's
    instance: str = ""

    @property
    def id(self) -> str:
        """How node ids name it: `local`, `dev`, `local#2`."""
        return self.target if self.run == 1 else f"{self.target}#{self.run}"

    @property
    def target_name(self) -> str:
        """The target as the configuration names it."""
        return self.target.partition("@")[0]

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The sides of a run, in the order in which they run."""

    baseline: str
    candidate: str | None
    sides: tuple[Side, ...]
    #: what further instances are called, where those of one target are compared with each other
    instances: tuple[str, ...] = ()

    @property
    def is_parity(self) -> bool:
        """Whether two targets are compared."""
        return self.candidate is not None

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, each once."""
        return (self.baseline,) if self.candidate is None else (self.baseline, self.candidate)


def plan_sides(options: Options, config: Config) -> Plan:
    """Decide which sides run.

    The baseline runs before and after the candidate, so that what drifts with time falls into what is learnt.

    :raises ConfigError: a target is unknown, or both are the same.
    """
    if options.parity is None:
        option = "--target" if options.target else "baseline"
        name = require_target(config, options.target or config.table.baseline, option=option)
        return Plan(baseline=name, candidate=None, sides=(Side(target=name),))
    candidate = require_target(config, options.parity, option="--parity")
    baseline = require_target(
        config, options.baseline or config.table.baseline, option="--baseline" if options.baseline else "baseline"
    )
    if candidate == baseline:
        others = [name for name in config.table.targets if name != baseline]
        raise ConfigError(
            f"--parity: '{candidate}' is the baseline, and a target is not compared with itself",
            hint=f"name another target: {', '.join(others) or 'there is none yet'}",
        )
    repeat = options.repeat or config.table.compare.repeat
    again = tuple(Side(target=baseline, run=run) for run in range(2, repeat + 1))
    sides = (Side(target=baseline), Side(target=candidate, is_baseline=False), *again)
    return Plan(baseline=baseline, candidate=candidate, sides=sides)


def plan_instances(options: Options, config: Config, instances: tuple[str, ...]) -> tuple[Plan, Config]:
    """Compare the first instance of a target's services with each further one: each test runs once for each of these.

    Returns the configuration with the two sides as targets of their own.
    """
    target = plan_each_target(options, config)
    baseline, candidate = f"{target}@1", f"{target}@each"
    settings = config.table.targets[target]
    targets = {**config.table.targets, baseline: settings, candidate: settings}
    repeat = options.repeat or config.table.compare.repeat
    again = tuple(Side(target=baseline, run=run) for run in range(2, repeat + 1))
    sides = (Side(target=baseline), Side(target=candidate, is_baseline=False), *again)
    # known differences are those between two targets
    table = msgspec.structs.replace(config.table, targets=targets, expected=[])
    plan = Plan(baseline=baseline, candidate=candidate, sides=sides, instances=instances)
    return plan, msgspec.structs.replace(config, table=table)


def plan_each_target(options: Options, config: Config) -> str:
    """The target whose instances are compared.

    :raises ConfigError: it is unknown, or has no such instances.
    """
    name = options.parity or options.target or config.table.baseline
    require_target(config, name, option="--parity" if options.parity else "--target")
    network = config.table.targets[name].network
    if network != {"replica": "docker", "machine": "fly"}[options.each]:
        fitting = {"docker": "--each-replica", "fly": "--each-machine"}.get(network)
        raise ConfigError(
            f"--each-{options.each}: target '{name}' has network = \"{network}\"",
            hint=f"use {fitting}" if fitting else "only targets of the networks docker and fly have instances",
        )
    return name


def split_node_id(node_id: str, sides: Sequence[Side]) -> tuple[str, Side | None]:
    """Part a node id into the test, without its side, and the side.

    >>> split_node_id("a.py::test_x[local#2-7]", [Side(target="local"), Side(target="local", run=2)])[0]
    'a.py::test_x[7]'
    """
    # pytest-xdist's loadgroup appends the group's name; what ends in a bracket has none, whatever the brackets hold
    before, _, group = node_id.rpartition("]@")
    plain = f"{before}]" if before and not group.endswith("]") else node_id
    path, _, name = plain.partition("::")
    function, bracket, rest = name.partition("[")
    if bracket:
        for side in sides:
            if rest == f"{side.id}]":
                return f"{path}::{function}", side
            if rest.startswith(f"{side.id}-"):
                return f"{path}::{function}[{rest[len(side.id) + 1 :]}", side
    return node_id, None


def join_node_id(test: str, label: str) -> str:
    """Put a side's label into the node id of a test, the reverse of `split_node_id`.

    >>> join_node_id("a.py::test_x[7]", "local")
    'a.py::test_x[local-7]'
    """
    path, _, name = test.partition("::")
    function, bracket, rest = name.partition("[")
    return f"{path}::{function}[{label}-{rest}" if bracket else f"{path}::{function}[{label}]"


def expand_sides(plan: Plan, node_id: str) -> list[str]:
    """From the node id of one side, or of a comparison, to those of all sides.

    Empty for a test that is no parity test of this plan.
    """
    path, _, name = node_id.partition("::")
    label = f"{plan.baseline} = {plan.candidate}"
    test, side = split_node_id(node_id, plan.sides)
    if f"[{label}" in name:
        test = f"{path}::{name.replace(f'[{label}-', '[', 1).replace(f'[{label}]', '', 1)}"
    elif side is None:
        return []
    return [join_node_id(test, one.id) for one in plan.sides]
