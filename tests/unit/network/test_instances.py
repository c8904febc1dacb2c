from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_gaia_parity.errors import EXIT_NOTHING_COMPARED, NothingToCompareError
from pytest_gaia_parity.network.instances import InstanceNetwork, Instances, find_instances, labels_of
from pytest_gaia_parity.network.route import Endpoint, Route

if TYPE_CHECKING:
    from collections.abc import Mapping


class Known:
    """A network with instances behind its names, which routes a name to itself."""

    def __init__(self, table: Mapping[str, Instances]) -> None:
        self._table = table
        self.lost: list[str] = []

    def open(self) -> None: ...

    def route(self, host: str, port: int) -> Route:
        return Route("known", (Endpoint(host, port),))

    def failed(self, host: str, port: int) -> None:
        self.lost.append(f"{host}:{port}")

    def instances(self, host: str) -> Instances:
        return self._table[host]

    def close(self) -> None: ...


TWO_AND_ONE = Known({"auth": Instances(("auth-1", "auth-2")), "chat": Instances(("chat-1",))})


def test_a_name_leads_to_its_instance_of_a_number_else_to_its_first() -> None:
    found = find_instances(TWO_AND_ONE, ["auth", "chat"], target="local", what="replica")
    second = InstanceNetwork(TWO_AND_ONE, found, 1)
    hosts = [second.route(host, 8000).endpoints[0].host for host in ("auth", "chat", "elsewhere")]
    assert hosts == ["auth-2", "chat-1", "elsewhere"]
    second.failed("auth", 8000)
    assert TWO_AND_ONE.lost == ["auth-2:8000"]
    assert second.about("auth") == {"instance": "auth-2"}


def test_instances_are_called_by_their_own_names_where_those_tell_them() -> None:
    machines = {"gaia-auth-dev.internal": ["1a.vm.gaia-auth-dev.internal", "2b.vm.gaia-auth-dev.internal"]}
    assert labels_of(machines) == ("2b",)
    assert labels_of({**machines, "gaia-chat-dev.internal": ["x", "y", "z"]}) == ("2", "z")


def test_one_instance_of_each_is_nothing_to_compare_and_what_does_not_run_is_named() -> None:
    one = Known({"auth": Instances(("1.vm.a.internal",), ("machine 2 of a is stopped",)), "chat": Instances(("c",))})
    with pytest.raises(
        NothingToCompareError, match="each of auth, chat has one machine that runs; machine 2 of a is s"
    ) as seen:
        find_instances(one, ["auth", "chat"], target="dev", what="machine")
    assert seen.value.exit_code == EXIT_NOTHING_COMPARED
