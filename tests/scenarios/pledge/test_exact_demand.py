"""How far exact power utility moves the coefficients, and markets in which it is used."""

from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.pledge import exact_demand
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from scenarios.pledge.published import AMPLE
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate


def run(seed: int = 1, **given: Any) -> Run[Pledgeability]:
    parameters = {**AMPLE, "demand": "exact", "belief": "corrected", "investors": 300, **given}
    return simulate(SCENARIO, parse(Pledgeability, parameters), seed=seed, studies=False)


def test_exact_demands_clear_and_are_certified_by_quadrature() -> None:
    found = run(days=4)
    assert found.outcome is Outcome.CLEARED
    assert found.certificate["best orders"].residual < 1e-13
    linear = run(days=4, demand="log-linear", learning="none")
    moved = np.abs(found.dates["log_price"] - linear.dates["log_price"])
    assert 1e-4 < moved.max() < 0.1
    # log-linear orders are not best under power utility itself
    point = linear.points[-1]
    assert not SCENARIO.certify(found.parameters, point)["best orders"].holds


def test_exact_demands_with_small_risks_are_the_log_linear_ones_within_limits() -> None:
    safe: dict[str, Any] = {"value_precision": 1e5, "wealth": 1e4, "haircut": 0.9}
    exact, linear = (
        run(days=2, **safe, demand=demand, learning="none", limits="imposed")
        for demand in ("exact", "log-linear")
    )
    assert exact.outcome is linear.outcome is Outcome.CLEARED
    gap = np.abs(exact.dates["log_price"] - linear.dates["log_price"]).max()
    assert gap < 1e-7


def test_realised_coefficients_are_the_tangent_of_exact_demands() -> None:
    start, step = {"log_value": 0.3, "log_noise": 0.1}, 1e-4
    base: dict[str, Any] = {**start, "days": 1, "population": "continuum"}
    first: Any = run(**base).details[0]["coefficients"]
    for name, what in (("b1", "log_value"), ("b2", "log_noise")):
        ends = [
            run(**{**base, what: start[what] + side * step}).equilibrium["log_price"]
            for side in (-1.0, 1.0)
        ]
        slope = (ends[1] - ends[0]) / (2.0 * step)
        assert slope == pytest.approx(first["realised"][name], rel=1e-3)


def test_the_study_agrees_with_the_closed_form_where_demands_are_log_linear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exact_demand, "DAYS", 6)
    monkeypatch.setattr(exact_demand, "LESSONS", 1)
    p = parse(Pledgeability, AMPLE)
    table = exact_demand.exact_demand(p, p.haircut, np.random.default_rng(0)).set_index("market")
    names = list(exact_demand.COEFFICIENTS)
    closed, linear, exact = (
        table.loc[row, names].to_numpy(float) for row in ("closed form", "log-linear", "exact")
    )
    assert linear == pytest.approx(closed, abs=1e-9)
    # exact demands react less to noise and less to what a pledge is worth
    assert -0.05 < exact[2] / closed[2] - 1.0 < -0.005
    assert -0.2 < exact[3] / closed[3] - 1.0 < -0.005
    assert "exact, learned" in table.index


@pytest.mark.slow
def test_learning_undoes_part_of_what_exact_demands_move() -> None:
    p = parse(Pledgeability, AMPLE)
    table = exact_demand.exact_demand(p, p.haircut, np.random.default_rng(0)).set_index("market")
    assert (table["cleared"].dropna() == 1.0).all()
    closed, exact, learned = (table.loc[row] for row in ("closed form", "exact", "exact, learned"))
    for name in ("b2", "b3"):
        assert abs(learned[name] - closed[name]) < abs(exact[name] - closed[name])
    assert learned["b1"] == pytest.approx(closed["b1"], rel=0.05)


def test_where_few_markets_clear_nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact_demand, "DAYS", 3)
    monkeypatch.setattr(exact_demand, "ROUNDS", 15)
    table = exact_demand.exact_demand(Pledgeability(), 0.2, np.random.default_rng(0))
    assert "exact, learned" not in set(table["market"])
    assert table["cleared"].iloc[-1] < exact_demand.MOST


@pytest.mark.parametrize("learning", ["map", "regression"])
def test_exact_demands_imply_no_linear_price_function_to_learn(learning: str) -> None:
    with pytest.raises(Refused, match="with demand = exact"):
        run(learning=learning)
