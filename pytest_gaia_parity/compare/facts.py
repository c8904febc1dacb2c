"""The strongest fact that held at a place in the baseline's runs, and whether another value keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_gaia_parity.compare.decode import Number
from pytest_gaia_parity.compare.forms import (
    GENERATED,
    IDENTIFYING,
    Template,
    alphabet_of,
    number_form,
    template_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class Fact(NamedTuple):
    """What is known of a scalar place.

    `rank` orders facts by strength: with more evidence it never falls.
    """

    rank: int
    #: in words, for the report
    says: str
    #: what a value must have in common with the samples; None asks for nothing
    key: Any


CONSTANT, TEMPLATE, ALPHABET, TYPE, ANYTHING = range(5)


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


def learn(samples: Sequence[Any], *, is_id: bool = False) -> Fact:
    """The strongest fact that all samples share.

    What looks generated is held to its form even where it held still: an environment's own users, rows and start have
    ids and times of their own, and these are the same in every run on it.

    :param is_id: the place is called an id, so that any token or number there is a name.
    """
    first = samples[0]
    if all(same(first, other) for other in samples[1:]):
        if _looks_generated(first, is_id=is_id):
            fact = _form_fact([first]) if isinstance(first, str) else _number_fact([first])
            if fact is not None:
                return fact
        return Fact(CONSTANT, "the same", first)
    types = {type_of(sample) for sample in samples}
    if types == {"string"}:
        return _form_fact(samples)
    if types <= {"integer", "decimal"}:
        fact = _number_fact(samples)
        if fact is not None:
            return fact
    if len(types) == 1:
        return Fact(TYPE, f"{_article(types)}", ("type", frozenset(types)))
    return Fact(ANYTHING, " or ".join(sorted(types)), ("type", frozenset(types)))


def keeps(fact: Fact, value: Any) -> bool:
    """Whether a value has what the fact asks for."""
    if fact.rank == CONSTANT:
        return same(fact.key, value)
    name, wanted = fact.key
    if name == "type":
        return bool(type_of(value) in wanted)
    if name == "number":
        return type_of(value) in {"integer", "decimal"} and bool(_number_form(value) == wanted)
    return isinstance(value, str) and _keeps_text(name, wanted, value)


def _number_fact(samples: Sequence[Any]) -> Fact | None:
    forms = {_number_form(sample) for sample in samples}
    if len(forms) > 1:
        return None
    return Fact(TEMPLATE, _article(forms), ("number", next(iter(forms))))


def _keeps_text(name: str, wanted: Any, value: str) -> bool:
    if name == "template":
        return bool(template_of(value).skeleton == wanted)
    if name == "alphabet":
        alphabet, length = wanted
        return _fits(alphabet, value) and (length is None or len(value) == length)
    return True


def same(first: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and from true."""
    if type(first) is not type(other):
        return False
    if isinstance(first, dict):
        return first.keys() == other.keys() and all(same(first[name], other[name]) for name in first)
    if isinstance(first, list):
        return len(first) == len(other) and all(map(same, first, other))
    return bool(first == other)


def _form_fact(samples: Sequence[str]) -> Fact:
    templates = [template_of(sample) for sample in samples]
    if len({template.skeleton for template in templates}) == 1 and templates[0].tokens:
        return Fact(TEMPLATE, _describe(templates[0]), ("template", templates[0].skeleton))
    alphabets = {alphabet_of(sample) for sample in samples}
    if "" in samples or "text" in alphabets:
        return Fact(TYPE, "text", ("text", None))
    alphabet = _widest(alphabets)
    lengths = {len(sample) for sample in samples}
    length = lengths.pop() if len(lengths) == 1 else None
    says = f"{alphabet} of {length} characters" if length else alphabet
    return Fact(ALPHABET, says, ("alphabet", (alphabet, length)))


_WIDTHS = ("digits", "hex", "HEX", "alphanumeric", "base64url", "base64")


def _widest(alphabets: set[str]) -> str:
    if {"hex", "HEX"} <= alphabets:
        alphabets = {"alphanumeric"} | alphabets
    return max(alphabets, key=_WIDTHS.index)


def _fits(alphabet: str, value: str) -> bool:
    own = alphabet_of(value)
    if own == "text":
        return False
    if own == "digits":
        return True
    if {own, alphabet} == {"hex", "HEX"}:
        return False
    return _WIDTHS.index(own) <= _WIDTHS.index(alphabet)


def _number_form(value: Any) -> str:
    return number_form(value.text if isinstance(value, Number) else repr(value))


def _looks_generated(value: Any, *, is_id: bool) -> bool:
    if isinstance(value, str):
        families = {token.family.rstrip("0123456789") for token in template_of(value).tokens}
        return bool(families & GENERATED) or (is_id and bool(families & IDENTIFYING))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return is_id or _number_form(value).startswith("epoch")
    return False


def _describe(template: Template) -> str:
    if len(template.tokens) == 1 and template.pieces == ("", ""):
        return _article({template.tokens[0].form})
    return "".join(
        piece + (f"<{template.tokens[number].form}>" if number < len(template.tokens) else "")
        for number, piece in enumerate(template.pieces)
    )


def _article(words: set[str]) -> str:
    word = next(iter(words))
    return f"{'an' if word[:1] in 'aeio' else 'a'} {word}"
