"""Values to `fly secrets import` and back: a port of its parser (facts of flyctl v0.3.226 and later), and a writer proved by it.

The parser cuts at `#`, strips quotes, and swallows what follows an unclosed block, all without a word. So nothing is sent
that it would not read back equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: bufio.Scanner's longest token: a longer line ends the input silently
LINE_LIMIT = 64 * 1024
#: bytes that `fly secrets set NAME=-` reads
SET_LIMIT = 64 * 1024
_BLOCK = '"""'


class UnreadableError(ValueError):
    """The text has a line that `import` refuses; it would echo that line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """How named values travel.

    :param text: input of `fly secrets import`, empty if none goes that way.
    :param single: values for `fly secrets set NAME=-`, one command each.
    :param refused: names that cannot travel, with the reason.
    """

    text: bytes = field(repr=False)
    single: Mapping[str, bytes] = field(repr=False)
    refused: Mapping[str, str]


def read_back(text: str, *, strips_single_quotes: bool = True) -> dict[str, str]:
    r"""Read *text* as `fly secrets import` does.

    >>> read_back('A=foo#bar\nB="foo#bar"\nC=\'x\'')
    {'A': 'foo', 'B': 'foo#bar', 'C': 'x'}

    :param strips_single_quotes: what v0.4.14 and later do.
    :raises UnreadableError: a line has no `=`.
    """
    values: dict[str, str] = {}
    lines = _lines(text)
    for line in lines:
        if line.startswith("#") or not line.strip():
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise UnreadableError("a line has no '='")
        value = _uncommented(value.lstrip(" "))
        if value.startswith(_BLOCK) and not (value.endswith(_BLOCK) and len(value) >= 6):
            block = _block(value.removeprefix(_BLOCK), lines)
            if block is not None:
                values[key.strip()] = block
        else:
            values[key.strip()] = _unquoted(value, strips_single_quotes=strips_single_quotes)
    return values


def _lines(text: str) -> Iterator[str]:
    """Split at LF, drop one CR; a line beyond the limit ends the input."""
    *whole, last = text.split("\n")
    for line in whole if not last else (*whole, last):
        if len(line.encode("utf-8", "surrogatepass")) >= LINE_LIMIT:
            return
        yield line.removesuffix("\r")


def _uncommented(value: str) -> str:
    before, hash_sign, _ = value.partition("#")
    return before.rstrip(" ") if hash_sign and before.count('"') % 2 == 0 else value


def _block(first: str, lines: Iterator[str]) -> str | None:
    """The lines up to one that ends with the mark; None if there is none, and all the rest is gone."""
    parts = [first]
    for line in lines:
        if line.endswith(_BLOCK):
            return "\n".join([*parts, line.removesuffix(_BLOCK)])
        parts.append(line)
    return None


def _unquoted(value: str, *, strips_single_quotes: bool) -> str:
    if value.startswith(_BLOCK) and value.endswith(_BLOCK) and len(value) >= 6:
        return value[3:-3]
    for quote in ('"', "'") if strips_single_quotes else ('"',):
        if value.startswith(quote) and value.endswith(quote):
            if len(value) == 1:
                raise UnreadableError("a value is a lone quote, on which flyctl panics")
            return value[1:-1]
    return value


def encode(values: Mapping[str, str]) -> Encoded:
    """Write *values* so that they are read back equal, by every version that is supported.

    A value that cannot go through `import` goes alone through `set`, if that keeps it whole.
    """
    written: dict[str, str] = {}
    single: dict[str, bytes] = {}
    refused: dict[str, str] = {}
    for name, value in values.items():
        if "\0" in value:
            refused[name] = "it has a NUL byte"
            continue
        line = next((line for line in _candidates(name, value) if _is_faithful(line, {name: value})), None)
        if line is not None:
            written[name] = line
        elif reason := _why_not_alone(value):
            refused[name] = reason
        else:
            single[name] = value.encode()
    text = "".join(f"{line}\n" for line in written.values())
    if not _is_faithful(text, {name: values[name] for name in written}):
        raise AssertionError("lines that are faithful alone are not so together")
    return Encoded(text=text.encode(), single=single, refused=refused)


def _candidates(name: str, value: str) -> Iterator[str]:
    for form in ("{}", '"{}"', '"""{}"""', '"""\n{}"""'):
        yield f"{name}={form.replace('{}', value)}"


def _is_faithful(text: str, expected: Mapping[str, str]) -> bool:
    """Whether each supported version reads *expected*, and goes on to read what follows."""
    probe = f"{text}\nGAIA_PARITY_PROBE=1\n"  # what follows must be read too
    wanted = {**expected, "GAIA_PARITY_PROBE": "1"}
    try:
        probe.encode()
        return all(read_back(probe, strips_single_quotes=strips) == wanted for strips in (True, False))
    except (UnreadableError, UnicodeEncodeError):
        return False


def _why_not_alone(value: str) -> str:
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        return "it is no valid Unicode text"
    if value != value.strip():
        return "it needs quoting that fly's parser does not keep, and it begins or ends with white space"
    if size > SET_LIMIT:
        return f"it has {size:,} bytes; fly reads {SET_LIMIT:,}"
    if not value:
        return "it is empty"
    return ""
