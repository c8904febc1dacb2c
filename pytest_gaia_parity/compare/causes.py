"""The table of causes: id, what shows it, what to do next. Each is named from evidence, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pytest_gaia_parity.compare import signs
from pytest_gaia_parity.compare.reach import reach_sign
from pytest_gaia_parity.model.comparison import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_gaia_parity.compare.evidence import Evidence, Sign
    from pytest_gaia_parity.model.exchange import Reason
    from pytest_gaia_parity.model.recording import ServiceFacts


class KindOfCause(NamedTuple):
    """A row of the table; `signs` yields every place where the evidence shows it."""

    id: str
    #: for docs/troubleshooting.md: what is seen where this is the cause
    shows: str
    hint: str
    signs: Callable[[Evidence], Iterator[Sign]]

    def hint_for(self, target: str) -> str:
        """The next step, with the target's name in it."""
        return self.hint.replace("TARGET", target)


#: the surest first: what is unreachable explains all else, and a version explains least
CAUSES: tuple[KindOfCause, ...] = (
    KindOfCause(
        "machine-stopped",
        "the service cannot be reached, and the platform says that none of its machines runs",
        "fly machine start ID --app APP; a stopped machine has no address under .internal",
        signs.unreachable("machine-stopped"),
    ),
    KindOfCause(
        "name-not-found",
        "the service's name leads to no address",
        "see the target's 'url' and 'app', whether the app exists there, and whether WireGuard is up",
        signs.unreachable("name-not-found"),
    ),
    KindOfCause(
        "ipv4-only",
        "connections are refused over IPv6, and taken over IPv4 on the same port; or, over 6PN, which has no IPv4 to ask: refused "
        "while Fly says that this very machine is started, and no check of it fails",
        "bind the service to [::] in place of 0.0.0.0: Fly's private network is IPv6 only; if it is, see that the target's 'url' "
        "names its port",
        signs.unreachable("ipv4-only"),
    ),
    KindOfCause(
        "refused",
        "connections are refused, and nothing shows that another address family takes them",
        "start the service; see that it listens on the port that the target's 'url' names, and on [::], not 0.0.0.0",
        signs.unreachable("refused"),
    ),
    KindOfCause(
        "timed-out",
        "the connection or the answer did not come in time",
        "see the service's log, and whether something drops packets between",
        signs.unreachable("timed-out"),
    ),
    KindOfCause(
        "missing-secret",
        "the health body tells required variables that are not set, and that the baseline has",
        "gaia-parity sync-secrets TARGET sends what is declared",
        signs.missing_secret,
    ),
    KindOfCause(
        "jwt-secret-differs",
        "a token is refused for its signature by one service, though another has just issued it",
        "gaia-parity sync-secrets TARGET gives all services the same SUPABASE_JWT_SECRET",
        signs.jwt_secret_differs,
    ),
    KindOfCause(
        "database-down",
        "the health body tells that the database cannot be used, and the baseline's can",
        "see DATABASE_URL on that side, and whether the database can be reached from there",
        signs.check_failed(("database", "db", "postgres", "sqlite"), "the database"),
    ),
    KindOfCause(
        "nats-down",
        "the health body tells that NATS cannot be reached, and the baseline's can",
        "see NATS_URL on that side, and whether NATS can be reached from there",
        signs.check_failed(("nats",), "NATS"),
    ),
    KindOfCause(
        "clock-skew",
        "a service's clock is off, and times or the validity of tokens differ",
        "see whether that machine keeps its time by NTP; restart it",
        signs.clock_skew,
    ),
    KindOfCause(
        "public-url",
        "a public address stands where the baseline has the service's private one",
        "gaia-parity sync-secrets TARGET computes the *_SERVICE_URL of each target; take it out of the environment file",
        signs.public_url,
    ),
    KindOfCause(
        "proxy-error-page",
        "an error page of a proxy or of the platform stands where the baseline has the service's answer",
        "see the service's log for that moment: it ended, ran out of memory, or did not answer the proxy in time",
        signs.proxy_error_page,
    ),
    KindOfCause(
        "undecodable-compression",
        "a body comes in a coding that the client did not ask for, does not speak, or that is broken",
        "make the service honour Accept-Encoding, or install the codec: httpx[brotli,zstd]",
        signs.undecodable,
    ),
    KindOfCause(
        "version-skew",
        "the two sides run different versions or images",
        "deploy the same version to both sides, then compare again",
        signs.version_skew,
    ),
)

#: code and environment both differ: neither can be judged before the other is the same
BOTH_DIFFER = "version-and-environment"
BOTH_DIFFER_SHOWS = "the two sides run different versions, and something in their environments differs as well"
BOTH_DIFFER_HINT = (
    "change one at a time: deploy the baseline's version to the candidate and compare the environments, "
    "or run the candidate's version on the baseline and compare the code"
)
OF_ENVIRONMENT = frozenset(
    {"missing-secret", "jwt-secret-differs", "database-down", "nats-down", "clock-skew", "public-url"}
)


def cause_of_failure(service: str, target: str, reason: Reason | None, facts: ServiceFacts) -> Cause | None:
    """Why preflight could not reach a service, where that is known."""
    found = reach_sign(service, target, reason, facts.details)
    if found is None:
        return None
    kind = next(kind for kind in CAUSES if kind.id == found[0])
    return Cause(id=kind.id, says=found[1], hint=kind.hint_for(target))
