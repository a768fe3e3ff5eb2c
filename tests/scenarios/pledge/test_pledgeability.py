"""Ramirez, Pledgeable securities: days of trading, learning, and what ends in equilibrium."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from markets.margin import FlatMargin
from markets.refused import Refused
from scenarios.pledge import closed_form as theory
from scenarios.pledge import informativeness, propositions
from scenarios.pledge.certificate import learning_tolerance
from scenarios.pledge.economy import build
from scenarios.pledge.pledgeability import COEFFICIENTS, SCENARIO, Pledgeability
from scenarios.pledge.published import AMPLE, CASES
from simulator.margin_settings import MarginSettings
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate
from simulator.verify import verify
from tests.calls import calls
from walras.catalogue import find

STATE = {"log_value": 0.2, "log_noise": 0.3}


def run(*, seed: int = 0, **parameters: Any) -> Run[Pledgeability]:
    """A run without its studies."""
    return simulate(SCENARIO, parse(Pledgeability, parameters), seed=seed, studies=False)


@cache
def learned(**parameters: Any) -> Run[Pledgeability]:
    """A run of few investors, kept for several tests."""
    return run(**{"investors": 500, **parameters})


def at_risk(confidence: float) -> MarginSettings:
    """Value-at-risk of the security's past returns."""
    return MarginSettings.model_validate({"rule": "value-at-risk", "confidence": confidence})


def coefficients(found: Run[Pledgeability], day: int, who: str) -> dict[str, float]:
    """Coefficients of a day as JSON has them."""
    document: Any = found.to_json()
    values: dict[str, float] = document["dates"][day]["coefficients"][who]
    return values


# ------------------------------------------------------------------ belief and what comes of it
@pytest.mark.parametrize("row", CASES[:3], ids=lambda row: row.case)
def test_json_has_coefficients_and_log_prices_of_belief_and_closed_form(row: Any) -> None:
    found = learned(belief=row.parameters["belief"], days=1, **STATE)
    day = json.loads(json.dumps(found.to_json(), allow_nan=False))["dates"][0]
    believed = {name: row.expected[name] for name in ("tau_theta", *COEFFICIENTS)}
    assert day["coefficients"]["belief"] == pytest.approx(believed, abs=1e-9)
    assert day["log_prices"]["belief"] == pytest.approx(row.expected["log_price"], abs=1e-9)
    corrected = CASES[2].expected
    assert day["log_prices"]["closed_form"] == pytest.approx(corrected["log_price"], abs=1e-9)
    assert day["closed_form"]["log_price"] == day["log_prices"]["closed_form"]
    assert set(day["coefficients"]["closed_form"]) == set(COEFFICIENTS)


@pytest.mark.parametrize(
    "economy",
    [{}, AMPLE, {"haircut": 0.6}, {"repo_rate": 0.3}, {"wealth": 8.0, "haircut": 0.11}],
    ids=["example", "ample wealth", "high haircut", "high rate", "haircut near its limit"],
)
def test_a_continuum_that_believes_the_corrected_function_is_where_it_says(
    economy: dict[str, Any],
) -> None:
    found = run(
        **economy, belief="corrected", learning="none", population="continuum", days=4,
        investors=300, seed=5,
    )  # fmt: skip
    assert found.outcome is Outcome.CLEARED
    difference = found.dates["log_price"] - found.dates["closed_log_price"]
    assert np.abs(difference).max() < 1e-11
    for day in range(4):
        assert coefficients(found, day, "realised") == pytest.approx(
            coefficients(found, day, "closed_form"), abs=1e-10
        )


def test_repo_that_does_not_pay_is_shut_and_says_so() -> None:
    found = learned(haircut=0.6, belief="corrected", days=2)
    assert found.outcome is Outcome.CLEARED
    assert list(found.dates["repo_market"]) == ["shut", "shut"]
    without = theory.without_repo(Pledgeability().primitives)
    assert found.dates["realised_b2"].iloc[-1] == pytest.approx(without.b2, abs=1e-12)
    assert not found.dates["bias"].any()
    thresholds: Any = found.details[0]["thresholds"]
    assert "margin_threshold" not in thresholds


