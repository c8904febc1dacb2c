"""deploy, rollback and promote without doing it: what stands in the way, what would be done, and what would be proved."""

from __future__ import annotations

import collections
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_gaia_parity.errors import ParityError
from pytest_gaia_parity.ops.deploy import in_order_of_calls, journal_file
from pytest_gaia_parity.ops.plan import service_lines, short_image
from pytest_gaia_parity.ops.proof import look
from pytest_gaia_parity.ops.rollout import fly_toml, parity_test_files, unclean
from pytest_gaia_parity.ops.secrets import plan_secrets, wanted_secrets
from pytest_gaia_parity.ops.steps import read_journal
from pytest_gaia_parity.ops.verify import planned_checks
from pytest_gaia_parity.ops.workplace import require_fly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.ops.proof import Running
    from pytest_gaia_parity.ops.rollout import DeployOptions
    from pytest_gaia_parity.ops.workplace import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRehearsal:
    """What a deploy would do to one service.

    :param problems: what would end the deploy before it changes anything.
    :param writes: how many secrets would be written.
    """

    service: str
    app: str
    lines: tuple[str, ...]
    problems: tuple[str, ...]
    writes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a deploy would do; nothing was changed to find out."""

    verb: str
    target: str
    services: tuple[ServiceRehearsal, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.problems and not any(one.problems for one in self.services)

    @property
    def writes(self) -> int:
        """How many secrets would be written."""
        return sum(one.writes for one in self.services)

    def lines(self) -> list[str]:
        """The rehearsal as people read it."""
        order = " → ".join(one.service for one in self.services)
        lines = [f"{self.verb} to {self.target}, a dry run: {order}"]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"✖ {problem}" for problem in self.problems]
        for one in self.services:
            lines += [f"{one.service} ({one.app})", *(f"  ✖ {problem}" for problem in one.problems), *one.lines]
        count = len(self.problems) + sum(len(one.problems) for one in self.services)
        ends = "nothing stands in the way" if self.is_good else f"{count} problem{'s' * (count > 1)} would end it"
        return [*lines, f"{self.verb} to {self.target}: {ends}; nothing was changed"]


def rehearse(place: Workplace, services: Sequence[str], target: str, options: DeployOptions) -> Rehearsal:
    """Look at everything that a deploy would look at and would do, and change nothing.

    :raises ConfigError: target or service is not configured.
    """
    place.fly_target(target, verb=options.verb)
    ordered = in_order_of_calls(place, place.services(services))
    problems: list[str] = []
    try:
        place.require_yes(target, yes=options.yes)
    except ParityError as error:
        problems.append(f"{error.message.partition(';')[0]}: {error.hint}")
    try:
        require_fly(place)
    except ParityError as error:
        return Rehearsal(verb=options.verb, target=target, services=(), problems=(*problems, _told(error)), notes=())
    journal = read_journal(journal_file(place, target))
    notes = [] if journal is None or not journal.is_cut_off else [f"an earlier run was cut off: {journal.summary()}"]
    notes += [*unclean(place), *place.env_notes()]
    return Rehearsal(
        verb=options.verb,
        target=target,
        services=tuple(_rehearsed(place, service, target, options) for service in ordered),
        problems=tuple(problems),
        notes=tuple(notes),
    )


def _rehearsed(place: Workplace, service: str, target: str, options: DeployOptions) -> ServiceRehearsal:
    app = place.app(target, service)
    problems: list[str] = []
    lines: list[str] = []
    before: Running | None = None
    try:
        before = look(place, app)
        lines.append(f"  now: {_runs(before)}")
    except ParityError as error:
        problems.append(_told(error))
    writes = 0
    if options.sync:
        told, writes, refused = _secrets(place, service, target, is_there=before is not None)
        lines += told
        problems += refused
    else:
        lines.append("  secrets: stay as they are")
    try:
        lines.append(f"  deploys: {_source(place, service, target, options)}")
    except ParityError as error:
        problems.append(_told(error))
    lines += _afterwards(place, service, target, options=options, before=before)
    return ServiceRehearsal(service=service, app=app, lines=tuple(lines), problems=tuple(problems), writes=writes)


def _told(error: ParityError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _runs(before: Running) -> str:
    states = collections.Counter(one.state for one in before.machines)
    machines = ", ".join(f"{count} {state}" for state, count in states.items()) or "no machines"
    release = f"release v{before.release} {before.releases[0].status}" if before.releases else "never released"
    return f"{' + '.join(map(short_image, before.images)) or 'no image'}, {release}, machines: {machines}"


def _secrets(place: Workplace, service: str, target: str, *, is_there: bool) -> tuple[list[str], int, list[str]]:
    """The lines, how many would be written, and what stands in the way."""
    try:
        wanted = wanted_secrets(place, target, [service])
        if not is_there:
            return [], 0, []  # its failure has been told
        (one,) = plan_secrets(place, target, wanted).services
    except ParityError as error:
        return [], 0, [_told(error)]
    if one.failure:
        return [], 0, [one.failure]
    told = service_lines(one)[1:]
    head = f"  secrets: {len(one.written)} to write" if one.written else "  secrets: nothing to write"
    return [head, *(f"  {line}" for line in told)], len(one.written), []


def _source(place: Workplace, service: str, target: str, options: DeployOptions) -> str:
    if options.image:
        return f"the image {short_image(options.image)}; nothing is built"
    if place.is_lab:
        return "an image that the embedded stack pretends to build"
    file = fly_toml(place, service, target, options)
    where = "Fly's builders" if options.remote_only else "the local Docker"
    shown = file.relative_to(place.config.root) if file.is_relative_to(place.config.root) else file
    return f"a build of '{shown.parent}' by '{shown.name}', on {where}"


def _afterwards(
    place: Workplace, service: str, target: str, *, options: DeployOptions, before: Running | None
) -> list[str]:
    health = f"{place.config.url(target, service)}{place.config.service(service).health}"
    after = f" newer than v{before.release}" if before is not None else ""
    checks = [name for _, name in planned_checks(place, target, services=[service])]
    tests = [str(file.relative_to(place.config.root)) for file in parity_test_files(place, service)]
    good = short_image(before.good_image()) if before is not None else ""
    lines = [
        f"  proves: a complete release{after}, every machine on it, their checks, an answer of {health}",
        f"  verifies: {', '.join(checks)}",
    ]
    if not options.test or place.is_lab:
        lines.append("  parity tests: not run")
    else:
        lines.append(f"  parity tests: {', '.join(tests) or f'none, there is no test_{service}*.py'}")
    if not options.roll_back:
        lines.append(
            "  on failure: stays as it is, and is told"
            + (f"; --rollback returns to {good}" if good and options.verb != "rollback" else "")
        )
    else:
        lines.append(f"  on failure: back to {good}" if good else "  on failure: there is no good image to go back to")
    return lines
