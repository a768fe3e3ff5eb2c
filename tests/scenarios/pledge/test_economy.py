"""The economy of both scenarios: rule, haircuts, beliefs and cohorts."""

import math

import numpy as np
import pytest

from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.margin import FlatMargin
from markets.pledge.terms import RepoTerms
from markets.refused import Refused
from scenarios.pledge import closed_form as theory
from scenarios.pledge.economy import Investing, a_cohort, believed, build
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import simulate


def test_newtons_rule_takes_whole_steps_where_orders_are_linear() -> None:
    assert Pledgeability().rule == "newton"
    assert Pledgeability().adjuster(0.1) == NewtonTatonnement(
        trust=math.inf, step_tolerance=math.inf
    )


def test_with_limits_the_default_rule_is_safeguarded_and_another_may_be_chosen() -> None:
    imposed = {"limits": "imposed", "learning": "none"}
    assert parse(Pledgeability, imposed).rule == "safeguarded"
    assert isinstance(parse(Pledgeability, imposed).adjuster(0.1), SafeguardedTatonnement)
    chosen = parse(Pledgeability, {**imposed, "rule": "newton"})
    assert chosen.adjuster(0.1) == NewtonTatonnement()
    # what is written to a file and read again is the same rule
    for parameters in (chosen, parse(Pledgeability, imposed)):
        assert parse(Pledgeability, parameters.model_dump()) == parameters


def test_the_textbook_rule_has_the_step_asked_for() -> None:
    plain = parse(Pledgeability, {"rule": "plain", "step": 3.0})
    assert plain.adjuster(0.1) == PlainTatonnement(3.0 * 0.1)


@pytest.mark.parametrize("rule", ["plain", "successive", "implicit", "anderson", "safeguarded"])
def test_every_rule_finds_the_same_price(rule: str) -> None:
    common = {"investors": 100, "days": 3, "learning": "none", "belief": "corrected"}
    prices = [
        simulate(SCENARIO, parse(Pledgeability, {**common, "rule": name}), studies=False).dates
        for name in ("newton", rule)
    ]
    assert set(prices[1]["outcome"]) == {str(Outcome.CLEARED)}
    assert prices[1]["log_price"].to_numpy() == pytest.approx(
        prices[0]["log_price"].to_numpy(), abs=1e-8
    )


def test_haircuts_without_room_are_refused() -> None:
    economy = Investing(spot_share=0.8)
    economy.refuse_haircut(0.21)
    with pytest.raises(Refused, match=r"haircut is 0.2; .* 1 - spot_share \(0.2\) and 1"):
        economy.refuse_haircut(0.2)


def test_the_believed_price_function_is_that_of_the_announced_haircuts() -> None:
    parameters = Investing(belief="printed")
    terms = RepoTerms.of(np.array([0.2, 0.6]), np.array([0.02, 0.5]), 4.0)
    function = believed(parameters.primitives, "printed", terms)
    for number, (haircut, rate) in enumerate(((0.2, 0.02), (0.6, 0.5))):
        solved = theory.coefficients(parameters.primitives, haircut, rate, "printed")
        expected = [solved.b0, solved.b1, solved.b2, solved.b3]
        assert function.stacked()[:, number].tolist() == expected


@pytest.mark.parametrize(("share", "spot"), [(0.9, 18), (0.999, 19), (0.001, 1)])
def test_each_side_has_at_least_one_investor(share: float, spot: int) -> None:
    haircut = 0.5 * (1.0 - share) + 0.5
    parameters = Investing(spot_share=share, investors=20)
    economy = build(parameters, np.random.default_rng(0), [FlatMargin(haircut)])
    members = {cohort.name: cohort.members for cohort in economy.cohorts}
    assert members == {"noise": 1, "repo investors": 20 - spot, "spot investors": spot}
    assert a_cohort(economy).share in (share, 1.0 - share)


EDGES = {
    "value_precision": (0.01, 1e6),
    "signal_precision": (1e-6, 1e6),
    "noise_precision": (1e-6, 1e6),
    "wealth": (1e-6, 1e6),
    "mean_value": (1e-6, 1e6),
    "mean_noise": (1e-6, 1e6),
    "risk_aversion": (1.000001, 1e6),
    "repo_rate": (0.0, 1e6),
}


@pytest.mark.parametrize("name", EDGES)
def test_parameters_at_the_ends_of_their_ranges_clear(name: str) -> None:
    for value in EDGES[name]:
        given = {name: value, "investors": 20, "days": 2, "learning": "none"}
        found = simulate(
            SCENARIO, parse(Pledgeability, {**given, "belief": "corrected"}), studies=False
        )
        assert found.outcome is Outcome.CLEARED
        with pytest.raises(Refused, match=name):
            parse(Pledgeability, {name: -1e-320 if value == 0.0 else value * 1e302})


def test_numbers_too_small_for_their_products_are_refused() -> None:
    for name in EDGES.keys() - {"repo_rate"}:
        with pytest.raises(Refused, match=f"{name} is 1e-320"):
            parse(Pledgeability, {name: 1e-320})
