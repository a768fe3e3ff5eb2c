"""The picture of the path of prices is true of the run."""

from __future__ import annotations

import numpy as np
import pytest

from agents.exchange.consumers import Primitives
from scenarios.exchange import closed_form, exchange, pictures
from simulator.page_plan import SoFar
from walras.watched import Watched

SCARF = Primitives(pictures.WANTED, np.eye(3), np.zeros(3), np.ones(3))
TWO = [
    {"name": "a", "weights": [1, 2], "endowment": [1, 0.2]},
    {"name": "b", "weights": [2, 1], "endowment": [0.1, 1]},
]


def looked_at(rounds: int, **given: object) -> SoFar:
    watched = Watched(exchange.SCENARIO, given=tuple(given.items()))
    assert watched.problem == ""
    while watched.running and watched.steps < rounds:
        watched.step()
    return watched.now


@pytest.mark.parametrize("start", [(1.0, 2.0, 0.5), (1.0, 1.1, 1.0), (1.0, 0.1, 3.0)])
def test_scarf_1960_the_orbit_is_closed_around_the_equilibrium(
    start: tuple[float, float, float],
) -> None:
    path = closed_form.orbit(SCARF, np.array(start))
    assert path[0] == pytest.approx(start)
    assert path[-1] == pytest.approx(start, rel=1e-5)
    angle = np.unwrap(np.arctan2(*np.log(path[:, 1:]).T))
    assert abs(angle[-1] - angle[0]) == pytest.approx(2.0 * np.pi, rel=1e-4)


def test_small_steps_of_the_textbook_rule_stay_on_the_cycle() -> None:
    so_far = looked_at(200, rule="plain", step=1.0, start=[1.0, 2.0, 0.5])
    cycle = pictures.places(closed_form.orbit(SCARF, np.array([1.0, 2.0, 0.5])))
    path = pictures.places(pictures.prices(so_far))
    apart = np.min(np.linalg.norm(path[::10, None] - cycle, axis=2), axis=1)
    assert apart.max() < 0.04  # the cycle is 0.4 wide, its points up to 0.03 apart
    (axes,) = pictures.path_of_prices(so_far).axes
    named = [str(line.get_label()) for line in axes.get_lines()]
    assert {"Scarf's cycle", "equilibrium", "rounds", "start"} <= set(named)


def test_the_path_ends_at_the_equilibrium_where_markets_rest() -> None:
    so_far = looked_at(1_000, start=[1.0, 2.0, 0.5])
    assert pictures.prices(so_far)[-1] == pytest.approx(np.ones(3))
    (axes,) = pictures.path_of_prices(so_far).axes
    rest = next(line for line in axes.get_lines() if line.get_label() == "rest")
    assert np.asarray(rest.get_xydata())[0] == pytest.approx(pictures.CORNERS.mean(axis=0))
    assert "prices rest at good 1: 1.0000, good 2: 1.0000" in pictures.path_text(so_far)


def test_two_goods_have_their_price_by_round() -> None:
    so_far = looked_at(1_000, consumers=TWO)
    assert not pictures.is_scarfs(so_far)
    (axes,) = pictures.path_of_prices(so_far).axes
    price = np.asarray(axes.get_lines()[0].get_ydata())
    assert price.tolist() == so_far.rounds["price[2]"].tolist()
    known = pictures.equilibrium(so_far)
    assert known is not None
    assert price[-1] == pytest.approx(known[1])
