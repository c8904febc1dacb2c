"""Holds a candidate's tree to the facts of the baseline's runs, place by place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_gaia_parity.compare import arrays
from pytest_gaia_parity.compare.compose import take_apart
from pytest_gaia_parity.compare.exact import Number
from pytest_gaia_parity.compare.facts import distance_problem, is_own, learn_chunk, learn_number, same, type_of
from pytest_gaia_parity.compare.forms import IDENTIFYING, TIMES, form_of, moment_of
from pytest_gaia_parity.compare.identity import Occurrence
from pytest_gaia_parity.compare.own import Unsure, is_cursor, may_be_own, without_day
from pytest_gaia_parity.compare.tokens import Slot, fit, learn_template, pieces_of
from pytest_gaia_parity.model.comparison import Difference, Kind
from pytest_gaia_parity.model.path import Path, render_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.compose import Composite
    from pytest_gaia_parity.compare.rules import Rules

#: levels below which a tree is compared as a whole: nothing real is as deep
DEEPEST = 150
#: forms of texts that may hold other forms within
_LOOSE_TEXT = frozenset({"text", "word", "empty text"})
_PREFIX = re.compile(r"[A-Za-z]{1,12}[A-Za-z0-9]{0,4}[_:-](?=[A-Za-z0-9])")
#: characters of a value that are kept in a difference, around where it differs
LONGEST = 2000


class Absent:
    """Stands for no value at all, which JSON's null is not."""


class Opaque(str):
    """A value that means nothing but equal or not equal to another one: the tag of an ETag."""

    __slots__ = ()


class Loose(str):
    """A value that is its platform's own: compared by its form only."""

    __slots__ = ()


