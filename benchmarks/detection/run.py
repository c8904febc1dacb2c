"""Recall and false alarms: planted faults and fault-free controls over noisy services, judged by all judges in one run.

Run it with `python -m benchmarks.detection [--controls 1000] [--show] [--alone]`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmarks.detection.faults import FAULTS as OF_ROWS
from benchmarks.detection.judges import confirmed, first_sight, masked, plain, unordered
from benchmarks.detection.resources import RESOURCES, recorded
from benchmarks.detection.web_faults import WEB_FAULTS

if TYPE_CHECKING:
    from benchmarks.detection.faults import Fault
    from benchmarks.detection.judges import Judge
    from benchmarks.detection.world import World

JUDGES: dict[str, Judge] = {
    "this comparison": confirmed,
    "the same, not confirmed": first_sight,
    "deepdiff": plain,
    "deepdiff ignore_order": unordered,
    "two-sample mask": masked,
}
FAULTS = (*OF_ROWS, *WEB_FAULTS)
#: differences that a finding may take
MOST = 2


def is_placed(fault: Fault, paths: list[str]) -> bool:
    """Whether the fault's own place is among what was found, or a place above or below it."""
    local = [path.partition("].")[2] if path.startswith("[") else path for path in paths]
    return any(path.startswith(fault.path) or fault.path.startswith(path) for path in local)


def on_fault(judge: Judge, fault: Fault, seed: int) -> list[str]:
    """What a judge finds where the candidate has a fault."""

    def candidate(run: int) -> World:
        world = recorded(fault.kind, "dev", run, seed)
        fault.plant(world)
        return world

    return judge(lambda run: recorded(fault.kind, "local", run, seed), candidate)


def on_control(judge: Judge, kind: str, seed: int) -> list[str]:
    """What a judge finds where there is nothing to find."""
    return judge(lambda run: recorded(kind, "local", run, seed), lambda run: recorded(kind, "dev", run, seed))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--controls", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=2, help="runs of each fault")
    parser.add_argument("--show", action="store_true", help="tell each miss and each alarm of this comparison")
    parser.add_argument("--alone", action="store_true", help="this comparison alone")
    options = parser.parse_args()
    print(f"{len(FAULTS)} faults x {options.seeds}, {options.controls} controls, {len(RESOURCES)} kinds of resource")
    print(f"{'':24}{'recall':>8}{'placed':>8}{'surplus':>9}{'alarms':>8}")
    for name, judge in JUDGES.items():
        is_ours = judge in {confirmed, first_sight}
        if is_ours or not options.alone:
            tell(name, judge, seeds=options.seeds, controls=options.controls, show=options.show and is_ours)


def tell(name: str, judge: Judge, *, seeds: int, controls: int, show: bool) -> None:
    """Print a judge's line, and what it missed or alarmed at."""
    found = placed = surplus = alarms = 0
    for seed in range(seeds):
        for fault in FAULTS:
            paths = on_fault(judge, fault, seed)
            found += bool(paths)
            placed += is_placed(fault, paths)
            surplus += max(0, len(paths) - 1)
            if show and (not is_placed(fault, paths) or len(paths) > MOST):
                print(f"  {'MISSED' if not paths else 'LOOSE'} {fault.kind}: {fault.name} ({fault.path}): {paths}")
    for number in range(controls):
        kind, seed = list(RESOURCES)[number % len(RESOURCES)], 100 + number
        paths = on_control(judge, kind, seed)
        alarms += bool(paths)
        if show and paths:
            print(f"  ALARM {kind} {seed}: {paths}")
    total, many = max(1, len(FAULTS) * seeds), max(1, controls)
    print(f"{name:24}{found / total:>8.1%}{placed / total:>8.1%}{surplus / total:>9.2f}{alarms / many:>8.2%}")


if __name__ == "__main__":
    main()
