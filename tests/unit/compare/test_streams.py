"""What holds of the elements of a varying array together."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import compare_bodies, kinds


def stream(id: str, words: int, *, last: dict[str, Any] | None = None) -> list[dict[str, Any]]:  # noqa: A002
    chunks = [{"id": id, "delta": {"text": f"word {number}"}} for number in range(words)]
    return [*chunks, last if last is not None else {"id": id, "delta": {}, "stop": "end"}]


FIRST, SECOND = stream("c9fK2LmQx81", 4), stream("c7aB3cD4eF5", 6)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        pytest.param(stream("c1Zx9Yw8Vu7", 5), [], id="as ever"),
        pytest.param(stream("c1Zx9Yw8Vu7", 5)[:-1], [("body[4]", "removed")], id="no end"),
        pytest.param(
            stream("c1Zx9Yw8Vu7", 5, last={"id": "c1Zx9Yw8Vu7", "delta": {}, "stop": "length"}),
            [("body[5].stop", "value-changed")],
            id="another end",
        ),
        pytest.param(
            [*stream("c1Zx9Yw8Vu7", 5)[:2], *stream("c2Zx9Yw8Vu8", 4)[2:]],
            [("body[2].id", "identity-changed")],
            id="another id in the middle",
        ),
    ],
)
def test_a_stream_keeps_its_end_and_its_id(candidate: list[Any], expected: list[tuple[str, str]]) -> None:
    assert kinds(compare_bodies(FIRST, SECOND, candidate)) == expected


def test_ids_that_no_two_elements_share_stay_apart() -> None:
    def rows(*ids: str) -> list[dict[str, Any]]:
        return [{"id": ids[number], "size": number * 7} for number in range(len(ids))]

    first, second = (
        rows("9fK2LmQx81", "8aB3cD4eF5", "7zY6xW5vU4"),
        rows("1aB2cD3eF4", "2bC3dE4fG5", "3cD4eF5gH6", "4dE5fG6hI7"),
    )
    fresh = rows("5aB2cD3eF4", "6bC3dE4fG5", "7cD4eF5gH6")
    assert kinds(compare_bodies(first, second, fresh)) == []
    twice = rows("5aB2cD3eF4", "6bC3dE4fG5", "5aB2cD3eF4")
    assert kinds(compare_bodies(first, second, twice)) == [("body[2].id", "identity-changed")]
