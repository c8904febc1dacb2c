"""sync-secrets: each service gets what it declares and the URLs of what it calls, byte for byte, and only if it changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_gaia_parity.adapters.fly_errors import FlyError, FlyFailure
from pytest_gaia_parity.adapters.fly_import import encode
from pytest_gaia_parity.errors import CommandError, ParityError, RefusedError
from pytest_gaia_parity.ops.fingerprints import Written, without
from pytest_gaia_parity.ops.parallel import side_by_side
from pytest_gaia_parity.ops.plan import WRITTEN, Change, ChangeKind, Plan, ServiceSecrets
from pytest_gaia_parity.ops.workplace import require_fly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_gaia_parity.adapters.fly_json import Secret
    from pytest_gaia_parity.ops.fingerprints import Known
    from pytest_gaia_parity.ops.workplace import Workplace

#: what fly says of a secret that has not reached every machine
_WAITING = frozenset({"Staged", "Partial"})
#: what a service on Fly may be reached by from another
PRIVATE = (".internal", ".flycast")


def sync_secrets(  # noqa: PLR0913 - keywords
    place: Workplace,
    target: str,
    *,
    services: Sequence[str] | None = None,
    dry_run: bool = False,
    prune: bool = False,
    stage: bool = False,
    yes: bool = False,
) -> Plan:
    """Plan, show, and unless *dry_run* apply; the plan holds what came of it.

    :raises ParityError: nothing could be done for any service.
    """
    place.fly_target(target, verb="sync-secrets")
    chosen = place.services(services)
    require_fly(place)
    wanted = wanted_secrets(place, target, chosen)
    with place.fingerprints.locked(target):
        plan = plan_secrets(place, target, wanted, prune=prune)
        for line in plan.lines():
            place.say(line)
        if dry_run:
            return replace(plan, failures={one.service: one.failure for one in plan.services if one.failure})
        if not plan.is_settled:
            place.require_yes(target, yes=yes)
        return apply_secrets(place, plan, stage=stage)


def wanted_secrets(place: Workplace, target: str, services: Sequence[str]) -> dict[str, dict[str, str]]:
    """What each service is to have.

    :raises RefusedError: a required name is missing anywhere, a value cannot travel, or a service's URL is public.
    """
    wanted: dict[str, dict[str, str]] = {}
    problems: list[str] = []
    for service in services:
        declared = place.config.service(service)
        values = {name: place.env.values[name] for name in declared.required if place.env.values.get(name)}
        lacking = [name for name in declared.required if name not in values]
        if lacking:
            problems.append(f"{service} lacks {', '.join(lacking)}")
        values |= {name: place.env.values[name] for name in declared.optional if place.env.values.get(name)}
        for called in declared.calls:
            url = place.config.url(target, called)
            values[service_url_name(called)] = url
            if not _is_private(url):
                problems.append(f"{service} would call {called} by the public URL {url}")
        problems += [f"{service}: '{name}' cannot travel: {why}" for name, why in encode(values).refused.items()]
        wanted[service] = values
    if problems:
        # a line that could not be read is where a name is missing from
        problems += [
            f"'{place.env.path.name}' {problem}" for problem in place.env.problems if "left out" in problem.says
        ]
        raise RefusedError(
            f"nothing was changed on '{target}': {'; '.join(problems)}",
            hint=f"complete '{place.env.path}'" if place.env.exists else f"create '{place.env.path}'",
        )
    return wanted


def service_url_name(service: str) -> str:
    """The variable by which a service knows another.

    >>> service_url_name("asset-store")
    'ASSET_STORE_SERVICE_URL'
    """
    return f"{service.upper().replace('-', '_')}_SERVICE_URL"


def _is_private(url: str) -> bool:
    return (urlsplit(url).hostname or "").endswith(PRIVATE)


def plan_secrets(
    place: Workplace, target: str, wanted: Mapping[str, Mapping[str, str]], *, prune: bool = False
) -> Plan:
    """Compare what is wanted with what is there, for all services at once."""

    def plan_one(service: str) -> ServiceSecrets:
        app = place.app(target, service)
        try:
            there = place.fly.secrets(app)
        except ParityError as error:
            return ServiceSecrets(service=service, app=app, failure=str(error))
        return _planned(place, service, app, wanted=wanted[service], there=there, prune=prune)

    services = side_by_side(place.runner, plan_one, wanted)
    return Plan(target=target, services=tuple(services), notes=place.env_notes())


def _planned(  # noqa: PLR0913 - keywords
    place: Workplace,
    service: str,
    app: str,
    *,
    wanted: Mapping[str, str],
    there: Sequence[Secret],
    prune: bool,
) -> ServiceSecrets:
    known = place.fingerprints.read(app)
    digests = {secret.name: secret.digest for secret in there}
    declared = place.config.service(service)
    changes = [
        Change(name=name, kind=_kind(name, place.fingerprints.of(app, name, value), digests=digests, known=known))
        for name, value in wanted.items()
    ]
    extra = ChangeKind.REMOVE if prune else ChangeKind.EXTRA
    changes += [Change(name=name, kind=extra) for name in digests if name not in wanted]
    written = {change.name for change in changes if change.kind in WRITTEN}
    return ServiceSecrets(
        service=service,
        app=app,
        changes=tuple(changes),
        values={name: wanted[name] for name in wanted if name in written},
        staged=_staged(there, known),
        optional_missing=tuple(name for name in declared.optional if name not in wanted),
    )


def _kind(name: str, fingerprint: str, *, digests: Mapping[str, str], known: Known) -> ChangeKind:
    if name not in digests:
        return ChangeKind.ADD
    written = known.secrets.get(name)
    if written is None:
        return ChangeKind.UNKNOWN
    if written.fingerprint != fingerprint:
        return ChangeKind.CHANGE
    return ChangeKind.UNCHANGED if written.digest == digests[name] else ChangeKind.DRIFT


def _staged(there: Sequence[Secret], known: Known) -> tuple[str, ...]:
    """What waits for a deployment; versions of fly that do not tell are believed what was left unfinished here."""
    if any(secret.status for secret in there):
        return tuple(secret.name for secret in there if secret.status in _WAITING)
    return tuple(secret.name for secret in there) if known.pending else ()


def apply_secrets(place: Workplace, plan: Plan, *, stage: bool = False) -> Plan:
    """Write what is planned, all services at once; a failing one leaves the others' results intact."""

    def apply_one(one: ServiceSecrets) -> tuple[str, str, str]:
        if one.failure:
            return one.service, "", one.failure
        if one.is_settled or (stage and not one.written and not one.names(ChangeKind.REMOVE)):
            return one.service, "settled", ""
        try:
            return one.service, _apply(place, plan.target, one, stage=stage), ""
        except ParityError as error:
            return one.service, "", str(error)

    def tell(outcomes: Sequence[tuple[str, str, str]]) -> None:
        for service, result, failure in outcomes:
            place.say(f"✖ {service}: {failure}" if failure else f"✔ {service}: {_SAYS.get(result, result)}")

    def tell_interrupted(outcomes: Sequence[tuple[str, str, str]]) -> None:
        tell(outcomes)
        place.say("interrupted; run the same command again to complete it")

    outcomes = side_by_side(place.runner, apply_one, plan.services, interrupted=tell_interrupted)
    tell(outcomes)
    failures = {service: failure for service, _, failure in outcomes if failure}
    if failures and len(failures) < len(outcomes):
        place.say(f"failed for {', '.join(failures)}; run the same command again to complete it")
    return replace(plan, results={service: result for service, result, _ in outcomes}, failures=failures)


