"""The plan of a sweep: which runs, in which order, with which random numbers."""

from __future__ import annotations

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from simulator.sweep.asked import Asked, checked
from simulator.sweep.axes import Axis, Range, Sample
from simulator.sweep.plan import Plan, planned, refuse_if_none_allowed

HAIRCUTS = Axis("haircuts", ([0.03], [0.01]))
LOW = Axis("low_payoff", (0.7, 0.5, 0.6))


def plan(*requests: Asked, follow: str | None = None) -> Plan:
    return planned("margin-hike", MarginHike, [checked(MarginHike, a) for a in requests], follow)


def test_all_combinations_are_planned_in_the_order_of_their_values() -> None:
    made = plan(Asked([HAIRCUTS, LOW], seeds=(1, 0)))
    runs = [made.run(place) for place in range(len(made))]
    said = [(run.given["haircuts"], run.given["low_payoff"], run.seed) for run in runs]
    assert said == [(h, p, s) for h in ([0.01], [0.03]) for p in (0.5, 0.6, 0.7) for s in (0, 1)]
    assert len({run.key for run in runs}) == len({run.run_seed for run in runs}) == 12


def test_a_plan_does_not_depend_on_how_its_runs_came_to_be_asked_for() -> None:
    at_once = plan(Asked([HAIRCUTS, LOW], seeds=range(3)))
    rest = Axis("low_payoff", (0.7, 0.6))
    in_parts = plan(
        Asked([HAIRCUTS, Axis("low_payoff", (0.5,))], seeds=(2,)),
        Asked([HAIRCUTS, rest], seeds=range(3)),
        Asked([HAIRCUTS, Axis("low_payoff", (0.5, 0.6))], seeds=(1, 0)),
    )
    assert np.array_equal(at_once.codes, in_parts.codes)
    assert [at_once.run(p) for p in range(18)] == [in_parts.run(p) for p in range(18)]


def test_the_random_numbers_of_a_run_stay_its_own_when_the_plan_grows() -> None:
    small, large = plan(Asked([LOW])), plan(Asked([LOW, HAIRCUTS], seeds=(0, 1)), Asked([LOW]))
    known = {run.key: run.run_seed for run in map(large.run, range(len(large)))}
    assert len(known) == 15
    for run in map(small.run, range(3)):
        assert known[run.key] == run.run_seed


def test_a_default_is_the_same_run_whether_it_is_written_or_not() -> None:
    written = plan(Asked([LOW, Axis("market", ("short",)), Axis("cash", (1,))])).run(0)
    assert written.key == plan(Asked([LOW])).run(0).key
    assert written.given["cash"] == 1.0


def test_the_parameter_that_is_followed_changes_first() -> None:
    made = plan(Asked([LOW, HAIRCUTS], seeds=(0, 1)), follow="low_payoff")
    assert made.columns == ("haircuts", "seed", "low_payoff")
    chains = list(made.segments(2))
    ends = ((0, 2), (2, 3), (3, 5), (5, 6), (6, 8), (8, 9), (9, 11), (11, 12))
    assert chains == [range(start, stop) for start, stop in ends]
    assert [made.run(place).given["low_payoff"] for place in range(3)] == [0.5, 0.6, 0.7]


def test_a_sobol_sample_fills_its_ranges_evenly_and_begins_a_longer_one() -> None:
    ranges = [Range("low_payoff", 0.2, 0.6), Range("traders", 100, 200)]
    choice = Axis("market", ("short", "long"))
    runs = [
        [made.run(place) for place in range(len(made))]
        for made in (plan(Asked([choice], ranges, Sample("sobol", n), (0, 1))) for n in (16, 64))
    ]
    assert [len(part) for part in runs] == [32, 128]
    assert {run.key for run in runs[0]} < {run.key for run in runs[1]}
    points = runs[1][::2]
    counts, _ = np.histogram([run.given["low_payoff"] for run in points], 16, (0.2, 0.6))
    assert counts.tolist() == [4] * 16
    assert [run.given["market"] for run in points].count("long") == 32
    assert all(type(run.given["traders"]) is int for run in points)
    assert {100 <= run.given["traders"] <= 200 for run in points} == {True}


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    made = plan(Asked((), [Range("low_payoff", 0.0, 0.5)], Sample("latin", 10)))
    counts, _ = np.histogram(made.values["low_payoff"], 10, (0.0, 0.5))
    assert counts.tolist() == [1] * 10


def test_a_plan_of_which_no_run_is_allowed_is_refused() -> None:
    high = Axis("high_payoff", (0.3,))
    with pytest.raises(Refused, match="payoff"):
        refuse_if_none_allowed(plan(Asked([LOW, high])), MarginHike)
    some = Axis("high_payoff", (0.3, 0.55))
    refuse_if_none_allowed(plan(Asked([LOW, some])), MarginHike)
