"""A DNS server on loopback, over UDP, that answers from a table."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Iterator


class Zone:
    """What the server knows; tests change it."""

    def __init__(self) -> None:
        self.port = 0
        #: name → addresses; a name without any exists and has no AAAA
        self.names: dict[str, list[str]] = {}
        self.ttl = 5
        self.is_silent = False
        self.refuses = False
        #: each question: name and type
        self.asked: list[tuple[str, str]] = []

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answer(self, wire: bytes) -> bytes | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append((name, dns.rdatatype.to_text(question.rdtype)))
        if self.is_silent:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.refuses:
            response.set_rcode(dns.rcode.REFUSED)
        elif name not in self.names:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.names[name] and question.rdtype == dns.rdatatype.AAAA:
            response.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", "AAAA", *self.names[name]))
        return response.to_wire()


@contextmanager
def serving(zone: Zone) -> Iterator[Zone]:
    """Answer until the block ends."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, server = self.request
            found = zone.answer(data)
            if found is not None:
                server.sendto(found, self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        zone.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield zone
        finally:
            server.shutdown()
