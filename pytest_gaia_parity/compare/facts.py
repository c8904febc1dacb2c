"""The strongest fact that held at a scalar place in the baseline's runs, and what breaks it."""

from __future__ import annotations

import marshal
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.compare.exact import Number
from pytest_gaia_parity.compare.forms import CHUNKS, Form, case_of, epoch_unit, form_of, is_id, moment_of

if TYPE_CHECKING:
    from collections.abc import Sequence

#: seconds within which a moment may differ in its distance from the request, between runs and between sides
STEADY, NEAR = 10.0, 120.0
#: seconds before a run in which an environment may have been set up
_RECENT = 400 * 86400.0
#: what floating point makes of one number, relative; numbers up to which that is no clock; what is another number
_NOISE, _SMALL, _APART = 1e-6, 100.0, 1e-3
_MIN_FIXED = 8
_LONG = 16


#: `37%`, `12ms`, `€ 4.50`
_QUANTITY = re.compile(r"\W{0,3}\d[\d.,]*\W{0,2}[^\W\d]{0,3}[23]?")
#: what sentences end with
_ENDS = ".!?…。"


class Fact(NamedTuple):
    """What is known of a scalar place: in words, and in what a value breaks it, empty where it keeps it."""

    says: str
    problem: str = ""


def type_of(value: Any) -> str:
    """The JSON type, with whole and decimal numbers apart."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float | Number):
        return "decimal"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def same(first: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and from true, at any depth."""
    if first is other:
        return True
    try:
        if first != other:
            # NaN equals nothing; no other value prints alike and differs
            return isinstance(first, float) and isinstance(other, float) and math.isnan(first) and math.isnan(other)
    except RecursionError:
        return False
    return type(first) is type(other) and (not isinstance(first, dict | list) or _same_types(first, other))


def _same_types(first: Any, other: Any) -> bool:
    """Whether equal trees have equal types too; their serialised form tells, and is quick to make."""
    try:
        return _written(first) == _written(other) or (
            all(same(first[name], other[name]) for name in first)
            if isinstance(first, dict)
            else all(map(same, first, other))
        )
    except RecursionError:
        return False


def _written(tree: Any) -> object:
    try:
        return marshal.dumps(tree, 2)
    except ValueError:  # holds a value of ours
        return repr(tree)


def learn_number(samples: Sequence[float | Number], value: float | Number) -> Fact:
    """A varying number: whole or decimal, its digits, and the magnitude of a moment."""
    units = {epoch_unit(_float(sample)) for sample in samples}
    if len(units) == 1 and "" not in units:
        unit = units.pop()
        mine = epoch_unit(_float(value))
        return Fact(f"a time since 1970 in {unit}", "" if mine == unit else "it is no time of that unit")
    if all(isinstance(sample, int) for sample in samples):
        return Fact("a whole number", "" if isinstance(value, int) else "it is no whole number")
    return _learn_decimal(samples, value)


def _learn_decimal(samples: Sequence[float | Number], value: float | Number) -> Fact:
    if _is_noise(samples) and abs(_float(value) - _float(samples[0])) > _APART * abs(_float(samples[0])):
        return Fact("a number that varies by less than a millionth", "it is another number")
    digits = [_digits(sample) for sample in samples]
    most, mine_digits = max(digits), _digits(value)
    says = f"a number with up to {most} decimals"
    # a last zero is not written, so that one decimal more proves nothing
    if most <= 6 and mine_digits > most + 1:
        return Fact(says, f"it has {mine_digits}: it was not rounded")
    # a float that was never rounded has so few digits one time in a million
    if min(digits) >= 9 and mine_digits <= 3:
        return Fact(says, f"it has {mine_digits}: precision was lost")
    if isinstance(value, int) and min(digits) >= 3:
        return Fact(says, "it is a whole number")
    return Fact(says)


def _is_noise(samples: Sequence[float | Number]) -> bool:
    """Whether samples differ as the same computation does on another machine; a clock moves more than that."""
    numbers = list(map(_float, samples))
    largest = max(map(abs, numbers))
    return largest <= _SMALL and 0 < max(numbers) - min(numbers) <= _NOISE * largest


def _digits(value: float | Number) -> int:
    text = value.text if isinstance(value, Number) else repr(value)
    mantissa, _, exponent = text.lower().partition("e")
    if len(mantissa.partition(".")[2]) >= 13 and not exponent:
        # the last digits of a float are noise: 13.850000000000001
        mantissa = f"{_float(value):.11f}"
    places = len(mantissa.partition(".")[2].rstrip("0"))
    return max(0, places - int(exponent or 0)) if exponent.lstrip("+-").isdigit() or not exponent else places


