"""A socket that waits in the system, for connections without TLS.

Python implements a time limit with a call that waits and another that reads, after one that sets it. Each of them lets other threads run meanwhile, and so may cost this
one its turn: with 64 threads that is a tenth of a run. With the system's own limits (socket(7): SO_RCVTIMEO, SO_SNDTIMEO) one call is enough.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

import httpcore


class SystemTimedStream(httpcore.NetworkStream):
    """What `httpcore.SyncBackend` has connected, read and written with the system's time limits."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket = stream.get_extra_info("socket")
        self._socket.settimeout(None)
        #: asking for it is a system call too, and it stays the same
        self._peer: Any = None
        #: seconds as they are set, by option
        self._limits: dict[int, float | None] = {}

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Wait for bytes; none are the connection's end.

        :raises httpcore.ReadTimeout: none came in time.
        :raises httpcore.ReadError: the connection is broken.
        """
        self._limit(socket.SO_RCVTIMEO, timeout)
        try:
            return self._socket.recv(max_bytes)
        except BlockingIOError as error:
            raise httpcore.ReadTimeout("timed out") from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all bytes.

        :raises httpcore.WriteTimeout: the other side took none in time.
        :raises httpcore.WriteError: the connection is broken.
        """
        self._limit(socket.SO_SNDTIMEO, timeout)
        try:
            sent = self._socket.send(buffer)
            while sent < len(buffer):
                sent += self._socket.send(memoryview(buffer)[sent:])
        except BlockingIOError as error:
            raise httpcore.WriteTimeout("timed out") from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def _limit(self, option: int, seconds: float | None) -> None:
        if self._limits.get(option) != seconds:
            self._limits[option] = seconds
            # struct timeval; all zero is for ever
            given = 0 if seconds is None else max(1, round(seconds * 1_000_000))
            self._socket.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", *divmod(given, 1_000_000)))

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """As httpcore's streams: `socket`, `client_addr`, `server_addr`, `is_readable`."""
        if info == "server_addr":
            if self._peer is None:
                self._peer = self._stream.get_extra_info(info)
            return self._peer
        if info != "is_readable":
            return self._stream.get_extra_info(info)
        try:
            self._socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True
