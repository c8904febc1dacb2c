"""Recall and false alarms: planted faults and fault-free controls over noisy services, judged four ways in one run.

Run it with `python -m benchmarks.detection.run [--controls 1000] [--show]`.
"""

from __future__ import annotations

import argparse

from benchmarks.detection.faults import FAULTS, Fault
from benchmarks.detection.judges import masked, ours, plain, unordered
from benchmarks.detection.resources import RESOURCES, recorded

JUDGES = {"this comparison": ours, "deepdiff": plain, "deepdiff ignore_order": unordered, "two-sample mask": masked}
#: differences that a finding may take
MOST = 2


def is_placed(fault: Fault, paths: list[str]) -> bool:
    """Whether the fault's own place is among what was found, or a place above or below it."""
    return any(path.startswith(fault.path) or fault.path.startswith(path) for path in paths)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--controls", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=2, help="runs of each fault")
    parser.add_argument("--show", action="store_true", help="tell each miss and each alarm")
    parser.add_argument("--alone", action="store_true", help="this comparison alone")
    options = parser.parse_args()
    judges = {"this comparison": ours} if options.alone else JUDGES
    print(f"{len(FAULTS)} faults x {options.seeds}, {options.controls} controls, {len(RESOURCES)} kinds of resource")
    print(f"{'':24}{'recall':>8}{'placed':>8}{'surplus':>9}{'alarms':>8}")
    for name, judge in judges.items():
        found = placed = surplus = alarms = 0
        for seed in range(options.seeds):
            for fault in FAULTS:
                baselines = [recorded(fault.kind, "local", run, seed) for run in range(2)]
                candidate = recorded(fault.kind, "dev", 0, seed)
                fault.plant(candidate)
                paths = judge(baselines, candidate)
                local = [path.partition("].")[2] if path.startswith("[") else path for path in paths]
                found += bool(paths)
                placed += is_placed(fault, local)
                surplus += max(0, len(paths) - 1)
                if options.show and judge is ours and (not is_placed(fault, local) or len(paths) > MOST):
                    print(f"  {'MISSED' if not paths else 'LOOSE'} {fault.kind}: {fault.name} ({fault.path}): {paths}")
        for number in range(options.controls):
            kind = list(RESOURCES)[number % len(RESOURCES)]
            seed = 100 + number
            paths = judge([recorded(kind, "local", run, seed) for run in range(2)], recorded(kind, "dev", 0, seed))
            alarms += bool(paths)
            if options.show and judge is ours and paths:
                print(f"  ALARM {kind} {seed}: {paths}")
        total = max(1, len(FAULTS) * options.seeds)
        print(
            f"{name:24}{found / total:>8.1%}{placed / total:>8.1%}{surplus / total:>9.2f}{alarms / max(1, options.controls):>8.1%}"
        )


if __name__ == "__main__":
    main()
