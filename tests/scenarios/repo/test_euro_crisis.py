"""The scenario euro-crisis: seven episodes in two markets, and what is compared."""

import dataclasses
from functools import cache
from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.repo.episodes.episodes import CAUTION, EPISODE_NAMES, episodes, observed_response
from scenarios.repo.episodes.payoffs import payoffs_from_yield, typical_move
from scenarios.repo.episodes.verdicts import reason
from scenarios.repo.euro_crisis import SCENARIO, EuroCrisis
from simulator.outcome import Outcome
from simulator.run import Run


@cache
def run() -> Run[EuroCrisis]:
    return SCENARIO.run(traders=100)


def test_every_episode_is_taken_through_its_haircuts_in_both_markets() -> None:
    found = run()
    assert found.outcome is Outcome.CLEARED
    assert len(found.points) == 2 * 2 * len(EPISODE_NAMES)
    for episode in episodes():
        rows = found.dates[found.dates["episode"] == episode.name]
        assert rows["market"].tolist() == ["short", "short", "long", "long"]
        assert rows["moment"].tolist() == ["before", "after"] * 2
        assert rows["haircut"].tolist() == [episode.haircut_before, episode.haircut_after] * 2


def test_a_continuum_meets_the_closed_form() -> None:
    difference = run().dates["difference_security_price"].abs()
    assert difference.max() <= 1e-7


def test_the_report_compares_signs() -> None:
    found = run()
    report = found.printed
    assert report is not None
    assert report["episode"].tolist() == list(EPISODE_NAMES)
    price = {(p.case, p.date): p.quotes["security_price"] for p in found.points}
    for row, episode in zip(report.to_dict("records"), episodes(), strict=True):
        observed = observed_response(episode, 3).price_change_percent
        assert row["observed_price_change_percent"] == observed
        agreeing = []
        for market in ("short", "long"):
            case = f"{market}, {episode.name}"
            change = 100.0 * (price[case, 2] / price[case, 1] - 1.0)
            assert row[f"{market}_price_change_percent"] == pytest.approx(change)
            if np.sign(change) == np.sign(observed):
                agreeing.append(market)
        expected = {0: "neither", 1: "".join(agreeing), 2: "both"}[len(agreeing)]
        assert row["matching"] == expected


def test_the_summary_counts_what_the_report_says() -> None:
    report = run().printed
    assert report is not None
    short = report["matching"].isin(["short", "both"]).sum()
    long = report["matching"].isin(["long", "both"]).sum()
    assert f"in {short}, the long market in {long}" in run().summary
    assert SCENARIO.caution == CAUTION


def test_two_of_seven_episodes_can_tell_the_markets_apart() -> None:
    """At the slides' payoffs; in the others both markets move the price the same way."""
    report = run().printed
    assert report is not None
    telling = report[report["discriminates"]]
    assert telling["episode"].tolist() == ["spain-2012-06", "italy-2012-07"]
    for row in report.to_dict("records"):
        signs = {np.sign(row[f"{market}_price_change_percent"]) for market in ("short", "long")}
        assert row["discriminates"] == (len(signs) == 2)
    reasons = dict(zip(report["episode"], report["reason"], strict=True))
    assert reasons["spain-2012-06"] == "the short market has a rise, the long market a fall"
    assert "special in repo, where it was not" in reasons["ireland-2010-11"]
    assert "one and the same" in reasons["portugal-2011-06"]
    assert "proposition is silent" in reasons["italy-2011-11"]
    said = "in 2 (spain-2012-06, italy-2012-07), and the short market is right in 2 of these"
    assert said in run().summary


def test_payoffs_from_the_yield() -> None:
    """Sizes come down to those observed, and no episode tells the two markets apart any more."""
    found = SCENARIO.run(traders=100, payoffs="yield", studies=False)
    report = found.printed
    assert found.outcome is Outcome.CLEARED
    assert report is not None
    move = typical_move(3)
    for row, episode in zip(report.to_dict("records"), episodes(), strict=True):
        assert (row["low_payoff"], row["high_payoff"]) == payoffs_from_yield(episode, 3, move)
    sizes = report["short_price_change_percent"].abs()
    assert sizes[0] == pytest.approx(20.802, abs=1e-3)
    assert sizes[1:].max() < 10.0
    assert not report["discriminates"].any()
    assert "tell them apart, in none; median size of the move: 1.6% and 1.6%" in found.summary


def test_payoffs_are_prices_at_a_yield_that_rises_or_falls() -> None:
    episode = episodes()[0]
    low, high = payoffs_from_yield(episode, 3, 1.0)
    assert low == pytest.approx((1.08802 / 1.09802) ** 10)
    assert high == pytest.approx((1.08802 / 1.07802) ** 10)
    assert payoffs_from_yield(episode, 3, 1e-9) == pytest.approx((1.0, 1.0))


def test_the_typical_move_is_that_of_the_tables() -> None:
    """39 daily changes; over nine days three times as far."""
    changes = [np.diff(each.days["yield"]) for each in episodes()]
    assert sum(map(len, changes)) == 39
    assert typical_move(1) == pytest.approx(np.sqrt(np.mean(np.concatenate(changes) ** 2)))
    assert typical_move(1) == pytest.approx(0.31737, abs=1e-5)
    assert typical_move(9) == pytest.approx(3.0 * typical_move(1))


@pytest.mark.parametrize(
    ("short", "long", "regimes", "said"),
    [
        (1.0, -1.0, ["I: x"] * 4, "the short market has a rise, the long market a fall"),
        (0.0, -1.0, ["I: x"] * 4, "the short market has no change, the long market a fall"),
        (1.0, 1.0, ["I: x", "II: x", "I: x", "III: x"], "both have a rise: the higher haircut"),
        (-1.0, -1.0, ["III: x"] * 4, "both have a fall: margin constrains both sides"),
        (-1.0, -1.0, ["II: x", "III: x", "II: x", "II: x"], "both have a fall: the security is"),
        (-1.0, -1.0, ["I: x"] * 4, "both have a fall: at other haircuts"),
    ],
)
def test_reasons(short: float, long: float, regimes: list[str], said: str) -> None:
    assert reason(short, long, regimes).startswith(said)


def test_an_unfinished_run_has_no_report_and_keeps_its_other_figures() -> None:
    found = run()
    stopped = dataclasses.replace(found, ends=found.ends[:-1])
    assert stopped.printed is None
    assert stopped.summary == SCENARIO.title.summary
    assert set(stopped.plot()) == {"quotes_by_round", "excess_demand_by_round"}
    assert "haircuts_and_yields" in found.plot()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"low_payoff": 2.0}, "low_payoff is 2.0 and high_payoff is 1.15"),
        ({"horizon": 0}, "horizon is 0"),
        ({"payoffs": "bond"}, 'payoffs is "bond"; it must be "slides" or "yield"'),
        ({"yield_move": 0.0}, "yield_move is 0.0; it must be a number above 0 and at most 5"),
        ({"income": -1.0}, "income is -1.0; it must be a number of at least 0"),
        ({"traders": 1}, "traders is 1"),
    ],
)
def test_bad_parameters_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        SCENARIO.run(**wrong)
