"""One script of commands for flyctl, real or simulated, and what the facts about flyctl say of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from tests.flyctl import shapes
from tests.flyctl.world import World, now

if TYPE_CHECKING:
    from tests.flyctl.shapes import Shape

APP, NEW_APP = "gaia-auth-dev", "gaia-new-dev"
V1, V2 = "registry.fly.io/gaia:v1", "registry.fly.io/gaia:v2"
#: what every step begins with: one secret that the machines have, one that is staged
BEFORE = {"OLD": "Deployed", "LATER": "Staged"}
QUIET = ("--dns-checks=false", "--smoke-checks=false")


def world() -> World:
    """The world as it is before each step."""
    made = World(images={V1: "sha256:1", V2: "sha256:2"})
    app = made.add(APP, V1, ("1111111111aaaa", "2222222222bbbb"))
    made.add(NEW_APP, V1, ())
    app.write({"OLD": "hunter2"})
    app.releases[0].created_at = now()
    for machine in app.machines.values():
        machine.secrets = {"OLD": "hunter2"}
    app.write({"LATER": "hunter3"})
    return made


class Trouble(Enum):
    """What is wrong in the world when a step begins."""

    NONE = "nothing"
    NO_TOKEN = "no token"
    OTHER_TOKEN = "a token of another app"
    TOO_MANY = "answers 429"
    HELD_LEASE = "another client holds the lease of every machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a step must do: exit code, streams, and what the world is like after it."""

    exit_code: int = 0
    #: of standard output, where that is JSON
    shape: Shape | None = None
    #: part of the last line of standard error, which begins with `Error: `
    error: str = ""
    #: a line of standard output
    says: str = ""
    secrets: dict[str, str] = field(default_factory=lambda: dict(BEFORE))
    images: tuple[str, ...] = (V1, V1)
    #: the status of each release, newest first
    releases: tuple[str, ...] = ("complete",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command, and the fact about it."""

    name: str
    argv: tuple[str, ...]
    fact: Fact
    stdin: str = ""
    trouble: Trouble = Trouble.NONE


DONE = ("complete", "complete")
APPLIED = {"OLD": "Deployed", "LATER": "Deployed"}
STAGED = "Secrets have been staged, but not set on VMs. Deploy or update machines in this app for the secrets to take effect."
NOT_FOUND = 'Could not find App "nowhere"'

READS = (
    Step(name="apps list", argv=("apps", "list", "--json"), fact=Fact(shape=shapes.APPS)),
    Step(name="status", argv=("status", "--json", "-a", APP), fact=Fact(shape=shapes.STATUS)),
    Step(name="status of an app that was never deployed", argv=("status", "--json", "-a", NEW_APP), fact=Fact(shape=shapes.STATUS)),
    Step(name="secrets list", argv=("secrets", "list", "--json", "-a", APP), fact=Fact(shape=shapes.SECRETS)),
    Step(name="no secrets", argv=("secrets", "list", "--json", "-a", NEW_APP), fact=Fact(shape=shapes.SECRETS)),
    Step(name="releases", argv=("releases", "--json", "-a", APP), fact=Fact(shape=shapes.RELEASES)),
    Step(name="image show", argv=("image", "show", "--json", "-a", APP), fact=Fact(shape=shapes.IMAGES)),
    Step(name="machine list", argv=("machine", "list", "--json", "-a", APP), fact=Fact(shape=[shapes.MACHINE])),
    Step(name="no machines", argv=("machine", "list", "--json", "-a", NEW_APP), fact=Fact(shape=[shapes.MACHINE])),
    Step(name="checks list", argv=("checks", "list", "--json", "-a", APP), fact=Fact(shape=shapes.CHECKS)),
    Step(name="no checks", argv=("checks", "list", "--json", "-a", NEW_APP), fact=Fact(shape=shapes.CHECKS)),
)  # fmt: skip

WRITES = (
    Step(
        name="import",
        argv=("secrets", "import", *QUIET[:1], "-a", APP),
        stdin="OLD=changed\nNEW='s3cret'\n",
        fact=Fact(secrets={**APPLIED, "NEW": "Deployed"}, releases=DONE),
    ),
    Step(
        name="import of unchanged values",
        argv=("secrets", "import", *QUIET[:1], "-a", APP),
        stdin="OLD=hunter2\n",
        fact=Fact(secrets=APPLIED, releases=DONE),
    ),
    Step(
        name="import --stage",
        argv=("secrets", "import", "--stage", "-a", APP),
        stdin="NEW=1\nOLD=changed\n",
        fact=Fact(says=STAGED, secrets={"OLD": "Staged", "LATER": "Staged", "NEW": "Staged"}),
    ),
    Step(
        name="import into an app that was never deployed",
        argv=("secrets", "import", "-a", NEW_APP),
        stdin="NEW=1\n",
        fact=Fact(says="Secrets are staged for the first deployment"),
    ),
    Step(
        name="unset",
        argv=("secrets", "unset", *QUIET[:1], "-a", APP, "OLD"),
        fact=Fact(secrets={"LATER": "Deployed"}, releases=DONE),
    ),
    Step(
        name="unset --stage",
        argv=("secrets", "unset", "--stage", "-a", APP, "OLD"),
        fact=Fact(says=STAGED, secrets={"LATER": "Staged"}),
    ),
    Step(
        name="unset of an unknown name",
        argv=("secrets", "unset", "--stage", "-a", APP, "NONE"),
        fact=Fact(says=STAGED),
    ),
    Step(
        name="secrets deploy",
        argv=("secrets", "deploy", *QUIET[:1], "-a", APP),
        fact=Fact(secrets=APPLIED, releases=DONE),
    ),
    Step(
        name="deploy --image",
        argv=("deploy", "--yes", *QUIET, "-a", APP, "--image", V2),
        fact=Fact(secrets=APPLIED, images=(V2, V2), releases=DONE),
    ),
)

ERRORS = (
    Step(name="status of no app", argv=("status", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error=f"failed to get app: |{NOT_FOUND}")),
    Step(name="secrets list of no app", argv=("secrets", "list", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error="failed to list app secrets: ")),
    Step(name="import to no app", argv=("secrets", "import", "-a", "nowhere"), stdin="A=1\n", fact=Fact(exit_code=1, error=f"failed to run query|{NOT_FOUND}")),
    Step(name="unset for no app", argv=("secrets", "unset", "-a", "nowhere", "A"), fact=Fact(exit_code=1, error=f"failed to run query|{NOT_FOUND}")),
    Step(name="deploy of no app", argv=("deploy", "-a", "nowhere", "--image", V2), fact=Fact(exit_code=1, error="the app name nowhere could not be found, did you create the app or misspell it")),
    Step(name="releases of no app", argv=("releases", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error=NOT_FOUND)),
    Step(name="image show of no app", argv=("image", "show", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error=f"get app: |{NOT_FOUND}")),
    Step(name="machine list of no app", argv=("machine", "list", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error="failed to list VMs: ")),
    Step(name="checks list of no app", argv=("checks", "list", "--json", "-a", "nowhere"), fact=Fact(exit_code=1, error="failed to list active VMs: ")),
    Step(name="a token of another app", argv=("status", "--json", "-a", APP), trouble=Trouble.OTHER_TOKEN, fact=Fact(exit_code=1, error=f'failed to get app: |Could not find App "{APP}"')),
    Step(name="no token", argv=("status", "--json", "-a", APP), trouble=Trouble.NO_TOKEN, fact=Fact(exit_code=1, error="no access token available. Please login with 'flyctl auth login'")),
    Step(name="no token and no app", argv=("secrets", "list", "--json", "-a", "nowhere"), trouble=Trouble.NO_TOKEN, fact=Fact(exit_code=1, error="no access token available")),
    Step(name="no name of an app", argv=("status", "--json"), fact=Fact(exit_code=1, error="the config for your app is missing an app name")),
    Step(name="a malformed line", argv=("secrets", "import", "--stage", "-a", APP), stdin="NEW=1\noops\n", fact=Fact(exit_code=1, error="Failed to parse secrets from stdin: Secrets must be provided as NAME=VALUE pairs (oops is invalid)")),
    Step(name="nothing to import", argv=("secrets", "import", "--stage", "-a", APP), stdin="# nothing\n", fact=Fact(exit_code=1, error="requires at least one SECRET=VALUE pair")),
    Step(name="a name that the server refuses", argv=("secrets", "import", "--stage", "-a", APP), stdin="NEW=1\nexport OLD=2\n", fact=Fact(exit_code=1, error="update secrets: failed to update app secrets: ")),
    Step(name="an unknown flag", argv=("secrets", "list", "--nope", "-a", APP), fact=Fact(exit_code=1, error="unknown flag: --nope")),
    Step(name="an image that is gone", argv=("deploy", "--yes", *QUIET, "-a", APP, "--image", "registry.fly.io/gaia:gone"), fact=Fact(exit_code=1, error='could not find image "registry.fly.io/gaia:gone"')),
    Step(name="secrets deploy without machines", argv=("secrets", "deploy", "-a", NEW_APP), fact=Fact(exit_code=1, error="no machines available to deploy")),
    Step(name="answers 429", argv=("apps", "list", "--json"), trouble=Trouble.TOO_MANY, fact=Fact(exit_code=1, error="server returned a non-200 status code: 429")),
    Step(name="a held lease", argv=("deploy", "--yes", *QUIET, "-a", APP, "--image", V2), trouble=Trouble.HELD_LEASE, fact=Fact(exit_code=1, error="lease currently held by ada@tokens.fly.io, expires at ", releases=("failed", "complete"))),
)  # fmt: skip

SCRIPT = (*READS, *WRITES, *ERRORS)