# ------------------------------------------------------------------ learning
def test_the_map_from_conjecture_to_realised_coefficients_converges_to_1e_12_in_41_days() -> None:
    found = learned(damping=1.0, days=42, belief="printed")
    closed = coefficients(found, 41, "closed_form")
    assert coefficients(found, 41, "realised") == pytest.approx(closed, abs=1e-12)
    assert coefficients(found, 41, "conjecture") == pytest.approx(closed, abs=1e-12)
    # it alternates around the corrected value and halves its distance every day
    gap = found.dates["realised_b1"].to_numpy() - closed["b1"]
    assert np.all(gap[1:20] * gap[:19] < 0.0)
    assert np.abs(gap[19] / gap[18]) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    "economy", [{}, AMPLE, {"haircut": 0.6}, {"wealth": 10.0}, {"signal_precision": 0.05}],
    ids=["example", "ample wealth", "shut", "telling price", "vague signals"],
)  # fmt: skip
@pytest.mark.parametrize("belief", ["printed", "printed-noise"])
def test_learning_ends_in_the_corrected_equilibrium(economy: dict[str, Any], belief: str) -> None:
    found = learned(**economy, belief=belief, days=5)
    assert found.outcome is Outcome.CLEARED
    closed = coefficients(found, 4, "closed_form")
    assert coefficients(found, 4, "realised") == pytest.approx(closed, rel=1e-9, abs=1e-10)


@pytest.mark.slow
def test_investors_who_regress_on_their_history_find_the_corrected_equilibrium() -> None:
    days = 300
    found = run(learning="regression", belief="printed", days=days, investors=1_000, seed=2)
    assert found.outcome is Outcome.CLEARED
    first, last = found.certificates[0], found.certificates[-1]
    with pytest.raises(KeyError):
        first["right forecasts"]
    # what is proved excludes both printed versions, which are 0.41 and 0.30 off
    assert last["right forecasts"].tolerance == learning_tolerance(days, 2.0, 50.0) < 0.26
    printed = learned(belief="printed-noise", learning="none", days=1)
    assert printed.certificate["right forecasts"].residual > 0.29


# ------------------------------------------------------------------ finite markets
@pytest.mark.parametrize(
    "investors",
    [2_000, *(pytest.param(many, marks=pytest.mark.slow) for many in (20_000, 200_000))],
)
def test_the_error_of_finite_markets_is_the_predicted_one(investors: int) -> None:
    days = 100
    found = run(belief="corrected", learning="none", investors=investors, days=days, seed=11)
    error = (found.dates["log_price"] - found.dates["closed_log_price"]).to_numpy()
    predicted = propositions.finite_market_error(Pledgeability().primitives, 0.2, 0.02, investors)
    # the root mean square of so many normal errors has this relative standard deviation
    assert np.sqrt(np.mean(error**2)) == pytest.approx(predicted, rel=3.0 / np.sqrt(2.0 * days))


def test_a_day_of_a_hundred_times_the_investors_takes_about_as_many_calls() -> None:
    taken = []
    for members in (1_000, 100_000):
        economy = build(
            Pledgeability(investors=members), np.random.default_rng(0), [FlatMargin(0.2)]
        )
        economy.clear()
        economy.announce()
        taken.append(calls(economy.clear))
        assert economy.clear() is Outcome.CLEARED
        economy.close()
    assert taken[1] < 2.0 * taken[0]  # as many rounds, more or less


# ------------------------------------------------------------------ haircuts by value at risk
def test_the_clearing_house_sets_haircuts_by_the_past_of_the_security() -> None:
    found = learned(
        margin=at_risk(0.8),
        belief="corrected",
        learning="none",
        days=60,
    )
    assert found.outcome is Outcome.CLEARED
    dates = found.dates
    assert (dates["haircut"] >= 0.2).all()
    assert dates["haircut"].nunique() > 5
    returns = dates["log_value"] - dates["log_price"]
    for day in (20, 59):
        by_hand = 1.0 - np.exp(np.quantile(returns[:day], 0.2))
        assert dates["haircut"].iloc[day] == pytest.approx(max(0.2, by_hand), abs=1e-12)


