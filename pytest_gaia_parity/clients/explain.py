"""Why a request got no answer, in words, and what to do next: from what httpx and the system say."""

from __future__ import annotations

import httpx

#: what the message contains → what it means, what to do next; the first that fits
_TABLE = (
    (
        ("refused",),
        "connection refused",
        "start the service, or see whether it listens on this port and address family",
    ),
    (
        ("name or service not known", "name resolution", "no address associated", "nodename nor servname"),
        "the name is not known",
        "see the target's 'url', and whether its network can be reached from here",
    ),
    (
        ("network is unreachable", "cannot assign requested address", "can't assign requested address"),
        "there is no way to this address family from here",
        "bring WireGuard up, or run inside the network; Fly's private network is IPv6 only",
    ),
    (
        ("no route to host", "host is down"),
        "the host does not exist on its network",
        "the address is stale, or the machine is gone: see whether it runs; to an address of Fly (fdaa:…) WireGuard must be up",
    ),
    (
        ("certificate verify failed", "certificate_verify_failed"),
        "its TLS certificate is not trusted",
        "use the name that the certificate is for, or plain http as services do between themselves",
    ),
    (
        ("wrong version number", "wrong_version_number", "record layer failure"),
        "TLS was spoken to a port that does not speak it",
        "write http:// in the target's 'url'",
    ),
)
_CLOSED = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)


def explain(error: httpx.TransportError, timeout: float) -> tuple[str, str]:
    """What happened, and the next step.

    >>> explain(httpx.ConnectTimeout("timed out"), 5.0)[0]
    'no connection within 5 s'
    >>> explain(httpx.ConnectError("[Errno 111] Connection refused"), 5.0)[0]
    'connection refused: [Errno 111] Connection refused'
    """
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectTimeout):
        return (
            f"no connection within {timeout:g} s",
            "packets are dropped on the way: see the firewall, and whether WireGuard has a handshake: wg show",
        )
    if isinstance(error, httpx.TimeoutException):
        return (
            f"connected, and no answer within {timeout:g} s",
            "the port accepts connections and the service does not answer: see its log",
        )
    for phrases, meaning, hint in _TABLE:
        if any(phrase in text.lower() for phrase in phrases):
            return f"{meaning}: {text}", hint
    if isinstance(error, _CLOSED):
        return (
            f"connected, and the connection was closed without an answer: {text}",
            "the service crashed, speaks another protocol, or a proxy has nothing behind it: see its log",
        )
    return f"{type(error).__name__}: {text}", "see the target's 'url' and the service's log"
