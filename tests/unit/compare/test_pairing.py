from __future__ import annotations

import random

from pytest_gaia_parity.compare.pairing import Pairing
from pytest_gaia_parity.model.recording import TestRecord


def record(test: str = "t", run: int = 1, **more: object) -> TestRecord:
    return TestRecord(test=test, run=run, outcome="passed", **more)  # type: ignore[arg-type]


def test_a_test_is_gathered_when_its_last_run_is_in_whatever_their_order() -> None:
    runs = [(record(run=1), True), (record(run=2), True), (record(run=1, message="c"), False)]
    for seed in range(6):
        random.Random(seed).shuffle(runs)  # noqa: S311 - any order
        pairing = Pairing(baseline_runs=2)
        gathered = [pairing.add(one, is_baseline=is_baseline) for one, is_baseline in runs]
        assert gathered[:2] == [None, None]
        assert gathered[2] is not None
        assert [one.run for one in gathered[2].baselines] == [1, 2]
        assert [one.message for one in gathered[2].candidates] == ["c"]


def test_what_waits_is_not_kept_but_read_again() -> None:
    pairing = Pairing(baseline_runs=1)
    pairing.add(record(message="kept"), is_baseline=True, load=lambda: record(message="read"))
    gathered = pairing.add(record(), is_baseline=False)
    assert gathered is not None
    assert gathered.baselines[0].message == "read"


def test_a_held_test_comes_back_once_with_its_further_runs() -> None:
    pairing = Pairing(baseline_runs=1)
    for test in ("b", "a"):
        pairing.add(record(test), is_baseline=True)
        assert pairing.add(record(test), is_baseline=False) is not None
        pairing.postpone()
    assert pairing.postponed == ("b", "a")
    pairing.confirm(record("a", run=2), is_baseline=False, load=lambda: record("a", run=2))
    pairing.confirm(record("a", run=2), is_baseline=True, load=lambda: record("a", run=2))
    first, second = pairing.release()
    assert (first.test, len(first.baselines), len(first.candidates)) == ("b", 1, 1)
    assert (second.test, len(second.baselines), len(second.candidates)) == ("a", 2, 2)
    assert not pairing.postponed


def test_a_run_that_comes_twice_counts_once() -> None:
    pairing = Pairing(baseline_runs=1)
    pairing.add(record(message="first"), is_baseline=True)
    pairing.add(record(message="again"), is_baseline=True)
    gathered = pairing.add(record(), is_baseline=False)
    assert gathered is not None
    assert [one.message for one in gathered.baselines] == ["first"]


def test_what_lacks_a_run_is_told_in_the_order_of_names() -> None:
    pairing = Pairing(baseline_runs=2)
    pairing.add(record("z"), is_baseline=True)
    told = list(pairing.incomplete(["a", "z"]))
    assert [(one.test, len(one.baselines), len(one.candidates)) for one in told] == [("a", 0, 0), ("z", 1, 0)]
