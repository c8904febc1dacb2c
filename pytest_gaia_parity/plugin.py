"""Hook implementations only: is parity active? then one call. Nothing else of the package is imported before."""

from __future__ import annotations

import pytest

from pytest_gaia_parity import fixtures, options

target = fixtures.target
services = fixtures.services
async_services = fixtures.async_services
parity = fixtures.parity
_workplace = fixtures._workplace  # noqa: SLF001 - pytest knows a fixture by the plugin's attribute
secret_sync = fixtures.secret_sync
deploy = fixtures.deploy
verify = fixtures.verify


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, and the working hooks when an option asks for them."""
    for marker in options.MARKERS:
        config.addinivalue_line("markers", marker)
    if config.getoption("verify"):
        from pytest_gaia_parity.verify_items import VerifyHooks  # noqa: PLC0415 - an inactive run pays nothing

        config.pluginmanager.register(VerifyHooks(config), "gaia-parity-verify")
    elif options.is_active(config):
        from pytest_gaia_parity.run.start import start  # noqa: PLC0415 - an inactive run pays nothing

        start(config)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that reaches `target` once per side; first in the id, so that a side runs as a block."""
    if "target" in metafunc.fixturenames:
        from pytest_gaia_parity.run.start import parametrize  # noqa: PLC0415 - an inactive run pays nothing

        parametrize(metafunc)