_SAYS = {
    "settled": "nothing to do",
    "staged": "staged; the next deployment brings it to the machines",
    "first": "staged for the first deployment",
    "done": "done, and every machine restarted",
}


def _apply(place: Workplace, target: str, one: ServiceSecrets, *, stage: bool) -> str:
    removed = one.names(ChangeKind.REMOVE)
    with place.audit.change(
        "sync-secrets", target=target, service=one.service, app=one.app, names=list(one.written), removed=list(removed)
    ) as closing:
        _stage(place, one, removed)
        closing["outcome"] = result = "staged" if stage else _deploy_staged(place, one.app)
        return result


def _stage(place: Workplace, one: ServiceSecrets, removed: Sequence[str]) -> None:
    known = place.fingerprints.read(one.app)
    # a write that is cut off must not look finished: what is about to be written is forgotten first
    forgotten = without(known.secrets, (*one.written, *removed))
    place.fingerprints.write(one.app, forgotten, pending=True)
    encoded = encode(one.values)
    if encoded.text:
        place.fly.import_secrets(one.app, encoded.text)
    for name, value in encoded.single.items():
        place.fly.set_secret(one.app, name, value)
    if removed:
        place.fly.unset_secrets(one.app, removed)
    digests = {secret.name: secret.digest for secret in place.fly.secrets(one.app)}
    lost = [name for name in one.written if name not in digests]
    if lost:
        raise RefusedError(
            f"'{one.app}' does not list {', '.join(lost)} after they were written",
            hint="run the same command again",
        )
    written = {
        name: Written(fingerprint=place.fingerprints.of(one.app, name, value), digest=digests[name])
        for name, value in one.values.items()
    }
    place.fingerprints.write(one.app, {**forgotten, **written}, pending=True)


def withdraw_secrets(place: Workplace, target: str, service: str, names: Sequence[str]) -> None:
    """Stage the removal of secrets that were written just now."""
    app = place.app(target, service)
    with place.audit.change("withdraw-secrets", target=target, service=service, app=app, removed=list(names)):
        place.fingerprints.write(app, without(place.fingerprints.read(app).secrets, names), pending=True)
        place.fly.unset_secrets(app, names)


def _deploy_staged(place: Workplace, app: str) -> str:
    try:
        place.fly.deploy_secrets(app)
    except FlyError as error:
        if error.failure is not FlyFailure.NO_MACHINES:
            raise
        mark_deployed(place, app)
        return "first"
    # flyctl's exit code is no proof: what is still staged has reached no machine, or not all
    waiting = [one.name for one in place.fly.secrets(app) if one.status in _WAITING]
    if waiting:
        raise CommandError(
            f"'{app}' was restarted, but these have not reached every machine: {', '.join(waiting)}",
            hint=f"fly machine list -a {app}; run the same command again",
        )
    mark_deployed(place, app)
    return "done"


def mark_deployed(place: Workplace, app: str) -> None:
    """Remember that what was staged has reached the machines."""
    known = place.fingerprints.read(app)
    place.fingerprints.write(app, known.secrets, pending=False)
