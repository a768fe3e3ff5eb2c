"""The repo rate at which (13) holds: closed form against a simulated continuum."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from markets.refused import Refused
from scenarios.pledge import option
from scenarios.pledge.certificate import certify
from scenarios.pledge.pledgeability import SCENARIO, Pledgeability
from scenarios.pledge.pledgeable_securities import SCENARIO as SEVERAL
from scenarios.pledge.repo_market import cleared, rate_at
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate


def run(seed: int = 0, **given: Any) -> Run[Pledgeability]:
    parameters = {"repo_rate": "clears", "investors": 200, **given}
    return simulate(SCENARIO, parse(Pledgeability, parameters), seed=seed, studies=False)


def test_a_continuum_clears_both_markets_where_the_closed_form_says() -> None:
    found = run(population="continuum", days=25, seed=1)
    assert found.outcome is Outcome.CLEARED
    dates = found.dates
    assert np.abs(dates["difference_log_price"]).max() < 1e-12
    assert np.abs(dates["difference_repo_rate"]).max() < 1e-12
    # who lends: noise traders who sell; without them nobody does and repo is shut
    assert ((dates["log_noise"] < 0.0) == (dates["repo_market"] == "open")).all()
    stored = (dates["repo_market"] == "open") & (dates["repo_rate"] == 0.0)
    between = (dates["repo_market"] == "open") & (dates["repo_rate"] > 0.0)
    assert stored.any()
    assert between.any()
    assert (dates["repo_excess"][stored] < 0.0).all()
    assert np.abs(dates["repo_excess"][~stored]).max() < 1e-12


@pytest.mark.parametrize("demand", ["log-linear", "paper"])
def test_investors_with_drawn_signals_clear_both_markets(demand: str) -> None:
    found = run(demand=demand, days=10, seed=3)
    assert found.outcome is Outcome.CLEARED
    names = {condition.name for condition in found.certificates[0].conditions}
    assert names == {"clearing", "repo clearing", "pledges that pay", "best orders"}
    assert found.dates["rounds"].max() < 100


def test_where_repo_is_shut_any_higher_rate_would_do() -> None:
    found = run(log_noise=0.3, log_value=0.1, days=1)
    (low, high) = SCENARIO.intervals(found.parameters, found.points[0])["repo_rate"]
    assert low == pytest.approx(found.equilibrium["repo_rate"], abs=1e-12)
    assert high == np.inf
    precision = found.parameters.value_precision
    assert option.active(0.2, low - 1e-9, precision)
    assert not option.active(0.2, low + 1e-9, precision)
    lends = run(log_noise=-0.3, log_value=0.1, days=1)
    assert SCENARIO.intervals(lends.parameters, lends.points[0]) == {}


@given(haircut=st.floats(0.01, 0.99), part=st.floats(0.0, 1.0), precision=st.floats(0.2, 30.0))
def test_the_rate_gives_back_what_a_pledge_is_worth(
    haircut: float, part: float, precision: float
) -> None:
    highest = option.log_pledge_value(haircut, 0.0, precision)
    assume(highest > 1e-9)
    rate = rate_at(part * highest, haircut, precision)
    back = option.log_pledge_value(haircut, rate, precision)
    assert back == pytest.approx(part * highest, abs=1e-12 + 1e-15 * (1.0 + rate) / haircut)


def test_the_more_cash_noise_traders_bring_the_cheaper_are_loans() -> None:
    p = Pledgeability().primitives
    rates = [cleared(p, 0.2, 0.2, log_noise).repo_rate for log_noise in (-0.05, -0.1, -0.15, -0.9)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0.0
    assert cleared(p, 0.2, 0.2, 0.0).repo_rate == option.shut_rate(0.2, 4.0)


def certified(found: Run[Pledgeability], **changed: Any) -> list[str]:
    fields: dict[str, Any] = {
        "primitives": found.parameters.primitives,
        "repo_rate": found.equilibrium["repo_rate"],
        "rate_quoted": True,
        "log_prices": np.array([found.equilibrium["log_price"]]),
        "agents": found.agents,
        "complete": True,
    }
    return [c.name for c in certify(**{**fields, **changed}).failed()]


def test_a_wrong_rate_and_wrong_pledges_are_not_certified() -> None:
    found = run(log_noise=-0.1, log_value=0.2, days=1)
    assert certified(found) == []
    rate = found.equilibrium["repo_rate"]
    assert certified(found, repo_rate=rate + 1e-4) == ["best orders"]
    pledged = found.agents["pledged"]
    agents = found.agents.assign(pledged=pledged + 1e-6 * (found.agents.index == 3))
    assert "repo clearing" in certified(found, agents=agents)
    idle = found.agents.assign(pledged=0.0)
    assert "repo clearing" in certified(found, agents=idle)  # lenders would find borrowers
    shut = run(log_noise=0.2, log_value=0.2, days=1)
    assert certified(shut) == []
    assert "repo clearing" in certified(shut, repo_rate=0.1)  # borrowers would find it cheap


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"learning": "map"}, 'learning is "map"; with repo_rate = clears'),
        ({"limits": "imposed"}, 'limits is "imposed"; with repo_rate = clears'),
        ({"repo_rate": -0.1}, "repo_rate"),
        ({"repo_rate": "clear"}, "repo_rate"),
    ],
)
def test_what_has_no_meaning_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        run(**given)


def test_several_securities_have_a_given_rate() -> None:
    with pytest.raises(Refused, match="it must be a number"):
        parse(SEVERAL.parameters, {"repo_rate": "clears"})