def test_investors_who_reason_are_right_under_a_haircut_that_is_new_every_day() -> None:
    for belief in ("printed", "printed-noise"):
        found = learned(margin=at_risk(0.8), belief=belief, days=30)
        assert found.parameters.learning == "reasoning"
        assert found.outcome is Outcome.CLEARED
        assert found.certificate["right forecasts"].residual < 1e-11
        assert found.dates["haircut"].nunique() > 5
    followed = learned(
        margin=at_risk(0.8),
        belief="printed",
        days=30,
        learning="map",
    )
    assert followed.outcome is Outcome.NOT_CERTIFIED


COVERS = 1.0 - np.exp(-0.1256613468550741 * 0.5 - 0.125)
"""Haircut that covers the principal with a probability of 55%; the first number is a quantile."""

LENDER = {"margin_rule": "lender", "tail": 0.45, "haircut": 0.11, "days": 12}


def test_footnote_4_principal_without_loss_is_a_constant_haircut() -> None:
    found = learned(**LENDER)
    assert found.outcome is Outcome.CLEARED
    assert found.dates["haircut"].to_numpy() == pytest.approx(COVERS, abs=1e-12)
    assert set(found.dates["repo_market"]) == {"open"}


def test_footnote_4_full_repayment_makes_the_haircut_follow_the_repo_rate() -> None:
    given = learned(**LENDER, covered="repayment", repo_rate=0.05)
    assert given.dates["haircut"].to_numpy() == pytest.approx(1 - (1 - COVERS) / 1.05, abs=1e-8)
    quoted = learned(**LENDER, covered="repayment", repo_rate="clears")
    assert quoted.outcome is Outcome.CLEARED
    last = quoted.dates["repo_rate"].to_numpy()[:-1]
    expected = 1.0 - (1.0 - COVERS) / (1.0 + last)
    assert quoted.dates["haircut"].to_numpy()[1:] == pytest.approx(expected, abs=1e-8)
    assert quoted.dates["haircut"].nunique() > 3


@pytest.mark.parametrize("covered", ["principal", "repayment"])
def test_footnote_4_a_tolerated_loss_makes_it_follow_the_lenders_exposure(covered: str) -> None:
    found = learned(**LENDER, covered=covered, tolerated_loss=0.05)
    assert found.outcome is Outcome.CLEARED
    haircuts = found.dates["haircut"]
    assert haircuts.nunique() > 5
    assert haircuts.min() >= 0.11
    last = found.agents[found.agents["role"] != "spot"]
    assert (last["pledged"] < 0.0).any()  # the lenders whose exposure it is


def test_a_cautious_value_at_risk_rule_shuts_the_repo_market() -> None:
    found = learned(
        margin=at_risk(0.98),
        belief="corrected",
        learning="none",
        days=70,
    )
    assert found.dates["repo_market"].iloc[-1] == "shut"


# ------------------------------------------------------------------ limits
def test_limits_that_hardly_bind_hardly_move_the_price() -> None:
    common = {**AMPLE, "belief": "corrected", "learning": "none", "days": 30}
    free = run(**common, investors=2_000, seed=4)
    held = run(**common, investors=2_000, seed=4, limits="imposed")
    # in 1000 days 1.6% on average, and less than 0.8% on most days
    assert 0.005 < free.dates["beyond_limits"].mean() < 0.03
    assert held.outcome is Outcome.CLEARED
    assert held.certificate["limits"].holds
    # what the same orders would have cleared at is the price of the run without limits
    free_price = held.dates["free_log_price"].to_numpy()
    assert free_price == pytest.approx(free.dates["log_price"].to_numpy(), abs=1e-9)
    moved = np.abs(held.dates["log_price"].to_numpy() - free_price)
    assert 0.0 < moved.mean() < 0.01
    with pytest.raises(KeyError):
        held.certificate["right forecasts"]


def test_most_investors_of_the_example_want_more_than_they_own() -> None:
    found = learned(belief="corrected", learning="none", days=40)
    assert 0.5 < found.dates["beyond_limits"].mean() < 0.99


