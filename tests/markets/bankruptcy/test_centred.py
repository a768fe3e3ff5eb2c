"""Prices in the centre of those that are possible; rates in implicit steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster, Adjustment
from markets.bankruptcy.centred import CUTS, CentredState, CentredTatonnement, Possible
from markets.quote import Excess, FloatArray, Limits

CLEARS = np.log([40.0, 0.02, 3.0])
"""Log prices at which the toy market clears when rates are right."""
RATES = np.array([0.4, 0.8])
MIX = np.array([[2.0, 0.6, 0.1], [0.6, 1.0, -0.4], [0.1, -0.4, 0.7]])
"""How excess demand falls in log prices: symmetric, positive definite."""


@dataclass(frozen=True)
class Toy:
    """Demand that turns from all to nothing over a sliver of prices, and rates that follow them."""

    steep: float
    back: float = 3.0

    def respond(self, here: FloatArray) -> tuple[Excess, FloatArray]:
        logs, rates = np.log(here[:3]), here[3:]
        clears = CLEARS + np.array([0.5, 0.1, 0.0]) * (np.sum(rates) - np.sum(RATES))
        gap = self.steep * MIX @ (clears - logs)
        goods, flat = np.tanh(gap), 1.0 / np.cosh(np.clip(gap, -300.0, 300.0)) ** 2
        by_logs = -flat[:, None] * self.steep * MIX
        error = RATES - rates - self.back * (logs[0] - CLEARS[0]) * np.array([1.0, 0.5])
        error = np.clip(error, -rates, 1.0 - rates)
        slope = np.zeros((5, 5))
        slope[:3, :3] = by_logs
        slope[:3, 3:] = -by_logs @ np.array([0.5, 0.1, 0.0])[:, None]
        slope[3:, 0] = -self.back * np.array([1.0, 0.5])
        slope[3:, 3:] = -np.eye(2)
        values = np.append(goods, error)
        return Excess(values, values, values), slope

    def in_goods(
        self, coordinates: FloatArray, excess: Excess, depth: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        return excess.units, depth


BOX = Limits(
    np.zeros(5),
    np.array([1e6, 1e6, 1e6, 1.0, 1.0]),
    np.zeros(5, np.bool_),
    np.array([False, False, False, True, True]),
)


def run(toy: Toy, rule: Adjuster, rounds: int = 400) -> tuple[int, Adjustment]:
    state = rule.start(np.ones(5), BOX)
    for k in range(rounds):
        excess, depth = toy.respond(state.coordinates)
        state = rule.adjust(state, excess, depth)
        if state.settled:
            return k + 1, state
    return rounds, state


@pytest.mark.parametrize("steep", [0.3, 30.0, 1e5])
def test_it_settles_however_steep_demand_is(steep: float) -> None:
    toy = Toy(steep)
    rounds, state = run(toy, CentredTatonnement(toy, 3))
    assert state.settled
    np.testing.assert_allclose(np.log(state.coordinates[:3]), CLEARS, atol=1e-8)
    np.testing.assert_allclose(state.coordinates[3:], RATES, atol=1e-8)
    assert rounds < 300


def test_implicit_steps_do_not_where_demand_says_nothing_of_what_lies_beyond() -> None:
    assert not run(Toy(1e5), ImplicitTatonnement())[1].settled


def test_a_step_in_rates_that_turns_their_errors_is_taken_back() -> None:
    """The errors answer prices twenty times as strongly: a full plain step would cycle."""
    toy = Toy(30.0, back=20.0)
    _, state = run(toy, CentredTatonnement(toy, 3))
    assert state.settled
    np.testing.assert_allclose(state.coordinates[3:], RATES, atol=1e-8)


def test_cuts_keep_what_clears_and_a_round_costs_no_more() -> None:
    possible, here = Possible.around(np.zeros(3), 6.0), np.zeros(3)
    for _ in range(3 * CUTS):
        possible = possible.cut(here, np.sign(MIX @ (CLEARS - here)) @ MIX)
        centred = possible.centred()
        if centred is None:
            break
        possible, here = centred, centred.centre
        assert np.all(possible.normals @ here < possible.levels)
        assert len(possible.levels) <= 6 + CUTS
    np.testing.assert_allclose(here, CLEARS, atol=1e-9)


def test_the_analytic_centre_of_a_box_is_its_middle() -> None:
    box = Possible.around(np.array([1.0, -2.0]), 3.0)
    cut = box.cut(np.array([1.0, -2.0]), np.array([1.0, 0.0])).centred()
    assert cut is not None
    # of x in (1, 4): the wall at -2 counts too, log(x + 2) + log(4 - x) + log(x - 1)
    x = cut.centre[0]
    assert 1.0 / (x + 2.0) - 1.0 / (4.0 - x) + 1.0 / (x - 1.0) == pytest.approx(0.0, abs=1e-3)
    assert cut.centre[1] == pytest.approx(-2.0, abs=1e-4)


def test_nothing_is_possible_between_cuts_that_contradict_each_other() -> None:
    box = Possible.around(np.zeros(1), 1.0)
    assert box.cut(np.array([0.5]), np.ones(1)).cut(np.array([0.2]), -np.ones(1)).centred() is None
    beside = box.cut(np.array([0.9999]), np.ones(1)).centred()
    assert beside is not None
    assert beside.at_wall()
    assert not box.at_wall()


def test_contradictory_demand_begins_again_with_a_box() -> None:
    toy = Toy(30.0)
    rule = CentredTatonnement(toy, 3)
    state = rule.start(np.ones(5), BOX)
    rng = np.random.default_rng(0)
    for _ in range(40):
        _, depth = toy.respond(state.coordinates)
        wild = np.append(rng.choice([-1.0, 1.0], 3), [0.0, 0.0])
        state = rule.adjust(state, Excess(wild, wild, wild), depth)
        assert np.isfinite(state.coordinates).all()
        assert np.all((state.coordinates > 0.0) & (state.coordinates <= BOX.upper))


def test_the_state_of_another_rule_is_refused() -> None:
    toy = Toy(1.0)
    state = PlainTatonnement().start(np.ones(5), BOX)
    excess, depth = toy.respond(np.ones(5))
    with pytest.raises(TypeError, match="its start"):
        CentredTatonnement(toy, 3).adjust(state, excess, depth)
    assert isinstance(CentredTatonnement(toy, 3).start(np.ones(5), BOX), CentredState)
