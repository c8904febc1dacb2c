"""Which tests may run ahead, with what arguments; which not, and why.

A test may when nothing of it belongs to the process as a whole: its own fixtures are the plugin's, or declared safe with
`concurrent-fixtures`; wider ones are set up already, so that their values are there to be shared, as they are shared anyway.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gaia_parity.run.ahead.body import Body, Own
from pytest_gaia_parity.run.ahead.coroutine import BACKEND, run_coroutine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.run.record import Case

#: hooks that a conftest.py may have put between pytest and the test
_HOOKS = ("pytest_runtest_protocol", "pytest_runtest_setup", "pytest_runtest_call", "pytest_pyfunc_call")
#: marks that pytest looks at in the test's turn, before or around its body
_MARKS = ("skip", "skipif", "filterwarnings", "asyncio", "trio")


class NotAheadError(Exception):
    """The test runs in its turn; says why."""


class NotYetError(NotAheadError):
    """It will be able to, once its wider fixtures are set up: nothing worth telling."""


@dataclass(slots=True)
class Eligibility:
    """Decides for one run."""

    safe: frozenset[str]
    limit: float | None = None
    #: what conftest files add around tests, by the hook relay that knows them
    _hooked: dict[int, str] = field(default_factory=dict)

    def body_of(self, item: pytest.Item, case: Case) -> Body:
        """The body of a test, ready to run.

        :raises NotAheadError: it has to run in its turn.
        """
        if type(item) is not pytest.Function:
            raise NotAheadError("it is no plain test function")
        self._check(item)
        body = Body(
            item=item,
            original=item.obj,
            tape=case.tape,
            file=str(item.path),
            values={},
            own=(),
            limit=self._limit_of(item),
            expected_to_fail=item.get_closest_marker("xfail") is not None,
            independent=any(mark.kwargs.get("independent") for mark in item.iter_markers("parity")),
        )
        body.own = _Resolver(self, item, case, body.values).resolve()
        if inspect.iscoroutinefunction(item.obj):
            body.invoke = partial(run_coroutine, body.values)
        return body

    def _check(self, item: pytest.Function) -> None:
        for mark in item.iter_markers():
            if mark.name in _MARKS:
                raise NotAheadError(f"it is marked '{mark.name}'")
            if mark.name == "usefixtures" and mark.args != (BACKEND,):
                raise NotAheadError("it is marked 'usefixtures'")
            if mark.name == "xfail" and not mark.kwargs.get("run", True):
                raise NotAheadError("it is marked 'xfail(run=False)'")
            if mark.name == "parity" and mark.kwargs.get("serial"):
                raise NotAheadError("it is marked 'parity(serial=True)'")
        is_coroutine = inspect.iscoroutinefunction(item.obj) or inspect.isasyncgenfunction(item.obj)
        if is_coroutine and BACKEND not in item.fixturenames:
            raise NotAheadError("it is a coroutine that anyio does not run")
        if hasattr(item.obj, "hypothesis") and BACKEND in item.fixturenames:
            raise NotAheadError("it is a coroutine that hypothesis runs")
        relay = item.ihook
        if id(relay) not in self._hooked:
            self._hooked[id(relay)] = _hooks_of(relay)
        if self._hooked[id(relay)]:
            raise NotAheadError(self._hooked[id(relay)])

    def _limit_of(self, item: pytest.Function) -> float | None:
        """Seconds by pytest-timeout's mark, else by its option."""
        mark = item.get_closest_marker("timeout")
        if mark is None:
            return self.limit
        given = mark.args[0] if mark.args else mark.kwargs.get("timeout")
        return float(given) if given else None


@dataclass(slots=True)
class _Resolver:
    """Finds the values of one test's fixtures."""

    rules: Eligibility
    item: pytest.Function
    case: Case
    values: dict[str, Any]
    own: list[Own] = field(default_factory=list)

    def resolve(self) -> Sequence[Own]:
        info = self.item._fixtureinfo  # noqa: SLF001 - pytest tells a test's fixtures nowhere else
        # parameters first: where one is new, `target` above all, what was set up for the last one is still there
        for name in (*self.item.callspec.params, *info.initialnames, *info.argnames):
            self._find(name)
        return self.own

    def _find(self, name: str) -> None:
        if name in self.values or any(one.name == name for one in self.own):
            return
        definitions = self.item._fixtureinfo.name2fixturedefs.get(name)  # noqa: SLF001 - likewise
        if name == "request" or not definitions:
            raise NotAheadError(f"it uses '{name}'")
        definition = definitions[-1]
        parameters = self.item.callspec.params
        if definition.scope != "function":
            self._wide(name, definition, parameters.get(name))
        elif name in parameters and definition.func.__module__ == "_pytest.python":
            self.values[name] = parameters[name]  # an argument of parametrize
        elif name == "parity" and definition.func.__module__ == "pytest_gaia_parity.fixtures":
            self.values[name] = self.case.handle
        else:
            self._narrow(name, definitions)

    def _wide(self, name: str, definition: pytest.FixtureDef[Any], parameter: object) -> None:
        if inspect.isasyncgenfunction(definition.func):
            raise NotAheadError(f"it uses the asynchronous fixture '{name}'")
        cached = definition.cached_result
        # another side's, another parameter's, another module's, or one that failed
        if cached is None or cached[2] is not None or not _same(cached[1], parameter) or not self._is_up(definition):
            raise NotYetError(f"'{name}' is not set up")
        self.values[name] = cached[0]

    def _is_up(self, definition: pytest.FixtureDef[Any]) -> bool:
        """Whether what a module's or class's fixture was set up for is what this test belongs to."""
        from _pytest.fixtures import get_scope_node  # noqa: PLC0415 - pytest tells it nowhere else

        node = get_scope_node(self.item, definition._scope)  # noqa: SLF001 - likewise
        return node in self.item.session._setupstate.stack  # noqa: SLF001 - likewise

    def _narrow(self, name: str, definitions: Sequence[pytest.FixtureDef[Any]]) -> None:
        definition = definitions[-1]
        if name not in self.rules.safe and name != BACKEND:
            raise NotAheadError(f"it uses the fixture '{name}'")
        if "::" in definition.baseid or name in definition.argnames or definition.params:
            raise NotAheadError(f"it uses '{name}', which is a method, has parameters, or replaces another fixture")
        if inspect.iscoroutinefunction(definition.func) or inspect.isasyncgenfunction(definition.func):
            raise NotAheadError(f"it uses the asynchronous fixture '{name}'")
        for argument in definition.argnames:
            self._find(argument)
        self.own.append(Own(name, definition.func, tuple(definition.argnames)))


def _same(one: object, other: object) -> bool:
    try:
        return bool(one == other)
    except (ValueError, RuntimeError):  # as arrays do
        return one is other


def _hooks_of(relay: Any) -> str:
    for name in _HOOKS:
        for implementation in getattr(relay, name).get_hookimpls():
            file = str(getattr(implementation.plugin, "__file__", ""))
            if file.endswith("conftest.py"):
                return f"conftest.py implements {name}"
    return ""