def test_noise_beyond_what_investors_own_leaves_the_market_uncleared() -> None:
    # at high prices investors sell no more than w D / (2h) = 0.25 net, at the lowest ones they buy
    # w (2 mu - 1) / 2 = 0.4
    found = learned(
        belief="corrected", learning="none", days=40, limits="imposed", max_rounds=50, seed=1
    )
    noise = found.dates["log_noise"]
    cleared = found.dates["outcome"] == "cleared"
    assert not cleared[noise > 0.25].any()
    assert cleared[(noise < 0.2) & (noise > -0.35)].all()
    assert 5 < cleared.sum() < 35
    assert found.outcome is Outcome.OUT_OF_ROUNDS
    json.dumps(found.to_json(), allow_nan=False)


def test_with_enough_rounds_a_market_that_cannot_clear_runs_into_the_end_of_its_range() -> None:
    found = learned(belief="corrected", learning="none", days=1, limits="imposed", log_noise=0.5)
    assert found.outcome is Outcome.OUT_OF_RANGE
    assert "security_excess" in found.reason


# ------------------------------------------------------------------ runs and files
def test_the_same_seed_gives_the_same_run_and_another_does_not() -> None:
    common = {"days": 3, "investors": 50, "learning": "none", "belief": "corrected"}
    first, again, other = (run(**common, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.dates, again.dates)
    assert not first.dates["log_price"].equals(other.dates["log_price"])


@pytest.mark.parametrize("name", ["pledgeability", "pledgeable-securities"])
def test_an_exported_run_is_certified_again_and_shows_its_days(name: str, tmp_path: Path) -> None:
    scenario = find(name)
    parameters = parse(scenario.parameters, {"days": 4, "investors": 60})
    folder = simulate(scenario, parameters, studies=False).export(tmp_path, plots=False)
    again = verify(folder, find)
    assert again.certified
    assert again.altered == ()
    assert any("1 of 4 dates" in sentence for sentence in again.unchecked)
    assert len(pd.read_csv(folder / "dates.csv")) == 4
    manifest = json.loads((folder / "manifest.json").read_text())
    assert "coefficients" in manifest["dates"][3]


def test_figures_by_haircut_and_rate_are_left_out_without_studies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    by_day = {"coefficients_by_day", "price_against_closed_form"}
    assert set(learned(days=5).plot()) == by_day
    monkeypatch.setattr(informativeness, "DAYS", 5)
    monkeypatch.setattr(informativeness, "INVESTORS", 50)
    studied = SCENARIO.run(days=2, investors=50)
    assert set(studied.plot()) == by_day | {
        "bias_by_haircut_and_rate",
        "informativeness_by_haircut",
        "informativeness_by_rate",
    }
    folder = studied.export(tmp_path, plots=False)
    exported = pd.read_csv(folder / "informativeness_by_rate.csv")
    pd.testing.assert_frame_equal(exported, studied.studies["informativeness_by_rate"])


def test_the_summary_is_that_of_the_run() -> None:
    # the numbers of Proposition 8 as printed, and of the market that believes it
    printed = SCENARIO.summary(learned(belief="printed", learning="none", days=1, **STATE))
    assert "(0.6592, 1.0000), and their orders make them (0.3920, 0.7841)" in printed
    learnt = SCENARIO.summary(learned(days=5))
    assert learnt.count("(0.4286, 0.8571)") == 3


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"haircut": 0.1}, "haircut is 0.1; it must lie strictly between 1 - spot_share"),
        ({"haircut": 1.0}, "haircut is 1.0; it must lie strictly between"),
        ({"risk_aversion": 1.0}, "risk_aversion is 1.0; it must be a number in"),
        ({"value_precision": 0.0}, "value_precision is 0.0"),
        ({"signal_precision": -1.0}, "signal_precision is -1.0"),
        ({"noise_precision": 0.0}, "noise_precision is 0.0"),
        ({"belief": "right"}, 'belief is "right"; it must be "printed" or'),
        ({"learning": "regression", "log_value": 0.1}, "log_value is 0.1; with learning"),
        ({"learning": "regression", "population": "continuum"}, "population is"),
        ({"limits": "imposed"}, "limits is"),
        ({"damping": 1.0, "wealth": 2.0}, "damping is 1.0; it must be below 0.66"),
        ({"investors": 3}, "investors is 3; it must be a whole number of at least 10"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        run(**parameters)
