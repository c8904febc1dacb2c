"""Installed and inactive, the plugin imports its own option modules, and nothing that pytest has not loaded anyway."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

SCRIPT = """
import json, sys, pytest

class Look:
    def pytest_sessionfinish(self):
        self.modules = sorted(sys.modules)

look = Look()
code = pytest.main([*sys.argv[2:], "-q", "test_a.py"], plugins=[look])
json.dump(look.modules, open(sys.argv[1], "w"))
sys.exit(code)
"""


def modules(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """The modules loaded by a plain run, in a process of its own."""
    pytester.makepyfile(test_a="def test_a(): pass", script=SCRIPT)
    assert pytester.run(sys.executable, "script.py", "modules.json", *arguments).ret == 0
    return set(json.loads((pytester.path / "modules.json").read_text()))


def test_only_option_modules_are_imported(pytester: pytest.Pytester) -> None:
    ours = modules(pytester)
    without = modules(pytester, "-p", "no:gaia-parity")
    assert {name for name in ours - without if not name.startswith("pytest_gaia_parity")} == set()
    assert {name for name in ours if name.startswith("pytest_gaia_parity")} <= {
        "pytest_gaia_parity",
        "pytest_gaia_parity.fixtures",
        "pytest_gaia_parity.options",
        "pytest_gaia_parity.plugin",
    }