def _float(value: Any) -> float:
    try:
        return float(value.text if isinstance(value, Number) else value)
    except OverflowError:
        return math.inf


def learn_chunk(samples: Sequence[str], value: str) -> Fact:
    """A varying text without structure: its form, length, alphabet, case."""
    forms = [form_of(sample) for sample in samples]
    mine = form_of(value)
    kinds = {form.kind for form in forms}
    if len(kinds) == 1 and forms[0].kind not in CHUNKS | {"text", "empty text"}:
        return _of_form(forms, mine, value)
    # digits that are a moment in one sample and none in another mean no moment
    kinds = {"digits" if kind == "epoch" else kind for kind in kinds}
    if kinds == {"digits"}:
        return _digits_in_text(samples, value)
    if kinds <= CHUNKS and any(form.kind != "word" for form in forms):
        return _characters(samples, value)
    return _plain(samples, value)


def _of_form(forms: Sequence[Form], mine: Form, value: str) -> Fact:
    details = {form.detail for form in forms}
    says = str(forms[0]) if len(details) == 1 else f"a {forms[0].kind}"
    if mine.kind != forms[0].kind:
        return Fact(says, f"it is {mine}" if value else "it is empty")
    if mine.detail not in details and (len(details) == 1 or mine.kind != "time"):
        return Fact(says, f"it is {mine}")
    return Fact(says)


def _digits_in_text(samples: Sequence[str], value: str) -> Fact:
    lengths = {len(sample) for sample in samples}
    says = "digits" + (f", {min(lengths)} of them" if len(lengths) == 1 else "")
    if not re.fullmatch(r"[+-]?[0-9]+", value):
        return Fact(says, "it is no whole number in a text" if value else "it is empty")
    is_fixed = len(lengths) == 1 and (any(sample.startswith("0") for sample in samples) or min(lengths) >= 12)
    if is_fixed and len(value) not in lengths:
        return Fact(says, f"it has {len(value)}")
    return Fact(says)


def _characters(samples: Sequence[str], value: str) -> Fact:
    """A token: how long, of which letters. What a short token lacks by chance is not held against another.

    What counts is what two samples show: that there are more of them makes nothing sure that was not.
    """
    lengths = {len(sample) for sample in samples}
    length, drawn = min(lengths), "".join(samples)
    cases = {case_of(sample) for sample in samples}
    says = " ".join([", ".join(sorted(cases)), "letters and digits" + (f" ({length})" if len(lengths) == 1 else "")])
    if not value:
        return Fact(says, "it is empty")
    if len(lengths) == 1 and length >= _MIN_FIXED and len(value) != length:
        return Fact(says, f"it has {len(value)} characters")
    if not length / 2 <= len(value) <= 2 * max(lengths):
        return Fact(says, f"it has {len(value)} characters")
    has_case = length >= _MIN_FIXED and len(cases) == 1 and value.upper() != value.lower()
    if has_case and case_of(value) not in cases and (cases != {"mixed case"} or len(value) >= _LONG):
        return Fact(says, f"it is in {case_of(value)}")
    return Fact(says, _foreign(drawn, value, length))


def _foreign(drawn: str, value: str, length: int) -> str:
    odd = sorted(set(re.findall(r"[^A-Za-z0-9]", value)) - set(drawn))
    standard, urlsafe = set("+/"), set("-_")
    mixed = case_of(drawn) == "mixed case"
    for character in odd:
        kin = (standard if not urlsafe & set(drawn) else set()) | (urlsafe if not standard & set(drawn) else set())
        is_kin = mixed and character in kin
        if not is_kin and not (character == "=" and length >= _MIN_FIXED and len(value) % 4 == 0):
            return f"it has '{character}'"
    is_hex, value_hex = (re.fullmatch(r"[0-9a-fA-F]+", text) is not None for text in (drawn, value))
    if 2 * length >= 24 and is_hex and not value_hex and value.isalnum():
        return "it is not hexadecimal"
    if min(len(value), length) >= _LONG and not is_hex and value_hex:
        return "it is hexadecimal"
    if len(value) >= _LONG and value.isdigit() and not drawn.isdigit():
        return "it has digits only"
    return ""


