"""Objects: which keys are there, which are generated, and what each holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_gaia_parity.compare.facts import type_of
from pytest_gaia_parity.compare.forms import IDENTIFYING, form_of
from pytest_gaia_parity.compare.markup import Element
from pytest_gaia_parity.compare.values import Absent
from pytest_gaia_parity.model.comparison import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_gaia_parity.compare.walk import Walk
    from pytest_gaia_parity.model.path import Path


def compare(walk: Walk, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path) -> None:
    """Hold an object to the keys that the baseline's objects have, and each value to its own."""
    if isinstance(value, Element) and all(isinstance(one, Element) and one["name"] != value["name"] for one in samples):
        fact = f"<{samples[0]['name']}> in {walk.of(len(samples))}"
        walk.report((*path, "name"), Kind.VALUE_CHANGED, samples[0]["name"], value["name"], fact)
        return
    known: dict[str, None] = dict.fromkeys(name for sample in samples for name in sample)
    gone = [name for name in known if name not in value and all(name in sample for sample in samples)]
    come = [name for name in value if name not in known]
    if come:
        come, gone = _generated_keys(walk, samples, value, path, come, gone)
    for name in known:
        if name in value:
            walk.compare([sample[name] for sample in samples if name in sample], value[name], (*path, name))
    for name in gone:
        walk.report((*path, name), Kind.REMOVED, samples[0][name], Absent, f"present in {walk.of(len(samples))}")
    sometimes = [name for name in known if not all(name in sample for sample in samples)]
    if len(sometimes) > 1 and come:
        come = _of_map(walk, samples, value, path, come, {form_of(name).kind for name in sometimes})
    for name in come:
        walk.report((*path, name), Kind.ADDED, Absent, value[name], f"absent in {walk.of(len(samples))}")


def _of_map(  # noqa: PLR0913, PLR0917 - which keys came is what it narrows
    walk: Walk, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path, come: list[str], kinds: set[str]
) -> list[str]:
    """Of an object whose keys vary: the new keys that are not of the form that keys have, told as one."""
    types = {type_of(one) for sample in samples for one in sample.values()}
    odd = [name for name in come if form_of(name).kind not in kinds]
    if len(odd) > 1 and len(odd) == len(value):
        fact = f"keys are {' or '.join(sorted(kinds))} in {walk.of(len(samples))}"
        walk.report(path, Kind.FORMAT_CHANGED, samples[0], value, fact)
        return []
    return [name for name in come if name in odd or type_of(value[name]) not in types]


def _generated_keys(  # noqa: PLR0913, PLR0917 - which keys came and went is what it narrows
    walk: Walk, samples: Sequence[dict[str, Any]], value: dict[str, Any], path: Path, come: list[str], gone: list[str]
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
            walk.name(partners, name, path)
        walk.own.append((*path, name, ""))
        values = [sample[partner] for sample, partner in zip(samples, partners, strict=True)]
        walk.compare(values, value[name], (*path, name))
    paired = {name for names in theirs for name in names}
    counts = {len(names) for names in theirs}
    if len(counts) == 1 and len(mine) < counts.pop():
        left = theirs[0][len(mine) :]
        return [n for n in come if n not in mine], [n for n in gone if n not in paired] + left
    return [n for n in come if n not in mine], [n for n in gone if n not in paired]
