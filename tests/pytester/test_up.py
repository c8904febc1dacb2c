"""`--up` where there is no stack to bring up: said at once, in one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import EXIT_USAGE

if TYPE_CHECKING:
    import pytest

_CONFIG = """
[tool.gaia-parity]
baseline = "edge"
[tool.gaia-parity.targets.edge]
network = "direct"
url = "http://127.0.0.1:9"
[tool.gaia-parity.services.auth]
"""


def test_a_run_without_a_compose_stack_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makepyprojecttoml(_CONFIG)
    pytester.makepyfile(**{"parity_tests/test_it": "def test_it(services): ..."})
    ran = pytester.runpytest_subprocess("--target", "edge", "--up")
    assert ran.ret == EXIT_USAGE
    ran.stderr.fnmatch_lines(["*--up brings Compose stacks up, and of edge none has network*"])
