"""`--each-replica` and `--each-machine` where they cannot be used: said at once, in one message."""

from __future__ import annotations

import pytest

from pytest_gaia_parity.errors import EXIT_USAGE

_CONFIG = """
[tool.gaia-parity]
baseline = "local"
[tool.gaia-parity.targets.local]
network = "docker"
url = "http://{service}:8000"
[tool.gaia-parity.targets.edge]
network = "direct"
url = "http://127.0.0.1:9"
[tool.gaia-parity.services.auth]
"""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--each-machine",), "*--each-machine: target 'local' has network = \"docker\"*"),
        (("--each-replica", "--target", "edge"), "*--each-replica: target 'edge' has network = \"direct\"*"),
        (("--each-replica", "--lab"), "*--each-replica and --lab exclude each other*"),
        (("--each-replica", "--up"), "*--each-replica and --up exclude each other*"),
        (("--each-replica", "--parity", "nowhere"), "*--parity: 'nowhere' is no target*"),
    ],
)
def test_what_has_no_such_instances_is_a_usage_error(
    pytester: pytest.Pytester, arguments: tuple[str, ...], said: str
) -> None:
    pytester.makepyprojecttoml(_CONFIG)
    pytester.makepyfile(**{"parity_tests/test_it": "def test_it(services): ..."})
    ran = pytester.runpytest_subprocess(*arguments)
    assert ran.ret == EXIT_USAGE
    ran.stderr.fnmatch_lines([said])
