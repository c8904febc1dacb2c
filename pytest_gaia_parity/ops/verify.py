"""verify: is what is deployed there, healthy, complete and connected? Asked for all services at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_gaia_parity.adapters.docker import Docker
from pytest_gaia_parity.clients.probe import ProbeTarget, probe
from pytest_gaia_parity.errors import CommandError, ParityError
from pytest_gaia_parity.model.recording import ServiceFacts
from pytest_gaia_parity.network.compose import choose_project
from pytest_gaia_parity.ops.check import Check, Maker
from pytest_gaia_parity.ops.dependency import DEPENDENCIES, check_connection, in_container, in_machine
from pytest_gaia_parity.ops.parallel import side_by_side
from pytest_gaia_parity.ops.plan import short_image
from pytest_gaia_parity.ops.secrets import service_url_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_gaia_parity.adapters.fly_json import Machine, Secret
    from pytest_gaia_parity.config.schema import ServiceConfig, TargetConfig
    from pytest_gaia_parity.ops.dependency import Inside
    from pytest_gaia_parity.ops.workplace import Workplace

#: seconds that one service may take to be resolved, connected and to answer
TIMEOUT = 5.0
#: what a health body says of something that is well
_WELL = frozenset({"ok", "up", "healthy", "connected", "pass", "passing", "true", "available", "ready", "disabled"})
#: asks a URL from inside a machine, with whatever is there
_FETCH = (
    "sh -c 'curl -fsS -m 5 {url} || wget -qO- -T 5 {url} || "
    'python3 -c "import urllib.request as u; u.urlopen(\\"{url}\\", timeout=5)"\''
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What was found out about one service."""

    service: str
    facts: ServiceFacts
    machines: tuple[Machine, ...] = ()
    secrets: tuple[Secret, ...] = field(default=())
    failure: str = ""
    hint: str = ""


def verify(place: Workplace, target: str, *, services: Sequence[str] | None = None) -> list[Check]:
    """Make all checks of all services; never raises for what is wrong with the target.

    :raises ConfigError: target or service is not configured.
    """
    settings = place.target(target)
    chosen = place.services(services)
    seen = _look(place, target, chosen)
    found = side_by_side(place.runner, lambda one: list(_checks(place, target, settings, one)), seen)
    return [check for checks in found for check in checks]


