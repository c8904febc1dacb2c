"""The object behind the one stash key on config: what every process of a run needs to run tests on a side."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import pytest

from pytest_gaia_parity.clients.factory import AsyncClients, Clients, one_ssl_context
from pytest_gaia_parity.clients.tape import Recorder
from pytest_gaia_parity.clients.transport import WriteGuard
from pytest_gaia_parity.config.envfile import read_env
from pytest_gaia_parity.config.load import load_config
from pytest_gaia_parity.errors import ConfigError, ParityError
from pytest_gaia_parity.network.instances import InstanceNetwork, find_instances, labels_of
from pytest_gaia_parity.network.lab import LabNetwork
from pytest_gaia_parity.network.open import open_network
from pytest_gaia_parity.network.route import Shareable
from pytest_gaia_parity.redact import Redactor, stretched
from pytest_gaia_parity.run import wire
from pytest_gaia_parity.run.given import Options, parse_options
from pytest_gaia_parity.run.sides import Plan, Side, plan_each_target, plan_instances, plan_sides

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_gaia_parity.config.schema import Config
    from pytest_gaia_parity.lab.stack import Stack
    from pytest_gaia_parity.network.route import Network

#: the one `Run` of a pytest config; absent while nothing asked for parity
RUN_KEY = pytest.StashKey["Run"]()


class Run:
    """One run in one process: options, configuration, sides, networks, clients, the current tape."""

    def __init__(self, options: Options, config: Config, plan: Plan, payload: wire.Payload) -> None:
        self.options = options
        self.config = config
        self.plan = plan
        self.payload = payload
        self.recorder = Recorder()
        self.stack: Stack | None = None
        self.redactor = Redactor(read_env(config.root / config.table.env_file).values, key=payload.mask_key)
        self._networks: dict[str, Network] = {}
        self._ssl_context = one_ssl_context()

    def network(self, target: str, instance: str = "") -> Network:
        """The opened network of a target, or of one instance of its services.

        :raises UnreachableError: it is not there.
        """
        name, is_instance, _ = target.partition("@")
        if is_instance:
            number = 0 if target == self.plan.baseline else 1 + self.plan.instances.index(instance)
            return InstanceNetwork(self.network(name), self.payload.instances, number)
        if target not in self._networks:
            if self.options.lab:
                rows = self.payload.lab_routes.get(target, [])
                network: Network = LabNetwork({(host, port): (to, at) for host, port, to, at in rows})
            else:
                network = open_network(self.config, target, shared=self.payload.proxies.get(target, []))
            network.open()
            self._networks[target] = network
        return self._networks[target]

    def clients(self, side: Side) -> Clients:
        """New recording clients for a side."""
        return Clients(**self._client_settings(side))

    def async_clients(self, side: Side) -> AsyncClients:
        """New recording clients for a side, asynchronous."""
        return AsyncClients(**self._client_settings(side))

    def _client_settings(self, side: Side) -> dict[str, Any]:
        table = self.config.table
        target = table.targets[side.target]
        return {
            "target": side.target,
            "urls": self.urls(side.target),
            "network": self.network(side.target, side.instance),
            "recorder": self.recorder,
            "run_id": self.payload.run_id,
            "timeout": table.timeout,
            "verify": self._ssl_context,
            "guard": WriteGuard(
                target=side.target,
                read_only=target.read_only and not self.options.allow_writes,
                allowed=tuple(target.writes),
            ),
        }

    def urls(self, target: str) -> Mapping[str, str]:
        """The URL of each service on a target; a service it has no address for is left out."""
        settings = self.config.table.targets[target]
        return {
            name: self.config.url(target, name)
            for name in self.config.service_names
            if settings.url or name in settings.urls
        }

    def keep(self, networks: Mapping[str, Network]) -> None:
        """Take over networks that are open already."""
        self._networks.update(networks)

    def payload_for(self, node: Any) -> wire.Payload:
        """What a worker, about to start, is told: one on this machine also where our proxies listen."""
        if not wire.is_near(node.gateway.spec):
            return self.payload
        names = dict.fromkeys(target.partition("@")[0] for target in self.plan.targets)
        return msgspec.structs.replace(self.payload, proxies={name: self._shared(name) for name in names})

    def _shared(self, target: str) -> list[tuple[str, int, int]]:
        try:
            network = self.network(target)
        except ParityError:  # without preflight: whichever test uses it tells
            return []
        return list(network.share()) if isinstance(network, Shareable) else []

    def close(self) -> None:
        """End what this process started; may be called more than once."""
        for network in self._networks.values():
            network.close()
        self._networks.clear()
        if self.stack is not None:
            self.stack.stop()
            self.stack = None


def start_run(pytest_config: pytest.Config) -> Run:
    """Make the run of this process, and keep it in the config's stash.

    On the controller the embedded stack is started here, since workers need its addresses.

    :raises ConfigError: options or configuration are wrong.
    """
    options = parse_options(pytest_config)
    config = load_config(pytest_config.invocation_params.dir)
    if not config.service_names:
        raise ConfigError(
            f"{config.file} declares no service", hint="add [tool.gaia-parity.services.NAME], or give a target 'urls'"
        )
    payload = wire.receive_payload(pytest_config)
    stack = None
    networks: dict[str, Network] = {}
    if options.each:
        instances, networks = _instances(config, options) if payload is None else (payload.instances, {})
        plan, config = plan_instances(options, config, labels_of(instances))
    else:
        plan, instances = plan_sides(options, config), {}
    if payload is None:
        stack = _start_lab(config, plan, options) if options.lab else None
        payload = wire.Payload(
            run_id=secrets.token_hex(8),
            mask_key=stretched(options.mask_key) if options.mask_key else secrets.token_bytes(32),
            lab_routes={} if stack is None else _rows(stack.routes),
            instances=instances,
            # a body that ran ahead would run twice where its test is given to another worker
            jobs=1 if wire.takes_back(pytest_config) or instances else options.jobs or config.table.jobs,
        )
    run = Run(options, config, plan, payload)
    run.stack = stack
    run.keep(networks)
    pytest_config.stash[RUN_KEY] = run
    return run


def run_of(pytest_config: pytest.Config) -> Run:
    """The run of this process; one target is made ready where no option asked for parity but a test needs it."""
    run = pytest_config.stash.get(RUN_KEY, None)
    return start_run(pytest_config) if run is None else run


def _instances(config: Config, options: Options) -> tuple[dict[str, list[str]], dict[str, Network]]:
    """The instances behind the names of a target's services, and the network, opened, that told them."""
    target = plan_each_target(options, config)
    network = open_network(config, target)
    settings = config.table.targets[target]
    names = [name for name in config.service_names if settings.url or name in settings.urls]
    hosts = [urlsplit(config.url(target, name)).hostname or "" for name in names]
    try:
        network.open()
        return find_instances(network, hosts, target=target, what=options.each), {target: network}
    except BaseException:
        network.close()
        raise


def _start_lab(config: Config, plan: Plan, options: Options) -> Stack:
    from pytest_gaia_parity.lab.stack import Stack  # noqa: PLC0415 - the extra `lab` is needed by --lab only

    candidates = () if plan.candidate is None else (plan.candidate,)
    stack = Stack(config, baseline=plan.baseline, candidates=candidates, faults=options.lab_faults)
    stack.start()
    return stack


def _rows(
    routes: Mapping[str, Mapping[tuple[str, int], tuple[str, int]]],
) -> dict[str, list[tuple[str, int, str, int]]]:
    return {target: [(*key, *value) for key, value in table.items()] for target, table in routes.items()}
