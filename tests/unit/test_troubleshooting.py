"""docs/troubleshooting.md is what the table of causes says."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from pytest_gaia_parity.compare.causes import CAUSES
from pytest_gaia_parity.lab.faults import FAULTS

SCRIPT = Path(__file__).parents[2] / "docs" / "troubleshooting.py"


def test_the_page_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("troubleshooting", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert SCRIPT.with_suffix(".md").read_text(encoding="utf-8") == script.render(), (
        "run python docs/troubleshooting.py"
    )


def test_every_cause_has_a_fault_that_shows_it() -> None:
    assert {kind.id for kind in CAUSES} == {fault.cause for fault in FAULTS.values() if fault.cause}