def _plain(samples: Sequence[str], value: str) -> Fact:  # noqa: PLR0911 - a line for each way to break it
    """Words: one word or several, upper or lower case, never empty."""
    if any(not sample for sample in samples):
        return Fact("text")
    if not value.strip() and all(sample.strip() for sample in samples):
        return Fact("text that is not empty", "it is empty")
    if value != value.strip() and all(sample == sample.strip() for sample in samples):
        return Fact("text without spaces around it", "it has spaces around it")
    if re.search(r"&(?:amp|lt|gt|quot|#\d+);", value) and not any("&" in sample for sample in samples):
        return Fact("text without escapes", "it is escaped for HTML")
    if re.search("Ã[\x80-\xbf©-ÿ]|â€|\ufffd", value) and not any(re.search("[Ãâ\ufffd]", sample) for sample in samples):
        return Fact("text", "its characters were decoded wrongly")
    if len(samples) > 1 and all(map(_is_sentence, samples)) and (value[-1].isalnum() or value[-1] in ",;"):
        return Fact("text that ends with a mark", "its end is missing")
    if all(_QUANTITY.fullmatch(sample) for sample in samples):
        return Fact("a number with its unit", _no_quantity(samples, value))
    if all(re.fullmatch(r"[a-z][a-z_-]*|[A-Z][A-Z_-]*", sample) for sample in samples):
        cases = {case_of(sample) for sample in samples}
        says = f"a word in {' or '.join(sorted(cases))}"
        if len(cases) == 1 and value.isascii() and case_of(value) not in cases and value.isidentifier():
            return Fact(says, f"it is in {case_of(value)}")
        return Fact(says, "it is a number" if form_of(value).kind in {"digits", "decimal in text"} else "")
    return Fact("text", "it is a number" if form_of(value).kind == "digits" else "")


def _is_sentence(text: str) -> bool:
    return text[-1] in _ENDS and len(text.split(None, 3)) > 2


def _no_quantity(samples: Sequence[str], value: str) -> str:
    if not any(map(str.isdigit, value)):
        return "it has no number"
    starts = {sample[0].isdigit() for sample in samples if sample[0] not in "+-"}
    if len(starts) == 1 and value[0] not in "+-" and value[0].isdigit() not in starts:
        return "its number stands elsewhere"
    units = {re.sub(r"[\d.,\s+-]", "", sample) for sample in samples}
    return "" if len(units) > 1 or re.sub(r"[\d.,\s+-]", "", value) in units else "it has another unit"


def is_own(base: Any, value: Any, *, key: Any, started: tuple[float, float], alone: bool) -> bool:
    """Whether values that held still on each side may differ because each environment made its own.

    Ids that are random by construction, and moments near the run: an environment's users, rows and start have ids and times of their own.

    :param started: when the exchange began on the baseline and on the candidate; 0 where unknown.
    :param alone: there was one run of the baseline only, so usual forms are assumed.
    """
    if isinstance(base, str) and isinstance(value, str):
        form, mine = form_of(base), form_of(value)
        if form.kind in {"time", "HTTP date", "epoch"} and form == mine:
            return _is_near(base, value, started, alone=alone)
        if alone and form.kind in {"token", "hex", "base64"}:
            return form.kind == mine.kind and form.length == mine.length
        random_uuid = form.kind == "uuid" and re.match("version [1467]", form.detail) is not None
        return form == mine and (random_uuid or form.kind in {"ulid", "object id", "mask"})
    if type(base) is type(value) and isinstance(base, int | float) and not isinstance(base, bool):
        if epoch_unit(base) and epoch_unit(base) == epoch_unit(value):
            return _is_near(base, value, started, alone=alone)
        return alone and isinstance(base, int) and is_id(key)
    return False


def _is_near(base: Any, value: Any, started: tuple[float, float], *, alone: bool) -> bool:
    """Whether both moments may be those of two set-ups, and not one moment with its zone lost."""
    first, other = moment_of(base), moment_of(value)
    if first is None or other is None:
        return False
    apart = abs(first - other)
    if apart >= 900 and apart % 900 < 1e-6:
        return False
    has_fraction = first % 1 > 1e-7
    if not all(started):
        return alone or has_fraction
    if alone:
        return True
    return has_fraction or (abs(first - started[0]) < 86400 and abs(other - started[1]) < 86400)


def distance_problem(samples: Sequence[Any], value: Any, starts: Sequence[float], start: float) -> str:
    """A moment that keeps its distance from the request on the baseline must keep it on the candidate."""
    moments = [moment_of(sample) for sample in samples]
    mine = moment_of(value)
    if mine is None or not start or not all(starts) or len(samples) != len(starts) or any(m is None for m in moments):
        return ""
    apart = [moment - begun for moment, begun in zip(moments, starts, strict=True) if moment is not None]
    if max(apart) - min(apart) > STEADY or abs(apart[0]) > _RECENT:
        return ""
    off = (mine - start) - sum(apart) / len(apart)
    if abs(off) <= NEAR:
        return ""
    return f"it is {_span(abs(off))} {'later' if off > 0 else 'earlier'} than it should be, seen from the request"


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400.0), ("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
