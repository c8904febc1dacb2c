"""Tells, where a connection was refused, whether the other address family answers on the same port."""

from __future__ import annotations

import socket

#: a service that was found on one loopback address may be on the other
_TWINS = {"::1": "127.0.0.1", "127.0.0.1": "::1"}
#: seconds for one connection; a refusal comes at once, only a dropped packet takes longer
PATIENCE = 0.5
_NAMES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}


def families(host: str, address: str, port: int) -> dict[str, str]:
    """What each address family of a host says on *port*: `open`, `refused`, `silent` or `unreachable`.

    :param host: the name in the URL, whose other addresses are asked too.
    :param address: where the connection was refused, empty where the system's resolver chose it.
    """
    others = [_TWINS[address]] if address in _TWINS else _resolved(host)
    seen: dict[str, str] = {}
    for one in dict.fromkeys(filter(None, (address, *others))):
        family = socket.AF_INET6 if ":" in one else socket.AF_INET
        if seen.get(_NAMES[family]) != "open":
            seen[_NAMES[family]] = _state(family, one, port)
    return seen


def _resolved(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        return []


def _state(family: socket.AddressFamily, address: str, port: int) -> str:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect((address, port))
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "silent"
        except OSError:
            return "unreachable"
    return "open"
