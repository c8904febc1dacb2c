"""Keeps secrets out of the ids of parametrised tests: they name tests in every output, so no later mask would reach all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from pytest_gaia_parity.redact import Redactor


class IdHooks:
    """Gives parameters that hold a secret an id of their own."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def pytest_make_parametrize_id(self, val: object, argname: str) -> str | None:
        """The name of the argument for a secret: the same in each run, so that --lf and recordings find the test again.

        pytest numbers ids that are equal.
        """
        if isinstance(val, bytes):
            val = val.decode("latin-1")
        if not isinstance(val, str) or not self._redactor.names_a_secret(val):
            return None
        return f"{argname}-masked"


def refuse_secrets(definition: pytest.Function, redactor: Redactor) -> None:
    """Check the ids that a test itself gives its parameters.

    :raises ConfigError: one holds a secret.
    """
    for name in _given_ids(definition):
        if redactor.names_a_secret(name):
            raise ConfigError(
                f"{definition.nodeid}: the id of a parameter, '{redactor.text(name)}', holds a secret, and ids are in every report",
                hint="give it an id that says what it is for, or none: then the plugin does",
            )


def _given_ids(definition: pytest.Function) -> Iterator[str]:
    for mark in definition.iter_markers("parametrize"):
        ids = mark.kwargs.get("ids")
        if isinstance(ids, list | tuple):
            yield from (one for one in ids if isinstance(one, str))
        values = mark.args[1] if len(mark.args) > 1 else mark.kwargs.get("argvalues")
        if isinstance(values, list | tuple):
            yield from (one.id for one in values if isinstance(getattr(one, "id", None), str))
