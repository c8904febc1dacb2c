from __future__ import annotations

import execnet
import pytest

from pytest_gaia_parity.run.wire import is_near


@pytest.mark.parametrize(
    ("words", "is_here"),
    [
        ("popen", True),
        ("execmodel=main_thread_only//popen//python=python3.11", True),
        ("ssh=ada@worker.example", False),
        ("popen//via=gateway", False),
        ("socket=192.168.1.5:8888", False),
    ],
)
def test_only_a_worker_on_this_machine_is_given_ports_of_its_loopback(words: str, is_here: bool) -> None:
    assert is_near(execnet.XSpec(words)) is is_here
