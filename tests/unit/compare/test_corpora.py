"""JSON at its edges: json.org's checker as simplejson installs it, RFC 8259 in cases of our own, and patches as RFC 6902 has them.

No package on PyPI installs JSONTestSuite or the cases of json-patch-tests, so the two last are written here.
"""

from __future__ import annotations

import copy
import importlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pytest_gaia_parity.model.comparison import Verdict
from pytest_gaia_parity.model.path import render_path
from tests.builders import compare_bodies, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

FAIL = importlib.import_module("simplejson.tests.test_fail")
REFUSED = [text for number, text in enumerate(FAIL.JSONDOCS, 1) if number not in FAIL.SKIPS]
PASSED = [importlib.import_module(f"simplejson.tests.test_pass{number}").JSON for number in (1, 2, 3)]

#: what RFC 8259 allows: any value at the root, space of four kinds, every escape, any exponent, depth, an empty key
VALID = [
    "null", " true\n", '"x"', "-0", "-0.0", "0e0", "1E+2", "123456789012345678901234567890", "1.7976931348623157e308", "5e-324", "[]", "{}",
    '""', r'"\u0000"', r'"\ud83d\ude00"', '"\u2028"', '"\x7f"', r'"\/"', '{"": 0}', '{"a": {"a": {}}}', "\t[\r1\n,\n2 ]", "[[[[[[0]]]]]]", '["\U0001f600"]',
    r'"\ud800"', '{"a\\u0062": 1}', "[1e400]", "[0.1000000000000000055511151231257827]", '{"__proto__": null}', '["\\\\"]',
]  # fmt: skip
#: what it does not: marks too many or too few, numbers of other languages, raw control characters, other spaces, words
INVALID = [
    "", " ", "[1,]", "[,1]", '{"a":1,}', '{"a"}', '{"a":}', "{:1}", "{1:1}", "[1 2]", "[1", "]", '"x', "'x'", "+1", "01", "1.", ".5", "1e", "0x1F", "1_000",
    "--1", "- 1", "NaN", "Infinity", "-Infinity", "nan", "None", "True", "undefined", "nulll", '"\x00"', '"\t"', r'"\x41"', r'"\u12"', r'"\a"', "[1]\x0b",
    "\u00a0[1]", "[1]\u2003", "// x\n1", "/* x */ 1", "[1] [2]", '{"a":1} x', '["a"\n"b"]', "{,}", "[[]", '{"a":[}', "\\u005b1]", "1e5.5", "\u0661",
]  # fmt: skip


@pytest.mark.parametrize("text", [*REFUSED, *INVALID[2:]])
def test_what_is_no_json_is_told_and_equals_itself(text: str) -> None:
    assert compare_bodies(text, text, text).verdict is Verdict.MATCH
    assert ("body", "encoding-changed") in kinds(compare_bodies("[1]", "[1]", text))
    assert ("body", "encoding-changed") in kinds(compare_bodies(text, text, "[1]"))


@pytest.mark.parametrize("text", INVALID[:2])
def test_no_content_is_no_json(text: str) -> None:
    assert compare_bodies(text, text, text).verdict is Verdict.MATCH
    assert compare_bodies("[1]", "[1]", text).verdict is Verdict.MISMATCH


@pytest.mark.parametrize("text", [*PASSED, *VALID])
def test_what_is_json_equals_itself_and_nothing_else(text: str) -> None:
    assert compare_bodies(text, text, text).verdict is Verdict.MATCH
    found = kinds(compare_bodies(text, text, '{"something": ["else"]}'))
    assert found
    assert all(kind != "encoding-changed" for _, kind in found)


@pytest.mark.parametrize("text", PASSED)
def test_every_leaf_that_changes_is_found_at_its_place(text: str) -> None:
    tree = json.loads(text)
    for place in leaves(tree):
        changed = copy.deepcopy(tree)
        _at(changed, place[:-1])[place[-1]] = "something else"
        before = json.dumps(tree)
        assert compare_bodies(before, before, json.dumps(changed)).verdict is Verdict.MISMATCH, place


keys = st.sampled_from(["a", "b", "c", "é", "x/y", "m~n", "", "0"])
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "x", "longer text", "é"])
documents = st.dictionaries(
    keys,
    st.recursive(scalars, lambda inner: st.dictionaries(keys, inner, max_size=4), max_leaves=6),
    min_size=1,
    max_size=5,
)


@settings(max_examples=150, deadline=None)
@given(documents, st.data())
def test_an_operation_of_a_patch_is_found_at_its_place_alone(document: dict[str, Any], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(objects(document))))
    target = _at(document, place)
    patched = copy.deepcopy(document)
    inner = _at(patched, place)
    operation = data.draw(st.sampled_from(["add", "remove", "replace", "move"]))
    name = data.draw(keys)
    assume((name in target) != (operation == "add"))
    expected = {(*place, name): {"add": "added", "remove": "removed", "move": "removed"}.get(operation, "")}
    if operation == "add":
        inner[name] = data.draw(scalars)
    elif operation == "replace":
        inner[name] = "another text"
        assume(target[name] != "another text")
    else:
        value = inner.pop(name)
        if operation == "move":
            other = data.draw(keys)
            assume(other != name and other not in target)
            inner[other] = value
            expected[*place, other] = "added"
    found = dict(kinds(compare_bodies(document, document, patched)))
    wanted = {_rendered(path): kind for path, kind in expected.items()}
    if operation == "replace":
        assert set(found) == set(wanted)
    else:
        assert found == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 99), min_size=2, max_size=12, unique=True), st.data())
def test_an_element_added_or_removed_is_found_at_its_index(items: list[int], data: st.DataObject) -> None:
    rows = [{"name": f"row {item}"} for item in items]
    index = data.draw(st.integers(0, len(rows) - 1))
    assert kinds(compare_bodies(rows, rows, rows[:index] + rows[index + 1 :])) == [(f"body[{index}]", "removed")]
    longer = [*rows[:index], {"name": "new"}, *rows[index:]]
    assert kinds(compare_bodies(rows, rows, longer)) == [(f"body[{index}]", "added")]


def leaves(tree: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all scalars."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else None
    if inner is None:
        yield place
        return
    for name, item in inner:
        yield from leaves(item, (*place, name))


def objects(tree: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all objects."""
    if isinstance(tree, dict):
        yield place
        for name, item in tree.items():
            yield from objects(item, (*place, name))


def _at(tree: Any, place: tuple[Any, ...]) -> Any:
    for part in place:
        tree = tree[part]
    return tree


def _rendered(place: tuple[str, ...]) -> str:
    return render_path(("body", *place))
