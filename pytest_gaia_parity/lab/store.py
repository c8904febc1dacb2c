"""A service's SQLite database, and what its health body says about it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_gaia_parity.lab.replies import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

SQLITE = "sqlite://"
#: seconds that asking a dependency whether it is there may take
PATIENCE = 1.0
PORTS = {"postgresql": 5432, "postgres": 5432, "nats": 4222}


class Store:
    """Rows in tables, by plain SQL.

    With a `sqlite:///path` URL that file is the database. With the URL of a server (PostgreSQL in containers) rows are
    kept in memory, and `check` asks whether the server is there.
    """

    def __init__(self, url: str, schema: str) -> None:
        self._url = url
        self._schema = schema
        self._connection: sqlite3.Connection | None = None

    def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """What a statement yields; changes are kept at once.

        :raises ApiError: 503, the database is not there.
        """
        try:
            cursor = self._open().execute(sql, values)
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        except sqlite3.OperationalError:
            raise ApiError(503, "database_unavailable", "the database cannot be reached") from None

    def row(self, sql: str, **values: Any) -> dict[str, Any] | None:
        """The first row, if any."""
        return next(iter(self.rows(sql, **values)), None)

    async def check(self) -> str:
        """`ok`, or why the database cannot be used."""
        if not self._url:
            return "down: DATABASE_URL is not set"
        if not self._url.startswith(SQLITE):
            return await check_server(self._url)
        try:
            self._open().execute("SELECT 1")
        except sqlite3.OperationalError as error:
            return f"down: {error}"
        return "ok"

    def close(self) -> None:
        """Close the database; it opens again when used."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            path = self._url.removeprefix(f"{SQLITE}/") if self._url.startswith(SQLITE) else ":memory:"
            connection = sqlite3.connect(path, isolation_level=None)
            # the lab's data need not survive a power cut
            connection.executescript(f"PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; {self._schema}")
            self._connection = connection
        return self._connection


async def check_server(url: str, hosts: Mapping[str, tuple[str, int]] | None = None, *, greeting: bytes = b"") -> str:
    """`ok` if the server of *url* accepts a connection and, where *greeting* is given, begins with it.

    :param hosts: `host:port` → where to connect instead.
    """
    if not url:
        return "down: not configured"
    parts = urlsplit(url)
    port = parts.port or PORTS.get(parts.scheme, 80)
    host, at = (hosts or {}).get(f"{parts.hostname}:{port}", (parts.hostname or "", port))
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(host, at)
            try:
                first = await reader.readexactly(len(greeting)) if greeting else b""
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return "down: timed out"
    except (OSError, asyncio.IncompleteReadError) as error:
        return f"down: {_reason(error)}"
    return "ok" if first == greeting else "down: it speaks another protocol"


def _reason(error: Exception) -> str:
    """In words that hold no address, which would differ between any two environments."""
    if isinstance(error, socket.gaierror):
        return "name not found"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return "connection lost" if isinstance(error, asyncio.IncompleteReadError) else "not reachable"
