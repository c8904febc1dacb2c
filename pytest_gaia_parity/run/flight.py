"""The flight recorder: for what mismatched, what the services of both sides logged of that exchange.

Asked for only where something differs, and within bounds: a log that cannot be read is said, and changes no verdict.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from pytest_gaia_parity.clients.tape import masker_of
from pytest_gaia_parity.errors import ParityError
from pytest_gaia_parity.model.comparison import Log, Severity, Verdict
from pytest_gaia_parity.network.route import Logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_gaia_parity.compare.pairing import Gathered
    from pytest_gaia_parity.model.comparison import Comparison, Pair
    from pytest_gaia_parity.model.exchange import Exchange
    from pytest_gaia_parity.network.route import Network
    from pytest_gaia_parity.run.state import Run

#: exchanges of one comparison, comparisons of one run, and seconds in all
EXCHANGES, COMPARISONS, SECONDS = 5, 50, 30.0
#: of one side of one exchange: lines, characters of a line
LINES, WIDTH = 40, 1000
#: lines that are masked together: no secret spans more than those that are left out
_LOOKED_AT = 10 * LINES
#: seconds before and after an exchange in which its lines are sought
AROUND = 1.0
#: digits of a trace id within `traceparent`
_TRACE = slice(3, 35)


class FlightRecorder:
    """Fetches logs for one run."""

    def __init__(self, run: Run, targets: Sequence[str]) -> None:
        self._run = run
        self._targets = targets[:2]
        self._left = COMPARISONS
        self._seconds = SECONDS
        #: a target whose logs cannot be had at all → why; asked once
        self._closed: dict[str, str] = {}

    def attach(self, comparison: Comparison, gathered: Gathered) -> Comparison:
        """The comparison with the lines of its exchanges that differ."""
        if comparison.verdict is not Verdict.MISMATCH or not self._run.config.table.flight_recorder:
            return comparison
        if self._left <= 0 or self._seconds <= 0:
            return comparison
        self._left -= 1
        started = time.monotonic()
        logs = tuple(self._logs(comparison, gathered))
        self._seconds -= time.monotonic() - started
        return msgspec.structs.replace(comparison, logs=logs)

    def _logs(self, comparison: Comparison, gathered: Gathered) -> Iterator[Log]:
        differing = dict.fromkeys(
            one.pair for one in comparison.differences if one.pair is not None and one.severity is Severity.ERROR
        )
        for number in list(differing)[:EXCHANGES]:
            pair = comparison.exchanges[number]
            for side, exchange in zip(("baseline", "candidate"), _both(pair, gathered), strict=True):
                if exchange is not None and self._has_logs(side):
                    yield self._log(number, side, exchange)

    def _has_logs(self, side: str) -> bool:
        return self._run.stack is not None or isinstance(self._network(self._target(side)), Logs)

    def _network(self, target: str) -> Network:
        """The network of a target; where its instances are compared, that of them all: the trace id tells whose lines are whose."""
        return self._run.network(target.partition("@")[0])

    def _target(self, side: str) -> str:
        return self._targets[0 if side == "baseline" else 1]

    def _log(self, number: int, side: str, exchange: Exchange) -> Log:
        target = self._target(side)
        lines: tuple[str, ...] = ()
        says = self._closed.get(target, "")
        if not says:
            try:
                lines, says = self._lines(target, exchange)
            except (ParityError, OSError) as error:
                says = f"the log cannot be read: {error.message if isinstance(error, ParityError) else error}"
                self._closed[target] = says
        return Log(pair=number, side=side, service=exchange.service, lines=lines, says=says)

    def _lines(self, target: str, exchange: Exchange) -> tuple[tuple[str, ...], str]:
        network = self._network(target)
        if self._run.stack is not None:
            found = self._run.stack.log(target, exchange.service)
        elif isinstance(network, Logs):
            began, ended = _span(exchange)
            found = network.logs(urlsplit(exchange.request.url).hostname or "", since=began, until=ended)
        else:
            return (), ""
        return choose(found, exchange, masker_of((), self._run.redactor))


def choose(lines: Sequence[str], exchange: Exchange, mask: Callable[[str], str]) -> tuple[tuple[str, ...], str]:
    """The lines of one exchange: from the first to the last that has its trace id, without those of other requests.

    Where no line has it: all, as they were written at the time. Masked together, since a secret may span lines, and before
    anything is cut, since a part of it tells as much.
    """
    trace = exchange.trace[_TRACE]
    at = [number for number, line in enumerate(lines) if trace and trace in line]
    if at:
        # what a request logs beside its id (a traceback) stands between its lines, or right behind the last one
        behind = next(
            (
                number
                for number in range(at[-1] + 1, len(lines))
                if not lines[number].startswith((" ", "\t", "Traceback"))
            ),
            len(lines),
        )
        chosen = [line for line in lines[at[0] : behind] if trace in line or "traceparent=" not in line]
        how = ""
    else:
        chosen, how = (
            list(lines),
            "no line has the trace id: these were written at the time" if lines else "nothing was logged",
        )
    if len(chosen) > LINES:
        how = "; ".join(filter(None, (how, f"the last {LINES} of {len(chosen)} lines")))
    masked = mask("\n".join(chosen[-_LOOKED_AT:])).split("\n") if chosen else []
    return tuple(line[:WIDTH] for line in masked[-LINES:]), how


def _both(pair: Pair, gathered: Gathered) -> Iterator[Exchange | None]:
    for records, index in ((gathered.baselines, pair.baseline), (gathered.candidates, pair.candidate)):
        yield records[0].exchanges[index] if records and index is not None else None


def _span(exchange: Exchange) -> tuple[float, float]:
    started = exchange.timings.started
    return started - AROUND, started + (exchange.timings.total or 0.0) + AROUND