def planned_checks(place: Workplace, target: str, *, services: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Service and name of each check that `verify` makes, without making any."""
    settings = place.target(target)
    return [(service, name) for service in place.services(services) for name in _names(place, settings, service)]


def _names(place: Workplace, settings: TargetConfig, service: str) -> list[str]:
    declared = place.config.service(service)
    names = ["health", *_dependencies(declared), "secrets", "urls", *(f"calls {one}" for one in declared.calls)]
    return [*names, "ipv6", "machines", "image", "checks"] if settings.network == "fly" else names


def _dependencies(declared: ServiceConfig) -> list[str]:
    wanted = [name for variable, name in DEPENDENCIES.items() if variable in (*declared.required, *declared.optional)]
    return list(dict.fromkeys((*declared.checks, *wanted)))


def _look(place: Workplace, target: str, services: Sequence[str]) -> list[_Seen]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        probing = pool.submit(_probe, place, target, services)
        remote = side_by_side(place.runner, lambda service: _remote(place, target, service), services)
        facts = probing.result()
    return [
        _Seen(service=service, facts=facts[service], **known) for service, known in zip(services, remote, strict=True)
    ]


def _probe(place: Workplace, target: str, services: Sequence[str]) -> Mapping[str, ServiceFacts]:
    targets = {
        service: ProbeTarget(url=place.config.url(target, service), health=place.config.service(service).health)
        for service in services
    }
    network = place.open_network(place.config, target)
    try:
        network.open()
        return probe(target=target, services=targets, network=network, timeout=TIMEOUT)
    except ParityError as error:
        return {
            service: ServiceFacts(url=one.url, failure=error.message, details={"hint": error.hint})
            for service, one in targets.items()
        }
    finally:
        network.close()


def _remote(place: Workplace, target: str, service: str) -> dict[str, Any]:
    if place.config.table.targets[target].network != "fly":
        return {}
    app = place.app(target, service)
    try:
        machines = tuple(machine for machine in place.fly.machines(app) if machine.is_serving_kind)
        return {"machines": machines, "secrets": place.fly.secrets(app)}
    except ParityError as error:
        return {"failure": error.message, "hint": error.hint}


def _checks(place: Workplace, target: str, settings: TargetConfig, seen: _Seen) -> Iterator[Check]:
    """All checks of one service, in the order of `planned_checks`."""
    declared = place.config.service(seen.service)
    make = Maker(seen.service)
    yield _health(make, seen.facts)
    for name in _dependencies(declared):
        yield _dependency(place, make, name, target=target, settings=settings, seen=seen)
    yield _required(place, make, settings, seen=seen, names=declared.required)
    yield _urls(place, make, target, seen=seen)
    for called in declared.calls:
        yield _call(place, make, target, called=called, seen=seen)
    if settings.network == "fly":
        yield from _platform(make, seen)


def _health(make: Maker, facts: ServiceFacts) -> Check:
    if facts.failure:
        return make.unreachable("health", facts.failure, str(facts.details.get("hint", "")))
    version = f", version {facts.version}" if facts.version else ""
    if facts.health is not None and 200 <= facts.health < 300:
        return make.ok("health", f"{facts.health}{version}")
    unwell = ", ".join(_unwell(facts.health_body))
    return make.bad("health", f"answers {facts.health}{': ' if unwell else ''}{unwell}", "see the service's log")


def _unwell(body: Any) -> Iterator[str]:
    """What in a health body's `checks` is not well."""
    checks = body.get("checks") if isinstance(body, dict) else None
    for name, value in checks.items() if isinstance(checks, dict) else ():
        if not _is_well(value):
            yield f"{name}: {value}"


def _is_well(value: Any) -> bool:
    if isinstance(value, dict):
        return _is_well(value.get("status", value.get("ok", False)))
    return str(value).lower() in _WELL


def _dependency(  # noqa: PLR0913 - keywords
    place: Workplace, make: Maker, name: str, *, target: str, settings: TargetConfig, seen: _Seen
) -> Check:
    declared, facts = place.config.service(seen.service), seen.facts
    if name in declared.checks:
        if facts.failure:
            return make.unreachable(name, "the service's health body cannot be asked")
        found, value = _at(facts.health_body, declared.checks[name])
        if not found:
            says = f"the health body has nothing at {declared.checks[name]}"
            return make.bad(name, says, f"correct services.{make.service}.checks, or the service")
        return make.ok(name, str(value)) if _is_well(value) else make.bad(name, f"the service says: {value}")
    is_on_fly = settings.network == "fly"

    def find_inside() -> Inside | None:
        if is_on_fly:
            if seen.failure:
                raise CommandError(seen.failure, hint=seen.hint)
            return in_machine(place, place.app(target, seen.service), seen.machines)
        return _container(place, target, settings, seen.service)

    return check_connection(place, make, name, find_inside=find_inside, is_on_fly=is_on_fly)


def _container(place: Workplace, target: str, settings: TargetConfig, service: str) -> Inside | None:
    """The way into a service's running container, where the target is a Compose stack."""
    if settings.network != "docker" or place.is_lab:
        return None
    docker = Docker()
    containers = docker.containers()
    hosts = tuple(place.config.table.services)
    project = choose_project(
        containers, root=place.config.root, configured=settings.project, target=target, hosts=hosts
    )
    mine = [one for one in containers if (one.project, one.service, one.is_running) == (project, service, True)]
    return in_container(place, mine[0].id, mine[0].name) if mine else None


def _at(body: Any, path: str) -> tuple[bool, Any]:
    """What stands at `$.checks.database`."""
    for key in path.removeprefix("$").strip(".").split("."):
        if not isinstance(body, dict) or key not in body:
            return False, None
        body = body[key]
    return True, body


def _required(place: Workplace, make: Maker, settings: TargetConfig, *, seen: _Seen, names: Sequence[str]) -> Check:
    if settings.network != "fly":
        lacking = [name for name in names if not place.env.values.get(name)]
        hint = f"complete '{place.env.path}'"
        return make.bad("secrets", f"not set: {', '.join(lacking)}", hint) if lacking else make.ok("secrets")
    if seen.failure:
        return make.unreachable("secrets", seen.failure, seen.hint)
    there = {secret.name: secret.status for secret in seen.secrets}
    wanted = [*names, *(service_url_name(called) for called in place.config.service(make.service).calls)]
    lacking = [name for name in wanted if name not in there]
    waiting = [name for name in wanted if there.get(name) in {"Staged", "Partial"}]
    if lacking:
        return make.bad("secrets", f"missing: {', '.join(lacking)}", "gaia-parity sync-secrets TARGET")
    if waiting:
        return make.bad("secrets", f"staged, not deployed: {', '.join(waiting)}", "gaia-parity sync-secrets TARGET")
    return make.ok("secrets", f"{len(wanted)} set")


def _urls(place: Workplace, make: Maker, target: str, *, seen: _Seen) -> Check:
    """No service may call another by a public URL: not by configuration, not by an [env], not by its own word."""
    urls = {f"url of {called}": place.config.url(target, called) for called in place.config.service(make.service).calls}
    for machine in seen.machines:
        urls |= {name: url for name, url in (machine.settings.env or {}).items() if name.endswith("_SERVICE_URL")}
    told = seen.facts.health_body.get("services") if isinstance(seen.facts.health_body, dict) else None
    urls |= {f"health body: {name}": url for name, url in told.items()} if isinstance(told, dict) else {}
    public = [f"{name} = {url}" for name, url in urls.items() if isinstance(url, str) and _is_public(url)]
    if public:
        return make.bad("urls", f"public: {', '.join(public)}", "use http://APP.internal:8000 between services")
    return make.ok("urls", "private")


def _is_public(url: str) -> bool:
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_name = "." in host and not host.replace(".", "").isdigit()
    return bool(parts.scheme) and is_name and not host.endswith((".internal", ".flycast", ".local", ".localhost"))


def _call(place: Workplace, make: Maker, target: str, *, called: str, seen: _Seen) -> Check:
    """Ask the called service's health from inside a machine of the caller."""
    name = f"calls {called}"
    url = place.config.url(target, called) + place.config.service(called).health
    machine = next((machine for machine in seen.machines if machine.state == "started"), None)
    if machine is None:
        return make.skipped(name, "no machine to ask from; what the callee answers from here is its own check")
    try:
        done = place.fly.execute(place.app(target, make.service), machine.id, _FETCH.replace("{url}", url), timeout=15)
    except ParityError as error:
        return make.unreachable(name, error.message, error.hint)
    if done.exit_code == 0:
        return make.ok(name, f"{url} answers")
    said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
    if done.exit_code in {126, 127}:
        return make.skipped(name, f"the machine has neither curl, wget nor python3: {said}")
    return make.bad(name, f"{url} from machine {machine.id}: {said or f'exit code {done.exit_code}'}")


def _platform(make: Maker, seen: _Seen) -> Iterator[Check]:
    """What Fly knows: the family that answers, machines, images, its own checks."""
    yield _family(make, seen.facts)
    if seen.failure:
        for name in ("machines", "image", "checks"):
            yield make.unreachable(name, seen.failure, seen.hint)
        return
    yield _machines(make, seen.machines)
    yield _image(make, seen.machines)
    yield _results(make, seen.machines)


def _family(make: Maker, facts: ServiceFacts) -> Check:
    if facts.failure:
        return make.unreachable("ipv6", "nothing answered", 'bind to "::", the private network is IPv6 only')
    if facts.route != "fly-proxy" and ":" not in facts.address.strip("[]").partition("]")[0]:
        says = f"answered at {facts.address}, which is not IPv6"
        return make.bad("ipv6", says, "the private network is IPv6 only")
    return make.ok("ipv6", facts.route)


def _machines(make: Maker, machines: Sequence[Machine]) -> Check:
    states = [machine.state for machine in machines]
    told = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    if "started" not in states:
        says = told or "there are none"
        return make.bad("machines", says, ".internal starts no machine: fly machine start, or min_machines_running = 1")
    unwell = [f"{one.id} is {one.state}" for one in machines if one.state in {"failed", "launch_failed"}]
    unwell += [f"the host of {one.id} is {one.host_status}" for one in machines if one.host_status == "unreachable"]
    return make.bad("machines", ", ".join(unwell), "fly machine list") if unwell else make.ok("machines", told)


def _image(make: Maker, machines: Sequence[Machine]) -> Check:
    images = list(dict.fromkeys(machine.image_ref.exact or machine.settings.image for machine in machines))
    if len(images) > 1:
        return make.bad("image", f"machines differ: {', '.join(images)}", "a deploy stopped half way: run it again")
    return make.ok("image", short_image(images[0]) if images else "none")


def _results(make: Maker, machines: Sequence[Machine]) -> Check:
    results = [(one.id, result) for one in machines if one.state == "started" for result in one.checks or ()]
    bad = [f"{result.name} on {machine}: {result.output}" for machine, result in results if result.status != "passing"]
    if bad:
        return make.bad("checks", "; ".join(bad), "fly checks list")
    return make.ok("checks", f"{len(results)} passing" if results else "none are configured")
