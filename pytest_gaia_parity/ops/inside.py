"""A program of its own, run by a container's or machine's own Python: connects to what a variable there names.

    python3 inside.py DATABASE_URL

It uses the standard library alone, and a driver where the image has one. It ends with 0 connected, 1 not connected, 3 the
variable is not set, 4 it leads to something else than what can be asked; what it prints never has the variable's value in it.
"""

# ruff: noqa: T201, PLC0415 - it prints what it found; drivers may be missing; what is asked is whether it answers

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import sys
from urllib.parse import unquote, urlsplit

TIMEOUT = 5.0


class Failed(Exception):  # noqa: N818 - told, never raised to others
    """Why there is no connection."""


def main(variable: str) -> int:
    """Connect, and say how that went."""
    url = os.environ.get(variable, "")
    if not url:
        print(f"{variable} is not set there")
        return 3
    if variable.startswith("DATABASE") and url.partition("://")[0].partition("+")[0] not in {"postgres", "postgresql"}:
        print(f"{variable} leads to no PostgreSQL there")
        return 4
    try:
        says = nats(url.partition(",")[0]) if variable.startswith("NATS") else database(url)
    except Exception as error:  # noqa: BLE001 - drivers raise what they like
        print(_masked(f"{error}".strip().partition("\n")[0] or type(error).__name__, url))
        return 1
    print(says)
    return 0


def _masked(text: str, url: str) -> str:
    password = urlsplit(url).password or ""
    for secret in (url, password, unquote(password)):
        text = text.replace(secret, "***") if secret else text
    return text


def database(url: str) -> str:
    """Connect with the first driver that is there, else speak the first words of the protocol."""
    rest = url.partition("://")[2]
    for driver in ("psycopg", "psycopg2"):
        try:
            module = __import__(driver)
        except ImportError:
            continue
        module.connect(f"postgresql://{rest}", connect_timeout=int(TIMEOUT)).close()
        return "connected"
    try:
        import asyncpg  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return _greeted(f"postgresql://{rest}")
    import asyncio

    async def connect() -> None:
        await (await asyncpg.connect(f"postgresql://{rest}", timeout=TIMEOUT)).close()

    asyncio.run(connect())
    return "connected"


def _greeted(url: str) -> str:
    parts = urlsplit(url)
    host, user = parts.hostname or "localhost", unquote(parts.username or "postgres")
    with socket.create_connection((host, parts.port or 5432), timeout=TIMEOUT) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))  # asks for TLS
        connection = _in_tls(plain, host) if plain.recv(1) == b"S" else plain
        name = unquote(parts.path.strip("/")) or user
        words = b"".join(word.encode() + b"\0" for word in ("user", user, "database", name)) + b"\0"
        connection.sendall(struct.pack("!ii", 8 + len(words), 196608) + words)
        answer = connection.recv(4096)
    if answer[:1] == b"E":
        fields = [part[1:].decode("utf-8", "replace") for part in answer[5:].split(b"\0") if part[:1] == b"M"]
        raise Failed(f"{host}: {' '.join(fields) or 'refused'}")
    if answer[:1] != b"R":
        raise Failed(f"{host} does not answer as PostgreSQL does")
    is_open = struct.unpack("!i", answer[5:9])[0] == 0
    return "connected" if is_open else "answers; its password was not tried, for there is no driver"


def _in_tls(plain: socket.socket, host: str) -> socket.socket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def nats(url: str) -> str:
    """Speak NATS: its greeting, our name, a ping."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    host = parts.hostname or "localhost"
    with socket.create_connection((host, parts.port or 4222), timeout=TIMEOUT) as plain:
        greeting = plain.makefile("rb").readline()
        if not greeting.startswith(b"INFO "):
            raise Failed(f"{host} does not greet as a NATS server does")
        connection = _in_tls(plain, host) if json.loads(greeting[5:]).get("tls_required") else plain
        who = {"verbose": False, "pedantic": False, "lang": "python", "version": "1"}
        if parts.password is None and parts.username:
            who["auth_token"] = unquote(parts.username)
        elif parts.username:
            who |= {"user": unquote(parts.username), "pass": unquote(parts.password or "")}
        connection.sendall(b"CONNECT " + json.dumps(who).encode() + b"\r\nPING\r\n")
        answer = connection.makefile("rb").readline().decode("utf-8", "replace").strip()
    if answer != "PONG":
        raise Failed(f"{host}: {answer or 'the connection was closed'}")
    return "connected"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
