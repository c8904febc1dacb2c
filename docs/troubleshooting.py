"""Writes troubleshooting.md from the table of causes: `python docs/troubleshooting.py`."""  # noqa: INP001 - a script

from __future__ import annotations

from pathlib import Path

from pytest_gaia_parity.compare.causes import BOTH_DIFFER, BOTH_DIFFER_HINT, BOTH_DIFFER_SHOWS, CAUSES
from pytest_gaia_parity.lab.faults import FAULTS

FILE = Path(__file__).with_suffix(".md")
BEFORE = """\
# Troubleshooting: the causes that a run names

<!-- written by docs/troubleshooting.py; change compare/causes.py and lab/faults.py, then run it -->

A cause is named from evidence, never guessed: where nothing below is shown, the run tells the difference and no cause. What makes
a service unreachable ends the run before the first test, with exit code 69; all else stands beside the differences it explains.

Each cause can be seen at work on the embedded stack, without Docker or an account:

```console
$ pytest --parity dev --lab-fault ipv4-only
$ pytest --parity dev --lab-fault list
```
"""
AFTER = """\

## Differences without a cause

These faults change values. The run shows the place, both values and what the baseline taught, and names no cause.

| fault | what it does |
| --- | --- |
"""


def render() -> str:
    """The text of the file."""
    faults: dict[str, list[str]] = {}
    for fault in FAULTS.values():
        faults.setdefault(fault.cause, []).append(fault.name)
    rows = [(kind.id, kind.shows, kind.hint) for kind in CAUSES]
    rows.append((BOTH_DIFFER, BOTH_DIFFER_SHOWS, BOTH_DIFFER_HINT))
    sections = [_section(*row, faults.get(row[0], [])) for row in rows]
    values = [f"| `{fault.name}` | {fault.says} |\n" for fault in FAULTS.values() if not fault.cause]
    return "".join((BEFORE, *sections, AFTER, *values))


def _section(name: str, shows: str, hint: str, faults: list[str]) -> str:
    seen = [f"- **Try it**: `pytest --parity dev --lab-fault {fault}` ({FAULTS[fault].says})\n" for fault in faults]
    return f"\n## {name}\n\n- **What shows it**: {shows}\n- **What to do**: {hint}\n{''.join(seen)}"


if __name__ == "__main__":
    FILE.write_text(render(), encoding="utf-8")
