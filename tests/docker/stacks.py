"""The three Compose projects: Gaia as it runs on a laptop, as it runs on Fly, and a machine that reaches both.

They are written as Compose files in JSON, since what is mounted depends on where this Python is installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.lab.settings import CALLED, REQUIRED, SERVICES
from tests.docker.image import host_mounts

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
VERSION = "1.4.0"
IMAGE = f"gaia/service:{VERSION}"
OTHER_VERSION = "1.3.2"
OTHER_IMAGE = f"gaia/service:{OTHER_VERSION}"
LOCAL, FLY, TESTER = "gaia", "gaia-dev", "tester"

#: of the network that stands for Fly's; a /64, since the engine loses what is set above it
PREFIX = "fdaa:0:1:"
DNS = f"{PREFIX}:3"
DNS_IPV4 = "10.66.28.3"
#: app → the address that its name leads to
APPS = {f"gaia-{name}-dev": f"{PREFIX}:1{number}" for number, name in enumerate(SERVICES)}
#: the gateway stands behind nginx, which has the app's address
BEHIND_NGINX = f"{PREFIX}:20"
#: a project's published port on the engine's host
PUBLISHED = 18000

_Service = dict[str, Any]
_SECRETS = {
    "SUPABASE_URL": "https://gaia-lab.supabase.co",
    "SUPABASE_ANON_KEY": "anon-key-of-the-tests",
    "SUPABASE_JWT_SECRET": "0123456789abcdef0123456789abcdef",
    "API_KEY": "api-key-of-the-tests",
    "OPENAI_API_KEY": "openai-key-of-the-tests",
    "ANTHROPIC_API_KEY": "anthropic-key-of-the-tests",
}


def local() -> dict[str, Any]:
    """Four services over IPv4, PostgreSQL and NATS; the gateway's port is published, the others' are not."""
    services = {name: _service(name, platform="compose") for name in SERVICES}
    services["gateway"]["ports"] = [f"127.0.0.1:{PUBLISHED}:8000"]
    services |= {"database": _postgres(), "nats": _nats()}
    for service in services.values():
        service["networks"] = ["gaia"]
    # its addresses lie outside of those that the engine gives by itself
    subnet = {"subnet": "10.66.27.0/24"}
    return _file(services, {"gaia": {"name": LOCAL, "ipam": {"config": [subnet]}}})


def fly() -> dict[str, Any]:
    """The same behind addresses of fdaa::/64, names that only a DNS server knows, and nginx with Brotli."""
    services = {f"fly-{name}": _service(name, platform="fly") for name in SERVICES}
    services["fly-gateway-app"] = services.pop("fly-gateway")
    services["fly-gateway"] = _container("/usr/sbin/nginx", "-c", f"{files()}/nginx.conf")
    services["fly-dns"] = _container(*serve_names(APPS))
    services |= {"fly-database": _postgres(), "fly-nats": _nats()}
    addresses = {f"fly-{name}": APPS[f"gaia-{name}-dev"] for name in SERVICES} | {
        "fly-gateway-app": BEHIND_NGINX,
        "fly-dns": DNS,
        "fly-database": f"{PREFIX}:30",
        "fly-nats": f"{PREFIX}:31",
    }
    for name, address in addresses.items():
        services[name]["networks"] = {"sixpn": {"ipv6_address": address}}
        services[name]["dns"] = [DNS_IPV4]
    services["fly-dns"]["networks"]["sixpn"]["ipv4_address"] = DNS_IPV4
    services["fly-asset"]["cap_add"] = ["NET_ADMIN"]  # where a partition is made
    # what the engine gives by itself lies apart from what is fixed
    ipam = [{"subnet": "10.66.28.0/24", "ip_range": "10.66.28.128/25"}, {"subnet": f"{PREFIX}:/64"}]
    return _file(services, {"sixpn": {"name": FLY, "enable_ipv6": True, "ipam": {"config": ipam}}})


def small(name: str, **environment: str) -> dict[str, Any]:
    """A service that needs no other: says its name, and the version that the environment gives it."""
    made = _container(sys.executable, "-S", f"{Path(__file__).parent}/saying.py", name)
    made["environment"] |= environment
    return made


def tester(project: Path) -> dict[str, Any]:
    """A container in both networks, where tests run by `docker exec`; Docker's DNS asks the other DNS server."""
    service = _container(sys.executable, "-S", "-c", "import signal; signal.pause()")
    service["volumes"].append(f"{project}:{project}")
    service |= {"dns": [DNS_IPV4], "dns_opt": ["timeout:1", "attempts:2"], "working_dir": str(project)}
    service["networks"] = {"gaia": {}, "sixpn": {"ipv6_address": f"{PREFIX}:fe"}}
    networks = {"gaia": {"external": True, "name": LOCAL}, "sixpn": {"external": True, "name": FLY}}
    return _file({"tester": service}, networks)


def files() -> Path:
    """The configuration of the programs in the containers."""
    return Path(__file__).parent / "files"


def _file(services: dict[str, _Service], networks: dict[str, Any]) -> dict[str, Any]:
    return {"version": "2.4", "services": services, "networks": networks}


def _service(name: str, *, platform: str) -> _Service:
    is_fly = platform == "fly"
    known = {**_SECRETS, "DATABASE_URL": f"postgresql://service@{'fly-' if is_fly else ''}database:5432/postgres"}
    environment = {variable: known[variable] for variable in REQUIRED[name]}
    environment |= {
        "SUPABASE_JWT_SECRET": known["SUPABASE_JWT_SECRET"],
        "NATS_URL": f"nats://{'fly-' if is_fly else ''}nats:4222",
        "LAB_PLATFORM": platform,
        "LAB_REGION": "ams" if is_fly else "",
    }
    if name == "gateway":
        url = "http://gaia-{}-dev.internal:8000" if is_fly else "http://{}:8000"
        environment |= {f"{called.upper()}_SERVICE_URL": url.format(called) for called in CALLED}
    service = _container(*serve(name, host="::" if is_fly else "0.0.0.0"))  # noqa: S104 - of the container
    service["environment"] |= environment
    service["expose"] = ["8000"]
    return service


def serve(name: str, *, host: str) -> tuple[str, ...]:
    """The command that serves one of Gaia's services."""
    return (sys.executable, "-m", "pytest_gaia_parity.lab.serve", name, "--host", host, "--port", "8000")


def serve_names(apps: Mapping[str, str]) -> tuple[str, ...]:
    """The command that serves names of apps as Fly's DNS does."""
    records = (f"--host-record={app}.internal,{address}" for app, address in apps.items())
    return ("/usr/sbin/dnsmasq", f"--conf-file={files()}/dnsmasq.conf", *records)


def _postgres() -> _Service:
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    script = (
        "[ -d /tmp/data ] || {"
        f" {programs}/initdb --no-sync --auth=trust --locale=C --encoding=UTF8 --pgdata=/tmp/data >/dev/null"
        " && echo 'host all all all trust' >>/tmp/data/pg_hba.conf; }"
        f" && exec {programs}/postgres -D /tmp/data -c listen_addresses='*' -c unix_socket_directories= -c fsync=off"
    )
    return _container("/bin/sh", "-c", script) | {"user": "service"}


def _nats() -> _Service:
    return _container("/usr/sbin/nats-server", "--addr", "::")


def _container(*command: str) -> _Service:
    return {
        "image": IMAGE,
        "command": [part.replace("$", "$$") for part in command],
        "volumes": host_mounts(ROOT),
        "environment": {"LD_LIBRARY_PATH": f"{sys.base_prefix}/lib"},
        "init": True,
        "stop_grace_period": "1s",
    }
