"""All exceptions of the package.

ParityError
├── ConfigError        exit 4: options, configuration, names in tests
├── UnreachableError   exit 69: a target could not be reached, nothing was judged
│   └── NameNotFoundError   a service's name leads to no address
├── NothingToCompareError  exit 5: there are no two of what was to be compared
├── CommandError       exit 1: an outside program failed
├── RecordingError     exit 4: a recording cannot be read, or does not fit
├── ReportError        exit 3: a report could not be written
└── RefusedError       exit 1: something was not done because it is not allowed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_PARITY = 0
EXIT_DIFFERENT = 1
EXIT_INTERRUPTED = 2
EXIT_INTERNAL = 3
EXIT_USAGE = 4
EXIT_NOTHING_COMPARED = 5
EXIT_UNREACHABLE = 69  # EX_UNAVAILABLE of sysexits.h; pytest 9.2 uses 0 to 6


class ParityError(Exception):
    """Say what happened and where, and in *hint* what to do next.

    :param hint: the next step, as a command that can be pasted where there is one.
    """

    exit_code: ClassVar[int] = EXIT_INTERNAL

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message


class ConfigError(ParityError):
    """An option, a configuration key or a name in a test is wrong."""

    exit_code = EXIT_USAGE


class UnreachableError(ParityError):
    """A target could not be reached, so nothing was judged."""

    exit_code = EXIT_UNREACHABLE


class NameNotFoundError(UnreachableError):
    """A service's name leads to no address."""


class NothingToCompareError(ParityError):
    """There are no two of what was to be compared."""

    exit_code = EXIT_NOTHING_COMPARED


class CommandError(ParityError):
    """A program outside failed or answered in a way that is not understood."""

    exit_code = EXIT_DIFFERENT


class RecordingError(ParityError):
    """A recording cannot be read, or does not belong to the other one."""

    exit_code = EXIT_USAGE


class ReportError(ParityError):
    """A report could not be written."""

    exit_code = EXIT_INTERNAL


class RefusedError(ParityError):
    """Something was not done because the configuration or an option forbids it."""

    exit_code = EXIT_DIFFERENT


def nearest(name: str, valid: Iterable[str]) -> str:
    """Render the valid names for a message, the one nearest to *name* first.

    >>> nearest("gatway", ["auth", "gateway"])
    "nearest is 'gateway'; valid: auth, gateway"
    >>> nearest("zzz", ["auth"])
    'valid: auth'
    """
    import difflib  # noqa: PLC0415 - an inactive run never needs it

    names = sorted(set(valid))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    listed = f"valid: {', '.join(names)}" if names else "there are none"
    return f"nearest is '{close[0]}'; {listed}" if close else listed