@dataclass(slots=True)
class Walk:
    """Compares one tree; differences come out in the order of places.

    :param runs: how many runs of the baseline there were; with one, forms are assumed.
    """

    rules: Rules
    runs: int
    exchange: str = ""
    pair: int | None = None
    #: how kinds are called where the tree stands: headers, observations
    kind: Kind | None = None
    found: list[Difference] = field(default_factory=list)
    #: generated values, for identities
    names: list[Occurrence] = field(default_factory=list)
    #: when the exchange began, in each run of the baseline and on the candidate; 0 where unknown
    starts: tuple[float, ...] = ()
    start: float = 0.0
    #: places of random values that are an environment's own, and differences that are none in a row of such
    own: list[Path] = field(default_factory=list)
    unsure: list[Unsure] = field(default_factory=list)
    #: within a text that holds a structure: its place
    inside: Path | None = None
    #: samples are elements of an array and not runs
    is_pooled: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether nothing could be learnt."""
        return self.runs == 1

    def compare(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        """Hold *value* to what *samples*, of the same place, have in common."""
        first = samples[0]
        if same(first, value) and all(same(first, other) for other in samples[1:]):
            return
        if self.rules.ignores(path):
            return
        if len(path) > DEEPEST:
            self.report(path, Kind.VALUE_CHANGED, "…", "…", "", says="nested too deep to be compared place by place")
            return
        if self.rules.is_shape(path) and not isinstance(value, dict | list):
            self._shape(samples, value, path)
            return
        kind = type_of(value)
        alike = [sample for sample in samples if type_of(sample) == kind]
        if kind in {"integer", "decimal"}:
            alike = [sample for sample in samples if type_of(sample) in {"integer", "decimal"}]
        if not alike:
            types = sorted({type_of(sample) for sample in samples})
            self.report(path, Kind.TYPE_CHANGED, first, value, f"{' or '.join(types)} in {self.of(len(samples))}")
        elif isinstance(value, dict):
            self._objects(alike, value, path)
        elif isinstance(value, list):
            arrays.compare(self, alike, value, path)
        elif isinstance(value, str):
            self._texts(alike, value, path, varies=len(alike) < len(samples))
        else:
            self._scalars(alike, value, path, varies=len(alike) < len(samples))

    # objects

    def _objects(self, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path) -> None:
        known: dict[str, None] = dict.fromkeys(name for sample in samples for name in sample)
        gone = [name for name in known if name not in value and all(name in sample for sample in samples)]
        come = [name for name in value if name not in known]
        if come:
            come, gone = self._generated_keys(samples, value, path, come, gone)
        for name in known:
            if name in value:
                self.compare([sample[name] for sample in samples if name in sample], value[name], (*path, name))
        for name in gone:
            self.report((*path, name), Kind.REMOVED, samples[0][name], Absent, f"present in {self.of(len(samples))}")
        sometimes = [name for name in known if not all(name in sample for sample in samples)]
        if len(sometimes) > 1 and come:
            come = self._of_map(samples, value, path, come, {form_of(name).kind for name in sometimes})
        for name in come:
            self.report((*path, name), Kind.ADDED, Absent, value[name], f"absent in {self.of(len(samples))}")

    def _of_map(
        self, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path, come: list[str], kinds: set[str]
    ) -> list[str]:
        """Of an object whose keys vary: the new keys that are not of the form that keys have, told as one."""
        types = {type_of(one) for sample in samples for one in sample.values()}
        odd = [name for name in come if form_of(name).kind not in kinds]
        if len(odd) > 1 and len(odd) == len(value):
            fact = f"keys are {' or '.join(sorted(kinds))} in {self.of(len(samples))}"
            self.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact)
            return []
        return [name for name in come if name in odd or type_of(value[name]) not in types]

    def _generated_keys(
        self, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path, come: list[str], gone: list[str]
    ) -> tuple[list[str], list[str]]:
        """Keys that are ids: paired by their form and their order in the object."""
        forms = {form_of(name) for name in come if form_of(name).kind in IDENTIFYING}
        # of random keys some look like words
        lengths = {form.length for form in forms if form.kind == "token"} - set(range(10))
        mine = [name for name in come if form_of(name) in forms or len(name) in lengths]
        theirs = [
            [name for name in sample if name not in value and (form_of(name) in forms or len(name) in lengths)]
            for sample in samples
        ]
        if not mine or not all(theirs):
            return come, gone
        shortest = min(len(mine), *map(len, theirs))
        for number, name in enumerate(mine):
            partners = [names[min(number, len(names) - 1)] for names in theirs]
            if number < shortest:
                self.name(partners, name, path)
            self.own.append((*path, name, ""))
            values = [sample[partner] for sample, partner in zip(samples, partners, strict=True)]
            self.compare(values, value[name], (*path, name))
        paired = {name for names in theirs for name in names}
        counts = {len(names) for names in theirs}
        if len(counts) == 1 and len(mine) < counts.pop():
            left = theirs[0][len(mine) :]
            return [n for n in come if n not in mine], [n for n in gone if n not in paired] + left
        return [n for n in come if n not in mine], [n for n in gone if n not in paired]

    # numbers, true, false, null

    def _scalars(self, samples: Sequence[Any], value: Any, path: Path, *, varies: bool) -> None:
        first = samples[0]
        key = path[-1] if path else ""
        if isinstance(value, bool) or value is None:
            if not varies and all(same(first, sample) for sample in samples) and not self._is_free(samples):
                self.report(path, Kind.VALUE_CHANGED, first, value, self._constant(samples))
            return
        if self._is_close(samples, value):
            return
        if isinstance(value, int):
            self.name(samples, value, path)
        if not varies and all(same(first, sample) for sample in samples) and not self._is_free(samples):
            if is_own(first, value, key=key, started=self._started, alone=self.is_alone):
                return
            if self._is_unsure(first, value, path):
                return
            kind = Kind.VALUE_CHANGED if type_of(first) == type_of(value) else Kind.TYPE_CHANGED
            self.report(path, kind, first, value, self._constant(samples))
            return
        fact = learn_number(samples, value)
        problem = fact.problem or self._distance(samples, value)
        if problem:
            is_type = type_of(value) not in {type_of(sample) for sample in samples}
            kind = Kind.TYPE_CHANGED if is_type else Kind.FORMAT_CHANGED
            self.report(path, kind, first, value, f"{fact.says} in {self.of(len(samples))}", says=problem)

    def _is_free(self, samples: Sequence[Any]) -> bool:
        """Whether equal samples prove nothing: too few elements of arrays."""
        return self.is_pooled and len(samples) < 4

    def _is_close(self, samples: Sequence[Any], value: Any) -> bool:
        tolerance = self.rules.tolerance
        if not tolerance:
            return False
        mine = _number(value)
        return any(abs(mine - _number(one)) <= tolerance * max(abs(mine), abs(_number(one))) for one in samples)

    # texts

    def _texts(self, samples: Sequence[str], value: str, path: Path, *, varies: bool) -> None:
        if isinstance(value, Opaque):
            self.name(samples, value, path, is_opaque=True)
            return
        holds_still = not varies and all(sample == samples[0] for sample in samples) and not self._is_free(samples)
        if isinstance(value, Loose):
            holds_still = False
        if self._are_apart(samples, value, path):
            return
        if not holds_still and value != value.strip() and all(sample == sample.strip() for sample in samples):
            fact = f"text without spaces around it in {self.of(len(samples))}"
            self.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact, says="it has spaces around it")
            return
        is_whole = all(form_of(sample).kind not in _LOOSE_TEXT for sample in samples)
        if is_whole and not holds_still and self._is_prefixed(samples, value, path):
            return
        # a place that now and then holds no text is held to the form of its texts, not to their words
        if is_whole or varies or not self._pieces(samples, value, path, holds_still):
            self._chunk(samples, value, path, holds_still=holds_still)

    def _is_prefixed(self, samples: Sequence[str], value: str, path: Path) -> bool:
        """Compare ids with a prefix, `usr_…`: the prefix is constant, the rest is what varies."""
        prefixes = {sample[: len(match[0])] if (match := _PREFIX.match(sample)) else "" for sample in samples}
        prefix = prefixes.pop()
        if prefixes or not prefix:
            return False
        self.name(samples, value, path)
        if not value.startswith(prefix):
            self.report(path, Kind.FORMAT_CHANGED, samples[0], value, f"'{prefix}…' in {self.of(len(samples))}")
        else:
            rest = [sample.removeprefix(prefix) for sample in samples]
            problem = learn_chunk(rest, value.removeprefix(prefix))
            if problem.problem:
                fact = f"'{prefix}' and {problem.says} in {self.of(len(samples))}"
                self.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact, says=problem.problem)
        return True

    def _are_apart(self, samples: Sequence[str], value: str, path: Path) -> bool:
        """Compare texts that hold structures by their parts; false where they hold none."""
        taken = [take_apart(sample) for sample in samples]
        kinds = {None if one is None else one.kind for one in taken}
        mine = take_apart(value)
        if None in kinds or len(kinds) > 1:
            return False
        if mine is None or mine.kind not in kinds:
            self._not_so(samples, value, path, f"a {kinds.pop()}")
            return True
        if taken[0] is not None and taken[0].kind == "JWT":
            self.name(samples, value, path)
        self._parts(taken, mine, samples, value, path)
        return True

    def _parts(
        self, taken: Sequence[Composite | None], mine: Composite, samples: Sequence[str], value: str, path: Path
    ) -> None:
        inner = replace(self, found=[], inside=path if self.inside is None else self.inside, kind=None)
        inner.compare([one.tree for one in taken if one is not None], mine.tree, ())
        if not inner.found:
            return
        if self.inside is not None:
            self.found += inner.found
            return
        first = inner.found[0]
        kind = first.kind if first.kind in {Kind.FORMAT_CHANGED, Kind.IDENTITY_CHANGED} else Kind.VALUE_CHANGED
        says = f"{mine.kind}: {first.path or 'all of it'}: " + (
            first.says or f"{_short(first.baseline)} became {_short(first.candidate)}"
        )
        self.report(path, kind, samples[0], value, first.fact, says=says)

    def _pieces(self, samples: Sequence[str], value: str, path: Path, holds_still: bool) -> bool:  # noqa: FBT001
        """Compare texts by their constant rest and their varying pieces; false where there is nothing to gain."""
        cut = [pieces_of(sample) for sample in samples]
        if all(len(pieces) == 1 for pieces in cut):
            return False
        mine = pieces_of(value)
        if holds_still:
            return self._own_pieces(cut[0], mine, path)
        template = learn_template(cut)
        if template is None or all(isinstance(part, Slot) for part in template):
            return False
        if len(samples) == 1:
            return self._own_pieces(cut[0], mine, path)
        filled = fit(template, mine)
        if filled is None:
            return self._misfit(template, samples, value, path)
        inner = replace(self, found=[], inside=path if self.inside is None else self.inside, kind=None)
        for slot, stands in filled:
            before = ["".join(one) for one in slot.samples]
            after = "".join(stands)
            if "" not in before and len(before) == len(samples):
                inner.compare(before, after, ()) if after else inner.report((), Kind.FORMAT_CHANGED, before[0], "", "")
        if inner.found:
            first = inner.found[0]
            says = first.says or f"{_short(first.baseline)} became {_short(first.candidate)}"
            self.report(path, Kind.FORMAT_CHANGED, samples[0], value, first.fact, says=f"in the text: {says}")
        return True

    def _own_pieces(self, cut: tuple[str, ...], mine: tuple[str, ...], path: Path) -> bool:
        """Whether a constant text differs in nothing but pieces that each environment makes for itself."""
        if len(cut) != len(mine):
            return False
        key = path[-1] if path else ""
        changed = [(one, other) for one, other in zip(cut, mine, strict=True) if one != other]
        if not all(is_own(one, other, key=key, started=self._started, alone=self.is_alone) for one, other in changed):
            return False
        self.own.append(self.inside or path)
        for one, other in changed:
            self.name([one] * self.runs, other, path)
        return True

    def _misfit(self, template: Sequence[Any], samples: Sequence[str], value: str, path: Path) -> bool:
        """A value without the constant pieces; free text where the samples differ in words."""
        words = [part for part in template if isinstance(part, str) and any(map(str.isalnum, part))]
        if not words:
            return False
        if self._is_of_the_day(samples, value, path):
            return True
        self.report(
            path, Kind.FORMAT_CHANGED, samples[0], value, f"the same in {self.of(len(samples))} but for what varies",
            says="what is constant in the text changed",
        )  # fmt: skip
        return True

    def _chunk(self, samples: Sequence[str], value: str, path: Path, *, holds_still: bool) -> None:
        first = samples[0]
        key = path[-1] if path else ""
        form = form_of(first)
        if form.kind in IDENTIFYING or form.kind == "digits" or form.kind in TIMES:
            self.name(samples, value, path)
        if holds_still and (
            is_own(first, value, key=key, started=self._started, alone=self.is_alone) or is_cursor(first, value, key)
        ):
            self.own.append(self.inside or path)
            return
        if holds_still and (self._is_of_the_day(samples, value, path) or self._is_unsure(first, value, path)):
            return
        if holds_still:
            kind = Kind.VALUE_CHANGED
            if form.kind not in {"text", "word"} and form_of(value).kind != form.kind:
                kind = Kind.FORMAT_CHANGED if form.kind in IDENTIFYING | TIMES else Kind.VALUE_CHANGED
            self.report(path, kind, first, value, self._constant(samples))
            return
        if value in samples:
            return
        fact = learn_chunk(samples, value)
        problem = fact.problem or (self._distance(samples, value) if form.kind in TIMES else "")
        if problem:
            self.report(
                path, Kind.FORMAT_CHANGED, first, value, f"{fact.says} in {self.of(len(samples))}", says=problem
            )

    def _not_so(self, samples: Sequence[str], value: str, path: Path, says: str) -> None:
        kind = Kind.VALUE_CHANGED if all(sample == samples[0] for sample in samples) else Kind.FORMAT_CHANGED
        self.report(path, kind, samples[0], value, f"{says} in {self.of(len(samples))}")

    # what all share

    def _shape(self, samples: Sequence[Any], value: Any, path: Path) -> None:
        if type_of(value) not in {type_of(sample) for sample in samples}:
            self.report(path, Kind.TYPE_CHANGED, samples[0], value, "compared by its shape")

    @property
    def _started(self) -> tuple[float, float]:
        return (self.starts[0] if self.starts else 0.0), self.start

    def _is_unsure(self, first: Any, value: Any, path: Path) -> bool:
        """Keep a difference back that is none if its row is the environment's own."""
        if self.inside is not None or path[:1] != ("body",) or not may_be_own(first, value, path[-1]):
            return False
        before = len(self.found)
        kind = Kind.VALUE_CHANGED if type_of(first) == type_of(value) else Kind.TYPE_CHANGED
        self.report(path, kind, first, value, f"the same in {self.of(self.runs)}")
        self.unsure += [Unsure(path, first, value, one) for one in self.found[before:]]
        del self.found[before:]
        return True

    def _is_of_the_day(self, samples: Sequence[str], value: str, path: Path) -> bool:
        """Compare texts that hold the day of their run without it; false where they do not."""
        if not self.start or len(self.starts) != len(samples) or not all(self.starts):
            return False
        bare = [without_day(sample, start) for sample, start in zip(samples, self.starts, strict=True)]
        mine = without_day(value, self.start)
        if mine == value or any(one == sample for one, sample in zip(bare, samples, strict=True)):
            return False
        self.compare(bare, mine, path)
        return True

    def _distance(self, samples: Sequence[Any], value: Any) -> str:
        if self.is_pooled or moment_of(value) is None:
            return ""
        return distance_problem(samples, value, self.starts, self.start)

    def name(self, samples: Sequence[Any], value: Any, path: Path, *, is_opaque: bool = False) -> None:
        """Remember a generated value, so that it is seen whether the same one is meant elsewhere."""
        if not self.is_pooled and len(samples) == self.runs and self.pair is not None:
            place = path if self.inside is None else self.inside
            self.names.append(Occurrence(self.pair, place, tuple(map(str, samples)), str(value), is_opaque))

    def _constant(self, samples: Sequence[Any]) -> str:
        return f"the same in {self.of(len(samples))}"

    def of(self, count: int) -> str:
        """How much evidence there is, in words."""
        if self.is_pooled:
            return f"{count} elements on the baseline"
        return f"{count} of {self.runs} baseline runs" if self.runs > 1 else "the baseline run"

    def report(  # noqa: PLR0913 - a difference has so many parts
        self, path: Path, kind: Kind, baseline: Any, candidate: Any, fact: str, *, says: str = ""
    ) -> None:
        """Add a difference, unless the place is ignored."""
        if self.rules.ignores(path):
            return
        if self.kind is not None and kind in {Kind.VALUE_CHANGED, Kind.TYPE_CHANGED, Kind.ORDER_CHANGED}:
            kind = self.kind
        before, after = cut_around(baseline, candidate)
        self.found.append(
            Difference(
                exchange=self.exchange,
                path=render_path(path),
                kind=kind,
                baseline=plain(before),
                candidate=plain(after),
                fact=fact,
                says=says,
                pair=self.pair,
            )
        )


def cut_around(baseline: Any, candidate: Any) -> tuple[Any, Any]:
    """Long texts, cut around where they begin to differ."""
    if not isinstance(baseline, str) or not isinstance(candidate, str):
        return baseline, candidate
    if max(len(baseline), len(candidate)) <= LONGEST:
        return baseline, candidate
    at = next((i for i, (a, b) in enumerate(zip(baseline, candidate, strict=False)) if a != b),
              min(len(baseline), len(candidate)))  # fmt: skip
    start = max(0, at - LONGEST // 4)

    def cut(text: str) -> str:
        end = start + LONGEST
        return ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")

    return cut(baseline), cut(candidate)


def plain(value: Any) -> Any:
    """A value as the results file holds it."""
    if value is Absent:
        return msgspec.UNSET
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _number(value: Any) -> float:
    return float(value.text) if isinstance(value, Number) else float(value)


def _short(value: Any) -> str:
    text = repr(plain(value)) if value is not msgspec.UNSET else "nothing"
    return text if len(text) <= 80 else f"{text[:77]}…"
