"""The fixture `parity`: what a test says about its own comparison, and the mark that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.errors import ConfigError, nearest
from pytest_gaia_parity.model.path import parse_path
from pytest_gaia_parity.model.rules import CompareRules

if TYPE_CHECKING:
    import pytest

    from pytest_gaia_parity.clients.tape import Tape

#: what the mark says of comparing, and of running with `--parity-jobs`
_RULE_KEYS = ("ignore", "shape", "unordered", "tolerance")
_MARK_KEYS = (*_RULE_KEYS, "serial", "independent")


class Handle:
    """This test's handle: `observe` more than HTTP, and say how a place is compared."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._rules = CompareRules()

    @property
    def rules(self) -> CompareRules:
        """What was said so far."""
        return self._rules

    def observe(self, name: str, value: Any) -> None:
        """Record *value*, any JSON data, as worth comparing, under `observations.NAME`.

        :raises ConfigError: the value is not JSON data.
        """
        self._tape.observe(name, value)

    def ignore(self, *paths: str) -> None:
        """Do not compare these places: `parity.ignore("body.region")`."""
        self._add(CompareRules(ignore=_checked(paths)))

    def shape(self, *paths: str) -> None:
        """Compare these places by type and structure, not by value."""
        self._add(CompareRules(shape=_checked(paths)))

    def unordered(self, *paths: str) -> None:
        """Compare the arrays at these places without their order."""
        self._add(CompareRules(unordered=_checked(paths)))

    def tolerance(self, relative: float) -> None:
        """Let numbers differ by this relative amount."""
        self._add(CompareRules(tolerance=relative))

    def _add(self, rules: CompareRules) -> None:
        self._rules = self._rules.joined(rules)


def rules_of_marks(item: pytest.Item) -> CompareRules:
    """What the marks `parity(…)` of a test, its class and its module say.

    :raises ConfigError: a mark has an unknown keyword or a path that is none.
    """
    rules = CompareRules()
    for mark in item.iter_markers("parity"):
        if mark.args:
            raise ConfigError(
                f"{item.nodeid}: the mark 'parity' takes keywords only", hint='as in parity(ignore=["body.id"])'
            )
        for name in mark.kwargs:
            if name not in _MARK_KEYS:
                raise ConfigError(
                    f"{item.nodeid}: the mark 'parity' has no keyword '{name}'; {nearest(name, _MARK_KEYS)}",
                    hint="correct or remove it",
                )
        given = {name: _checked(value) for name, value in mark.kwargs.items() if name in _RULE_KEYS[:3]}
        rules = rules.joined(CompareRules(**given, tolerance=float(mark.kwargs.get("tolerance", 0.0))))
    return rules


def _checked(paths: Any) -> tuple[str, ...]:
    texts = (paths,) if isinstance(paths, str) else tuple(paths)
    for text in texts:
        parse_path(text)
    return texts
