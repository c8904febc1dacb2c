"""The fixtures: target, services, async_services, parity; secret_sync, deploy, verify. Imported by every pytest run, so it imports nothing of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_gaia_parity.clients.factory import AsyncClients, Clients
    from pytest_gaia_parity.ops.workplace import Workplace
    from pytest_gaia_parity.ops_handles import Deploy, SecretSync, Verify
    from pytest_gaia_parity.run.handle import Handle
    from pytest_gaia_parity.run.target import Target


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    """The side this test runs on now: .name, .network, .url(service), .is_baseline.

    Any test that reaches it, directly or through another fixture, is a parity test::

        def test_health(target, services):
            assert services.gateway.get("/health").status_code == 200
    """
    from pytest_gaia_parity.errors import ConfigError  # noqa: PLC0415 - an inactive run never needs it
    from pytest_gaia_parity.run.state import run_of  # noqa: PLC0415 - likewise
    from pytest_gaia_parity.run.target import Target  # noqa: PLC0415 - likewise

    if not hasattr(request, "param"):
        raise ConfigError(
            "'target' was asked for by request.getfixturevalue, when tests are no longer parametrised",
            hint="name 'target' or 'services' in the signature of the test or fixture",
        )
    return Target(request.param, run_of(request.config))


@pytest.fixture(scope="session")
def services(target: Target) -> Iterator[Clients]:
    """Recording httpx clients of the current target, one per service, pooled and kept alive across tests.

    Each is a real httpx.Client whose base URL is the service's::

        services.gateway.get("/health")
        services["gateway"].post("/login", json={"user": "ada"})
    """
    clients = target.run.clients(target.side)
    yield clients
    clients.close()


@pytest.fixture(scope="session")
def async_services(target: Target) -> Iterator[AsyncClients]:
    """The same as services, with httpx.AsyncClient, for tests marked anyio.

    Needs the extra 'async'::

        @pytest.mark.anyio
        async def test_health(async_services):
            assert (await async_services.gateway.get("/health")).status_code == 200
    """
    clients = target.run.async_clients(target.side)
    yield clients
    clients.close()


@pytest.fixture
def parity(target: Target, request: pytest.FixtureRequest) -> Handle:  # noqa: ARG001 - makes the test a parity test
    """This test's handle: observe more than HTTP, and say how places are compared.

    Paths name places as the report does::

        parity.observe("rows", count_rows())
        parity.ignore("body.region")
    """
    from pytest_gaia_parity.run.record import handle_of  # noqa: PLC0415 - an inactive run never needs it

    return handle_of(request.node)


@pytest.fixture(scope="session")
def _workplace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """What operations work with: the configured targets, or the embedded stack of this run."""
    from pytest_gaia_parity.ops_handles import open_for_run  # noqa: PLC0415 - an inactive run never needs it

    return open_for_run(request, tmp_path_factory)


@pytest.fixture(scope="session")
def secret_sync(target: Target, _workplace: Workplace, request: pytest.FixtureRequest) -> SecretSync:
    """Drives secret sync for the current target; skipped without --allow-deploy, --dry-run plans.

    A plan comes back, with the names of what was added, changed and unchanged::

        @pytest.mark.only_on("dev")
        def test_sync(secret_sync):
            assert secret_sync().is_good
    """
    from pytest_gaia_parity.ops_handles import SecretSync, require_consent  # noqa: PLC0415 - an inactive run never needs it

    require_consent(target, request.config, "secret_sync")
    return SecretSync(_workplace, target.name, request.config)


@pytest.fixture(scope="session")
def deploy(target: Target, _workplace: Workplace, request: pytest.FixtureRequest) -> Deploy:
    """Drives a deploy to the current target; skipped without --allow-deploy, --dry-run plans.

    It returns when the release is proved to serve::

        @pytest.mark.only_on("dev")
        def test_deploy(deploy):
            assert deploy("gateway").version > 1
    """
    from pytest_gaia_parity.ops_handles import Deploy, require_consent  # noqa: PLC0415 - an inactive run never needs it

    require_consent(target, request.config, "deploy")
    return Deploy(_workplace, target.name, request.config)


@pytest.fixture(scope="session")
def verify(target: Target, _workplace: Workplace) -> Verify:
    """Runs the deployment checks on the current target; changes nothing.

    Health, database, NATS, secrets, calls between services, machines::

        def test_deployment(verify):
            assert [check for check in verify() if check.is_bad] == []
    """
    from pytest_gaia_parity.ops_handles import Verify  # noqa: PLC0415 - an inactive run never needs it

    return Verify(_workplace, target.name)
