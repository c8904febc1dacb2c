"""What every verb works with: configuration, flyctl, the env file, the audit log, the state folder."""

from __future__ import annotations

import secrets
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_gaia_parity.adapters.fly import Fly
from pytest_gaia_parity.adapters.process import Command, Runner
from pytest_gaia_parity.config.check import require_target
from pytest_gaia_parity.config.envfile import EnvFile, read_env, state_folder
from pytest_gaia_parity.config.schema import ALWAYS_PROTECTED
from pytest_gaia_parity.errors import CommandError, ConfigError, RefusedError, nearest
from pytest_gaia_parity.ops.audit import Audit
from pytest_gaia_parity.ops.fingerprints import Fingerprints
from pytest_gaia_parity.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_gaia_parity.adapters.process import Mask
    from pytest_gaia_parity.config.schema import Config, TargetConfig
    from pytest_gaia_parity.network.route import Network
    from pytest_gaia_parity.ops.plan import Say


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """One configuration and the means to operate it; every verb takes one.

    :param open_network: how a target's network is had, so that the lab can stand in for it.
    """

    config: Config
    env: EnvFile
    fly: Fly
    runner: Runner
    mask: Mask
    audit: Audit
    fingerprints: Fingerprints
    say: Say
    open_network: Callable[[Config, str], Network] = field(repr=False)
    #: told each line that a long command prints, where somebody watches
    live: Say = field(repr=False, default=lambda _: None)
    #: where the embedded stack is operated, the targets that it serves: nothing is built there, no fly.toml is needed
    lab_targets: frozenset[str] = frozenset()

    @property
    def is_lab(self) -> bool:
        """Whether the embedded stack is operated."""
        return bool(self.lab_targets)

    def services(self, names: Sequence[str] | None) -> tuple[str, ...]:
        """The services that are meant: those named, else all.

        :raises ConfigError: one is not declared.
        """
        declared = tuple(self.config.table.services)
        for name in names or ():
            if name not in declared:
                raise ConfigError(
                    f"'{name}' is no service of {self.config.file}; {nearest(name, declared)}",
                    hint=f"use one of these, or add [tool.gaia-parity.services.{name}]",
                )
        return tuple(dict.fromkeys(names)) if names else declared

    def target(self, name: str) -> TargetConfig:
        """The settings of a target.

        :raises ConfigError: it is not configured.
        :raises RefusedError: the embedded stack is operated, and does not serve it.
        """
        require_target(self.config, name, option="TARGET")
        if self.is_lab and name not in self.lab_targets:
            served = ", ".join(sorted(self.lab_targets))
            raise RefusedError(
                f"the embedded stack serves {served}, and not '{name}'; nothing was changed",
                hint=f"gaia-parity lab --candidate dev --candidate {name}",
            )
        return self.config.table.targets[name]

    def fly_target(self, name: str, *, verb: str) -> TargetConfig:
        """The settings of a target on Fly.

        :raises ConfigError: it is not configured, or is elsewhere.
        """
        found = self.target(name)
        if found.network != "fly":
            remote = [other for other, one in self.config.table.targets.items() if one.network == "fly"]
            raise ConfigError(
                f"{verb} is for targets on Fly, and '{name}' has network '{found.network}'",
                hint=f"name one of these: {', '.join(remote)}" if remote else "add a target with network = 'fly'",
            )
        return found

    def app(self, target: str, service: str) -> str:
        """The Fly app of a service."""
        return self.config.table.targets[target].app.format(service=service)

    def require_yes(self, target: str, *, yes: bool) -> None:
        """Ask for consent to change a protected target.

        :raises RefusedError: it is protected, and --yes was not given.
        """
        if (self.config.table.targets[target].protected or target in ALWAYS_PROTECTED) and not yes:
            raise RefusedError(f"'{target}' is protected; nothing was changed", hint="add --yes to change it")

    def env_notes(self) -> tuple[str, ...]:
        """What is doubtful about the env file, its place in git included."""
        problems = tuple(f"'{self.env.path.name}' {problem}" for problem in self.env.problems)
        return (*self.env.notes, *problems, *self._tracked())

    def _tracked(self) -> tuple[str, ...]:
        git = shutil.which("git")
        if git is None or not self.env.exists:
            return ()
        argv = (git, "ls-files", "--error-unmatch", "--", self.env.path.name)
        outcome = self.runner.run(Command(argv=argv, cwd=self.env.path.parent, timeout=10))
        name = self.env.path.name
        return (f"'{name}' is kept in git, with every secret: git rm --cached {name}",) if outcome.is_good else ()


def open_workplace(  # noqa: PLR0913 - keywords
    config: Config,
    *,
    say: Say,
    program: Sequence[str] | None = None,
    env: Mapping[str, str] | None = None,
    state: Path | None = None,
    env_file: Path | None = None,
    open_network: Callable[[Config, str], Network] | None = None,
    live: Say = lambda _: None,
    lab_targets: Iterable[str] = (),
) -> Workplace:
    """Put together what verbs need.

    :param program: how flyctl is started, by default `fly` or `flyctl` from PATH.
    :param env: variables for flyctl.
    :param state: the state folder, by default the user's.
    :param env_file: in place of the configured one.
    :param lab_targets: where the embedded stack is operated, the targets that it serves.
    :raises ConfigError: the env file cannot be read.
    """
    found = read_env(config.root / config.table.env_file if env_file is None else env_file)
    mask = Redactor(found.values, key=secrets.token_bytes(32)).text
    runner = Runner(mask)
    folder = state_folder() if state is None else state
    return Workplace(
        config=config,
        env=found,
        fly=Fly(runner, program=program or _program(), env=env, mask=mask),
        runner=runner,
        mask=mask,
        audit=Audit(folder / "audit.jsonl", mask=mask, warn=lambda text: say(f"warning: {text}")),
        fingerprints=Fingerprints(folder),
        say=lambda text: say(mask(text)),
        open_network=open_network or _open_network,
        live=lambda text: live(mask(text)),
        lab_targets=frozenset(lab_targets),
    )


def _program() -> tuple[str, ...]:
    return (next((name for name in ("fly", "flyctl") if shutil.which(name)), "fly"),)


def _open_network(config: Config, target: str) -> Network:
    from pytest_gaia_parity.network.open import open_network  # noqa: PLC0415 - verbs that ask services only

    return open_network(config, target)


def require_fly(place: Workplace) -> None:
    """Make sure that flyctl is there and new enough.

    :raises CommandError: it is not.
    """
    try:
        place.fly.version()
    except CommandError:
        raise
    except OSError as error:  # pragma: no cover - a machine that can start nothing
        raise CommandError(f"flyctl cannot be started: {error.strerror}") from None


def is_interactive() -> bool:
    """Whether a person watches."""
    return sys.stdout.isatty()
